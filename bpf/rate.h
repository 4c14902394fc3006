/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tenant -> may it now? The generic cell rate algorithm (ITU-T I.371): each rate keeps the time at which its next request would come
 * if all came at an even pace, and one that comes earlier than that by more than the slack is refused. A request is a connection,
 * a datagram with a shim, or the first one of a conversation.
 *
 * A tenant has the pair of rates twice. What is proven to be its own (a tag) is charged to `own` at the first packet. All else may
 * come from anybody: it is charged to `other` first, is let in only while `own` has room, too, and is charged there when the
 * handshake is complete. So SYNs with forged sources take nothing from the tenant but what is untagged and half-open, and
 * connections of both kinds together keep to the rate. Nothing ever proves a datagram without a tag: it stays with `other`.
 *
 * A prompt of any length may begin when earlier ones are paid for: its tokens are owed afterwards.
 *
 * A lock rather than a compare-and-exchange: kernels before 5.12 refuse to load that, and both rates are charged, or none. What is
 * refused takes no lock. */
#ifndef XS_RATE_H
#define XS_RATE_H

#include "bpf/admit.h"

#define XS_RATE_MOST (60 * XS_NS)	/* that one request can cost: an absurd length in an untagged shim passes */

/* xs_rate_cost() - ns that n of them take at this rate; 0: no limit */
static __always_inline __u64 xs_rate_cost(__u64 n, __u32 rate)
{
	__u64 ns = rate ? n * XS_NS / rate : 0;

	return ns < XS_RATE_MOST ? ns : XS_RATE_MOST;
}

static __always_inline struct xs_tat xs_rate_costs(const struct xs_tenant *t, __u32 tokens)
{
	return (struct xs_tat){ .requests = xs_rate_cost(1, t->requests), .tokens = xs_rate_cost(tokens, t->tokens) };
}

static __always_inline bool xs_rate_over(const struct xs_tat *tat, const struct xs_tenant *t, __u64 until)
{
	return (t->requests && tat->requests > until) || (t->tokens && tat->tokens > until);
}

static __always_inline void xs_rate_add(struct xs_tat *tat, const struct xs_tat *cost, __u64 now)
{
	tat->requests = (tat->requests > now ? tat->requests : now) + cost->requests;
	tat->tokens = (tat->tokens > now ? tat->tokens : now) + cost->tokens;
}

/* xs_rate_take() - charge a request unless it comes too early. Return: whether it may go */
static __always_inline bool xs_rate_take(struct xs_rate *r, const struct xs_tenant *t, bool proven, __u32 tokens)
{
	__u64 now = bpf_ktime_get_ns(), until = now + t->slack_ns;
	struct xs_tat *tat = proven ? &r->own : &r->other, cost = xs_rate_costs(t, tokens);
	bool over = xs_rate_over(&r->own, t, until) || xs_rate_over(tat, t, until);

	if (over || feat.dry)
		return !over;
	bpf_spin_lock(&r->lock);
	over = xs_rate_over(tat, t, until);
	if (!over)
		xs_rate_add(tat, &cost, now);
	bpf_spin_unlock(&r->lock);
	return !over;
}

/**
 * xs_rate() - Charge an admitted and placed first packet to its tenant; reads p->ask
 * @anew: it begins a flow. Else the flow is placed again, which costs something only if a shim begins a request of a datagram flow
 * Return: 0 or XS_R_RATE_LIMITED
 */
static __noinline enum xs_reason xs_rate(const struct xs_pkt *p, bool anew)
{
	struct xs_tenant *t = xs_tenant_row(p, p->ask.tenant);
	struct xs_rate *r;
	__u64 *limited;

	if (!t)
		return XS_R_INTERNAL;
	if (!(t->requests | t->tokens) || (!anew && !(p->hdr.proto == IPPROTO_UDP && p->ask.flags & XS_FF_SHIM)))
		return XS_R_NONE;
	r = XS_GET(xs_rates, p->ask.tenant);
	if (!r)
		return XS_R_INTERNAL;
	if (xs_rate_take(r, t, p->ask.flags & XS_FF_TAGGED, p->ask.tokens))
		return XS_R_NONE;
	limited = feat.dry ? NULL : XS_GET(xs_limited, p->ask.tenant);
	if (limited)
		++*limited;
	return XS_R_RATE_LIMITED;
}

/* xs_rate_proven() - the handshake is complete: what came without a tag is the tenant's from now on */
static __noinline int xs_rate_proven(const struct xs_pkt *p, const struct xs_flow *f)
{
	struct xs_tenant *t = xs_tenant_row(p, f->tenant);
	struct xs_rate *r = XS_GET(xs_rates, f->tenant);
	struct xs_tat cost;
	__u64 now;

	if (!t || !r || f->flags & XS_FF_TAGGED || !(t->requests | t->tokens))
		return 0;
	now = bpf_ktime_get_ns();
	cost = xs_rate_costs(t, xs_opt_tokens(f->prompt));
	bpf_spin_lock(&r->lock);
	xs_rate_add(&r->own, &cost, now);
	bpf_spin_unlock(&r->lock);
	return 0;
}

#endif
