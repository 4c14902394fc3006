/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps in the order a packet meets them. 0 goes on; anything else is why it stops. */
#ifndef XS_PIPELINE_H
#define XS_PIPELINE_H

#include "bpf/classify.h"
#include "bpf/deliver.h"
#include "bpf/first.h"
#include "bpf/heard.h"
#include "bpf/refuse.h"

/* xs_advance() - what a packet of the client does to the state of its flow (table in maps/flow.h). Return: false: nothing, as it ends
 * another connection */
static __always_inline bool xs_advance(const struct xs_pkt *p, struct xs_flow *f, const struct xs_back *b)
{
	__u8 fl = p->hdr.tcp_flags;

	if (p->hdr.proto != IPPROTO_TCP || !(fl & (XS_TCP_FIN | XS_TCP_RST)))
		return true;
	if (!xs_in_window(p, f->seq))
		return false;
	if (fl & XS_TCP_FIN)
		f->flags |= XS_FF_FIN_CLIENT;
	xs_flow_close(f, b, p->id.flow - 1, fl);
	return true;
}

/* xs_yield() - by a SYN that is not ours a client connects to a target's own address: what is left of a closed connection that came to it
 * from the same port by a service must not rewrite these replies */
static __noinline int xs_yield(struct xs_pkt *p)
{
	struct xs_tuple t = { .client = &p->hdr.src, .cport = p->hdr.sport, .other = &p->hdr.dst, .oport = p->hdr.dport,
			      .proto = IPPROTO_TCP, .dir = XS_TO_CLIENT, .gen = p->id.gen };
	struct xs_maybe *m = XS_GET(xs_maybe, 0);
	__u32 service, i;

	if (feat.dry || !m || !xs_maybe_ours(m, &p->hdr.dst, p->hdr.dport, IPPROTO_TCP))
		return 0;
	i = xs_tuple_find(&t, xs_home(t.client, t.cport, IPPROTO_TCP), &service);
	if (i)
		xs_flow_evict(i - 1, p->id.gen, true);
	return 0;
}

/* xs_tells() - whether a packet says anything of time or state: an end, or payload that may begin a request. Most payload of a client
 * is more of a prompt: then the record's first line is all that it needs */
static __always_inline bool xs_tells(const struct xs_pkt *p, struct xs_flow *f)
{
	if (p->hdr.tcp_flags & (XS_TCP_FIN | XS_TCP_RST))
		return true;
	if (!p->hdr.pay_len)
		return false;
	if (feat.timing && !f->asked)
		return true;
	if (p->hdr.proto == IPPROTO_TCP)
		xs_is_new(p, &f->seq);
	return false;
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
	t->own = p->to.own;
	t->own_port = p->to.own_port;
	t->flow = p->to.first ? 0 : p->id.flow;
	t->half = p->to.first ? 0 : p->id.half;
}

/* xs_came() - what a client's packet does to its record: seen, counted, timed, state */
static __always_inline enum xs_reason xs_came(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_flow *f = XS_GET(xs_flows, p->id.flow - 1);
	struct xs_back *b;

	xs_count_to(p->to.target, p->hdr.ip_len, p->to.first);
	if (p->id.half)		/* a handshake has no record yet, or another one's */
		return XS_R_NONE;
	if (!f)
		return XS_R_INTERNAL;
	f->seen = xs_jiffies();
	f->packets++;
	f->bytes += p->hdr.ip_len;
	if (p->to.first || xs_tells(p, f)) {
		b = XS_GET(xs_backs, p->id.flow - 1);
		if (!b)
			return XS_R_INTERNAL;
		if (!xs_advance(p, f, b))
			return XS_R_NONE;
		if (feat.timing)
			xs_timing_to_target(c, p, f, b);
		else
			xs_is_new(p, &f->seq);
	}
	return XS_R_NONE;
}

/* xs_goes_on() - whether the packet only goes on with the flow of its record, as nearly all do. What may be more is found out by
 * xs_first() */
static __always_inline bool xs_goes_on(xs_ctx *c, const struct xs_pkt *p, const struct xs_flow *f, const struct xs_service *s)
{
	struct xs_settings *set;
	struct xs_target *t;

	if (p->hdr.proto == IPPROTO_TCP)
		return !xs_is_syn(p) && !(f->flags & XS_FF_FOLLOWED);
	set = XS_GET(xs_settings, p->id.gen);
	t = XS_GET(xs_targets, f->target);
	return set && t && t->port && xs_jiffies() - f->seen <= set->udp_idle_s * feat.hz && !xs_has_shim(c, p, s);
}

/* xs_decide() - where the packet goes: as its record says, or as is found out now. Return: 0, or why nowhere */
static __always_inline enum xs_reason xs_decide(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s)
{
	struct xs_flow *f = p->id.flow ? XS_GET(xs_flows, p->id.flow - 1) : NULL;
	enum xs_reason r;

	if (f && xs_goes_on(c, p, f, s)) {
		xs_known(p, f);
		return XS_R_NONE;
	}
	r = xs_first(c);
	if (r == XS_R_STEERED)
		return xs_under_way(c);
	return r == XS_R_PLACED ? xs_again(c) : r;
}

static __always_inline enum xs_reason xs_to_target(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	enum xs_reason r = xs_decide(c, p, s);

	if (r)
		return r;
	if (p->hdr.frag && !p->to.first && (r = xs_frag_first(c, p, p->to.target, p->to.way)))
		return r;
	if (!feat.dry && (r = xs_came(c, p)))
		return r;
	r = xs_deliver(c, p, p->to.way, act);
	return r == XS_R_STEERED && p->to.first ? XS_R_PLACED : r;
}

#endif
