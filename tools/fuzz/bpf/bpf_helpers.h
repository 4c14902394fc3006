/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stands in for libbpf's header of this name when the programs are built for the host: a map is what tools/fuzz/mem.c keeps under
 * its name, helpers are functions there. */
#ifndef XS_FUZZ_BPF_HELPERS_H
#define XS_FUZZ_BPF_HELPERS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include "tools/fuzz/mem.h"

#define SEC(name)
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#undef __noinline
#define __noinline __attribute__((noinline))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]

#define MEM_NUMBER(map, member) (sizeof(*(map)->member) / sizeof(int))
#define MEM_OWN(map) \
	mem_own(#map, MEM_NUMBER(map, type), sizeof(*(map)->key), sizeof(*(map)->value), MEM_NUMBER(map, max_entries))
#define MEM_AT(make) ({ static struct mem_map *mem_at; mem_at ?: (mem_at = (make)); })

#define bpf_map_lookup_elem(map, key) ((typeof((map)->value))mem_lookup(MEM_AT(MEM_OWN(map)), key))
#define bpf_map_update_elem(map, key, value, flags) mem_update(MEM_AT(MEM_OWN(map)), key, value, flags)
#define bpf_map_delete_elem(map, key) mem_delete(MEM_AT(MEM_OWN(map)), key)
#define bpf_map_push_elem(map, value, flags) mem_push(MEM_AT(mem_named(#map)), value)
#define bpf_map_pop_elem(map, value) mem_pop(MEM_AT(mem_named(#map)), value)
#define bpf_redirect_map(map, key, flags) mem_redirect(MEM_AT(MEM_OWN(map)), key, flags)
#define bpf_spin_lock(lock) mem_lock(lock)
#define bpf_spin_unlock(lock) mem_unlock(lock)
#define bpf_jiffies64() (mem_now_ns / (1000000000 / MEM_HZ))
#define bpf_ktime_get_ns() mem_now_ns
#define bpf_get_prandom_u32() ((__u32)(mem_now_ns >> 10) * 0x9e3779b1u)	/* an input does the same every time */
#define bpf_ktime_get_boot_ns() mem_now_ns
#define bpf_ktime_get_tai_ns() mem_now_ns

struct xs_mem;
long bpf_fib_lookup(struct xs_mem *c, struct bpf_fib_lookup *fib, int size, __u32 flags);
long bpf_xdp_adjust_head(struct xs_mem *c, int delta);
long bpf_xdp_adjust_tail(struct xs_mem *c, int delta);
long bpf_skb_pull_data(struct xs_mem *c, __u32 len);
long bpf_skb_store_bytes(struct xs_mem *c, __u32 off, const void *from, __u32 len, __u64 flags);
long bpf_l3_csum_replace(struct xs_mem *c, __u32 off, __u64 from, __u64 to, __u64 flags);
long bpf_l4_csum_replace(struct xs_mem *c, __u32 off, __u64 from, __u64 to, __u64 flags);

#endif
