// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer status: what is loaded, where it is attached, what it holds, and which way each target's packets go. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/decide/model.h"
#include "user/load/dev.h"
#include "user/load/obj.h"
#include "user/load/way.h"
#include "user/observe/room.h"
#include "user/observe/sources.h"

static const struct xs_col head_cols[] = {
	{ "instance", "instance", XS_FMT_TEXT }, { "revision", "revision", XS_FMT_TEXT }, { "timing", "latency measured", XS_FMT_TEXT },
	{ "flows.in_use", "flow records in use", XS_FMT_COUNT }, { "flows.established", "established", XS_FMT_COUNT },
	{ "flows.half_open", "half-open", XS_FMT_COUNT },
	{ "memory_bytes", "memory of the maps", XS_FMT_BYTES }, { 0 },
};

static const struct xs_col map_cols[] = {
	{ "map", "MAP", XS_FMT_TEXT }, { "used", "USED", XS_FMT_COUNT }, { "entries", "ENTRIES", XS_FMT_COUNT }, { "full_percent", "FULL %", XS_FMT_COUNT },
	{ "memory_bytes", "MEMORY", XS_FMT_BYTES }, { 0 },
};

static const struct xs_col target_cols[] = {
	{ "target", "TARGET", XS_FMT_TEXT }, { "address", "ADDRESS", XS_FMT_TEXT }, { "state", "STATE", XS_FMT_STATE },
	{ "way", "WAY", XS_FMT_TEXT }, { "why", "WHY", XS_FMT_TEXT },
	{ "source_ports.in_use", "PORTS", XS_FMT_COUNT }, { "source_ports.limit", "OF", XS_FMT_COUNT }, { 0 },
};

static const struct xs_col counter_cols[] = {
	{ "counter", "COUNTER", XS_FMT_TEXT }, { "count", "COUNT", XS_FMT_COUNT }, { "help", "MEANING", XS_FMT_TEXT }, { 0 },
};

/* Bytes that the kernel accounts for a map; 0 where it does not say. */
static long long memory_of(enum xs_map_id map)
{
	char line[128], path[64];
	long long bytes = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", xs_map_fd(map));
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %lld", &bytes) == 1)
			break;
	if (f)
		fclose(f);
	return bytes;
}

/* Rows of the half-open store that are in use; some may be over, until a newer one takes the place.
 * @aliases: also those by which replies find another row */
static uint32_t half_open(bool aliases)
{
	const struct xs_line *l = xs_map_view(XS_MAP_xs_hlines, false);
	const struct xs_half *h = xs_map_view(XS_MAP_xs_halfs, false);
	uint32_t used = 0;

	for (uint32_t i = 0; l && h && i < xs_map_entries(XS_MAP_xs_halfs); i++)
		used += l[i / XS_LINE_TAGS].tag[i % XS_LINE_TAGS] != 0 && (aliases || h[i].own != XS_OWN_ALIAS);
	return used;
}

/* Records by state. */
static json_t *flows_json(void)
{
	uint32_t n[XS_F_DATAGRAM + 1] = { 0 }, records = xs_map_entries(XS_MAP_xs_flows), used = 0;
	const struct xs_flow *f = xs_map_view(XS_MAP_xs_flows, false);

	if (!f)
		return NULL;
	for (uint32_t i = 0; i < records; i++) {
		if (f[i].state > XS_F_DATAGRAM || f[i].state == XS_F_FREE)
			continue;
		n[f[i].state]++;
		used++;
	}
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i}", "records", records, "in_use", used,
			 "half_open", half_open(false), "established", n[XS_F_ESTABLISHED], "closing", n[XS_F_CLOSING],
			 "datagram", n[XS_F_DATAGRAM]);
}

/* Rows of the tables that can be full, and a warning to people for one that soon is. */
static json_t *maps_json(void)
{
	struct xs_room room[XS_ROOM_MAX];
	json_t *all = json_array();

	if (xs_room_read(room))
		return all;
	for (int i = 0; i < XS_ROOM_MAX; i++) {
		json_array_append_new(all, json_pack("{s:s, s:I, s:I, s:i, s:I}", "map", xs_map_name(room[i].map), "used", (json_int_t)room[i].used,
						     "entries", (json_int_t)room[i].entries, "full_percent", (int)xs_room_percent(&room[i]),
						     "memory_bytes", memory_of(room[i].map)));
		if (!xs_env.json && xs_room_percent(&room[i]) >= XS_ROOM_SCARCE)
			xs_warn(xs_map_name(room[i].map), room[i].try, "%u %% full: then %s", xs_room_percent(&room[i]), room[i].full);
	}
	return all;
}

/* The way that was written stays until devices change or apply runs; where routes say another thing now, say so. */
static json_t *target_json(uint32_t id, const struct xs_target *t, const uint32_t *sources)
{
	static const char *const states[] = { "up", "draining", "down" }, *const ways[] = { "stack", "direct" };
	struct xs_tlive live = { 0 };
	char address[80], text[256];
	enum xs_way way;
	const char *why;
	json_t *j, *ports;
	uint32_t out;

	xs_map_get(XS_MAP_xs_tlive, &id, &live);
	if (xs_way_of(&t->addr, &way, &out, &why))
		return NULL;
	if (way == t->way)
		snprintf(text, sizeof(text), "%s", why);
	else
		snprintf(text, sizeof(text), "changed since: now %s (%s); apply again", ways[way], why);
	j = json_pack("{s:s, s:s, s:s, s:s, s:s}", "target", xs_model_name(XS_K_TARGET, id),
			 "state", states[live.state % 3], "way", ways[t->way & 1], "why", text,
			 "address", xs_out_addr(&t->addr, __builtin_bswap16(t->port), address, sizeof(address)));
	ports = t->via == XS_VIA_FULLNAT ? json_pack("{s:i, s:i}", "in_use", sources[id], "limit", xs_sources_limit(id)) : NULL;
	if (ports)
		json_object_set_new(j, "source_ports", ports);
	return j;
}

static json_t *targets_json(void)
{
	uint32_t *sources = xs_sources_used();
	json_t *all = json_array();
	struct xs_target t;

	for (uint32_t id = 1; id < XS_MAX_TARGETS && sources; id++)
		if (!xs_map_get(XS_MAP_xs_targets, &id, &t) && t.port)
			json_array_append_new(all, target_json(id, &t, sources));
	free(sources);
	return all;
}

/* @all: also those that are 0 */
static json_t *counters_json(bool all)
{
	static const struct { const char *name, *help; } rows[] = {
#define X(id, name, help) { #name, help },
		XS_COUNTERS(X)
#undef X
	};
	json_t *list = json_array();
	uint64_t n;

	for (uint32_t i = 0; i < XS_C_MAX; i++)
		if (!xs_percpu_sum(XS_MAP_xs_counters, i, &n, sizeof(n)) && (n || all))
			json_array_append_new(list, json_pack("{s:s, s:I, s:s}", "counter", rows[i].name, "count", (json_int_t)n, "help", rows[i].help));
	return list;
}

static int print_table(const struct xs_col *cols, const json_t *all, const char *key)
{
	json_t *rows = json_object_get(all, key);

	if (!json_array_size(rows))
		return 0;
	putchar('\n');
	return xs_out_table(cols, json_incref(rows), NULL);
}

static int status_run(const struct xs_call *call)
{
	json_t *flows = flows_json(), *all;
	long long memory = 0;
	struct xs_sizes s;
	int err;

	if (!flows)
		return -EIO;
	for (int i = 0; i < XS_MAP_MAX; i++)
		memory += memory_of(i);
	xs_obj_sizes(&s);
	all = json_pack("{s:s, s:i, s:I, s:b, s:o, s:I, s:o, s:o, s:o, s:o}", "instance", xs_env.instance, "schema", XS_SCHEMA,
			"revision", (json_int_t)XS_REVISION(xs_control_read()), "timing", s.timing, "flows", flows, "memory_bytes", memory,
			"devices", xs_dev_json(), "targets", targets_json(),
			"maps", maps_json(), "counters", counters_json(xs_env.json));
	if (!all)
		return xs_kernel(ENOMEM, "status", NULL, "no memory");
	if (xs_env.json)
		return xs_out_json(all), 0;
	err = xs_out_object(head_cols, json_incref(all)) ?: print_table(xs_dev_cols, all, "devices") ?: print_table(target_cols, all, "targets") ?:
	      print_table(map_cols, all, "maps") ?: print_table(counter_cols, all, "counters");
	json_decref(all);
	return err;
}

const struct xs_cmd cmd_status = {
	.name = "status", .effect = XS_READS, .args = "", .run = status_run,
	.brief = "what is loaded, where, and which way each target's packets go",
	.text = "WAY is direct (redirected by XDP, replies undone where they come in) or stack (handed to the host, replies undone at TC "
		"egress), and WHY says what made it so. Of a target by fullnat, PORTS counts source ports in use, OF how many there are; "
		"new flows find none from about three quarters on. XDP and EGRESS say what holds the programs on a device: a link or libxdp's "
		"dispatcher, tcx or clsact; detached means that somebody else took it off.\n"
		"FULL % leaves out flows whose time is over: they give way to new ones. From 80 on status warns, as doctor does.",
};
