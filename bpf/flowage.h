/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table: where records come from and where they go. Insertion sweeps; see flowtab.h. */
#ifndef XS_FLOWAGE_H
#define XS_FLOWAGE_H

#include "bpf/flowtab.h"
#include "bpf/measure.h"

/* xs_flow_claim() - mark record i free if it was silent for more than limit jiffies; one of several CPUs succeeds */
static __always_inline bool xs_flow_claim(struct xs_flow *f, const struct xs_back *b, __u32 i, __u32 limit)
{
	struct xs_lock *k = XS_GET(xs_locks, i & (XS_LOCKS - 1));
	__u32 now = xs_jiffies();
	bool mine = false;

	if (!k || f->state == XS_F_FREE || !xs_flow_over(f, b, limit, now))
		return false;
	bpf_spin_lock(&k->lock);
	if (f->state != XS_F_FREE && xs_flow_over(f, b, limit, now)) {
		f->state = XS_F_FREE;
		mine = true;
	}
	bpf_spin_unlock(&k->lock);
	return mine;
}

/* xs_flow_free() - take the tags of a claimed record out, by the tuples it holds, and give its index back */
__noinline int xs_flow_free(__u32 i, __u32 gen)
{
	struct xs_flow *f = XS_GET(xs_flows, i);
	struct xs_back *b = XS_GET(xs_backs, i);
	struct xs_service *s;
	struct xs_target *t;

	if (!f || !b)
		return 0;
	s = xs_service_at(gen & 1, f->service);
	t = XS_GET(xs_targets, f->target);
	if (s && t) {
		xs_tag_move(xs_tuple_hash(&f->client, f->cport, &s->addr, s->port, s->proto, XS_TO_TARGET), i + 1, 0);
		xs_tag_move(xs_tuple_hash(&f->client, f->cport, &t->addr, t->port, s->proto, XS_TO_CLIENT), i + 1, 0);
	}
	b->service = 0;
	bpf_map_push_elem(&xs_free, &i, 0);
	return 1;
}

/* xs_sweep_one() - look at the record behind the hand. Apart, or the loop's head is reached by falling through, which
 * verifiers up to 6.1 take for a back edge. Return: records freed */
__noinline int xs_sweep_one(__u32 gen)
{
	struct xs_settings *set = XS_GET(xs_settings, gen & 1);
	struct xs_alloc *a = XS_GET(xs_alloc, 0);
	struct xs_flow *f;
	struct xs_back *b;
	__u32 i;

	if (!a || !set || !a->fresh)
		return 0;
	i = a->sweep;
	a->sweep = i + 1 < a->fresh ? i + 1 : 0;
	f = XS_GET(xs_flows, i);
	b = XS_GET(xs_backs, i);
	return f && b && xs_flow_claim(f, b, i, xs_timeout(set, f->state)) ? xs_flow_free(i, gen) : 0;
}

/* xs_sweep() - look at n records, free the expired ones */
__noinline int xs_sweep(__u32 gen, __u32 n)
{
	__u32 freed = 0;

	for (__u32 k = 0; k < XS_SWEEP_FULL && k < n; k++)
		freed += xs_sweep_one(gen);
	xs_bump_by(XS_C_FLOWS_EXPIRED, freed);
	return freed;
}

/* xs_alloc_fresh() - a record never used before. Return: index + 1, 0: none left */
static __always_inline __u32 xs_alloc_fresh(void)
{
	struct xs_alloc *a = XS_GET(xs_alloc, 0);
	__u32 i = 0;

	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	if (a->fresh < feat.flows)
		i = ++a->fresh;
	bpf_spin_unlock(&a->lock);
	return i;
}

/**
 * xs_flow_reserve() - A free record: given back, else never used, else what a longer sweep finds
 * Every call sweeps a little, which is what ages the table.
 * Return: index + 1, 0: the table is full of live flows
 */
__noinline __u32 xs_flow_reserve(__u32 gen)
{
	__u32 i;

	xs_sweep(gen, XS_SWEEP);
	if (!bpf_map_pop_elem(&xs_free, &i))
		return i + 1;
	i = xs_alloc_fresh();
	if (i)
		return i;
	xs_sweep(gen, XS_SWEEP_FULL);
	return bpf_map_pop_elem(&xs_free, &i) ? 0 : i + 1;
}

/* xs_flow_fill() - write record i (index + 1) for a packet that has just been placed */
static __always_inline bool xs_flow_fill(struct xs_pkt *p, __u32 i, __u64 hash, __u64 back_hash)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);
	struct xs_back *b = XS_GET(xs_backs, i - 1);

	if (!f || !b)
		return false;
	__builtin_memset(f, 0, sizeof(*f));
	__builtin_memset(b, 0, sizeof(*b));
	f->client = b->client = p->hdr.src;
	f->cport = b->cport = p->hdr.sport;
	f->target = b->target = p->to.target;
	f->service = p->id.service;
	f->flags = p->ask.flags;
	f->prompt = p->ask.prompt;
	f->seen = f->born = b->seen = xs_jiffies();
	f->fp = xs_fp(hash);
	b->fp = xs_fp(back_hash);
	f->tenant = p->ask.tenant;
	f->class = p->ask.class;
	f->level = p->to.level;
	f->set = p->to.set;
	f->way = b->way = p->to.way;
	f->rule = p->to.rule;
	f->series = b->series = xs_series_of(p);
	b->times.request_id = p->ask.request_id;
	b->times.placed = 1;
	f->state = p->hdr.proto == IPPROTO_TCP ? XS_F_HALF_OPEN : XS_F_DATAGRAM;
	b->service = p->id.service;
	return true;
}

/* xs_back_find() - where the replies of the placed packet will be looked for, and the record that is there already */
static __noinline __u32 xs_back_find(struct xs_pkt *p, __u64 *hash, __u32 *service)
{
	struct xs_target *to = XS_GET(xs_targets, p->to.target);
	struct xs_tuple t = { .client = &p->hdr.src, .cport = p->hdr.sport, .proto = p->hdr.proto, .dir = XS_TO_CLIENT, .gen = p->id.gen };

	if (!to)
		return 0;
	t.other = &to->addr;
	t.oport = to->port;
	*hash = xs_tuple_hash(t.client, t.cport, t.other, t.oport, t.proto, XS_TO_CLIENT);
	return xs_tuple_find(&t, *hash, service);
}

/* xs_flow_undo() - take back a record that could not be entered */
static __always_inline void xs_flow_undo(__u32 i, __u32 gen)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);

	if (!f)
		return;
	f->state = XS_F_FREE;
	xs_flow_free(i - 1, gen);
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
	held = f->state != XS_F_FREE;
	if (held)
		f->seen = now;
	if (f->state == XS_F_CLOSING)	/* or another service would take it */
		f->state = XS_F_HALF_OPEN;
	bpf_spin_unlock(&k->lock);
	return held;
}

/* xs_flow_evict() - free record i if its time is over, which a closed connection's is as soon as its place is wanted: its client
 * may use the port for another service at once. Return: false if it is not */
static __always_inline bool xs_flow_evict(__u32 i, __u32 gen)
{
	struct xs_settings *set = XS_GET(xs_settings, gen & 1);
	struct xs_flow *f = XS_GET(xs_flows, i);
	struct xs_back *b = XS_GET(xs_backs, i);

	if (!set || !f || !b || !xs_flow_claim(f, b, i, f->state == XS_F_CLOSING ? -1 : xs_timeout(set, f->state)))
		return false;
	xs_flow_free(i, gen);
	xs_bump(XS_C_FLOWS_EXPIRED);
	return true;
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

/* xs_flow_leave() - the flow has moved from record `old` (index + 1): a datagram's stays for late replies, a connection's goes */
static __always_inline void xs_flow_leave(struct xs_pkt *p, __u32 old)
{
	struct xs_flow *f = XS_GET(xs_flows, old - 1);

	if (!f || f->fp != xs_fp(p->id.hash))	/* it may be another's by now */
		return;
	f->flags |= XS_FF_MOVED;
	if (p->hdr.proto == IPPROTO_TCP)
		xs_flow_state(f, old - 1, XS_F_CLOSING);
}

/* xs_flow_record() - the record for a placed flow: the one in which this client already talks to this target for this service (a
 * port used again, a datagram flow that comes back), else a free one. Return: index + 1, or 0 and the reason in *r */
static __always_inline __u32 xs_flow_record(struct xs_pkt *p, __u64 *back_hash, bool *there, enum xs_reason *r)
{
	__u32 service = 0, i = xs_back_find(p, back_hash, &service);

	*r = XS_R_NAT_CONFLICT;
	if (i && service != p->id.service && !xs_flow_evict(i - 1, p->id.gen))
		return 0;
	*r = XS_R_TABLE_FULL;
	*there = i && service == p->id.service && xs_flow_hold(i - 1);
	return *there ? i : xs_flow_reserve(p->id.gen);
}

/**
 * xs_flow_enter() - Record a placed flow under both tuples; reads p->id, p->ask, p->to, writes p->id.flow
 * @anew: the record that the flow had, if any, is over: this is another conversation
 * Return: 0, XS_R_NAT_CONFLICT or XS_R_TABLE_FULL
 */
static __noinline enum xs_reason xs_flow_enter(struct xs_pkt *p, bool anew)
{
	__u64 hash = p->id.hash, back_hash = 0;
	__u32 old = p->id.flow, i;
	bool there = false;
	enum xs_reason r;

	i = xs_flow_record(p, &back_hash, &there, &r);
	if (!i)
		return r;
	if (there && i == old && !anew)
		return xs_flow_again(p, i) ? XS_R_NONE : XS_R_INTERNAL;
	if (!xs_flow_fill(p, i, hash, back_hash))
		return XS_R_INTERNAL;
	/* the record it had may have been swept meanwhile, and its tag with it */
	if ((!there && !xs_tag_put(back_hash, i)) || !((old && xs_tag_move(hash, old, i)) || xs_tag_put(hash, i))) {
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
