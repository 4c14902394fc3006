/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names that the steps use for a frame, on an skb. ctx_xdp.h says the same at XDP ingress. */
#ifndef XS_CTX_TC_H
#define XS_CTX_TC_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

typedef struct __sk_buff xs_ctx;
enum { XS_INGRESS = 0 };
enum { XS_ACT_PASS = TC_ACT_UNSPEC };	/* the next program of this hook decides; TCX_NEXT is the same number */

#define XS_OFF_MASK 0x3ff

/* as in ctx_xdp.h */
#define XS_LOAD_PTR(p, c, field) \
	asm volatile("%0 = *(u32 *)(%1 + %2)" : "=r"(p) : "r"(c), "i"(__builtin_offsetof(xs_ctx, field)))

static __always_inline void *xs_at(xs_ctx *c, __u32 off, __u32 len)
{
	void *p, *end;

	XS_LOAD_PTR(p, c, data);
	XS_LOAD_PTR(end, c, data_end);
	p += off & XS_OFF_MASK;
	return p + len <= end ? p : NULL;
}

/* xs_put() - as in ctx_xdp.h. By the helper: one direct store in the program and the kernel makes every cloned skb writable */
static __always_inline bool xs_put(xs_ctx *c, __u32 off, const void *from, __u32 len)
{
	return !bpf_skb_store_bytes(c, off, from, len, 0);
}

static __always_inline __u32 xs_frame_len(xs_ctx *c)
{
	return c->len;
}

/* xs_linear() - bytes of it that can be read without a pull */
static __always_inline __u32 xs_linear(xs_ctx *c)
{
	return (__u32)(c->data_end - c->data);
}

static __always_inline __u32 xs_in_ifindex(xs_ctx *c)
{
	return c->ingress_ifindex;
}

#endif
