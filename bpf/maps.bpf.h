/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Definitions of the maps and frozen values, from the rows of maps/maps.h. Sizes marked there are set by the loader. */
#ifndef XS_MAPS_BPF_H
#define XS_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "maps/maps.h"
#include "maps/trace.h"

const volatile struct xs_features feat = {};
const volatile struct xs_secret secret = {};

#define XS_MAP_ARRAY(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, n); __uint(map_flags, fl); __type(key, k); __type(value, v); } name SEC(".maps");
#define XS_MAP_PERCPU_ARRAY(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, n); __type(key, k); __type(value, v); } name SEC(".maps");
#define XS_MAP_HASH(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, n); __uint(map_flags, fl); __type(key, k); __type(value, v); } name SEC(".maps");
#define XS_MAP_LRU_HASH(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, n); __uint(map_flags, fl); __type(key, k); __type(value, v); } name SEC(".maps");
#define XS_MAP_LPM_TRIE(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(max_entries, n); __uint(map_flags, fl); __type(key, k); __type(value, v); } name SEC(".maps");
#define XS_MAP_DEVMAP(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_DEVMAP); __uint(max_entries, n); __type(key, k); __type(value, v); } name SEC(".maps");
#define XS_MAP_ARRAY_OF_MAPS(name, k, v, n, fl) \
	struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, n); __type(key, k); \
		 __array(values, struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); }); } \
	name SEC(".maps");

#define X(name, type, key, value, n, fl, who, help) XS_MAP_##type(name, key, value, n, fl)
XS_MAPS(X)
#undef X

/* The trace of a dry run, and room that does not fit on the stack; never pinned. */
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct xs_trace); } xs_trace SEC(".maps");

/* xs_touch() - begin to fetch a line that will be needed (NULL is fine). What a packet needs of large maps is nearly always far away, and
 * misses that are under way together cost little more than one: measured 33 ns each where eight overlap, 180 ns one behind the other. */
static __always_inline void xs_touch(const void *line)
{
	if (line)
		(void)*(const volatile __u8 *)line;
}

#define XS_GET(map, id) ({ __u32 xs_get_id = (id); bpf_map_lookup_elem(&(map), &xs_get_id); })

#endif
