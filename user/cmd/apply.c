// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/cmd/change.h"

/* The whole of a file, or of standard input. */
static char *read_all(const char *name, size_t *len)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	char *text = NULL, *grown;
	size_t room = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	for (*len = 0; n > 0; *len += n > 0 ? n : 0) {
		if (*len == room) {
			room = 2 * room + 65536;
			grown = realloc(text, room);
			if (!grown)
				break;
			text = grown;
		}
		n = read(fd, text + *len, room - *len);
	}
	if (n) {
		xs_refuse(name, "name a file that can be read, or - for standard input", "%m");
		free(text);
		text = NULL;
	}
	if (fd > STDIN_FILENO)
		close(fd);
	return text;
}

static int apply_run(const struct xs_call *call)
{
	const struct xs_model *have = xs_model_have();
	char *text, *dir = NULL;
	struct xs_model want;
	struct xs_conf c = { .name = strcmp(call->argv[0], "-") ? call->argv[0] : "standard input", .have = have, .want = &want };
	struct xs_busy *busy = NULL;
	size_t len;
	int err;

	if (!have)
		return -EIO;
	text = read_all(call->argv[0], &len);
	if (!text)
		return -EINVAL;
	xs_model_init(&want);
	if (strcmp(call->argv[0], "-"))
		dir = strdup(call->argv[0]);
	c.dir = dir ? dirname(dir) : NULL;
	c.busy = busy = xs_busy_ids();
	err = xs_conf_read(&c, text, len, xs_call_opt(call, "keep") != NULL) ?: xs_model_check(&want, c.name);
	err = err ?: xs_change(have, &want, xs_call_opt(call, "dry-run") != NULL);
	xs_model_free(&want);
	free(busy);
	free(dir);
	free(text);
	return err;
}

static const struct xs_opt apply_opts[] = {
	{ .name = "dry-run", .letter = 'n', .help = "only say what would change" },
	{ .name = "keep", .help = "only add and change: what FILE lacks stays" },
	{ 0 },
};

const struct xs_cmd cmd_apply = {
	.name = "apply", .effect = XS_WRITES, .args = "FILE|-", .min_args = 1, .max_args = 1, .run = apply_run, .opts = apply_opts,
	.brief = "make a configuration the structure of the instance, all or nothing",
	.text = "FILE is the whole structure as YAML or JSON: what it lacks goes, and the plan says so. Flows under way stay with their "
		"targets. Placements from a feed stay. A mistake changes nothing; every one is told with its line.",
	.example = "  xsteer apply --dry-run edge.yaml\n  xsteer show | ssh other-host xsteer apply -",
};
