// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* list, show, set and delete of every kind of row. */
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/cmd/change.h"
#include "user/cmd/live.h"
#include "user/cmd/object.h"
#include "user/decide/value.h"

#define SET_NAME "NAME [KEY VALUE]..."
XS_OBJECT(service, SET_NAME, "  xsteer service set chat address 198.18.0.10 port 8000 pools '[llama70b]'");
XS_OBJECT(tenant, SET_NAME, "  xsteer tenant set acme id 4211 keys '[file:acme.key]' zones '[eu-de]'");
XS_OBJECT(class, SET_NAME, "  xsteer class set interactive id 1 ttft 250ms");
XS_OBJECT(site, SET_NAME, "  xsteer site set metro id 8 zone eu-fr rtt 9ms");
XS_OBJECT(zone, SET_NAME, "  xsteer zone set eu-de");
XS_OBJECT(pool, SET_NAME, "  xsteer pool set llama70b hash tokens");
XS_OBJECT(target, SET_NAME, "  xsteer target set gpu0 pool llama70b address 198.18.10.2 port 8000");
XS_OBJECT(placement, "KEY VALUE...", "  xsteer placement set service chat tenant acme targets '[gpu0, {name: gpu1, weight: 2}]' ttl 300s");

static enum xs_kind kind_of(const struct xs_call *call)
{
	int k = 0;

	while (k < XS_K_MAX && strcmp(xs_kinds[k].one, call->cmd->object))
		k++;
	return k;
}

/* Configured rows, and of placements the fed ones, too. */
static json_t *all_rows(enum xs_kind k, const struct xs_model *m)
{
	json_t *rows = json_array();
	const void *row;

	xs_each(row, m, k)
		json_array_append_new(rows, xs_live_row(k, row, m));
	if (k == XS_K_PLACEMENT)
		xs_live_fed(rows, m);
	return rows;
}

/* One column for each key that some row has a value for. */
static struct xs_col *columns(enum xs_kind k, json_t *rows)
{
	json_t *first = json_array_get(rows, 0), *row, *v, *sample;
	struct xs_col *cols = calloc(json_object_size(first) + 1, sizeof(*cols)), *c = cols;
	const char *key;
	size_t i;
	bool any;

	json_object_foreach(first, key, v) {
		any = false;
		json_array_foreach(rows, i, row) {
			sample = json_object_get(row, key);
			any |= !json_is_null(sample) && !json_is_false(sample) && !(json_is_integer(sample) && !json_integer_value(sample)) &&
			       !(json_is_string(sample) && !*json_string_value(sample));
		}
		if (cols && any)
			*c++ = xs_live_col(key);
	}
	return cols;
}

/* Whether a row has the value in the key: as it prints (- for none), or as one of a list (in text, lists are joined by commas). */
static bool matches(json_t *row, const char *key, const char *value)
{
	json_t *v = json_object_get(row, key), *e;
	const char *s = json_string_value(v), *at;
	size_t i, n = strlen(value);
	char text[64];

	json_array_foreach(v, i, e)
		if (!strcmp(json_string_value(json_is_object(e) ? json_object_get(e, "name") : e) ?: "", value))
			return true;
	if (json_is_null(v))
		return !strcmp(value, "-");
	snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(v));
	if (!s)
		return !strcmp(json_is_integer(v) ? text : json_is_true(v) ? "true" : "false", value);
	for (at = strstr(s, value); at; at = strstr(at + 1, value))
		if ((at == s || at[-1] == ' ') && (!at[n] || at[n] == ',' || at[n] == '}'))
			return true;
	return false;
}

int xs_object_list(const struct xs_call *call)
{
	const struct xs_model *m = xs_model_have();
	enum xs_kind k = kind_of(call);
	struct xs_col *cols;
	json_t *rows;
	char none[64];
	int err;

	if (!m)
		return -EIO;
	if (call->argc % 2)
		return xs_usage(call->argv[call->argc - 1], "give KEY VALUE pairs", "has no value");
	rows = all_rows(k, m);
	for (int i = 0; i < call->argc; i += 2) {
		if (!xs_live_key(k, call->argv[i])) {
			json_decref(rows);
			return xs_usage(call->argv[i], xs_key_remedy(k, call->argv[i]), "%s has no such key", call->cmd->object);
		}
		for (size_t j = json_array_size(rows); j-- > 0; )
			if (!matches(json_array_get(rows, j), call->argv[i], call->argv[i + 1]))
				json_array_remove(rows, j);
	}
	cols = columns(k, rows);
	snprintf(none, sizeof(none), "no %s", xs_kinds[k].many);
	err = xs_out_table(cols, rows, none);
	free(cols);
	return err;
}

static int unknown(enum xs_kind k, const char *name)
{
	char try[64];

	snprintf(try, sizeof(try), "see: xsteer %s list", xs_kinds[k].one);
	return xs_refuse(name, try, "no %s is called so", xs_kinds[k].one);
}

int xs_object_show(const struct xs_call *call)
{
	const struct xs_model *m = xs_model_have();
	enum xs_kind k = kind_of(call);
	json_t *rows = m ? all_rows(k, m) : NULL, *row;
	size_t i;

	json_array_foreach(rows, i, row)
		if (!strcmp(json_string_value(json_object_get(row, "name")), call->argv[0])) {
			json_incref(row);
			json_decref(rows);
			return xs_out_object(NULL, row);
		}
	json_decref(rows);
	return m ? unknown(k, call->argv[0]) : -EIO;
}

/* Appends one pair to the mapping; the value is YAML in flow style. */
static int add_pair(struct fy_document *doc, struct fy_node *map, const char *key, const char *value)
{
	struct fy_document *piece = xs_conf_value(value);
	struct fy_node *v = piece ? fy_node_copy(doc, fy_document_root(piece)) : NULL;

	fy_document_destroy(piece);
	if (fy_node_mapping_lookup_by_string(map, key, FY_NT))
		return xs_usage(key, "leave one out", "is given twice");
	if (!v || fy_node_mapping_append(map, fy_node_create_scalar_copy(doc, key, FY_NT), v))
		return xs_usage(key, "quote it, write lists as '[a, b]'", "\"%s\" is no value", value);
	return 0;
}

/* NAME KEY VALUE ... as a mapping. */
static int mapping_of(const struct xs_call *call, enum xs_kind k, struct fy_document *doc, struct fy_node **map)
{
	int i = k == XS_K_PLACEMENT || k == XS_K_SETTINGS ? 0 : 1, err = 0;

	*map = fy_node_create_mapping(doc);
	if (!*map)
		return xs_kernel(ENOMEM, "set", NULL, "no memory");
	if ((call->argc - i) % 2)
		return xs_usage(call->argv[call->argc - 1], "give KEY VALUE pairs", "has no value");
	if (i)
		err = add_pair(doc, *map, "name", call->argv[0]);
	for (; !err && i < call->argc; i += 2)
		err = add_pair(doc, *map, call->argv[i], call->argv[i + 1]);
	return err;
}

int xs_object_set(const struct xs_call *call)
{
	const struct xs_model *have = xs_model_have();
	enum xs_kind k = kind_of(call);
	struct xs_model want;
	char what[96];
	struct xs_conf c = { .name = what, .have = have, .want = &want, .merge = true, .words = true };
	struct fy_document *doc = fy_document_create(NULL);
	struct xs_busy *busy = have ? xs_busy_ids() : NULL;
	struct fy_node *map;
	int err = have && doc && busy ? 0 : -EIO;

	xs_model_init(&want);
	snprintf(what, sizeof(what), k == XS_K_PLACEMENT || k == XS_K_SETTINGS ? "%s" : "%s %s", xs_kinds[k].one, call->argv[0]);
	c.busy = busy;
	err = err ?: mapping_of(call, k, doc, &map) ?: xs_model_copy(&want, have);
	if (!err && !want.kind[XS_K_SETTINGS].n && !xs_row_add(&want, XS_K_SETTINGS))
		err = xs_kernel(ENOMEM, "set", NULL, "no memory");
	if (!err)
		err = xs_conf_row(&c, k, map) ? xs_model_check(&want, NULL) ?: xs_change(have, &want, false) : -EINVAL;
	xs_model_free(&want);
	fy_document_destroy(doc);
	free(busy);
	return err;
}

/* Deletes a fed placement by its name. */
static int unfeed(const char *name, const struct xs_model *m)
{
	struct xs_rule_key at = { 0 };
	struct xs_r_placement p;
	uint64_t revision;
	int err;

	while (xs_fed_next(&at, m, &p))
		if (!strcmp(p.h.name, name)) {
			err = xs_feed_delete(m, &p, &revision);
			xs_feed_close();
			return err;
		}
	return unknown(XS_K_PLACEMENT, name);
}

int xs_object_delete(const struct xs_call *call)
{
	const struct xs_model *have = xs_model_have();
	enum xs_kind k = kind_of(call);
	struct xs_model want;
	uint32_t at;
	int err;

	if (!have)
		return -EIO;
	if (xs_model_copy(&want, have))
		return -ENOMEM;
	at = xs_row_index(&want, k, call->argv[0]);
	if (at == want.kind[k].n) {
		err = k == XS_K_PLACEMENT ? unfeed(call->argv[0], have) : unknown(k, call->argv[0]);
	} else {
		xs_row_remove(&want, k, at);
		err = xs_model_check(&want, NULL) ?: xs_change(have, &want, false);
	}
	xs_model_free(&want);
	return err;
}
