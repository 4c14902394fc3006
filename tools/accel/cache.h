/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* An accelerator's prefix cache: blocks of 512 tokens, each named by a hash that covers everything before it, the least
 * recently used going first. */
#ifndef ACCEL_CACHE_H
#define ACCEL_CACHE_H

#include <stddef.h>
#include <stdint.h>

#define CACHE_BLOCK 512			/* tokens */
#define CACHE_BLOCK_BYTES (4 * CACHE_BLOCK)	/* in text mode four bytes stand for a token, in token mode an id has four */

struct cache;

/* cache_new() - room for this many blocks; 0: holds nothing. Return: NULL without memory */
struct cache *cache_new(unsigned int blocks);
void cache_free(struct cache *c);
/* cache_names() - the names of the whole blocks of a prompt, at most (bytes / CACHE_BLOCK_BYTES). Return: how many */
unsigned int cache_names(const void *prompt, size_t bytes, uint64_t *name);
/* cache_match() - how many blocks, from the first on without a gap, are held */
unsigned int cache_match(const struct cache *c, const uint64_t *name, unsigned int n);
/* cache_keep() - take a prompt's blocks in, the first being the most recently used afterwards: tails go before heads */
void cache_keep(struct cache *c, const uint64_t *name, unsigned int n);

#endif
