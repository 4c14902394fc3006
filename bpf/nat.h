/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rewriting one end of a frame at XDP: address, port, checksums. A checksum that the sender left to its device (veth without
 * `ethtool -K DEV tx off`) is not complete and cannot be told from one that is: doctor looks for such devices. */
#ifndef XS_NAT_H
#define XS_NAT_H

#include <linux/tcp.h>
#include <linux/udp.h>
#include "bpf/csum.h"
#include "bpf/parse.h"

/* Which end of the packet gets another address, and from what to what. */
struct xs_nat {
	const struct xs_addr *from, *to;
	__be16 from_port, to_port;
	bool dst;		/* the destination; else the source */
};

static __always_inline bool xs_nat_l3(xs_ctx *c, const struct xs_pkt *p, const struct xs_nat *n)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	if (p->hdr.v6) {
		ip6 = xs_at(c, p->hdr.l3, sizeof(*ip6));
		if (!ip6)
			return false;
		__builtin_memcpy(n->dst ? (void *)&ip6->daddr : (void *)&ip6->saddr, n->to, sizeof(*n->to));
		return true;
	}
	ip = xs_at(c, p->hdr.l3, sizeof(*ip));
	if (!ip)
		return false;
	if (n->dst)
		ip->daddr = n->to->w[3];
	else
		ip->saddr = n->to->w[3];
	ip->check = xs_csum_update(ip->check, xs_csum_addr(n->from, n->to, false));
	return true;
}

static __always_inline bool xs_nat_l4(xs_ctx *c, const struct xs_pkt *p, const struct xs_nat *n)
{
	__u64 diff = xs_csum_addr(n->from, n->to, p->hdr.v6) + xs_csum_port(n->from_port, n->to_port);
	struct tcphdr *tcp;
	struct udphdr *udp;

	if (p->hdr.proto == IPPROTO_TCP) {
		tcp = xs_at(c, p->hdr.l4, sizeof(*tcp));
		if (!tcp)
			return false;
		if (n->dst)
			tcp->dest = n->to_port;
		else
			tcp->source = n->to_port;
		tcp->check = xs_csum_update(tcp->check, diff);
		return true;
	}
	udp = xs_at(c, p->hdr.l4, sizeof(*udp));
	if (!udp)
		return false;
	if (n->dst)
		udp->dest = n->to_port;
	else
		udp->source = n->to_port;
	if (udp->check)
		udp->check = xs_csum_update(udp->check, diff) ?: 0xffff;
	return true;
}

/* xs_nat() - rewrite one end. Return: false if the headers are not where parse saw them */
static __always_inline bool xs_nat(xs_ctx *c, const struct xs_pkt *p, const struct xs_nat *n)
{
	return xs_nat_l3(c, p, n) && xs_nat_l4(c, p, n);
}

/* xs_ttl_less() - one hop less, as a router does */
static __always_inline void xs_ttl_less(xs_ctx *c, const struct xs_pkt *p)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	if (p->hdr.v6) {
		ip6 = xs_at(c, p->hdr.l3, sizeof(*ip6));
		if (ip6)
			ip6->hop_limit--;
		return;
	}
	ip = xs_at(c, p->hdr.l3, sizeof(*ip));
	if (ip) {
		ip->check = xs_csum_update(ip->check, xs_csum_port(bpf_htons(0x100), 0));
		ip->ttl--;
	}
}

#endif
