/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table: how records grow old, and where a free one is found. See flowtab.h; flowenter.h fills them. */
#ifndef XS_FLOWAGE_H
#define XS_FLOWAGE_H

#include "bpf/flowtab.h"
#include "bpf/measure.h"
#include "bpf/own.h"

/* xs_flow_state() - record i changes state, unless the sweep has just taken it: that would put its index out twice */
static __always_inline void xs_flow_state(struct xs_flow *f, __u32 i, __u8 state)
{
	struct xs_lock *k = XS_GET(xs_locks, i & (XS_LOCKS - 1));

	if (!k)
		return;
	bpf_spin_lock(&k->lock);
	if (xs_live(f->state))
		f->state = state;
	bpf_spin_unlock(&k->lock);
}

#define XS_NEAR (1 << 16)	/* how far from the highest sequence number seen a FIN may stand */
#define XS_NEXT 512		/* and a RST, which must be nearly the next segment (RFC 5961) */

/* xs_in_window() - whether a FIN or RST may be of this connection; highest 0: nothing is known of it */
static __always_inline bool xs_in_window(const struct xs_pkt *p, __u32 highest)
{
	__u32 near = p->hdr.tcp_flags & XS_TCP_RST ? XS_NEXT : XS_NEAR;

	return !highest || p->hdr.seq + p->hdr.pay_len - highest + near <= 2 * near;
}

/* xs_flow_close() - FIN from both ends, or RST: the record has not long to live */
static __always_inline void xs_flow_close(struct xs_flow *f, const struct xs_back *b, __u32 i, __u8 tcp_flags)
{
	bool fins = f->flags & XS_FF_FIN_CLIENT && b->flags & XS_FF_FIN_TARGET;

	if ((!fins && !(tcp_flags & XS_TCP_RST)) || f->state == XS_F_CLOSING)
		return;
	xs_flow_state(f, i, XS_F_CLOSING);
	xs_bump(XS_C_FLOWS_CLOSED);
}

/* xs_flow_claim() - hold record i if it was silent for more than limit jiffies; one of several CPUs succeeds */
static __always_inline bool xs_flow_claim(struct xs_flow *f, const struct xs_back *b, __u32 i, __u32 limit)
{
	struct xs_lock *k = XS_GET(xs_locks, i & (XS_LOCKS - 1));
	__u32 now = xs_jiffies();
	bool mine = false;

	if (!k || !xs_live(f->state) || !xs_flow_over(f, b, limit, now))
		return false;
	bpf_spin_lock(&k->lock);
	if (xs_live(f->state) && xs_flow_over(f, b, limit, now)) {
		f->state = XS_F_HELD;
		mine = true;
	}
	bpf_spin_unlock(&k->lock);
	return mine;
}

/* xs_flow_take() - hold record i if it is free */
static __always_inline bool xs_flow_take(struct xs_flow *f, __u32 i)
{
	struct xs_lock *k = XS_GET(xs_locks, i & (XS_LOCKS - 1));
	bool mine = false;

	if (!k || f->state != XS_F_FREE)
		return false;
	bpf_spin_lock(&k->lock);
	if (f->state == XS_F_FREE) {
		f->state = XS_F_HELD;
		mine = true;
	}
	bpf_spin_unlock(&k->lock);
	return mine;
}

static __always_inline bool xs_is_stray(__u32 i, __u32 home)
{
	return (i ^ home) & ~1u;
}

/* xs_tags_leave() - take the tags of record i out, by the tuples it holds, if it has any: a stray's, or of one whose target sees another
 * source */
__noinline int xs_tags_leave(__u32 i, __u32 gen)
{
	struct xs_flow *f = XS_GET(xs_flows, i);
	const struct xs_end *seen;
	struct xs_service *s;
	struct xs_target *t;
	__u32 home;

	if (!f)
		return 0;
	home = xs_home(&f->client, f->cport, f->proto);
	if (!xs_is_stray(i, home) && !f->own)
		return 0;
	s = xs_service_at(gen & 1, f->service);
	t = XS_GET(xs_targets, f->target);
	seen = xs_end_of(f->own, f->own_port, &f->client, f->cport);
	if (!s || !t || !seen)
		return 0;
	xs_tag_move(xs_tuple_hash(&seen->addr, seen->port, &t->addr, t->port, f->proto, XS_TO_CLIENT), i + 1, 0);
	if (f->own)
		xs_stray_count(xs_home(&seen->addr, seen->port, f->proto), false);
	if (!xs_is_stray(i, home))
		return 1;
	xs_tag_move(xs_tuple_hash(&f->client, f->cport, &s->addr, s->port, f->proto, XS_TO_TARGET), i + 1, 0);
	xs_stray_count(home, false);
	return 1;
}

/* xs_flow_empty() - make a held record one that nothing finds */
static __always_inline void xs_flow_empty(struct xs_back *b, __u32 i, __u32 gen)
{
	xs_tags_leave(i, gen);
	b->service = 0;
}

/* xs_flow_get() - hold record i if it is free or expired. Return: index + 1, 0: it is another flow's */
__noinline __u32 xs_flow_get(__u32 i, __u32 gen)
{
	struct xs_settings *set = XS_GET(xs_settings, gen & 1);
	struct xs_flow *f = XS_GET(xs_flows, i);
	struct xs_back *b = XS_GET(xs_backs, i);

	if (!set || !f || !b)
		return 0;
	if (xs_flow_take(f, i))
		return i + 1;
	if (!xs_flow_claim(f, b, i, xs_timeout(set, f->state)))
		return 0;
	xs_flow_empty(b, i, gen);
	xs_bump(XS_C_FLOWS_EXPIRED);
	return i + 1;
}

/* xs_flow_evict() - free record i if its time is over.
 * @wanted: by the same client for another service, and then a closed connection's is. Return: 0: it is not */
__noinline int xs_flow_evict(__u32 i, __u32 gen, __u32 wanted)
{
	struct xs_settings *set = XS_GET(xs_settings, gen & 1);
	struct xs_flow *f = XS_GET(xs_flows, i);
	struct xs_back *b = XS_GET(xs_backs, i);

	if (!set || !f || !b || !xs_flow_claim(f, b, i, wanted && f->state == XS_F_CLOSING ? -1 : xs_timeout(set, f->state)))
		return 0;
	xs_flow_empty(b, i, gen);
	f->state = XS_F_FREE;
	xs_bump(XS_C_FLOWS_EXPIRED);
	return 1;
}

/* xs_flow_vacant() - whether xs_flow_get(), or for the same client xs_flow_evict(), would have record i; nothing is done about it */
__noinline int xs_flow_vacant(__u32 i, __u32 gen, __u32 wanted)
{
	struct xs_settings *set = XS_GET(xs_settings, gen & 1);
	struct xs_flow *f = XS_GET(xs_flows, i);
	struct xs_back *b = XS_GET(xs_backs, i);

	if (!set || !f || !b)
		return 0;
	if (f->state == XS_F_FREE || (wanted && f->state == XS_F_CLOSING))
		return 1;
	return xs_live(f->state) && xs_flow_over(f, b, xs_timeout(set, f->state), xs_jiffies());
}

/* xs_hand() - move the hand to the next record. Return: the one it stood at */
static __always_inline __u32 xs_hand(void)
{
	struct xs_alloc *a = XS_GET(xs_alloc, 0);
	__u32 i = a ? a->hand : 0;

	if (a)
		a->hand = i + 1 < feat.flows ? i + 1 : 0;
	return i;
}

/* xs_sweep_one() - the record behind the hand; xs_seek_one() - record i, counted on from the first behind the last. Apart, or the loop's
 * head is reached by falling through, which verifiers up to 6.1 take for a back edge */
__noinline int xs_sweep_one(__u32 gen)
{
	return xs_flow_evict(xs_hand(), gen, false);
}

__noinline __u32 xs_seek_one(__u32 i, __u32 gen)
{
	return xs_flow_get(i < feat.flows ? i : i - feat.flows, gen);
}

/* xs_room_one() - the same record, only asked whether it could be had */
__noinline int xs_room_one(__u32 i, __u32 gen)
{
	return xs_flow_vacant(i < feat.flows ? i : i - feat.flows, gen, false);
}

/* xs_anywhere() - where a search for a stray's place begins: by chance, or strays would fill the table from one end, and leave runs of
 * taken records that are longer than the search (seen at 62 % load) */
static __always_inline __u32 xs_anywhere(void)
{
	return (__u64)bpf_get_prandom_u32() * feat.flows >> 32;
}

/* xs_sweep() - look at the records behind the hand and free expired ones, but not many at once: a packet waits for it */
static __always_inline int xs_sweep(__u32 gen)
{
	int freed = 0;

	for (int k = 0; k < XS_SWEEP && freed < XS_SWEEP_FREES; k++)
		freed += xs_sweep_one(gen);
	return freed;
}

/* xs_seek() - hold a free or expired record. Return: index + 1, 0: none within reach */
static __always_inline __u32 xs_seek(__u32 gen)
{
	__u32 i = 0, at = xs_anywhere();

	for (__u32 k = 0; k < XS_SEEK && !i; k++)
		i = xs_seek_one(at + k, gen);
	return i;
}

/**
 * xs_flow_reserve() - Hold a record for a new flow: at one of its two places, else anywhere
 * Every so often one sweeps, which is what ages the table where no new flow wants the place of an old one.
 * Return: index + 1, 0: the table is full of live flows
 */
static __always_inline __u32 xs_flow_reserve(__u32 home, __u32 gen)
{
	if (!(home & (XS_SWEEP_EVERY - 1)))
		xs_sweep(gen);
	return xs_flow_get(home, gen) ?: xs_flow_get(home ^ 1, gen) ?: xs_seek(gen);
}

#endif
