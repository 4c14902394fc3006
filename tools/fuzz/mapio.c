// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* user/base/mapio.h over the maps in memory, so that the real text path (conf, check, apply) writes the rows. */
#include <errno.h>
#include <string.h>
#include "tools/fuzz/mem.h"
#include "user/base/mapio.h"
#include "user/cmd.h"
#include "user/load/way.h"

static const char *const names[] = {
#define X(name, ...) #name,
	XS_MAPS(X)
#undef X
};

static bool flipped;

static struct mem_map *at(enum xs_map_id map)
{
	return mem_named(names[map]);
}

int xs_maps_open(bool write)
{
	return 0;
}

bool xs_maps_ready(void)
{
	return true;
}

int xs_map_fd(enum xs_map_id map)
{
	return map;
}

const char *xs_map_name(enum xs_map_id map)
{
	return names[map];
}

unsigned int xs_map_entries(enum xs_map_id map)
{
	return at(map)->n;
}

int xs_map_get(enum xs_map_id map, const void *key, void *value)
{
	const void *v = mem_lookup(at(map), key);

	if (v)
		memcpy(value, v, at(map)->value);
	return v ? 0 : -ENOENT;
}

int xs_map_set(enum xs_map_id map, const void *key, const void *value)
{
	return mem_update(at(map), key, value, BPF_ANY);
}

int xs_map_del(enum xs_map_id map, const void *key)
{
	return mem_delete(at(map), key);
}

int xs_map_next(enum xs_map_id map, const void *key, void *next)
{
	struct mem_map *m = at(map);
	uint32_t i = 0;

	while (key && i < m->used && memcmp(m->keys + (size_t)i * m->key, key, m->key))
		i++;
	i = key && i < m->used ? i + 1 : 0;	/* a key that is gone: from the beginning, as in the kernel */
	if (i >= m->used)
		return -ENOENT;
	memcpy(next, m->keys + (size_t)i * m->key, m->key);
	return 0;
}

void *xs_map_view(enum xs_map_id map, bool write)
{
	return at(map)->values;
}

int xs_map_read(enum xs_map_id map, uint32_t first, uint32_t count, void *values)
{
	memcpy(values, at(map)->values + (size_t)first * at(map)->value, (size_t)count * at(map)->value);
	return 0;
}

int xs_map_write(enum xs_map_id map, uint32_t first, uint32_t count, const void *values)
{
	memcpy(at(map)->values + (size_t)first * at(map)->value, values, (size_t)count * at(map)->value);
	return 0;
}

/* The first wait after a flip fails: so apply leaves the structure before it as the other generation, and warns. */
int xs_rcu_sync(void)
{
	bool after = flipped;

	flipped = false;
	return after ? -EIO : 0;
}

uint64_t xs_control_read(void)
{
	return ((struct xs_control *)at(XS_MAP_xs_control)->values)->word;
}

int xs_control_flip(uint64_t word)
{
	((struct xs_control *)at(XS_MAP_xs_control)->values)->word = word;
	flipped = true;
	return 0;
}

/* The clock is what stands in its map. */
int xs_clock_now(struct xs_clock *clock)
{
	*clock = *(struct xs_clock *)at(XS_MAP_xs_clock)->values;
	return 0;
}

int xs_clock_sync(void)
{
	return 0;
}

int xs_way_of(const struct xs_addr *addr, enum xs_way *way, uint32_t *ifindex, const char **why)
{
	*way = XS_WAY_STACK;
	*ifindex = 0;
	*why = "";
	return 0;
}

bool xs_way_has(uint32_t ifindex, const struct xs_addr *addr)
{
	return false;
}

void xs_maps_close(void)
{
}

/* The options of the CLI want a table of commands; there are none here. */
const struct xs_cmd *const xs_cmds[] = { NULL };
