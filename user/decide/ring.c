// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): every member walks its own permutation of the slots and takes the
 * next free one in turn, so that members get even shares and a change of the set moves few slots. Weights by turns: a member of
 * weight w takes w slots a round. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include "user/decide/model.h"

#define SLOTS_A_TARGET 100
#define MOST_SLOTS 65537

static bool is_prime(uint32_t n)
{
	for (uint32_t d = 2; d * d <= n; d++)
		if (n % d == 0)
			return false;
	return n > 1;
}

uint32_t xs_ring_size(const uint32_t *weight, uint32_t n)
{
	uint32_t size = 0;

	for (uint32_t i = 0; i < n; i++)
		size += SLOTS_A_TARGET * weight[i];
	size = n == 1 ? 1 : size;
	while (!is_prime(size) && size > 1)
		size++;
	return size < MOST_SLOTS ? size : MOST_SLOTS;
}

int xs_ring_fill(uint16_t *slot, uint32_t slots, const char *const *name, const uint32_t *weight, uint32_t n)
{
	struct { uint32_t at, skip; } *walk = calloc(n, sizeof(*walk));
	uint8_t *taken = calloc(slots, 1);
	uint32_t left = slots;

	if (!walk || !taken || !n) {
		free(walk);
		free(taken);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		walk[i].at = XXH64(name[i], strlen(name[i]), 1) % slots;
		walk[i].skip = slots > 1 ? XXH64(name[i], strlen(name[i]), 2) % (slots - 1) + 1 : 0;
	}
	for (uint32_t i = 0; left; i = (i + 1) % n)
		for (uint32_t w = 0; w < weight[i] && left; w++) {
			while (taken[walk[i].at])
				walk[i].at = (walk[i].at + walk[i].skip) % slots;
			taken[walk[i].at] = 1;
			slot[walk[i].at] = i;
			left--;
		}
	free(walk);
	free(taken);
	return 0;
}
