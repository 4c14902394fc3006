// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include "user/tests/frames/rows.h"
#include "user/tests/storm/frames.h"
#include "user/tests/storm/judge.h"

#define BASE 768		/* frames of the rows */
#define PAST 256		/* frames remembered, each way */
#define LEAST 14
#define MOST 3500		/* what a test run takes in one page */
#define EGRESS_LEAST 60		/* an skb that the kernel itself would send */
#define PORTS 64		/* of each client, so that flows meet again */

static struct frame base[BASE], came[PAST], steered[PAST];
static uint32_t nbase, ncame, nsteered;
static uint64_t state;

void chance_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ULL + 1;
}

/* xorshift64* (Marsaglia 2003, Vigna 2016) */
uint32_t chance(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)(state * 0x2545f4914f6cdd1dULL >> 32) % n;
}

#define ANY(list) ((list)[chance(sizeof(list) / sizeof((list)[0]))])

void frames_open(void)
{
	static const struct row *const all[] = { parse_rows, shim_rows, place_rows, flow_rows, refuse_rows, reply_rows, direct_rows, own_rows };
	static const char *const hooks[] = { "tc ", "dry ", "each " };

	for (size_t g = 0; g < sizeof(all) / sizeof(all[0]); g++)
		for (const struct row *row = all[g]; row->name && nbase < BASE; row++) {
			const char *words = row->words;

			for (int i = 0; i < 3; i++)
				if (!strncmp(words, hooks[i], strlen(hooks[i])))
					words += strlen(hooks[i]);
			if (*words != '!' && !strchr(words, '%'))	/* a source that only the row before knows */
				frame_make(&base[nbase++], words, NULL, NULL);
		}
}

/* A frame to a service, from one of a few thousand clients' ports; first packets and later ones, shims right and wrong. */
static void worded(struct frame *f)
{
	static const char *const clients[2][6] = { { "c1", "c1b", "c2", "c3", "c4", "a" }, { "d1", "d2", "d4", "d1", "d2", "a6" } };
	static const char *const tcp[2][12] = {
		{ "chat", "must", "none", "quiet", "many", "strict", "empty", "zoned", "deflt", "twin", "nob", "nof" },
		{ "chat6", "chat6", "chat6", "chat6", "chat6", "chat6", "chat6", "chat6", "chat6", "chat6", "chat6", "other6" } };
	static const char *const udp[2][10] = { { "dgram", "dmust", "dstrip", "dmany", "dquiet", "dnone", "dstrip", "dmany", "dgram", "other" },
		{ "dgram6", "dmust6", "dstrip6", "dgram6", "dmust6", "dstrip6", "dgram6", "dmust6", "dstrip6", "other6" } };
	static const char *const flags[] = { "syn", "syn", "syn", "syn", "ack", "ack seq=1001 ackno=5001", "ack psh seq=1001 ackno=5001", "fin ack seq=1001 ackno=5001", "rst", "syn ack", "syn rst", "" };
	static const char *const tenants[] = { "acme", "acme", "plain", "euro", "euro", "nobody", "acme,key=wrong", "acme,odd", "plain,untagged" };
	static const char *const more[] = { "", "", "", "vlan=7", "qinq=5 vlan=6", "opt=12", "mf", "ttl=1", "pad=6", "nocsum" };
	static const char *const prefix[2][3] = { { "", "exp0=9,h=badcafe", "exp0=4,h=1/2/3" },
		{ "", "a=9,ha=badcafe", "a=10,ha=77,back=1,hb=badcafe" } };
	bool v6 = !chance(6), is_tcp = chance(2);
	char words[400], shim[120] = "";

	if (!chance(2))
		snprintf(shim, sizeof(shim), "%sshim=%s:%s,class=%u,%s", is_tcp ? "mss " : "", is_tcp ? "short" : "long", ANY(tenants), chance(4),
			 prefix[is_tcp][chance(3)]);
	snprintf(words, sizeof(words), "%s %s %s from=%s:%u to=%s %s %s pay=%u", v6 ? "ip6" : "ip", is_tcp ? "tcp" : "udp",
		 is_tcp ? ANY(flags) : "", clients[v6][chance(6)], 1000 + chance(PORTS),
		 is_tcp ? tcp[v6][chance(12)] : udp[v6][chance(10)], ANY(more), shim, chance(4) ? chance(100) : chance(1500));
	frame_make(f, words, NULL, NULL);
}

/* A few bytes changed, a piece taken from another frame, or an end cut off. */
static void mutate(struct frame *f)
{
	static const uint8_t telling[] = { 0, 1, 4, 5, 6, 0x11, 0x2b, 0x2c, 0x3c, 0x40, 0x45, 0x46, 0x4f,
		0x58, 0x53, 0x60, 0x7f, 0x80, 0x81, 0x86, 0xdd, 0xfd, 0xff };
	const struct frame *other = &base[chance(nbase)];
	uint32_t n, at;

	for (n = 1 + chance(4); n; n--) {
		at = chance(chance(4) && f->len > 80 ? 80 : f->len);
		f->byte[at] = chance(2) ? ANY(telling) : chance(3) ? (uint32_t)f->byte[at] ^ 1u << chance(8) : chance(256);
	}
	if (!chance(8) && other->len > f->len / 2)
		memcpy(f->byte + f->len / 2, other->byte + f->len / 2, (other->len < f->len ? other->len : f->len) - f->len / 2);
	if (!chance(8))
		f->len = LEAST + chance(f->len - LEAST + 1);
}

static void random_bytes(struct frame *f)
{
	f->len = LEAST + chance(chance(8) ? 120 : MOST - LEAST);
	for (uint32_t i = 0; i < f->len; i++)
		f->byte[i] = chance(256);
	if (chance(2))
		memcpy(f->byte + 12, chance(2) ? "\x08\x00\x45" : "\x86\xdd\x60", 3);
	f->byte[0] &= 0xfe;
}

static void swap(uint8_t *a, uint8_t *b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t t = a[i];

		a[i] = b[i];
		b[i] = t;
	}
}

static void put(uint8_t *at, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		at[i] = n >> (24 - 8 * i);
}

/* Sequence numbers of a segment, most often as the handshakes here have them: 1000 and 5000 at first. */
static void number(struct frame *f, const struct judge_read *r, bool back)
{
	bool syn = f->byte[r->l4 + 13] & 2;

	if (!chance(4))
		return;
	put(f->byte + r->l4 + 4, (back ? 5001 : 1001) - syn);
	put(f->byte + r->l4 + 8, syn && !back ? 0 : back ? 1001 : 5001);
}

/* What the target may say to a frame that went to it. */
static void answer(struct frame *f)
{
	static const uint8_t flags[] = { 0x12, 0x10, 0x18, 0x11, 0x14, 0x04 };
	struct judge_read r;

	if (!judge_read(f->byte, f->len, &r))
		return;
	swap(f->byte, f->byte + 6, 6);
	swap(f->byte + r.l3 + (r.v6 ? 8 : 12), f->byte + r.l3 + (r.v6 ? 24 : 16), r.v6 ? 16 : 4);
	swap(f->byte + r.l4, f->byte + r.l4 + 2, 2);
	if (r.proto != 6)
		return;
	f->byte[r.l4 + 13] = ANY(flags);
	number(f, &r, true);
}

/* Another packet of what came before. */
static void go_on(struct frame *f)
{
	static const uint8_t flags[] = { 0x02, 0x10, 0x10, 0x18, 0x11, 0x04 };
	struct judge_read r;

	if (!judge_read(f->byte, f->len, &r) || r.proto != 6)
		return;
	f->byte[r.l4 + 13] = ANY(flags);
	number(f, &r, false);
}

enum hook frames_next(struct frame *f)
{
	uint32_t kind = chance(100);
	enum hook hook = HOOK_XDP;

	if (kind < 35)
		worded(f);
	else if (kind < 45)
		*f = base[chance(nbase)];
	else if (kind < 65 && ncame)
		*f = came[chance(ncame < PAST ? ncame : PAST)], go_on(f);
	else if (kind < 90 && nsteered)
		*f = steered[chance(nsteered < PAST ? nsteered : PAST)], answer(f);
	else
		random_bytes(f);
	if (chance(5) < 2)
		mutate(f);
	if (f->len > MOST)
		f->len = MOST;
	came[ncame++ % PAST] = *f;
	if (kind >= 65 && chance(2))
		hook = HOOK_TC;
	if (!chance(50))
		hook = chance(2) ? HOOK_TC : HOOK_DRY;
	return hook == HOOK_TC && f->len < EGRESS_LEAST ? HOOK_XDP : hook;
}

void frames_steered(const struct frame *out)
{
	steered[nsteered++ % PAST] = *out;
}
