// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/observe/room.h"
#include "user/observe/snap.h"

static int count_flow(const struct xs_seen *s, void *arg)
{
	struct xs_room *room = arg, *r = &room[s->flow.state == XS_F_HALF_OPEN ? XS_ROOM_half_open : XS_ROOM_flows];

	r->used++;
	r->over += s->expired;
	return 0;
}

/* Keys of a hash; at most as many as it holds, for it changes meanwhile. */
static uint32_t keys_in(enum xs_map_id map)
{
	union { struct xs_rule_key rule; struct xs_source_key source; struct xs_series_key series; struct xs_service_key service; } key, *at = NULL;
	uint32_t n = 0;

	for (; n < xs_map_entries(map) && !xs_map_next(map, at, &key); at = &key)
		n++;
	return n;
}

int xs_room_read(struct xs_room room[XS_ROOM_MAX])
{
	static const struct xs_room rows[XS_ROOM_MAX] = {
#define X(id, name, what, do_this) [XS_ROOM_##name] = { .map = XS_MAP_##id, .word = #name, .full = what, .try = do_this },
		XS_ROOMS(X)
#undef X
	};

	for (int i = 0; i < XS_ROOM_MAX; i++) {
		room[i] = rows[i];
		room[i].entries = xs_map_entries(rows[i].map);
		if (i != XS_ROOM_flows && i != XS_ROOM_half_open)
			room[i].used = keys_in(rows[i].map);
	}
	room[XS_ROOM_services].entries = XS_MAX_SERVICES;	/* their maps hold two generations */
	room[XS_ROOM_sources].entries = XS_MAX_SOURCES;
	return xs_snap_flows(count_flow, room);
}

unsigned int xs_room_percent(const struct xs_room *r)
{
	return r->entries ? (r->used - r->over) * 100ULL / r->entries : 0;
}
