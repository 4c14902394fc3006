// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/shim.h"
#include "user/tests/frames/build.h"

static const struct { const char *name, *end; } ends[] = {
	{ "c1", "198.18.1.2:40000" }, { "c1b", "198.18.1.130:40000" }, { "c2", "198.18.2.2:40000" }, { "c3", "198.18.3.2:40000" },
	{ "c4", "198.18.4.2:40000" }, { "d1", "[2001:db8:1::2]:40000" }, { "d2", "[2001:db8:2::2]:40000" }, { "d4", "[2001:db8:4::2]:40000" },
	{ "chat", "198.18.0.10:8000" }, { "chat6", "[2001:db8::a]:8000" }, { "must", "198.18.0.10:8001" }, { "none", "198.18.0.10:8002" },
	{ "quiet", "198.18.0.10:8003" }, { "many", "198.18.0.10:8004" }, { "strict", "198.18.0.10:8005" }, { "empty", "198.18.0.10:8006" },
	{ "zoned", "198.18.0.10:8007" }, { "deflt", "198.18.0.10:8008" }, { "twin", "198.18.0.11:8000" },
	{ "nob", "198.18.0.11:8010" }, { "noe", "198.18.0.11:8011" }, { "nof", "198.18.0.11:8012" },
	{ "many2", "198.18.0.11:8020" }, { "many3", "198.18.0.11:8021" },
	{ "mix", "198.18.0.12:8000" }, { "mix6", "[2001:db8::c]:8000" }, { "cross", "[2001:db8::d]:8000" },
	{ "m4", "198.18.16.2:8100" }, { "m6", "[2001:db8:16::2]:8100" },
	{ "dgram", "198.18.0.10:9000" }, { "dgram6", "[2001:db8::a]:9000" }, { "dmust", "198.18.0.10:9001" }, { "dmust6", "[2001:db8::a]:9001" },
	{ "dstrip", "198.18.0.10:9002" }, { "dstrip6", "[2001:db8::a]:9002" }, { "dmany", "198.18.0.10:9003" },
	{ "dquiet", "198.18.0.10:9004" }, { "dnone", "198.18.0.10:9005" },
	{ "a", "198.18.10.2:8100" }, { "b", "198.18.11.2:8100" }, { "e", "198.18.12.2:8100" }, { "f", "198.18.13.2:8100" },
	{ "z1", "198.18.14.2:8100" }, { "z2", "198.18.15.2:8100" }, { "a6", "[2001:db8:10::2]:8100" }, { "da", "198.18.10.2:9100" },
	{ "db", "198.18.11.2:9100" }, { "dc", "198.18.12.2:9100" }, { "da6", "[2001:db8:10::2]:9100" },
	{ "other", "198.18.20.1:80" }, { "other6", "[2001:db8:20::1]:80" },
};

static const struct { const char *name; uint32_t number; const char *even, *odd; } tenants[] = {
	{ "acme", 4211, "000102030405060708090a0b0c0d0e0f", "101112131415161718191a1b1c1d1e1f" },
	{ "plain", 77, NULL, NULL },
	{ "euro", 88, "202122232425262728292a2b2c2d2e2f", NULL },
	{ "wrong", 0, "ffeeddccbbaa99887766554433221100", "ffeeddccbbaa99887766554433221100" },
	{ "nobody", 999, NULL, NULL },
};

uint32_t words_now = 1795420800;

uint32_t hex_parse(const char *hex, uint8_t *to, uint32_t room)
{
	uint32_t n = 0;

	for (unsigned int b; n < room && sscanf(hex + 2 * n, "%2x", &b) == 1; n++)
		to[n] = b;
	return n;
}

const uint8_t *key_of(const char *tenant, bool odd)
{
	static uint8_t key[2][16];

	for (size_t i = 0; i < sizeof(tenants) / sizeof(tenants[0]); i++) {
		const char *hex = odd ? tenants[i].odd : tenants[i].even;

		if (!strcmp(tenant, tenants[i].name))
			return hex && hex_parse(hex, key[odd], 16) == 16 ? key[odd] : NULL;
	}
	return NULL;
}

uint32_t number_of(const char *tenant)
{
	for (size_t i = 0; i < sizeof(tenants) / sizeof(tenants[0]); i++)
		if (!strcmp(tenant, tenants[i].name))
			return tenants[i].number;
	return strtoul(tenant, NULL, 0);
}

static bool addr_parse(const char *text, struct xs_addr *a)
{
	a->w[0] = a->w[1] = 0;
	a->w[2] = htonl(0xffff);
	return inet_pton(AF_INET, text, &a->w[3]) == 1 || inet_pton(AF_INET6, text, a) == 1;
}

struct end end_parse(const char *who)
{
	char text[80];
	struct end e = { .port = 0 };
	const char *full = who, *port;
	size_t name = strcspn(who, ":"), n;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strlen(ends[i].name) == name && !strncmp(who, ends[i].name, name))
			full = ends[i].end;
	port = strrchr(full, ':');
	n = port ? (size_t)(port - full) : 0;
	snprintf(text, sizeof(text), "%.*s", (int)n - 2 * (*full == '['), full + (*full == '['));
	if (!port || !addr_parse(text, &e.addr))
		words_die(who, "no such end");
	e.port = atoi(port + 1);
	if (full != who && who[name] == ':')
		e.port = atoi(who + name + 1);
	return e;
}

void words_die(const char *word, const char *what)
{
	fprintf(stderr, "frames: word \"%s\": %s\n", word, what);
	exit(3);
}

static void put(uint8_t *buf, uint32_t *n, uint32_t room, const void *bytes, uint32_t len)
{
	if (*n + len > room)
		words_die("(bytes)", "too many");
	memcpy(buf + *n, bytes, len);
	*n += len;
}

static void topt(struct build *b, const char *hex)
{
	uint8_t bytes[40];

	put(b->topt, &b->ntopt, sizeof(b->topt), bytes, hex_parse(hex, bytes, sizeof(bytes)));
}

static void ext(struct build *b, const char *v)
{
	static const struct { const char *name; uint8_t type; const char *hex; } kinds[] = {
		{ "hop", 0, "0000010400000000" }, { "dst", 60, "0000010400000000" }, { "dst16", 60, "0001010c000000000000000000000000" },
		{ "route", 43, "0000000000000000" }, { "route1", 43, "000200010000000020010db8000000000000000000000001" },
		{ "frag", 44, "0000000000001234" }, { "fragmf", 44, "0000000100001234" }, { "later", 44, "0000064000001234" },
		{ "ah", 51, "000400000000000100000001000000000000000000000000" }, { "esp", 50, "0000000100000001" }, { "mob", 135, "0000000000000000" },
		{ "big", 60, "003f01fc" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(v, kinds[i].name)) {
			struct ext *e = &b->ext[b->next++];

			e->type = kinds[i].type;
			e->len = hex_parse(kinds[i].hex, e->byte, sizeof(e->byte));
			if (e->type == 60 && e->byte[1] == 0x3f)
				e->len = 512;
			return;
		}
	words_die(v, "no such extension header");
}

static void mac_word(struct build *b, const char *w, const char *v)
{
	uint8_t t[6];

	if (!strcmp(w, "back")) {
		memcpy(t, b->dmac, 6);
		memcpy(b->dmac, b->smac, 6);
		memcpy(b->smac, t, 6);
	} else {
		uint8_t *m = *w == 'd' ? b->dmac : b->smac;

		if (strlen(v) == 12)
			hex_parse(v, m, 6);
		else
			m[5] = strtoul(v, NULL, 16);
	}
}

static bool eth_word(struct build *b, const char *w, const char *v)
{
	if (!strcmp(w, "vlan") || !strcmp(w, "qinq")) {
		b->tpid[b->ntags] = *w == 'q' ? 0x88a8 : 0x8100;
		b->tci[b->ntags++] = atoi(v);
	} else if (!strcmp(w, "type")) {
		b->type = strtoul(v, NULL, 16);
	} else if (!strcmp(w, "dmac") || !strcmp(w, "smac") || !strcmp(w, "back")) {
		mac_word(b, w, v);
	} else {
		return !strcmp(w, "eth");
	}
	return true;
}

/* Words that are numbers of struct build, wherever they stand. */
#define NUM(word, member) { word, offsetof(struct build, member), sizeof(((struct build *)0)->member), 0 }
#define SET(word, member, value) { word, offsetof(struct build, member), sizeof(((struct build *)0)->member), value }
static const struct { const char *word; size_t off, size; int64_t set; } numbers[] = {
	NUM("ttl", ttl), NUM("id", id), NUM("proto", proto), NUM("ver", ver), NUM("ihl", ihl), NUM("tot", tot), NUM("frag", frag),
	NUM("opt", opt), NUM("seq", seq), NUM("ackno", ackno), NUM("win", win), NUM("doff", doff), NUM("nops", nops), NUM("ulen", ulen),
	NUM("mtu", mtu), NUM("pay", pay), NUM("cut", cut), NUM("len", len), NUM("pad", pad),
	SET("tail", tail, 1), SET("nocsum", csum, 1), SET("ip", v6, 4), SET("ip6", v6, 6), SET("tcp", l4, 6), SET("udp", l4, 17), SET("nodf", nodf, 1), SET("mf", mf, 1),
};

static bool number_word(struct build *b, const char *w, const char *v)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		int64_t n = numbers[i].set ?: (v ? strtoll(v, NULL, 0) : -1);

		if (strcmp(w, numbers[i].word))
			continue;
		memcpy((char *)b + numbers[i].off, &n, numbers[i].size);
		return true;
	}
	return false;
}

static bool tcp_word(struct build *b, const char *w)
{
	static const struct { const char *word; uint8_t flag; const char *opt; } known[] = {
		{ "fin", 1, NULL }, { "syn", 2, NULL }, { "rst", 4, NULL }, { "psh", 8, NULL }, { "ack", 16, NULL },
		{ "mss", 0, "020405b4" }, { "sack", 0, "0402" }, { "ts", 0, "080a0000000100000000" }, { "ws", 0, "030307" }, { "noflags", 0xff, NULL },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(w, known[i].word))
			continue;
		if (known[i].flag == 0xff)
			b->flags = 0;
		else if (known[i].opt)
			topt(b, known[i].opt);
		else
			b->flags |= known[i].flag;
		return true;
	}
	return false;
}

/* A refusal is made from nothing but the addresses of the frame that it answers. */
static void answer(struct build *b)
{
	struct end from = b->from;

	mac_word(b, "back", NULL);
	b->from = b->to;
	b->to = from;
	b->ttl = 64;
	b->nodf = 1;
	b->flags = 0;
	b->id = b->mf = b->frag = b->opt = b->pay = b->pad = b->nops = b->tail = 0;
	b->win = b->seq = b->ackno = b->cut = 0;
	b->tot = b->len = b->ulen = b->doff = -1;
	b->next = b->ntopt = b->nshim = b->nraw = 0;
}

static void about(struct build *b, char *v)
{
	for (char *plus = v; (plus = strchr(plus, '+'));)
		*plus = ' ';
	frame_make(&b->about, v, NULL, NULL);
}

static void word(struct build *b, char *w)
{
	char *v = strchr(w, '=');

	if (v)
		*v++ = 0;
	if (eth_word(b, w, v) || number_word(b, w, v) || tcp_word(b, w))
		return;
	if (!strcmp(w, "from")) {
		b->from = end_parse(v);
	} else if (!strcmp(w, "to")) {
		b->to = end_parse(v);
	} else if (!strcmp(w, "answer")) {
		answer(b);
	} else if (!strcmp(w, "ext")) {
		ext(b, v);
	} else if (!strcmp(w, "noext")) {
		b->next = 0;
	} else if (!strcmp(w, "notopt")) {
		b->ntopt = 0;
	} else if (!strcmp(w, "icmp")) {
		b->l4 = 1;
		sscanf(v, "%hhu:%hhu,%hu", &b->itype, &b->icode, &b->quote);
	} else if (!strcmp(w, "about")) {
		about(b, v);
	} else if (!strcmp(w, "raw")) {
		b->nraw = hex_parse(v, b->raw, sizeof(b->raw));
	} else if (!strcmp(w, "shim")) {
		snprintf(b->shim, sizeof(b->shim), "%s", v);
	} else if (!strcmp(w, "rawshim")) {
		b->nshim = hex_parse(v, b->shim_bytes, sizeof(b->shim_bytes));
	} else if (!strcmp(w, "noshim")) {
		b->nshim = 0;
	} else {
		words_die(w, "unknown");
	}
}

static void words(struct build *b, const char *text, const char *in)
{
	char copy[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (strcmp(w, "&")) {
			word(b, w);
			continue;
		}
		words(b, in, NULL);
		build_shim(b);		/* what follows does not change the shim: it was made for the first destination */
	}
}

void frame_make(struct frame *f, const char *text, const char *in, const struct frame *answered)
{
	struct build b = {
		.dmac = { 2, 0, 0, 0, 0, 1 }, .smac = { 2, 0, 0, 0, 0, 2 }, .type = -1, .ttl = 64, .id = 0x1234, .proto = -1, .ver = -1,
		.ihl = -1, .tot = -1, .doff = -1, .ulen = -1, .len = -1, .seq = 1000, .win = 1000,
		.from = end_parse("c1"), .to = end_parse("chat"), .answered = answered,
	};

	words(&b, text, in);
	build_shim(&b);
	build_frame(&b, f);
}
