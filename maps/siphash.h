/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* SipHash (Aumasson and Bernstein, INDOCRYPT 2012): 2-4 for tags, 1-3 for the flow table; words in, one word out. Both
 * sides compile it; words are little-endian as in the reference. */
#ifndef XS_SIPHASH_H
#define XS_SIPHASH_H

#include <linux/types.h>

#define XS_INLINE static inline __attribute__((always_inline))

struct xs_sip {
	__u64 v0, v1, v2, v3;
};

XS_INLINE __u64 xs_rotl(__u64 x, int n)
{
	return x << n | x >> (64 - n);
}

XS_INLINE void xs_sip_round(struct xs_sip *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = xs_rotl(s->v1, 13) ^ s->v0;
	s->v3 = xs_rotl(s->v3, 16) ^ s->v2;
	s->v0 = xs_rotl(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = xs_rotl(s->v1, 17) ^ s->v2;
	s->v3 = xs_rotl(s->v3, 21) ^ s->v0;
	s->v2 = xs_rotl(s->v2, 32);
}

XS_INLINE void xs_sip_init(struct xs_sip *s, __u64 k0, __u64 k1)
{
	s->v0 = k0 ^ 0x736f6d6570736575ULL;
	s->v1 = k1 ^ 0x646f72616e646f6dULL;
	s->v2 = k0 ^ 0x6c7967656e657261ULL;
	s->v3 = k1 ^ 0x7465646279746573ULL;
}

XS_INLINE void xs_sip13_word(struct xs_sip *s, __u64 m)
{
	s->v3 ^= m;
	xs_sip_round(s);
	s->v0 ^= m;
}

XS_INLINE __u64 xs_sip13_end(struct xs_sip *s)
{
	s->v2 ^= 0xff;
	xs_sip_round(s);
	xs_sip_round(s);
	xs_sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

XS_INLINE void xs_sip24_word(struct xs_sip *s, __u64 m)
{
	s->v3 ^= m;
	xs_sip_round(s);
	xs_sip_round(s);
	s->v0 ^= m;
}

XS_INLINE __u64 xs_sip24_end(struct xs_sip *s)
{
	s->v2 ^= 0xff;
	xs_sip_round(s);
	xs_sip_round(s);
	xs_sip_round(s);
	xs_sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* Longest message that is tagged: a long form without its tag, and DEST; in words, with the last one that holds the length */
#define XS_SIP_WORDS 12

/**
 * xs_sip24_padded() - SipHash-2-4 of a message in a buffer of words
 * @w: the message, zeroes behind it up to the end of the buffer; @len: its bytes, below 8 * XS_SIP_WORDS
 * Return: the tag as a number; on the wire big-endian
 */
XS_INLINE __u64 xs_sip24_padded(const __u64 w[XS_SIP_WORDS], __u32 len, __u64 k0, __u64 k1)
{
	struct xs_sip s;

	xs_sip_init(&s, k0, k1);
	for (__u32 i = 0; i < XS_SIP_WORDS - 1; i++) {
		if (i >= len / 8)
			break;
		xs_sip24_word(&s, w[i]);
	}
	xs_sip24_word(&s, w[len / 8 < XS_SIP_WORDS ? len / 8 : 0] | (__u64)(len & 0xff) << 56);
	return xs_sip24_end(&s);
}

#endif
