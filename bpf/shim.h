/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The shim in a packet: where it is, what it says, whether its tag is right. Formats: maps/shim.h. */
#ifndef XS_BPF_SHIM_H
#define XS_BPF_SHIM_H

#include "bpf/maps.bpf.h"
#include "bpf/pkt.h"
#include "maps/siphash.h"

#define XS_OPT_STEPS 40		/* a SYN's option bytes: every one may be a NOP */
#define XS_OPT_MALFORMED 0xffffffffu

/* What both forms say. */
struct xs_said {
	__u32 tenant;		/* number */
	__u8 class, auth, epoch, bytes;
	__u32 hash[2];
	__u8 depth[2];
	__u16 budget_ms;
	__u32 time;		/* long form: when it was made */
	__u64 request_id;
	__u32 tokens;		/* length of the prompt, 0: unknown */
	__u8 prompt;		/* short form: the same as it stands there */
};

struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct xs_said); } xs_said SEC(".maps");

/* The bytes under a tag, as words; per CPU because they are too many for the stack. */
struct xs_scratch {
	__u32 w[32];
};
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct xs_scratch); } xs_scratch SEC(".maps");

/* xs_opt_find() - offset of the shim option between `off` and `end` of a SYN. Return: 0: none, XS_OPT_MALFORMED: of a wrong
 * length. Options that do not add up end the walk, as in the kernel's own */
__noinline __u32 xs_opt_find(xs_ctx *c, __u32 off, __u32 end)
{
	__u8 *kind, *len;
	__be16 *exid;

	for (int i = 0; i < XS_OPT_STEPS; i++) {
		if (off >= end)
			return 0;
		kind = xs_at(c, off, 1);
		if (!kind || !*kind)
			return 0;
		if (*kind == 1) {
			off++;
			continue;
		}
		len = xs_at(c, off + 1, 1);
		if (!len || *len < 2 || off + *len > end)
			return 0;
		kind = xs_at(c, off, 1);
		exid = *len >= 4 ? xs_at(c, off + 2, 2) : NULL;
		if (kind && exid && *kind == XS_OPT_KIND && *exid == bpf_htons(XS_SHIM_MAGIC))
			return *len == XS_OPT_LEN ? off : XS_OPT_MALFORMED;
		off += *len;
	}
	return 0;
}

/* xs_read_opt() - the short form at off. Return: 0 or XS_R_SHIM_MALFORMED */
static __always_inline enum xs_reason xs_read_opt(xs_ctx *c, __u32 off, struct xs_said *s)
{
	struct xs_shim_opt *o = xs_at(c, off, sizeof(*o));
	__u8 a, back;

	if (!o || o->flags >> 6 != XS_SHIM_VERSION)
		return XS_R_SHIM_MALFORMED;
	s->class = o->flags & 15;
	s->auth = !!(o->flags & XS_OPT_AUTH);
	s->epoch = !!(o->flags & XS_OPT_EPOCH);
	s->tenant = bpf_ntohs(o->tenant);
	s->prompt = o->prefix & XS_OPT_LENGTH;
	s->tokens = xs_opt_tokens(s->prompt);
	a = o->prefix >> 4;
	back = o->prefix >> 2 & 3;
	if (a && back && a + 4 > back && o->hash_b) {
		s->hash[1] = bpf_ntohl(o->hash_b);
		s->depth[1] = a + 4 - back;
	}
	if (a && o->hash_a) {
		s->hash[0] = bpf_ntohl(o->hash_a);
		s->depth[0] = a + 4;
	} else {	/* A is not known: B is the deepest */
		s->hash[0] = s->hash[1];
		s->depth[0] = s->depth[1];
		s->hash[1] = 0;
		s->depth[1] = 0;
	}
	return XS_R_NONE;
}

/* xs_tag_opt() - the tag that the option at off should have in this slot */
static __always_inline __u32 xs_tag_opt(xs_ctx *c, const struct xs_pkt *p, __u32 off, __u32 slot, __u64 k0, __u64 k1)
{
	struct xs_shim_opt *o = xs_at(c, off, sizeof(*o));
	struct xs_sip s;
	__u64 w;

	if (!o)
		return 0;
	xs_sip_init(&s, k0, k1);
	__builtin_memcpy(&w, &o->flags, 8);
	xs_sip24_word(&s, w);
	xs_sip24_word(&s, o->hash_b | (__u64)bpf_htonl(p->hdr.seq) << 32);
	xs_sip24_word(&s, bpf_htonl(slot) | (__u64)p->hdr.dst.w[0] << 32);
	xs_sip24_word(&s, p->hdr.dst.w[1] | (__u64)p->hdr.dst.w[2] << 32);
	xs_sip24_word(&s, p->hdr.dst.w[3] | (__u64)p->hdr.dport << 32);
	xs_sip24_word(&s, 40ULL << 56);
	return xs_sip24_end(&s) >> 32;
}

/* xs_read_long() - the long form at the payload. Return: 0, XS_R_NO_SHIM, XS_R_SHIM_MALFORMED or XS_R_SHIM_FRAGMENTED */
static __always_inline enum xs_reason xs_read_long(xs_ctx *c, const struct xs_pkt *p, struct xs_said *s)
{
	struct xs_shim_long *h = xs_at(c, p->hdr.pay, sizeof(*h));
	__be16 *magic = xs_at(c, p->hdr.pay, 2);
	enum xs_reason cut = p->hdr.frag ? XS_R_SHIM_FRAGMENTED : XS_R_SHIM_MALFORMED;
	__u32 n, bytes;
	__u8 *last;

	if (p->hdr.pay_len < 2 || !magic || *magic != bpf_htons(XS_SHIM_MAGIC))
		return XS_R_NO_SHIM;
	if (!h || p->hdr.pay_len < sizeof(*h))
		return cut;
	n = h->exp0_n & 15;
	s->auth = h->flags & XS_SHIM_AUTH;
	if (h->version_class >> 4 != XS_SHIM_VERSION || h->flags & XS_SHIM_CRITICAL || n > XS_SHIM_HASHES ||
	    (n && h->exp0_n >> 4 < 4) || h->words != 8 + n + (s->auth ? 2 : 0))
		return XS_R_SHIM_MALFORMED;
	bytes = h->words * 4;
	if (p->hdr.pay_len < bytes)
		return cut;
	s->bytes = bytes;
	s->class = h->version_class & 15;
	s->epoch = !!(h->flags & XS_SHIM_EPOCH);
	s->tenant = bpf_ntohl(h->tenant);
	s->budget_ms = bpf_ntohs(h->budget_ms);
	s->tokens = bpf_ntohl(h->input_tokens);
	s->time = bpf_ntohl(h->time);
	__builtin_memcpy(&s->request_id, &h->request_id, 8);
	s->request_id = bpf_be64_to_cpu(s->request_id);
	s->depth[0] = h->exp0_n >> 4;	/* of the shallowest; xs_deepest() goes on from here */
	s->depth[1] = n;
	last = xs_at(c, p->hdr.pay + bytes - 1, 1);
	return last ? XS_R_NONE : cut;
}

/* xs_deepest() - the two deepest known hashes of a long form: hash | depth << 32, the n-th from the deep end (0, 1) */
__noinline __u64 xs_deepest(xs_ctx *c, __u32 pay, __u32 exp0, __u32 n, __u32 nth)
{
	__u64 first = 0, second = 0;
	__be32 *h;

	for (__u32 i = 0; i < XS_SHIM_HASHES; i++) {
		if (i >= n)
			break;
		h = xs_at(c, pay + XS_SHIM_MIN + 4 * i, 4);
		if (!h || !*h)
			continue;
		second = first;
		first = bpf_ntohl(*h) | (__u64)(exp0 + i) << 32;
	}
	return nth ? second : first;
}

/* xs_scratch_fill() - copy n words at off into the scratch and zero what follows. Return: 0, -1: not there */
__noinline int xs_scratch_fill(xs_ctx *c, __u32 off, __u32 n)
{
	struct xs_scratch *s = XS_GET(xs_scratch, 0);
	__u32 *w;

	if (!s)
		return -1;
	for (__u32 i = 0; i < 2 * XS_SIP_WORDS; i++) {
		s->w[i] = 0;
		if (i >= n)
			continue;
		w = xs_at(c, off + 4 * i, 4);
		if (!w)
			return -1;
		s->w[i] = *w;
	}
	return 0;
}

/* xs_scratch_sip() - SipHash-2-4 of the first len bytes of the scratch */
__noinline __u64 xs_scratch_sip(__u32 len, __u64 k0, __u64 k1)
{
	struct xs_scratch *s = XS_GET(xs_scratch, 0);

	return s && len < 8 * XS_SIP_WORDS ? xs_sip24_padded((__u64 *)s->w, len, k0, k1) : 0;
}

/* xs_tag_long() - whether the tag at the end of the long form is right */
static __always_inline bool xs_tag_long(xs_ctx *c, const struct xs_pkt *p, __u32 bytes, __u64 k0, __u64 k1)
{
	struct xs_scratch *s = XS_GET(xs_scratch, 0);
	__u32 n = bytes / 4 - 2;
	__u64 want, *tag;

	if (!s || xs_scratch_fill(c, p->hdr.pay, n))
		return false;
#pragma unroll
	for (int i = 0; i < 4; i++)
		s->w[(n + i) & 31] = p->hdr.dst.w[i];
	s->w[(n + 4) & 31] = p->hdr.dport;
	want = xs_scratch_sip(4 * n + sizeof(struct xs_shim_dest), k0, k1);
	tag = xs_at(c, p->hdr.pay + 4 * n, 8);
	return tag && !(bpf_be64_to_cpu(*tag) ^ want);
}

#endif
