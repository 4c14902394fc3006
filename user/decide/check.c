// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is wrong with a model as a whole: things that no single field shows. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/decide/model.h"

static const char *text_name;
static int mistakes;

/* One mistake of a row, with its line where the row came from a text. */
__attribute__((format(printf, 4, 5)))
static void wrong(enum xs_kind k, const void *row, const char *try, const char *what, ...)
{
	const struct xs_row *r = row;
	char where[320], text[512];
	va_list ap;

	va_start(ap, what);
	vsnprintf(text, sizeof(text), what, ap);
	va_end(ap);
	if (r->line && text_name)
		snprintf(where, sizeof(where), "%s:%u: %s %s", text_name, r->line, xs_kinds[k].one, r->name);
	else
		snprintf(where, sizeof(where), "%s %s", xs_kinds[k].one, r->name);
	xs_refuse(where, try, "%s", text);
	mistakes++;
}

static void check_sites(const struct xs_model *m)
{
	const struct xs_r_site *a, *b;

	xs_each(a, m, XS_K_SITE)
		xs_each(b, m, XS_K_SITE)
			if (b_i < a_i && a->number == b->number)
				wrong(XS_K_SITE, a, "give each its own number", "id: %u belongs to site %s", a->number, b->h.name);
}

/* Addresses that no connection can go to: packets to them would be lost without a word. NULL: it may be one */
static const char *no_host(const struct xs_addr *a)
{
	const uint8_t *b = (const uint8_t *)a;
	static const struct xs_addr none;

	if (!memcmp(a, &none, sizeof(none)) || (xs_addr_is4(a) && !b[12]))
		return "names no host";
	if (xs_addr_is4(a) ? b[12] >= 224 : b[0] == 0xff)
		return "is a multicast or broadcast address";
	if (xs_addr_is4(a) ? b[12] == 127 : !memcmp(a, &none, 15) && b[15] == 1)
		return "is a loopback address: what comes in by a device never gets there";
	return !xs_addr_is4(a) && b[0] == 0xfe && (b[1] & 0xc0) == 0x80 ? "is link-local: it says nothing without a device" : NULL;
}

static void check_own(const struct xs_model *m, const struct xs_r_site *s, int i)
{
	const struct xs_r_service *v;
	const struct xs_r_target *t;
	char addr[64];

	xs_out_addr(&s->own[i], 0, addr, sizeof(addr));
	if (no_host(&s->own[i]))
		wrong(XS_K_SITE, s, "name an address that this host has, or that is routed to it", "fullnat: %s %s", addr, no_host(&s->own[i]));
	for (int j = 0; j < i; j++)
		if (!memcmp(&s->own[i], &s->own[j], sizeof(s->own[i])))
			wrong(XS_K_SITE, s, "name it once", "fullnat: %s stands there twice", addr);
	xs_each(t, m, XS_K_TARGET)
		if (!memcmp(&s->own[i], &t->addr, sizeof(t->addr)))
			wrong(XS_K_SITE, s, "name an address of this host", "fullnat: %s is the address of target %s", addr, t->h.name);
	xs_each(v, m, XS_K_SERVICE)
		if (!memcmp(&s->own[i], &v->addr, sizeof(v->addr)) && ntohs(v->port) >= s->port[0] && ntohs(v->port) <= s->port[1])
			wrong(XS_K_SITE, s, "choose other fullnat_ports", "fullnat: %s has service %s on one of the source ports", addr, v->h.name);
}

static void check_owns(const struct xs_model *m)
{
	static const struct xs_addr none;
	const struct xs_r_site *s;

	xs_each(s, m, XS_K_SITE) {
		if (!s->local && memcmp(&s->own[0], &none, sizeof(none)))
			wrong(XS_K_SITE, s, "write it under `site:`, which is this host's", "fullnat: source addresses are those of this host, and this is another site");
		for (int i = 0; i < XS_OWN_MOST && s->local && memcmp(&s->own[i], &none, sizeof(none)); i++)
			check_own(m, s, i);
	}
}

/* Whether this host's site names a source address of the family. */
static bool has_own(const struct xs_model *m, bool v4)
{
	static const struct xs_addr none;
	const struct xs_r_site *s;

	xs_each(s, m, XS_K_SITE)
		for (int i = 0; s->local && i < XS_OWN_MOST && memcmp(&s->own[i], &none, sizeof(none)); i++)
			if (xs_addr_is4(&s->own[i]) == v4)
				return true;
	return false;
}

static void check_via(const struct xs_model *m, const struct xs_r_target *t)
{
	bool v4 = xs_addr_is4(&t->addr);

	if (t->via > XS_VIA_FULLNAT)
		wrong(XS_K_TARGET, t, "leave it out, or write nat or fullnat", "via: only nat and fullnat are there so far");
	if (t->via == XS_VIA_FULLNAT && !has_own(m, v4))
		wrong(XS_K_TARGET, t, v4 ? "add one to this host's site: site: {..., fullnat: [198.18.10.1]}" : "add one to this host's site: site: {..., fullnat: [\"2001:db8::1\"]}",
		      "via: fullnat wants a source address of this host's own, and site names none of %s", v4 ? "IPv4" : "IPv6");
}

static void check_classes(const struct xs_model *m)
{
	const struct xs_r_class *a, *b;

	xs_each(a, m, XS_K_CLASS)
		xs_each(b, m, XS_K_CLASS)
			if (b_i < a_i && a->number == b->number)
				wrong(XS_K_CLASS, a, "give each its own number, 0..15", "id: %u belongs to class %s", a->number, b->h.name);
}

static void check_sources(const struct xs_model *m, const struct xs_r_tenant *t, const struct xs_r_tenant *u)
{
	for (int i = 0; i < XS_TENANT_SOURCES && t->src[i].used; i++)
		for (int j = 0; j < (t == u ? i : XS_TENANT_SOURCES) && u->src[j].used; j++)
			if (t->src[i].bits == u->src[j].bits && !memcmp(&t->src[i].addr, &u->src[j].addr, sizeof(struct xs_addr)))
				wrong(XS_K_TENANT, t, "a prefix names one tenant; split it", "sources: prefix %d is also one of tenant %s", i + 1, u->h.name);
}

static void check_tenants(const struct xs_model *m)
{
	const struct xs_r_tenant *a, *b;

	xs_each(a, m, XS_K_TENANT)
		xs_each(b, m, XS_K_TENANT) {
			if (b_i < a_i && a->number == b->number)
				wrong(XS_K_TENANT, a, "give each its own number", "id: %u belongs to tenant %s", a->number, b->h.name);
			if (b_i <= a_i)
				check_sources(m, a, b);
		}
}

static void check_targets(const struct xs_model *m)
{
	const struct xs_r_service *s;
	const struct xs_r_target *t;
	static const struct xs_addr none;
	char text[64];

	xs_each(t, m, XS_K_TARGET) {
		check_via(m, t);
		if (!t->port || !memcmp(&t->addr, &none, sizeof(none)))
			wrong(XS_K_TARGET, t, "give both", "delivery by %s needs address and port", t->via ? "fullnat" : "nat");
		else if (no_host(&t->addr))
			wrong(XS_K_TARGET, t, "give one that the accelerator has on a device", "address: %s %s", xs_out_addr(&t->addr, 0, text, sizeof(text)), no_host(&t->addr));
		xs_each(s, m, XS_K_SERVICE)
			if (s->port == t->port && !memcmp(&s->addr, &t->addr, sizeof(s->addr)))
				wrong(XS_K_TARGET, t, "use the address the accelerator itself has", "address and port are those of service %s: requests would go in a circle", s->h.name);
	}
}

static void check_services(const struct xs_model *m)
{
	const struct xs_r_service *a, *b;
	char text[64];

	xs_each(a, m, XS_K_SERVICE) {
		if (no_host(&a->addr))
			wrong(XS_K_SERVICE, a, "name the address clients use", "address: %s %s", xs_out_addr(&a->addr, 0, text, sizeof(text)), no_host(&a->addr));
		if (a->strip && a->proto != 17)
			wrong(XS_K_SERVICE, a, "leave it out", "strip: only datagrams carry a shim that can be removed");
		if (a->strip && !a->shim)
			wrong(XS_K_SERVICE, a, "write shim: optional or required", "strip: with shim: none no shim is looked for");
		xs_each(b, m, XS_K_SERVICE)
			if (b_i < a_i && a->port == b->port && a->proto == b->proto && !memcmp(&a->addr, &b->addr, sizeof(a->addr)))
				wrong(XS_K_SERVICE, a, "use another port", "address, port and protocol are those of service %s", b->h.name);
	}
}

static bool serves(const struct xs_r_service *s, const struct xs_r_target *t)
{
	for (int i = 0; i < XS_SERVICE_POOLS; i++)
		if (s->pools[i] && s->pools[i] == t->pool)
			return true;
	return false;
}

int xs_placement_check(const struct xs_model *m, const struct xs_r_placement *p, const char *name)
{
	const struct xs_r_service *s = xs_row_id(m, XS_K_SERVICE, p->service);
	const struct xs_r_target *t;
	int before = mistakes, gone = 0;

	text_name = name;
	if (p->depth ? !p->hash : p->hash)
		wrong(XS_K_PLACEMENT, p, "write prefix: {depth: 10, hash: 00c0ffee}", "prefix: wants both depth and hash");
	if (p->depth && p->class)
		wrong(XS_K_PLACEMENT, p, "leave one out", "a placement is for a prefix or for a class, not both");
	if (!s)
		wrong(XS_K_PLACEMENT, p, "delete the placement too, or keep the service", "service: its service is not there");
	if (!xs_placement_sets(p) || p->member[0].set)
		wrong(XS_K_PLACEMENT, p, "name at least one", "targets: none is named");
	for (int i = 0; s && i < p->members; i++) {
		t = xs_row_id(m, XS_K_TARGET, p->member[i].target);
		if (!t)
			gone++;
		else if (!serves(s, t))
			wrong(XS_K_PLACEMENT, p, "add its pool to the service's pools, or choose another target", "targets: %s is in no pool of service %s", t->h.name, s->h.name);
	}
	if (gone)
		wrong(XS_K_PLACEMENT, p, "change or delete the placement first", "targets: it names a target that is not there");
	return mistakes > before ? -EINVAL : 0;
}

/* References by id of rows that are not rewritten when what they name goes: `delete` and --keep can break them. */
static void check_refs(const struct xs_model *m)
{
	const struct xs_field *f;
	const void *row;
	uint16_t id;

	for (int k = 0; k < XS_K_MAX; k++)
		xs_each(row, m, k)
			for (f = xs_kinds[k].fields; f->key; f++) {
				for (size_t i = 0; (f->type == XS_T_REF || f->type == XS_T_REFS) && i < f->size / sizeof(id); i++) {
					memcpy(&id, (const char *)row + f->off + i * sizeof(id), sizeof(id));
					if (id && !xs_row_id(m, f->ref, id))
						wrong(k, row, "change it first", "%s: the %s it names is not there", f->key, xs_kinds[f->ref].one);
				}
			}
}

static void check_tenant_refs(const struct xs_model *m)
{
	const struct xs_r_tenant *t;

	xs_each(t, m, XS_K_TENANT) {
		for (int z = 0; z < XS_MAX_ZONES; z++)
			if (t->zones >> z & 1 && !xs_row_id(m, XS_K_ZONE, z + 1))
				wrong(XS_K_TENANT, t, "change it first", "zones: a zone it names is not there");
		for (int i = 0; i < XS_TENANT_SOURCES && t->src[i].used; i++)
			if (t->src[i].class && !xs_row_id(m, XS_K_CLASS, t->src[i].class))
				wrong(XS_K_TENANT, t, "change it first", "sources: a class it names is not there");
	}
}

int xs_model_check(const struct xs_model *m, const char *name)
{
	const struct xs_r_placement *p;

	mistakes = 0;
	text_name = name;
	check_refs(m);
	check_tenant_refs(m);
	check_sites(m);
	check_owns(m);
	check_classes(m);
	check_tenants(m);
	check_targets(m);
	check_services(m);
	xs_each(p, m, XS_K_PLACEMENT)
		xs_placement_check(m, p, name);
	return mistakes ? -EINVAL : 0;
}
