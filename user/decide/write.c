// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows of the model -> elements of the maps. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/write.h"
#include "user/load/way.h"

static int failed(enum xs_map_id map, int err)
{
	return err ? xs_kernel(err, xs_map_name(map), NULL, "cannot be written") : 0;
}

int xs_write_settings(struct xs_writing *a)
{
	const struct xs_r_settings *s = xs_row_at(a->want, XS_K_SETTINGS, 0);

	return failed(XS_MAP_xs_settings, xs_map_set(XS_MAP_xs_settings, &a->gen, &s->s));
}

int xs_write_classes(struct xs_writing *a)
{
	struct xs_class row[XS_MAX_CLASSES] = { 0 };
	const struct xs_r_class *c;

	xs_each(c, a->want, XS_K_CLASS)
		row[c->number] = (struct xs_class){ .used = 1, .overflow = c->overflow, .ttft_ms = c->ttft_ms };
	return failed(XS_MAP_xs_classes, xs_map_write(XS_MAP_xs_classes, a->gen * XS_MAX_CLASSES, XS_MAX_CLASSES, row));
}

static int write_sources(struct xs_writing *a, const struct xs_r_tenant *t)
{
	const struct xs_r_class *c;
	int err = 0;

	for (int i = 0; i < XS_TENANT_SOURCES && t->src[i].used && !err; i++) {
		struct xs_source_key k = { .prefixlen = 32 + t->src[i].bits, .gen = a->gen, .addr = t->src[i].addr };
		struct xs_source v = { .tenant = t->h.id, .class = XS_ANY_CLASS };

		c = xs_row_id(a->want, XS_K_CLASS, t->src[i].class);
		if (c)
			v.class = c->number;
		err = xs_map_set(XS_MAP_xs_sources, &k, &v);
	}
	return failed(XS_MAP_xs_sources, err);
}

/* A burst is so many requests at once, or tokens where requests have no limit; a tenth of a second's keeps 10 s within 1 %. */
static void fill_rate(const struct xs_r_tenant *t, struct xs_tenant *row)
{
	uint64_t rate = t->requests ?: t->tokens, burst = t->burst ?: rate / 10;

	row->requests = t->requests;
	row->tokens = t->tokens;
	if (rate && burst)
		row->slack_ns = (burst - 1) * 1000000000ULL / rate;
}

int xs_write_tenants(struct xs_writing *a)
{
	struct xs_tenant *row = calloc(XS_MAX_TENANTS, sizeof(*row));
	struct xs_keys *keys = calloc(XS_MAX_TENANTS, sizeof(*keys));
	static const struct xs_rate unused;
	const struct xs_r_tenant *t;
	int err = row && keys ? 0 : failed(XS_MAP_xs_tenants, ENOMEM);

	xs_each(t, a->want, XS_K_TENANT) {
		struct xs_tenant_key k = { .number = t->number, .gen = a->gen };
		uint32_t id = t->h.id;

		if (err)
			break;
		row[id] = (struct xs_tenant){ .number = t->number, .inc = t->h.inc, .used = 1, .zones = t->zones ?: ~0ULL };
		row[id].keys = (*t->ref[0] ? 1 : 0) | (*t->ref[1] ? 2 : 0);
		fill_rate(t, &row[id]);
		memcpy(keys[id].key, t->key, sizeof(t->key));
		keys[id].salt = t->salt;
		if (!xs_row_id(a->have, XS_K_TENANT, id))
			err = failed(XS_MAP_xs_rates, xs_map_set(XS_MAP_xs_rates, &id, &unused));
		err = err ?: failed(XS_MAP_xs_tnt_index, xs_map_set(XS_MAP_xs_tnt_index, &k, &id)) ?: write_sources(a, t);
	}
	err = err ?: failed(XS_MAP_xs_tenants, xs_map_write(XS_MAP_xs_tenants, a->gen * XS_MAX_TENANTS, XS_MAX_TENANTS, row)) ?:
	      failed(XS_MAP_xs_keys, xs_map_write(XS_MAP_xs_keys, a->gen * XS_MAX_TENANTS, XS_MAX_TENANTS, keys));
	if (keys)
		explicit_bzero(keys, XS_MAX_TENANTS * sizeof(*keys));
	free(row);
	free(keys);
	return err;
}

static void fill_service(const struct xs_r_service *s, const struct xs_model *m, struct xs_service *row)
{
	const struct xs_r_class *c = xs_row_id(m, XS_K_CLASS, s->default_class);

	*row = (struct xs_service){
		.addr = s->addr, .port = s->port, .proto = s->proto, .shim = s->shim, .refuse = s->refuse, .unknown = s->unknown,
		.strip = s->strip, .first_token = s->first_token, .default_class = c ? c->number : 0,
		.default_tenant = s->default_tenant, .inc = s->h.inc,
	};
}

int xs_write_services(struct xs_writing *a, struct xs_service *services)
{
	const struct xs_r_service *s;
	int err = 0;

	for (uint32_t id = 1; id < XS_MAX_SERVICES && !err; id++) {
		uint32_t at = !a->gen * XS_MAX_SERVICES + id;

		if (a->busy->service[id] && !xs_row_id(a->want, XS_K_SERVICE, id)) {
			err = xs_map_get(XS_MAP_xs_services, &at, &services[id]);
			services[id].levels = 0;
		}
	}
	xs_each(s, a->want, XS_K_SERVICE) {
		struct xs_service_key k = { .addr = s->addr, .port = s->port, .proto = s->proto, .gen = a->gen };
		uint32_t id = s->h.id;

		fill_service(s, a->want, &services[id]);
		err = err ?: xs_map_set(XS_MAP_xs_svc_index, &k, &id);
	}
	return failed(XS_MAP_xs_svc_index, err);
}

int xs_write_guess(struct xs_writing *a)
{
	struct xs_guess *g = calloc(1, sizeof(*g));
	const struct xs_r_service *s;
	const struct xs_r_tenant *t;
	int err = g ? 0 : ENOMEM;

	xs_each(s, a->want, XS_K_SERVICE)
		if (!err)
			g->service[xs_maybe_bit(&s->addr, s->port, s->proto) & (XS_GUESSES - 1)] = s->h.id;
	xs_each(t, a->want, XS_K_TENANT)
		if (!err)
			g->tenant[t->number & (XS_GUESSES - 1)] = t->h.id;
	err = err ?: xs_map_set(XS_MAP_xs_guess, &a->gen, g);
	free(g);
	return failed(XS_MAP_xs_guess, err);
}

static uint64_t zone_of(const struct xs_model *m, const struct xs_r_target *t)
{
	const struct xs_r_site *site = xs_row_id(m, XS_K_SITE, t->site), *s;

	if (!t->site)
		xs_each(s, m, XS_K_SITE)
			if (s->local)
				site = s;
	return site && site->zone ? 1ULL << (site->zone - 1) : 0;
}

static int write_target(const struct xs_writing *a, const struct xs_r_target *t, bool after)
{
	struct xs_target row = { .addr = t->addr, .port = t->port, .inc = t->h.inc, .pool = t->pool, .site = t->site, .via = t->via }, old;
	struct xs_tlive live = { .state = XS_T_UP };
	uint32_t id = t->h.id;
	enum xs_way way = XS_WAY_STACK;
	const char *why;
	int err = xs_map_get(XS_MAP_xs_targets, &id, &old) ?: xs_way_of(&t->addr, &way, &row.ifindex, &why);

	if (err)
		return err;
	row.way = way;
	row.zone = zone_of(a->want, t);
	row.owns = t->via == XS_VIA_FULLNAT ? xs_own_slots(a->gen, row.ifindex) : 0;
	if (!after && old.port && old.inc == row.inc && old.zone != row.zone)
		row.zone = 0;	/* in neither until the flip: a tenant of the old structure must not meet the new one's zones */
	if (!old.port || old.inc != row.inc)
		err = xs_map_set(XS_MAP_xs_tlive, &id, &live);
	return err ?: memcmp(&row, &old, sizeof(row)) ? failed(XS_MAP_xs_targets, xs_map_set(XS_MAP_xs_targets, &id, &row)) : 0;
}

int xs_write_targets(struct xs_writing *a)
{
	const struct xs_r_target *t;
	int err = 0;

	xs_each(t, a->want, XS_K_TARGET)
		err = err ?: write_target(a, t, false);
	return err;
}

int xs_write_targets_after(struct xs_writing *a)
{
	static const struct xs_target none;
	struct xs_tlive *live = xs_map_view(XS_MAP_xs_tlive, true);
	const struct xs_r_target *t;
	struct xs_target row;
	int err = live ? 0 : -EIO;

	for (uint32_t id = 1; id < XS_MAX_TARGETS && !err; id++) {
		t = xs_row_id(a->want, XS_K_TARGET, id);
		if (t) {
			err = write_target(a, t, true);
			continue;
		}
		err = xs_map_get(XS_MAP_xs_targets, &id, &row);
		if (err || !row.port)
			continue;
		if (a->busy->target[id])
			live[id].state = XS_T_DRAINING;
		else
			err = xs_map_set(XS_MAP_xs_targets, &id, &none);
	}
	return err;
}

static void set_bit(struct xs_maybe *m, const struct xs_addr *a, __be16 port, uint8_t proto)
{
	uint32_t bit = xs_maybe_bit(a, port, proto);

	m->bits[bit / 64] |= 1ULL << bit % 64;
}

int xs_write_maybe(struct xs_writing *a, bool add)
{
	struct xs_maybe *m = calloc(1, sizeof(*m));
	struct xs_service s;
	struct xs_target t;
	uint32_t zero = 0;
	int err = m ? 0 : -ENOMEM;

	if (!err && add)
		err = xs_map_get(XS_MAP_xs_maybe, &zero, m);
	for (uint32_t id = 1; id < XS_MAX_SERVICES && !err; id++) {
		uint32_t at = a->gen * XS_MAX_SERVICES + id;

		err = xs_map_get(XS_MAP_xs_services, &at, &s);
		if (err || !s.proto)
			continue;
		set_bit(m, &s.addr, s.port, s.proto);
		set_bit(m, &s.addr, 0, XS_ALONE_SERVICE);
	}
	for (uint32_t id = 1; id < XS_MAX_TARGETS && !err; id++) {
		err = xs_map_get(XS_MAP_xs_targets, &id, &t);
		if (err || !t.port)
			continue;
		set_bit(m, &t.addr, t.port, IPPROTO_TCP);
		set_bit(m, &t.addr, t.port, IPPROTO_UDP);
		set_bit(m, &t.addr, 0, XS_ALONE_TARGET);
	}
	err = err ?: xs_map_set(XS_MAP_xs_maybe, &zero, m);
	free(m);
	return failed(XS_MAP_xs_maybe, err);
}
