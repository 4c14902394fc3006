// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A row as JSON: the keys of the configuration, durations as integers whose key ends in the unit. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/out.h"
#include "user/decide/value.h"

const char *xs_field_json_key(const struct xs_field *f)
{
	static char key[64];
	const char *unit = f->type == XS_T_US ? "_us" : f->type == XS_T_MS ? "_ms" : f->type == XS_T_S ? "_s" : "";

	snprintf(key, sizeof(key), "%s%s", f->key, unit);
	return key;
}

static json_t *name_json(enum xs_kind k, uint16_t id, const struct xs_model *m)
{
	const struct xs_row *r = xs_row_id(m, k, id);

	return r ? json_string(r->name) : json_null();
}

static json_t *names_json(const struct xs_field *f, const uint16_t *ids, const struct xs_model *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->size / sizeof(*ids) && ids[i]; i++)
		json_array_append_new(list, name_json(f->ref, ids[i], m));
	return list;
}

static json_t *zones_json(uint64_t zones, const struct xs_model *m)
{
	json_t *list = json_array();

	for (int i = 0; i < XS_MAX_ZONES; i++)
		if (zones >> i & 1)
			json_array_append_new(list, name_json(XS_K_ZONE, i + 1, m));
	return list;
}

static json_t *sources_json(const struct xs_r_tenant *t, const struct xs_model *m)
{
	json_t *list = json_array();
	char addr[64], prefix[80];

	for (int i = 0; i < XS_TENANT_SOURCES && t->src[i].used; i++) {
		xs_out_addr(&t->src[i].addr, 0, addr, sizeof(addr));
		snprintf(prefix, sizeof(prefix), "%s/%d", addr, strchr(addr, ':') ? t->src[i].bits : t->src[i].bits - 96);
		json_array_append_new(list, json_pack("{s:s, s:o}", "prefix", prefix, "class", name_json(XS_K_CLASS, t->src[i].class, m)));
	}
	return list;
}

static json_t *addrs_json(const struct xs_addr *a, size_t n)
{
	static const struct xs_addr none;
	json_t *list = json_array();
	char text[64];

	for (size_t i = 0; i < n && memcmp(&a[i], &none, sizeof(none)); i++)
		json_array_append_new(list, json_string(xs_out_addr(&a[i], 0, text, sizeof(text))));
	return list;
}

static json_t *members_json(const struct xs_r_placement *p, uint8_t set, const struct xs_model *m)
{
	json_t *list = json_array();

	for (int i = 0; i < p->members; i++)
		if (p->member[i].set == set)
			json_array_append_new(list, json_pack("{s:o, s:i}", "name", name_json(XS_K_TARGET, p->member[i].target, m), "weight", p->member[i].weight));
	return list;
}

static json_t *sets_json(const struct xs_field *f, const struct xs_r_placement *p, const struct xs_model *m)
{
	json_t *list;

	if (!f->least)
		return members_json(p, 0, m);
	list = json_array();
	for (uint8_t set = 1; set < xs_placement_sets(p); set++)
		json_array_append_new(list, members_json(p, set, m));
	return list;
}

static json_t *scalar_json(const struct xs_field *f, const void *row, const struct xs_model *m)
{
	static const struct xs_addr none;
	uint64_t v = 0;
	char text[64];

	if (f->type == XS_T_NAME || f->type == XS_T_TEXT)
		return json_string((const char *)row + f->off);
	if (f->type == XS_T_ADDR && !memcmp((const char *)row + f->off, &none, sizeof(none)))
		return json_null();
	if (f->type == XS_T_ADDR)
		return json_string(xs_out_addr((const void *)((const char *)row + f->off), 0, text, sizeof(text)));
	memcpy(&v, (const char *)row + f->off, f->size);
	if (f->type == XS_T_REF)
		return name_json(f->ref, v, m);
	if (f->type == XS_T_PORT)
		return json_integer(ntohs(v));
	if (f->type == XS_T_PORTS && snprintf(text, sizeof(text), "%u-%u", (unsigned int)(v & 0xffff), (unsigned int)(v >> 16)))
		return json_string(text);
	if (f->type == XS_T_HEX && snprintf(text, sizeof(text), "%016llx", (unsigned long long)v))
		return json_string(text);
	if (f->type == XS_T_ENUM)
		return !strcmp(f->words[0] ?: "", "false") ? json_boolean(v) : json_string(f->words[v]);
	return json_integer(v);
}

static json_t *field_json(const struct xs_field *f, const void *row, const struct xs_model *m)
{
	const struct xs_r_placement *p = row;
	const struct xs_r_tenant *t = row;
	const struct xs_r_target *g = row;
	char hash[16];

	switch (f->type) {
	case XS_T_REFS: return names_json(f, (const uint16_t *)((const char *)row + f->off), m);
	case XS_T_ZONES: return zones_json(t->zones, m);
	case XS_T_SOURCES: return sources_json(t, m);
	case XS_T_ADDRS: return addrs_json((const void *)((const char *)row + f->off), f->size / sizeof(struct xs_addr));
	case XS_T_KEYS: return json_pack("[s, s]", *t->ref[0] ? t->ref[0] : "-", *t->ref[1] ? t->ref[1] : "-");
	case XS_T_RATES: return json_pack("{s:I, s:I, s:I}", "requests", (json_int_t)t->requests, "tokens", (json_int_t)t->tokens, "burst", (json_int_t)t->burst);
	case XS_T_PRICE: return json_pack("{s:f, s:f}", "in", g->price_in, "out", g->price_out);
	case XS_T_SETS: return sets_json(f, p, m);
	case XS_T_PREFIX:
		snprintf(hash, sizeof(hash), "%08x", p->hash);
		return p->depth ? json_pack("{s:i, s:s}", "depth", p->depth, "hash", hash) : json_null();
	default: return scalar_json(f, row, m);
	}
}

/* [a, b] and {k: v} without their outer brackets. */
static json_t *text_json(const struct xs_field *f, const void *row, const struct xs_model *m)
{
	char *text = xs_field_text(f, row, m);
	size_t n = text ? strlen(text) : 0;
	json_t *v = n > 2 ? json_stringn(text + (*text == '['), n - 2 * (*text == '[')) : json_null();

	free(text);
	return v;
}

/* A number or text that was never given: programs get 0 or "", people see no value. */
static bool unset(const struct xs_field *f, const void *row, struct xs_model *m)
{
	return !f->def && !f->required && f->type != XS_T_ENUM && xs_scalar_default(f, row, m);
}

struct json_t *xs_row_json(enum xs_kind k, const void *row, const struct xs_model *m, bool text)
{
	json_t *o = json_object();

	if (k == XS_K_PLACEMENT)
		json_object_set_new(o, "name", json_string(((const struct xs_row *)row)->name));
	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++) {
		bool many = f->type >= XS_T_SOURCES || f->type == XS_T_REFS || f->type == XS_T_ZONES;

		if (f->type == XS_T_UNTIL && f->least)
			continue;	/* a ttl is shown as expires_at */
		json_object_set_new(o, xs_field_json_key(f), many && text ? text_json(f, row, m) :
				    text && unset(f, row, (struct xs_model *)m) ? json_null() : field_json(f, row, m));
	}
	return o;
}
