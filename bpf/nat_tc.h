/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rewriting the source of an skb at TC egress. The helpers know which checksums the device still has to finish. */
#ifndef XS_NAT_TC_H
#define XS_NAT_TC_H

#include "bpf/csum.h"
#include "bpf/parse.h"

static __always_inline __u32 xs_diff32(__u64 diff)
{
	diff = (diff & 0xffffffff) + (diff >> 32);
	return (__u32)diff + (__u32)(diff >> 32);
}

static __always_inline bool xs_nat_source_l4(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s, __u64 addr)
{
	bool tcp = p->hdr.proto == IPPROTO_TCP;
	__u32 at = p->hdr.l4 + (tcp ? XS_OFFSETOF(struct tcphdr, check) : XS_OFFSETOF(struct udphdr, check));
	__u64 flags = tcp ? 0 : BPF_F_MARK_MANGLED_0;
	__be16 port = s->port;

	return !bpf_l4_csum_replace(c, at, 0, xs_diff32(addr), flags | BPF_F_PSEUDO_HDR) &&
	       !bpf_l4_csum_replace(c, at, p->hdr.sport, port, flags | sizeof(port)) &&
	       !bpf_skb_store_bytes(c, p->hdr.l4, &port, sizeof(port), 0);	/* the source port comes first in both */
}

/* xs_nat_source_l3() - the address alone, which is all that a later fragment has */
static __always_inline bool xs_nat_source_l3(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s)
{
	struct xs_addr to = s->addr;

	if (p->hdr.v6)
		return !bpf_skb_store_bytes(c, p->hdr.l3 + XS_OFFSETOF(struct ipv6hdr, saddr), &to, sizeof(to), 0);
	return !bpf_l3_csum_replace(c, p->hdr.l3 + XS_OFFSETOF(struct iphdr, check), 0, xs_diff32(xs_csum_addr(&p->hdr.src, &to, false)), 0) &&
	       !bpf_skb_store_bytes(c, p->hdr.l3 + XS_OFFSETOF(struct iphdr, saddr), &to.w[3], 4, 0);
}

/**
 * xs_nat_source() - Give a reply the service's address and port
 * Return: false if the skb could not be written; it then must not leave
 */
static __always_inline bool xs_nat_source(xs_ctx *c, const struct xs_pkt *p, const struct xs_service *s)
{
	return xs_nat_source_l4(c, p, s, xs_csum_addr(&p->hdr.src, &s->addr, p->hdr.v6)) && xs_nat_source_l3(c, p, s);
}

/* xs_nat_dport() - the destination port alone: of a reply to a client whose target sees another one. Return: as above */
static __always_inline bool xs_nat_dport(xs_ctx *c, const struct xs_pkt *p, __be16 port)
{
	bool tcp = p->hdr.proto == IPPROTO_TCP;
	__u32 at = p->hdr.l4 + (tcp ? XS_OFFSETOF(struct tcphdr, check) : XS_OFFSETOF(struct udphdr, check));

	return !bpf_l4_csum_replace(c, at, p->hdr.dport, port, (tcp ? 0 : BPF_F_MARK_MANGLED_0) | sizeof(port)) &&
	       !bpf_skb_store_bytes(c, p->hdr.l4 + 2, &port, sizeof(port), 0);
}

#endif
