// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include "user/base/mapio.h"
#include "user/observe/snap.h"
#include "user/observe/sources.h"
#include "user/observe/words.h"

json_t *xs_source_json(uint8_t own, __be16 port, const struct xs_addr *client)
{
	uint32_t slot = own;
	struct xs_own row;

	if (own == XS_OWN_CLIENT)
		return xs_addr_json(client, port);
	return own && slot < XS_MAX_OWNS && !xs_map_get(XS_MAP_xs_owns, &slot, &row) ? xs_addr_json(&row.addr, port) : json_null();
}

static int count(const struct xs_seen *s, void *used)
{
	const struct xs_flow *f = &s->flow;

	if (!s->expired && f->state != XS_F_CLOSING && f->own && f->own != XS_OWN_CLIENT)
		((uint32_t *)used)[f->target % XS_MAX_TARGETS]++;
	return 0;
}

uint32_t *xs_sources_used(void)
{
	uint32_t *used = calloc(XS_MAX_TARGETS, sizeof(*used));

	if (used && xs_snap_flows(count, used)) {
		free(used);
		used = NULL;
	}
	return used;
}

uint32_t xs_sources_limit(uint32_t target)
{
	uint32_t gen = XS_GEN(xs_control_read()), n = 0;
	struct xs_own_use use;
	struct xs_target t;
	bool v4;

	if (xs_map_get(XS_MAP_xs_own_use, &gen, &use) || xs_map_get(XS_MAP_xs_targets, &target, &t))
		return 0;
	v4 = xs_addr_is4(&t.addr);
	for (int i = v4 ? 0 : use.n4; i < use.n4 + (v4 ? 0 : use.n6) && i < XS_OWN_MOST; i++)
		n += t.owns >> use.slot[i] % XS_MAX_OWNS & 1;
	return (n ?: v4 ? use.n4 : use.n6) * (uint32_t)use.ports;
}
