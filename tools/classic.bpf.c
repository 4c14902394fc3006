// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The yardstick of `make bench`: a classic XDP balancer as the field builds them, for comparison in the same run, not for use.
 * Address and port in a hash of VIPs; the flow in an LRU hash under its whole tuple, else a place on a ring of 65,537 slots;
 * IP in IP; out by the device it came from; a count of packets and bytes for the exit and one for the real server. TCP and
 * UDP over IPv4 and IPv6, no options, no fragments, no replies (they go straight to the client). */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "tools/classic.h"

#define MAP(name, kind, n, k, v) \
	struct { __uint(type, BPF_MAP_TYPE_##kind); __uint(max_entries, n); __type(key, k); __type(value, v); } name SEC(".maps")

MAP(vips, HASH, 512, struct classic_vip, __u32);
MAP(flows, LRU_HASH, 1 << 20, struct classic_flow, struct classic_where);	/* bench gives it the size of xs_flows */
MAP(ring, ARRAY, CLASSIC_RING, __u32, __u32);
MAP(reals, ARRAY, CLASSIC_REALS, __u32, struct classic_addr);
MAP(out, DEVMAP, 1, __u32, __u32);
MAP(stats, PERCPU_ARRAY, CLASSIC_ROWS + CLASSIC_REALS, __u32, struct classic_stat);

const volatile __u8 wired = 0;	/* send by the device in `out` instead of back: so the counter at the other end is the same for all */

static __always_inline void count(__u32 row, __u32 bytes)
{
	struct classic_stat *s = bpf_map_lookup_elem(&stats, &row);

	if (!s)
		return;
	s->packets++;
	s->bytes += bytes;
}

/* mix() - final mix of Jenkins' lookup3 */
static __always_inline __u32 mix(__u32 a, __u32 b, __u32 c)
{
	c ^= b; c -= b << 14 | b >> 18;
	a ^= c; a -= c << 11 | c >> 21;
	b ^= a; b -= a << 25 | a >> 7;
	c ^= b; c -= b << 16 | b >> 16;
	a ^= c; a -= c << 4 | c >> 28;
	b ^= a; b -= a << 14 | a >> 18;
	c ^= b; c -= b << 24 | b >> 8;
	return c;
}

/* where() - the flow's real server, by the table or, for its first packet, by the ring. Return: ~0: there is none */
static __always_inline __u32 where(const struct classic_flow *key, bool syn, __u32 bytes)
{
	struct classic_where *w = syn ? NULL : bpf_map_lookup_elem(&flows, key), fresh = {};
	__u32 slot, *real;

	if (w) {
		count(CLASSIC_HIT, bytes);
		return w->real;
	}
	slot = mix(key->src[0] ^ key->src[3], (__u32)key->sport << 16 | key->dport, key->src[1] ^ key->src[2]) % CLASSIC_RING;
	real = bpf_map_lookup_elem(&ring, &slot);
	if (!real)
		return ~0u;
	fresh.real = *real;
	fresh.seen = bpf_ktime_get_ns();
	bpf_map_update_elem(&flows, key, &fresh, BPF_ANY);
	count(CLASSIC_NEW, bytes);
	return fresh.real;
}

static __always_inline void outer4(struct iphdr *o, const struct iphdr *in, __be16 sport, const struct classic_addr *to)
{
	__u16 *half = (__u16 *)o;
	__u32 sum = 0;

	o->version = 4;
	o->ihl = 5;
	o->ttl = 64;
	o->protocol = IPPROTO_IPIP;
	o->tot_len = bpf_htons(bpf_ntohs(in->tot_len) + sizeof(*o));
	o->saddr = bpf_htonl(0xac100000) | (sport ^ in->saddr) << 16;
	o->daddr = to->w[3];
#pragma unroll
	for (int i = 0; i < 10; i++)
		sum += half[i];
	sum = (sum & 0xffff) + (sum >> 16);
	o->check = ~((sum & 0xffff) + (sum >> 16));
}

/* push() - n bytes of outer header behind a new Ethernet header that sends the frame back where it came from */
static __always_inline int push(struct xdp_md *x, const void *outer, __u32 n, __be16 type)
{
	struct ethhdr *eth = (void *)(long)x->data, old;
	void *end = (void *)(long)x->data_end;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	old = *eth;
	if (bpf_xdp_adjust_head(x, -(int)n))
		return XDP_DROP;
	eth = (void *)(long)x->data;
	end = (void *)(long)x->data_end;
	if ((void *)(eth + 1) + n > end)
		return XDP_DROP;
	__builtin_memcpy(eth->h_dest, old.h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, old.h_dest, ETH_ALEN);
	eth->h_proto = type;
	__builtin_memcpy(eth + 1, outer, n);
	return wired ? bpf_redirect_map(&out, 0, XDP_DROP) : XDP_TX;
}

/* look() - the VIP, the flow and its server; ports stand alike in TCP and UDP. Return: NULL with *act set */
static __always_inline struct classic_addr *look(struct classic_flow *key, const struct tcphdr *th, __u32 bytes, int *act)
{
	struct classic_vip vip = { .port = th->dest, .proto = key->proto };
	struct classic_addr *to;
	__u32 real;

	__builtin_memcpy(vip.addr, key->dst, sizeof(vip.addr));
	*act = XDP_PASS;
	if (!bpf_map_lookup_elem(&vips, &vip)) {
		count(CLASSIC_PASS, bytes);
		return NULL;
	}
	*act = XDP_DROP;
	key->sport = th->source;
	key->dport = th->dest;
	real = where(key, key->proto == IPPROTO_TCP && th->syn, bytes);
	to = bpf_map_lookup_elem(&reals, &real);
	if (to)
		count(CLASSIC_ROWS + (real & (CLASSIC_REALS - 1)), bytes);
	return to;
}

static __always_inline int ip4(struct xdp_md *x, struct iphdr *ip, void *end, __u32 bytes)
{
	struct tcphdr *th = (void *)(ip + 1);
	struct classic_flow key = {};
	struct classic_addr *to;
	struct iphdr outer = {};
	int act;

	if ((void *)(th + 1) > end || ip->ihl != 5 || ip->frag_off & bpf_htons(0x3fff))
		return -1;
	if (ip->protocol != IPPROTO_TCP && ip->protocol != IPPROTO_UDP)
		return -1;
	key.src[0] = ip->saddr;
	key.dst[0] = ip->daddr;
	key.proto = ip->protocol;
	to = look(&key, th, bytes, &act);
	if (!to)
		return act;
	outer4(&outer, ip, key.sport, to);
	return push(x, &outer, sizeof(outer), bpf_htons(ETH_P_IP));
}

static __always_inline int ip6(struct xdp_md *x, struct ipv6hdr *ip, void *end, __u32 bytes)
{
	struct tcphdr *th = (void *)(ip + 1);
	struct classic_flow key = {};
	struct classic_addr *to;
	struct ipv6hdr outer = {};
	int act;

	if ((void *)(th + 1) > end || (ip->nexthdr != IPPROTO_TCP && ip->nexthdr != IPPROTO_UDP))
		return -1;
	__builtin_memcpy(key.src, &ip->saddr, 16);
	__builtin_memcpy(key.dst, &ip->daddr, 16);
	key.proto = ip->nexthdr;
	to = look(&key, th, bytes, &act);
	if (!to)
		return act;
	outer.version = 6;
	outer.payload_len = bpf_htons(bpf_ntohs(ip->payload_len) + sizeof(outer));
	outer.nexthdr = IPPROTO_IPV6;
	outer.hop_limit = 64;
	outer.saddr.in6_u.u6_addr32[0] = bpf_htonl(0x20010db8);
	outer.saddr.in6_u.u6_addr32[3] = key.sport ^ key.src[3];
	__builtin_memcpy(&outer.daddr, to, 16);
	return push(x, &outer, sizeof(outer), bpf_htons(ETH_P_IPV6));
}

SEC("xdp")
int classic(struct xdp_md *x)
{
	void *end = (void *)(long)x->data_end;
	struct ethhdr *eth = (void *)(long)x->data;
	__u32 bytes = end - (void *)eth;
	int act = -1;

	if ((void *)(eth + 1) > end)
		return XDP_DROP;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		act = ip4(x, (void *)(eth + 1), end, bytes);
	else if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		act = ip6(x, (void *)(eth + 1), end, bytes);
	if (act >= 0)
		return act;
	count(CLASSIC_PASS, bytes);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
