/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps of the yardstick, tools/classic.bpf.c. */
#ifndef CLASSIC_H
#define CLASSIC_H

#include <linux/types.h>

#define CLASSIC_RING	65537
#define CLASSIC_REALS	4096

/* rows of stats; those of the real servers follow */
enum { CLASSIC_HIT, CLASSIC_NEW, CLASSIC_PASS, CLASSIC_ROWS = 8 };

struct classic_addr { __be32 w[4]; };				/* IPv4 in w[3] */
struct classic_vip { __be32 addr[4]; __be16 port; __u8 proto, pad; };	/* IPv4 in addr[0] */
struct classic_flow { __be32 src[4], dst[4]; __be16 sport, dport; __u8 proto, pad[3]; };
struct classic_where { __u32 real, pad; __u64 seen; };
struct classic_stat { __u64 packets, bytes; };

#endif
