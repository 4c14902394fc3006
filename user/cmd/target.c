// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* target up, drain and down: what a target may be given, without a new structure. */
#include <errno.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/cmd/live.h"

/* Sets all that are named, or none. */
static int set_states(const struct xs_call *call, enum xs_tstate state)
{
	struct xs_tlive *live = xs_map_view(XS_MAP_xs_tlive, true);
	const struct xs_model *m = xs_model_have();
	json_t *rows = json_array();
	const struct xs_row *t;

	if (!m || !live)
		return -EIO;
	for (int i = 0; i < call->argc; i++)
		if (!xs_row_named(m, XS_K_TARGET, call->argv[i])) {
			json_decref(rows);
			return xs_refuse(call->argv[i], "see: xsteer target list", "no target is called so");
		}
	for (int i = 0; i < call->argc; i++) {
		t = xs_row_named(m, XS_K_TARGET, call->argv[i]);
		__atomic_store_n(&live[t->id].state, state, __ATOMIC_SEQ_CST);
		json_array_append_new(rows, json_pack("{s:s, s:s}", "name", t->name, "state", xs_state_words[state]));
		if (!xs_env.json)
			printf("target %s is %s\n", t->name, xs_state_words[state]);
	}
	xs_out_json(rows);
	return 0;
}

static int up_run(const struct xs_call *call)
{
	return set_states(call, XS_T_UP);
}

static int drain_run(const struct xs_call *call)
{
	return set_states(call, XS_T_DRAINING);
}

static int down_run(const struct xs_call *call)
{
	return set_states(call, XS_T_DOWN);
}

const struct xs_cmd cmd_target_up = {
	.object = "target", .name = "up", .effect = XS_WRITES, .args = "NAME...", .min_args = 1, .max_args = -1, .run = up_run,
	.brief = "let targets have new flows again",
};

const struct xs_cmd cmd_target_drain = {
	.object = "target", .name = "drain", .effect = XS_WRITES, .args = "NAME...", .min_args = 1, .max_args = -1, .run = drain_run,
	.brief = "old flows stay, new ones go elsewhere",
	.text = "`xsteer flow list target NAME` shows what is left; `xsteer target up NAME` takes it back.",
};

const struct xs_cmd cmd_target_down = {
	.object = "target", .name = "down", .effect = XS_WRITES, .args = "NAME...", .min_args = 1, .max_args = -1, .run = down_run,
	.brief = "new flows and retransmitted SYNs go elsewhere at once",
};
