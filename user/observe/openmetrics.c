// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counters are typed by their full name, as in the older text format: promtool and node_exporter read that one, and readers of
 * OpenMetrics take it, too. A histogram is written with bounds a factor of 2^(1/2) apart from 61 us to 256 s, every fourth of
 * those that are kept, so its buckets are exact sums. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include "user/cmd.h"
#include "user/observe/openmetrics.h"
#include "user/observe/room.h"
#include "user/observe/snap.h"
#include "user/observe/sources.h"
#include "user/observe/words.h"

#define LE_FIRST 48	/* bucket that ends at 2^-14 s */
#define LE_LAST 224	/* 2^8 s */
#define LE_STEP 4

static void escaped(FILE *to, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', to);
		fputs(*s == '\n' ? "\\n" : (char[]){ *s, 0 }, to);
	}
}

static void family(FILE *to, const char *name, const char *type, const char *help)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

struct label {
	const char *key, *value;
};
#define LABELS(...) ((const struct label[]){ __VA_ARGS__, { 0 } })
#define NO_LABELS ((const struct label[]){ { 0 } })

/* name{xsteer_instance="...", and labels up to one without a key} without the number */
static void series(FILE *to, const char *name, const char *part, const struct label *l)
{
	fprintf(to, "%s%s{xsteer_instance=\"", name, part);
	escaped(to, xs_env.instance);
	for (; l->key; l++) {
		fprintf(to, "\",%s=\"", l->key);
		escaped(to, l->value);
	}
	fputs("\"} ", to);
}

static void sample(FILE *to, const char *name, const struct label *l, uint64_t value)
{
	series(to, name, "", l);
	fprintf(to, "%" PRIu64 "\n", value);
}

static bool is_service(uint32_t id)
{
	struct xs_model *m = xs_model_have();

	return m && xs_row_id(m, XS_K_SERVICE, id);
}

/* One family of the reasons: packets or bytes. Rows of services that are configured begin at 0; others only if there is something. */
static void reason_family(FILE *to, const struct xs_count (*all)[XS_R_MAX], const char *name, const char *help, bool bytes)
{
	family(to, name, "counter", help);
	for (uint32_t s = 0; s < XS_MAX_SERVICES; s++)
		for (int r = XS_R_NONE + 1; r < XS_R_MAX; r++)
			if (!s || all[s][r].packets || is_service(s))
				sample(to, name, LABELS({ "service", xs_model_name(XS_K_SERVICE, s) }, { "reason", xs_reason_word(r) },
							{ "action", xs_verdict_word(xs_reason_verdict(r)) }),
				       bytes ? all[s][r].bytes : all[s][r].packets);
}

static int reasons(FILE *to)
{
	struct xs_count (*all)[XS_R_MAX] = xs_snap_reasons();

	if (!all)
		return -EIO;
	reason_family(to, all, "xsteer_packets_total", "packets seen, by what became of them; xsteer_reason_info explains the reasons", false);
	reason_family(to, all, "xsteer_bytes_total", "bytes of these packets, from the IP header on", true);
	family(to, "xsteer_reason_info", "gauge", "what a reason means");
	for (int r = XS_R_NONE + 1; r < XS_R_MAX; r++)
		sample(to, "xsteer_reason_info", LABELS({ "reason", xs_reason_word(r) }, { "help", xs_reason_help(r) }), 1);
	free(all);
	return 0;
}

static int counters(FILE *to)
{
	uint64_t count[XS_C_MAX];
	int err = xs_snap_counters(count);

	if (err)
		return err;
#define X(id, name, help) \
	family(to, "xsteer_" #name "_total", "counter", help); \
	sample(to, "xsteer_" #name "_total", NO_LABELS, count[XS_C_##id]);
	XS_COUNTERS(X)
#undef X
	return 0;
}

struct flow_counts {
	uint64_t state[XS_MAX_SERVICES][XS_F_DATAGRAM + 1];
};

static int count_flow(const struct xs_seen *s, void *arg)
{
	struct flow_counts *c = arg;

	if (!s->expired && s->flow.service < XS_MAX_SERVICES && s->flow.state <= XS_F_DATAGRAM)
		c->state[s->flow.service][s->flow.state]++;
	return 0;
}

/* Of targets by fullnat: source ports in use, and how many there are */
static int source_gauges(FILE *to)
{
	struct xs_model *m = xs_model_have();
	uint32_t *used = xs_sources_used();
	const struct xs_r_target *t;

	if (!m || !used) {
		free(used);
		return -ENOMEM;
	}
	family(to, "xsteer_target_source_ports", "gauge", "source ports in use towards a target by fullnat");
	xs_each(t, m, XS_K_TARGET)
		if (t->via == XS_VIA_FULLNAT)
			sample(to, "xsteer_target_source_ports", LABELS({ "target", t->h.name }), used[t->h.id]);
	family(to, "xsteer_target_source_ports_limit", "gauge", "source ports that there are towards a target by fullnat");
	xs_each(t, m, XS_K_TARGET)
		if (t->via == XS_VIA_FULLNAT)
			sample(to, "xsteer_target_source_ports_limit", LABELS({ "target", t->h.name }), xs_sources_limit(t->h.id));
	free(used);
	return 0;
}

static int gauges(FILE *to)
{
	struct flow_counts c = { 0 };
	int err = xs_snap_flows(count_flow, &c);

	if (err)
		return err;
	family(to, "xsteer_flows", "gauge", "flows in the table whose time is not over");
	for (uint32_t s = 0; s < XS_MAX_SERVICES; s++)
		for (int i = XS_F_HALF_OPEN; i <= XS_F_DATAGRAM; i++)
			if (c.state[s][i] || is_service(s))
				sample(to, "xsteer_flows", LABELS({ "service", xs_model_name(XS_K_SERVICE, s) }, { "state", xs_state_word(i) }),
				       c.state[s][i]);
	family(to, "xsteer_flows_limit", "gauge", "flows that the table has room for");
	sample(to, "xsteer_flows_limit", NO_LABELS, xs_map_entries(XS_MAP_xs_flows));
	family(to, "xsteer_half_open_limit", "gauge", "handshakes that the half-open store has room for");
	sample(to, "xsteer_half_open_limit", NO_LABELS, xs_map_entries(XS_MAP_xs_halfs));
	family(to, "xsteer_revision", "gauge", "revision of the structure in force");
	sample(to, "xsteer_revision", NO_LABELS, XS_REVISION(xs_control_read()));
	return 0;
}

static int rooms(FILE *to)
{
	struct xs_room room[XS_ROOM_MAX];
	int err = xs_room_read(room);

	family(to, "xsteer_table_used", "gauge", "rows of a table in use, without those whose time is over");
	for (int i = 0; i < XS_ROOM_MAX && !err; i++)
		sample(to, "xsteer_table_used", LABELS({ "table", room[i].word }), room[i].used - room[i].over);
	family(to, "xsteer_table_limit", "gauge", "rows that a table has room for");
	for (int i = 0; i < XS_ROOM_MAX && !err; i++)
		sample(to, "xsteer_table_limit", LABELS({ "table", room[i].word }), room[i].entries);
	return err;
}

struct target {
	const char *name;
	struct xs_tcount count;
};

static int targets_read(struct target *all, uint32_t n)
{
	struct xs_model *m = xs_model_have();
	struct xs_r_target *t;
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++) {
		t = xs_row_at(m, XS_K_TARGET, i);
		all[i].name = t->h.name;
		err = xs_snap_target(t->h.id, &all[i].count);
	}
	return err;
}

static int targets(FILE *to)
{
	struct xs_model *m = xs_model_have();
	uint32_t n = m ? m->kind[XS_K_TARGET].n : 0;
	struct target *all = calloc(n + 1, sizeof(*all));
	int err = all && m ? targets_read(all, n) : -ENOMEM;

#define FAMILY(metric, help, value) \
	family(to, metric, "counter", help); \
	for (uint32_t i = 0; i < n && !err; i++) \
		sample(to, metric, LABELS({ "target", all[i].name }), all[i].count.value)
	FAMILY("xsteer_target_sent_packets_total", "packets sent to a target", to.packets);
	FAMILY("xsteer_target_sent_bytes_total", "bytes of these packets", to.bytes);
	FAMILY("xsteer_target_returned_packets_total", "packets that came back from a target", from.packets);
	FAMILY("xsteer_target_returned_bytes_total", "bytes of these packets", from.bytes);
	FAMILY("xsteer_target_flows_placed_total", "flows placed on a target", placed);
	FAMILY("xsteer_target_requests_total", "requests seen on the flows of a target: more than were placed where connections are kept alive", requests);
#undef FAMILY
	free(all);
	return err;
}

/* Of tenants that have a rate. */
static int tenants(FILE *to)
{
	struct xs_model *m = xs_model_have();
	struct xs_r_tenant *t;
	uint64_t limited = 0;
	int err = m ? 0 : -EIO;

	family(to, "xsteer_tenant_limited_total", "counter", "requests refused because they were beyond their tenant's rate");
	if (m)
		xs_each(t, m, XS_K_TENANT)
			if (!err && (t->requests || t->tokens) && !(err = xs_snap_limited(t->h.id, &limited)))
				sample(to, "xsteer_tenant_limited_total", LABELS({ "tenant", t->h.name }), limited);
	return err;
}

/* @l: the labels of the series; @le: the place behind them, and behind that the end */
static void histogram(FILE *to, const char *name, const struct xs_dist *d, struct label *l, struct label *le)
{
	uint64_t below = 0;
	char bound[24];
	int i = 0;

	*le = (struct label){ "le", bound };
	for (int last = LE_FIRST; last <= LE_LAST; last += LE_STEP) {
		for (; i <= last; i++)
			below += d->bucket[i];
		snprintf(bound, sizeof(bound), "%.9g", xs_bound_s(last));
		series(to, name, "_bucket", l);
		fprintf(to, "%" PRIu64 "\n", below);
	}
	le->value = "+Inf";
	series(to, name, "_bucket", l);
	fprintf(to, "%" PRIu64 "\n", d->count);
	le->key = NULL;
	series(to, name, "_count", l);
	fprintf(to, "%" PRIu64 "\n", d->count);
	series(to, name, "_sum", l);
	fprintf(to, "%" PRIu64 ".%09" PRIu64 "\n", d->sum_ns / 1000000000, d->sum_ns % 1000000000);
}

static int histograms(FILE *to)
{
	static const char *const help[] = {
#define X(id, name, help) help,
		XS_METRICS(X)
#undef X
	};
	struct xs_series *row = NULL;
	int n = xs_snap_series(&row);
	char name[64];

	for (int m = 0; m < XS_M_MAX && n > 0; m++) {
		snprintf(name, sizeof(name), "xsteer_%s_seconds", xs_metric_word(m));
		family(to, name, "histogram", help[m]);
		for (int i = 0; i < n; i++) {
			const struct xs_series_key *k = &row[i].key;
			struct label l[6] = {
				{ "service", xs_model_name(XS_K_SERVICE, k->service) }, { "tenant", xs_model_name(XS_K_TENANT, k->tenant) },
				{ "class", i ? xs_class_name(k->class) : "-" }, { "target", xs_model_name(XS_K_TARGET, k->target) },
			};

			if (row[i].metric[m].count)
				histogram(to, name, &row[i].metric[m], l, &l[4]);
		}
	}
	free(row);
	return n < 0 ? n : 0;
}

int xs_openmetrics(FILE *to)
{
	int err = reasons(to) ?: counters(to) ?: targets(to) ?: tenants(to) ?: gauges(to) ?: source_gauges(to) ?: rooms(to) ?: histograms(to);

	if (!err)
		fputs("# EOF\n", to);
	return err;
}
