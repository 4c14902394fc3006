/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table: find, insert, age. maps/flow.h has the layout and the states.
 *
 * Nothing here runs in the background: an insertion takes the place of what is over, and now and then one looks at the records
 * behind the sweep hand and frees those whose time is over. So the table stays as clean as it is used, with no daemon and no timer.
 *
 * Functions with scalar arguments are global on purpose: the verifier then checks them once, not at every call. */
#ifndef XS_FLOWTAB_H
#define XS_FLOWTAB_H

#include <linux/in.h>
#include "bpf/maps.bpf.h"
#include "bpf/measure.h"
#include "bpf/pkt.h"
#include "maps/siphash.h"

#define XS_SWEEP_EVERY 16	/* insertions (by their first place) to one that sweeps: neighbours in memory are cheap in a row */
#define XS_SWEEP 32		/* records that it looks at */
#define XS_SWEEP_FREES 4	/* and frees at most */
#define XS_SEEK 128		/* records looked at when both places of a flow are taken */
#define XS_LINE_EASY 6		/* tags in a line before its alternative is considered */

static __always_inline __u64 xs_pair(__u32 low, __u32 high)
{
	return (__u64)high << 32 | low;
}

/* xs_tuple_hash() - SipHash-1-3 of the tuple under the instance's secret; the client first in both directions */
static __always_inline __u64 xs_tuple_hash(const struct xs_addr *client, __be16 cport, const struct xs_addr *other,
					   __be16 oport, __u8 proto, enum xs_dir dir)
{
	struct xs_sip s;

	xs_sip_init(&s, secret.flow[0], secret.flow[1]);
	xs_sip13_word(&s, xs_pair(client->w[3], other->w[3]));
	xs_sip13_word(&s, xs_pair((__u32)cport << 16 | oport, (__u32)proto << 8 | dir));
	if (!xs_addr_is4(client)) {
		xs_sip13_word(&s, xs_pair(client->w[0], client->w[1]));
		xs_sip13_word(&s, xs_pair(other->w[0], other->w[1]));
		xs_sip13_word(&s, xs_pair(client->w[2], other->w[2]));
	}
	return xs_sip13_end(&s) | 1ULL << 63;	/* a tag is never taken for a free place */
}

static __always_inline __u32 xs_line_first(__u64 hash)
{
	return (__u32)hash & feat.lines_mask;
}

static __always_inline __u32 xs_line_second(__u64 hash)
{
	return ((__u32)hash ^ ((__u32)(hash >> 32) | 1) * 0x9e3779b1u) & feat.lines_mask;
}

static __always_inline __u32 xs_fp(__u64 hash)
{
	return (__u32)(hash >> 24);
}

/* xs_home() - the first place of a client's flows */
static __always_inline __u32 xs_home(const struct xs_addr *client, __be16 cport, __u8 proto)
{
	return xs_flow_home(client, cport, proto, secret.flow[0], secret.flow[1], feat.flows);
}

static __always_inline bool xs_same_addr(const struct xs_addr *a, const struct xs_addr *b)
{
	const __u64 *x = (const __u64 *)a, *y = (const __u64 *)b;

	return x[1] == y[1] && x[0] == y[0];
}

/* What a lookup compares: the client's end, the other end (service or target), the direction that says which. */
struct xs_tuple {
	const struct xs_addr *client, *other;
	__be16 cport, oport;
	__u8 proto, dir;
	__u32 gen;
};

static __always_inline struct xs_service *xs_service_at(__u32 gen, __u32 id)
{
	return XS_GET(xs_services, gen * XS_MAX_SERVICES + (id & (XS_MAX_SERVICES - 1)));
}

/* xs_live() - whether a record in this state is a flow's */
static __always_inline bool xs_live(__u8 state)
{
	return state != XS_F_FREE && state != XS_F_HELD;
}

/* xs_is_flow() - id of the service if record i (index + 1) is the one of this client and service, else 0. One that the flow has
 * moved away from only serves late replies */
static __always_inline __u32 xs_is_flow(const struct xs_tuple *t, __u32 i)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);
	struct xs_service *s;

	if (!f || !xs_live(f->state) || f->flags & XS_FF_MOVED || f->cport != t->cport || !xs_same_addr(&f->client, t->client))
		return 0;
	s = xs_service_at(t->gen, f->service);
	if (!s || s->proto != t->proto || s->port != t->oport || !xs_same_addr(&s->addr, t->other))
		return 0;
	return f->service;
}

/* xs_is_back() - the same for a reply: its source must be the target that the record names */
static __always_inline __u32 xs_is_back(const struct xs_tuple *t, __u32 i)
{
	struct xs_back *b = XS_GET(xs_backs, i - 1);
	struct xs_target *to;
	struct xs_service *s;

	if (!b || !b->service || b->cport != t->cport || !xs_same_addr(&b->client, t->client))
		return 0;
	to = XS_GET(xs_targets, b->target);
	if (!to || to->port != t->oport || !xs_same_addr(&to->addr, t->other))
		return 0;
	s = xs_service_at(t->gen, b->service);
	return s && s->proto == t->proto ? b->service : 0;
}

static __always_inline __u32 xs_is_it(const struct xs_tuple *t, __u32 i)
{
	return t->dir == XS_TO_TARGET ? xs_is_flow(t, i) : xs_is_back(t, i);
}

/* xs_line_next() - an index (+ 1) other than `not` that a line has under this fingerprint, 0: none */
static __always_inline __u32 xs_line_next(const struct xs_line *l, __u64 hash, __u32 not)
{
	__u32 i = 0, at;

#pragma unroll
	for (int n = 0; n < XS_LINE_TAGS; n++) {
		at = l->tag[n] & XS_TAG_INDEX;
		if (XS_TAG_FP(l->tag[n]) == XS_TAG_FP(hash) && at != not)
			i = at;
	}
	return i;
}

/* xs_has_strays() - whether the pair of home has any */
static __always_inline bool xs_has_strays(__u32 home)
{
	struct xs_flow *f = XS_GET(xs_flows, home & ~1u);

	return f && f->strays;
}

/* The tuple whose stray is looked for, and its service when it was found. In a map, so that the search is verified once, not for each
 * way that leads to it. */
struct xs_wanted {
	struct xs_addr client, other;
	__be16 cport, oport;
	__u8 proto, pad[3];
	__u32 gen, service;
};
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct xs_wanted); } xs_wanted_now SEC(".maps");

/* xs_stray_in() - index + 1 of its record by the tags of one line, 0: none. Tags with 40 equal bits in one line are so rare that two are
 * looked at, not more. */
__noinline __u32 xs_stray_in(__u32 line, __u64 hash, __u32 dir)
{
	struct xs_wanted *w = XS_GET(xs_wanted_now, 0);
	struct xs_line *l = XS_GET(xs_lines, line);
	struct xs_tuple t = {};
	__u32 i;

	if (!w || !l)
		return 0;
	i = xs_line_next(l, hash, 0);
	if (!i)
		return 0;
	t = (struct xs_tuple){ .client = &w->client, .other = &w->other, .cport = w->cport, .oport = w->oport, .proto = w->proto, .dir = dir, .gen = w->gen };
	w->service = xs_is_it(&t, i);
	if (w->service)
		return i;
	i = xs_line_next(l, hash, i);
	w->service = i ? xs_is_it(&t, i) : 0;
	return w->service ? i : 0;
}

/* xs_wanted_hash() - of it */
__noinline __u64 xs_wanted_hash(__u32 dir)
{
	struct xs_wanted *w = XS_GET(xs_wanted_now, 0);

	return w ? xs_tuple_hash(&w->client, w->cport, &w->other, w->oport, w->proto, dir) : 0;
}

/* xs_stray_find() - the record of a tuple at neither of its places */
static __always_inline __u32 xs_stray_find(const struct xs_tuple *t, __u32 *service)
{
	struct xs_wanted *w = XS_GET(xs_wanted_now, 0);
	__u32 i, dir = t->dir;
	__u64 hash;

	if (!w)
		return 0;
	w->client = *t->client;
	w->other = *t->other;
	w->cport = t->cport;
	w->oport = t->oport;
	w->proto = t->proto;
	w->gen = t->gen;
	hash = xs_wanted_hash(dir);
	i = xs_stray_in(xs_line_first(hash), hash, dir) ?: xs_stray_in(xs_line_second(hash), hash, dir);
	*service = w->service;
	return i;
}

/* xs_find_away() - the record of a tuple that is not at its first place: its neighbour, or a stray */
static __always_inline __u32 xs_find_away(const struct xs_tuple *t, __u32 home, __u32 *service)
{
	*service = xs_is_it(t, (home ^ 1) + 1);
	if (*service)
		return (home ^ 1) + 1;
	return xs_has_strays(home) ? xs_stray_find(t, service) : 0;
}

/* xs_tuple_find() - the record of a tuple whose first place is home; sets its service. Return: index + 1, 0: none */
static __always_inline __u32 xs_tuple_find(const struct xs_tuple *t, __u32 home, __u32 *service)
{
	*service = xs_is_it(t, home + 1);
	return *service ? home + 1 : xs_find_away(t, home, service);
}

/* xs_tuple_of() - what the packet is looked up by, in p->id.dir */
static __always_inline struct xs_tuple xs_tuple_of(const struct xs_pkt *p)
{
	bool fwd = p->id.dir == XS_TO_TARGET;

	return (struct xs_tuple){
		.client = fwd ? &p->hdr.src : &p->hdr.dst, .cport = fwd ? p->hdr.sport : p->hdr.dport,
		.other = fwd ? &p->hdr.dst : &p->hdr.src, .oport = fwd ? p->hdr.dport : p->hdr.sport,
		.proto = p->hdr.proto, .dir = p->id.dir, .gen = p->id.gen,
	};
}

/* xs_flow_away() - as xs_flow_find(), for a packet whose record is not at home. Apart, so that nearly all others keep their tuple in
 * registers and the stack of the main path small: kernels before 6.8 round each frame up to 32 bytes */
static __noinline __u32 xs_flow_away(struct xs_pkt *p)
{
	struct xs_tuple t = xs_tuple_of(p);
	__u32 service = 0, i = xs_find_away(&t, p->id.home, &service);

	if (i)
		p->id.service = service;
	return i;
}

/**
 * xs_flow_find() - The packet's record in p->id.dir; sets p->id.home, and p->id.service if there is a record
 * Return: index + 1, 0: no such flow
 */
static __always_inline __u32 xs_flow_find(struct xs_pkt *p)
{
	struct xs_tuple t = xs_tuple_of(p);
	struct xs_back *b;
	__u32 service;

	p->id.home = xs_home(t.client, t.cport, t.proto);
	if (t.dir == XS_TO_CLIENT && p->hdr.pay_len && t.proto == IPPROTO_TCP) {	/* it will be timed */
		b = XS_GET(xs_backs, p->id.home);
		xs_touch(b ? &b->times : NULL);
	}
	service = xs_is_it(&t, p->id.home + 1);
	if (!service)
		return xs_flow_away(p);
	p->id.service = service;
	return p->id.home + 1;
}

static __always_inline __u32 xs_jiffies(void)
{
	return (__u32)bpf_jiffies64();
}

/* xs_timeout() - jiffies that a record in this state may be silent */
static __always_inline __u32 xs_timeout(const struct xs_settings *set, __u8 state)
{
	__u32 s = set->tcp_idle_s;

	if (state == XS_F_CLOSING)
		s = set->tcp_closed_s;
	else if (state == XS_F_DATAGRAM)
		s = set->udp_idle_s;
	return s * feat.hz;
}

/* xs_flow_over() - whether neither end has been heard for as long as the record's state allows. The client's side is asked
 * first: while it talks, the other cache line is not touched */
static __always_inline bool xs_flow_over(const struct xs_flow *f, const struct xs_back *b, __u32 limit, __u32 now)
{
	return (__s32)(now - f->seen) > (__s32)limit && (__s32)(now - b->seen) > (__s32)limit;
}

/* xs_tag_swap() - under the line's lock, put `to` where `from` stands (0: in a free place). Return: true if it was done */
static __always_inline bool xs_tag_swap(__u32 line, __u64 from, __u64 to)
{
	struct xs_line *l = XS_GET(xs_lines, line);
	struct xs_lock *k = XS_GET(xs_locks, line & (XS_LOCKS - 1));
	bool done = false;

	if (!l || !k)
		return false;
	bpf_spin_lock(&k->lock);
#pragma unroll
	for (int n = 0; n < XS_LINE_TAGS; n++)
		if (!done && l->tag[n] == from) {
			l->tag[n] = to;
			done = true;
		}
	bpf_spin_unlock(&k->lock);
	return done;
}

/* xs_line_room() - places without a tag in a line */
static __always_inline __u32 xs_line_room(__u32 line)
{
	struct xs_line *l = XS_GET(xs_lines, line);
	__u32 n = 0;

	if (!l)
		return 0;
#pragma unroll
	for (int t = 0; t < XS_LINE_TAGS; t++)
		n += !l->tag[t];
	return n;
}

/* xs_tag_reclaim() - replace a tag of a full line whose record is not its own any more */
__noinline int xs_tag_reclaim(__u32 line, __u64 to)
{
	struct xs_line *l = XS_GET(xs_lines, line);
	struct xs_flow *f;
	struct xs_back *b;
	__u64 tag;

	if (!l)
		return 0;
	for (int n = 0; n < XS_LINE_TAGS; n++) {
		tag = l->tag[n];
		f = XS_GET(xs_flows, (tag & XS_TAG_INDEX) - 1);
		b = XS_GET(xs_backs, (tag & XS_TAG_INDEX) - 1);
		if (f && b && f->state != XS_F_FREE && (f->fp == xs_fp(tag) || b->fp == xs_fp(tag)))
			continue;
		if (xs_tag_swap(line, tag, to))
			return 1;
	}
	return 0;
}

/* xs_tag_put() - enter record i (index + 1) under this hash, in the emptier of its two lines once the first is nearly full.
 * Return: false if both are full of live flows */
__noinline int xs_tag_put(__u64 hash, __u32 i)
{
	__u32 a = xs_line_first(hash), b = xs_line_second(hash), room = xs_line_room(a);
	__u64 tag = XS_TAG_FP(hash) | i;

	if (room <= XS_LINE_TAGS - XS_LINE_EASY && xs_line_room(b) > room && xs_tag_swap(b, 0, tag))
		return 1;
	return xs_tag_swap(a, 0, tag) || xs_tag_swap(b, 0, tag) || xs_tag_reclaim(a, tag) || xs_tag_reclaim(b, tag);
}

/* xs_tag_move() - let the tag of this hash name record `to` instead of `from` (index + 1; to 0: take it out) */
__noinline int xs_tag_move(__u64 hash, __u32 from, __u32 to)
{
	__u64 old = XS_TAG_FP(hash) | from, new = to ? XS_TAG_FP(hash) | to : 0;

	return xs_tag_swap(xs_line_first(hash), old, new) || xs_tag_swap(xs_line_second(hash), old, new);
}

/* xs_stray_count() - one stray more or less at the pair of home */
__noinline int xs_stray_count(__u32 home, __u32 more)
{
	struct xs_lock *k = XS_GET(xs_locks, home >> 1 & (XS_LOCKS - 1));
	struct xs_flow *f = XS_GET(xs_flows, home & ~1u);

	if (!k || !f)
		return 0;
	bpf_spin_lock(&k->lock);
	if (f->strays < 255)
		f->strays += more ? 1 : f->strays ? -1 : 0;
	bpf_spin_unlock(&k->lock);
	return 0;
}

#endif
