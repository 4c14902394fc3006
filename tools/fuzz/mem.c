// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/fuzz/mem.h"
#include "user/base/mapio.h"

#define KEY_SIZE(key) _Generic((key *)0, void * : 0, default : sizeof(key))
#define MEM_OWN_MAX 8		/* maps of the programs' own */

__u64 mem_now_ns;
int mem_locked;

static struct mem_map maps[XS_MAP_MAX + MEM_OWN_MAX] = {
#define X(name, type, key, value, n, ...) { #name, BPF_MAP_TYPE_##type, KEY_SIZE(key), sizeof(value), n, 0, NULL, NULL },
	XS_MAPS(X)
#undef X
};

static struct mem_map *find(const char *name)
{
	size_t n;

	name += strspn(name, "&(");
	n = strcspn(name, ")");
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		if (!maps[i].name || (strlen(maps[i].name) == n && !strncmp(maps[i].name, name, n)))
			return &maps[i];
	fprintf(stderr, "fuzz: too many maps\n");
	abort();
}

static struct mem_map *made(struct mem_map *m)
{
	if (m->values)
		return m;
	m->keys = calloc(m->n, m->key ?: 1);
	m->values = calloc(m->n, m->value);
	if (!m->keys || !m->values)
		abort();
	return m;
}

struct mem_map *mem_named(const char *name)
{
	struct mem_map *m = find(name);

	if (m->name)
		return made(m);
	fprintf(stderr, "fuzz: no map %s\n", name);
	abort();
}

struct mem_map *mem_own(const char *name, __u32 type, __u32 key, __u32 value, __u32 n)
{
	struct mem_map *m = find(name);

	if (!m->name)
		*m = (struct mem_map){ strndup(name + strspn(name, "&("), strcspn(name + strspn(name, "&("), ")")), type, key, value, n, 0, NULL, NULL };
	return made(m);
}

void mem_resize(const char *name, __u32 n)
{
	struct mem_map *m = find(name);

	if (!m->name || m->values)
		abort();
	m->n = n;
}

static bool is_hash(const struct mem_map *m)
{
	return m->type == BPF_MAP_TYPE_HASH || m->type == BPF_MAP_TYPE_LRU_HASH || m->type == BPF_MAP_TYPE_LPM_TRIE;
}

/* How many bits of the trie's key are those of the element, or -1: not all that the element asks for. */
static int trie_match(const __u8 *element, const __u8 *key)
{
	__u32 want, have;

	memcpy(&want, element, 4);
	memcpy(&have, key, 4);
	if (want > have || memcmp(element + 4, key + 4, want / 8))
		return -1;
	if (want % 8 && (element[4 + want / 8] ^ key[4 + want / 8]) >> (8 - want % 8))
		return -1;
	return want;
}

static void *trie_lookup(struct mem_map *m, const void *key)
{
	int best = -1, bits;
	void *at = NULL;

	for (__u32 i = 0; i < m->used; i++) {
		bits = trie_match(m->keys + (size_t)i * m->key, key);
		if (bits <= best)
			continue;
		best = bits;
		at = m->values + (size_t)i * m->value;
	}
	return at;
}

/* Word by word, as keys are made of words: memcmp() is slow under the sanitizer. */
static void *exact(struct mem_map *m, const void *key)
{
	const __u32 *at = (const __u32 *)m->keys, *want = key;
	__u32 words = m->key / 4, w;

	for (__u32 i = 0; i < m->used; i++, at += words) {
		for (w = 0; w < words && at[w] == want[w]; w++)
			;
		if (w == words)
			return m->values + (size_t)i * m->value;
	}
	return NULL;
}

void *mem_lookup(struct mem_map *m, const void *key)
{
	__u32 i;

	if (m->type == BPF_MAP_TYPE_LPM_TRIE)
		return trie_lookup(m, key);
	if (is_hash(m))
		return exact(m, key);
	memcpy(&i, key, sizeof(i));
	return i < m->n ? m->values + (size_t)i * m->value : NULL;
}

long mem_update(struct mem_map *m, const void *key, const void *value, __u64 flags)
{
	void *at = is_hash(m) ? exact(m, key) : mem_lookup(m, key);

	if (at && flags == BPF_NOEXIST)
		return -EEXIST;
	if (!at && m->type == BPF_MAP_TYPE_LRU_HASH && m->used == m->n)
		mem_delete(m, m->keys);
	if (!at && (!is_hash(m) || m->used == m->n))
		return -E2BIG;
	if (!at) {
		memcpy(m->keys + (size_t)m->used * m->key, key, m->key);
		at = m->values + (size_t)m->used++ * m->value;
	}
	memcpy(at, value, m->value);
	return 0;
}

long mem_delete(struct mem_map *m, const void *key)
{
	__u8 *at = is_hash(m) ? exact(m, key) : NULL;
	size_t i, last;

	if (!at)
		return is_hash(m) ? -ENOENT : -EINVAL;
	i = (at - m->values) / m->value;
	last = --m->used;
	memmove(m->keys + i * m->key, m->keys + last * m->key, m->key);
	memmove(at, m->values + last * m->value, m->value);
	return 0;
}

long mem_push(struct mem_map *m, const void *value)
{
	if (m->used == m->n)
		abort();
	memcpy(m->values + (size_t)m->used++ * m->value, value, m->value);
	return 0;
}

long mem_pop(struct mem_map *m, void *value)
{
	if (!m->used)
		return -ENOENT;
	memcpy(value, m->values + (size_t)--m->used * m->value, m->value);
	return 0;
}

long mem_redirect(struct mem_map *m, __u64 key, __u64 flags)
{
	__u32 i = key, *ifindex = mem_lookup(m, &i);

	return ifindex && *ifindex ? XDP_REDIRECT : (long)flags;
}

void mem_lock(struct bpf_spin_lock *lock)
{
	if (lock->val || mem_locked)
		abort();	/* the kernel allows one at a time */
	lock->val = 1;
	mem_locked++;
}

void mem_unlock(struct bpf_spin_lock *lock)
{
	if (!lock->val)
		abort();
	lock->val = 0;
	mem_locked--;
}
