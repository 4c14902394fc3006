// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/observe/openmetrics.h"

static const struct xs_opt opts[] = {
	{ .name = "output", .letter = 'o', .arg = "FILE", .help = "write to FILE: readers see the text of before or all of the new one" },
	{ 0 },
};

/* The text as a whole: nothing is written before all of it could be made. free() it; NULL: reported */
static char *make(size_t *len)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, len);
	int err = to ? xs_openmetrics(to) : xs_kernel(errno, "metrics", NULL, "cannot be collected");

	if (to && fclose(to) && !err)
		err = xs_kernel(errno, "metrics", NULL, "cannot be collected");
	if (!err)
		return text;
	free(text);
	return NULL;
}

static int replace(const char *path, const char *text, size_t len)
{
	char tmp[4096];
	FILE *to = NULL;
	int fd, err = 0;

	if (snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >= (int)sizeof(tmp))
		return xs_usage(path, NULL, "the name is too long");
	fd = mkstemp(tmp);
	if (fd < 0)
		return xs_kernel(errno, path, "is the directory there?", "cannot be written");
	to = fdopen(fd, "w");
	if (!to || fchmod(fd, 0644) || fwrite(text, 1, len, to) != len)
		err = errno;
	if (to ? fclose(to) : close(fd))
		err = err ?: errno;
	if (!err && rename(tmp, path))
		err = errno;
	if (err)
		unlink(tmp);
	return err ? xs_kernel(err, path, NULL, "cannot be written") : 0;
}

static int print(const char *text, size_t len)
{
	if (xs_out_json(json_pack("{s:s%}", "openmetrics", text, len)))
		return 0;
	return fwrite(text, 1, len, stdout) != len || fflush(stdout) ? xs_kernel(errno, "metrics", NULL, "cannot be written") : 0;
}

static int run(const struct xs_call *call)
{
	const char *path = xs_call_opt(call, "output");
	size_t len = 0;
	char *text = make(&len);
	int err = text ? 0 : -EIO;

	if (text)
		err = path ? replace(path, text, len) : print(text, len);
	free(text);
	return err;
}

const struct xs_cmd cmd_metrics = {
	.name = "metrics", .effect = XS_READS, .args = "", .brief = "every counter and histogram as OpenMetrics text, once", .opts = opts, .run = run,
	.text = "For node_exporter's textfile collector: write to a file ending in .prom from a timer. Histograms have bounds a factor of the\n"
		"square root of 2 apart, from 61 us to 256 s; `latency show` reads the finer ones that are kept. The label xsteer_instance\n"
		"tells instances apart; - stands for packets of no service, clients of no tenant, and flows of the catch-all series.\n"
		"With -j the text is the value of \"openmetrics\".",
	.example = "  xsteer metrics --output /var/lib/node_exporter/textfile_collector/xsteer.prom",
};
