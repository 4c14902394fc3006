// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <string.h>
#include <time.h>
#include "user/cmd/live.h"
#include "user/load/way.h"
#include "user/observe/snap.h"

const char *const xs_state_words[] = { [XS_T_UP] = "up", [XS_T_DRAINING] = "draining", [XS_T_DOWN] = "down", NULL };

static void add_target(json_t *o, const struct xs_r_target *t)
{
	struct xs_tcount count = { 0 };
	struct xs_tlive live = { 0 };
	struct xs_target row = { 0 };
	uint32_t id = t->h.id, dev;
	const char *why = "";
	enum xs_way way;

	xs_map_get(XS_MAP_xs_tlive, &id, &live);
	xs_map_get(XS_MAP_xs_targets, &id, &row);
	xs_snap_target(id, &count);
	if (xs_way_of(&t->addr, &way, &dev, &why))
		why = "";
	json_object_set_new(o, "state", json_string(xs_state_words[live.state < 3 ? live.state : 0]));
	json_object_set_new(o, "way", json_string(row.way == XS_WAY_DIRECT ? "direct" : "stack"));
	json_object_set_new(o, "why", json_string(why));
	json_object_set_new(o, "placed", json_integer(count.placed));
	json_object_set_new(o, "requests", json_integer(count.requests));
}

static void add_tenant(json_t *o, const struct xs_r_tenant *t)
{
	uint64_t limited = 0;

	xs_snap_limited(t->h.id, &limited);
	json_object_set_new(o, "limited", json_integer(limited));
}

static void add_placement(json_t *o, const struct xs_r_placement *p, const struct xs_model *m)
{
	static const char *const levels[] = { "prefix, tenant", "prefix", "tenant, class", "tenant", "class", "service" };
	time_t now = time(NULL);
	struct xs_rule_key key;

	xs_rules_key(p, m, &key);
	json_object_set_new(o, "level", json_string(levels[xs_rules_level(&key)]));
	json_object_set_new(o, "from", json_string(p->from == XS_FROM_FEED ? "feed" : "config"));
	if (!xs_env.json)
		json_object_del(o, "expires_at");
	json_object_set_new(o, "expires_in_s", !p->expires_s ? json_null() : json_integer((json_int_t)p->expires_s > now ? (json_int_t)p->expires_s - now : 0));
}

json_t *xs_live_row(enum xs_kind k, const void *row, const struct xs_model *m)
{
	json_t *o = xs_row_json(k, row, m, !xs_env.json);

	if (k == XS_K_TARGET)
		add_target(o, row);
	if (k == XS_K_TENANT)
		add_tenant(o, row);
	if (k == XS_K_PLACEMENT)
		add_placement(o, row, m);
	return o;
}

bool xs_live_key(enum xs_kind k, const char *key)
{
	static const char *const more[XS_K_MAX][8] = {
		[XS_K_TARGET] = { "state", "way", "why", "placed", "requests" },
		[XS_K_TENANT] = { "limited" },
		[XS_K_PLACEMENT] = { "name", "level", "from", "expires_in_s" },
	};

	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++)
		if (!strcmp(xs_field_json_key(f), key))
			return true;
	for (const char *const *w = more[k]; *w; w++)
		if (!strcmp(*w, key))
			return true;
	return false;
}

void xs_live_fed(json_t *rows, const struct xs_model *m)
{
	struct xs_rule_key at = { 0 };
	struct xs_r_placement p;

	while (xs_fed_next(&at, m, &p))
		json_array_append_new(rows, xs_live_row(XS_K_PLACEMENT, &p, m));
}

struct xs_col xs_live_col(const char *key)
{
	static const struct { const char *end; enum xs_fmt fmt; } units[] = { { "_us", XS_FMT_US }, { "_ms", XS_FMT_MS }, { "_s", XS_FMT_S } };
	static const char *const counts[] = { "placed", "requests", "limited", "cache", "prefill", "port", "id", NULL };
	static char heads[32][32];
	static int n;
	struct xs_col c = { .key = key, .head = heads[n = (n + 1) % 32] };
	size_t len = strlen(key), cut = len;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (len > strlen(units[i].end) && !strcmp(key + len - strlen(units[i].end), units[i].end)) {
			c.fmt = units[i].fmt;
			cut = len - strlen(units[i].end);
			break;
		}
	for (const char *const *w = counts; *w; w++)
		if (!strcmp(key, *w))
			c.fmt = XS_FMT_COUNT;
	if (!strcmp(key, "state"))
		c.fmt = XS_FMT_STATE;
	for (size_t i = 0; i < sizeof(heads[0]) - 1; i++)
		heads[n][i] = i < cut ? (key[i] == '_' ? ' ' : toupper((unsigned char)key[i])) : 0;
	return c;
}
