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

/* Where something went: by service, and then `to` is the target; or by target, and then it is the service. was: the one before, while a
 * connection follows another. rec: where a connection's record is, as the last segment shows that was neither SYN nor RST: while that
 * target is down, SYNs may be placed elsewhere again and again. */
struct went {
	struct xs_addr client;
	uint16_t cport, id, to, was, rec;
	uint8_t proto, by;
};
enum { FREE, BY_SERVICE, BY_TARGET };

static const struct xs_model *rows;
static struct known known[KNOWN];
static bool down[XS_MAX_TARGETS], clock_sound = true;
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
	struct known *k;

	rows = m;
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

/* The place of this question: where its answer stands, or belongs. */
static struct went *went(const struct went *q)
{
	uint32_t h = (q->cport * 31 + q->id) * 31 + q->by * 7 + q->proto, i;

	for (i = 0; i < 4; i++)
		h = (h ^ q->client.w[i]) * 0x9e3779b1;
	for (i = h % WENTS; wents[i].by != FREE; i = (i + 1) % WENTS)
		if (!memcmp(&wents[i].client, &q->client, 16) && wents[i].cport == q->cport && wents[i].id == q->id &&
		    wents[i].proto == q->proto && wents[i].by == q->by)
			break;
	return &wents[i];
}

static void remember(const struct went *q, uint16_t to)
{
	struct went *w = went(q);

	if (w->by == FREE) {
		if (nused == WENTS / 2)
			return;
		used[nused++] = w - wents;
		*w = *q;
	}
	if (w->to != to)
		w->was = w->to;
	w->to = to;
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

/* What out must be: the frame as it came in, but for one end, checksums and, where it was routed, MACs and time to live. */
static const char *rewritten(const struct judge_case *k, const struct judge_read *r, const struct judge_read *o, bool dst, uint32_t gone)
{
	uint8_t want[4096];
	uint32_t len = k->in_len - gone, sum = r->l4 + (r->proto == 6 ? 16 : 6);
	uint32_t at = r->v6 ? r->l3 + (dst ? 24 : 8) : r->l3 + (dst ? 16 : 12);
	bool routed = k->verdict == REDIRECT, without = r->proto == 17 && !k->in[sum] && !k->in[sum + 1];

	if (k->out_len != len || o->l3 != r->l3 || o->l4 != r->l4)
		return "the frame changed its shape";
	memcpy(want, k->in, r->pay);
	memcpy(want + r->pay, k->in + r->pay + gone, len - r->pay);
	memcpy(want + at, k->out + at, r->v6 ? 16 : 4);
	memcpy(want + r->l4 + (dst ? 2 : 0), k->out + r->l4 + (dst ? 2 : 0), 2);
	if (routed)
		memcpy(want, k->out, 12);
	if (routed)
		want[r->l3 + (r->v6 ? 7 : 8)]--;
	if (gone) {
		memcpy(want + r->l3 + (r->v6 ? 4 : 2), k->out + r->l3 + (r->v6 ? 4 : 2), 2);
		memcpy(want + r->l4 + 4, k->out + r->l4 + 4, 2);
	}
	if (!without)
		memcpy(want + sum, k->out + sum, 2);
	if (!r->v6)
		memcpy(want + r->l3 + 10, k->out + r->l3 + 10, 2);
	if (memcmp(want, k->out, len))
		return "more was changed than one end of the frame";
	if (gone && (r->end - o->end != gone))
		return "the lengths are not less by the shim";
	if (!r->v6 && judge_ip_sum(k->in, r) != judge_ip_sum(k->out, o))
		return "the IP checksum does not follow the change";
	if (!without && judge_sum(k->in, r) != judge_sum(k->out, o))
		return "the transport checksum does not follow the change";
	return NULL;
}

static bool is_known(const struct went *w, uint16_t target)
{
	return w->by != FREE && (w->to == target || w->was == target || w->rec == target);
}

static const char *steered(struct judge_case *k, const struct judge_read *r, const struct known *to)
{
	struct went q = { .client = r->src, .cport = r->sport, .id = to - known, .proto = r->proto, .by = BY_SERVICE };
	const struct xs_r_service *s = &to->row;
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
	if (!is_known(went(&q), t->h.id))
		wrong = to->now ? placement(k, r, s, t) : "a new flow of a service that is gone";
	wrong = wrong ?: rewritten(k, r, &o, true, gone);
	if (wrong)
		return wrong;
	remember(&q, t->h.id);
	if (r->proto == 6 && !(r->flags & (SYN | RST)))
		went(&q)->rec = t->h.id;
	q.by = BY_TARGET;
	q.id = t->h.id;
	remember(&q, to - known);
	k->steered = true;
	return NULL;
}

static const char *undone(const struct judge_case *k, const struct judge_read *r, const struct xs_r_service *s)
{
	struct judge_read o;

	if (!judge_read(k->out, k->out_len, &o))
		return "what came out cannot be read";
	if (!is_end(&o.src, o.sport, &s->addr, s->port))
		return "a reply got another source than the service its flow belongs to";
	return rewritten(k, r, &o, false, 0);
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

static const char *to_service(struct judge_case *k, const struct judge_read *r, const struct known *s)
{
	if (k->verdict == DROP)
		return NULL;
	if (k->verdict == PASS && same(k))
		return martian(r) ? NULL : "a packet to a service went up untouched";
	if (k->verdict == TX || (k->verdict == REDIRECT && judge_is_answer(k, r)))
		return judge_answer(k, r, &s->row);
	return k->verdict == PASS || k->verdict == REDIRECT ? steered(k, r, s) : "a verdict that there is not";
}

/* Whose a frame to a service that is gone may be: of a flow that has not ended, which begins nothing. */
static const char *to_gone(struct judge_case *k, const struct judge_read *r, const struct known *s)
{
	struct went q = { .client = r->src, .cport = r->sport, .id = s - known, .proto = r->proto, .by = BY_SERVICE };

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
	q = (struct went){ .client = r.dst, .cport = r.dport, .id = t ? t->h.id : 0, .proto = r.proto, .by = BY_TARGET };
	w = t ? went(&q) : NULL;
	k->reply = w && w->by != FREE;
	if (k->reply && r.frag && k->verdict == DROP && k->hook == JUDGE_XDP)
		return NULL;	/* it may lie over an earlier one */
	if (k->reply && !same(k))
		return k->verdict == (k->hook == JUDGE_EGRESS ? pass : REDIRECT) ? undone(k, &r, &known[w->to].row) : "a reply was lost";
	if (k->verdict != pass)
		return "what is not ours did not pass";
	return same(k) ? NULL : "what is not ours was changed";
}
