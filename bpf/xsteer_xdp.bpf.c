// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* XDP ingress: clients' packets go to their targets, replies that come in here are undone. */
#include "bpf/ctx_xdp.h"
#include "bpf/maps.bpf.h"
#include "bpf/odd.h"
#include "bpf/pipeline.h"

#define X(id, name, act, help) XS_V_##act,
/* Rounded up, so that a mask bounds the index: older verifiers lose a comparison when the compiler has copied the value. */
#define XS_VERDICTS 64
const __u8 xs_verdicts[XS_VERDICTS] = { XS_REASONS(X) };
_Static_assert(XS_R_MAX <= XS_VERDICTS, "a verdict for each reason");
#undef X

/* xs_half_return() - send the reply of a handshake to its client; one that goes by the stack is undone at TC egress */
static __noinline enum xs_reason xs_half_return(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	struct xs_half *h = XS_GET(xs_half_now, 0);
	enum xs_reason r;
	int did;

	if (!h)
		return XS_R_INTERNAL;
	if (h->own) {
		xs_own_known(p, h->own, h->way, h->target);
		did = xs_own_return(c);
		*act = XS_OWN_ACT(did);
		return XS_OWN_REASON(did);
	}
	if (p->hdr.frag && (r = xs_frag_first(c, p, h->target, h->way)))
		return r;
	return h->way != XS_WAY_DIRECT || feat.dry ? XS_R_NONE : xs_return(c, p, s, NULL, act);
}

/* xs_half_reply() - the same, and what it says. Inlined, for the sake of the stack */
static __always_inline enum xs_reason xs_half_reply(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	enum xs_reason r = xs_half_return(c, p, s, act);
	struct xs_back *b;

	if (r != XS_R_RETURNED)
		return r;
	xs_half_answered(p);
	b = p->id.half ? NULL : XS_GET(xs_backs, p->id.flow - 1);
	if (b)
		xs_heard(c, p, b);
	else
		xs_half_counted(p);
	return r;
}

static __always_inline enum xs_reason xs_to_client(xs_ctx *c, struct xs_pkt *p, const struct xs_service *s, int *act)
{
	struct xs_back *b;
	enum xs_reason r;
	int did;

	if (p->id.half)
		return xs_half_reply(c, p, s, act);
	b = XS_GET(xs_backs, p->id.flow - 1);
	if (!b)
		return XS_R_INTERNAL;
	if (b->own) {
		xs_own_known(p, b->own, b->way, b->target);
		did = xs_own_return(c);
		*act = XS_OWN_ACT(did);
		r = XS_OWN_REASON(did);
	} else {
		if (p->hdr.frag && (r = xs_frag_first(c, p, b->target, b->way)))
			return r;
		if (b->way != XS_WAY_DIRECT || feat.dry)
			return XS_R_NONE;
		r = xs_return(c, p, s, b, act);
	}
	if (r == XS_R_RETURNED)
		xs_heard(c, p, b);
	return r;
}

static __always_inline int xs_end(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s, enum xs_reason r, int act)
{
	__u8 v = xs_verdicts[r & (XS_VERDICTS - 1)];

	xs_trace_end(p, r);
	if (!r)
		return XS_ACT_PASS;
	xs_count(p, r, p->hdr.ip_len);
	if (v == XS_V_SEND)
		return act;
	if (v == XS_V_REFUSE && s)
		return xs_refuse(c, p, s);
	if (v == XS_V_PASS)	/* whom the stack cannot tell of it was told here */
		return p->to.own ? act : XS_ACT_PASS;
	return XS_ACT_DROP;
}

SEC("xdp")
int xsteer_xdp(xs_ctx *c)
{
	struct xs_pkt *p = xs_pkt_new();
	struct xs_service *s = NULL;
	int act = XS_ACT_PASS;
	enum xs_reason r;

	if (!p)
		return XS_ACT_PASS;
	r = xs_parse(c, p) ?: xs_classify(p, false);
	if (!r) {
		s = xs_service_at(p->id.gen, p->id.service);
		if (!s)
			r = XS_R_INTERNAL;
		else if (p->id.dir == XS_TO_TARGET)
			r = xs_to_target(c, p, s, &act);
		else
			r = xs_to_client(c, p, s, &act);
	} else if (r == XS_R_NOT_OURS) {
		if (xs_is_syn(p))
			xs_yield(p);
	} else {
		r = xs_odd(c, p, r, &act);
	}
	return xs_end(c, p, s, r, act);
}

char _license[] SEC("license") = "Dual BSD/GPL";
