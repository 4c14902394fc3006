/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names that the steps use for a frame, at XDP ingress. ctx_tc.h says the same for an skb. */
#ifndef XS_CTX_XDP_H
#define XS_CTX_XDP_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

typedef struct xdp_md xs_ctx;
enum { XS_INGRESS = 1 };	/* this host has had nothing to do with the frame yet */
enum { XS_ACT_PASS = XDP_PASS, XS_ACT_DROP = XDP_DROP, XS_ACT_TX = XDP_TX };

/* Offsets are kept below this, which is what lets the verifier bound packet pointers. */
#define XS_OFF_MASK 0x3ff

/* In C these are 32-bit fields, and the compiler moves them through 32-bit registers, where the verifier loses the pointer.
 * Volatile, so that a bound it has proved for an earlier frame is not taken for this one's. */
#define XS_LOAD_PTR(p, c, field) \
	asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(p) : "r"(c), "i"(__builtin_offsetof(xs_ctx, field)))

/* xs_at() - len (a constant) bytes at off. Return: NULL if they are not in the frame's linear part */
static __always_inline void *xs_at(xs_ctx *c, __u32 off, __u32 len)
{
	void *p, *end;

	XS_LOAD_PTR(p, c, data);
	XS_LOAD_PTR(end, c, data_end);
	p += off & XS_OFF_MASK;
	return p + len <= end ? p : NULL;
}

/* xs_put() - write len (a constant) bytes at off, where they were read before. Return: false if they are not there */
static __always_inline bool xs_put(xs_ctx *c, __u32 off, const void *from, __u32 len)
{
	void *to = xs_at(c, off, len);

	if (to)
		__builtin_memcpy(to, from, len);
	return to;
}

/* xs_frame_len() - bytes in the frame's linear part */
static __always_inline __u32 xs_frame_len(xs_ctx *c)
{
	return (__u32)(c->data_end - c->data);
}

static __always_inline __u32 xs_in_ifindex(xs_ctx *c)
{
	return c->ingress_ifindex;
}

#endif
