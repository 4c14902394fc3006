// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The model as a container, and its home in the maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/model.h"

#define BLOB_MAGIC 0x78736d31		/* "xsm1" */

struct blob_head {
	uint32_t magic, bytes;
	uint64_t revision;
	uint32_t n[XS_K_MAX], size[XS_K_MAX];
};

void xs_model_init(struct xs_model *m)
{
	memset(m, 0, sizeof(*m));
	for (int k = 0; k < XS_K_MAX; k++)
		m->kind[k].size = xs_kinds[k].size;
}

void xs_model_free(struct xs_model *m)
{
	for (int k = 0; k < XS_K_MAX; k++)
		free(m->kind[k].rows);
	xs_model_init(m);
}

static int reserve(struct xs_vec *v, uint32_t n)
{
	void *rows;

	if (n <= v->cap)
		return 0;
	n = n < 8 ? 8 : n + n / 2;
	rows = realloc(v->rows, (size_t)n * v->size);
	if (!rows)
		return -ENOMEM;
	v->rows = rows;
	v->cap = n;
	return 0;
}

int xs_model_copy(struct xs_model *to, const struct xs_model *from)
{
	xs_model_init(to);
	to->revision = from->revision;
	for (int k = 0; k < XS_K_MAX; k++) {
		if (reserve(&to->kind[k], from->kind[k].n))
			return xs_kernel(ENOMEM, "model", NULL, "cannot be copied");
		if (from->kind[k].n)
			memcpy(to->kind[k].rows, from->kind[k].rows, (size_t)from->kind[k].n * from->kind[k].size);
		to->kind[k].n = from->kind[k].n;
	}
	return 0;
}

void *xs_row_at(const struct xs_model *m, enum xs_kind k, uint32_t i)
{
	return i < m->kind[k].n ? (char *)m->kind[k].rows + (size_t)i * m->kind[k].size : NULL;
}

void *xs_row_add(struct xs_model *m, enum xs_kind k)
{
	struct xs_vec *v = &m->kind[k];
	void *row;

	if (reserve(v, v->n + 1))
		return NULL;
	row = xs_row_at(m, k, v->n++);
	memset(row, 0, v->size);
	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++)
		if (f->def)
			xs_field_parse_text(f, f->def, row, m);
	return row;
}

void xs_row_remove(struct xs_model *m, enum xs_kind k, uint32_t i)
{
	struct xs_vec *v = &m->kind[k];

	v->n--;
	memmove((char *)v->rows + (size_t)i * v->size, (char *)v->rows + (size_t)(i + 1) * v->size, (size_t)(v->n - i) * v->size);
}

void *xs_row_named(const struct xs_model *m, enum xs_kind k, const char *name)
{
	struct xs_row *r;

	xs_each(r, m, k)
		if (!strcmp(r->name, name))
			return r;
	return NULL;
}

void *xs_row_id(const struct xs_model *m, enum xs_kind k, uint16_t id)
{
	struct xs_row *r;

	xs_each(r, m, k)
		if (id && r->id == id)
			return r;
	return NULL;
}

/* Whether two rows are the same thing, whatever else has changed. */
static bool same_thing(enum xs_kind k, const void *a, const void *b)
{
	const struct xs_r_service *s = a, *u = b;
	const struct xs_r_target *t = a, *v = b;

	if (k == XS_K_SERVICE)
		return !memcmp(&s->addr, &u->addr, sizeof(s->addr)) && s->port == u->port && s->proto == u->proto;
	if (strcmp(((const struct xs_row *)a)->name, ((const struct xs_row *)b)->name))
		return false;
	if (k == XS_K_TARGET)
		return !memcmp(&t->addr, &v->addr, sizeof(t->addr)) && t->port == v->port && t->pool == v->pool && t->site == v->site && t->via == v->via;
	return true;
}

/* The id after the highest one in use that nobody has; wraps round, so that a freed id rests for as long as it can. */
static uint16_t free_id(const struct xs_model *have, const struct xs_model *want, enum xs_kind k, const uint8_t *busy)
{
	uint32_t most = xs_kinds[k].most, top = 0;
	struct xs_row *r;

	xs_each(r, have, k)
		top = r->id > top ? r->id : top;
	xs_each(r, want, k)
		top = r->id > top ? r->id : top;
	for (uint32_t i = 0; i < most; i++) {
		uint32_t id = (top + i) % most + 1;

		if (!xs_row_id(have, k, id) && !xs_row_id(want, k, id) && !(busy && k == XS_K_TARGET && busy[id]))
			return id;
	}
	return 0;
}

int xs_row_identify(const struct xs_model *have, struct xs_model *want, enum xs_kind k, void *row, const uint8_t *busy)
{
	struct xs_row *r = row, *old;

	r->id = 0;
	xs_each(old, have, k)
		if (same_thing(k, old, row) && !xs_row_id(want, k, old->id)) {
			r->id = old->id;
			r->inc = old->inc;
			return 0;
		}
	r->id = free_id(have, want, k, busy);
	r->inc = (uint16_t)(have->revision + 1);
	return r->id ? 0 : -ENOSPC;
}

int xs_model_store(const struct xs_model *m, uint32_t gen)
{
	struct blob_head h = { .magic = BLOB_MAGIC, .bytes = sizeof(h), .revision = m->revision };
	char *view = xs_map_view(XS_MAP_xs_blobs, true), *at;
	size_t room = XS_BLOBS * sizeof(struct xs_blob);

	if (!view)
		return -EIO;
	for (int k = 0; k < XS_K_MAX; k++) {
		h.n[k] = m->kind[k].n;
		h.size[k] = m->kind[k].size;
		h.bytes += h.n[k] * h.size[k];
	}
	if (h.bytes > room)
		return xs_refuse("model", "split it over instances, or let the router feed its placements", "takes %u bytes, there is room for %zu", h.bytes, room);
	at = view + gen * room;
	memcpy(at, &h, sizeof(h));
	at += sizeof(h);
	for (int k = 0; k < XS_K_MAX; k++) {
		if (h.n[k])
			memcpy(at, m->kind[k].rows, (size_t)h.n[k] * h.size[k]);
		at += (size_t)h.n[k] * h.size[k];
	}
	return 0;
}

int xs_model_load(struct xs_model *m, uint32_t gen)
{
	char *view = xs_map_view(XS_MAP_xs_blobs, false), *at;
	struct blob_head h;

	xs_model_init(m);
	if (!view)
		return -EIO;
	at = view + gen * XS_BLOBS * sizeof(struct xs_blob);
	memcpy(&h, at, sizeof(h));
	if (!h.magic)
		return 0;	/* nothing was applied yet */
	at += sizeof(h);
	for (int k = 0; k < XS_K_MAX; k++) {
		if (h.magic != BLOB_MAGIC || h.size[k] != xs_kinds[k].size || h.n[k] > xs_kinds[k].most)
			return xs_refuse("model", "unload, load and apply again, or use the xsteer that loaded it", "was stored by another version of xsteer");
		if (reserve(&m->kind[k], h.n[k]))
			return xs_kernel(ENOMEM, "model", NULL, "cannot be read");
		if (h.n[k])
			memcpy(m->kind[k].rows, at, (size_t)h.n[k] * h.size[k]);
		m->kind[k].n = h.n[k];
		at += (size_t)h.n[k] * h.size[k];
	}
	m->revision = XS_REVISION(xs_control_read());
	return 0;
}

struct xs_model *xs_model_have(void)
{
	static struct xs_model m;
	static uint64_t word = ~0ULL;
	uint64_t now = xs_control_read();

	if (word == now)
		return &m;
	if (word != ~0ULL)
		xs_model_free(&m);
	word = ~0ULL;
	if (xs_model_load(&m, XS_GEN(now)))
		return NULL;
	word = now;
	return &m;
}

const char *xs_model_name(enum xs_kind k, uint16_t id)
{
	static char ring[8][XS_NAME_LEN];
	static unsigned int at;
	struct xs_model *m = xs_model_have();
	struct xs_row *r = m ? xs_row_id(m, k, id) : NULL;
	char *buf = ring[at++ % 8];

	if (r)
		snprintf(buf, XS_NAME_LEN, "%s", r->name);
	else
		snprintf(buf, XS_NAME_LEN, id ? "#%u" : "-", id);
	return buf;
}

const char *xs_class_name(uint8_t number)
{
	struct xs_model *m = xs_model_have();
	static char buf[8];
	struct xs_r_class *c;

	if (m)
		xs_each(c, m, XS_K_CLASS)
			if (c->number == number)
				return c->h.name;
	snprintf(buf, sizeof(buf), "%u", number);
	return buf;
}
