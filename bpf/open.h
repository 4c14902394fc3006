/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A client's packets before there is a record: begin a handshake, go on with it, end it. */
#ifndef XS_OPEN_H
#define XS_OPEN_H

#include "bpf/frag.h"
#include "bpf/place.h"
#include "bpf/rate.h"
#include "bpf/settle.h"
#include "bpf/source.h"

#define XS_SETTLE_MORE -1

/* xs_flow_room() - whether a record could be had now: a handshake that could not become one is refused before it begins */
static __noinline bool xs_flow_room(const struct xs_pkt *p)
{
	bool room = xs_flow_vacant(p->id.home, p->id.gen, false) || xs_flow_vacant(p->id.home ^ 1, p->id.gen, false);
	__u32 at = room ? 0 : xs_anywhere();

	for (__u32 k = 0; k < XS_SEEK && !room; k++)
		room = xs_room_one(at + k, p->id.gen);
	return room;
}

/* xs_settle_none() - no target is left where the flow could be told from others: where that was for the client's port, another one is
 * tried at the first. Return: XS_SETTLE_MORE, or the reason */
static __always_inline int xs_settle_none(struct xs_pkt *p)
{
	if (p->to.crowded == XS_CROWDED_ALL || p->to.other)
		return p->to.crowded == XS_CROWDED_ALL ? XS_R_PORTS_EXHAUSTED : XS_R_NAT_CONFLICT;
	p->to.other = true;
	__builtin_memset(p->to.taken, 0, sizeof(p->to.taken));
	return XS_SETTLE_MORE;
}

/* xs_settle_next() - after a try that failed for r: the next source for the target, if there are any, else the next target. Return: as
 * xs_settle_none() */
static __always_inline int xs_settle_next(struct xs_pkt *p, enum xs_reason r)
{
	if (!p->to.crowded)
		p->to.crowded = r == XS_R_PORTS_EXHAUSTED ? XS_CROWDED_ALL : XS_CROWDED_PORT;
	if ((p->to.other || r == XS_R_PORTS_EXHAUSTED) && ++p->to.tries < XS_SOURCE_TRIES)
		return XS_SETTLE_MORE;
	p->to.tries = 0;
	if (p->to.other || p->to.turn == XS_TAKEN)
		return xs_settle_none(p);
	p->to.taken[p->to.turn++ & (XS_TAKEN - 1)] = p->to.target;
	return XS_SETTLE_MORE;
}

/* xs_settle_once() - a try: the best of the targets that were not found taken, and how it sees the flow. Its state is in p->to, where the
 * verifier does not follow it. Global: verified once, not once a loop. Return: 0, the reason, or XS_SETTLE_MORE: try on */
__noinline int xs_settle_once(__u32 gen)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_service *s = p ? xs_service_at(gen, p->id.service) : NULL;
	enum xs_reason r;

	if (!s)
		return XS_R_INTERNAL;
	r = p->to.tries ? XS_R_NONE : xs_place(p, s);
	if (r)
		return p->to.crowded ? xs_settle_none(p) : r;
	r = xs_source(p);
	return r ? xs_settle_next(p, r) : XS_R_NONE;
}

/* xs_settle() - where an admitted first packet goes. Where the client's port is taken at the chosen target, the next one; where it is at
 * all of them, the first one with another port */
static __always_inline enum xs_reason xs_settle(struct xs_pkt *p)
{
	int r = XS_SETTLE_MORE;

	for (int n = 0; n < (XS_TAKEN + 2) * XS_SOURCE_TRIES && r == XS_SETTLE_MORE; n++)
		r = xs_settle_once(p->id.gen);
	if (r == XS_SETTLE_MORE)
		return XS_R_NAT_CONFLICT;
	if (!r && p->id.makes_way && !feat.dry && !xs_flow_evict(p->id.makes_way - 1, p->id.gen, true))
		return XS_R_NAT_CONFLICT;
	return r;
}

/* xs_acknowledges() - whether a segment ends the handshake: it is near both initial sequence numbers */
static __always_inline bool xs_acknowledges(const struct xs_pkt *p, const struct xs_half *h)
{
	return p->hdr.tcp_flags & XS_TCP_ACK && h->flags & XS_FF_ANSWERED && p->hdr.ack - h->target_isn - 1 < XS_HALF_WINDOW &&
	       p->hdr.seq - h->client_isn - 1 < XS_HALF_WINDOW;
}

/* xs_gives_up() - whether a reset is of the client that began the handshake */
static __always_inline bool xs_gives_up(const struct xs_pkt *p, const struct xs_half *h)
{
	return p->hdr.seq == h->client_isn + 1 || (!(h->flags & XS_FF_ANSWERED) && p->hdr.seq == h->target_isn + 1);
}

/* xs_is_of() - whether a segment that asks for nothing belongs to the handshake */
static __always_inline bool xs_is_of(const struct xs_pkt *p, const struct xs_half *h)
{
	return p->hdr.tcp_flags & XS_TCP_RST ? xs_gives_up(p, h) : xs_acknowledges(p, h);
}

/* xs_under_way() - a client's packet of a handshake that has a row: of the right numbers, if it asks for nothing. What is asked for
 * again keeps the row, as it does one at the target. Return: 0 to go on to p->to, or why not */
__noinline int xs_under_way(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_half *h = XS_GET(xs_half_now, 0);
	struct xs_flow *f;
	enum xs_reason r;

	if (!h || !p || !c)
		return XS_R_INTERNAL;
	if (feat.dry)
		return XS_R_NONE;
	if (p->hdr.proto == IPPROTO_UDP || xs_is_syn(p)) {
		if (!(h->flags & XS_FF_ANSWERED))
			h->target_isn = p->hdr.seq;	/* perhaps another attempt from the same port */
		xs_half_put(p->id.half_hash, p->id.half);
		return XS_R_NONE;
	}
	if (p->hdr.tcp_flags & XS_TCP_RST) {
		xs_half_drop(p->id.half_hash, p->id.half);
		return XS_R_NONE;
	}
	r = xs_half_end(p, h);
	f = r ? NULL : XS_GET(xs_flows, p->id.flow - 1);
	if (f)
		xs_rate_proven(p, f);
	return r;
}

/* xs_asks_again() - whether the packet is to be placed anew although it has a row */
static __always_inline bool xs_asks_again(const struct xs_pkt *p, const struct xs_half *h, bool shim)
{
	struct xs_target *t = XS_GET(xs_targets, h->target);
	struct xs_tlive *l = XS_GET(xs_tlive, h->target);

	if (p->hdr.proto == IPPROTO_UDP && shim)
		return true;
	return (p->hdr.proto == IPPROTO_UDP || xs_is_syn(p)) && (!t || !t->port || !l || l->state == XS_T_DOWN);
}

/* xs_half_begin() - a row for the packet that has just been placed. Datagrams that go to another target than before leave the row they
 * had for late answers, and may find one there */
static __noinline int xs_half_begin(struct xs_pkt *p, struct xs_half *h)
{
	__u32 at = p->id.half;
	__u8 placed = 1;

	if (!at) {
		xs_bump(XS_C_HALF_OPENED);
	} else if (h->target == p->to.target) {
		placed += h->placed;
	} else {
		xs_bump(XS_C_FLOWS_MOVED);
		if (p->hdr.proto == IPPROTO_UDP) {
			h->flags |= XS_FF_MOVED;
			xs_half_put(p->id.half_hash, at);
			at = xs_half_meets(p->id.half_hash, p->to.target, true);
		}
	}
	xs_half_make(p, h);
	h->placed = placed;
	p->id.half = xs_half_put(p->id.half_hash, at);
	return 0;
}

/* xs_is_martian() - a source that no client can have; the stack knows what to do with it */
static __always_inline bool xs_is_martian(const struct xs_pkt *p)
{
	struct xs_service_key k = { .addr = p->hdr.src, .port = p->hdr.sport, .proto = p->hdr.proto, .gen = p->id.gen };
	const struct xs_addr *a = &p->hdr.src;
	struct xs_maybe *m = XS_GET(xs_maybe, 0);
	__u8 net = p->hdr.v6 ? (__u8)a->w[0] : (__u8)a->w[3];	/* the first byte on the wire */

	if (p->hdr.v6 ? net == 0xff || (!(a->w[0] | a->w[1] | a->w[2]) && bpf_ntohl(a->w[3]) <= 1) : net == 0 || net == 127 || net >= 224)
		return true;
	/* a service as a client: requests would go in a circle */
	return m && xs_maybe_ours(m, a, p->hdr.sport, p->hdr.proto) && bpf_map_lookup_elem(&xs_svc_index, &k);
}

/* xs_begin() - an admitted first packet: where to, and whether now. @anew: as xs_rate() has it */
static __always_inline enum xs_reason xs_begin(xs_ctx *c, struct xs_pkt *p, bool anew)
{
	enum xs_reason r;

	if ((r = xs_settle(p)))	/* p->ask, rules  -> p->to */
		return r;
	if ((r = xs_rate(p, anew)))	/* p->ask, clock  -> yes, or not yet */
		return r;
	return p->hdr.frag ? xs_frag_first(c, p, p->to.target, p->to.way) : XS_R_NONE;
}

/**
 * xs_knock() - A SYN to a service is judged before any table of flows is looked at: who has no right to ask costs no more than his tag
 * One that repeats what has been let in, with a tag grown old, goes where that went; but not while many tags are wrong, when nothing has
 * been fetched for it (then p->id.half_hash is 0). Writes p->ask and p->id.half_hash
 * Return: 0, or why it would be refused
 */
static __always_inline enum xs_reason xs_knock(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_recent *n = XS_GET(xs_recent, 0);
	enum xs_reason r;
	__u32 now;

	if (!n)
		return XS_R_INTERNAL;
	if (xs_is_martian(p))
		return XS_R_MARTIAN;
	r = xs_admit(c);
	if (r == XS_R_SHIM_UNAUTHENTIC) {
		now = xs_jiffies() / XS_WINDOW;
		n->wrong = n->window == now ? n->wrong + 1 : 1;
		n->window = now;
	}
	if (!r && !p->id.half_hash)
		p->id.half_hash = xs_half_hash(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	return r;
}

/* xs_back_touch() - begin to fetch what the record of an ACK that ends a handshake will be written to */
static __always_inline void xs_back_touch(const struct xs_pkt *p)
{
	struct xs_back *b = p->hdr.proto == IPPROTO_TCP ? XS_GET(xs_backs, p->id.home) : NULL;

	xs_touch(b);
	xs_touch(b ? &b->times : NULL);
}

/**
 * xs_met() - Whether a client's packet without a live record belongs to a half-open row, which is then in xs_half_now
 * @shim: a datagram that looks as if it had one. Writes p->id.half, and p->ask and p->to from the row
 * Return: XS_R_STEERED: it does, see xs_under_way(); 0: it begins something, see xs_open(); else why it goes no further
 */
static __noinline enum xs_reason xs_met(struct xs_pkt *p, bool shim)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);

	if (!h)
		return XS_R_INTERNAL;
	if (!p->ask.who) {
		if (xs_is_martian(p))
			return XS_R_MARTIAN;
		p->id.half_hash = xs_half_hash(&p->hdr.src, p->hdr.sport, p->hdr.proto);
		xs_half_touch(p->id.half_hash);
		xs_back_touch(p);
	}
	p->id.half = xs_half_find(p->id.half_hash, XS_PKT_SELF);
	if (p->id.half && !xs_asks_again(p, h, shim)) {
		xs_half_known(p, h);
		return p->hdr.proto == IPPROTO_UDP || xs_is_syn(p) || xs_is_of(p, h) ? XS_R_STEERED : XS_R_NO_FLOW;
	}
	return p->hdr.proto == IPPROTO_TCP && !xs_is_syn(p) ? XS_R_NO_FLOW : XS_R_NONE;
}

/**
 * xs_open() - An admitted first packet, or one that is placed anew: a half-open row for it; writes p->to
 * Return: 0, or why the packet goes no further
 */
static __always_inline enum xs_reason xs_open(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);
	struct xs_flow *f;
	enum xs_reason r;

	if (!h)
		return XS_R_INTERNAL;
	if ((r = xs_begin(c, p, !p->id.half)))
		return r;
	p->to.first = true;
	if (feat.dry)
		return XS_R_NONE;
	if (!p->id.flow && !xs_flow_room(p))
		return XS_R_TABLE_FULL;
	xs_half_begin(p, h);
	f = p->id.flow ? XS_GET(xs_flows, p->id.flow - 1) : NULL;
	if (f)
		f->flags |= XS_FF_FOLLOWED;
	return XS_R_NONE;
}

#endif
