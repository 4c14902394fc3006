/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets that parse cannot read two ports of, at XDP: later fragments, first ones cut within the transport header, ICMP errors.
 * All of it stays outside of the program's main path, which asks one question that it had to ask anyway. */
#ifndef XS_ODD_H
#define XS_ODD_H

#include "bpf/classify.h"
#include "bpf/deliver.h"
#include "bpf/frag.h"
#include "bpf/icmp.h"
#include "bpf/measure.h"

/* xs_classify_odd() - one more copy of it in the program, not one for each caller */
static __noinline enum xs_reason xs_classify_odd(struct xs_pkt *p)
{
	return xs_classify(p, true);
}

/* xs_homewards() - as xs_towards() for what goes to a client, with nothing remembered. Return: false: the stack is to have it */
static __noinline bool xs_homewards(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s, const struct xs_addr *to, int *act)
{
	__u64 hop = 0;

	*act = XS_ACT_PASS;
	if (p->hdr.ttl > 1 && !xs_hop_fib(c, p, &s->addr, to, &hop) && !xs_hop_go(c, p, hop, act))
		return true;
	*act = XS_ACT_PASS;
	return false;
}

static __always_inline enum xs_reason xs_later_to_target(xs_ctx *c, struct xs_pkt *p, const struct xs_target *t, int *act)
{
	struct xs_nat n = { .from = &p->hdr.dst, .to = &t->addr, .dst = true };
	enum xs_reason r = xs_towards(c, p, t, p->to.way, act);

	if (!xs_nat_l3(c, p, &n))
		return XS_R_TRUNCATED;
	if (*act != XS_ACT_PASS)
		xs_ttl_less(c, p);
	xs_count_to(p->to.target, p->hdr.ip_len, false);
	xs_bump(XS_C_FRAGMENTS_FOLLOWED);
	return r;
}

static __always_inline enum xs_reason xs_later_to_client(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	struct xs_nat n = { .from = &p->hdr.src, .to = &s->addr, .dst = false };

	if (p->to.way != XS_WAY_DIRECT || !xs_homewards(c, p, s, &p->hdr.dst, act))
		return XS_R_NONE;
	if (!xs_nat_l3(c, p, &n))
		return XS_R_TRUNCATED;
	xs_ttl_less(c, p);
	xs_count_from(p->to.target, p->hdr.ip_len);
	xs_bump(XS_C_FRAGMENTS_FOLLOWED);
	xs_bump(XS_C_DIRECT_REPLIES);
	return XS_R_RETURNED;
}

/* xs_own_fragment() - the same where the end that is not the service's or the target's changes as well. Return: XS_OWN_DID() */
__noinline int xs_own_fragment(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_service *s = p ? xs_service_at(p->id.gen, p->id.service) : NULL;
	struct xs_target *t = p ? XS_GET(xs_targets, p->to.target) : NULL;
	enum xs_reason r = XS_R_RETURNED;
	int act = XS_ACT_PASS;
	struct xs_addr other;

	if (!p || !s || !t || !xs_frag_end(c, p, &other))
		return XS_OWN_DID(XS_R_FRAGMENT_ORPHAN, XS_ACT_PASS);
	if (p->id.dir == XS_TO_TARGET)
		r = xs_towards(c, p, t, p->to.way, &act);
	else if (p->to.way == XS_WAY_DIRECT)
		xs_homewards(c, p, s, &other, &act);
	if (r != XS_R_STEERED && r != XS_R_RETURNED)
		act = XS_ACT_PASS;
	if (!xs_own_later(c, p, p->id.dir == XS_TO_TARGET ? &t->addr : &s->addr, &other))
		return XS_OWN_DID(XS_R_TRUNCATED, XS_ACT_PASS);
	if (act != XS_ACT_PASS)
		xs_ttl_less(c, p);
	if (p->id.dir == XS_TO_TARGET)
		xs_count_to(p->to.target, p->hdr.ip_len, false);
	else
		xs_count_from(p->to.target, p->hdr.ip_len);
	xs_bump(XS_C_FRAGMENTS_FOLLOWED);
	if (r == XS_R_RETURNED)
		xs_bump(XS_C_DIRECT_REPLIES);
	return XS_OWN_DID(r, act);
}

static __noinline enum xs_reason xs_later(xs_ctx *c, struct xs_pkt *p, int *act)
{
	enum xs_reason r = xs_frag_find(c, p);
	struct xs_service *s;
	struct xs_target *t;
	int did;

	if (r)
		return r;
	s = xs_service_at(p->id.gen, p->id.service);
	t = XS_GET(xs_targets, p->to.target);
	if (!s || !t)
		return XS_R_INTERNAL;
	if (p->to.own) {
		did = xs_own_fragment(c);
		*act = XS_OWN_ACT(did);
		return XS_OWN_REASON(did);
	}
	return p->id.dir == XS_TO_TARGET ? xs_later_to_target(c, p, t, act) : xs_later_to_client(c, p, s, act);
}

/* xs_quoted() - the flow of the packet that an error quotes: sets p->id and, of p->to, target, way, own. Return: NULL: none */
static __always_inline struct xs_pkt *xs_quoted(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_pkt *q = xs_quote(c, p);
	struct xs_half *h;
	struct xs_flow *f;

	if (!q || xs_classify_odd(q) || !(q->id.flow | q->id.half))
		return NULL;
	p->id = q->id;
	if (q->id.half) {
		h = XS_GET(xs_half_now, 0);
		p->to.target = h ? h->target : 0;
		p->to.way = h ? h->way : XS_WAY_STACK;
		p->to.own = h ? h->own : 0;
		p->to.own_port = h ? h->own_port : 0;
		return q;
	}
	f = XS_GET(xs_flows, q->id.flow - 1);
	if (!f)
		return NULL;
	p->to.target = f->target;
	p->to.way = f->way;
	p->to.own = f->own;
	p->to.own_port = f->own_port;
	return q;
}

/* xs_error_own() - the other end of an error about a flow whose target sees another source. Return: 0 if it could not be written */
__noinline int xs_error_own(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF), *q = XS_GET(xs_pkts, XS_PKT_QUOTED);
	const struct xs_end *to;

	if (!p || !q)
		return 0;
	to = p->id.dir == XS_TO_CLIENT ? xs_client_of(p) : xs_end_of(p->to.own, p->to.own_port, &q->hdr.src, q->hdr.sport);
	return to && xs_icmp_own(c, p, q, &to->addr, to->port);
}

/* xs_error_home() - an error to the client, by redirect or, if it was sent to this host, by the stack. Return: false: TC egress has it */
static __always_inline bool xs_error_home(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s, int *act)
{
	const struct xs_end *to = p->to.own ? xs_client_of(p) : xs_end_of(0, 0, &p->hdr.dst, p->hdr.dport);

	return to && ((p->to.way == XS_WAY_DIRECT && xs_homewards(c, p, s, &to->addr, act)) || (p->to.own && p->to.own != XS_OWN_CLIENT));
}

static __noinline enum xs_reason xs_error(xs_ctx *c, struct xs_pkt *p, int *act)
{
	struct xs_pkt *q = feat.dry ? NULL : xs_quoted(c, p);
	enum xs_reason r = XS_R_STEERED;
	struct xs_service *s;
	struct xs_target *t;

	if (!q)
		return XS_R_NOT_L4;
	s = xs_service_at(p->id.gen, p->id.service);
	t = XS_GET(xs_targets, p->to.target);
	if (!s || !t)
		return XS_R_INTERNAL;
	if (p->id.dir == XS_TO_CLIENT) {
		if (!xs_error_home(c, p, s, act))
			return XS_R_NONE;	/* for TC egress, which counts it */
		if (!xs_icmp_to_client(c, p, q, s))
			return XS_R_TRUNCATED;
	} else {
		r = xs_towards(c, p, t, p->to.way, act);
		if (!xs_icmp_to_target(c, p, q, t))
			return XS_R_TRUNCATED;
	}
	if (p->to.own && !xs_error_own(c))
		return XS_R_TRUNCATED;
	if (*act != XS_ACT_PASS)
		xs_ttl_less(c, p);
	return r == XS_R_STEERED ? XS_R_ICMP_TRANSLATED : r;
}

/**
 * xs_odd() - What becomes of a packet that parse or classify stopped for `r`
 * @act: what the hook shall return
 * Return: the reason it leaves for, 0: left for TC egress
 */
static __always_inline enum xs_reason xs_odd(xs_ctx *c, struct xs_pkt *p, enum xs_reason r, int *act)
{
	if (r == XS_R_NOT_L4)
		return xs_error(c, p, act);
	if (r == XS_R_FRAGMENT_PASSED)
		return xs_later(c, p, act);
	if (r == XS_R_FRAGMENT_REFUSED)		/* cut short; only if it is ours */
		return xs_classify_odd(p) ? XS_R_TRUNCATED : r;
	return r;
}

#endif
