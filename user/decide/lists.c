// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fields of several values: a YAML node -> the row -> YAML in flow style. Fields of one value are in value.c. */
#include <inttypes.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/num.h"
#include "user/base/text.h"
#include "user/decide/value.h"

struct fy_node *xs_wrong_at;

/* What a parser of this file is given. */
struct place {
	const struct xs_field *f;
	void *row;
	struct xs_model *m;
	const char *dir;
};

static const char *text_of(struct fy_node *n)
{
	return n && fy_node_is_scalar(n) && !fy_node_is_alias(n) ? fy_node_get_scalar0(n) : NULL;	/* aliases are not followed */
}

/* Calls one() for each item of a sequence; a scalar or mapping is a sequence of itself. Return: NULL, or what is wrong */
static const char *each(struct fy_node *n, struct place *p, const char *(*one)(struct place *, struct fy_node *, unsigned int))
{
	const char *err = NULL;
	struct fy_node *item;
	unsigned int i = 0;
	void *at = NULL;

	if (!fy_node_is_sequence(n))
		return one(p, n, 0);
	while (!err && (item = fy_node_sequence_iterate(n, &at))) {
		xs_wrong_at = item;
		err = one(p, item, i++);
	}
	if (!err)
		xs_wrong_at = NULL;
	return err;
}

/* Calls one() for each key of a mapping with its text value. */
static const char *each_key(struct fy_node *n, struct place *p, const char *(*one)(struct place *, const char *key, const char *value))
{
	const char *err = NULL, *key, *value;
	struct fy_node_pair *pair;
	void *at = NULL;

	if (!fy_node_is_mapping(n))
		return WRONG("wants a mapping");
	while (!err && (pair = fy_node_mapping_iterate(n, &at))) {
		key = text_of(fy_node_pair_key(pair));
		value = text_of(fy_node_pair_value(pair));
		xs_wrong_at = fy_node_pair_key(pair);
		err = key && value ? one(p, key, value) : WRONG("wants plain keys and values");
	}
	if (!err)
		xs_wrong_at = NULL;
	return err;
}

static const char *one_pool(struct place *p, struct fy_node *n, unsigned int i)
{
	uint16_t *pools = (uint16_t *)((char *)p->row + p->f->off);
	const char *err, *s = text_of(n);
	uint64_t id;

	if (!s)
		return WRONG("wants names");
	if (i >= p->f->size / sizeof(*pools))
		return WRONG("too many, at most %zu", p->f->size / sizeof(*pools));
	err = xs_ref_parse(p->f->ref, s, p->m, &id);
	if (!err)
		pools[i] = id;
	return err;
}

static const char *one_zone(struct place *p, struct fy_node *n, unsigned int i)
{
	uint64_t *zones = (uint64_t *)((char *)p->row + p->f->off), id;
	const char *err, *s = text_of(n);

	if (!s)
		return WRONG("wants names of zones");
	err = xs_ref_parse(XS_K_ZONE, s, p->m, &id);
	if (!err)
		*zones |= 1ULL << (id - 1);
	return err;
}

static const char *one_addr(struct place *p, struct fy_node *n, unsigned int i)
{
	struct xs_addr *a = (struct xs_addr *)((char *)p->row + p->f->off);
	const char *s = text_of(n);

	if (!s)
		return WRONG("wants addresses");
	if (i >= p->f->size / sizeof(*a))
		return WRONG("too many, at most %zu", p->f->size / sizeof(*a));
	return xs_addr_parse(s, &a[i]);
}

static const char *source_key(struct place *p, const char *key, const char *value)
{
	struct xs_src *s = p->row;
	const char *err;
	uint64_t id;

	if (!strcmp(key, "prefix")) {
		s->used = 1;
		return xs_cidr_parse(value, &s->addr, &s->bits);
	}
	if (strcmp(key, "class"))
		return WRONG("no such key \"%.40s\"; known are prefix, class", key);
	err = xs_ref_parse(XS_K_CLASS, value, p->m, &id);
	if (!err)
		s->class = id;
	return err;
}

static const char *one_source(struct place *p, struct fy_node *n, unsigned int i)
{
	struct xs_src *s = (struct xs_src *)((char *)p->row + p->f->off) + i;
	struct place inner = { p->f, s, p->m, p->dir };
	const char *err;

	if (i >= XS_TENANT_SOURCES)
		return WRONG("too many, at most %d", XS_TENANT_SOURCES);
	err = text_of(n) ? source_key(&inner, "prefix", text_of(n)) : each_key(n, &inner, source_key);
	return err ?: s->used ? err : WRONG("a source without prefix");
}

/* A relative file: reference counts from where the text stands, wherever it is read again: so it is kept absolute. */
static const char *keep_ref(const char *s, const char *dir, char *ref, size_t size)
{
	char *base = !strncmp(s, "file:", 5) && s[5] != '/' ? realpath(dir ?: ".", NULL) : NULL;
	size_t n = base ? (size_t)snprintf(ref, size, "file:%s/%s", base, s + 5) : (size_t)snprintf(ref, size, "%s", s);

	free(base);
	return n < size ? NULL : WRONG("a reference is at most %zu characters, with its directory", size - 1);
}

static const char *one_key(struct place *p, struct fy_node *n, unsigned int i)
{
	struct xs_r_tenant *t = p->row;
	const char *s = text_of(n), *err;

	if (i > 1 || !s)
		return WRONG("wants one or two references, even and odd epoch: [file:a.key, file:b.key]");
	if (!strcmp(s, "-"))
		return NULL;
	err = keep_ref(s, p->dir, t->ref[i], sizeof(t->ref[i]));
	if (err)
		return err;
	return xs_key_read(t->ref[i], NULL, t->key[i]);
}

static const char *rate_key(struct place *p, const char *key, const char *value)
{
	struct xs_r_tenant *t = p->row;
	uint64_t burst = 0;
	const char *err;

	if (!strcmp(key, "requests")) {
		err = xs_num_parse(value, "/s", &t->requests);
		return err ?: t->requests > XS_RATE_REQUESTS_MOST ? WRONG("requests: more than %u/s cannot be kept to", XS_RATE_REQUESTS_MOST) : NULL;
	}
	if (!strcmp(key, "tokens")) {
		err = xs_num_parse(value, "/s", &t->tokens);
		return err ?: t->tokens > 0xffffffff ? WRONG("tokens is too large") : NULL;
	}
	if (strcmp(key, "burst"))
		return WRONG("no such key \"%.40s\"; known are requests, tokens, burst", key);
	err = xs_num_parse(value, "", &burst);
	t->burst = burst;
	return err ?: burst > 0xffffffff ? WRONG("burst is too large") : NULL;
}

static const char *price_key(struct place *p, const char *key, const char *value)
{
	struct xs_r_target *t = p->row;
	char *end;
	double v = strtod(value, &end);

	if (strcmp(key, "in") && strcmp(key, "out"))
		return WRONG("no such key \"%.40s\"; known are in, out", key);
	if (!*value || *end || !(v >= 0 && v < 1e9))
		return WRONG("\"%.40s\" is no price", value);
	*(key[0] == 'i' ? &t->price_in : &t->price_out) = v;
	return NULL;
}

static const char *prefix_key(struct place *p, const char *key, const char *value)
{
	struct xs_r_placement *r = p->row;
	uint64_t v = 0;
	const char *err;
	char *end;

	if (!strcmp(key, "depth")) {
		err = xs_num_parse(value, "", &v);
		r->depth = v;
		return err ?: v < 4 || v > 22 ? WRONG("a depth is the exponent of a power of two of tokens, 4..22") : NULL;
	}
	if (strcmp(key, "hash"))
		return WRONG("no such key \"%.40s\"; known are depth, hash", key);
	v = strtoull(value, &end, 16);
	r->hash = v;
	return !*value || *end || !v || v > 0xffffffff ? WRONG("\"%.40s\" is no prefix hash: 8 hexadecimal digits, not 0", value) : NULL;
}

static const char *member_key(struct place *p, const char *key, const char *value)
{
	struct xs_member *m = p->row;
	const char *err;
	uint64_t v = 0;

	if (!strcmp(key, "name")) {
		err = xs_ref_parse(XS_K_TARGET, value, p->m, &v);
		m->target = v;
		return err;
	}
	if (strcmp(key, "weight"))
		return WRONG("no such key \"%.40s\"; known are name, weight", key);
	err = xs_num_parse(value, "", &v);
	m->weight = v;
	return err ?: v < 1 || v > 100 ? WRONG("a weight is 1..100; leave a target out to give it nothing") : NULL;
}

/* One target of the set that p->f->size holds here. */
static const char *add_member(struct place *p, struct fy_node *n, uint8_t set)
{
	struct xs_r_placement *r = p->row;
	struct xs_member *m = &r->member[r->members];
	struct place inner = { p->f, m, p->m, p->dir };
	const char *err;

	if (r->members == XS_PLACEMENT_MEMBERS)
		return WRONG("too many targets, at most %d", XS_PLACEMENT_MEMBERS);
	*m = (struct xs_member){ .set = set, .weight = 1 };
	err = text_of(n) ? member_key(&inner, "name", text_of(n)) : each_key(n, &inner, member_key);
	if (err)
		return err;
	if (!m->target)
		return WRONG("a target without name");
	for (unsigned int i = 0; i < r->members; i++)
		if (r->member[i].set == set && r->member[i].target == m->target)
			return WRONG("a target stands twice in one list; give it a weight");
	r->members++;
	return NULL;
}

static const char *first_member(struct place *p, struct fy_node *n, unsigned int i)
{
	return add_member(p, n, 0);
}

static uint8_t then_set;

static const char *then_member(struct place *p, struct fy_node *n, unsigned int i)
{
	return add_member(p, n, then_set);
}

static const char *one_then(struct place *p, struct fy_node *n, unsigned int i)
{
	if (i + 1 >= XS_MAX_SETS)
		return WRONG("too many lists, at most %d", XS_MAX_SETS - 1);
	then_set = i + 1;
	if (!fy_node_is_sequence(n) || !fy_node_sequence_item_count(n))
		return WRONG("wants lists of targets: then: [[gpu2], [gpu3, gpu4]]");
	return each(n, p, then_member);
}

static const char *parse_sets(struct place *p, struct fy_node *n)
{
	struct xs_r_placement *r = p->row;
	unsigned int kept = 0;

	/* a row that is changed keeps its members of the other field */
	for (unsigned int i = 0; i < r->members; i++)
		if (!r->member[i].set != !p->f->least)
			r->member[kept++] = r->member[i];
	r->members = kept;
	if (fy_node_is_sequence(n) && !fy_node_sequence_item_count(n) && !p->f->least)
		return WRONG("names no target");
	return each(n, p, p->f->least ? one_then : first_member);
}

const char *xs_field_parse(const struct xs_field *f, struct fy_node *n, void *row, struct xs_model *m, const char *dir)
{
	struct place p = { f, row, m, dir };
	struct xs_r_tenant *t = row;

	xs_wrong_at = NULL;
	if (f->type < XS_T_SOURCES && f->type != XS_T_REFS && f->type != XS_T_ZONES) {
		if (!text_of(n))
			return WRONG("wants a single value");
		return xs_field_parse_text(f, text_of(n), row, m);
	}
	if ((f->type == XS_T_REFS || f->type == XS_T_ZONES) && fy_node_is_sequence(n) && !fy_node_sequence_item_count(n))
		return f->required ? WRONG("names no %s", xs_kinds[f->ref].one) : WRONG("an empty list would be no limit");
	if (f->type != XS_T_SETS && f->type != XS_T_PREFIX)
		memset((char *)row + f->off, 0, f->size);
	switch (f->type) {
	case XS_T_REFS: return each(n, &p, one_pool);
	case XS_T_ZONES: return each(n, &p, one_zone);
	case XS_T_SOURCES: return each(n, &p, one_source);
	case XS_T_ADDRS: return each(n, &p, one_addr);
	case XS_T_KEYS: memset(t->key, 0, sizeof(t->key)); return each(n, &p, one_key);
	case XS_T_RATES: return each_key(n, &p, rate_key);
	case XS_T_PRICE: return each_key(n, &p, price_key);
	case XS_T_PREFIX: return each_key(n, &p, prefix_key);
	default: return parse_sets(&p, n);
	}
}

const struct xs_field *xs_field_named(enum xs_kind k, const char *key)
{
	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++)
		if (!strcmp(f->key, key))
			return f;
	return NULL;
}
