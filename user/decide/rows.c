// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The model as a container, and its home in the maps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/model.h"

#define BLOB_MAGIC 0x78736d31		/* "xsm1" */

struct blob_head {
	uint32_t magic, bytes;
	uint64_t stamp;			/* nanoseconds since boot: tells one stored model from another */
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

uint32_t xs_row_index(const struct xs_model *m, enum xs_kind k, const char *name)
{
	struct xs_row *r;

	xs_each(r, m, k)
		if (!strcmp(r->name, name))
			return r_i;
	return m->kind[k].n;
}

void *xs_row_named(const struct xs_model *m, enum xs_kind k, const char *name)
{
	return xs_row_at(m, k, xs_row_index(m, k, name));
}

void *xs_row_id(const struct xs_model *m, enum xs_kind k, uint16_t id)
{
	struct xs_row *r;

	xs_each(r, m, k)
		if (id && r->id == id)
			return r;
	return NULL;
}

static bool same_placement(const struct xs_r_placement *p, const struct xs_r_placement *q)
{
	return p->service == q->service && p->tenant == q->tenant && p->class == q->class && p->depth == q->depth && p->hash == q->hash;
}

static bool same_target(const struct xs_r_target *t, const struct xs_r_target *v)
{
	return !memcmp(&t->addr, &v->addr, sizeof(t->addr)) && t->port == v->port && t->pool == v->pool && t->site == v->site && t->via == v->via;
}

/* Whether two rows are the same thing, whatever else has changed. */
static bool same_thing(enum xs_kind k, const void *a, const void *b)
{
	const struct xs_r_service *s = a, *u = b;

	if (k == XS_K_PLACEMENT)
		return same_placement(a, b);
	if (k == XS_K_SERVICE)
		return !memcmp(&s->addr, &u->addr, sizeof(s->addr)) && s->port == u->port && s->proto == u->proto;
	if (strcmp(((const struct xs_row *)a)->name, ((const struct xs_row *)b)->name))
		return false;
	return k != XS_K_TARGET || same_target(a, b);
}

static bool is_busy(const struct xs_busy *busy, enum xs_kind k, uint32_t id)
{
	if (!busy)
		return false;
	return k == XS_K_TARGET ? busy->target[id] : k == XS_K_SERVICE ? busy->service[id] : k == XS_K_TENANT ? busy->tenant[id] : false;
}

/* The id after the highest one in use that nobody has; wraps round, so that a freed id rests for as long as it can. */
static uint16_t free_id(const struct xs_model *have, const struct xs_model *want, enum xs_kind k, const struct xs_busy *busy)
{
	uint32_t most = xs_kinds[k].most, top = 0;
	struct xs_row *r;

	xs_each(r, have, k)
		top = r->id > top ? r->id : top;
	xs_each(r, want, k)
		top = r->id > top ? r->id : top;
	for (uint32_t i = 0; i < most; i++) {
		uint32_t id = (top + i) % most + 1;

		if (!xs_row_id(have, k, id) && !xs_row_id(want, k, id) && !is_busy(busy, k, id))
			return id;
	}
	return 0;
}

int xs_row_identify(const struct xs_model *have, struct xs_model *want, enum xs_kind k, void *row, const struct xs_busy *busy)
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

void xs_row_renumber(struct xs_model *m, enum xs_kind k, uint16_t from, uint16_t to)
{
	struct xs_r_placement *p;

	xs_each(p, m, XS_K_PLACEMENT) {
		if (k == XS_K_SERVICE && p->service == from)
			p->service = to;
		for (int i = 0; k == XS_K_TARGET && i < p->members; i++)
			if (p->member[i].target == from)
				p->member[i].target = to;
	}
}

/* The blobs are for the instance's group; what only root may see is kept in xs_keys, and put back from there. */
static void hide(char *at, uint32_t n)
{
	struct xs_r_tenant t;	/* blobs are packed: a row in them may stand anywhere */

	for (; n--; at += sizeof(t)) {
		memcpy(&t, at, sizeof(t));
		memset(t.key, 0, sizeof(t.key));
		t.salt = 0;
		for (int e = 0; e < 2; e++)
			if (!strncmp(t.ref[e], "hex:", 4))
				memset(t.ref[e] + 4, 0, sizeof(t.ref[e]) - 4);
		memcpy(at, &t, sizeof(t));
	}
}

static void reveal(struct xs_r_tenant *t, uint32_t gen)
{
	uint32_t at = gen * XS_MAX_TENANTS + t->h.id;
	struct xs_keys k;

	if (xs_map_fd(XS_MAP_xs_keys) < 0 || xs_map_get(XS_MAP_xs_keys, &at, &k))
		return;
	memcpy(t->key, k.key, sizeof(t->key));
	t->salt = k.salt;
	for (int e = 0; e < 2; e++)
		for (int i = 0; i < 16 && !strncmp(t->ref[e], "hex:", 4); i++)
			sprintf(t->ref[e] + 4 + 2 * i, "%02x", k.key[e][i]);
}

int xs_model_store(const struct xs_model *m, uint32_t gen)
{
	struct blob_head h = { .magic = BLOB_MAGIC, .bytes = sizeof(h) };
	char *view = xs_map_view(XS_MAP_xs_blobs, true), *at;
	size_t room = XS_BLOBS * sizeof(struct xs_blob);
	struct timespec now;

	if (!view)
		return -EIO;
	clock_gettime(CLOCK_BOOTTIME, &now);
	h.stamp = now.tv_sec * 1000000000ULL + now.tv_nsec;
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
		if (k == XS_K_TENANT)
			hide(at, h.n[k]);
		at += (size_t)h.n[k] * h.size[k];
	}
	return 0;
}

int xs_model_load(struct xs_model *m, uint32_t gen)
{
	const char *at = xs_map_view(XS_MAP_xs_blobs, false);
	struct xs_r_tenant *t;
	struct blob_head h;

	xs_model_init(m);
	if (!at)
		return -EIO;
	at += gen * XS_BLOBS * sizeof(struct xs_blob);
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
	xs_each(t, m, XS_K_TENANT)
		reveal(t, gen);
	m->revision = XS_REVISION(xs_control_read());
	return 0;
}

static const struct blob_head *blob(uint32_t gen)
{
	char *view = xs_map_view(XS_MAP_xs_blobs, false);

	return view ? (void *)(view + gen * XS_BLOBS * sizeof(struct xs_blob)) : NULL;
}

struct xs_model *xs_model_have(void)
{
	static struct xs_model m;
	static uint64_t stamp = ~0ULL;
	uint64_t word = xs_control_read();
	const struct blob_head *h = blob(XS_GEN(word));

	if (!h)
		return NULL;
	if (stamp != h->stamp) {	/* rows of a feed raise the revision and change nothing here */
		xs_model_free(&m);
		stamp = ~0ULL;
		if (xs_model_load(&m, XS_GEN(word)))
			return NULL;
		stamp = h->stamp;
	}
	m.revision = XS_REVISION(word);
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
