/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets of clients that are no later ones of a flow, or may not be: what they are to the record and to the half-open row that their
 * end has, if any. */
#ifndef XS_FIRST_H
#define XS_FIRST_H

#include "bpf/open.h"

/* xs_has_shim() - whether a datagram looks as if it carried a shim */
static __always_inline bool xs_has_shim(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s)
{
	__be16 *magic;

	if (s->shim == XS_SHIM_NONE || p->hdr.pay_len < XS_SHIM_MIN)
		return false;
	magic = xs_at(c, p->hdr.pay, 2);
	return magic && *magic == bpf_htons(XS_SHIM_MAGIC);
}

/* xs_has_end() - whether record i is of the packet's client, from whatever port of the service */
static __always_inline bool xs_has_end(const struct xs_pkt *p, __u32 i)
{
	struct xs_flow *f = XS_GET(xs_flows, i);

	return f && xs_live(f->state) && f->cport == p->hdr.sport && xs_same_addr(&f->client, &p->hdr.src);
}

/* xs_look() - as xs_flow_find() for a SYN, of which there is mostly no record. Writes p->id.home, flow, alone */
static __always_inline void xs_look(struct xs_pkt *p)
{
	p->id.home = xs_home(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	p->id.alone = !xs_has_end(p, p->id.home) && !xs_has_end(p, p->id.home ^ 1) && !xs_has_strays(p->id.home);
	if (!p->id.alone)
		p->id.flow = xs_flow_find(p);
}

/* What a packet is to the record that its flow has. */
enum xs_start { XS_GOES_ON, XS_PLACE_AGAIN, XS_BEGINS };

/* xs_starts() - XS_BEGINS: a SYN for another connection (the record's is closed, silent for too long, or at a target that is down), or
 * whatever follows one; XS_PLACE_AGAIN: a datagram with a shim, or whose target is gone */
static __always_inline enum xs_start xs_starts(xs_ctx *c, const struct xs_pkt *p, const struct xs_flow *f, const struct xs_service *s)
{
	bool tcp = p->hdr.proto == IPPROTO_TCP;
	struct xs_settings *set;
	struct xs_target *t;
	struct xs_tlive *l;
	struct xs_back *b;

	if (tcp && !xs_is_syn(p))
		return XS_GOES_ON;
	set = XS_GET(xs_settings, p->id.gen);
	b = XS_GET(xs_backs, p->id.flow - 1);
	t = XS_GET(xs_targets, f->target);
	l = XS_GET(xs_tlive, f->target);
	if (!set || !b || !t || !l)
		return XS_GOES_ON;
	if (f->state == XS_F_CLOSING || xs_flow_over(f, b, xs_timeout(set, f->state), xs_jiffies()))
		return XS_BEGINS;
	if (tcp)
		return !t->port || l->state == XS_T_DOWN ? XS_BEGINS : XS_GOES_ON;
	return !t->port || xs_has_shim(c, p, s) ? XS_PLACE_AGAIN : XS_GOES_ON;
}

/* xs_follows() - whether the segment is of the handshake that follows the record's connection; then p->to is its */
static __noinline bool xs_follows(struct xs_pkt *p, struct xs_flow *f)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);

	p->id.half_hash = xs_half_hash(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	p->id.half = xs_half_find(p->id.half_hash, XS_PKT_SELF);
	if (!p->id.half || !h) {
		if (!feat.dry)
			f->flags &= ~XS_FF_FOLLOWED;
		return false;
	}
	if (xs_is_of(p, h)) {
		xs_half_known(p, h);
		return true;
	}
	p->id.half = 0;
	return false;
}

/* xs_known() - a later packet of a flow goes where the flow goes */
static __always_inline void xs_known(struct xs_pkt *p, const struct xs_flow *f)
{
	p->to.target = f->target;
	p->to.way = f->way;
	if (feat.dry) {		/* nothing but explain asks */
		p->ask.tenant = f->tenant;
		p->ask.class = f->class;
	}
	if (f->own) {
		p->to.own = f->own;
		p->to.own_port = f->own_port;
	}
}

/* xs_first_of() - as xs_first(), of a packet to service s */
static __always_inline enum xs_reason xs_first_of(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s)
{
	enum xs_reason refused = XS_R_NONE, r;
	enum xs_start start = XS_BEGINS;
	struct xs_flow *f = NULL;

	if (xs_is_syn(p) && !p->id.flow) {
		refused = xs_knock(c, p);
		if (refused && !p->id.half_hash)
			return refused;
		xs_look(p);
	}
	if (p->id.flow) {
		f = XS_GET(xs_flows, p->id.flow - 1);
		if (!f)
			return XS_R_INTERNAL;
		start = xs_starts(c, p, f, s);
	}
	if (f && start != XS_GOES_ON && !xs_service_find(p))
		return XS_R_NOT_OURS;	/* only the flows it had go on to a service that is gone */
	if (start == XS_BEGINS) {
		r = xs_met(p, p->hdr.proto == IPPROTO_UDP && xs_has_shim(c, p, s));
		if (refused)
			return r == XS_R_STEERED ? r : refused;
		r = r ?: p->ask.who ? XS_R_NONE : xs_admit(c);
		return r ?: xs_open(c, p);
	}
	if (start == XS_PLACE_AGAIN)
		return XS_R_PLACED;
	if (f->flags & XS_FF_FOLLOWED && xs_follows(p, f))
		return XS_R_STEERED;
	xs_known(p, f);
	p->ask.who = XS_WHO_NOBODY;	/* the flow decides, not what the SYN says */
	return XS_R_NONE;
}

/**
 * xs_first() - What becomes of a client's packet that has no record, or may be more than a later one of its flow. Global, so that the
 * path of established flows stays free of it, also for the verifier. Reads p->hdr and p->id, writes p->id, p->ask, p->to
 * Return: 0: it goes to p->to; XS_R_STEERED: as its half-open row says, see xs_under_way(); XS_R_PLACED: it is to be placed anew, see
 * xs_again(); else why it goes nowhere
 */
__noinline int xs_first(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_service *s = p ? xs_service_at(p->id.gen, p->id.service) : NULL;

	return s ? xs_first_of(c, p, s) : XS_R_INTERNAL;
}

/* xs_again() - a datagram with a shim begins another request of its conversation: placed anew, in a record if it moves.
 * Return: 0 to go on to p->to, or why not */
__noinline int xs_again(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	enum xs_reason r;

	if (!p)
		return XS_R_INTERNAL;
	p->id.half_hash = xs_half_hash(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	r = xs_admit(c) ?: xs_begin(c, p, false);
	p->to.first = true;
	return r || feat.dry ? r : xs_flow_enter(false);
}

#endif
