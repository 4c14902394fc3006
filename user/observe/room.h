/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How full the tables are that can refuse or forget something when they are full: status, doctor and metrics show it before that. */
#ifndef XS_ROOM_H
#define XS_ROOM_H

#include "user/base/mapio.h"

#define XS_ROOM_SCARCE 80	/* percent in use from which it is worth a warning */

/* map, word for people and metrics, what happens when it is full, what to do */
#define XS_ROOMS(X) \
	X(xs_flows, flows, "new flows are refused (table_full)", "load with more --flows, or let silent flows go sooner (settings tcp_idle, udp_idle)") \
	X(xs_halfs, half_open, "newer handshakes push out the oldest", "load with more --half-open; see drop list for whether it is a flood") \
	X(xs_rules, placements, "further placements are refused", "delete some, or give fed ones shorter lives") \
	X(xs_series, series, "flows of further tenants, classes and targets are measured together", "load with more --series") \
	X(xs_svc_index, services, "further services are refused", "run another instance") \
	X(xs_sources, sources, "further source prefixes are refused", "use fewer, or shorter, prefixes")

enum xs_room_id {
#define X(map, word, full, try) XS_ROOM_##word,
	XS_ROOMS(X)
#undef X
	XS_ROOM_MAX
};

struct xs_room {
	enum xs_map_id map;
	const char *word, *full, *try;
	uint32_t used, over, entries;	/* over: of those in use, whose time is over, so that they give way */
};

/* xs_room_read() - fill a row for each table. Return: 0 or -errno, reported */
int xs_room_read(struct xs_room room[XS_ROOM_MAX]);
/* xs_room_percent() - how much of it is taken by what will not give way */
unsigned int xs_room_percent(const struct xs_room *r);

#endif
