// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Prefix hashes. XXH64 comes with its header, so that programs link the archive alone. */
#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>
#include "user/shim/xsteer_shim.h"

#define EXP_MOST 19	/* of the option */

unsigned int xsteer_prefixes(const void *tokens, size_t bytes, uint64_t seed, unsigned int exp0, uint32_t *hash, unsigned int most)
{
	unsigned int n = 0;
	XXH64_state_t s;
	size_t done = 0, end;

	XXH64_reset(&s, seed);
	for (; n < most && exp0 + n < 30; n++) {
		end = 4UL << (exp0 + n);
		if (end > bytes)
			break;
		XXH64_update(&s, (const uint8_t *)tokens + done, end - done);
		done = end;
		hash[n] = XXH64_digest(&s) >> 32;
	}
	return n;
}

void xsteer_stamp_prefix(struct xsteer_stamp *stamp, const void *tokens, size_t bytes, uint64_t seed)
{
	uint32_t hash[EXP_MOST - 3];
	unsigned int n = xsteer_prefixes(tokens, bytes, seed, 4, hash, EXP_MOST - 3);
	size_t size;

	stamp->exp_a = stamp->back = stamp->quarter = 0;
	stamp->hash_a = stamp->hash_b = 0;
	if (n < 2)	/* 2^5 tokens are the least that the option can say */
		return;
	stamp->exp_a = 4 + n - 1;
	stamp->back = 1;
	stamp->hash_a = hash[n - 1];
	stamp->hash_b = hash[n - 2];
	size = 1UL << stamp->exp_a;
	size = (bytes / 4 - size) * 4 / size;
	stamp->quarter = size > 3 ? 3 : size;
}

uint64_t xsteer_seed(uint64_t seed, const void *bytes, size_t len)
{
	return seed ^ XXH64(bytes, len, 0);
}

size_t xsteer_chat(void *to, size_t room, const char *role, const char *text)
{
	size_t r = strlen(role), t = strlen(text);
	char *p = to;

	if (r + t + 2 > room)
		return r + t + 2;
	memcpy(p, role, r);
	p[r] = 0x1f;
	memcpy(p + r + 1, text, t);
	p[r + 1 + t] = 0x1e;
	return r + t + 2;
}
