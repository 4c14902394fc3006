// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows of xs_rows and the sets they point at, in xs_slots. Identical sets share one place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xxhash.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/model.h"

#define LINES(n) (((n) + XS_SLOTS_LINE - 1) / XS_SLOTS_LINE)

/* A set in the arena, with how many rows point at it; refs 0: free. */
struct set {
	struct xs_set at;
	uint64_t hash;
	uint32_t refs;
};

struct row { uint8_t used, nsets; uint32_t set[XS_MAX_SETS]; };

struct xs_rules {
	struct row *row;
	uint8_t *line;		/* of the arena: in use */
	struct set *set;
	uint16_t *slot;		/* the arena as it is in the map */
	struct xs_rules_word *word;
	uint32_t rows, lines, sets, set_room, words, next_row, next_line;
};

static uint64_t set_hash(const uint16_t *members, const uint16_t *ring, uint32_t n, uint32_t slots)
{
	return XXH64(ring, slots * sizeof(*ring), XXH64(members, 2 * n * sizeof(*members), n));
}

static void mark(struct xs_rules *r, const struct xs_set *s, uint8_t used)
{
	memset(r->line + s->members / XS_SLOTS_LINE, used, LINES(2 * s->n));
	memset(r->line + s->ring / XS_SLOTS_LINE, used, LINES(s->slots));
}

/* Where a set is remembered. Return: index, or negative */
static int note_set(struct xs_rules *r, const struct xs_set *s, uint64_t hash)
{
	uint32_t i = 0;
	void *grown;

	while (i < r->sets && r->set[i].refs)
		i++;
	if (i == r->set_room) {
		grown = realloc(r->set, (2 * i + 64) * sizeof(*r->set));
		if (!grown)
			return -ENOMEM;
		r->set = grown;
		r->set_room = 2 * i + 64;
	}
	r->set[i] = (struct set){ .at = *s, .hash = hash };
	r->sets = i >= r->sets ? i + 1 : r->sets;
	mark(r, s, 1);
	return i;
}

static bool in_arena(const struct xs_rules *r, const struct xs_set *s)
{
	uint64_t room = (uint64_t)r->lines * XS_SLOTS_LINE;

	return s->n && s->slots && s->n <= XS_MAX_MEMBERS && s->members + 2ULL * s->n <= room && s->ring + (uint64_t)s->slots <= room;
}

/* Takes a live row of the map into account. */
static int adopt_row(struct xs_rules *r, uint32_t number)
{
	struct row *row = &r->row[number];
	struct xs_rule rule;
	int i;

	if (!number || number >= r->rows || row->used || xs_map_get(XS_MAP_xs_rows, &number, &rule) || !rule.from)
		return 0;
	row->used = 1;
	for (uint32_t s = 0; s < rule.nsets && s < XS_MAX_SETS; s++) {
		if (!in_arena(r, &rule.set[s]))
			continue;
		for (i = 0; (uint32_t)i < r->sets && (!r->set[i].refs || memcmp(&r->set[i].at, &rule.set[s], sizeof(rule.set[s]))); i++)
			;
		if ((uint32_t)i == r->sets)
			i = note_set(r, &rule.set[s], set_hash(r->slot + rule.set[s].members, r->slot + rule.set[s].ring, rule.set[s].n, rule.set[s].slots));
		if (i < 0)
			return i;
		r->set[i].refs++;
		row->set[row->nsets++] = i;
	}
	return 0;
}

static int read_words(struct xs_rules *r)
{
	struct xs_rule_key key, *at = NULL;
	uint32_t room = 0;
	void *grown;

	while (!xs_map_next(XS_MAP_xs_rules, at, &key)) {
		at = &key;
		if (r->words == room) {
			room = 2 * room + 256;
			grown = realloc(r->word, room * sizeof(*r->word));
			if (!grown)
				return -ENOMEM;
			r->word = grown;
		}
		r->word[r->words].key = key;
		if (!xs_map_get(XS_MAP_xs_rules, &key, &r->word[r->words].word))
			r->words++;
	}
	return 0;
}

struct xs_rules *xs_rules_open(uint32_t gen)
{
	struct xs_rules *r = calloc(1, sizeof(*r));
	int err = r ? xs_rcu_sync() : -ENOMEM;

	if (r) {
		r->rows = xs_map_entries(XS_MAP_xs_rows);
		r->lines = xs_map_entries(XS_MAP_xs_slots);
		r->row = calloc(r->rows, sizeof(*r->row));
		r->line = calloc(r->lines, 1);
		r->slot = calloc(r->lines, sizeof(struct xs_slots));
		err = err ?: r->row && r->line && r->slot ? read_words(r) ?: xs_map_read(XS_MAP_xs_slots, 0, r->lines, r->slot) : -ENOMEM;
	}
	for (uint32_t i = 0; !err && i < r->words; i++)
		err = adopt_row(r, r->word[i].word.cfg[gen]) ?: adopt_row(r, r->word[i].word.fed);
	if (!err)
		return r;
	xs_kernel(err, "placements", NULL, "cannot be read from the maps");
	xs_rules_close(r);
	return NULL;
}

void xs_rules_close(struct xs_rules *r)
{
	if (!r)
		return;
	free(r->row);
	free(r->line);
	free(r->slot);
	free(r->set);
	free(r->word);
	free(r);
}

const struct xs_rules_word *xs_rules_words(const struct xs_rules *r, uint32_t *n)
{
	*n = r->words;
	return r->word;
}

/* A run of free lines, from where the last one ended. Return: first line, or negative */
static int free_lines(struct xs_rules *r, uint32_t n)
{
	uint32_t run = 0;

	for (uint32_t i = 0; i < 2 * r->lines; i++) {
		uint32_t at = (r->next_line + i) % r->lines;

		run = r->line[at] ? 0 : at ? run + 1 : 1;	/* a run does not wrap */
		if (run < n)
			continue;
		memset(r->line + at + 1 - n, 1, n);
		r->next_line = (at + 1) % r->lines;
		return at + 1 - n;
	}
	return -ENOSPC;
}

/* Copies slots into the arena and its map. Return: first slot, or negative */
static int64_t store_slots(struct xs_rules *r, const uint16_t *slot, uint32_t n)
{
	int line = free_lines(r, LINES(n)), err;

	if (line < 0)
		return line;
	memcpy(r->slot + (size_t)line * XS_SLOTS_LINE, slot, n * sizeof(*slot));
	err = xs_map_write(XS_MAP_xs_slots, line, LINES(n), r->slot + (size_t)line * XS_SLOTS_LINE);
	return err ?: (int64_t)line * XS_SLOTS_LINE;
}

/* The place of this set: that of an identical one, or a new one. Return: index of r->set, or negative */
static int place_set(struct xs_rules *r, const uint16_t *members, const uint16_t *ring, uint32_t n, uint32_t slots)
{
	struct xs_set s = { .n = n, .slots = slots };
	uint64_t hash = set_hash(members, ring, n, slots);
	int64_t at;

	for (uint32_t i = 0; i < r->sets; i++)
		if (r->set[i].refs && r->set[i].hash == hash && r->set[i].at.n == n && r->set[i].at.slots == slots &&
		    !memcmp(r->slot + r->set[i].at.members, members, 2 * n * sizeof(*members)) && !memcmp(r->slot + r->set[i].at.ring, ring, slots * sizeof(*ring)))
			return i;
	at = store_slots(r, members, 2 * n);
	if (at < 0)
		return at;
	s.members = at;
	at = store_slots(r, ring, slots);
	if (at < 0)
		return at;	/* the places are found again at the next open */
	s.ring = at;
	return note_set(r, &s, hash);
}

/* Builds members and ring of one set. Return: index of r->set, or negative */
static int make_set(struct xs_rules *r, const struct xs_model *m, const struct xs_rules_want *w, uint8_t number)
{
	uint16_t members[2 * XS_MAX_MEMBERS], *ring;
	const char *name[XS_MAX_MEMBERS];
	uint32_t weight[XS_MAX_MEMBERS], n = 0, slots;
	const struct xs_row *t;
	int err;

	for (uint32_t i = 0; i < w->members && n < XS_MAX_MEMBERS; i++) {
		t = w->member[i].set == number ? xs_row_id(m, XS_K_TARGET, w->member[i].target) : NULL;
		if (!t)
			continue;
		members[n] = t->id;
		name[n] = t->name;
		weight[n++] = w->member[i].weight;
	}
	for (uint32_t i = 0; i < n; i++)
		members[n + i] = weight[i];
	slots = n ? xs_ring_size(weight, n) : 0;
	ring = malloc((slots + 1) * sizeof(*ring));
	err = ring && n ? xs_ring_fill(ring, slots, name, weight, n) : -ENOMEM;
	for (uint32_t i = 0; !err && i < slots; i++)
		ring[i] = members[ring[i]];
	err = err ?: place_set(r, members, ring, n, slots);
	free(ring);
	return err;
}

static uint64_t boot_ns(uint64_t unix_s)
{
	struct xs_clock c;
	int64_t ns;

	xs_clock_now(&c);
	ns = (int64_t)unix_s * 1000000000 - c.boot_off_ns;
	return !unix_s ? 0 : ns > 1 ? ns : 1;
}

static int free_row(struct xs_rules *r)
{
	for (uint32_t i = 0; i < r->rows; i++) {
		uint32_t at = (r->next_row + i) % r->rows;

		if (at && !r->row[at].used) {
			r->next_row = at + 1;
			return at;
		}
	}
	return -ENOSPC;
}

int xs_rules_row(struct xs_rules *r, const struct xs_model *m, const struct xs_rules_want *w)
{
	struct xs_rule rule = { .key = w->key, .expires_ns = boot_ns(w->expires_s), .revision = w->revision, .from = w->from };
	uint32_t number, sets = 0;
	int i = free_row(r);

	if (i < 0)
		return xs_refuse("placements", "delete some, or let fed ones expire", "no room for another one: all %u are in use", r->rows - 1);
	number = i;
	for (uint32_t k = 0; k < w->members; k++)
		sets = w->member[k].set >= sets ? w->member[k].set + 1u : sets;
	r->row[number] = (struct row){ .used = 1 };
	for (uint32_t s = 0; s < sets && s < XS_MAX_SETS; s++) {
		i = make_set(r, m, w, s);
		if (i < 0) {
			xs_rules_free(r, number);
			return xs_refuse("placements", "use fewer, smaller or more alike target sets", "no room for another ring");
		}
		r->set[i].refs++;
		r->row[number].set[r->row[number].nsets++] = i;
		rule.set[rule.nsets++] = r->set[i].at;
	}
	i = xs_map_set(XS_MAP_xs_rows, &number, &rule);
	return i ? xs_kernel(i, "xs_rows", NULL, "cannot write a placement") : (int)number;
}

void xs_rules_free(struct xs_rules *r, uint32_t number)
{
	struct row *row = &r->row[number];

	for (int i = 0; number && row->used && i < row->nsets; i++)
		if (!--r->set[row->set[i]].refs)
			mark(r, &r->set[row->set[i]].at, 0);
	memset(row, 0, sizeof(*row));
}

void xs_rules_key(const struct xs_r_placement *p, const struct xs_model *m, struct xs_rule_key *key)
{
	const struct xs_r_class *k = xs_row_id(m, XS_K_CLASS, p->class);

	memset(key, 0, sizeof(*key));
	key->service = p->service;
	key->tenant = p->tenant ?: XS_ANY;
	key->hash = p->hash;
	key->depth = p->depth;
	key->class = k ? k->number : XS_ANY_CLASS;
}

enum xs_level xs_rules_level(const struct xs_rule_key *k)
{
	if (k->depth)
		return k->tenant == XS_ANY ? XS_L_PREFIX : XS_L_PREFIX_TENANT;
	if (k->tenant != XS_ANY)
		return k->class == XS_ANY_CLASS ? XS_L_TENANT : XS_L_TENANT_CLASS;
	return k->class == XS_ANY_CLASS ? XS_L_SERVICE : XS_L_CLASS;
}

/* Members of one set of a live row, read from the arena. */
static void get_set(const struct xs_set *s, uint8_t number, struct xs_r_placement *p)
{
	uint16_t slot[2 * XS_MAX_MEMBERS + XS_SLOTS_LINE];

	if (!s->n || s->n > XS_MAX_MEMBERS || xs_map_read(XS_MAP_xs_slots, s->members / XS_SLOTS_LINE, LINES(2 * s->n), slot))
		return;
	for (uint32_t i = 0; i < s->n && p->members < XS_PLACEMENT_MEMBERS; i++)
		p->member[p->members++] = (struct xs_member){ .target = slot[i], .set = number, .weight = slot[s->n + i] };
}

bool xs_rules_get(uint32_t row, const struct xs_model *m, struct xs_r_placement *p)
{
	const struct xs_r_class *k;
	struct xs_clock c;
	struct xs_rule r;

	memset(p, 0, sizeof(*p));
	if (!row || xs_map_get(XS_MAP_xs_rows, &row, &r) || !r.from)
		return false;
	xs_clock_now(&c);
	p->service = r.key.service;
	p->tenant = r.key.tenant == XS_ANY ? 0 : r.key.tenant;
	p->hash = r.key.hash;
	p->depth = r.key.depth;
	p->from = r.from;
	p->expires_s = r.expires_ns ? (r.expires_ns + c.boot_off_ns + 500000000) / 1000000000 : 0;
	xs_each(k, m, XS_K_CLASS)
		if (r.key.class == k->number)
			p->class = k->h.id;
	for (int s = 0; s < r.nsets && s < XS_MAX_SETS; s++)
		get_set(&r.set[s], s, p);
	xs_placement_name(m, p);
	return xs_row_id(m, XS_K_SERVICE, p->service) != NULL;
}
