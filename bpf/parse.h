/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* bytes -> p->hdr: Ethernet, up to two VLAN tags, IPv4 with options, IPv6 with extension headers, TCP and UDP. */
#ifndef XS_PARSE_H
#define XS_PARSE_H

#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include "bpf/pkt.h"

#define XS_VLAN_TAGS 2
#define XS_EXT_HEADERS 8
#define XS_L4_MAX 512		/* where the transport header may begin, so that all of it lies below XS_OFF_MASK */

struct xs_vlan { __be16 tci, next; };
struct xs_ext { __u8 next, len, type, left; };	/* the last two: of a routing header */
struct xs_ext_frag { __u8 next, zero; __be16 off; __be32 id; };

static __always_inline void xs_map_v4(struct xs_addr *a, __be32 v4)
{
	a->w[0] = 0;
	a->w[1] = 0;
	a->w[2] = bpf_htonl(0xffff);
	a->w[3] = v4;
}

static __always_inline enum xs_reason xs_parse_ip4(xs_ctx *c, struct xs_pkt *p)
{
	struct iphdr *ip = xs_at(c, p->hdr.l3, sizeof(*ip));
	__u32 off;

	if (!ip || ip->version != 4 || ip->ihl < 5)
		return XS_R_TRUNCATED;
	off = bpf_ntohs(ip->frag_off) & 0x3fff;
	p->hdr.frag = off ? p->hdr.l3 : 0;
	p->hdr.ip_len = bpf_ntohs(ip->tot_len);
	p->hdr.l4 = p->hdr.l3 + ip->ihl * 4;
	p->hdr.proto = ip->protocol;
	p->hdr.ttl = ip->ttl;
	xs_map_v4(&p->hdr.src, ip->saddr);
	xs_map_v4(&p->hdr.dst, ip->daddr);
	return off & 0x1fff ? XS_R_FRAGMENT_PASSED : XS_R_NONE;
}

/* xs_ext_walk() - walk the extension headers (RFC 8200) from `off` on, the first being `next`; global, so that the verifier
 * goes through it once. A packet that has more nodes to visit, or that AH protects from rewriting, is left alone.
 * Return: offset of the transport header | protocol << 16 | enum xs_reason << 32 | offset of the fragment header << 40 */
__noinline __u64 xs_ext_walk(xs_ctx *c, __u32 off, __u32 next)
{
	struct xs_ext_frag *f;
	struct xs_ext *x;
	__u64 frag = 0;

	for (int i = 0; i < XS_EXT_HEADERS; i++) {
		if (next == IPPROTO_TCP || next == IPPROTO_UDP || next == IPPROTO_ICMPV6)
			break;
		if (off > XS_L4_MAX)
			return (__u64)XS_R_NOT_L4 << 32;
		if (next == IPPROTO_FRAGMENT) {
			f = xs_at(c, off, sizeof(*f));
			if (!f)
				return (__u64)XS_R_TRUNCATED << 32;
			if (f->off & bpf_htons(0xfff8))
				return (__u64)XS_R_FRAGMENT_PASSED << 32 | (__u64)off << 40;
			if (f->off & bpf_htons(1))
				frag = off;
			next = f->next;
			off += sizeof(*f);
			continue;
		}
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS)
			return (__u64)XS_R_NOT_L4 << 32;
		x = xs_at(c, off, sizeof(*x));
		if (!x)
			return (__u64)XS_R_TRUNCATED << 32;
		if (next == IPPROTO_ROUTING && x->left)
			return (__u64)XS_R_NOT_L4 << 32;
		off += (x->len + 1) * 8;
		next = x->next;
	}
	return (off & 0xffff) | (__u64)(next & 0xff) << 16 | frag << 40;
}

static __always_inline enum xs_reason xs_parse_ext(xs_ctx *c, struct xs_pkt *p)
{
	__u64 w = xs_ext_walk(c, p->hdr.l4, p->hdr.proto);

	p->hdr.l4 = w & 0xffff;
	p->hdr.proto = w >> 16 & 0xff;
	p->hdr.frag = w >> 40;
	return w >> 32 & 0xff;
}

static __always_inline enum xs_reason xs_parse_ip6(xs_ctx *c, struct xs_pkt *p)
{
	struct ipv6hdr *ip = xs_at(c, p->hdr.l3, sizeof(*ip));

	if (!ip || ip->version != 6)
		return XS_R_TRUNCATED;
	p->hdr.v6 = 1;
	p->hdr.ip_len = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	p->hdr.l4 = p->hdr.l3 + sizeof(*ip);
	p->hdr.proto = ip->nexthdr;
	p->hdr.ttl = ip->hop_limit;
	__builtin_memcpy(&p->hdr.src, &ip->saddr, sizeof(p->hdr.src));
	__builtin_memcpy(&p->hdr.dst, &ip->daddr, sizeof(p->hdr.dst));
	if (xs_addr_is4(&p->hdr.src) || xs_addr_is4(&p->hdr.dst))	/* mapped: on no wire, and here it would meet IPv4 flows */
		return XS_R_NOT_OURS;
	if (p->hdr.proto == IPPROTO_TCP || p->hdr.proto == IPPROTO_UDP)
		return XS_R_NONE;
	return xs_parse_ext(c, p);
}

/* xs_parse_cut() - the transport header ends before it should: the ports of a first fragment still say whose it is
 * Return: XS_R_FRAGMENT_REFUSED with the ports, which is to be so only if the packet is ours; else XS_R_TRUNCATED */
static __always_inline enum xs_reason xs_parse_cut(xs_ctx *c, struct xs_pkt *p, __u32 end)
{
	__be16 *port = p->hdr.frag && p->hdr.l4 + 4 <= end ? xs_at(c, p->hdr.l4, 4) : NULL;

	if (!port)
		return XS_R_TRUNCATED;
	p->hdr.sport = port[0];
	p->hdr.dport = port[1];
	p->hdr.pay = 0;
	return XS_R_FRAGMENT_REFUSED;
}

static __always_inline enum xs_reason xs_parse_l4(xs_ctx *c, struct xs_pkt *p)
{
	__u32 end = p->hdr.l3 + p->hdr.ip_len, l4 = p->hdr.l4, len;
	struct tcphdr *tcp;
	struct udphdr *udp;

	if (l4 > XS_L4_MAX || end > xs_frame_len(c))
		return XS_R_TRUNCATED;
	if (p->hdr.proto == IPPROTO_TCP) {
		tcp = xs_at(c, l4, sizeof(*tcp));
		if (!tcp || tcp->doff < 5)
			return xs_parse_cut(c, p, end);
		p->hdr.sport = tcp->source;
		p->hdr.dport = tcp->dest;
		p->hdr.seq = bpf_ntohl(tcp->seq);
		p->hdr.ack = bpf_ntohl(tcp->ack_seq);
		p->hdr.tcp_flags = ((__u8 *)tcp)[13];
		p->hdr.pay = l4 + tcp->doff * 4;
	} else {
		udp = xs_at(c, l4, sizeof(*udp));
		if (!udp)
			return XS_R_TRUNCATED;
		p->hdr.sport = udp->source;
		p->hdr.dport = udp->dest;
		p->hdr.pay = l4 + sizeof(*udp);
		len = bpf_ntohs(udp->len);
		if (len < sizeof(*udp) || (!p->hdr.frag && l4 + len > end))
			return XS_R_TRUNCATED;
		if (!p->hdr.frag)
			end = l4 + len;		/* what follows within the IP packet is no payload */
	}
	if (p->hdr.pay > end)
		return xs_parse_cut(c, p, end);
	p->hdr.pay_len = end - p->hdr.pay;
	return XS_R_NONE;
}

/**
 * xs_parse() - Read the headers; writes p->hdr, which the caller has zeroed
 * Return: 0, or why the packet cannot be steered as it is. Of these XS_R_FRAGMENT_PASSED, XS_R_FRAGMENT_REFUSED and XS_R_NOT_L4
 * may be ours in another way (odd.h); all others pass untouched
 */
static __always_inline enum xs_reason xs_parse(xs_ctx *c, struct xs_pkt *p)
{
	struct ethhdr *eth = xs_at(c, 0, sizeof(*eth));
	__u32 off = sizeof(*eth);
	enum xs_reason r;
	struct xs_vlan *v;
	__be16 type;

	if (!eth)
		return XS_R_TRUNCATED;
	type = eth->h_proto;
#pragma unroll
	for (int i = 0; i < XS_VLAN_TAGS; i++) {
		if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
			break;
		v = xs_at(c, off, sizeof(*v));
		if (!v)
			return XS_R_TRUNCATED;
		type = v->next;
		off += sizeof(*v);
	}
	p->hdr.l3 = off;
	if (type != bpf_htons(ETH_P_IP) && type != bpf_htons(ETH_P_IPV6))
		return XS_R_NOT_IP;
	if (eth->h_dest[0] & 1)		/* to a group of hosts: no connection, and never to be answered (RFC 1122, 3.2.2) */
		return XS_R_NOT_OURS;
	r = type == bpf_htons(ETH_P_IP) ? xs_parse_ip4(c, p) : xs_parse_ip6(c, p);
	if (r)
		return r;
	if (p->hdr.proto != IPPROTO_TCP && p->hdr.proto != IPPROTO_UDP)
		return XS_R_NOT_L4;
	return xs_parse_l4(c, p);
}

#endif
