// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What stands between two models, row by row and field by field, as people read it. A field has changed when its text has, so
 * that an id that moved is no change; of keys the bytes count, too. */
#include <stdlib.h>
#include <string.h>
#include "user/base/out.h"
#include "user/decide/model.h"

/* One change; the whole plan is an array of them. */
static void note(json_t *plan, const char *op, enum xs_kind k, const struct xs_row *row, const char *key, const char *from, const char *to)
{
	json_array_append_new(plan, json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*}", "op", op, "kind", xs_kinds[k].one, "name",
					      k == XS_K_SETTINGS ? "settings" : row->name, "key", key, "from", from, "to", to));
}

static const void *counterpart(const struct xs_model *m, enum xs_kind k, const struct xs_row *row)
{
	return k == XS_K_SETTINGS ? xs_row_at(m, k, 0) : xs_row_named(m, k, row->name);
}

static bool same_keys(enum xs_kind k, const void *a, const void *b)
{
	return k != XS_K_TENANT || !memcmp(((const struct xs_r_tenant *)a)->key, ((const struct xs_r_tenant *)b)->key, sizeof(((struct xs_r_tenant *)0)->key));
}

static void compare(json_t *plan, enum xs_kind k, const struct xs_model *have, const void *old, const struct xs_model *want, const void *new)
{
	char *a, *b;

	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++) {
		a = xs_field_text(f, old, have);
		b = xs_field_text(f, new, want);
		if (a && b && strcmp(a, b))
			note(plan, "change", k, new, f->key, *a ? a : f->def ?: "-", *b ? b : f->def ?: "-");
		else if (f->type == XS_T_KEYS && !same_keys(k, old, new))
			note(plan, "change", k, new, f->key, "other bytes", b);
		free(a);
		free(b);
	}
}

struct json_t *xs_plan_make(const struct xs_model *have, const struct xs_model *want)
{
	json_t *plan = json_array();
	const struct xs_row *row;
	const void *old;

	for (int k = 0; k < XS_K_MAX; k++) {
		xs_each(row, have, k)
			if (!counterpart(want, k, row))
				note(plan, "delete", k, row, NULL, NULL, NULL);
		xs_each(row, want, k) {
			old = counterpart(have, k, row);
			if (old)
				compare(plan, k, have, old, want, row);
			else if (k != XS_K_SETTINGS)
				note(plan, "add", k, row, NULL, NULL, NULL);
		}
	}
	return plan;
}

void xs_plan_print(json_t *plan)
{
	const char *op, *kind, *name, *key, *from, *to;
	const char *color;
	json_t *c;
	size_t i;

	json_array_foreach(plan, i, c) {
		key = from = to = NULL;
		json_unpack(c, "{s:s, s:s, s:s, s?s, s?s, s?s}", "op", &op, "kind", &kind, "name", &name, "key", &key, "from", &from, "to", &to);
		color = !xs_env.color ? "" : *op == 'a' ? "\033[32m" : *op == 'd' ? "\033[31m" : "\033[33m";
		printf("%s%c %s%s%s", color, *op == 'a' ? '+' : *op == 'd' ? '-' : '~', kind, strcmp(kind, name) ? " " : "", strcmp(kind, name) ? name : "");
		if (key)
			printf(": %s %s -> %s", key, from, to);
		printf("%s\n", *color ? "\033[0m" : "");
	}
}
