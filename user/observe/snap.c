// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Records are read while packets write them. Counters of one word are whole; a record is copied and then compared with the
 * original, so that no copy mixes two lives of a record. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/ticks.h"
#include "user/observe/snap.h"

#define COPY_TRIES 8

struct walk {
	const volatile struct xs_flow *flows;
	const volatile struct xs_back *backs;
	const volatile struct xs_line *hlines;
	const volatile struct xs_half *halfs;
	struct xs_settings set;
	uint32_t now, hz, records, half;
};

static int map_error(int err, enum xs_map_id map)
{
	return xs_kernel(err, xs_map_name(map), "run as root", "cannot be read");
}

static bool same_life(const struct xs_seen *s, const volatile struct xs_flow *f, const volatile struct xs_back *b)
{
	return f->state && f->fp == s->flow.fp && b->times.born == s->back.times.born && f->cport == s->flow.cport && f->target == s->flow.target &&
	       b->fp == s->back.fp && b->service == f->service && b->target == f->target && b->cport == (f->own ? f->own_port : f->cport);
}

/* Copy record i. Return: false if it is free, or changes hands all the time */
static bool copy(const struct walk *w, uint32_t i, struct xs_seen *s)
{
	for (int n = 0; n < COPY_TRIES && w->flows[i].state != XS_F_FREE && w->flows[i].state != XS_F_HELD; n++) {
		memcpy(&s->flow, (const void *)&w->flows[i], sizeof(s->flow));
		memcpy(&s->back, (const void *)&w->backs[i], sizeof(s->back));
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
		if (same_life(s, &w->flows[i], &w->backs[i]))
			return true;
	}
	return false;
}

static uint32_t timeout_s(const struct xs_settings *set, uint8_t state)
{
	switch (state) {
	case XS_F_HALF_OPEN: return set->tcp_syn_s;
	case XS_F_CLOSING: return set->tcp_closed_s;
	case XS_F_DATAGRAM: return set->udp_idle_s;
	}
	return set->tcp_idle_s;
}

static uint64_t since_ms(const struct walk *w, uint32_t then)
{
	int32_t d = w->now - then;	/* packets may have moved it past now */

	return d > 0 ? d * 1000ULL / w->hz : 0;
}

static void ages(const struct walk *w, struct xs_seen *s)
{
	uint64_t client = since_ms(w, s->flow.seen), target = since_ms(w, s->back.seen);
	uint32_t age = w->now - s->back.times.born;

	s->idle_ms = client < target ? client : target;
	s->age_ms = age > UINT32_MAX - w->hz ? 0 : age * 1000ULL / w->hz;	/* 0: born since now was read */
	s->expired = s->idle_ms > timeout_s(&w->set, s->flow.state) * 1000ULL;
}

static int walk_begin(struct walk *w)
{
	uint32_t gen = XS_GEN(xs_control_read());
	int err;

	w->flows = xs_map_view(XS_MAP_xs_flows, false);
	w->backs = xs_map_view(XS_MAP_xs_backs, false);
	w->hlines = xs_map_view(XS_MAP_xs_hlines, false);
	w->halfs = xs_map_view(XS_MAP_xs_halfs, false);
	if (!w->flows || !w->backs || !w->hlines || !w->halfs)
		return -EIO;
	err = xs_map_get(XS_MAP_xs_settings, &gen, &w->set);
	if (err)
		return map_error(err, XS_MAP_xs_settings);
	w->records = xs_map_entries(XS_MAP_xs_flows);
	w->half = xs_map_entries(XS_MAP_xs_halfs);
	w->hz = xs_hz();
	w->now = xs_jiffies_now();
	return 0;
}

/* A row of the half-open store as a flow. Return: false: free, over, or overwritten meanwhile */
static bool copy_half(const struct walk *w, uint32_t i, struct xs_seen *s)
{
	const volatile __u64 *tag = &w->hlines[i / XS_LINE_TAGS].tag[i % XS_LINE_TAGS];
	uint64_t was = *tag;
	struct xs_half h;

	if (!was)
		return false;
	memcpy(&h, (const void *)&w->halfs[i], sizeof(h));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (*tag != was || h.own == XS_OWN_ALIAS)
		return false;
	memset(s, 0, sizeof(*s));
	s->flow = (struct xs_flow){
		.client = h.client, .cport = h.cport, .service = h.service, .target = h.target, .state = XS_F_HALF_OPEN, .flags = h.flags,
		.seen = (uint32_t)was, .tenant = h.tenant, .class = h.class, .level = h.level, .set = h.set, .rule = h.rule, .way = h.way,
		.own = h.own, .own_port = h.own_port,
	};
	s->back = (struct xs_back){ .client = h.client, .cport = h.cport, .service = h.service, .target = h.target, .seen = (uint32_t)was, .way = h.way };
	s->back.times.start_ns = h.start_ns;
	s->back.times.born = h.born;
	s->back.times.request_id = h.request_id;
	ages(w, s);
	return !s->expired;
}

int xs_snap_flows(int (*fn)(const struct xs_seen *seen, void *arg), void *arg)
{
	struct walk w = { 0 };
	struct xs_seen s;
	int err = walk_begin(&w);

	for (uint32_t i = 0; i < w.records && !err; i++) {
		s.index = i;
		if (!copy(&w, i, &s))
			continue;
		ages(&w, &s);
		err = fn(&s, arg);
	}
	for (uint32_t i = 0; i < w.half && !err; i++) {
		if (!copy_half(&w, i, &s))
			continue;
		s.index = xs_map_entries(XS_MAP_xs_flows) + i;
		err = fn(&s, arg);
	}
	return err;
}

/* The four histograms of a series, summed over CPUs; raw has room for one of each CPU */
static int read_series(uint32_t id, struct xs_series *row, struct xs_hist *raw)
{
	int err = 0, cpus = xs_ncpus();

	for (uint32_t m = 0; m < XS_M_MAX && !err; m++) {
		uint32_t key = id * XS_M_MAX + m;

		err = xs_map_get(XS_MAP_xs_hists, &key, raw);
		for (int c = 0; c < cpus && !err; c++)
			xs_dist_add(&row->metric[m], &raw[c]);
	}
	return err;
}

int xs_snap_series(struct xs_series **rows)
{
	uint32_t n = 1, id, most = xs_map_entries(XS_MAP_xs_series) + 1;
	struct xs_hist *raw = calloc(xs_ncpus(), sizeof(*raw));
	struct xs_series *all = calloc(most, sizeof(*all));
	struct xs_series_key key, *last = NULL;
	int err = raw && all ? read_series(0, &all[0], raw) : -ENOMEM;

	while (!err && n < most && !xs_map_next(XS_MAP_xs_series, last, &key)) {
		last = &all[n].key;
		*last = key;
		if (!xs_map_get(XS_MAP_xs_series, &key, &id))
			err = read_series(id, &all[n++], raw);
	}
	free(raw);
	if (err) {
		free(all);
		return map_error(err, XS_MAP_xs_hists);
	}
	*rows = all;
	return n;
}

struct xs_count (*xs_snap_reasons(void))[XS_R_MAX]
{
	struct xs_count (*all)[XS_R_MAX] = calloc(XS_MAX_SERVICES, sizeof(*all));
	int err = all ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < XS_MAX_SERVICES * XS_R_MAX && !err; i++)
		err = xs_percpu_sum(XS_MAP_xs_reasons, i, &all[i / XS_R_MAX][i % XS_R_MAX], sizeof(**all));
	if (!err)
		return all;
	map_error(err, XS_MAP_xs_reasons);
	free(all);
	return NULL;
}

int xs_snap_counters(uint64_t count[XS_C_MAX])
{
	int err = 0;

	for (uint32_t i = 0; i < XS_C_MAX && !err; i++)
		err = xs_percpu_sum(XS_MAP_xs_counters, i, &count[i], sizeof(count[i]));
	return err ? map_error(err, XS_MAP_xs_counters) : 0;
}

int xs_snap_limited(uint32_t tenant, uint64_t *count)
{
	int err = xs_percpu_sum(XS_MAP_xs_limited, tenant, count, sizeof(*count));

	return err ? map_error(err, XS_MAP_xs_limited) : 0;
}

int xs_snap_target(uint32_t id, struct xs_tcount *count)
{
	int err = xs_percpu_sum(XS_MAP_xs_tcounts, id, count, sizeof(*count));

	return err ? map_error(err, XS_MAP_xs_tcounts) : 0;
}
