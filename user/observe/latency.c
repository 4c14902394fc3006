// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/load/obj.h"
#include "user/observe/latency.h"
#include "user/observe/words.h"

#define BARS 20		/* lines of a chart, at most */

static const struct { enum xs_by by; const char *key, *head; enum xs_kind kind; } dims[] = {
	{ XS_BY_SERVICE, "service", "SERVICE", XS_K_SERVICE }, { XS_BY_TENANT, "tenant", "TENANT", XS_K_TENANT },
	{ XS_BY_CLASS, "class", "CLASS", XS_K_CLASS }, { XS_BY_TARGET, "target", "TARGET", XS_K_TARGET },
};
#define DIMS (sizeof(dims) / sizeof(dims[0]))

static unsigned int dim_id(const struct xs_series_key *k, enum xs_by by)
{
	switch (by) {
	case XS_BY_SERVICE: return k->service;
	case XS_BY_TENANT: return k->tenant;
	case XS_BY_CLASS: return k->class;
	default: return k->target;
	}
}

static bool is(int want, int have)
{
	return want < 0 || want == have;
}

static bool wanted(const struct xs_latency *l, const struct xs_series_key *k)
{
	if (k->pad)
		return l->service < 0 && l->tenant < 0 && l->class < 0 && l->target < 0;
	return is(l->service, k->service) && is(l->tenant, k->tenant) && is(l->class, k->class) && is(l->target, k->target);
}

static uint64_t values(const struct xs_series *s)
{
	uint64_t n = 0;

	for (int m = 0; m < XS_M_MAX; m++)
		n += s->metric[m].count;
	return n;
}

/* The key of the row that a series belongs to */
static struct xs_series_key folded(const struct xs_series_key *k, unsigned int by)
{
	struct xs_series_key f = { .pad = by ? k->pad : 0 };

	f.service = by & XS_BY_SERVICE ? k->service : 0;
	f.tenant = by & XS_BY_TENANT ? k->tenant : 0;
	f.class = by & XS_BY_CLASS ? k->class : 0;
	f.target = by & XS_BY_TARGET ? k->target : 0;
	return f;
}

static int by_key(const void *a, const void *b)
{
	const struct xs_series_key *x = a, *y = b;

	if (x->pad != y->pad)
		return x->pad - y->pad;
	if (x->service != y->service)
		return x->service - y->service;
	if (x->tenant != y->tenant)
		return x->tenant - y->tenant;
	return x->class != y->class ? x->class - y->class : x->target - y->target;
}

/* Fold in place: rows before n are done, and row i is never before them. */
static void fold(struct xs_latency *l)
{
	uint32_t n = 0, to;

	for (uint32_t i = 0; i < l->n; i++) {
		struct xs_series_key key = folded(&l->row[i].key, l->by);

		if (!wanted(l, &l->row[i].key) || !values(&l->row[i]))
			continue;
		for (to = 0; to < n && memcmp(&l->row[to].key, &key, sizeof(key)); to++)
			;
		if (to == n) {
			memmove(&l->row[n], &l->row[i], sizeof(l->row[i]));
			l->row[n++].key = key;
			continue;
		}
		for (int m = 0; m < XS_M_MAX; m++)
			xs_dist_merge(&l->row[to].metric[m], &l->row[i].metric[m]);
	}
	l->n = n;
	qsort(l->row, n, sizeof(*l->row), by_key);
}

int xs_latency_read(struct xs_latency *l)
{
	uint64_t counters[XS_C_MAX];
	struct xs_sizes sizes;
	int n = xs_snap_counters(counters);

	if (!n)
		n = xs_snap_series(&l->row);
	if (n < 0)
		return n;
	l->n = n;
	l->series = n - 1;
	xs_obj_sizes(&sizes);
	l->on = sizes.timing;
	l->most = sizes.series - 1;
	l->full = counters[XS_C_SERIES_FULL];
	l->row[0].key.pad = 1;
	l->caught = values(&l->row[0]);
	for (int i = 0; i < n; i++)
		l->measured += values(&l->row[i]);
	fold(l);
	return 0;
}

void xs_latency_free(struct xs_latency *l)
{
	free(l->row);
	l->row = NULL;
}

static json_t *buckets_json(const struct xs_dist *d)
{
	json_t *all = json_array();

	for (int i = 0; i < XS_HIST_BUCKETS; i++)
		if (d->bucket[i] && json_array_append_new(all, json_pack("{s:o, s:I}", "le_ns",
		    isinf(xs_bound_s(i)) ? json_null() : json_integer(llrint(xs_bound_s(i) * 1e9)), "count", (json_int_t)d->bucket[i])))
			break;
	return all;
}

static json_t *dist_json(const struct xs_dist *d, bool buckets)
{
	json_t *j = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "count", (json_int_t)d->count, "mean_us", (json_int_t)xs_mean_ns(d) / 1000,
			      "p50_us", (json_int_t)xs_quant_ns(d, 0.5) / 1000, "p90_us", (json_int_t)xs_quant_ns(d, 0.9) / 1000,
			      "p99_us", (json_int_t)xs_quant_ns(d, 0.99) / 1000, "max_us", (json_int_t)xs_most_ns(d) / 1000);

	if (buckets)
		xs_put(&j, "buckets", buckets_json(d));
	return j;
}

static json_t *dims_json(const struct xs_latency *l, const struct xs_series_key *k)
{
	json_t *j = json_object();

	for (size_t i = 0; i < DIMS; i++)
		if (l->by & dims[i].by)
			xs_put(&j, dims[i].key, k->pad ? json_null() : xs_name_json(dims[i].kind, dim_id(k, dims[i].by)));
	return j;
}

json_t *xs_latency_json(const struct xs_latency *l, bool buckets)
{
	json_t *rows = json_array(), *j;

	for (uint32_t i = 0; i < l->n && rows; i++) {
		j = dims_json(l, &l->row[i].key);
		for (int m = 0; m < XS_M_MAX; m++)
			if (is(l->metric, m))
				xs_put(&j, xs_metric_word(m), dist_json(&l->row[i].metric[m], buckets));
		if (json_array_append_new(rows, j))
			break;
	}
	return json_pack("{s:o, s:b, s:i, s:i, s:I, s:I, s:I}", "latency", rows, "measured", l->on, "series", l->series, "series_max", l->most,
			 "values", (json_int_t)l->measured, "values_catch_all", (json_int_t)l->caught, "flows_catch_all", (json_int_t)l->full);
}

int xs_latency_table(const struct xs_latency *l)
{
	struct xs_col cols[DIMS + 8] = { 0 }, *c = cols;
	json_t *rows = json_array(), *j;

	for (size_t i = 0; i < DIMS; i++)
		if (l->by & dims[i].by)
			*c++ = (struct xs_col){ dims[i].key, dims[i].head, XS_FMT_TEXT };
	*c++ = (struct xs_col){ "metric", "METRIC", XS_FMT_TEXT };
	*c++ = (struct xs_col){ "dist.count", "COUNT", XS_FMT_COUNT };
	*c++ = (struct xs_col){ "dist.mean_us", "MEAN", XS_FMT_US };
	*c++ = (struct xs_col){ "dist.p50_us", "P50", XS_FMT_US };
	*c++ = (struct xs_col){ "dist.p90_us", "P90", XS_FMT_US };
	*c++ = (struct xs_col){ "dist.p99_us", "P99", XS_FMT_US };
	*c++ = (struct xs_col){ "dist.max_us", "MAX", XS_FMT_US };
	for (uint32_t i = 0; i < l->n; i++)
		for (int m = 0; m < XS_M_MAX; m++) {
			if (!is(l->metric, m) || !l->row[i].metric[m].count)
				continue;
			j = dims_json(l, &l->row[i].key);
			xs_put(&j, "metric", json_string(xs_metric_word(m)));
			xs_put(&j, "dist", dist_json(&l->row[i].metric[m], false));
			if (json_array_append_new(rows, j)) {
				json_decref(rows);
				return xs_kernel(ENOMEM, "latency show", NULL, "cannot be collected");
			}
		}
	return xs_out_table(cols, rows, "nothing was measured");
}

/* Buckets to a line, so that the chart has BARS lines at most: a power of two, which keeps bounds round */
static unsigned int lines_step(unsigned int first, unsigned int last)
{
	unsigned int step = 1;

	while ((last + step - 1) / step - (first + step - 1) / step + 1 > BARS)
		step *= 2;
	return step;
}

static void chart(const struct xs_dist *d, int width)
{
	uint64_t line[XS_HIST_BUCKETS + 1] = { 0 }, most = 0;
	unsigned int first, last, step;
	char bound[24];

	if (!xs_span(d, &first, &last))
		return;
	step = lines_step(first, last);
	for (unsigned int i = first; i <= last; i++) {
		line[(i + step - 1) / step] += d->bucket[i];	/* line n ends with bucket n * step */
		if (line[(i + step - 1) / step] > most)
			most = line[(i + step - 1) / step];
	}
	for (unsigned int n = (first + step - 1) / step; n <= (last + step - 1) / step; n++) {
		if (n * step >= XS_HIST_BUCKETS - 1)
			snprintf(bound, sizeof(bound), "more");
		else
			xs_out_ns(bound, sizeof(bound), llrint(xs_bound_s(n * step) * 1e9));
		printf("  <= %-9s %8llu %5.1f%% %s\n", bound, (unsigned long long)line[n], 100.0 * line[n] / d->count,
		       xs_out_bar((double)line[n] / most, width));
	}
}

static void title(const struct xs_latency *l, const struct xs_series_key *k, int metric, const struct xs_dist *d)
{
	char p50[24], p90[24], p99[24];

	for (size_t i = 0; i < DIMS; i++)
		if (l->by & dims[i].by)
			printf("%s %s, ", dims[i].key, k->pad ? "-" : dims[i].kind == XS_K_CLASS ? xs_class_name(k->class) :
			       xs_model_name(dims[i].kind, dim_id(k, dims[i].by)));
	printf("%s: %llu value%s, p50 %s, p90 %s, p99 %s\n", xs_metric_word(metric), (unsigned long long)d->count, d->count == 1 ? "" : "s",
	       xs_out_ns(p50, sizeof(p50), xs_quant_ns(d, 0.5)), xs_out_ns(p90, sizeof(p90), xs_quant_ns(d, 0.9)),
	       xs_out_ns(p99, sizeof(p99), xs_quant_ns(d, 0.99)));
}

void xs_latency_bars(const struct xs_latency *l)
{
	int width = (xs_env.width ?: 80) - 32;

	for (uint32_t i = 0; i < l->n; i++)
		for (int m = 0; m < XS_M_MAX; m++) {
			if (!is(l->metric, m) || !l->row[i].metric[m].count)
				continue;
			title(l, &l->row[i].key, m, &l->row[i].metric[m]);
			chart(&l->row[i].metric[m], width > 10 ? width : 10);
			printf("\n");
		}
}
