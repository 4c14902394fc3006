// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "tools/drive/report.h"
#include "user/base/out.h"

#define ANY (-1)

/* Some of the outcomes, added up. */
struct sum {
	size_t requests, failed, n;	/* n: with a TTFT */
	uint64_t prompt_tokens, cached_tokens, tokens;
	uint64_t *ttft_ns;
};

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Add up what went for this tenant, class and accelerator; ANY: all of them. */
static int add_up(const struct played *out, int tenant, int slo_class, int server, struct sum *s)
{
	*s = (struct sum){ .ttft_ns = malloc((out->n + 1) * sizeof(uint64_t)) };
	if (!s->ttft_ns)
		return -ENOMEM;
	for (size_t i = 0; i < out->n; i++) {
		const struct outcome *o = &out->outcome[i];

		if (!o->begun || (tenant != ANY && o->tenant != tenant) || (slo_class != ANY && o->slo_class != slo_class) ||
		    (server != ANY && o->server != server))
			continue;
		s->requests++;
		s->failed += o->failed;
		s->prompt_tokens += o->prompt_tokens;
		s->cached_tokens += o->cached_tokens;
		s->tokens += o->tokens;
		if (o->ttft_ns)
			s->ttft_ns[s->n++] = o->ttft_ns;
	}
	qsort(s->ttft_ns, s->n, sizeof(*s->ttft_ns), by_size);
	return 0;
}

/* The least TTFT that a share q of the requests does not exceed; null without any. */
static json_t *quantile(const struct sum *s, double q)
{
	size_t i = q * s->n;

	return s->n ? json_integer(s->ttft_ns[i < s->n ? i : s->n - 1] / 1000) : json_null();
}

static json_t *row(const struct play *p, const struct played *out, int tenant, int slo_class, int server)
{
	json_t *j = json_object();
	struct sum s;

	if (add_up(out, tenant, slo_class, server, &s) || !s.requests) {
		free(s.ttft_ns);
		json_decref(j);
		return NULL;
	}
	if (server != ANY)
		json_object_set_new(j, "accelerator", json_string(out->server[server]));
	if (tenant != ANY)
		json_object_set_new(j, "tenant", json_integer(p->tenant[tenant]));
	if (slo_class != ANY)
		json_object_set_new(j, "class", json_integer(p->slo_class[slo_class]));
	json_object_set_new(j, "requests", json_integer(s.requests));
	json_object_set_new(j, "failed", json_integer(s.failed));
	json_object_set_new(j, "prompt_tokens", json_integer(s.prompt_tokens));
	json_object_set_new(j, "cached_tokens", json_integer(s.cached_tokens));
	json_object_set_new(j, "tokens", json_integer(s.tokens));
	json_object_set_new(j, "cached_percent", s.prompt_tokens ? json_integer((100 * s.cached_tokens + s.prompt_tokens / 2) / s.prompt_tokens) : json_null());
	json_object_set_new(j, "ttft", json_pack("{s:o, s:o, s:o}", "p50_us", quantile(&s, .5), "p90_us", quantile(&s, .9), "p99_us", quantile(&s, .99)));
	free(s.ttft_ns);
	return j;
}

/* Rows of every tenant and class; with the accelerators apart or together. */
static json_t *rows(const struct play *p, const struct played *out, bool servers)
{
	json_t *all = json_array(), *j;

	for (int server = servers ? 0 : ANY; server < (servers ? (int)out->servers : 0); server++)
		for (unsigned int t = 0; t < p->tenants; t++)
			for (unsigned int c = 0; c < p->classes; c++) {
				j = row(p, out, t, c, server);
				if (j)
					json_array_append_new(all, j);
			}
	return all;
}

static const struct xs_col who_cols[] = {
	{ "tenant", "TENANT", XS_FMT_TEXT }, { "class", "CLASS", XS_FMT_TEXT }, { "requests", "REQUESTS", XS_FMT_COUNT }, { "failed", "FAILED", XS_FMT_COUNT },
	{ "cached_percent", "CACHED %", XS_FMT_COUNT }, { "ttft.p50_us", "TTFT P50", XS_FMT_US }, { "ttft.p90_us", "P90", XS_FMT_US },
	{ "ttft.p99_us", "P99", XS_FMT_US }, {}
};
static const struct xs_col where_cols[] = {
	{ "accelerator", "ACCELERATOR", XS_FMT_TEXT }, { "tenant", "TENANT", XS_FMT_TEXT }, { "class", "CLASS", XS_FMT_TEXT },
	{ "requests", "REQUESTS", XS_FMT_COUNT }, { "cached_percent", "CACHED %", XS_FMT_COUNT }, { "ttft.p50_us", "TTFT P50", XS_FMT_US },
	{ "ttft.p90_us", "P90", XS_FMT_US }, { "ttft.p99_us", "P99", XS_FMT_US }, {}
};

static int report_text(const struct play *p, const struct played *out)
{
	json_t *total = row(p, out, ANY, ANY, ANY), *who = rows(p, out, false), *n;
	const char *words;
	char late[16];
	int err;

	printf("%" PRIu64 " requests over %" PRIu64 " connections in %.1f s, %" PRIu64 " failed; begun at most %s late\n\n", out->begun, out->connections,
	       out->duration_ns / 1e9, out->failed, xs_out_ns(late, sizeof(late), out->late_most_ns));
	if (total && json_array_size(who) > 1) {
		json_object_set_new(total, "tenant", json_string("all"));
		json_object_set_new(total, "class", json_string("all"));
		json_array_append(who, total);
	}
	json_decref(total);
	err = xs_out_table(who_cols, who, NULL);
	putchar('\n');
	err = err ?: xs_out_table(where_cols, rows(p, out, true), NULL);
	json_object_foreach(out->errors, words, n)
		printf("%sfailed %" JSON_INTEGER_FORMAT " times: %s\n", n == json_object_iter_value(json_object_iter(out->errors)) ? "\n" : "",
		       json_integer_value(n), words);
	return err;
}

int report(const struct play *p, const struct played *out)
{
	json_t *j;

	if (!xs_env.json)
		return report_text(p, out);
	j = row(p, out, ANY, ANY, ANY) ?: json_pack("{s:i, s:i}", "requests", 0, "failed", 0);
	json_object_set_new(j, "connections", json_integer(out->connections));
	json_object_set_new(j, "duration_ms", json_integer(out->duration_ns / 1000000));
	json_object_set_new(j, "late_max_us", json_integer(out->late_most_ns / 1000));
	json_object_set(j, "errors", out->errors);
	json_object_set_new(j, "by", rows(p, out, false));
	json_object_set_new(j, "where", rows(p, out, true));
	xs_out_json(j);
	return 0;
}
