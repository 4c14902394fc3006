/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Unix time in BPF, which has no such clock: CLOCK_TAI less its distance from unix time where the kernel has a helper for it
 * (6.1; it follows when the host's clock is stepped), else CLOCK_BOOTTIME and the offset of the last command that wrote. */
#ifndef XS_CLOCK_H
#define XS_CLOCK_H

#include "bpf/maps.bpf.h"

#define XS_NS 1000000000ULL

/* xs_unix_s() - unix time in seconds; within a jiffy another reading would tell nothing new. Return: 0 if this host has no sound clock */
static __always_inline __u64 xs_unix_s(void)
{
	struct xs_recent *n = XS_GET(xs_recent, 0);
	struct xs_clock *k = XS_GET(xs_clock, 0);
	__u64 now = bpf_jiffies64();
	__s64 off;

	if (!k || !n || !k->valid)
		return 0;
	off = feat.tai ? -k->tai_off_ns : k->boot_off_ns;
	if (n->jiffies != now || n->off != off) {
		n->s = ((feat.tai ? bpf_ktime_get_tai_ns() : bpf_ktime_get_boot_ns()) + off) / XS_NS;
		n->off = off;
		n->jiffies = now;
	}
	return n->s < XS_EPOCH_SANE ? 0 : n->s;
}

#endif
