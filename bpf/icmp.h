/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* ICMP errors (RFC 792, 4443) go the way that an answer to the packet they quote would go, and are rewritten as it would be, in
 * the quote as well (RFC 5508, 4.2): those about replies, which quote the service as source, towards the target; those about
 * requests, which quote the target as destination, towards the client. That makes traceroute and path MTU discovery work. */
#ifndef XS_ICMP_H
#define XS_ICMP_H

#include "bpf/csum.h"
#include "bpf/flowtab.h"
#include "bpf/nat.h"
#include "bpf/parse.h"

/* ICMP and ICMPv6 begin alike; <linux/icmp.h> would bring in half of libc */
struct xs_icmp {
	__u8 type, code;
	__be16 checksum;
	__be32 rest;
};
enum { XS_ICMP4_UNREACH = 3, XS_ICMP4_TIME = 11, XS_ICMP4_PARAM = 12 };
enum { XS_ICMP4_CUT = 4, XS_ICMP4_FILTERED = 13 };	/* codes of unreachable */
enum { XS_ICMP6_UNREACH = 1, XS_ICMP6_TOO_BIG = 2, XS_ICMP6_TIME = 3, XS_ICMP6_PARAM = 4 };
enum { XS_ICMP6_PROHIBITED = 1 };

#define XS_QUOTE_L4 8	/* bytes of the transport header that every error quotes */

/* xs_icmp_error() - whether a packet that parse has found to be no TCP or UDP is an error that quotes another packet */
static __always_inline bool xs_icmp_error(xs_ctx *c, const struct xs_pkt *p)
{
	struct xs_icmp *i;

	if (p->hdr.frag || p->hdr.l4 > XS_L4_MAX || p->hdr.proto != (p->hdr.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return false;
	i = xs_at(c, p->hdr.l4, sizeof(*i));
	if (!i)
		return false;
	if (p->hdr.v6)
		return i->type >= XS_ICMP6_UNREACH && i->type <= XS_ICMP6_PARAM;
	return i->type == XS_ICMP4_UNREACH || i->type == XS_ICMP4_TIME || i->type == XS_ICMP4_PARAM;
}

static __always_inline void xs_turn_round(struct xs_pkt *q)
{
	struct xs_addr addr = q->hdr.src;
	__be16 port = q->hdr.sport;

	q->hdr.src = q->hdr.dst;
	q->hdr.dst = addr;
	q->hdr.sport = q->hdr.dport;
	q->hdr.dport = port;
}

/**
 * xs_quote() - Read the packet that an error quotes, its ends turned round: so it is one that goes the error's way
 * Return: a value for classify, NULL: no error, or about no packet of TCP or UDP, or not for the sender of that packet
 */
static __always_inline struct xs_pkt *xs_quote(xs_ctx *c, const struct xs_pkt *p)
{
	struct xs_pkt *q = XS_GET(xs_pkts, XS_PKT_QUOTED);
	__u32 end = p->hdr.l3 + p->hdr.ip_len;
	__be16 *port;

	if (!q || !xs_icmp_error(c, p) || end > xs_frame_len(c))
		return NULL;
	__builtin_memset(q, 0, sizeof(*q));
	q->hdr.l3 = p->hdr.l4 + sizeof(struct xs_icmp);
	q->hdr.quoted = XS_PKT_QUOTED;
	if (p->hdr.v6 ? xs_parse_ip6(c, q) : xs_parse_ip4(c, q))
		return NULL;
	if ((q->hdr.proto != IPPROTO_TCP && q->hdr.proto != IPPROTO_UDP) || q->hdr.l4 > XS_L4_MAX || q->hdr.l4 + XS_QUOTE_L4 > end)
		return NULL;
	port = xs_at(c, q->hdr.l4, XS_QUOTE_L4);
	if (!port)
		return NULL;
	q->hdr.sport = port[0];
	q->hdr.dport = port[1];
	xs_turn_round(q);
	return xs_same_addr(&p->hdr.dst, &q->hdr.dst) ? q : NULL;
}

/* xs_put_addr() - another address in the IP header of p: the error's own, or the one it quotes */
static __always_inline bool xs_put_addr(xs_ctx *c, const struct xs_pkt *p, const struct xs_nat *n)
{
	struct xs_addr to = *n->to;
	struct iphdr *ip;
	__u16 check;

	if (p->hdr.v6)
		return xs_put(c, p->hdr.l3 + (n->dst ? XS_OFFSETOF(struct ipv6hdr, daddr) : XS_OFFSETOF(struct ipv6hdr, saddr)), &to, sizeof(to));
	ip = xs_at(c, p->hdr.l3, sizeof(*ip));
	if (!ip)
		return false;
	check = xs_csum_update(ip->check, xs_csum_addr(n->from, &to, false));
	return xs_put(c, p->hdr.l3 + XS_OFFSETOF(struct iphdr, check), &check, sizeof(check)) &&
	       xs_put(c, p->hdr.l3 + (n->dst ? XS_OFFSETOF(struct iphdr, daddr) : XS_OFFSETOF(struct iphdr, saddr)), &to.w[3], sizeof(to.w[3]));
}

/* xs_put_port() - another port in the quoted transport header, and its checksum if that is quoted (of TCP often not); *diff: what
 * that does to the error's own checksum. @end: of the quote */
static __always_inline bool xs_put_port(xs_ctx *c, const struct xs_pkt *q, const struct xs_nat *n, __u32 end, __u64 *diff)
{
	bool tcp = q->hdr.proto == IPPROTO_TCP;
	__u32 at = q->hdr.l4 + (tcp ? XS_OFFSETOF(struct tcphdr, check) : XS_OFFSETOF(struct udphdr, check));
	__u16 *old = at + sizeof(*old) <= end ? xs_at(c, at, sizeof(*old)) : NULL, check;
	__be16 port = n->to_port;

	*diff = xs_csum_port(n->from_port, port);
	if (old && (tcp || *old)) {
		check = xs_csum_update(*old, *diff + xs_csum_addr(n->from, n->to, q->hdr.v6));
		if (!tcp && !check)
			check = 0xffff;
		*diff += xs_csum_port(*old, check);
		if (!xs_put(c, at, &check, sizeof(check)))
			return false;
	}
	return xs_put(c, q->hdr.l4 + (n->dst ? 2 : 0), &port, sizeof(port));
}

/* xs_icmp_nat() - rewrite an end of the quoted packet as n says, the error's own as `own` says if it is not NULL. The checksum of
 * an IPv4 header makes up for what changes in it; addresses of IPv6 count in ICMPv6's own checksum, also those of its header */
static __always_inline bool xs_icmp_nat(xs_ctx *c, const struct xs_pkt *p, const struct xs_pkt *q, const struct xs_nat *n,
					const struct xs_nat *own)
{
	struct xs_icmp *icmp = xs_at(c, p->hdr.l4, sizeof(*icmp));
	__u16 check = icmp ? icmp->checksum : 0;
	__u64 diff;

	if (!xs_put_addr(c, q, n) || !xs_put_port(c, q, n, p->hdr.l3 + p->hdr.ip_len, &diff) || (own && !xs_put_addr(c, p, own)))
		return false;
	if (p->hdr.v6)
		diff += xs_csum_addr(n->from, n->to, true) + (own ? xs_csum_addr(own->from, own->to, true) : 0);
	check = xs_csum_update(check, diff);
	return xs_put(c, p->hdr.l4 + XS_OFFSETOF(struct xs_icmp, checksum), &check, sizeof(check));
}

/**
 * xs_icmp_to_target() - Make an error about the service's packet one about the target's
 * Return: false if it could not be written
 */
static __always_inline bool xs_icmp_to_target(xs_ctx *c, const struct xs_pkt *p, const struct xs_pkt *q, const struct xs_target *t)
{
	struct xs_nat n = { .from = &q->hdr.dst, .from_port = q->hdr.dport, .to = &t->addr, .to_port = t->port, .dst = false };
	struct xs_nat own = { .from = &p->hdr.dst, .to = &t->addr, .dst = true };

	return xs_icmp_nat(c, p, q, &n, &own);
}

/**
 * xs_icmp_to_client() - Make an error about a packet to the target one about a packet to the service
 * The target's own errors come from the service; those of routers keep their sender, which is what traceroute shows.
 * Return: false if it could not be written
 */
static __always_inline bool xs_icmp_to_client(xs_ctx *c, const struct xs_pkt *p, const struct xs_pkt *q, const struct xs_service *s)
{
	struct xs_nat n = { .from = &q->hdr.src, .from_port = q->hdr.sport, .to = &s->addr, .to_port = s->port, .dst = true };
	struct xs_nat own = { .from = &p->hdr.src, .to = &s->addr, .dst = false };

	return xs_icmp_nat(c, p, q, &n, xs_same_addr(&p->hdr.src, &q->hdr.src) ? &own : NULL);
}

/**
 * xs_icmp_own() - The other end, of a flow whose target sees another source, when the first one has been written; reads p->to.own.
 * An error that an address of this host stands for gets that as its source, whoever it is from: its target knows no other.
 * @to, @port: what the client's end becomes, or the end that the target sees
 * Return: false if it could not be written
 */
static __always_inline bool xs_icmp_own(xs_ctx *c, const struct xs_pkt *p, const struct xs_pkt *q, const struct xs_addr *to, __be16 port)
{
	bool fwd = p->id.dir == XS_TO_TARGET;
	struct xs_nat n = { .from = fwd ? &q->hdr.src : &q->hdr.dst, .from_port = fwd ? q->hdr.sport : q->hdr.dport, .to = to, .to_port = port, .dst = fwd };
	struct xs_nat own = { .from = fwd ? &p->hdr.src : &p->hdr.dst, .to = to, .dst = !fwd };

	return xs_icmp_nat(c, p, q, &n, p->to.own == XS_OWN_CLIENT ? NULL : &own);
}

#endif
