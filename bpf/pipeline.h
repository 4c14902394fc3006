/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps in the order a packet meets them. 0 goes on; anything else is why it stops. */
#ifndef XS_PIPELINE_H
#define XS_PIPELINE_H

#include "bpf/admit.h"
#include "bpf/classify.h"
#include "bpf/deliver.h"
#include "bpf/flowage.h"
#include "bpf/frag.h"
#include "bpf/heard.h"
#include "bpf/place.h"
#include "bpf/rate.h"
#include "bpf/refuse.h"

/* xs_has_shim() - whether a datagram looks as if it carried a shim */
static __always_inline bool xs_has_shim(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s)
{
	__be16 *magic;

	if (s->shim == XS_SHIM_NONE || p->hdr.pay_len < XS_SHIM_MIN)
		return false;
	magic = xs_at(c, p->hdr.pay, 2);
	return magic && *magic == bpf_htons(XS_SHIM_MAGIC);
}

/* What a packet is to the flow it belongs to. */
enum xs_start { XS_GOES_ON, XS_PLACE_AGAIN, XS_BEGINS };

/* xs_starts() - XS_BEGINS: another conversation, after a closed or silent one; XS_PLACE_AGAIN: the same one asks to be placed, by
 * a datagram with a shim, by a SYN when the target went down before the handshake was over, or because the target is gone */
static __always_inline enum xs_start xs_starts(xs_ctx *c, const struct xs_pkt *p, const struct xs_flow *f, const struct xs_service *s)
{
	struct xs_settings *set;
	struct xs_target *t;
	struct xs_tlive *l;
	struct xs_back *b;

	if (p->hdr.proto == IPPROTO_TCP && (p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK | XS_TCP_RST)) != XS_TCP_SYN)
		return XS_GOES_ON;
	set = XS_GET(xs_settings, p->id.gen);
	b = XS_GET(xs_backs, p->id.flow - 1);
	t = XS_GET(xs_targets, f->target);
	l = XS_GET(xs_tlive, f->target);
	if (!set || !b || !t || !l)
		return XS_GOES_ON;
	if (f->state == XS_F_CLOSING || xs_flow_over(f, b, xs_timeout(set, f->state), xs_jiffies()))
		return XS_BEGINS;
	if (!t->port || (p->hdr.proto == IPPROTO_UDP && xs_has_shim(c, p, s)))
		return XS_PLACE_AGAIN;
	return f->state == XS_F_HALF_OPEN && l->state == XS_T_DOWN ? XS_PLACE_AGAIN : XS_GOES_ON;
}

/* xs_advance() - what a packet of the client does to the state of its flow (table in maps/flow.h) */
static __always_inline void xs_advance(const struct xs_pkt *p, struct xs_flow *f, const struct xs_back *b)
{
	__u8 fl = p->hdr.tcp_flags;

	if (p->hdr.proto != IPPROTO_TCP)
		return;
	if (f->state == XS_F_HALF_OPEN && (fl & (XS_TCP_SYN | XS_TCP_ACK)) == XS_TCP_ACK) {
		xs_flow_state(f, p->id.flow - 1, XS_F_ESTABLISHED);
		xs_rate_proven(p, f);
	}
	if (fl & XS_TCP_FIN)
		f->flags |= XS_FF_FIN_CLIENT;
	xs_flow_close(f, b, p->id.flow - 1, fl);
}

/* xs_yield() - a client connects to a target's own address: what is left of a closed connection that came to it from the same
 * port by a service must not rewrite these replies. Reads a packet that is not ours */
static __always_inline void xs_yield(struct xs_pkt *p)
{
	struct xs_tuple t = { .client = &p->hdr.src, .cport = p->hdr.sport, .other = &p->hdr.dst, .oport = p->hdr.dport,
			      .proto = IPPROTO_TCP, .dir = XS_TO_CLIENT, .gen = p->id.gen };
	struct xs_maybe *m = XS_GET(xs_maybe, 0);
	__u32 service, i;

	if ((p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK)) != XS_TCP_SYN || feat.dry || !m)
		return;
	if (!xs_maybe_ours(m, &p->hdr.dst, p->hdr.dport, IPPROTO_TCP))
		return;
	i = xs_tuple_find(&t, xs_home(t.client, t.cport, IPPROTO_TCP), &service);
	if (i)
		xs_flow_evict(i - 1, p->id.gen, true);
}

/* xs_tells() - whether a packet says anything about time: handshake, payload, end */
static __always_inline bool xs_tells(const struct xs_pkt *p, const struct xs_flow *f)
{
	if (p->hdr.proto == IPPROTO_UDP)
		return feat.timing && p->hdr.pay_len && !f->asked;
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

/* xs_is_martian() - a source that no client can have; the stack knows what to do with it */
static __always_inline bool xs_is_martian(const struct xs_pkt *p)
{
	struct xs_service_key k = { .addr = p->hdr.src, .port = p->hdr.sport, .proto = p->hdr.proto, .gen = p->id.gen };
	const struct xs_addr *a = &p->hdr.src;
	__u8 net = p->hdr.v6 ? (__u8)a->w[0] : (__u8)a->w[3];	/* the first byte on the wire */

	if (p->hdr.v6 ? net == 0xff || (!(a->w[0] | a->w[1] | a->w[2]) && bpf_ntohl(a->w[3]) <= 1) : net == 0 || net == 127 || net >= 224)
		return true;
	return bpf_map_lookup_elem(&xs_svc_index, &k);	/* a service as a client: requests would go in a circle */
}

/* xs_begin() - a first packet: who asks, where to, and a record of it */
static __noinline enum xs_reason xs_begin(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, bool anew)
{
	enum xs_reason r;

	if ((r = xs_admit(c, p, s)))			/* shim, source   -> p->ask */
		return r;
	if ((r = xs_place(p, s->levels)))		/* p->ask, rules  -> p->to */
		return r;
	if ((r = xs_rate(p, anew)))			/* p->ask, clock  -> yes, or not yet */
		return r;
	if (p->hdr.frag && (r = xs_frag_first(c, p, p->to.target, p->to.way)))
		return r;
	return feat.dry ? XS_R_NONE : xs_flow_enter(p, anew);	/* p->to -> the flow table */
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

/* xs_came() - what a client's packet does to its record: seen, counted, timed, state */
static __always_inline enum xs_reason xs_came(xs_ctx *c, struct xs_pkt *p, bool first)
{
	struct xs_flow *f = XS_GET(xs_flows, p->id.flow - 1);
	struct xs_back *b;

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
	return XS_R_NONE;
}

static __always_inline enum xs_reason xs_to_target(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	enum xs_start start = XS_BEGINS;
	struct xs_flow *f = NULL;
	enum xs_reason r;

	if (p->id.flow) {
		f = XS_GET(xs_flows, p->id.flow - 1);
		if (!f)
			return XS_R_INTERNAL;
		start = xs_starts(c, p, f, s);
	} else if (xs_is_martian(p)) {
		return XS_R_MARTIAN;
	} else if (p->hdr.proto == IPPROTO_TCP && (p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK | XS_TCP_RST)) != XS_TCP_SYN) {
		return XS_R_NO_FLOW;
	}
	if (f && start != XS_GOES_ON && !xs_service_find(p))
		return XS_R_NOT_OURS;	/* only the flows it had go on to a service that is gone */
	if (start == XS_GOES_ON)
		xs_known(p, f);
	else if ((r = xs_begin(c, p, s, start == XS_BEGINS)))
		return r;
	if (p->hdr.frag && start == XS_GOES_ON && (r = xs_frag_first(c, p, p->to.target, p->to.way)))
		return r;
	if (!feat.dry && (r = xs_came(c, p, start != XS_GOES_ON)))
		return r;
	r = xs_deliver(c, p, p->to.way, act);
	return r == XS_R_STEERED && start != XS_GOES_ON ? XS_R_PLACED : r;
}

#endif
