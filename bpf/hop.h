/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The next hop of direct delivery: asked of the kernel's routing and neighbour tables (bpf_fib_lookup), remembered for a second as
 * one 8-byte word, MAC << 16 | device slot, so that it is never seen in part. */
#ifndef XS_HOP_H
#define XS_HOP_H

#include <linux/if_ether.h>
#include "bpf/flowtab.h"
#include "bpf/parse.h"

#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

static __always_inline __u64 xs_hop_word(const __u8 mac[6], __u32 slot)
{
	__u64 w = 0;

	__builtin_memcpy(&w, mac, 6);
	return w << 16 | slot;
}

static __always_inline void xs_hop_mac(__u64 hop, __u8 mac[6])
{
	hop >>= 16;
	__builtin_memcpy(mac, &hop, 6);
}

/* xs_hop_fib() - ask the kernel. @from, @to: addresses as the packet will carry them. Return: 0 and *hop, or why not direct:
 * of XS_R_TOO_BIG *hop is the MTU, if the kernel tells it */
static __noinline enum xs_reason xs_hop_fib(xs_ctx *c, const struct xs_pkt *p, const struct xs_addr *from, const struct xs_addr *to,
					    __u64 *hop)
{
	struct bpf_fib_lookup fib = { .l4_protocol = p->hdr.proto, .tot_len = p->hdr.ip_len, .ifindex = xs_in_ifindex(c) };
	__u32 *slot;
	long r;

	if (p->hdr.v6) {
		fib.family = AF_INET6;
		__builtin_memcpy(fib.ipv6_src, from, sizeof(*from));
		__builtin_memcpy(fib.ipv6_dst, to, sizeof(*to));
	} else {
		fib.family = AF_INET;
		fib.ipv4_src = from->w[3];
		fib.ipv4_dst = to->w[3];
	}
	r = bpf_fib_lookup(c, &fib, sizeof(fib), 0);
	if (r == BPF_FIB_LKUP_RET_FRAG_NEEDED) {
		*hop = fib.tot_len;	/* from 5.12 on the MTU of the route */
		return XS_R_TOO_BIG;
	}
	if (r != BPF_FIB_LKUP_RET_SUCCESS)
		return XS_R_NO_ROUTE;
	slot = bpf_map_lookup_elem(&xs_devslot, &fib.ifindex);
	if (!slot)
		return XS_R_NO_REDIRECT;
	*hop = xs_hop_word(fib.dmac, *slot);
	return XS_R_NONE;
}

/* xs_target_hop() - the target's next hop: remembered for a second, then asked for again */
static __always_inline enum xs_reason xs_target_hop(xs_ctx *c, const struct xs_pkt *p, const struct xs_target *t, __u32 id, __u64 *hop)
{
	struct xs_tlive *l = XS_GET(xs_tlive, id);
	__u32 now = xs_jiffies();
	enum xs_reason r;

	if (!l)
		return XS_R_INTERNAL;
	*hop = *(volatile __u64 *)&l->hop;
	if (*hop && now - l->hop_seen < feat.hz)
		return XS_R_NONE;
	r = xs_hop_fib(c, p, &p->hdr.src, &t->addr, hop);
	if (r)
		return r;
	*(volatile __u64 *)&l->hop = *hop;
	l->hop_seen = now;
	return XS_R_NONE;
}

/* xs_client_hop() - the same for a reply, remembered in the flow; b NULL: a handshake has none */
static __always_inline enum xs_reason xs_client_hop(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s, const struct xs_addr *client,
						    struct xs_back *b, __u64 *hop)
{
	__u32 now = xs_jiffies();
	enum xs_reason r;

	*hop = b ? *(volatile __u64 *)&b->hop : 0;
	if (*hop && now - b->hop_seen < feat.hz)
		return XS_R_NONE;
	r = xs_hop_fib(c, p, &s->addr, client, hop);
	if (r || !b)
		return r;
	*(volatile __u64 *)&b->hop = *hop;
	b->hop_seen = now;
	return XS_R_NONE;
}

/* xs_hop_go() - write the Ethernet header for the hop and redirect. Return: 0, or why not (the frame is as it was) */
static __always_inline enum xs_reason xs_hop_go(xs_ctx *c, const struct xs_pkt *p, __u64 hop, int *act)
{
	struct xs_dev *d = XS_GET(xs_devs, hop & 0xffff);
	struct ethhdr *eth = xs_at(c, 0, sizeof(*eth));

	if (!d || !eth || !d->redirect || p->hdr.l3 != ETH_HLEN)
		return XS_R_NO_REDIRECT;
	if (p->hdr.ip_len > d->mtu)
		return XS_R_TOO_BIG;
	*act = bpf_redirect_map(&xs_devmap, hop & 0xffff, XDP_PASS);
	if (*act != XDP_REDIRECT)
		return XS_R_NO_REDIRECT;
	xs_hop_mac(hop, eth->h_dest);
	__builtin_memcpy(eth->h_source, d->mac, 6);
	return XS_R_NONE;
}

#endif
