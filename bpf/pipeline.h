/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps in the order a packet meets them. 0 goes on; anything else is why it stops. */
#ifndef XS_PIPELINE_H
#define XS_PIPELINE_H

#include "bpf/admit.h"
#include "bpf/classify.h"
#include "bpf/deliver.h"
#include "bpf/flowage.h"
#include "bpf/heard.h"
#include "bpf/place.h"
#include "bpf/refuse.h"

/* xs_begins() - whether a packet of a known flow asks to be placed: a SYN on a closed flow or on one whose target went
 * down before the handshake was over, or a datagram that carries a shim */
static __always_inline bool xs_begins(xs_ctx *c, const struct xs_pkt *p, const struct xs_flow *f, const struct xs_service *s)
{
	struct xs_tlive *l;
	__be16 *magic;

	if (p->hdr.proto == IPPROTO_UDP) {
		if (s->shim == XS_SHIM_NONE || p->hdr.pay_len < XS_SHIM_MIN)
			return false;
		magic = xs_at(c, p->hdr.pay, 2);
		return magic && *magic == bpf_htons(XS_SHIM_MAGIC);
	}
	if ((p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK)) != XS_TCP_SYN)
		return false;
	if (f->state == XS_F_CLOSING)
		return true;
	l = XS_GET(xs_tlive, f->target);
	return f->state == XS_F_HALF_OPEN && l && l->state == XS_T_DOWN;
}

/* xs_advance() - what a packet of the client does to the state of its flow (table in maps/flow.h) */
static __always_inline void xs_advance(const struct xs_pkt *p, struct xs_flow *f, const struct xs_back *b)
{
	__u8 fl = p->hdr.tcp_flags;

	if (p->hdr.proto != IPPROTO_TCP)
		return;
	if (f->state == XS_F_HALF_OPEN && (fl & (XS_TCP_SYN | XS_TCP_ACK)) == XS_TCP_ACK)
		f->state = XS_F_ESTABLISHED;
	if (fl & XS_TCP_FIN)
		f->flags |= XS_FF_FIN_CLIENT;
	if ((fl & XS_TCP_RST || (f->flags & XS_FF_FIN_CLIENT && b->flags & XS_FF_FIN_TARGET)) && f->state != XS_F_CLOSING) {
		f->state = XS_F_CLOSING;
		xs_bump(XS_C_FLOWS_CLOSED);
	}
}

/* xs_tells() - whether a packet says anything about time: handshake, payload, end */
static __always_inline bool xs_tells(const struct xs_pkt *p, const struct xs_flow *f)
{
	return p->hdr.pay_len || p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_FIN | XS_TCP_RST) || f->state == XS_F_HALF_OPEN;
}

static __always_inline void xs_trace_end(const struct xs_pkt *p, enum xs_reason r)
{
	struct xs_trace *t = feat.dry ? XS_GET(xs_trace, 0) : NULL;

	if (!t)
		return;
	t->reason = r;
	t->service = p->id.service;
	t->tenant = p->ask.tenant;
	t->class = p->ask.class;
	t->who = p->ask.who;
	t->authentic = !!(p->ask.flags & XS_FF_TAGGED);
	t->target = p->to.target;
	t->flow = p->id.flow;
}

/* xs_begin() - a first packet: who asks, where to, and a record of it */
static __noinline enum xs_reason xs_begin(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s)
{
	enum xs_reason r;
	__u32 spare;

	if ((r = xs_admit(c, p, s)))			/* shim, source   -> p->ask */
		return r;
	if (p->hdr.frag)	/* the later ones, without ports, could not follow */
		return XS_R_FRAGMENT_REFUSED;
	if ((r = xs_place(p, s->levels)))		/* p->ask, rules  -> p->to */
		return r;
	if (feat.dry)
		return XS_R_NONE;
	spare = xs_flow_reserve(p->id.gen);
	if (!spare)
		return XS_R_TABLE_FULL;
	return xs_flow_enter(p, spare);			/* p->to          -> the flow table */
}

/* xs_known() - a later packet of a flow goes where the flow goes */
static __always_inline void xs_known(struct xs_pkt *p, const struct xs_flow *f)
{
	p->to.target = f->target;
	p->to.way = f->way;
	p->to.level = f->level;
	p->to.rule = f->rule;
	p->ask.tenant = f->tenant;
	p->ask.class = f->class;
}

static __always_inline enum xs_reason xs_to_target(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	bool tcp = p->hdr.proto == IPPROTO_TCP, first = true;
	struct xs_flow *f = NULL;
	enum xs_reason r;
	struct xs_back *b;

	if (p->id.flow) {
		f = XS_GET(xs_flows, p->id.flow - 1);
		if (!f)
			return XS_R_INTERNAL;
		first = xs_begins(c, p, f, s);
	} else if (tcp && (p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK | XS_TCP_RST)) != XS_TCP_SYN) {
		return XS_R_NO_FLOW;
	}
	if (!first && p->hdr.frag)
		return XS_R_FRAGMENT_REFUSED;
	if (!first)
		xs_known(p, f);
	else if ((r = xs_begin(c, p, s)))
		return r;
	if (feat.dry)
		return first ? XS_R_PLACED : XS_R_STEERED;
	f = XS_GET(xs_flows, p->id.flow - 1);
	if (!f)
		return XS_R_INTERNAL;
	f->seen = xs_jiffies();
	f->packets++;
	f->bytes += p->hdr.ip_len;
	if (first || xs_tells(p, f)) {
		b = XS_GET(xs_backs, p->id.flow - 1);
		if (!b)
			return XS_R_INTERNAL;
		if (feat.timing)
			xs_timing_to_target(c, p, f, b);
		xs_advance(p, f, b);
	}
	xs_count_to(p->to.target, p->hdr.ip_len, first);
	r = xs_deliver(c, p, p->to.way, act);
	return r == XS_R_STEERED && first ? XS_R_PLACED : r;
}

#endif
