/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Sole caller of bpf_map_*: opens the pinned maps of an instance, one process-wide set. */
#ifndef XS_MAPIO_H
#define XS_MAPIO_H

#include <stdbool.h>
#include <stdint.h>
#include "maps/maps.h"

enum xs_map_id {
#define X(name, ...) XS_MAP_##name,
	XS_MAPS(X)
#undef X
	XS_MAP_MAX
};

#define XS_BPFFS "/sys/fs/bpf"
#define XS_ROOT XS_BPFFS "/xsteer"

/* xs_pin_path() - /sys/fs/bpf/xsteer/INSTANCE/v1[/name] into a static buffer; name may be NULL. Return: the path */
const char *xs_pin_path(const char *name);
/* xs_maps_open() - open every map of the instance, take the instance's lock (flock on its directory) if write.
 * Errors (reported): no such instance ("load it first"), another schema, no permission. Return: 0 or -errno. Opening twice is fine. */
int xs_maps_open(bool write);
void xs_maps_close(void);
/* xs_instance_check() - whether -i is a name for an instance. Return: 0 or -EINVAL, reported */
int xs_instance_check(void);
/* xs_instance_lock() - flock on the instance's directory, waiting up to 10 s; kept until xs_maps_close().
 * Return: 0; 1: there is no such directory, nothing is locked; -errno, reported */
int xs_instance_lock(void);
void xs_instance_unlock(void);	/* earlier than that: the feed between two rows */
bool xs_maps_ready(void);	/* opened or adopted: elements can be read */
/* xs_maps_adopt() - use these fds (by enum xs_map_id, -1 where none) instead of pinned ones: for load before it pins, and tests */
void xs_maps_adopt(const int fd[XS_MAP_MAX]);
int xs_map_fd(enum xs_map_id map);
const char *xs_map_name(enum xs_map_id map);
unsigned int xs_map_entries(enum xs_map_id map);	/* max_entries as loaded */
int xs_ncpus(void);					/* possible CPUs */

/* Elements. All return 0 or -errno and report nothing but -ENOENT silently too: callers say what it means. */
int xs_map_get(enum xs_map_id map, const void *key, void *value);
int xs_map_set(enum xs_map_id map, const void *key, const void *value);
int xs_map_del(enum xs_map_id map, const void *key);
int xs_map_next(enum xs_map_id map, const void *key, void *next);	/* key NULL: first */
/* xs_map_view() - map an MMAPABLE array into memory, kept until close; who may only read gets a copy. Return: first element or NULL, reported */
void *xs_map_view(enum xs_map_id map, bool write);
/* xs_map_read(), xs_map_write() - count elements of an array from first on, value_size apart */
int xs_map_read(enum xs_map_id map, uint32_t first, uint32_t count, void *values);
int xs_map_write(enum xs_map_id map, uint32_t first, uint32_t count, const void *values);
/* xs_percpu_sum() - element of a per-CPU array of u64 words, summed over CPUs; size in bytes, a multiple of 8 */
int xs_percpu_sum(enum xs_map_id map, uint32_t key, void *sum, size_t size);
/* xs_rcu_sync() - returns after every packet that began before has left the path */
int xs_rcu_sync(void);

/* The control word. */
uint64_t xs_control_read(void);
int xs_control_flip(uint64_t word);	/* one 8-byte store */
/* xs_clock_sync() - write xs_clock from the host's clocks now; load and every writing command call it */
int xs_clock_sync(void);
/* xs_clock_now() - what xs_clock_sync() would write */
int xs_clock_now(struct xs_clock *clock);

#endif
