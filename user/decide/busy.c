// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which ids flows and fed rules refer to: they are not given to anything else. */
#include <stdlib.h>
#include "user/base/mapio.h"
#include "user/decide/model.h"

/* @own: a slot, or XS_OWN_CLIENT, which is none */
static void mark_own(struct xs_busy *b, uint8_t own)
{
	if (own < XS_MAX_OWNS)
		b->own[own] = 1;
}

static void mark_flows(struct xs_busy *b)
{
	const struct xs_flow *f = xs_map_view(XS_MAP_xs_flows, false);
	uint32_t n = f ? xs_map_entries(XS_MAP_xs_flows) : 0;

	for (uint32_t i = 0; i < n; i++) {
		if (f[i].state == XS_F_FREE)
			continue;
		b->target[f[i].target % XS_MAX_TARGETS] = 1;
		b->service[f[i].service % XS_MAX_SERVICES] = 1;
		b->tenant[f[i].tenant % XS_MAX_TENANTS] = 1;
		mark_own(b, f[i].own);
	}
}

static void mark_half(struct xs_busy *b)
{
	const struct xs_line *line = xs_map_view(XS_MAP_xs_hlines, false);
	const struct xs_half *half = xs_map_view(XS_MAP_xs_halfs, false);
	uint32_t n = line && half ? xs_map_entries(XS_MAP_xs_halfs) : 0;

	for (uint32_t i = 0; i < n; i++) {
		if (!line[i / XS_LINE_TAGS].tag[i % XS_LINE_TAGS])
			continue;
		b->target[half[i].target % XS_MAX_TARGETS] = 1;
		b->service[half[i].service % XS_MAX_SERVICES] = 1;
		b->tenant[half[i].tenant % XS_MAX_TENANTS] = 1;
		mark_own(b, half[i].own);
	}
}

static void mark_set(struct xs_busy *b, const struct xs_set *s)
{
	uint16_t slot[XS_MAX_MEMBERS + XS_SLOTS_LINE];

	if (s->n > XS_MAX_MEMBERS || xs_map_read(XS_MAP_xs_slots, s->members / XS_SLOTS_LINE, (s->n + XS_SLOTS_LINE - 1) / XS_SLOTS_LINE, slot))
		return;
	for (uint32_t i = 0; i < s->n; i++)
		b->target[slot[i] % XS_MAX_TARGETS] = 1;
}

static void mark_fed(struct xs_busy *b)
{
	struct xs_rule_key key, *at = NULL;
	struct xs_rule_word word;
	struct xs_rule row;

	for (; !xs_map_next(XS_MAP_xs_rules, at, &key); at = &key) {
		if (xs_map_get(XS_MAP_xs_rules, &key, &word) || !word.fed || xs_map_get(XS_MAP_xs_rows, &word.fed, &row))
			continue;
		b->service[key.service % XS_MAX_SERVICES] = 1;
		if (key.tenant != XS_ANY)
			b->tenant[key.tenant % XS_MAX_TENANTS] = 1;
		for (int s = 0; s < row.nsets && s < XS_MAX_SETS; s++)
			mark_set(b, &row.set[s]);
	}
}

struct xs_busy *xs_busy_ids(void)
{
	struct xs_busy *b = calloc(1, sizeof(*b));

	if (b && xs_maps_ready()) {
		mark_flows(b);
		mark_half(b);
		mark_fed(b);
	}
	return b;
}
