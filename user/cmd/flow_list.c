// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/observe/flows.h"

#define LIMIT 10000	/* rows, where none is asked for: a million would take gigabytes */

static const struct xs_opt opts[] = {
	{ .name = "service", .arg = "NAME", .filter = true, .help = "flows of this service" },
	{ .name = "tenant", .arg = "NAME", .filter = true, .help = "flows of this tenant; - for clients without one" },
	{ .name = "class", .arg = "NAME", .filter = true, .help = "flows of this class" },
	{ .name = "target", .arg = "NAME", .filter = true, .help = "flows to this target" },
	{ .name = "state", .arg = "STATE", .filter = true, .help = "half-open, established, closing or datagram" },
	{ .name = "client", .arg = "ADDR", .filter = true, .help = "flows of this client: ADDR, ADDR:PORT or ADDR/BITS" },
	{ .name = "limit", .arg = "N", .filter = true, .help = "at most N rows, 10000 by default; 0: all" },
	{ .name = "all", .help = "also flows whose time is over, but whose record is not freed yet" },
	{ 0 },
};

static const struct xs_col cols[] = {
	{ "client", "CLIENT", XS_FMT_TEXT }, { "service", "SERVICE", XS_FMT_TEXT }, { "tenant", "TENANT", XS_FMT_TEXT },
	{ "class", "CLASS", XS_FMT_TEXT }, { "target", "TARGET", XS_FMT_TEXT }, { "source", "SOURCE", XS_FMT_TEXT }, { "state", "STATE", XS_FMT_STATE },
	{ "way", "WAY", XS_FMT_TEXT }, { "age_ms", "AGE", XS_FMT_MS }, { "idle_ms", "IDLE", XS_FMT_MS },
	{ "to_target.packets", "OUT", XS_FMT_COUNT }, { "to_target.bytes", "OUT BYTES", XS_FMT_BYTES },
	{ "to_client.packets", "BACK", XS_FMT_COUNT }, { "to_client.bytes", "BACK BYTES", XS_FMT_BYTES },
	{ "requests_seen", "SEEN", XS_FMT_COUNT }, { "requests_placed", "PLACED", XS_FMT_COUNT }, { "ttft_us", "TTFT", XS_FMT_US },
	{ 0 },
};

struct list {
	struct xs_flow_match match;
	unsigned long limit;
	size_t left_off;
	json_t *rows;
};

static int add(const struct xs_seen *s, void *arg)
{
	struct list *l = arg;

	if (!xs_flow_match(&l->match, s))
		return 0;
	if (l->limit && json_array_size(l->rows) >= l->limit) {
		l->left_off++;
		return 0;
	}
	return json_array_append_new(l->rows, xs_flow_json(s)) ? xs_kernel(ENOMEM, "flow list", "give a limit", "cannot be collected") : 0;
}

static int run(const struct xs_call *call)
{
	const char *limit = xs_call_opt(call, "limit");
	struct list l = { .limit = LIMIT };
	char *end = "";
	int err;

	if (limit)
		l.limit = strtoul(limit, &end, 10);
	if (limit && (*end || end == limit || *limit == '-'))
		return xs_usage(limit, "give a whole number; 0: all", "no limit");
	err = xs_flow_match_parse(call, &l.match);
	if (err)
		return err;
	l.rows = json_array();
	err = l.rows ? xs_snap_flows(add, &l) : xs_kernel(ENOMEM, "flow list", NULL, "cannot be collected");
	if (err) {
		json_decref(l.rows);
		return err;
	}
	err = xs_out_table(cols, l.rows, "no flows");
	if (l.left_off && !limit)
		xs_warn("flow list", "use a filter, or limit 0", "%zu more flows are not shown", l.left_off);
	return err;
}

const struct xs_cmd cmd_flow_list = {
	.object = "flow", .name = "list", .effect = XS_READS, .args = "", .brief = "flows, where they went and how they fare", .opts = opts, .run = run,
	.text = "OUT counts packets to the target, BACK those to the client, as seen at this host. SEEN counts requests on the flow,\n"
		"PLACED those that were placed: a TCP connection is placed once, at its SYN, and its later requests go where it went.\n"
		"SOURCE is what the target sees in place of the client, where that is rewritten.\n"
		"TTFT is the time to first token of the last request; with - it was not seen.",
	.example = "  xsteer flow list service chat tenant acme\n  xsteer -j flow list client 198.18.1.0/24 limit 100",
};
