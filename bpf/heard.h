/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a reply does to its flow, whichever hook it is undone at. */
#ifndef XS_HEARD_H
#define XS_HEARD_H

#include "bpf/flowage.h"
#include "bpf/timing.h"

/* xs_heard() - count it, and tell timing and state of what it says */
static __always_inline void xs_heard(xs_ctx *c, struct xs_pkt *p, struct xs_back *b)
{
	bool ends = p->hdr.tcp_flags & (XS_TCP_FIN | XS_TCP_RST);
	struct xs_flow *f;

	b->seen = xs_jiffies();
	b->packets++;
	b->bytes += p->hdr.ip_len;
	p->to.target = b->target;
	xs_count_from(b->target, p->hdr.ip_len);
	if (!p->hdr.pay_len && !(p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_FIN | XS_TCP_RST)))
		return;
	if (ends && !xs_in_window(p, b->times.target_seq))
		return;
	if (feat.timing)
		xs_timing_to_client(c, p, b);
	else
		xs_is_new(p, &b->times.target_seq);
	if (!ends)
		return;
	if (p->hdr.tcp_flags & XS_TCP_FIN)
		b->flags |= XS_FF_FIN_TARGET;
	f = XS_GET(xs_flows, p->id.flow - 1);	/* the client's side, in another cache line: only when it matters */
	if (f)
		xs_flow_close(f, b, p->id.flow - 1, p->hdr.tcp_flags);
}

#endif
