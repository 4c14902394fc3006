// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A model -> the maps. Everything is written where no packet looks: into the idle generation, into free rows and free places of
 * the arena. One store of the control word then shows all of it; what only the old generation used is cleaned up after a grace
 * period. A writer that dies on the way leaves the running structure as it was, and the next one cleans up what it left. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/model.h"
#include "user/decide/write.h"

/* Deletes from a hash the keys of one generation, told by a byte or word at gen_off. Keys have at most 32 bytes. */
static int purge(enum xs_map_id map, size_t key_size, size_t gen_off, size_t gen_size, uint32_t gen)
{
	uint32_t n = 0, room = xs_map_entries(map);
	char *keys = calloc(room, key_size), *at = NULL;
	uint32_t of;
	int err = keys ? 0 : -ENOMEM;

	for (; keys && n < room && !xs_map_next(map, at, keys + n * key_size); n++)
		at = keys + n * key_size;
	for (uint32_t i = 0; !err && i < n; i++) {
		of = 0;
		memcpy(&of, keys + i * key_size + gen_off, gen_size);
		err = of == gen ? xs_map_del(map, keys + i * key_size) : 0;
	}
	free(keys);
	return err;
}

/* Whether a fed rule still means something: service, tenant and one of its targets are configured, and it has not expired. */
static bool fed_lives(const struct xs_model *m, const struct xs_rules_word *w)
{
	struct xs_r_placement p;

	if (!xs_rules_get(w->word.fed, m, &p) || (p.expires_s && (time_t)p.expires_s <= time(NULL)) || (p.tenant && !xs_row_id(m, XS_K_TENANT, p.tenant)))
		return false;
	for (int i = 0; i < p.members; i++)
		if (xs_row_id(m, XS_K_TARGET, p.member[i].target))
			return true;
	return false;
}

int xs_rules_clean(uint32_t gen, const struct xs_model *m)
{
	struct xs_levels *fed = calloc(XS_MAX_SERVICES, sizeof(*fed));
	struct xs_rules *r = fed ? xs_rules_open(!gen) : NULL;
	const struct xs_rules_word *w;
	struct xs_rule_word word;
	uint32_t n = 0;
	int err = r ? 0 : -ENOMEM;

	w = r ? xs_rules_words(r, &n) : NULL;
	for (uint32_t i = 0; !err && i < n; i++) {
		word = w[i].word;
		word.cfg[gen] = 0;
		if (m && !fed_lives(m, &w[i]))
			word.fed = 0;
		if (word.fed)
			fed[w[i].key.service % XS_MAX_SERVICES].fed |= 1u << xs_rules_level(&w[i].key);
		if (!word.cfg[!gen] && !word.fed)
			err = xs_map_del(XS_MAP_xs_rules, &w[i].key);
		else if (memcmp(&word, &w[i].word, sizeof(word)))
			err = xs_map_set(XS_MAP_xs_rules, &w[i].key, &word);
	}
	xs_rules_close(r);
	if (!err && m)
		err = xs_map_write(XS_MAP_xs_levels, 0, XS_MAX_SERVICES, fed);
	free(fed);
	return err;
}

/* Empties a generation that no packet reads: before it is written, after it was left, and after a failure. */
static int clean(uint32_t gen, const struct xs_model *m)
{
	return purge(XS_MAP_xs_svc_index, sizeof(struct xs_service_key), offsetof(struct xs_service_key, gen), 1, gen) ?:
	       purge(XS_MAP_xs_tnt_index, sizeof(struct xs_tenant_key), offsetof(struct xs_tenant_key, gen), 4, gen) ?:
	       purge(XS_MAP_xs_sources, sizeof(struct xs_source_key), offsetof(struct xs_source_key, gen), 4, gen) ?: xs_rules_clean(gen, m);
}

/* One rule of the new generation: row, word, and its level in the service. Return: 0 or -errno, reported */
static int add_rule(struct xs_writing *a, const struct xs_rules_want *want, struct xs_service *services)
{
	struct xs_rule_word word = { 0 };
	int row = xs_rules_row(a->rules, a->want, want), err;

	if (row < 0)
		return row;
	xs_map_get(XS_MAP_xs_rules, &want->key, &word);
	word.cfg[a->gen] = row;
	err = xs_map_set(XS_MAP_xs_rules, &want->key, &word);
	if (err == -E2BIG)
		return xs_refuse("placements", "delete some, or let fed ones expire", "no room for another one: %u are known", xs_map_entries(XS_MAP_xs_rules));
	if (err)
		return xs_kernel(err, "xs_rules", NULL, "cannot write a placement");
	services[want->key.service].levels |= 1u << xs_rules_level(&want->key);
	if (xs_rules_level(&want->key) == XS_L_SERVICE)
		services[want->key.service].rule = row;
	return 0;
}

/* The rule of a service that no placement covers: all targets of its pools. */
static int add_pool_rule(struct xs_writing *a, const struct xs_r_service *s, struct xs_service *services)
{
	struct xs_member member[XS_MAX_MEMBERS];
	struct xs_rules_want w = { .from = XS_FROM_POOL, .revision = a->revision, .member = member };
	struct xs_r_placement p = { .service = s->h.id };
	const struct xs_r_target *t;

	xs_each(t, a->want, XS_K_TARGET)
		for (int i = 0; i < XS_SERVICE_POOLS; i++) {
			if (!s->pools[i] || s->pools[i] != t->pool)
				continue;
			if (w.members == XS_MAX_MEMBERS)
				return xs_refuse(s->h.name, "give the service a placement", "its pools have more than %d targets", XS_MAX_MEMBERS);
			member[w.members++] = (struct xs_member){ .target = t->h.id, .weight = 1 };
			break;
		}
	xs_rules_key(&p, a->want, &w.key);
	return w.members ? add_rule(a, &w, services) : 0;
}

static int add_rules(struct xs_writing *a, struct xs_service *services)
{
	const struct xs_r_placement *p;
	const struct xs_r_service *s;
	int err = 0;

	xs_each(p, a->want, XS_K_PLACEMENT) {
		struct xs_rules_want w = { .from = XS_FROM_CONFIG, .expires_s = p->expires_s, .revision = a->revision, .member = p->member, .members = p->members };

		xs_rules_key(p, a->want, &w.key);
		err = add_rule(a, &w, services);
		if (err)
			return err;
	}
	xs_each(s, a->want, XS_K_SERVICE)
		if (!err && !(services[s->h.id].levels & 1u << XS_L_SERVICE))
			err = add_pool_rule(a, s, services);
	return err;
}

static int write_idle(struct xs_writing *a)
{
	struct xs_service *services = calloc(XS_MAX_SERVICES, sizeof(*services));
	int err = services ? clean(a->gen, NULL) : -ENOMEM;

	if (err)
		xs_kernel(err, "apply", "xsteer doctor", "the idle generation cannot be emptied");
	err = err ?: xs_write_settings(a) ?: xs_write_owns(a) ?: xs_write_tenants(a) ?: xs_write_classes(a) ?: xs_write_targets(a) ?: xs_write_services(a, services) ?: xs_write_guess(a);
	if (!err) {
		a->rules = xs_rules_open(!a->gen);
		err = a->rules ? add_rules(a, services) : -EIO;
	}
	if (!err && xs_map_write(XS_MAP_xs_services, a->gen * XS_MAX_SERVICES, XS_MAX_SERVICES, services))
		err = xs_kernel(EIO, "xs_services", NULL, "cannot be written");
	xs_rules_close(a->rules);
	free(services);
	return err ?: xs_write_maybe(a, true) ?: xs_model_store(a->want, a->gen);
}

int xs_apply(const struct xs_model *have, struct xs_model *want)
{
	uint64_t word = xs_control_read();
	struct xs_writing a = { .have = have, .want = want, .gen = !XS_GEN(word), .revision = XS_REVISION(word) + 1 };
	int err;

	want->revision = a.revision;
	a.busy = xs_busy_ids();
	err = a.busy ? write_idle(&a) : xs_kernel(ENOMEM, "apply", NULL, "no memory");
	if (!err)
		err = xs_control_flip(a.revision << 1 | a.gen);
	if (err) {
		clean(a.gen, NULL);
	} else if (xs_rcu_sync() || xs_write_targets_after(&a) || clean(!a.gen, want) || xs_write_maybe(&a, false)) {
		/* the new structure is in force; what is left of the old one does no harm, and the next apply removes it */
		xs_warn("apply", "apply again", "applied, but the old structure could not be removed");
	}
	xs_clock_sync();
	free(a.busy);
	return err;
}
