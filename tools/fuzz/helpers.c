// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel's helpers for packets, as far as the programs use them, after net/core/filter.c. */
#include <errno.h>
#include <string.h>
#include <sanitizer/asan_interface.h>
#include "bpf/ctx_mem.h"
#include "maps/maps.h"

#define ETH_LEN 14

/* By the last byte of the destination's /24 (v4) or of its subnet (v6), so that every outcome can be met. */
long bpf_fib_lookup(struct xs_mem *c, struct bpf_fib_lookup *fib, int size, __u32 flags)
{
	const __u8 *to = (const __u8 *)(fib->family == 2 ? &fib->ipv4_dst : &fib->ipv6_dst[1]);
	__u8 net = fib->family == 2 ? to[2] : to[1];

	if (net == 13)
		return BPF_FIB_LKUP_RET_NO_NEIGH;
	fib->ifindex = net == 12 ? 9 : net == 14 ? 7 : 5;
	if (fib->tot_len > 1500)
		return BPF_FIB_LKUP_RET_FRAG_NEEDED;
	memcpy(fib->dmac, "\2\0\0\0\7", 5);
	fib->dmac[5] = net;
	return BPF_FIB_LKUP_RET_SUCCESS;
}

long bpf_xdp_adjust_head(struct xs_mem *c, int delta)
{
	if (delta < c->room - c->data || delta > c->data_end - ETH_LEN - c->data)
		return -EINVAL;
	if (delta < 0)
		ASAN_UNPOISON_MEMORY_REGION(c->data + delta, -delta);
	c->data += delta;
	c->len -= delta;
	return 0;
}

/* Only to shorten. */
long bpf_xdp_adjust_tail(struct xs_mem *c, int delta)
{
	if (delta > 0 || delta < -(c->data_end - c->data - ETH_LEN))
		return -EINVAL;
	ASAN_POISON_MEMORY_REGION(c->data_end + delta, -delta);
	c->data_end += delta;
	c->len += delta;
	return 0;
}

long bpf_skb_pull_data(struct xs_mem *c, __u32 len)
{
	if (len > c->len)
		return -ENOMEM;
	if (c->data_end < c->data + len)
		c->data_end = c->data + len;
	return 0;
}

long bpf_skb_store_bytes(struct xs_mem *c, __u32 off, const void *from, __u32 len, __u64 flags)
{
	if (off > 0xffff || off + len > c->len)
		return -EFAULT;
	memcpy(c->data + off, from, len);
	return 0;
}

static __u16 *sum_at(struct xs_mem *c, __u32 off)
{
	return off > 0xffff || off & 1 || off + 2 > c->len ? NULL : (__u16 *)(c->data + off);
}

static __u16 changed(__u16 check, __u64 diff)
{
	__u64 sum = (__u16)~check + diff;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/* Sizes as the programs use them: 0, `to` is a difference; 2, from one 16-bit word to another. */
static __u64 difference(__u64 from, __u64 to, __u64 size)
{
	return size ? (__u64)(__u16)~from + (__u16)to : to;
}

long bpf_l3_csum_replace(struct xs_mem *c, __u32 off, __u64 from, __u64 to, __u64 flags)
{
	__u16 *at = sum_at(c, off);

	if (!at)
		return -EFAULT;
	*at = changed(*at, difference(from, to, flags & BPF_F_HDR_FIELD_MASK));
	return 0;
}

long bpf_l4_csum_replace(struct xs_mem *c, __u32 off, __u64 from, __u64 to, __u64 flags)
{
	__u16 *at = sum_at(c, off);

	if (!at)
		return -EFAULT;
	if (flags & BPF_F_MARK_MANGLED_0 && !*at)
		return 0;
	*at = changed(*at, difference(from, to, flags & BPF_F_HDR_FIELD_MASK));
	if (flags & BPF_F_MARK_MANGLED_0 && !*at)
		*at = 0xffff;
	return 0;
}
