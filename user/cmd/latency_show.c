// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/observe/latency.h"
#include "user/observe/words.h"

static const struct xs_opt opts[] = {
	{ .name = "service", .arg = "NAME", .filter = true, .help = "of this service" },
	{ .name = "tenant", .arg = "NAME", .filter = true, .help = "of this tenant; - for clients without one" },
	{ .name = "class", .arg = "NAME", .filter = true, .help = "of this class" },
	{ .name = "target", .arg = "NAME", .filter = true, .help = "of this target" },
	{ .name = "metric", .arg = "METRIC", .filter = true, .help = "handshake, ttfb, ttft or duration" },
	{ .name = "by", .arg = "WORDS", .filter = true, .help = "a row for each service, tenant, class, target, or several joined by commas; all: one row" },
	{ .name = "bars", .help = "bar charts of the distributions; with -j every bucket" },
	{ 0 },
};

static int by_parse(const char *text, unsigned int *by)
{
	static const char *const words[] = { "service", "tenant", "class", "target" };
	size_t n, i;

	*by = 0;
	if (!strcmp(text, "all"))
		return 0;
	for (const char *w = text; *w; w += n + (w[n] == ',')) {
		n = strcspn(w, ",");
		for (i = 0; i < 4 && !(n == strlen(words[i]) && !strncmp(w, words[i], n)); i++)
			;
		if (i == 4)
			return xs_usage(text, "service, tenant, class, target, several joined by commas, or all", "nothing to tell rows apart by");
		*by |= 1 << i;
	}
	return 0;
}

static int metric_parse(const char *text, int *metric)
{
	for (int m = 0; m < XS_M_MAX; m++)
		if (!strcmp(text, xs_metric_word(m))) {
			*metric = m;
			return 0;
		}
	return xs_usage(text, "handshake, ttfb, ttft or duration", "no metric");
}

/* What the figures leave out */
static void say_share(const struct xs_latency *l)
{
	printf("%s; %u of %u series in use", l->on ? "every request is measured" : "nothing is measured: loaded with --no-timing",
	       l->series, l->most);
	if (l->caught)
		printf("; %.2f%% of the values (%llu flows) are in the catch-all series, shown as -", 100.0 * l->caught / l->measured,
		       (unsigned long long)l->full);
	printf("\n");
}

static int run(const struct xs_call *call)
{
	const char *metric = xs_call_opt(call, "metric"), *by = xs_call_opt(call, "by");
	bool bars = xs_call_opt(call, "bars") || (metric && xs_env.width);
	struct xs_latency l = { .by = XS_BY_ALL, .metric = -1 };
	int err = xs_filter(call, XS_K_SERVICE, &l.service) ?: xs_filter(call, XS_K_TENANT, &l.tenant) ?:
		  xs_filter(call, XS_K_CLASS, &l.class) ?: xs_filter(call, XS_K_TARGET, &l.target);

	err = err ?: by ? by_parse(by, &l.by) : 0;
	err = err ?: metric ? metric_parse(metric, &l.metric) : 0;
	err = err ?: xs_latency_read(&l);
	if (!err && !xs_out_json(xs_latency_json(&l, bars))) {
		err = xs_latency_table(&l);
		if (l.n && bars) {
			printf("\n");
			xs_latency_bars(&l);
		}
		say_share(&l);
	}
	xs_latency_free(&l);
	return err;
}

const struct xs_cmd cmd_latency_show = {
	.object = "latency", .name = "show", .effect = XS_READS, .args = "", .brief = "latency of requests, as seen at the packet", .opts = opts, .run = run,
	.text = "handshake: first SYN to the client's ACK. ttfb and ttft: a request's first byte to the first byte of its response, and to the\n"
		"write that carries its first token (first_token of the service). duration: to the response's last byte.\n"
		"Figures are of all requests since load. Values are kept in buckets 9 % apart: quantiles are interpolated in them, MAX is the\n"
		"upper bound of the highest one with a value. On a terminal one metric is also drawn.\n"
		"Where flows found no series of their own (more combinations of service, tenant, class and target than load made room for),\n"
		"their values are in one catch-all series, shown as -, and their share stands below.",
	.example = "  xsteer latency show\n  xsteer latency show service chat by target metric ttft\n  xsteer latency show by class --bars",
};
