// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/observe/snap.h"
#include "user/observe/words.h"

static const struct xs_opt opts[] = {
	{ .name = "service", .arg = "NAME", .filter = true, .help = "of this service; - for packets of none" },
	{ .name = "reason", .arg = "REASON", .filter = true, .help = "this reason, whatever becomes of its packets" },
	{ .name = "all", .help = "every reason: also for packets that were sent or passed, and those never met" },
	{ 0 },
};

static const struct xs_col cols[] = {
	{ "reason", "REASON", XS_FMT_TEXT }, { "action", "ACTION", XS_FMT_TEXT }, { "service", "SERVICE", XS_FMT_TEXT },
	{ "packets", "PACKETS", XS_FMT_COUNT }, { "bytes", "BYTES", XS_FMT_BYTES }, { "help", "MEANING", XS_FMT_TEXT },
	{ 0 },
};

struct list {
	const struct xs_count (*count)[XS_R_MAX];
	int service, reason;
	bool all;
	json_t *rows;
};

static int reason_parse(const char *word, int *reason)
{
	for (*reason = XS_R_NONE + 1; *reason < XS_R_MAX; ++*reason)
		if (!strcmp(word, xs_reason_word(*reason)))
			return 0;
	return xs_usage(word, "see: xsteer drop list --all", "no such reason");
}

static bool dropped(int reason)
{
	enum xs_verdict v = xs_reason_verdict(reason);

	return v == XS_V_DROP || v == XS_V_REFUSE;
}

static void add(struct list *l, int reason, int service)
{
	const struct xs_count *c = &l->count[service][reason];
	json_t *j = json_pack("{s:s, s:s, s:o, s:I, s:I, s:s}", "reason", xs_reason_word(reason),
			      "action", xs_verdict_word(xs_reason_verdict(reason)), "service", xs_name_json(XS_K_SERVICE, service),
			      "packets", (json_int_t)c->packets, "bytes", (json_int_t)c->bytes, "help", xs_reason_help(reason));

	json_array_append_new(l->rows, j);
}

/* The rows of one reason: a service each; one without a service if it was never met and is wanted all the same */
static void add_reason(struct list *l, int reason)
{
	bool met = false;

	for (int s = 0; s < XS_MAX_SERVICES; s++) {
		if ((l->service >= 0 && l->service != s) || !l->count[s][reason].packets)
			continue;
		add(l, reason, s);
		met = true;
	}
	if (!met && (l->all || l->reason >= 0))
		add(l, reason, l->service > 0 ? l->service : 0);
}

static int run(const struct xs_call *call)
{
	struct list l = { .reason = -1, .all = xs_call_opt(call, "all") };
	const char *reason = xs_call_opt(call, "reason");
	int err = xs_filter(call, XS_K_SERVICE, &l.service);

	err = err ?: reason ? reason_parse(reason, &l.reason) : 0;
	if (err)
		return err;
	l.count = xs_snap_reasons();
	if (!l.count)
		return -EIO;
	l.rows = json_array();
	for (int r = XS_R_NONE + 1; r < XS_R_MAX; r++)
		if (dropped(r) && (l.reason < 0 || l.reason == r))
			add_reason(&l, r);
	for (int r = XS_R_NONE + 1; r < XS_R_MAX; r++)
		if (!dropped(r) && (l.reason < 0 ? l.all : l.reason == r))
			add_reason(&l, r);
	free((void *)l.count);
	return xs_out_table(cols, l.rows, "nothing was dropped or refused");
}

const struct xs_cmd cmd_drop_list = {
	.object = "drop", .name = "list", .effect = XS_READS, .args = "", .brief = "packets dropped and refused, and why", .opts = opts, .run = run,
	.text = "Counts since load. refuse: the client was told by a reset or an ICMP error where the service says so and the rate allows.\n"
		"With --all also what was sent (send) and what was left to the host (pass): each packet is counted under one reason.",
	.example = "  xsteer drop list service chat\n  xsteer drop list --all",
};
