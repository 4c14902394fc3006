/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Internet checksums, changed by what changed (RFC 1624) and summed only over what is new and short. */
#ifndef XS_CSUM_H
#define XS_CSUM_H

#include "bpf/pkt.h"

static __always_inline __u16 xs_csum_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)sum;
}

/* xs_csum_update() - the checksum after `diff` (sum of new words and complements of old ones) */
static __always_inline __u16 xs_csum_update(__u16 csum, __u64 diff)
{
	return ~xs_csum_fold((__u64)(__u16)~csum + diff);
}

/* xs_csum_addr() - diff of an address that changes; IPv4 only in its last word */
static __always_inline __u64 xs_csum_addr(const struct xs_addr *old, const struct xs_addr *new, bool v6)
{
	__u64 diff = (__u64)(__u32)~old->w[3] + new->w[3];

	if (v6)
		diff += (__u64)(__u32)~old->w[0] + new->w[0] + (__u32)~old->w[1] + new->w[1] + (__u32)~old->w[2] + new->w[2];
	return diff;
}

static __always_inline __u64 xs_csum_port(__be16 old, __be16 new)
{
	return (__u64)(__u16)~old + new;
}

/* xs_csum_words() - sum of n 16-bit words (n a constant) at p */
static __always_inline __u64 xs_csum_words(const void *p, int n)
{
	const __u16 *w = p;
	__u64 sum = 0;

#pragma unroll
	for (int i = 0; i < n; i++)
		sum += w[i];
	return sum;
}

#endif
