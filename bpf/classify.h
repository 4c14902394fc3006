/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* addresses -> p->id: is it ours, of which service and flow, in which direction. Cheapest question first: one bit of a table
 * says for nearly all other traffic that it is not ours, before any hash or lookup. */
#ifndef XS_CLASSIFY_H
#define XS_CLASSIFY_H

#include "bpf/half.h"
#include "bpf/pkt.h"

static __always_inline bool xs_maybe_ours(const struct xs_maybe *m, const struct xs_addr *a, __be16 port, __u8 proto)
{
	__u32 bit = xs_maybe_bit(a, port, proto);

	return m->bits[(bit >> 6) & (XS_MAYBE_BITS / 64 - 1)] >> (bit & 63) & 1;
}

/* xs_service_find() - id of the service that the packet is sent to. Return: 0: none */
static __noinline __u32 xs_service_find(const struct xs_pkt *p)
{
	struct xs_service_key k = { .addr = p->hdr.dst, .port = p->hdr.dport, .proto = p->hdr.proto, .gen = p->id.gen };
	struct xs_guess *g = XS_GET(xs_guess, p->id.gen);
	struct xs_service *s;
	__u32 guess, *id;

	if (!g)
		return 0;
	guess = g->service[xs_maybe_bit(&k.addr, k.port, k.proto) & (XS_GUESSES - 1)];
	s = xs_service_at(p->id.gen, guess);
	if (!guess || !s)
		return 0;
	if (s->port == k.port && s->proto == k.proto && xs_same_addr(&s->addr, &p->hdr.dst))
		return guess;
	id = bpf_map_lookup_elem(&xs_svc_index, &k);
	return id ? *id : 0;
}

/* xs_fetch() - begin to fetch all lines that a SYN may need at once, and long before it does: while it is judged. Not while many are
 * refused, which never get that far. Writes p->id.home and half_hash */
static __always_inline void xs_fetch(struct xs_pkt *p)
{
	struct xs_recent *n = XS_GET(xs_recent, 0);

	if (!n || (n->wrong > XS_WARY && n->window == xs_jiffies() / XS_WINDOW))
		return;
	p->id.home = xs_home(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	p->id.half_hash = xs_half_hash(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	xs_touch(XS_GET(xs_flows, p->id.home));
	xs_half_touch(p->id.half_hash);
	xs_touch(XS_GET(xs_flows, p->id.home ^ 1));
}

static __always_inline enum xs_reason xs_classify_client(struct xs_pkt *p)
{
	p->id.dir = XS_TO_TARGET;
	if (xs_is_syn(p)) {		/* looked up when it has been judged: first.h */
		xs_fetch(p);
		p->id.service = xs_service_find(p);
		if (p->id.service)
			return XS_R_NONE;
	}
	p->id.flow = xs_flow_find(p);
	if (!p->id.flow)
		p->id.service = xs_service_find(p);
	return p->id.service ? XS_R_NONE : XS_R_NOT_OURS;
}

/* xs_answers() - whether the reply belongs to a half-open row */
static __always_inline bool xs_answers(struct xs_pkt *p)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);

	p->id.half_hash = xs_half_hash(&p->hdr.dst, p->hdr.dport, p->hdr.proto);
	xs_half_touch(p->id.half_hash);
	p->id.half = xs_half_find(p->id.half_hash, p->hdr.quoted);
	if (p->id.half)
		p->id.service = h ? h->service : 0;
	return p->id.half;
}

/* xs_flow_repeated() - one more copy of it, for a SYN-ACK that comes once more */
static __noinline __u32 xs_flow_repeated(struct xs_pkt *p)
{
	return xs_flow_find(p);
}

/* xs_classify_target() - @odd: what is quoted or cut, which asks for no connection */
static __always_inline enum xs_reason xs_classify_target(struct xs_pkt *p, const bool odd)
{
	bool syn = !odd && p->hdr.tcp_flags & XS_TCP_SYN;

	p->id.dir = XS_TO_CLIENT;
	if (!syn)
		p->id.flow = xs_flow_find(p);
	if (p->id.flow)
		return XS_R_NONE;
	/* a SYN-ACK answers a handshake, whatever record is left of an earlier connection */
	if (!xs_answers(p) && syn)
		p->id.flow = xs_flow_repeated(p);
	return p->id.flow || p->id.half ? XS_R_NONE : XS_R_NOT_OURS;
}

/* xs_generation() - the packet may be ours: read the control word, once, so that it sees all of one structure */
static __always_inline enum xs_reason xs_generation(struct xs_pkt *p)
{
	struct xs_control *ctl = XS_GET(xs_control, 0);

	if (!ctl)
		return XS_R_INTERNAL;
	xs_pkt_clean(p);
	p->id.gen = XS_GEN(*(volatile __u64 *)&ctl->word);
	return XS_R_NONE;
}

/**
 * xs_classify() - Say whose packet this is; reads p->hdr, writes p->id
 * @odd: it is quoted by another, or cut
 * Return: 0 with p->id.service set (p->id.flow too if the flow is known), or XS_R_NOT_OURS
 */
static __always_inline enum xs_reason xs_classify(struct xs_pkt *p, const bool odd)
{
	struct xs_maybe *m = XS_GET(xs_maybe, 0);
	enum xs_reason r;

	if (!m)
		return XS_R_INTERNAL;
	if (xs_maybe_ours(m, &p->hdr.dst, p->hdr.dport, p->hdr.proto)) {
		r = xs_generation(p) ?: xs_classify_client(p);
		if (r != XS_R_NOT_OURS)
			return r;
	}
	if (xs_maybe_ours(m, &p->hdr.src, p->hdr.sport, p->hdr.proto))
		return xs_generation(p) ?: xs_classify_target(p, odd);
	return XS_R_NOT_OURS;
}

/* xs_classify_reply() - at egress only replies are looked for. Return: 0, or XS_R_NOT_OURS */
static __always_inline enum xs_reason xs_classify_reply(struct xs_pkt *p, const bool odd)
{
	struct xs_maybe *m = XS_GET(xs_maybe, 0);

	if (!m || !xs_maybe_ours(m, &p->hdr.src, p->hdr.sport, p->hdr.proto))
		return XS_R_NOT_OURS;
	return xs_generation(p) ?: xs_classify_target(p, odd);
}

#endif
