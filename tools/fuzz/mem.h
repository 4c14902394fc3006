/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps in memory, one CPU, and a clock that stands until it is moved. */
#ifndef XS_FUZZ_MEM_H
#define XS_FUZZ_MEM_H

#include <linux/types.h>

#define MEM_HZ 250

struct mem_map {
	const char *name;
	__u32 type, key, value, n;	/* as of the kernel's: enum bpf_map_type, sizes in bytes, entries */
	__u32 used;			/* elements of a hash, trie or stack; they stand first */
	__u8 *keys, *values;		/* made when first asked for */
};

extern __u64 mem_now_ns;	/* CLOCK_MONOTONIC, _BOOTTIME and _TAI */
extern int mem_locked;		/* spin locks held */

/* mem_named() - a map of maps/maps.h; `name` may be an expression: "&(xs_flows)". No such map ends the program */
struct mem_map *mem_named(const char *name);
/* mem_own() - the same, or a map of the programs' own, made when it is met */
struct mem_map *mem_own(const char *name, __u32 type, __u32 key, __u32 value, __u32 n);
/* mem_resize() - as the loader does to some maps, before anything stands in it */
void mem_resize(const char *name, __u32 n);
/* mem_lookup() - Return: the value, NULL: not there. A trie's key begins with its prefix length in bits */
void *mem_lookup(struct mem_map *m, const void *key);
/* mem_update() - Return: 0, -EEXIST with BPF_NOEXIST, -E2BIG when full or beyond an array */
long mem_update(struct mem_map *m, const void *key, const void *value, __u64 flags);
/* mem_delete() - Return: 0, -ENOENT, -EINVAL for an array */
long mem_delete(struct mem_map *m, const void *key);
/* mem_push(), mem_pop() - of a stack; a full one ends the program, as maps.h says it cannot be. mem_pop(): -ENOENT: empty */
long mem_push(struct mem_map *m, const void *value);
long mem_pop(struct mem_map *m, void *value);
/* mem_redirect() - XDP_REDIRECT where the device map has the slot, else flags */
long mem_redirect(struct mem_map *m, __u64 key, __u64 flags);
struct bpf_spin_lock;
void mem_lock(struct bpf_spin_lock *lock);
void mem_unlock(struct bpf_spin_lock *lock);

#endif
