/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The names that the steps use for a frame, over plain memory: for tests and fuzzing on a host. ctx_xdp.h says the same at XDP
 * ingress, ctx_tc.h on an skb. */
#ifndef XS_CTX_MEM_H
#define XS_CTX_MEM_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

typedef struct xs_mem {
	__u8 *data, *data_end;		/* the linear part */
	__u8 *room;			/* how far up data may move */
	__u32 len;			/* of the whole frame */
	__u32 ingress_ifindex;
} xs_ctx;
static bool __attribute__((unused)) xs_mem_ingress;	/* both hooks are built at once: whoever runs one says which */
#define XS_INGRESS xs_mem_ingress
enum { XS_ACT_PASS = XDP_PASS, XS_ACT_DROP = XDP_DROP, XS_ACT_TX = XDP_TX };

#define XS_OFF_MASK 0x3ff

/* An offset that the other adapters would wrap is a read at the wrong place: here it ends the program. */
static __always_inline void *xs_at(xs_ctx *c, __u32 off, __u32 len)
{
	if (off > XS_OFF_MASK)
		__builtin_trap();
	return off + len <= (__u32)(c->data_end - c->data) ? c->data + off : NULL;
}

static __always_inline bool xs_put(xs_ctx *c, __u32 off, const void *from, __u32 len)
{
	void *to = xs_at(c, off, len);

	if (to)
		__builtin_memcpy(to, from, len);
	return to;
}

static __always_inline __u32 xs_linear(xs_ctx *c)
{
	return (__u32)(c->data_end - c->data);
}

static __always_inline __u32 xs_frame_len(xs_ctx *c)
{
	return c->len;
}

static __always_inline __u32 xs_in_ifindex(xs_ctx *c)
{
	return c->ingress_ifindex;
}

#endif
