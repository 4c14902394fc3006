/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which end a target is to see: it must tell this flow from all others that reply to it. First the client's own end, for targets by
 * nat; where that is another service's there and no other target will do, the client's address with another port. Targets by
 * fullnat see an address of this host's own.
 *
 * Candidates follow from the flow's tuple by a keyed hash, so that a flow that comes back is seen as before, and a bounded number of
 * them is tried: with three quarters of the ports in use one flow in a hundred finds none, with half of them one in 65,000. */
#ifndef XS_SOURCE_H
#define XS_SOURCE_H

#include "bpf/alias.h"
#include "bpf/flowenter.h"

#define XS_SOURCE_TRIES 16

/* xs_met_mine() - whether the half-open row that stands for the end in question is of the flow that the packet begins */
static __always_inline bool xs_met_mine(const struct xs_pkt *p, const struct xs_half *h)
{
	if (h->service != p->id.service)
		return false;
	if (h->own != XS_OWN_ALIAS)
		return !p->to.own;
	return h->own_port == p->hdr.sport && xs_same_addr(&h->real, &p->hdr.src);
}

/* xs_conflicts() - whether replies to the end in p->to, or to the client's, are another flow's already. Writes p->id.makes_way */
static __always_inline bool xs_conflicts(struct xs_pkt *p)
{
	struct xs_half *h = XS_GET(xs_half_now, XS_HALF_MET);
	const struct xs_end *seen;
	__u32 service = 0, i;
	__u64 hash;

	i = p->id.alone && !p->to.own ? 0 : xs_kin_find(p, &service);
	p->id.makes_way = i && !xs_is_mine(p, i) ? i : 0;
	/* a closed connection gives its place to the client's own port at once; of ports that this host chooses others are tried before,
	 * for the target may not have done with this one (TIME-WAIT) */
	if (p->id.makes_way && !xs_flow_vacant(i - 1, p->id.gen, !p->to.own || p->to.tries >= XS_SOURCE_TRIES / 2))
		return true;
	if (p->id.half_alone && !p->to.own)
		return false;
	seen = xs_seen_as(p);
	if (!seen)
		return true;
	hash = p->to.own ? xs_half_hash(&seen->addr, seen->port, p->hdr.proto) : p->id.half_hash;
	return xs_half_meets(hash, p->to.target, false) && h && !xs_met_mine(p, h);
}

/* xs_source_nth() - the n-th candidate, into p->to. @host: an address of this host's. Return: 0: there is none */
__noinline int xs_source_nth(__u32 n, __u32 host)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_own_use *use = p ? XS_GET(xs_own_use, p->id.gen) : NULL;
	struct xs_target *t = p ? XS_GET(xs_targets, p->to.target) : NULL;
	__u32 some, count, first;
	__u64 hash;

	if (!p || !use || !use->ports || !t)
		return 0;
	hash = xs_tuple_hash(&p->hdr.src, p->hdr.sport, &p->hdr.dst, p->hdr.dport, p->hdr.proto, XS_TO_TARGET);
	some = (__u32)(hash >> 8) + n * 0x9e3779b1u;
	p->to.own = XS_OWN_CLIENT;
	p->to.own_port = bpf_htons(use->first + (__u32)((__u64)some * use->ports >> 32));
	if (!host)
		return p->to.own_port != p->hdr.sport;
	count = p->hdr.v6 ? use->n6 : use->n4;
	if (!count) {
		p->to.own = 0;
		return 0;
	}
	first = p->hdr.v6 ? use->n4 : 0;
	for (__u32 i = 0; i < XS_OWN_MOST && i < count; i++) {	/* the device's own go before others: what is on its segment needs no route */
		p->to.own = use->slot[(first + ((__u32)(hash >> 40) + n + i) % count) & (XS_OWN_MOST - 1)];
		if (!t->owns || t->owns >> (p->to.own & (XS_MAX_OWNS - 1)) & 1)
			break;
	}
	return p->to.own;
}

/* xs_source_kept() - a conversation that is placed anew and stays where it is is seen there as before. Return: false: it is another */
static __always_inline bool xs_source_kept(struct xs_pkt *p)
{
	struct xs_half *h = p->id.half ? XS_GET(xs_half_now, XS_HALF_SELF) : NULL;
	struct xs_flow *f = p->id.flow ? XS_GET(xs_flows, p->id.flow - 1) : NULL;

	if (h && h->target == p->to.target && h->own) {
		p->to.own = h->own;
		p->to.own_port = h->own_port;
	} else if (f && f->target == p->to.target && f->own && xs_is_mine(p, p->id.flow)) {
		p->to.own = f->own;
		p->to.own_port = f->own_port;
	}
	return p->to.own;
}

/**
 * xs_source() - Choose the end that the target in p->to sees: one try, p->to.tries says which; writes p->to.own and own_port
 * Return: 0; XS_R_NAT_CONFLICT or XS_R_PORTS_EXHAUSTED: this one is another's, or there is none
 */
static __always_inline enum xs_reason xs_source(struct xs_pkt *p)
{
	struct xs_target *t = XS_GET(xs_targets, p->to.target);
	bool host;

	if (!t)
		return XS_R_INTERNAL;
	p->to.own = 0;
	p->to.own_port = 0;
	host = t->via == XS_VIA_FULLNAT;
	if (xs_source_kept(p))
		return XS_R_NONE;
	if ((!host && !p->to.other) || xs_source_nth(p->to.tries, host)) {
		if (!xs_conflicts(p)) {
			if (p->to.own)
				xs_bump(XS_C_SOURCES_REWRITTEN);
			return XS_R_NONE;
		}
	}
	if (p->to.own)
		xs_bump(XS_C_SOURCES_TAKEN);
	return host ? XS_R_PORTS_EXHAUSTED : XS_R_NAT_CONFLICT;
}

#endif
