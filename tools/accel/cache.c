// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#define XXH_INLINE_ALL
#include <stdlib.h>
#include <sys/queue.h>
#include <xxhash.h>
#include "tools/accel/cache.h"

struct block {
	uint64_t name;
	LIST_ENTRY(block) chain;	/* le_prev NULL: empty */
	TAILQ_ENTRY(block) age;
};

struct cache {
	unsigned int room, mask;
	TAILQ_HEAD(, block) ages;	/* first: the next to go */
	LIST_HEAD(chain, block) *chains;
	struct block *blocks;
};

struct cache *cache_new(unsigned int blocks)
{
	struct cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->room = blocks;
	for (c->mask = 1; c->mask < blocks; c->mask <<= 1)
		;
	c->chains = calloc(c->mask--, sizeof(*c->chains));
	c->blocks = calloc(blocks ?: 1, sizeof(*c->blocks));
	if (!c->chains || !c->blocks) {
		cache_free(c);
		return NULL;
	}
	TAILQ_INIT(&c->ages);
	for (unsigned int i = 0; i < blocks; i++)
		TAILQ_INSERT_TAIL(&c->ages, &c->blocks[i], age);
	return c;
}

void cache_free(struct cache *c)
{
	if (!c)
		return;
	free(c->chains);
	free(c->blocks);
	free(c);
}

unsigned int cache_names(const void *prompt, size_t bytes, uint64_t *name)
{
	unsigned int n = bytes / CACHE_BLOCK_BYTES;
	uint64_t before = 0;

	for (unsigned int i = 0; i < n; i++)
		before = name[i] = XXH64((const char *)prompt + (size_t)i * CACHE_BLOCK_BYTES, CACHE_BLOCK_BYTES, before);
	return n;
}

static struct block *find(const struct cache *c, uint64_t name)
{
	struct block *b;

	LIST_FOREACH(b, &c->chains[name & c->mask], chain)
		if (b->name == name)
			return b;
	return NULL;
}

unsigned int cache_match(const struct cache *c, const uint64_t *name, unsigned int n)
{
	unsigned int i = 0;

	while (i < n && find(c, name[i]))
		i++;
	return i;
}

void cache_keep(struct cache *c, const uint64_t *name, unsigned int n)
{
	struct block *b;

	if (n > c->room)
		n = c->room;
	while (n--) {
		b = find(c, name[n]);
		if (!b) {
			b = TAILQ_FIRST(&c->ages);
			if (b->chain.le_prev)
				LIST_REMOVE(b, chain);
			b->name = name[n];
			LIST_INSERT_HEAD(&c->chains[b->name & c->mask], b, chain);
		}
		TAILQ_REMOVE(&c->ages, b, age);
		TAILQ_INSERT_TAIL(&c->ages, b, age);
	}
}
