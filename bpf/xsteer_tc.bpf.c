// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* TC egress: replies that the stack carried, from a process on this host or by way of it, get the service's address after
 * conntrack and routing have seen them as the target's. Everything else goes on untouched. */
#include "bpf/ctx_tc.h"
#include "bpf/maps.bpf.h"
#include "bpf/classify.h"
#include "bpf/frag.h"
#include "bpf/heard.h"
#include "bpf/icmp.h"
#include "bpf/nat_tc.h"
#include "bpf/settle.h"

#define XS_PULL 128		/* headers that a reply has: Ethernet, two tags, IPv6, TCP with options */
#define XS_PULL_ERROR 256	/* and what an ICMP error quotes of another packet's */

static __always_inline void xs_pull(xs_ctx *c, __u32 len)
{
	if (c->len > xs_linear(c) && xs_linear(c) < len)
		bpf_skb_pull_data(c, c->len < len ? c->len : len);
}

/* xs_own_egress() - *port: the client's, if its target sees another one. Return: whether the reply was sent to an address of this host:
 * those are undone at XDP, and what comes by here is none */
static __always_inline bool xs_own_egress(const struct xs_pkt *p, const struct xs_back *b, const struct xs_half *h, __be16 *port)
{
	__u8 own = p->id.half ? (h ? h->own : 0) : b ? b->own : 0;
	const struct xs_end *client;

	client = own == XS_OWN_CLIENT ? xs_client_of(p) : NULL;
	if (client)
		*port = client->port;
	return own && own != XS_OWN_CLIENT;
}

static __always_inline enum xs_reason xs_undo(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_service *s = xs_service_at(p->id.gen, p->id.service);
	struct xs_half *h;
	struct xs_back *b;
	__be16 port = 0;
	enum xs_reason r;

	if (!s)
		return XS_R_INTERNAL;
	b = p->id.half ? NULL : XS_GET(xs_backs, p->id.flow - 1);
	h = XS_GET(xs_half_now, 0);
	if (xs_own_egress(p, b, h, &port))
		return XS_R_NONE;
	if (p->hdr.frag && (b || h) && (r = xs_frag_first(c, p, b ? b->target : h->target, b ? b->way : h->way)))
		return r;
	if (p->id.half) {
		xs_half_answered(p);
		b = p->id.half ? NULL : XS_GET(xs_backs, p->id.flow - 1);
	}
	if (b)
		xs_heard(c, p, b);
	else
		xs_half_counted(p);
	xs_bump(XS_C_STACK_REPLIES);
	return xs_nat_source(c, p, s) && (!port || xs_nat_dport(c, p, port)) ? XS_R_RETURNED : XS_R_UNDO_FAILED;
}

/* xs_classify_odd_reply() - one more copy of it in the program, not one for each caller */
static __noinline enum xs_reason xs_classify_odd_reply(struct xs_pkt *p)
{
	return xs_classify_reply(p, true);
}

/* xs_undo_later() - a later fragment of a reply. Return: 0: of none */
static __noinline enum xs_reason xs_undo_later(xs_ctx *c, struct xs_pkt *p)
{
	enum xs_reason r = xs_frag_find(c, p);
	struct xs_service *s = xs_service_at(p->id.gen, p->id.service);

	if (r || !s || p->id.dir != XS_TO_CLIENT)
		return XS_R_NONE;
	xs_count_from(p->to.target, p->hdr.ip_len);
	xs_bump(XS_C_FRAGMENTS_FOLLOWED);
	xs_bump(XS_C_STACK_REPLIES);
	return xs_nat_source_l3(c, p, s) ? XS_R_RETURNED : XS_R_UNDO_FAILED;
}

/* xs_undo_error_own() - the client's port in what the error quotes, if its target sees another one. Return: 0: it could not be written */
__noinline int xs_undo_error_own(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF), *q = XS_GET(xs_pkts, XS_PKT_QUOTED);
	const struct xs_end *client = p ? xs_client_of(p) : NULL;

	if (!client || !q)
		return 0;
	if (client->port == q->hdr.dport)
		return 1;
	p->to.own = XS_OWN_CLIENT;
	return xs_icmp_own(c, p, q, &client->addr, client->port);
}

/* xs_undo_error() - an ICMP error for a client: of a target, of a router behind this host, or of this host. Return: 0: none */
static __noinline enum xs_reason xs_undo_error(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_service *s;
	struct xs_pkt *q;

	if (!xs_icmp_error(c, p))
		return XS_R_NONE;
	xs_pull(c, XS_PULL_ERROR);
	q = xs_quote(c, p);
	if (!q || xs_classify_odd_reply(q))
		return XS_R_NONE;
	p->id = q->id;
	s = xs_service_at(p->id.gen, p->id.service);
	if (!s)
		return XS_R_INTERNAL;
	return xs_icmp_to_client(c, p, q, s) && xs_undo_error_own(c) ? XS_R_ICMP_TRANSLATED : XS_R_UNDO_FAILED;
}

/* xs_undo_odd() - what parse stopped for `r`. Return: 0: not ours */
static __always_inline enum xs_reason xs_undo_odd(xs_ctx *c, struct xs_pkt *p, enum xs_reason r)
{
	if (r == XS_R_NOT_L4)
		return xs_undo_error(c, p);
	if (r == XS_R_FRAGMENT_PASSED)
		return xs_undo_later(c, p);
	return r == XS_R_FRAGMENT_REFUSED && !xs_classify_odd_reply(p) ? r : XS_R_NONE;
}

SEC("tc")
int xsteer_egress(xs_ctx *c)
{
	struct xs_pkt *p = xs_pkt_new();
	enum xs_reason r;

	xs_pull(c, XS_PULL);
	if (!p)
		return XS_ACT_PASS;
	r = xs_parse(c, p);
	if (!r) {
		if (xs_classify_reply(p, false))
			return XS_ACT_PASS;
		r = xs_undo(c, p);
	} else {
		r = xs_undo_odd(c, p, r);
	}
	if (!r)
		return XS_ACT_PASS;
	xs_count(p, r, p->hdr.ip_len);
	return r == XS_R_UNDO_FAILED || r == XS_R_FRAGMENT_REFUSED ? TC_ACT_SHOT : XS_ACT_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
