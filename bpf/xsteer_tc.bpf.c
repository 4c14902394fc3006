// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TC egress: replies that the stack carried, from a process on this host or by way of it, get the service's address after
 * conntrack and routing have seen them as the target's. Everything else goes on untouched. */
#include "bpf/ctx_tc.h"
#include "bpf/maps.bpf.h"
#include "bpf/classify.h"
#include "bpf/heard.h"
#include "bpf/nat_tc.h"

#define XS_PULL 128	/* headers that a reply has: Ethernet, two tags, IPv6, TCP with options */

static __always_inline enum xs_reason xs_undo(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_service *s = xs_service_at(p->id.gen, p->id.service);
	struct xs_back *b = XS_GET(xs_backs, p->id.flow - 1);

	if (!s || !b)
		return XS_R_INTERNAL;
	xs_heard(c, p, b);
	xs_bump(XS_C_STACK_REPLIES);
	return xs_nat_source(c, p, s) ? XS_R_RETURNED : XS_R_UNDO_FAILED;
}

SEC("tc")
int xsteer_egress(xs_ctx *c)
{
	struct xs_pkt *p = xs_pkt_new();
	enum xs_reason r;

	if (c->len > xs_linear(c) && xs_linear(c) < XS_PULL)
		bpf_skb_pull_data(c, c->len < XS_PULL ? c->len : XS_PULL);
	if (!p || xs_parse(c, p) || xs_classify_reply(p))
		return XS_ACT_PASS;
	r = xs_undo(c, p);
	xs_count(p, r, p->hdr.ip_len);
	return r == XS_R_UNDO_FAILED ? TC_ACT_SHOT : XS_ACT_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
