// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include "user/shim/xsteer_shim.h"
#include "user/tests/frames/build.h"

/* What the words behind shim= say. */
struct said {
	struct xsteer_option opt;
	struct xsteer_long lng;
	const char *tenant;
	struct end to;
	uint32_t isn, now;
	bool odd, untagged, is_long;
	int set_at;
	uint8_t set[8];
	uint32_t nset;
};

static void said_hashes(struct said *s, char *v)
{
	char *save = NULL;

	for (char *h = strtok_r(v, "/", &save); h && s->lng.n < XSTEER_HASHES; h = strtok_r(NULL, "/", &save))
		s->lng.hash[s->lng.n++] = strtoul(h, NULL, 16);
}

static void said_word(struct said *s, char *w)
{
	char *v = strchr(w, '=');

	if (v)
		*v++ = 0;
	if (!strcmp(w, "class"))
		s->opt.stamp.slo_class = s->lng.slo_class = atoi(v);
	else if (!strcmp(w, "a"))
		s->opt.stamp.exp_a = atoi(v);
	else if (!strcmp(w, "ha"))
		s->opt.stamp.hash_a = strtoul(v, NULL, 16);
	else if (!strcmp(w, "back"))
		s->opt.stamp.back = atoi(v);
	else if (!strcmp(w, "hb"))
		s->opt.stamp.hash_b = strtoul(v, NULL, 16);
	else if (!strcmp(w, "quarter"))
		s->opt.stamp.quarter = atoi(v);
	else if (!strcmp(w, "tokens"))
		s->lng.input_tokens = strtoul(v, NULL, 0);
	else if (!strcmp(w, "exp0"))
		s->lng.exp0 = atoi(v);
	else if (!strcmp(w, "h"))
		said_hashes(s, v);
	else if (!strcmp(w, "id"))
		s->lng.request_id = strtoull(v, NULL, 16);
	else if (!strcmp(w, "at"))
		s->now += atoi(v);
	else if (!strcmp(w, "isn"))
		s->isn = strtoul(v, NULL, 0);
	else if (!strcmp(w, "key"))
		s->tenant = v;
	else if (!strcmp(w, "to"))
		s->to = end_parse(v);
	else if (!strcmp(w, "odd"))
		s->odd = true;
	else if (!strcmp(w, "untagged"))
		s->untagged = true;
	else if (!strncmp(w, "set", 3)) {
		s->set_at = atoi(w + 3);
		s->nset = hex_parse(v, s->set, sizeof(s->set));
	} else
		words_die(w, "unknown in a shim");
}

static void said_write(struct build *b, struct said *s)
{
	const uint8_t *key = s->untagged ? NULL : key_of(s->tenant, s->odd);
	struct xsteer_dest dest = { .port = s->to.port };
	int n;

	memcpy(dest.addr, &s->to.addr, 16);
	s->opt.epoch = s->lng.epoch = s->odd;
	s->lng.time = s->now;
	if (s->is_long)
		n = xsteer_long_write(b->shim_bytes, sizeof(b->shim_bytes), &s->lng, key, &dest);
	else
		n = xsteer_option_write(b->shim_bytes, &s->opt, key, &dest, s->isn, s->now);
	if (n < 0)
		words_die(b->shim, "cannot be made");
	b->nshim = n;
	memcpy(b->shim_bytes + s->set_at, s->set, s->nset);
}

void build_shim(struct build *b)
{
	struct said s = { .to = b->to, .isn = b->seq, .now = words_now };
	char copy[256], *save = NULL, *w;

	if (!*b->shim)
		return;
	snprintf(copy, sizeof(copy), "%s", b->shim);
	s.is_long = !strcmp(strtok_r(copy, ":", &save), "long");
	s.tenant = strtok_r(NULL, ",", &save);
	if (!s.tenant)
		words_die(b->shim, "names no tenant");
	s.lng.tenant = number_of(s.tenant);
	s.opt.stamp.tenant = s.lng.tenant;
	while ((w = strtok_r(NULL, ",", &save)))
		said_word(&s, w);
	said_write(b, &s);
	*b->shim = 0;
}

static void add(struct frame *f, const void *bytes, uint32_t n)
{
	if (f->len + n > FRAME_MAX)
		words_die("(frame)", "too long");
	if (bytes)
		memcpy(f->byte + f->len, bytes, n);
	else
		memset(f->byte + f->len, 0, n);
	f->len += n;
}

static void add8(struct frame *f, uint8_t v)
{
	add(f, &v, 1);
}

static void add16(struct frame *f, uint16_t v)
{
	v = htons(v);
	add(f, &v, 2);
}

static void add32(struct frame *f, uint32_t v)
{
	v = htonl(v);
	add(f, &v, 4);
}

static void set16(struct frame *f, uint32_t at, uint16_t v)
{
	f->byte[at] = v >> 8;
	f->byte[at + 1] = v;
}

/* RFC 1071, the plain way: 16 bits at a time, an odd byte padded with zero. */
static uint32_t sum(uint32_t s, const uint8_t *p, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		s += i & 1 ? p[i] : (uint32_t)p[i] << 8;
	return s;
}

static uint16_t folded(uint32_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return ~s;
}

static bool is4(const struct build *b)
{
	if (b->v6)
		return b->v6 == 4;
	return !b->to.addr.w[0] && !b->to.addr.w[1] && b->to.addr.w[2] == htonl(0xffff);
}

static uint16_t l4_sum(const struct build *b, const uint8_t *l4, uint32_t len, uint8_t proto)
{
	uint32_t s = proto + len, from = is4(b) ? 12 : 0;

	s = sum(s, (const uint8_t *)&b->from.addr + from, 16 - from);
	s = sum(s, (const uint8_t *)&b->to.addr + from, 16 - from);
	return folded(sum(s, l4, len));
}

static void add_payload(const struct build *b, struct frame *f, bool shim)
{
	if (shim)
		add(f, b->shim_bytes, b->nshim);
	add(f, b->raw, b->nraw);
	for (int i = 0; i < b->pay; i++)
		add8(f, 'a' + i % 23);
}

static void add_tcp(const struct build *b, struct frame *f)
{
	uint32_t at = f->len, opts;

	add16(f, b->from.port);
	add16(f, b->to.port);
	add32(f, b->seq);
	add32(f, b->ackno);
	add16(f, b->flags);
	add16(f, b->win);
	add32(f, 0);
	add(f, b->topt, b->ntopt);
	for (int i = 0; i < b->nops; i++)
		add8(f, 1);
	add(f, b->shim_bytes, b->nshim);
	if (b->tail)
		add(f, "\x08\x0a\x01\x01", 4);
	opts = f->len - at - 20;
	for (; opts % 4; opts++)
		add8(f, 0);
	if (opts > 40)
		words_die("(tcp)", "more than 40 bytes of options");
	f->byte[at + 12] = (b->doff < 0 ? 5 + opts / 4 : (uint32_t)b->doff) << 4;
	add_payload(b, f, false);
	set16(f, at + 16, l4_sum(b, f->byte + at, f->len - at, 6));
}

static void add_udp(const struct build *b, struct frame *f)
{
	uint32_t at = f->len, len;
	uint16_t check;

	add16(f, b->from.port);
	add16(f, b->to.port);
	add32(f, 0);
	add_payload(b, f, true);
	len = f->len - at;
	set16(f, at + 4, b->ulen < 0 ? len : (uint32_t)b->ulen);
	check = l4_sum(b, f->byte + at, len, 17);
	if (b->csum != 1)
		set16(f, at + 6, check ?: 0xffff);
}

static void add_icmp(const struct build *b, struct frame *f)
{
	uint32_t at = f->len, l3 = b->about.len ? 14 : 14 + 4 * b->ntags;

	add8(f, b->itype);
	add8(f, b->icode);
	add(f, NULL, 2);
	add32(f, b->mtu);
	if (b->quote)
		add(f, (b->about.len ? &b->about : b->answered)->byte + l3, b->quote);
	else
		add_payload(b, f, false);
	set16(f, at + 2, is4(b) ? folded(sum(0, f->byte + at, f->len - at)) : l4_sum(b, f->byte + at, f->len - at, 58));
}

static void add_l4(const struct build *b, struct frame *f)
{
	if (b->l4 == 6)
		add_tcp(b, f);
	else if (b->l4 == 17)
		add_udp(b, f);
	else if (b->l4 == 1)
		add_icmp(b, f);
	else
		add_payload(b, f, true);
}

static uint8_t proto_of(const struct build *b)
{
	return b->proto >= 0 ? b->proto : b->l4 == 1 && !is4(b) ? 58 : b->l4;
}

static void add_ip4(const struct build *b, struct frame *f)
{
	uint32_t at = f->len, hl = 20 + b->opt;

	add8(f, (b->ver < 0 ? 4 : b->ver) << 4 | (b->ihl < 0 ? hl / 4 : (uint32_t)b->ihl));
	add8(f, 0);
	add16(f, 0);
	add16(f, b->id);
	add16(f, (b->frag || b->mf || b->nodf ? 0 : 0x4000) | (b->mf ? 0x2000 : 0) | b->frag);
	add8(f, b->ttl);
	add8(f, proto_of(b));
	add16(f, 0);
	add(f, &b->from.addr.w[3], 4);
	add(f, &b->to.addr.w[3], 4);
	for (int i = 0; i < b->opt; i++)
		add8(f, 1);
	add_l4(b, f);
	set16(f, at + 2, b->tot < 0 ? f->len - at : (uint32_t)b->tot);
	set16(f, at + 10, folded(sum(0, f->byte + at, hl)));
}

static void add_ip6(const struct build *b, struct frame *f)
{
	uint32_t at = f->len;

	add32(f, (uint32_t)(b->ver < 0 ? 6 : b->ver) << 28);
	add16(f, 0);
	add8(f, b->next ? b->ext[0].type : proto_of(b));
	add8(f, b->ttl);
	add(f, &b->from.addr, 16);
	add(f, &b->to.addr, 16);
	for (uint32_t i = 0; i < b->next; i++) {
		add(f, b->ext[i].byte, b->ext[i].len);
		f->byte[f->len - b->ext[i].len] = i + 1 < b->next ? b->ext[i + 1].type : proto_of(b);
	}
	add_l4(b, f);
	set16(f, at + 4, b->tot < 0 ? f->len - at - 40 : (uint32_t)b->tot);
}

void build_frame(const struct build *b, struct frame *f)
{
	f->len = 0;
	add(f, b->dmac, 6);
	add(f, b->smac, 6);
	for (uint32_t i = 0; i < b->ntags; i++) {
		add16(f, b->tpid[i]);
		add16(f, b->tci[i]);
	}
	if (b->type >= 0) {
		add16(f, b->type);
		add_payload(b, f, false);
	} else {
		add16(f, is4(b) ? 0x0800 : 0x86dd);
		(is4(b) ? add_ip4 : add_ip6)(b, f);
	}
	add(f, NULL, b->pad);
	f->len -= b->cut;
	if (b->len >= 0 && (uint32_t)b->len < f->len)
		f->len = b->len;
}
