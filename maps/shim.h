/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Wire layout of the shim header, version 1. Integers are in network byte order. */
#ifndef XS_SHIM_H
#define XS_SHIM_H

#include "maps/abi.h"

#define XS_SHIM_MAGIC	0x5853
#define XS_SHIM_VERSION	1
#define XS_SHIM_AUTH	0x01
#define XS_SHIM_EPOCH	0x02
#define XS_SHIM_CRITICAL 0xf0
#define XS_SHIM_HASHES	8
#define XS_SHIM_MIN	32		/* long form without hashes and tag */
#define XS_SHIM_MAX	72
#define XS_SHIM_TAG	8
#define XS_OPT_KIND	253		/* RFC 6994: experimental option with an ExID */
#define XS_OPT_LEN	20
#define XS_SLOT_S	64
#define XS_WINDOW_S	30

/* At the start of a UDP payload; 4 * length bytes with hashes and tag. */
struct xs_shim_long {
	__be16 magic;
	__u8 version_class;	/* version:4, class:4 */
	__u8 words;		/* 8 + n, + 2 with a tag */
	__u8 flags;
	__u8 exp0_n;		/* exp0:4, n:4; hash i covers the first 2^(exp0+i) tokens */
	__be16 budget_ms;
	__be32 input_tokens;
	__be32 tenant;
	__be64 request_id;
	__be32 time;		/* unix seconds */
	__be16 output_tokens;
	__be16 zero;
};
XS_SIZE(struct xs_shim_long, 32);
XS_AT(struct xs_shim_long, request_id, 16);
XS_AT(struct xs_shim_long, time, 24);

/* The option of a SYN, with kind, length and ExID. */
struct xs_shim_opt {
	__u8 kind, len;
	__be16 exid;
	__u8 flags;		/* version:2, epoch:1, auth:1, class:4 */
	__u8 prefix;		/* a:4, back:2, quarter:2; hash A covers 2^(a+4) tokens */
	__be16 tenant;
	__be32 hash_a, hash_b;
	__be32 tag;
} __attribute__((packed));
XS_SIZE(struct xs_shim_opt, 20);
XS_AT(struct xs_shim_opt, hash_a, 8);
XS_AT(struct xs_shim_opt, tag, 16);
#define XS_OPT_LENGTH	0xf3	/* of the prefix byte: what gives the prompt's length */
#define XS_OPT_EPOCH	0x20
#define XS_OPT_AUTH	0x10

/* xs_opt_tokens() - the prompt's length by the option's prefix byte: 2^(a+4) x (1 + (quarter + 1/2)/4), 0: unknown */
static inline __attribute__((always_inline)) __u32 xs_opt_tokens(__u8 prefix)
{
	return prefix >> 4 ? (9 + 2 * (prefix & 3)) << ((prefix >> 4) + 1) : 0;
}

/* DEST: where the packet is sent, as connect() saw it; the last part of what a tag covers. */
struct xs_shim_dest {
	struct xs_addr addr;
	__be16 port;
	__be16 zero;
};
XS_SIZE(struct xs_shim_dest, 20);

#endif
