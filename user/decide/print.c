// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The model as text that xs_conf_read() reads back to the same. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/decide/value.h"

static void print_names(enum xs_kind k, const uint16_t *ids, int n, const struct xs_model *m, FILE *to)
{
	const struct xs_row *r;

	fputc('[', to);
	for (int i = 0; i < n && ids[i]; i++) {
		r = xs_row_id(m, k, ids[i]);
		fprintf(to, "%s%s", i ? ", " : "", r ? r->name : "?");
	}
	fputc(']', to);
}

static void print_zones(uint64_t zones, const struct xs_model *m, FILE *to)
{
	const struct xs_row *r;
	bool first = true;

	fputc('[', to);
	for (int i = 0; i < XS_MAX_ZONES; i++)
		if (zones >> i & 1) {
			r = xs_row_id(m, XS_K_ZONE, i + 1);
			fprintf(to, "%s%s", first ? "" : ", ", r ? r->name : "?");
			first = false;
		}
	fputc(']', to);
}

static void print_sources(const struct xs_r_tenant *t, const struct xs_model *m, FILE *to)
{
	const struct xs_row *class;

	fputc('[', to);
	for (int i = 0; i < XS_TENANT_SOURCES && t->src[i].used; i++) {
		class = xs_row_id(m, XS_K_CLASS, t->src[i].class);
		fputs(i ? ", " : "", to);
		fputs(class ? "{prefix: " : "", to);
		xs_addr_print(&t->src[i].addr, t->src[i].bits, to);
		if (class)
			fprintf(to, ", class: %s}", class->name);
	}
	fputc(']', to);
}

static void print_addrs(const struct xs_addr *a, size_t n, FILE *to)
{
	static const struct xs_addr none;

	fputc('[', to);
	for (size_t i = 0; i < n && memcmp(&a[i], &none, sizeof(none)); i++) {
		fputs(i ? ", " : "", to);
		xs_addr_print(&a[i], -1, to);
	}
	fputc(']', to);
}

static void print_keys(const struct xs_r_tenant *t, FILE *to)
{
	fprintf(to, "[\"%s\"", *t->ref[0] ? t->ref[0] : "-");
	if (*t->ref[1])
		fprintf(to, ", \"%s\"", t->ref[1]);
	fputc(']', to);
}

static void print_rates(const struct xs_r_tenant *t, FILE *to)
{
	const char *comma = "";

	fputc('{', to);
	if (t->requests)
		fprintf(to, "requests: %" PRIu64 "/s", t->requests), comma = ", ";
	if (t->tokens)
		fprintf(to, "%stokens: %" PRIu64 "/s", comma, t->tokens), comma = ", ";
	if (t->burst)
		fprintf(to, "%sburst: %u", comma, t->burst);
	fputc('}', to);
}

static void print_members(const struct xs_r_placement *p, uint8_t set, const struct xs_model *m, FILE *to)
{
	const struct xs_row *t;
	bool first = true;

	fputc('[', to);
	for (int i = 0; i < p->members; i++) {
		if (p->member[i].set != set)
			continue;
		t = xs_row_id(m, XS_K_TARGET, p->member[i].target);
		fputs(first ? "" : ", ", to);
		if (p->member[i].weight == 1)
			fprintf(to, "%s", t ? t->name : "?");
		else
			fprintf(to, "{name: %s, weight: %u}", t ? t->name : "?", p->member[i].weight);
		first = false;
	}
	fputc(']', to);
}

static void print_sets(const struct xs_field *f, const struct xs_r_placement *p, const struct xs_model *m, FILE *to)
{
	uint8_t last = xs_placement_sets(p);

	if (!f->least) {
		print_members(p, 0, m, to);
		return;
	}
	fputc('[', to);
	for (uint8_t set = 1; set < last; set++) {
		fputs(set > 1 ? ", " : "", to);
		print_members(p, set, m, to);
	}
	fputc(']', to);
}

uint8_t xs_placement_sets(const struct xs_r_placement *p)
{
	uint8_t n = 0;

	for (int i = 0; i < p->members; i++)
		n = p->member[i].set >= n ? p->member[i].set + 1 : n;
	return n;
}

/* Whether a field of several values holds nothing, and so is not printed. */
static bool is_empty(const struct xs_field *f, const void *row)
{
	const struct xs_r_placement *p = row;
	const struct xs_r_tenant *t = row;
	const struct xs_r_target *g = row;
	static const struct xs_addr none;

	switch (f->type) {
	case XS_T_REFS: return !*(const uint16_t *)((const char *)row + f->off);
	case XS_T_ZONES: return !t->zones;
	case XS_T_SOURCES: return !t->src[0].used;
	case XS_T_ADDRS: return !memcmp((const char *)row + f->off, &none, sizeof(none));
	case XS_T_KEYS: return !*t->ref[0] && !*t->ref[1];
	case XS_T_RATES: return !t->requests && !t->tokens && !t->burst;
	case XS_T_PRICE: return g->price_in == 0 && g->price_out == 0;
	case XS_T_PREFIX: return !p->depth;
	case XS_T_SETS: return f->least ? xs_placement_sets(p) < 2 : !p->members;
	case XS_T_UNTIL: return f->least || !p->expires_s;	/* a ttl is shown as expires_at */
	default: return false;
	}
}

static void print_value(const struct xs_field *f, const void *row, const struct xs_model *m, FILE *to)
{
	const struct xs_r_placement *p = row;
	const struct xs_r_target *g = row;

	switch (f->type) {
	case XS_T_REFS: print_names(f->ref, (const uint16_t *)((const char *)row + f->off), XS_SERVICE_POOLS, m, to); break;
	case XS_T_ZONES: print_zones(((const struct xs_r_tenant *)row)->zones, m, to); break;
	case XS_T_SOURCES: print_sources(row, m, to); break;
	case XS_T_ADDRS: print_addrs((const void *)((const char *)row + f->off), f->size / sizeof(struct xs_addr), to); break;
	case XS_T_KEYS: print_keys(row, to); break;
	case XS_T_RATES: print_rates(row, to); break;
	case XS_T_PRICE: fprintf(to, "{in: %g, out: %g}", g->price_in, g->price_out); break;
	case XS_T_PREFIX: fprintf(to, "{depth: %u, hash: \"%08x\"}", p->depth, p->hash); break;
	case XS_T_SETS: print_sets(f, p, m, to); break;
	default: xs_scalar_print(f, row, m, to);
	}
}

bool xs_field_print(const struct xs_field *f, const void *row, const struct xs_model *m, FILE *to)
{
	bool scalar = f->type < XS_T_SOURCES && f->type != XS_T_REFS && f->type != XS_T_ZONES && f->type != XS_T_UNTIL;

	if (scalar ? !f->required && xs_scalar_default(f, row, (struct xs_model *)m) : is_empty(f, row))
		return false;
	print_value(f, row, m, to);
	return true;
}

char *xs_field_text(const struct xs_field *f, const void *row, const struct xs_model *m)
{
	size_t size;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return NULL;
	xs_field_print(f, row, m, to);
	fclose(to);
	return text;
}

void xs_row_print(enum xs_kind k, const void *row, const struct xs_model *m, FILE *to)
{
	const char *comma = "";
	char *text;

	fputc('{', to);
	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++) {
		text = xs_field_text(f, row, m);
		if (text && *text) {
			fprintf(to, "%s%s: %s", comma, f->key, text);
			comma = ", ";
		}
		free(text);
	}
	fputc('}', to);
}

static void hash_long_name(char *name, size_t size, const char *full)
{
	uint32_t h = 2166136261u;	/* FNV-1a: a label only, its meeting another harms nothing */

	if (strlen(full) < size) {
		memcpy(name, full, strlen(full) + 1);
		return;
	}
	for (const char *s = full; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	snprintf(name, size, "%.*s~%08x", (int)size - 10, full, h);
}

void xs_placement_name(const struct xs_model *m, struct xs_r_placement *p)
{
	const struct xs_row *s = xs_row_id(m, XS_K_SERVICE, p->service), *t = xs_row_id(m, XS_K_TENANT, p->tenant), *k = xs_row_id(m, XS_K_CLASS, p->class);
	char full[4 * XS_NAME_LEN];
	int n = snprintf(full, sizeof(full), "%s", s ? s->name : "?");

	if (t || k || p->depth)
		n += snprintf(full + n, sizeof(full) - n, "/%s", t ? t->name : "*");
	if (k || p->depth)
		n += snprintf(full + n, sizeof(full) - n, "/%s", k ? k->name : "*");
	if (p->depth)
		snprintf(full + n, sizeof(full) - n, "/%u:%08x", p->depth, p->hash);
	hash_long_name(p->h.name, sizeof(p->h.name), full);
}

static void print_kind(const struct xs_model *m, enum xs_kind k, FILE *to)
{
	bool any = false;
	const void *row;

	xs_each(row, m, k) {
		if (k == XS_K_SITE && ((const struct xs_r_site *)row)->local)
			continue;
		fprintf(to, any ? "  - " : "%s:\n  - ", xs_kinds[k].many);
		xs_row_print(k, row, m, to);
		fputc('\n', to);
		any = true;
	}
}

void xs_conf_print(const struct xs_model *m, FILE *to)
{
	static const enum xs_kind order[] = { XS_K_CLASS, XS_K_SITE, XS_K_POOL, XS_K_TENANT, XS_K_TARGET, XS_K_SERVICE, XS_K_PLACEMENT };
	const struct xs_r_settings *set = xs_row_at(m, XS_K_SETTINGS, 0);
	const struct xs_r_site *site;
	const struct xs_row *zone;

	fprintf(to, "xsteer: 1\n");
	if (set) {
		fprintf(to, "settings: ");
		xs_row_print(XS_K_SETTINGS, set, m, to);
		fputc('\n', to);
	}
	xs_each(site, m, XS_K_SITE)
		if (site->local) {
			fprintf(to, "site: ");
			xs_row_print(XS_K_SITE, site, m, to);
			fputc('\n', to);
		}
	xs_each(zone, m, XS_K_ZONE)
		fprintf(to, "%s%s", zone_i ? ", " : "zones: [", zone->name);
	fprintf(to, m->kind[XS_K_ZONE].n ? "]\n" : "");
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		print_kind(m, order[i], to);
}
