/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* target -> wire, at XDP. `stack`: the rewritten packet is handed up and routed by the host; its replies are undone at TC
 * egress. `direct`: redirected by the kernel's routing table; its replies are undone at ingress of the target-facing device.
 * A single packet that direct delivery cannot take (no neighbour yet, too big, TTL over) goes by the stack instead. */
#ifndef XS_DELIVER_H
#define XS_DELIVER_H

#include "bpf/flowtab.h"
#include "bpf/fullnat.h"
#include "bpf/hop.h"
#include "bpf/measure.h"
#include "bpf/nat.h"

/* xs_towards() - choose the way of a packet for target t, which is p->to.target: redirect, or the stack. Nothing but the Ethernet
 * header is written. Return: XS_R_STEERED, or why the stack has it although the way is direct */
static __always_inline enum xs_reason xs_towards(xs_ctx *c, const struct xs_pkt *p, const struct xs_target *t, __u32 way, int *act)
{
	__u64 hop = 0;

	*act = XS_ACT_PASS;
	if (way != XS_WAY_DIRECT)
		return XS_R_STEERED;
	if (p->hdr.ttl <= 1)
		return XS_R_TTL_EXPIRED;
	return xs_target_hop(c, p, t, p->to.target, &hop) ?: xs_hop_go(c, p, hop, act) ?: XS_R_STEERED;
}

/**
 * xs_deliver() - Send a client's packet to the target of its flow
 * @act: what the hook shall return
 * Return: XS_R_STEERED, or the reason it took another way (all of these still reach the target by the stack) or none
 */
static __always_inline enum xs_reason xs_deliver(xs_ctx *c, struct xs_pkt *p, __u32 way, int *act)
{
	struct xs_target *t = XS_GET(xs_targets, p->to.target);
	struct xs_nat n = { .from = &p->hdr.dst, .from_port = p->hdr.dport, .dst = true };
	enum xs_reason r;
	int did;

	*act = XS_ACT_PASS;
	if (!t || !t->port)
		return XS_R_TARGET_GONE;
	if (feat.dry)
		return XS_R_STEERED;
	n.to = &t->addr;
	n.to_port = t->port;
	if (p->to.own) {
		did = xs_own_deliver(c);
		*act = XS_OWN_ACT(did);
		return XS_OWN_REASON(did);
	}
	if (p->ask.strip && !xs_strip(c, p, p->ask.strip))
		return XS_R_TRUNCATED;
	r = xs_towards(c, p, t, way, act);
	if (!xs_nat(c, p, &n))
		return XS_R_TRUNCATED;
	if (*act != XS_ACT_PASS)
		xs_ttl_less(c, p);
	return r;
}

/**
 * xs_return() - Undo a target's reply at XDP ingress and send it to its client
 * Where that cannot be done the reply is passed as it is: the stack routes it and TC egress undoes it.
 * Return: XS_R_RETURNED, or 0: left for TC egress, which counts it
 */
static __always_inline enum xs_reason xs_return(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, struct xs_back *b, int *act)
{
	struct xs_nat n = { .from = &p->hdr.src, .from_port = p->hdr.sport, .to = &s->addr, .to_port = s->port, .dst = false };
	__u64 hop = 0;

	*act = XS_ACT_PASS;
	if (p->hdr.ttl <= 1 || xs_client_hop(c, p, s, &p->hdr.dst, b, &hop) || xs_hop_go(c, p, hop, act)) {
		*act = XS_ACT_PASS;
		return XS_R_NONE;
	}
	if (!xs_nat(c, p, &n))
		return XS_R_TRUNCATED;
	xs_ttl_less(c, p);
	xs_bump(XS_C_DIRECT_REPLIES);
	return XS_R_RETURNED;
}

#endif
