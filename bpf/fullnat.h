/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Packets of flows whose target sees another end than the client's (own.h), at XDP: both ends are rewritten in one pass.
 *
 * Replies that are sent to the client's own address go the two ways that all replies have. Those that are sent to an address of this
 * host can be met where they come in alone: they are undone whole at XDP ingress, then redirected, or handed up for the stack to
 * route. Nor can the stack answer for such a flow, for its errors would be sent to this host: where a packet is too big or its time
 * to live is over, the client is told from here, before the packet is rewritten. */
#ifndef XS_FULLNAT_H
#define XS_FULLNAT_H

#include "bpf/frag.h"
#include "bpf/half.h"
#include "bpf/hop.h"
#include "bpf/measure.h"
#include "bpf/nat.h"
#include "bpf/refuse.h"
#include "bpf/strip.h"

/* What both ends of a packet become: one is the service or the target, the other stands in xs_end_now. */
struct xs_ends {
	const struct xs_addr *src, *dst;
	__be16 sport, dport;
};

/* xs_ends_l3() - the addresses alone, which is all that a later fragment has */
static __always_inline bool xs_ends_l3(xs_ctx *c, const struct xs_pkt *p, const struct xs_ends *e)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	if (p->hdr.v6) {
		ip6 = xs_at(c, p->hdr.l3, sizeof(*ip6));
		if (!ip6)
			return false;
		__builtin_memcpy(&ip6->saddr, e->src, sizeof(*e->src));
		__builtin_memcpy(&ip6->daddr, e->dst, sizeof(*e->dst));
		return true;
	}
	ip = xs_at(c, p->hdr.l3, sizeof(*ip));
	if (!ip)
		return false;
	ip->saddr = e->src->w[3];
	ip->daddr = e->dst->w[3];
	ip->check = xs_csum_update(ip->check, xs_csum_addr(&p->hdr.src, e->src, false) + xs_csum_addr(&p->hdr.dst, e->dst, false));
	return true;
}

static __always_inline bool xs_ends_l4(xs_ctx *c, const struct xs_pkt *p, const struct xs_ends *e)
{
	__u64 diff = xs_csum_addr(&p->hdr.src, e->src, p->hdr.v6) + xs_csum_addr(&p->hdr.dst, e->dst, p->hdr.v6) +
		     xs_csum_port(p->hdr.sport, e->sport) + xs_csum_port(p->hdr.dport, e->dport);
	struct tcphdr *tcp;
	struct udphdr *udp;

	if (p->hdr.proto == IPPROTO_TCP) {
		tcp = xs_at(c, p->hdr.l4, sizeof(*tcp));
		if (!tcp)
			return false;
		tcp->source = e->sport;
		tcp->dest = e->dport;
		tcp->check = xs_csum_update(tcp->check, diff);
		return true;
	}
	udp = xs_at(c, p->hdr.l4, sizeof(*udp));
	if (!udp)
		return false;
	udp->source = e->sport;
	udp->dest = e->dport;
	if (udp->check)
		udp->check = xs_csum_update(udp->check, diff) ?: 0xffff;
	return true;
}

/* xs_dev_mtu() - of a device of the instance; ~0: it is none */
static __always_inline __u32 xs_dev_mtu(__u32 ifindex)
{
	__u32 *slot = bpf_map_lookup_elem(&xs_devslot, &ifindex);
	struct xs_dev *d = slot ? XS_GET(xs_devs, *slot) : NULL;

	return d && d->mtu ? d->mtu : ~0U;
}

/* xs_own_towards() - as xs_towards(), and the shim is removed where the service says so. What the client is to be told of is found out
 * before, on either way: the stack would tell this host. *mtu: what the packet is too big for */
static __always_inline enum xs_reason xs_own_towards(xs_ctx *c, struct xs_pkt *p, const struct xs_target *t, int *act, __u32 *mtu)
{
	enum xs_reason r;
	struct xs_dev *d;
	__u64 hop = 0;

	*act = XS_ACT_PASS;
	*mtu = xs_dev_mtu(t->ifindex);
	if (p->hdr.ttl <= 1)
		return XS_R_TTL_EXPIRED;
	if ((__u32)p->hdr.ip_len - p->ask.strip > *mtu)
		return XS_R_TOO_BIG;
	if (p->ask.strip && !xs_strip(c, p, p->ask.strip))
		return XS_R_TRUNCATED;
	if (p->to.way != XS_WAY_DIRECT)
		return XS_R_STEERED;
	r = xs_target_hop(c, p, t, p->to.target, &hop);
	if (r == XS_R_TOO_BIG && hop < *mtu)
		*mtu = hop;
	if (!r) {
		r = xs_hop_go(c, p, hop, act) ?: XS_R_STEERED;
		d = r == XS_R_TOO_BIG && !p->ask.strip ? XS_GET(xs_devs, hop & 0xffff) : NULL;
		if (d)		/* the route is younger than the target's row, which knows no device then */
			*mtu = d->mtu;
	}
	if (r != XS_R_STEERED)
		*act = XS_ACT_PASS;
	return r;
}

/* xs_cannot_be_cut() - whether a packet that is too big is the client's affair: it forbids to cut it, and came as large as this, so
 * that no device has merged it */
static __always_inline bool xs_cannot_be_cut(xs_ctx *c, const struct xs_pkt *p, __u32 mtu)
{
	struct iphdr *ip = p->hdr.v6 ? NULL : xs_at(c, p->hdr.l3, sizeof(*ip));

	return (p->hdr.v6 || (ip && ip->frag_off & bpf_htons(0x4000))) && p->hdr.ip_len > mtu && p->hdr.ip_len <= xs_dev_mtu(xs_in_ifindex(c));
}

/* xs_own_tell() - an ICMP error to the client about its packet as it came. Return: what the hook shall return */
static __always_inline int xs_own_tell(xs_ctx *c, const struct xs_pkt *p, enum xs_reason r, __u32 mtu)
{
	__u32 what = (p->hdr.v6 ? XS_ICMP6_TIME : XS_ICMP4_TIME) << 8;
	struct ethhdr *eth = xs_at(c, 0, sizeof(*eth));

	if (!eth || eth->h_source[0] & 1)
		return XS_ACT_DROP;
	if (r == XS_R_TOO_BIG)
		what = p->hdr.v6 ? XS_ICMP6_TOO_BIG << 8 : XS_ICMP4_UNREACH << 8 | XS_ICMP4_CUT;
	return xs_refuse_icmp(c, what, r == XS_R_TOO_BIG ? bpf_htonl(mtu) : 0);
}

/* What the functions below return that are verified once, for which they are global: reason | act << 8 */
#define XS_OWN_DID(r, act) ((r) | (act) << 8)
#define XS_OWN_ACT(did) ((did) >> 8)
#define XS_OWN_REASON(did) ((did) & 0xff)

/**
 * xs_own_deliver() - As xs_deliver(), for a flow whose target sees another source; p->to has all of it
 * Return: XS_OWN_DID(). For XS_R_TTL_EXPIRED and XS_R_TOO_BIG, too, its act is what the hook shall return
 */
__noinline int xs_own_deliver(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_target *t = p ? XS_GET(xs_targets, p->to.target) : NULL;
	struct xs_ends e = {};
	const struct xs_end *seen;
	int act = XS_ACT_PASS;
	enum xs_reason r;
	__u32 mtu = 0;

	if (!p || !t)
		return XS_OWN_DID(XS_R_INTERNAL, XS_ACT_PASS);
	r = xs_own_towards(c, p, t, &act, &mtu);
	if (p->to.own != XS_OWN_CLIENT && (r == XS_R_TTL_EXPIRED || (r == XS_R_TOO_BIG && xs_cannot_be_cut(c, p, mtu))))
		return XS_OWN_DID(r, xs_own_tell(c, p, r, mtu));
	if (r == XS_R_TRUNCATED)
		return XS_OWN_DID(r, XS_ACT_PASS);
	seen = xs_seen_as(p);
	if (!seen)
		return XS_OWN_DID(XS_R_INTERNAL, XS_ACT_PASS);
	e = (struct xs_ends){ .src = &seen->addr, .sport = seen->port, .dst = &t->addr, .dport = t->port };
	if (!xs_ends_l3(c, p, &e) || !xs_ends_l4(c, p, &e))
		return XS_OWN_DID(XS_R_TRUNCATED, XS_ACT_PASS);
	if (act != XS_ACT_PASS)
		xs_ttl_less(c, p);
	return XS_OWN_DID(r, act);
}

/* xs_own_home() - redirect what is on its way to the client, if its way is direct. Return: false: the stack is to have it */
static __always_inline bool xs_own_home(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s, const struct xs_addr *client,
					struct xs_back *b, int *act)
{
	__u64 hop = 0;

	*act = XS_ACT_PASS;
	if (p->to.way == XS_WAY_DIRECT && p->hdr.ttl > 1 && !xs_client_hop(c, p, s, client, b, &hop) && !xs_hop_go(c, p, hop, act))
		return true;
	*act = XS_ACT_PASS;
	return false;
}

/* xs_own_known() - what the reply's flow says */
static __always_inline void xs_own_known(struct xs_pkt *p, __u8 own, __u8 way, __u16 target)
{
	p->to.own = own;
	p->to.way = way;
	p->to.target = target;
}

/**
 * xs_own_return() - As xs_return(), for a flow whose target sees another source; p->to has target, way and own
 * Return: XS_OWN_DID(), of xs_return()'s reasons, or why a fragment is refused
 */
__noinline int xs_own_return(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_service *s = p ? xs_service_at(p->id.gen, p->id.service) : NULL;
	struct xs_back *b = p && !p->id.half ? XS_GET(xs_backs, p->id.flow - 1) : NULL;
	const struct xs_end *client;
	int act = XS_ACT_PASS;
	struct xs_ends e = {};
	enum xs_reason r;

	if (!p || !s)
		return XS_OWN_DID(XS_R_INTERNAL, XS_ACT_PASS);
	if (p->hdr.frag && (r = xs_frag_first(c, p, p->to.target, p->to.way)))
		return XS_OWN_DID(r, XS_ACT_PASS);
	client = xs_client_of(p);
	if (!client)
		return XS_OWN_DID(XS_R_INTERNAL, XS_ACT_PASS);
	e = (struct xs_ends){ .src = &s->addr, .sport = s->port, .dst = &client->addr, .dport = client->port };
	if (feat.dry || (!xs_own_home(c, p, s, e.dst, b, &act) && p->to.own == XS_OWN_CLIENT))
		return XS_OWN_DID(XS_R_NONE, XS_ACT_PASS);
	if (!xs_ends_l3(c, p, &e) || !xs_ends_l4(c, p, &e))
		return XS_OWN_DID(XS_R_TRUNCATED, XS_ACT_PASS);
	if (act != XS_ACT_PASS)
		xs_ttl_less(c, p);
	xs_bump(XS_C_DIRECT_REPLIES);
	return XS_OWN_DID(XS_R_RETURNED, act);
}

/**
 * xs_frag_end() - What the first fragment has left (xs_frag_end_put) for a later one that has found its row
 * Return: false: it is not known any more
 */
static __noinline bool xs_frag_end(xs_ctx *c, const struct xs_pkt *p, struct xs_addr *to)
{
	struct xs_frag_end *at, end;
	struct xs_frag_key k;

	if (xs_frag_key(c, p, &k) == ~0U)
		return false;
	at = bpf_map_lookup_elem(&xs_frag_ends, &k);
	if (!at)
		return false;
	end = *at;
	*to = end.addr;
	return end.check == xs_frag_end_check(&k, to);
}

/* xs_own_later() - a later fragment gets both addresses. @other: what becomes of the one that is not the service's or the target's */
static __always_inline bool xs_own_later(xs_ctx *c, const struct xs_pkt *p, const struct xs_addr *one, const struct xs_addr *other)
{
	bool fwd = p->id.dir == XS_TO_TARGET;
	struct xs_ends e = { .src = fwd ? other : one, .dst = fwd ? one : other };

	return xs_ends_l3(c, p, &e);
}

#endif
