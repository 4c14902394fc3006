// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <string.h>
#include "user/tests/storm/judge.h"

#define WENTS (1u << 20)
#define KNOWN 64

enum { DROP = 1, PASS = 2, TX = 3, REDIRECT = 4, EGRESS_PASS = -1 };
enum { SYN = 2, RST = 4, ACK = 16 };

/* A service, as long as flows may remember it; places in the list are what `went` calls it by. */
struct known {
	struct xs_r_service row;
	bool now;		/* it is configured */
};

/* Where something went: by service, and then `to` is the target, and `other` the end that it saw; or by target, for the end that it saw,
 * and then `to` is the service and `other` the client. */
#define HAD 4
struct end { struct xs_addr addr; uint16_t port; };
struct went {
	struct end end;
	uint16_t id;
	uint8_t proto, by;
	struct had { uint16_t to; struct end other; } had[HAD];	/* the last ones, the newest first: connections follow each other */
	struct had rec;			/* where a connection's record is, as the last segment shows that was neither SYN nor RST */
};
enum { FREE, BY_SERVICE, BY_TARGET };
#define SOMEWHERE UINT16_MAX		/* a target that no frame has shown */

static const struct xs_model *rows;
static struct known known[KNOWN];
static bool down[XS_MAX_TARGETS], clock_sound = true;
static uint16_t lives[XS_MAX_TARGETS];	/* incarnations of ids: each begins as one that is up */
static struct went wents[WENTS];
static uint32_t used[WENTS], nused;

static bool is_end(const struct xs_addr *a, uint16_t port, const struct xs_addr *b, __be16 bport)
{
	return !memcmp(a, b, 16) && port == ntohs(bport);
}

static struct known *service_at(const struct xs_addr *a, uint16_t port, uint8_t proto)
{
	struct known *s = known;

	while (s < known + KNOWN - 1 && s->row.proto && (s->row.proto != proto || !is_end(a, port, &s->row.addr, s->row.port)))
		s++;
	return s;
}

void judge_rows(const struct xs_model *m)
{
	const struct xs_r_service *s;
	const struct xs_r_target *t;
	const struct xs_r_site *site;
	struct known *k;

	rows = m;
	xs_each(t, m, XS_K_TARGET)
		if (lives[t->h.id] != t->h.inc) {
			lives[t->h.id] = t->h.inc;
			down[t->h.id] = false;
		}
	xs_each(site, m, XS_K_SITE)
		for (int i = 0; site->local && i < XS_OWN_MOST; i++)
			judge_own_add(&site->own[i]);
	for (k = known; k < known + KNOWN; k++)
		k->now = false;
	xs_each(s, m, XS_K_SERVICE) {
		k = service_at(&s->addr, ntohs(s->port), s->proto);
		*k = (struct known){ *s, true };
	}
}

void judge_state(uint16_t target, bool up)
{
	down[target] = !up;
}

void judge_clock(bool sound)
{
	clock_sound = sound;
}

void judge_forget(void)
{
	memset(down, 0, sizeof(down));
	clock_sound = true;
	while (nused)
		wents[used[--nused]] = (struct went){ .by = FREE };
}

static bool same_end(const struct end *a, const struct end *b)
{
	return !memcmp(&a->addr, &b->addr, sizeof(a->addr)) && a->port == b->port;
}

/* The place of this question: where its answer stands, or belongs. */
static struct went *went(const struct went *q)
{
	uint32_t h = (q->end.port * 31 + q->id) * 31 + q->by * 7 + q->proto, i;

	for (i = 0; i < 4; i++)
		h = (h ^ q->end.addr.w[i]) * 0x9e3779b1;
	for (i = h % WENTS; wents[i].by != FREE; i = (i + 1) % WENTS)
		if (same_end(&wents[i].end, &q->end) && wents[i].id == q->id &&
		    wents[i].proto == q->proto && wents[i].by == q->by)
			break;
	return &wents[i];
}

static void remember(const struct went *q, uint16_t to, const struct end *other)
{
	struct went *w = went(q);

	if (w->by == FREE) {
		if (nused == WENTS / 2)
			return;
		used[nused++] = w - wents;
		*w = *q;
	}
	if (w->had[0].to == to && same_end(&w->had[0].other, other))
		return;
	memmove(&w->had[1], &w->had[0], sizeof(w->had) - sizeof(w->had[0]));
	w->had[0].to = to;
	w->had[0].other = *other;
}

static const struct xs_r_target *target_at(const struct xs_addr *a, uint16_t port)
{
	const struct xs_r_target *t;

	xs_each(t, rows, XS_K_TARGET)
		if (is_end(a, port, &t->addr, t->port))
			return t;
	return NULL;
}

static bool same(const struct judge_case *k)
{
	return k->in_len == k->out_len && !memcmp(k->in, k->out, k->in_len);
}

static bool in_prefix(const struct xs_src *s, const struct xs_addr *a)
{
	const uint8_t *x = (const uint8_t *)&s->addr, *y = (const uint8_t *)a;

	return !memcmp(x, y, s->bits / 8) && (s->bits % 8 == 0 || !((x[s->bits / 8] ^ y[s->bits / 8]) >> (8 - s->bits % 8)));
}

static const struct xs_r_tenant *tenant_of_source(const struct xs_addr *a)
{
	const struct xs_r_tenant *t, *best = NULL;
	int bits = -1;

	xs_each(t, rows, XS_K_TENANT)
		for (int i = 0; i < XS_TENANT_SOURCES; i++)
			if (t->src[i].used && t->src[i].bits > bits && in_prefix(&t->src[i], a)) {
				bits = t->src[i].bits;
				best = t;
			}
	return best;
}

static const struct xs_r_tenant *tenant_numbered(uint32_t number)
{
	const struct xs_r_tenant *t;

	xs_each(t, rows, XS_K_TENANT)
		if (t->number == number)
			return t;
	return NULL;
}

static uint64_t zones_of(const struct xs_r_tenant *t)
{
	return t && t->zones ? t->zones : ~0ULL;
}

/* Zones that a first packet may go to; *known false: its shim names nobody, so it must go nowhere. */
static uint64_t zones(const uint8_t *f, const struct judge_read *r, const struct xs_r_service *s, bool *known)
{
	const struct xs_r_tenant *t = tenant_of_source(&r->src);
	uint32_t number;
	uint64_t z;

	*known = true;
	if (!t && s->default_tenant)
		t = xs_row_id(rows, XS_K_TENANT, s->default_tenant);
	z = zones_of(t);
	if (s->shim == XS_SHIM_NONE || !judge_shim(f, r, &number))
		return z;
	t = tenant_numbered(number);
	*known = t || !clock_sound;
	return zones_of(t) | (clock_sound ? 0 : z);
}

static uint64_t zone_of(const struct xs_r_target *t)
{
	const struct xs_r_site *site = t->site ? xs_row_id(rows, XS_K_SITE, t->site) : NULL, *any;

	if (!site)
		xs_each(any, rows, XS_K_SITE)
			if (any->local)
				site = any;
	return site && site->zone ? 1ULL << (site->zone - 1) : 0;
}

/* Whether any row says that requests to the service may go there. */
static bool is_member(const struct xs_r_service *s, const struct xs_r_target *t)
{
	const struct xs_r_placement *p;

	for (int i = 0; i < XS_SERVICE_POOLS; i++)
		if (s->pools[i] && s->pools[i] == t->pool)
			return true;
	xs_each(p, rows, XS_K_PLACEMENT)
		for (int i = 0; p->service == s->h.id && i < p->members; i++)
			if (p->member[i].target == t->h.id)
				return true;
	return false;
}

static const char *placement(const struct judge_case *k, const struct judge_read *r, const struct xs_r_service *s,
			     const struct xs_r_target *t)
{
	bool known;
	uint64_t z;

	if (r->proto == 6 && (r->flags & (SYN | ACK | RST)) != SYN)
		return "a packet that begins nothing went to another target than its flow";
	if (!is_member(s, t))
		return "no row says that the service's requests may go to this target";
	if (down[t->h.id])
		return "a new flow went to a target that is not up";
	z = zones(k->in, r, s, &known);
	if (!known)
		return "a shim of an unknown tenant was accepted";
	if (z != ~0ULL && !(zone_of(t) & z))
		return "a new flow left its tenant's zones";
	return NULL;
}

/* Whether what w is about has been at this place (or somewhere that no frame has shown), with this other end if it is not NULL. */
static bool has_been(const struct went *w, uint16_t place, const struct end *other)
{
	bool rec = w->rec.other.port && w->rec.to == place && (!other || same_end(&w->rec.other, other));

	for (int i = 0; i < HAD && w->by != FREE && !rec; i++)
		if (w->had[i].to == SOMEWHERE || (w->had[i].to == place && (!other || same_end(&w->had[i].other, other))))
			return true;
	return w->by != FREE && rec;
}

/* The end that the target sees: the client's, or another that this host may take; what begins nothing keeps the one it had. */
static const char *source(const struct judge_read *r, const struct end *client, const struct end *seen, const struct xs_r_target *t, const struct went *w)
{
	bool begins = r->proto == 17 || (r->flags & (SYN | ACK | RST)) == SYN;

	if (!begins && !has_been(w, judge_place(&t->addr, ntohs(t->port)), seen))
		return "a flow got another source on its way";
	if (same_end(seen, client))
		return begins && w->by == FREE && t->via == XS_VIA_FULLNAT ? "a target by fullnat sees the client's own end" : NULL;
	if (seen->port < 20000 || (memcmp(&seen->addr, &client->addr, sizeof(seen->addr)) && !judge_is_own(&seen->addr)))
		return "a target sees an end that is neither the client's nor this host's";
	return NULL;
}

static const char *steered(struct judge_case *k, const struct judge_read *r, const struct known *to)
{
	struct went q = { .end = { r->src, r->sport }, .id = to - known, .proto = r->proto, .by = BY_SERVICE };
	const struct xs_r_service *s = &to->row;
	struct end seen;
	uint32_t gone = k->in_len - k->out_len;
	const struct xs_r_target *t;
	const char *wrong;
	struct judge_read o;

	if (k->out_len > k->in_len || (gone && (r->proto != 17 || !s->strip || gone % 4 || gone < 32 || gone > 72)))
		return "the frame changed its length";
	if (!judge_read(k->out, k->out_len, &o))
		return "what came out cannot be read";
	t = target_at(&o.dst, o.dport);
	if (!t)
		return "it went to an address that is no target";
	wrong = NULL;
	if (!has_been(went(&q), judge_place(&t->addr, ntohs(t->port)), NULL))
		wrong = to->now ? placement(k, r, s, t) : "a new flow of a service that is gone";
	seen = (struct end){ o.src, o.sport };
	wrong = wrong ?: source(r, &q.end, &seen, t, went(&q)) ?: judge_rewritten(k, r, &o, gone);
	if (wrong)
		return wrong;
	remember(&q, judge_place(&t->addr, ntohs(t->port)), &seen);
	if (r->proto == 6 && !(r->flags & (SYN | RST)))
		went(&q)->rec = went(&q)->had[0];
	remember(&(struct went){ .end = seen, .id = judge_place(&t->addr, ntohs(t->port)), .proto = r->proto, .by = BY_TARGET }, to - known, &q.end);
	k->steered = true;
	return NULL;
}

/* A reply: to the client of a flow that was seen with the end it is sent to, from that flow's service. */
static const char *undone(const struct judge_case *k, const struct judge_read *r, const struct went *w)
{
	const struct known *s;
	struct judge_read o;
	struct end to;

	if (!judge_read(k->out, k->out_len, &o))
		return "what came out cannot be read";
	s = service_at(&o.src, o.sport, o.proto);
	to = (struct end){ o.dst, o.dport };
	if (!s->row.proto || (w->by != FREE && !has_been(w, s - known, &to)))
		return "a reply got other ends than those of its flow";
	return judge_rewritten(k, r, &o, 0);
}

static bool martian(const struct judge_read *r)
{
	static const uint8_t zeroes[15];
	const uint8_t *a = (const uint8_t *)&r->src;

	if (service_at(&r->src, r->sport, r->proto)->now)
		return true;
	if (r->v6)
		return a[0] == 0xff || (!memcmp(a, zeroes, 15) && a[15] <= 1);
	return a[12] == 0 || a[12] == 127 || a[12] >= 224;
}

/* A first packet of which the client was told something, or would have been but for the budget, has begun a flow all the same. */
static const char *answered(struct judge_case *k, const struct judge_read *r, const struct known *s)
{
	struct went q = { .end = { r->src, r->sport }, .id = s - known, .proto = r->proto, .by = BY_SERVICE };
	const char *wrong = k->verdict == DROP ? NULL : judge_answer(k, r, &s->row);

	if (!wrong && k->told)
		remember(&q, SOMEWHERE, &q.end);
	return wrong;
}

static const char *to_service(struct judge_case *k, const struct judge_read *r, const struct known *s)
{
	if (k->verdict == DROP)
		return k->told = judge_would_tell(r, 0), answered(k, r, s);
	if (k->verdict == PASS && same(k))
		return martian(r) ? NULL : "a packet to a service went up untouched";
	if (k->verdict == TX || (k->verdict == REDIRECT && judge_is_answer(k, r)))
		return answered(k, r, s);
	return k->verdict == PASS || k->verdict == REDIRECT ? steered(k, r, s) : "a verdict that there is not";
}

/* Whose a frame to a service that is gone may be: of a flow that has not ended, which begins nothing. */
static const char *to_gone(struct judge_case *k, const struct judge_read *r, const struct known *s)
{
	struct went q = { .end = { r->src, r->sport }, .id = s - known, .proto = r->proto, .by = BY_SERVICE };

	if (k->verdict == PASS && same(k))
		return NULL;
	if (went(&q)->by == FREE)
		return "what is no longer ours did not pass untouched";
	if (r->proto == 6 && !r->frag && (r->flags & (SYN | ACK | RST)) == SYN && (k->verdict == DROP || k->verdict == TX || judge_is_answer(k, r)))
		return "a first packet to a service that is gone was refused";
	return to_service(k, r, s);
}

const char *judge_frame(struct judge_case *k)
{
	int pass = k->hook == JUDGE_EGRESS ? EGRESS_PASS : PASS;
	const struct xs_r_target *t;
	const struct known *s;
	struct judge_read r;
	struct went q, *w;

	k->odd = !judge_read(k->in, k->in_len, &r);
	if (k->odd)
		return judge_odd(k);
	s = service_at(&r.dst, r.dport, r.proto);
	if (s->row.proto && k->hook == JUDGE_DRY)
		return same(k) && (k->verdict == PASS || k->verdict == DROP) ? NULL : "a dry run did something";
	if (s->now && k->hook == JUDGE_XDP)
		return to_service(k, &r, s);
	if (s->row.proto && k->hook == JUDGE_XDP && !target_at(&r.src, r.sport))
		return to_gone(k, &r, s);
	t = target_at(&r.src, r.sport);
	q = (struct went){ .end = { r.dst, r.dport }, .id = t ? judge_place(&t->addr, ntohs(t->port)) : 0, .proto = r.proto, .by = BY_TARGET };
	w = t ? went(&q) : NULL;
	k->reply = w && (w->by != FREE || (judge_is_own(&r.dst) && r.dport >= 20000));	/* of a flow that was never shown, perhaps */
	if (k->reply && r.frag && k->verdict == DROP && k->hook == JUDGE_XDP)
		return NULL;	/* it may lie over an earlier one */
	if (k->reply && !same(k))
		return k->verdict == (k->hook == JUDGE_EGRESS ? pass : REDIRECT) || (k->verdict == PASS && judge_is_own(&r.dst)) ? undone(k, &r, w) : "a reply was lost";
	if (k->verdict != pass)
		return "what is not ours did not pass";
	return same(k) ? NULL : "what is not ours was changed";
}
