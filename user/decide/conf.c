// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text -> model. The document is walked in the order of the kinds, so that every reference finds what it names; a mistake is
 * told with its line and column, and reading goes on, so that one look shows all of them. */
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/value.h"

#define MAX_MISTAKES 20

/* "x.yaml:12:5" for a node. */
static const char *where(const struct xs_conf *c, struct fy_node *n)
{
	static char text[256];
	struct fy_token *t = n ? fy_node_get_scalar_token(n) : NULL;
	const struct fy_mark *m;
	struct fy_node *first;

	/* only scalars have tokens: a mapping begins at its first key, a sequence at its first item */
	for (int depth = 0; n && !t && depth < 8; depth++) {
		first = fy_node_is_mapping(n) ? fy_node_pair_key(fy_node_mapping_get_by_index(n, 0)) : fy_node_sequence_get_by_index(n, 0);
		n = first;
		t = n ? fy_node_get_scalar_token(n) : NULL;
	}
	m = t && !c->words ? fy_token_start_mark(t) : NULL;
	if (m)
		snprintf(text, sizeof(text), "%s:%d:%d", c->name, m->line + 1, m->column + 1);
	else
		snprintf(text, sizeof(text), "%s", c->name);
	return text;
}

static uint32_t line_of(struct fy_node *n)
{
	struct xs_conf c = { .name = "" };
	const char *s = where(&c, n);

	return *s == ':' ? (uint32_t)atoi(s + 1) : 0;
}

int xs_conf_mistake(struct xs_conf *c, struct fy_node *n, const char *try, const char *what)
{
	if (n && fy_node_is_alias(n)) {
		what = "an alias (*NAME) is not followed";
		try = "write out what it stands for";
	}
	if (c->mistakes++ < MAX_MISTAKES)
		xs_refuse(where(c, n), try, "%s", what);
	return -EINVAL;
}

static int unknown_key(struct xs_conf *c, struct fy_node *key, enum xs_kind k)
{
	const char *word = fy_node_is_scalar(key) ? fy_node_get_scalar0(key) : "?";
	char what[128];

	snprintf(what, sizeof(what), "%s has no key \"%.40s\"", xs_kinds[k].one, word);
	return xs_conf_mistake(c, key, xs_key_remedy(k, word), what);
}

/* A field of the row from its value; an empty value has no place in the text of its own, its key has. */
static void read_field(struct xs_conf *c, const struct xs_field *f, struct fy_node *key, struct fy_node *value, void *row)
{
	const char *err = xs_field_parse(f, value, row, c->want, c->dir);
	struct fy_node *at = xs_wrong_at ?: value;
	char what[320];

	if (!err)
		return;
	snprintf(what, sizeof(what), "%s: %s", f->key, err);
	xs_conf_mistake(c, line_of(at) ? at : key, xs_field_remedy(f, err, c->want), what);
}

/* Fills the row from the mapping, or its name from a word. Return: whether all of it was right */
static bool read_fields(struct xs_conf *c, enum xs_kind k, struct fy_node *map, void *row)
{
	int before = c->mistakes;
	struct fy_node_pair *pair;
	const struct xs_field *f;
	struct fy_node *kn;
	const char *key;
	void *at = NULL;

	if (fy_node_is_scalar(map))
		read_field(c, xs_field_named(k, "name"), map, map, row);
	while (fy_node_is_mapping(map) && (pair = fy_node_mapping_iterate(map, &at))) {
		kn = fy_node_pair_key(pair);
		key = fy_node_is_scalar(kn) ? fy_node_get_scalar0(kn) : NULL;
		f = key ? xs_field_named(k, key) : NULL;
		if (!f) {
			unknown_key(c, kn, k);
			continue;
		}
		if (fy_node_pair_value(pair))
			read_field(c, f, kn, fy_node_pair_value(pair), row);
		else
			xs_conf_mistake(c, kn, f->help, "a key without value");
	}
	return c->mistakes == before;
}

static bool has_required(struct xs_conf *c, enum xs_kind k, struct fy_node *map, bool had)
{
	char what[128], try[160];

	for (const struct xs_field *f = xs_kinds[k].fields; f->key && !had && fy_node_is_mapping(map); f++)
		if (f->required && !fy_node_mapping_lookup_by_string(map, f->key, FY_NT)) {
			snprintf(what, sizeof(what), "%s lacks the key \"%s\"", xs_kinds[k].one, f->key);
			snprintf(try, sizeof(try), "add it: %s", f->help);
			return !xs_conf_mistake(c, map, try, what);
		}
	return true;
}

/* The row of want that the mapping speaks of: by name, placements by what they are for. Return: index, or n: none */
static uint32_t find_same(struct xs_conf *c, enum xs_kind k, const struct xs_row *row)
{
	return k == XS_K_SETTINGS ? 0 : xs_row_index(c->want, k, row->name);
}

/* A place for the row: a new one, or the one of the same name where rows may change. */
static void *place_row(struct xs_conf *c, enum xs_kind k, struct fy_node *map, const void *row, bool once)
{
	uint32_t i = find_same(c, k, row);
	char what[128];
	uint16_t id;
	void *at;

	if (i < c->want->kind[k].n && once) {
		snprintf(what, sizeof(what), "a second %s is called \"%s\"", xs_kinds[k].one, ((const struct xs_row *)row)->name);
		xs_conf_mistake(c, map, k == XS_K_PLACEMENT ? "join them" : "choose another name", what);
		return NULL;
	}
	if (i == c->want->kind[k].n && i >= xs_kinds[k].most) {
		snprintf(what, sizeof(what), "more than %u %s", xs_kinds[k].most, xs_kinds[k].many);
		xs_conf_mistake(c, map, "leave some out", what);
		return NULL;
	}
	at = i < c->want->kind[k].n ? xs_row_at(c->want, k, i) : xs_row_add(c->want, k);
	if (!at) {
		xs_kernel(ENOMEM, c->name, NULL, "no memory for a %s", xs_kinds[k].one);
		c->mistakes++;
		return NULL;
	}
	id = ((struct xs_row *)at)->id;
	memcpy(at, row, xs_kinds[k].size);
	((struct xs_row *)at)->id = id;
	return at;
}

/* A scratch row with the defaults, or with what the row of this name has. Return: malloc'ed */
static void *start_row(struct xs_conf *c, enum xs_kind k, struct fy_node *map, bool *had)
{
	struct fy_node *name = fy_node_is_mapping(map) ? fy_node_mapping_lookup_by_string(map, "name", FY_NT) : NULL;
	struct xs_model tmp;
	void *row = malloc(xs_kinds[k].size), *fresh, *old = NULL;

	xs_model_init(&tmp);
	fresh = xs_row_add(&tmp, k);
	if (c->merge && k == XS_K_SETTINGS)
		old = xs_row_at(c->want, k, 0);
	else if (c->merge && name && fy_node_is_scalar(name))
		old = xs_row_named(c->want, k, fy_node_get_scalar0(name));
	if (row && fresh)
		memcpy(row, old ?: fresh, xs_kinds[k].size);
	xs_model_free(&tmp);
	*had = old != NULL;
	return row;
}

/* Of zones and pools the name alone will do: [eu-de, us] is short for [{name: eu-de}, {name: us}]. */
static bool name_will_do(enum xs_kind k)
{
	int required = 0;

	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++)
		required += f->required ? 1 : 0;
	return required == 1 && xs_field_named(k, "name");
}

static void *conf_row(struct xs_conf *c, enum xs_kind k, struct fy_node *map, bool once)
{
	struct xs_row *row, *at = NULL;
	uint16_t before;
	bool had, good;

	if (!map || !(fy_node_is_mapping(map) || (name_will_do(k) && fy_node_is_scalar(map) && !fy_node_is_alias(map)))) {
		xs_conf_mistake(c, map, "write {name: ..., ...}", "wants a mapping");
		return NULL;
	}
	row = start_row(c, k, map, &had);
	if (!row) {
		xs_kernel(ENOMEM, c->name, NULL, "no memory");
		c->mistakes++;
		return NULL;
	}
	good = read_fields(c, k, map, row) && has_required(c, k, map, had);
	row->line = line_of(map);
	if (good && k == XS_K_PLACEMENT) {
		((struct xs_r_placement *)row)->from = XS_FROM_CONFIG;
		xs_placement_name(c->want, (void *)row);
	}
	if (good || *row->name)		/* a wrong row is still there for others to refer to: they are not wrong, too */
		at = place_row(c, k, map, row, once);
	free(row);
	before = at ? at->id : 0;
	if (at && k != XS_K_SETTINGS && xs_row_identify(c->have, c->want, k, at, c->busy)) {
		xs_conf_mistake(c, map, "wait for flows to end, or delete some", "no id is free: all belong to others or to flows under way");
		return NULL;
	}
	if (before && before != at->id)
		xs_row_renumber(c->want, k, before, at->id);
	return good ? at : NULL;
}

void *xs_conf_row(struct xs_conf *c, enum xs_kind k, struct fy_node *map)
{
	return conf_row(c, k, map, false);
}

/* The kind a key of the document speaks of. Return: XS_K_MAX: none */
static enum xs_kind kind_of(const char *key)
{
	for (int k = 0; k < XS_K_MAX; k++)
		if (!strcmp(key, xs_kinds[k].many))
			return k;
	return XS_K_MAX;
}

/* Top-level keys that are no kind, and the version. */
static void read_head(struct xs_conf *c, struct fy_node *root)
{
	struct fy_node *version = fy_node_mapping_lookup_by_string(root, "xsteer", FY_NT), *key;
	struct fy_node_pair *pair;
	const char *word;
	void *at = NULL;
	char what[96];

	if (!version || !fy_node_is_scalar(version) || strcmp(fy_node_get_scalar0(version), "1"))
		xs_conf_mistake(c, version ?: root, "begin with `xsteer: 1`", "xsteer: the version of the format is not 1");
	while ((pair = fy_node_mapping_iterate(root, &at))) {
		key = fy_node_pair_key(pair);
		word = fy_node_is_scalar(key) ? fy_node_get_scalar0(key) : "?";
		if (!strcmp(word, "xsteer") || !strcmp(word, "site") || kind_of(word) != XS_K_MAX)
			continue;
		snprintf(what, sizeof(what), "no such key \"%.40s\"", word);
		xs_conf_mistake(c, key, "known are: xsteer settings site zones sites classes pools tenants targets services placements", what);
	}
}

static void read_local_site(struct xs_conf *c, struct fy_node *root)
{
	struct fy_node *map = fy_node_mapping_lookup_by_string(root, "site", FY_NT);
	struct xs_r_site *site = map ? conf_row(c, XS_K_SITE, map, false) : NULL, *old;

	if (!site)
		return;
	xs_each(old, c->want, XS_K_SITE)
		old->local = 0;
	site->local = 1;
}

/* Reads one kind: `settings` is a mapping, all others are sequences of them. */
static void read_kind(struct xs_conf *c, struct fy_node *root, enum xs_kind k, bool once)
{
	struct fy_node *list = fy_node_mapping_lookup_by_string(root, xs_kinds[k].many, FY_NT), *item;
	void *at = NULL;

	if (!list || (fy_node_is_scalar(list) && !*fy_node_get_scalar0(list)))
		return;
	if (k == XS_K_SETTINGS) {
		conf_row(c, k, list, false);
		return;
	}
	if (!fy_node_is_sequence(list)) {
		xs_conf_mistake(c, list, "write a list: one `- {...}` a line", "wants a list");
		return;
	}
	while ((item = fy_node_sequence_iterate(list, &at)) && c->mistakes < MAX_MISTAKES)
		conf_row(c, k, item, once);
}

int xs_conf_read(struct xs_conf *c, const char *text, size_t len, bool keep)
{
	struct fy_document *doc = xs_conf_mapping(c, text, len);
	struct fy_node *root;

	if (!doc)
		return -EINVAL;
	root = fy_document_root(doc);
	if (keep && xs_model_copy(c->want, c->have)) {
		fy_document_destroy(doc);
		return -ENOMEM;
	}
	read_head(c, root);
	for (int k = 0; k < XS_K_MAX && c->mistakes < MAX_MISTAKES; k++) {
		if (k == XS_K_SITE)
			read_local_site(c, root);
		read_kind(c, root, k, !keep);
	}
	if (!c->want->kind[XS_K_SETTINGS].n && !xs_row_add(c->want, XS_K_SETTINGS))
		c->mistakes++;
	if (c->mistakes > MAX_MISTAKES)
		xs_refuse(c->name, "mend these first", "and %d more", c->mistakes - MAX_MISTAKES);
	fy_document_destroy(doc);
	return c->mistakes ? -EINVAL : 0;
}
