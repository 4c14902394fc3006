/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* From a half-open row to a record: when the client has acknowledged the target's initial sequence number, or the target has
 * answered a datagram. What comes from made-up sources never gets there. */
#ifndef XS_SETTLE_H
#define XS_SETTLE_H

#include "bpf/alias.h"
#include "bpf/flowenter.h"
#include "bpf/half.h"
#include "bpf/timing.h"

/* xs_half_times() - what the handshake has shown, into the new record */
static __always_inline void xs_half_times(const struct xs_pkt *p, const struct xs_half *h)
{
	struct xs_flow *f = XS_GET(xs_flows, p->id.flow - 1);
	struct xs_back *b = XS_GET(xs_backs, p->id.flow - 1);
	__u64 now = bpf_ktime_get_ns();

	if (!f || !b)
		return;
	b->times.born = h->born;
	b->times.start_ns = h->start_ns;
	if (p->hdr.proto == IPPROTO_TCP) {
		f->seq = h->client_isn + 1;
		b->times.target_seq = h->target_isn + 1;
		b->times.handshake_us = (now - h->start_ns) / 1000;
		if (feat.timing)
			xs_observe(f->series, XS_M_HANDSHAKE, now - h->start_ns);
		return;
	}
	b->times.placed = h->placed;
	if (!feat.timing)
		return;
	b->times.requests = h->placed - 1;
	xs_request_begin(f, &b->times, h->start_ns);
}

/* xs_half_end() - the handshake of the row is over: a record of it. The packet shows the client's end as source. Return: 0, or why not */
static __always_inline enum xs_reason xs_half_end(struct xs_pkt *p, struct xs_half *h)
{
	enum xs_reason r = xs_flow_enter(true);

	if (r)
		return r;
	xs_half_times(p, h);
	xs_half_drop(p->id.half_hash, p->id.half);
	p->id.half = 0;
	return XS_R_NONE;
}

/* xs_half_answered() - a target's packet of a handshake that has a row: note both initial sequence numbers, or that it refuses; of
 * datagrams make a record, so that p->id.half is 0 and p->id.flow set. Called once a packet, where it is undone */
static __noinline int xs_half_answered(struct xs_pkt *p)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);
	struct xs_pkt *was = XS_GET(xs_pkts, XS_PKT_KEPT);
	struct xs_service *s;

	if (!h || !was)
		return 0;
	if (p->hdr.proto == IPPROTO_TCP && p->hdr.tcp_flags & XS_TCP_RST)
		return xs_half_drop(p->id.half_hash, p->id.half);
	if (p->hdr.proto == IPPROTO_TCP && p->hdr.tcp_flags & XS_TCP_SYN) {
		h->client_isn = p->hdr.ack - 1;
		h->target_isn = p->hdr.seq;
		h->flags |= XS_FF_ANSWERED;
	}
	if (p->hdr.proto == IPPROTO_TCP || h->flags & XS_FF_MOVED) {
		xs_half_put(p->id.half_hash, p->id.half);
		return 0;
	}
	s = xs_service_at(p->id.gen, p->id.service);
	if (!s)
		return 0;
	was->hdr = p->hdr;	/* a record is entered as the client's packets show it */
	p->hdr.src = h->client;
	p->hdr.sport = h->cport;
	p->hdr.dst = s->addr;
	p->hdr.dport = s->port;
	p->id.flow = 0;
	p->id.home = xs_home(&h->client, h->cport, h->proto);	/* the reply was looked for by the end it was sent to */
	xs_half_known(p, h);
	xs_half_end(p, h);
	p->hdr = was->hdr;
	return 0;
}

/* xs_half_counted() - a reply without a record counts for its target alone */
static __always_inline void xs_half_counted(struct xs_pkt *p)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);

	p->to.target = h ? h->target : 0;
	xs_count_from(p->to.target, p->hdr.ip_len);
}

#endif
