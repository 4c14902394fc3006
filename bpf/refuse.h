/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Telling a refused client at once: a TCP reset (RFC 9293, 3.10.7.1) or an ICMP administratively-prohibited error (RFC 1812,
 * 5.2.7.1; RFC 4443, 3.1), made from the refused frame itself and sent back where it came from. Never larger than what
 * caused it and never more than the setting `refusals` a second and CPU, so that it is worth nothing as a reflector. */
#ifndef XS_REFUSE_H
#define XS_REFUSE_H

#include "bpf/csum.h"
#include "bpf/flowtab.h"
#include "bpf/icmp.h"
#include "bpf/measure.h"
#include "bpf/parse.h"

#define XS_QUOTE 8		/* bytes of the refused packet's payload in an ICMP error */

/* xs_refuse_allowed() - take one from this second's budget */
static __always_inline bool xs_refuse_allowed(const struct xs_pkt *p)
{
	struct xs_settings *set = XS_GET(xs_settings, p->id.gen);
	struct xs_refusals *l = XS_GET(xs_limits, 0);
	__u64 second = feat.hz ? bpf_jiffies64() / feat.hz : 0;

	if (!l || !set)
		return false;
	if (l->second != second) {
		l->second = second;
		l->sent = 0;
	}
	return l->sent++ < set->refusals;
}

static __always_inline void xs_swap_macs(struct ethhdr *eth)
{
	__u8 mac[6];

	__builtin_memcpy(mac, eth->h_dest, 6);
	__builtin_memcpy(eth->h_dest, eth->h_source, 6);
	__builtin_memcpy(eth->h_source, mac, 6);
}

/* xs_answer_ip() - an IP header without options at l3, from the service to the client, for len bytes behind it */
static __always_inline bool xs_answer_ip(xs_ctx *c, const struct xs_pkt *p, __u8 proto, __u32 len)
{
	struct ipv6hdr *ip6;
	struct iphdr *ip;

	if (p->hdr.v6) {
		ip6 = xs_at(c, p->hdr.l3, sizeof(*ip6));
		if (!ip6)
			return false;
		__builtin_memset(ip6, 0, 4);
		ip6->version = 6;
		ip6->payload_len = bpf_htons(len);
		ip6->nexthdr = proto;
		ip6->hop_limit = 64;
		__builtin_memcpy(&ip6->saddr, &p->hdr.dst, 16);
		__builtin_memcpy(&ip6->daddr, &p->hdr.src, 16);
		return true;
	}
	ip = xs_at(c, p->hdr.l3, sizeof(*ip));
	if (!ip)
		return false;
	__builtin_memset(ip, 0, sizeof(*ip));
	ip->version = 4;
	ip->ihl = 5;
	ip->ttl = 64;
	ip->protocol = proto;
	ip->tot_len = bpf_htons(sizeof(*ip) + len);
	ip->saddr = p->hdr.dst.w[3];
	ip->daddr = p->hdr.src.w[3];
	ip->check = (__u16)~xs_csum_fold((__u64)bpf_htons(0x4500) + bpf_htons(sizeof(*ip) + len) + bpf_htons(64 << 8 | proto) +
					 p->hdr.dst.w[3] + p->hdr.src.w[3]);
	return true;
}

static __always_inline __u64 xs_pseudo(const struct xs_pkt *p, __u8 proto, __u32 len)
{
	__u64 sum = (__u64)bpf_htons(proto) + bpf_htons(len);

	sum += (__u64)p->hdr.src.w[3] + p->hdr.dst.w[3];
	if (p->hdr.v6)
		sum += (__u64)p->hdr.src.w[0] + p->hdr.src.w[1] + p->hdr.src.w[2] +
		       p->hdr.dst.w[0] + p->hdr.dst.w[1] + p->hdr.dst.w[2];
	return sum;
}

/* xs_cut_to() - trim the frame to len bytes */
static __always_inline bool xs_cut_to(xs_ctx *c, __u32 len)
{
	__u32 now = xs_frame_len(c);

	return now == len || !bpf_xdp_adjust_tail(c, (int)len - (int)now);
}

/* xs_back_out() - send the frame back by the device it came from. By redirect where that works: on a veth whose peer has no XDP
 * program, what XDP_TX sends waits until something else wakes the peer. Return: what the hook shall return */
static __always_inline int xs_back_out(xs_ctx *c)
{
	__u32 in = xs_in_ifindex(c), *slot = bpf_map_lookup_elem(&xs_devslot, &in);
	struct xs_dev *d = slot ? XS_GET(xs_devs, *slot) : NULL;

	return d && d->redirect ? bpf_redirect_map(&xs_devmap, *slot, XS_ACT_TX) : XS_ACT_TX;
}

static __noinline int xs_send_reset(xs_ctx *c, const struct xs_pkt *p)
{
	__u32 l4 = p->hdr.l3 + (p->hdr.v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
	__u32 took = p->hdr.pay_len + !!(p->hdr.tcp_flags & XS_TCP_SYN) + !!(p->hdr.tcp_flags & XS_TCP_FIN);
	struct tcphdr *tcp, h = {};
	struct ethhdr *eth;

	if (!xs_cut_to(c, l4 + sizeof(*tcp)) || !xs_answer_ip(c, p, IPPROTO_TCP, sizeof(*tcp)))
		return XS_ACT_DROP;
	eth = xs_at(c, 0, sizeof(*eth));
	tcp = xs_at(c, l4, sizeof(*tcp));
	if (!eth || !tcp)
		return XS_ACT_DROP;
	h.source = p->hdr.dport;
	h.dest = p->hdr.sport;
	h.doff = 5;
	h.rst = 1;
	if (p->hdr.tcp_flags & XS_TCP_ACK) {
		h.seq = bpf_htonl(p->hdr.ack);
	} else {
		h.ack = 1;
		h.ack_seq = bpf_htonl(p->hdr.seq + took);
	}
	h.check = (__u16)~xs_csum_fold(xs_pseudo(p, IPPROTO_TCP, sizeof(h)) + xs_csum_words(&h, sizeof(h) / 2));
	*tcp = h;
	xs_swap_macs(eth);
	xs_bump(XS_C_RESETS_SENT);
	return xs_back_out(c);
}

/* xs_icmp_sum() - sum of len bytes (even) at `at`. Return: ~0 if they are not there */
__noinline __u64 xs_icmp_sum(xs_ctx *c, __u32 at, __u32 len)
{
	__u64 sum = 0;
	__u16 *w;

	for (__u32 i = 0; i < (sizeof(struct xs_icmp) + 60 + XS_QUOTE) / 2; i++) {
		if (2 * i >= len)
			break;
		w = xs_at(c, at + 2 * i, 2);
		if (!w)
			return ~0ULL;
		sum += *w;
	}
	return sum;
}

/* xs_icmp_fill() - the ICMP header, with the checksum over it and the quote behind it (len bytes in all) */
static __always_inline bool xs_icmp_fill(xs_ctx *c, const struct xs_pkt *p, __u32 at, __u32 len, __u32 what, __be32 rest)
{
	struct xs_icmp *icmp = xs_at(c, at, sizeof(*icmp));
	__u64 sum;

	if (!icmp)
		return false;
	__builtin_memset(icmp, 0, sizeof(*icmp));
	icmp->type = what >> 8;
	icmp->code = what;
	icmp->rest = rest;
	sum = xs_icmp_sum(c, at, len);
	icmp = xs_at(c, at, sizeof(*icmp));
	if (!icmp || sum == ~0ULL)
		return false;
	icmp->checksum = (__u16)~xs_csum_fold(sum + (p->hdr.v6 ? xs_pseudo(p, IPPROTO_ICMPV6, len) : 0));
	return true;
}

/* xs_l2_down() - make room of n bytes behind the first l2 ones. Return: 0, -1 */
__noinline int xs_l2_down(xs_ctx *c, __u32 l2, __u32 n)
{
	__u16 *from, *to;

	if (bpf_xdp_adjust_head(c, -(int)n))
		return -1;
	for (__u32 i = 0; i < (ETH_HLEN + XS_VLAN_TAGS * sizeof(struct xs_vlan)) / 2; i++) {
		if (2 * i >= l2)
			break;
		from = xs_at(c, n + 2 * i, 2);
		to = xs_at(c, 2 * i, 2);
		if (!from || !to)
			return -1;
		*to = *from;
	}
	return 0;
}

/* xs_send_icmp() - the packet's IP header and first bytes become the quote of an error in front of them.
 * @what: type << 8 | code; @rest: the word behind the checksum */
static __always_inline int xs_send_icmp(xs_ctx *c, const struct xs_pkt *p, __u32 what, __be32 rest)
{
	__u32 head = (p->hdr.v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) + sizeof(struct xs_icmp);
	__u32 quote = (p->hdr.v6 ? sizeof(struct ipv6hdr) : p->hdr.l4 - p->hdr.l3) + XS_QUOTE, l2 = p->hdr.l3;
	struct ethhdr *eth;

	if (head + quote > p->hdr.ip_len || !xs_cut_to(c, l2 + quote) || xs_l2_down(c, l2, head))
		return XS_ACT_DROP;
	if (!xs_answer_ip(c, p, p->hdr.v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP, sizeof(struct xs_icmp) + quote) ||
	    !xs_icmp_fill(c, p, l2 + head - sizeof(struct xs_icmp), sizeof(struct xs_icmp) + quote, what, rest))
		return XS_ACT_DROP;
	eth = xs_at(c, 0, sizeof(*eth));
	if (!eth)
		return XS_ACT_DROP;
	xs_swap_macs(eth);
	xs_bump(XS_C_ICMP_SENT);
	return xs_back_out(c);
}

/* xs_refuse_icmp() - an error to the packet's sender, if the budget allows. Global: verified once. Return: what the hook shall return */
__noinline int xs_refuse_icmp(xs_ctx *c, __u32 what, __u32 rest)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	int act = p && xs_refuse_allowed(p) ? xs_send_icmp(c, p, what, rest) : XS_ACT_DROP;

	if (act == XS_ACT_DROP)
		xs_bump(XS_C_REFUSALS_LIMITED);
	return act;
}

/**
 * xs_refuse() - Answer a refused packet as its service says; never to a group of hosts (a source that no sender may have)
 * Return: what the hook shall return: the answer goes back by the device it came from, or the packet is dropped
 */
static __always_inline int xs_refuse(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s)
{
	struct ethhdr *eth = xs_at(c, 0, sizeof(*eth));
	int act;

	if (s->refuse == XS_REFUSE_SILENT || feat.dry || p->hdr.tcp_flags & XS_TCP_RST || !eth || eth->h_source[0] & 1)
		return XS_ACT_DROP;
	if (p->hdr.proto == IPPROTO_UDP)
		return xs_refuse_icmp(c, p->hdr.v6 ? XS_ICMP6_UNREACH << 8 | XS_ICMP6_PROHIBITED : XS_ICMP4_UNREACH << 8 | XS_ICMP4_FILTERED, 0);
	act = xs_refuse_allowed(p) ? xs_send_reset(c, p) : XS_ACT_DROP;
	if (act == XS_ACT_DROP)
		xs_bump(XS_C_REFUSALS_LIMITED);
	return act;
}

#endif
