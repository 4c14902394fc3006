/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The steps in the order a packet meets them. 0 goes on; anything else is why it stops. */
#ifndef XS_PIPELINE_H
#define XS_PIPELINE_H

#include "bpf/classify.h"
#include "bpf/deliver.h"
#include "bpf/frag.h"
#include "bpf/heard.h"
#include "bpf/open.h"
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

/* xs_advance() - what a packet of the client does to the state of its flow (table in maps/flow.h). Return: false: nothing, as it ends
 * another connection */
static __always_inline bool xs_advance(const struct xs_pkt *p, struct xs_flow *f, const struct xs_back *b)
{
	__u8 fl = p->hdr.tcp_flags;

	if (p->hdr.proto != IPPROTO_TCP || !(fl & (XS_TCP_FIN | XS_TCP_RST)))
		return true;
	if (!xs_in_window(p, b->times.client_seq))
		return false;
	if (fl & XS_TCP_FIN)
		f->flags |= XS_FF_FIN_CLIENT;
	xs_flow_close(f, b, p->id.flow - 1, fl);
	return true;
}

/* xs_yield() - a client connects to a target's own address: what is left of a closed connection that came to it from the same
 * port by a service must not rewrite these replies. Reads a packet that is not ours */
static __noinline int xs_yield(struct xs_pkt *p)
{
	struct xs_tuple t = { .client = &p->hdr.src, .cport = p->hdr.sport, .other = &p->hdr.dst, .oport = p->hdr.dport,
			      .proto = IPPROTO_TCP, .dir = XS_TO_CLIENT, .gen = p->id.gen };
	struct xs_maybe *m = XS_GET(xs_maybe, 0);
	__u32 service, i;

	if ((p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK)) != XS_TCP_SYN || feat.dry || !m)
		return 0;
	if (!xs_maybe_ours(m, &p->hdr.dst, p->hdr.dport, IPPROTO_TCP))
		return 0;
	i = xs_tuple_find(&t, xs_home(t.client, t.cport, IPPROTO_TCP), &service);
	if (i)
		xs_flow_evict(i - 1, p->id.gen, true);
	return 0;
}

/* xs_tells() - whether a packet says anything about time: handshake, payload, end */
static __always_inline bool xs_tells(const struct xs_pkt *p, const struct xs_flow *f)
{
	if (p->hdr.proto == IPPROTO_UDP)
		return feat.timing && p->hdr.pay_len && !f->asked;
	return p->hdr.pay_len || p->hdr.tcp_flags & (XS_TCP_FIN | XS_TCP_RST);
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

/* xs_known() - a later packet of a flow goes where the flow goes */
static __always_inline void xs_known(struct xs_pkt *p, const struct xs_flow *f)
{
	p->to.target = f->target;
	p->to.way = f->way;
	p->to.level = f->level;
	p->to.rule = f->rule;
	p->ask.tenant = f->tenant;
	p->ask.class = f->class;
	if (f->own) {
		p->to.own = f->own;
		p->to.own_port = f->own_port;
	}
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
			xs_is_new(p, &b->times.client_seq);
	}
	return XS_R_NONE;
}

/* xs_again() - a datagram with a shim begins another request of its conversation: placed anew, in a record if it moves */
static __noinline enum xs_reason xs_again(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s)
{
	enum xs_reason r;

	p->id.half_hash = xs_half_hash(&p->hdr.src, p->hdr.sport, p->hdr.proto);
	r = xs_begin(c, p, s, false);
	p->to.first = true;
	return r || feat.dry ? r : xs_flow_enter(false);
}

/* xs_decide() - where the packet goes: as its record says, or as is found out now. Return: 0, or why nowhere */
static __always_inline enum xs_reason xs_decide(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s)
{
	enum xs_start start = XS_BEGINS;
	struct xs_flow *f = NULL;
	enum xs_reason r;

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
		if (!r)
			return xs_open(c, p, s);
		return r == XS_R_STEERED ? xs_under_way(p) : r;
	}
	if (start == XS_PLACE_AGAIN)
		return xs_again(c, p, s);
	if (f->flags & XS_FF_FOLLOWED && xs_follows(p, f))
		return xs_under_way(p);
	xs_known(p, f);
	return XS_R_NONE;
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
