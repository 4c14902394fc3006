// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/load/stamp.h"

static json_t *tenant_json(const struct xs_stamp_tenant *t)
{
	const char *epoch = t->epoch ? "odd" : "even";

	if (xs_env.json)
		return json_pack("{s:i, s:s, s:b}", "tenant", t->number, "epoch", epoch, "tagged", t->tagged);
	return t->tagged ? json_sprintf("%u:%s", t->number, epoch) : json_sprintf("%u (no key)", t->number);
}

static json_t *default_json(const struct xs_stamp_conf *conf)
{
	if (!conf->has_def)
		return json_null();
	if (xs_env.json)
		return json_pack("{s:i, s:i}", "tenant", conf->def.tenant, "class", conf->def.class);
	return json_sprintf("%u class %u", conf->def.tenant, conf->def.class);
}

static void row(const struct xs_stamped *s, void *arg)
{
	json_t *tenants = json_array(), *j;

	for (uint32_t i = 0; i < s->conf.tenants && i < XS_STAMP_TENANTS; i++)
		json_array_append_new(tenants, tenant_json(&s->conf.tenant[i]));
	j = json_pack("{s:s, s:I, s:s, s:o, s:o}", "cgroup", s->conf.path, "id", (json_int_t)s->conf.cgroup,
		      "state", s->gone ? "gone" : "up", "tenants", tenants, "default", default_json(&s->conf));
#define X(id, name, help) json_object_set_new(j, #name, json_integer(s->count[XS_SC_##id]));
	XS_STAMP_COUNTS(X)
#undef X
	json_array_append_new(arg, j);
}

static int stamp_list_run(const struct xs_call *call)
{
	static const struct xs_col cols[] = {
		{ "cgroup", "CGROUP", XS_FMT_TEXT },
		{ "state", "STATE", XS_FMT_STATE },
		{ "tenants", "TENANTS", XS_FMT_TEXT },
		{ "default", "DEFAULT", XS_FMT_TEXT },
#define X(id, name, help) { #name, #id, XS_FMT_COUNT },
		XS_STAMP_COUNTS(X)
#undef X
		{ 0 },
	};
	json_t *rows = json_array();
	int err = xs_stamp_each(row, rows);

	if (!err)
		return xs_out_table(cols, rows, "no cgroup is stamped; see xsteer stamp cgroup --help");
	json_decref(rows);
	return err;
}

const struct xs_cmd cmd_stamp_list = {
	.object = "stamp",
	.name = "list",
	.args = "",
	.brief = "list stamped cgroups, their tenants and what was counted",
	.text =
#define X(id, name, help) #name ": " help ".\n"
"Counts:\n" XS_STAMP_COUNTS(X)
#undef X
"A retransmitted SYN counts again. state is gone where the cgroup was removed since: what it had goes with the next command that writes.",
	.run = stamp_list_run,
};
