/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table: a record for a placed flow, or the one that it has begun anew. */
#ifndef XS_FLOWENTER_H
#define XS_FLOWENTER_H

#include "bpf/flowage.h"

/* xs_back_fill() - the target's side of a record */
static __always_inline bool xs_back_fill(const struct xs_pkt *p, struct xs_back *b, const struct xs_flow *f, __u32 fp)
{
	const struct xs_end *seen = xs_seen_as(p);

	if (!seen)
		return false;
	__builtin_memset(b, 0, sizeof(*b));
	b->client = seen->addr;
	b->cport = seen->port;
	b->own = f->own;
	b->target = f->target;
	b->way = f->way;
	b->seen = f->seen;
	b->fp = fp;
	b->series = f->series;
	b->times.request_id = p->ask.request_id;
	b->times.placed = 1;
	b->times.born = f->seen;
	return true;
}

/* xs_flow_fill() - write record i (index + 1), which nobody else may write, for a packet that has just been placed */
static __noinline bool xs_flow_fill(struct xs_pkt *p, __u32 i, __u32 fp, __u32 back_fp)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);
	struct xs_back *b = XS_GET(xs_backs, i - 1);

	if (!f || !b)
		return false;
	f->state = XS_F_HELD;	/* never FREE in between: another CPU would take it */
	f->client = p->hdr.src;
	f->cport = p->hdr.sport;
	f->service = p->id.service;
	f->target = p->to.target;
	f->flags = p->ask.flags;
	f->prompt = p->ask.prompt;
	f->seen = xs_jiffies();
	f->seq = 0;
	f->fp = fp;
	f->bytes = f->packets = 0;
	f->tenant = p->ask.tenant;
	f->class = p->ask.class;
	f->level = p->to.level;
	f->series = xs_series_of(p);
	f->way = p->to.way;
	f->set = p->to.set;
	f->rule = p->to.rule;
	f->asked = 0;
	f->proto = p->hdr.proto;
	f->own = p->to.own;
	f->own_port = p->to.own_port;
	if (!xs_back_fill(p, b, f, back_fp))
		return false;
	f->state = p->hdr.proto == IPPROTO_TCP ? XS_F_ESTABLISHED : XS_F_DATAGRAM;
	b->service = f->service;
	return true;
}

/* xs_back_of() - the tuple that replies to the placed packet will have. Return: false: its target is gone */
static __always_inline bool xs_back_of(const struct xs_pkt *p, struct xs_tuple *t)
{
	struct xs_target *to = XS_GET(xs_targets, p->to.target);
	const struct xs_end *seen = xs_seen_as(p);

	if (!to || !seen)
		return false;
	t->client = &seen->addr;
	t->cport = seen->port;
	t->other = &to->addr;
	t->oport = to->port;
	t->proto = p->hdr.proto;
	t->dir = XS_TO_CLIENT;
	t->gen = p->id.gen;
	return true;
}

/* xs_is_kin() - as xs_is_back(), by the client's side of the record, which the search for the flow has just met. One whose target sees
 * another source has a tag for its replies, wherever it stands */
static __always_inline __u32 xs_is_kin(const struct xs_tuple *t, __u32 i)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);
	struct xs_target *to;

	if (!f || !xs_live(f->state) || f->own || f->proto != t->proto || f->cport != t->cport || !xs_same_addr(&f->client, t->client))
		return 0;
	to = XS_GET(xs_targets, f->target);
	return to && to->port == t->oport && xs_same_addr(&to->addr, t->other) ? f->service : 0;
}

/* xs_kin_find() - the record, of this service or another, that replies to the placed packet would find. Return: index + 1, 0: none */
static __noinline __u32 xs_kin_find(struct xs_pkt *p, __u32 *service)
{
	struct xs_tuple t = {};
	__u32 home;

	if (!xs_back_of(p, &t))
		return 0;
	home = p->to.own ? xs_home(t.client, t.cport, t.proto) : p->id.home;
	*service = xs_is_kin(&t, home + 1);
	if (*service)
		return home + 1;
	*service = xs_is_kin(&t, (home ^ 1) + 1);
	if (*service)
		return (home ^ 1) + 1;
	return xs_has_strays(home) ? xs_stray_find(&t, service) : 0;
}

/* xs_flow_undo() - take back a record that could not be entered */
static __always_inline void xs_flow_undo(__u32 i, __u32 gen)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);
	struct xs_back *b = XS_GET(xs_backs, i - 1);

	if (!f || !b)
		return;
	f->state = XS_F_HELD;
	xs_flow_empty(b, i - 1, gen);
	f->state = XS_F_FREE;
}

/* xs_flow_hold() - keep record i from being freed while it is begun anew. Return: false if that has just happened */
static __always_inline bool xs_flow_hold(__u32 i)
{
	struct xs_lock *k = XS_GET(xs_locks, i & (XS_LOCKS - 1));
	struct xs_flow *f = XS_GET(xs_flows, i);
	__u32 now = xs_jiffies();
	bool held;

	if (!k || !f)
		return false;
	bpf_spin_lock(&k->lock);
	held = xs_live(f->state);
	if (held)
		f->seen = now;
	if (f->state == XS_F_CLOSING)	/* or another service would take it */
		f->state = XS_F_ESTABLISHED;
	bpf_spin_unlock(&k->lock);
	return held;
}

/* xs_flow_again() - another request of a datagram flow went to the target it has: the record goes on, for whom this one says */
static __always_inline bool xs_flow_again(const struct xs_pkt *p, __u32 i)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);
	struct xs_back *b = XS_GET(xs_backs, i - 1);

	if (!f || !b)
		return false;
	f->flags = (f->flags & ~(XS_FF_SHIM | XS_FF_TAGGED | XS_FF_PREFIX)) | p->ask.flags;
	f->tenant = p->ask.tenant;
	f->class = p->ask.class;
	f->level = p->to.level;
	f->set = p->to.set;
	f->rule = p->to.rule;
	f->series = b->series = xs_series_of(p);
	b->times.request_id = p->ask.request_id;
	b->times.placed++;
	return true;
}

/* xs_flow_record() - the record for a placed flow: the one in which this client already talks to this target for this service (a
 * port used again, a datagram flow that comes back), else a free one. Return: index + 1, or 0 and the reason in *r */
static __always_inline __u32 xs_flow_record(struct xs_pkt *p, bool *there, enum xs_reason *r)
{
	__u32 service = 0, i = xs_kin_find(p, &service);

	*r = XS_R_NAT_CONFLICT;
	if (i && !xs_is_mine(p, i) && !xs_flow_evict(i - 1, p->id.gen, true))
		return 0;
	*r = XS_R_TABLE_FULL;
	*there = i && xs_is_mine(p, i) && xs_flow_hold(i - 1);
	return *there ? i : xs_flow_reserve(p->id.home, p->id.gen);
}

/* xs_tags_enter() - fill record i, which stands at neither of the flow's places or has another source, and enter the tags that lead
 * to it. @back, @to: whether the record has its tag of that direction. Return: false if there is no room for tags */
static __noinline bool xs_tags_enter(struct xs_pkt *p, __u32 i, bool back, bool to)
{
	bool stray = xs_is_stray(i - 1, p->id.home);
	__u64 hash = xs_tuple_hash(&p->hdr.src, p->hdr.sport, &p->hdr.dst, p->hdr.dport, p->hdr.proto, XS_TO_TARGET), back_hash;
	struct xs_tuple t = {};

	if (stray && !back)
		xs_stray_count(p->id.home, true);
	if (!xs_back_of(p, &t))
		return false;
	if (p->to.own && !back)
		xs_stray_count(xs_home(t.client, t.cport, t.proto), true);
	back_hash = xs_tuple_hash(t.client, t.cport, t.other, t.oport, t.proto, XS_TO_CLIENT);
	if (!xs_flow_fill(p, i, stray ? xs_fp(hash) : 0, xs_fp(back_hash)))
		return false;
	return (back || xs_tag_put(back_hash, i)) && (!stray || to || xs_tag_put(hash, i));
}

/* xs_flow_leave() - the flow has moved from record `old` (index + 1): a datagram's stays for late replies, a connection's goes */
static __noinline void xs_flow_leave(struct xs_pkt *p, __u32 old)
{
	struct xs_flow *f = XS_GET(xs_flows, old - 1);

	/* it may be another's by now */
	if (!f || f->service != p->id.service || f->cport != p->hdr.sport || !xs_same_addr(&f->client, &p->hdr.src))
		return;
	f->flags |= XS_FF_MOVED;
	if (xs_is_stray(old - 1, p->id.home))
		xs_tag_move(xs_tuple_hash(&p->hdr.src, p->hdr.sport, &p->hdr.dst, p->hdr.dport, p->hdr.proto, XS_TO_TARGET), old, 0);
	if (p->hdr.proto == IPPROTO_TCP)
		xs_flow_state(f, old - 1, XS_F_CLOSING);
}

/**
 * xs_flow_enter() - Record the placed flow of the packet at hand; reads p->id, p->ask, p->to, writes p->id.flow. Global: verified once
 * @anew: the record that the flow had, if any, is over: this is another conversation
 * Return: 0, XS_R_NAT_CONFLICT or XS_R_TABLE_FULL
 */
__noinline int xs_flow_enter(__u32 anew)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	bool there = false, done;
	enum xs_reason r;
	__u32 old, i;

	if (!p)
		return XS_R_INTERNAL;
	old = p->id.flow;
	i = xs_flow_record(p, &there, &r);
	if (!i)
		return r;
	if (there && i == old && !anew)
		return xs_flow_again(p, i) ? XS_R_NONE : XS_R_INTERNAL;
	if (p->to.own || xs_is_stray(i - 1, p->id.home))
		done = xs_tags_enter(p, i, there, there && i == old);
	else
		done = xs_flow_fill(p, i, 0, 0);
	if (!done) {
		xs_flow_undo(i, p->id.gen);
		return XS_R_TABLE_FULL;
	}
	if (old && old != i)
		xs_flow_leave(p, old);
	p->id.flow = i;
	xs_bump(anew ? XS_C_FLOWS_CREATED : XS_C_FLOWS_MOVED);
	return XS_R_NONE;
}

#endif
