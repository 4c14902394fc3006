/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Taking a shim out of a datagram before it is delivered. */
#ifndef XS_STRIP_H
#define XS_STRIP_H

#include "bpf/csum.h"
#include "bpf/measure.h"
#include "bpf/parse.h"

/* xs_strip_sum() - sum of the complements of n bytes at off. Return: ~0 if they are not there */
__noinline __u64 xs_strip_sum(xs_ctx *c, __u32 off, __u32 n)
{
	__u64 sum = 0;
	__u16 *w;

	for (__u32 i = 0; i < XS_SHIM_MAX / 2; i++) {
		if (i >= n / 2)
			break;
		w = xs_at(c, off + 2 * i, 2);
		if (!w)
			return ~0ULL;
		sum += (__u16)~*w;
	}
	return sum;
}

/* xs_strip_move() - move the first `end` bytes of the frame n bytes up, then begin the frame there. Return: 0, -1 */
__noinline int xs_strip_move(xs_ctx *c, __u32 end, __u32 n)
{
	__u16 *from, *to;

	for (__u32 i = 1; i <= XS_L4_MAX / 2 + 8; i++) {
		if (2 * i > end)
			break;
		from = xs_at(c, end - 2 * i, 2);
		to = xs_at(c, end - 2 * i + n, 2);
		if (!from || !to)
			return -1;
		*to = *from;
	}
	return bpf_xdp_adjust_head(c, n) ? -1 : 0;
}

/* xs_strip() - take the shim of n bytes (a multiple of 4, at most XS_SHIM_MAX) out of a datagram: lengths and checksum are
 * corrected, then everything before it moves up. Return: false if it does not fit together */
static __always_inline bool xs_strip(xs_ctx *c, struct xs_pkt *p, __u32 n)
{
	__u64 diff = xs_strip_sum(c, p->hdr.pay, n);
	struct udphdr *udp = xs_at(c, p->hdr.l4, sizeof(*udp));
	struct ipv6hdr *ip6;
	struct iphdr *ip;
	__be16 less;

	if (!udp || diff == ~0ULL)
		return false;
	less = bpf_htons(bpf_ntohs(udp->len) - n);
	diff += 2 * xs_csum_port(udp->len, less);	/* it stands in the pseudo header, too */
	udp->len = less;
	if (udp->check)
		udp->check = xs_csum_update(udp->check, diff) ?: 0xffff;
	if (p->hdr.v6) {
		ip6 = xs_at(c, p->hdr.l3, sizeof(*ip6));
		if (!ip6)
			return false;
		ip6->payload_len = bpf_htons(bpf_ntohs(ip6->payload_len) - n);
	} else {
		ip = xs_at(c, p->hdr.l3, sizeof(*ip));
		if (!ip)
			return false;
		less = bpf_htons(bpf_ntohs(ip->tot_len) - n);
		ip->check = xs_csum_update(ip->check, xs_csum_port(ip->tot_len, less));
		ip->tot_len = less;
	}
	if (xs_strip_move(c, p->hdr.pay, n))
		return false;
	p->hdr.ip_len -= n;
	p->hdr.pay_len -= n;
	xs_bump(XS_C_SHIMS_REMOVED);
	return true;
}

#endif
