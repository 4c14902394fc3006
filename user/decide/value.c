// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One field of a row: text -> value -> text. A parser returns NULL or what is wrong, in words that follow the key. */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "user/base/num.h"
#include "user/decide/value.h"

char xs_wrong_text[XS_WRONG_SIZE];

static void put(const struct xs_field *f, void *row, uint64_t v)
{
	memcpy((char *)row + f->off, &v, f->size);	/* little-endian, as the maps are */
}

static uint64_t get(const struct xs_field *f, const void *row)
{
	uint64_t v = 0;

	memcpy(&v, (const char *)row + f->off, f->size);
	return v;
}

bool xs_name_ok(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n < XS_NAME_LEN && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == n && (isalnum((unsigned char)*s) || *s == '_');
}

const char *xs_cidr_parse(const char *s, struct xs_addr *a, uint8_t *bits)
{
	const char *slash = strchr(s, '/'), *err;
	char addr[64], *end;
	long n, most;

	if (!slash || slash - s >= (long)sizeof(addr))
		return WRONG("\"%.60s\" is no prefix; write 198.18.1.0/24", s);
	snprintf(addr, sizeof(addr), "%.*s", (int)(slash - s), s);
	err = xs_addr_parse(addr, a);
	if (err)
		return err;
	most = strchr(addr, ':') ? 128 : 32;
	n = strtol(slash + 1, &end, 10);
	if (!slash[1] || *end || n < 0 || n > most)
		return WRONG("\"%.60s\": the length is 0..%ld", s, most);
	*bits = n + 128 - most;
	for (int i = *bits; i < 128; i++)
		if (((uint8_t *)a)[i / 8] >> (7 - i % 8) & 1)
			return WRONG("\"%.60s\" has bits set behind its length", s);
	return NULL;
}

const char *xs_range_check(const struct xs_field *f, uint64_t v)
{
	uint64_t fits = f->size >= 8 ? ~0ULL : (1ULL << 8 * f->size) - 1, most = f->most && f->most < fits ? f->most : fits;

	if (v < f->least || v > most)
		return WRONG("%" PRIu64 " is out of range, %" PRIu64 "..%" PRIu64, v, f->least, most);
	return NULL;
}

static const char *word(const struct xs_field *f, const char *s, uint64_t *v)
{
	int n = f->most ? (int)f->most : 0, used;

	if (f->words[0] && !strcmp(f->words[0], "false") && (!strcmp(s, "yes") || !strcmp(s, "no")))
		s = *s == 'y' ? "true" : "false";
	for (int i = 0; n ? i < n : f->words[i] != NULL; i++)
		if (f->words[i] && !strcmp(f->words[i], s)) {
			*v = i;
			return NULL;
		}
	used = snprintf(xs_wrong_text, XS_WRONG_SIZE, "\"%.40s\" is none of", s);
	for (int i = 0; n ? i < n : f->words[i] != NULL; i++)
		if (f->words[i])
			used += snprintf(xs_wrong_text + used, XS_WRONG_SIZE - used, " %s", f->words[i]);
	return xs_wrong_text;
}

const char *xs_ref_parse(enum xs_kind k, const char *s, const struct xs_model *m, uint64_t *id)
{
	struct xs_row *r = xs_row_named(m, k, s);

	if (!r)
		return WRONG("no %s is called \"%.60s\"", xs_kinds[k].one, s);
	*id = r->id;
	return NULL;
}

static const char *hex(const char *s, uint64_t *v)
{
	char *end;

	*v = strtoull(s, &end, 16);
	return !*s || *end || strlen(s) > 18 ? WRONG("\"%.40s\" is no hexadecimal number of 64 bits", s) : NULL;
}

/* A range of ports, first and last: as the field holds them, the first in the low half */
static const char *ports(const char *s, uint64_t *v)
{
	unsigned int first, last;
	int end = 0;

	if (sscanf(s, "%5u-%5u%n", &first, &last, &end) != 2 || s[end] || first < 1024 || last > 65535 || first > last)
		return WRONG("\"%.40s\" is no range of ports from 1024 to 65535; write 61000-65535", s);
	*v = first | (uint64_t)last << 16;
	return NULL;
}

/* ttl counts from now, expires_at is absolute. */
static const char *until(const struct xs_field *f, const char *s, uint64_t *v)
{
	const char *err = f->least ? xs_duration_parse(s, 1e9, v) : xs_num_parse(s, "", v);

	if (!err && f->least)
		err = xs_range_check(f, *v) ?: (*v += time(NULL), NULL);
	return err;
}

const char *xs_field_parse_text(const struct xs_field *f, const char *s, void *row, struct xs_model *m)
{
	const char *err = NULL;
	uint64_t v = 0;

	switch (f->type) {
	case XS_T_NAME:
		if (!xs_name_ok(s))
			return WRONG("\"%.60s\" is no name: 1 to 63 of A-Z, a-z, 0-9, ., _ and -", s);
		snprintf((char *)row + f->off, f->size, "%s", s);
		return NULL;
	case XS_T_TEXT:
		if (strlen(s) >= f->size)
			return WRONG("longer than %d characters", f->size - 1);
		snprintf((char *)row + f->off, f->size, "%s", s);
		return NULL;
	case XS_T_ADDR:
		return xs_addr_parse(s, (struct xs_addr *)((char *)row + f->off));
	case XS_T_UINT: err = xs_num_parse(s, "", &v) ?: xs_range_check(f, v); break;
	case XS_T_RATE: err = xs_num_parse(s, "/s", &v) ?: xs_range_check(f, v); break;
	case XS_T_US: err = xs_duration_parse(s, 1e3, &v) ?: xs_range_check(f, v); break;
	case XS_T_MS: err = xs_duration_parse(s, 1e6, &v) ?: xs_range_check(f, v); break;
	case XS_T_S: err = xs_duration_parse(s, 1e9, &v) ?: xs_range_check(f, v); break;
	case XS_T_ENUM: err = word(f, s, &v); break;
	case XS_T_PORT: err = xs_num_parse(s, "", &v) ?: xs_range_check(f, v); v = htons(v); break;
	case XS_T_REF: err = xs_ref_parse(f->ref, s, m, &v); break;
	case XS_T_HEX: err = hex(s, &v); break;
	case XS_T_PORTS: err = ports(s, &v); break;
	case XS_T_UNTIL: err = until(f, s, &v); break;
	default: return WRONG("wants a list or a mapping");
	}
	if (!err)
		put(f, row, v);
	return err;
}

static void print_suffixed(uint64_t v, const char *tail, FILE *to)
{
	static const struct { uint64_t n; char c; } s[] = { { 1000000000, 'G' }, { 1000000, 'M' }, { 1000, 'k' } };

	for (int i = 0; i < 3; i++)
		if (v >= s[i].n && v % s[i].n == 0) {
			fprintf(to, "%" PRIu64 "%c%s", v / s[i].n, s[i].c, tail);
			return;
		}
	fprintf(to, "%" PRIu64 "%s", v, tail);
}

static void print_duration(uint64_t us, FILE *to)
{
	if (us && us % 1000000 == 0)
		fprintf(to, "%" PRIu64 "s", us / 1000000);
	else if (us && us % 1000 == 0)
		fprintf(to, "%" PRIu64 "ms", us / 1000);
	else
		fprintf(to, "%" PRIu64 "us", us);
}

void xs_addr_print(const struct xs_addr *a, int bits, FILE *to)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = xs_addr_is4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *)&a->w[3] : (const void *)a, text, sizeof(text));
	if (bits >= 0)
		fprintf(to, v4 ? "%s/%d" : "\"%s/%d\"", text, v4 ? bits - 96 : bits);
	else
		fprintf(to, v4 ? "%s" : "\"%s\"", text);	/* colons and YAML flow style: quoted */
}

/* Prints a field of one value. */
void xs_scalar_print(const struct xs_field *f, const void *row, const struct xs_model *m, FILE *to)
{
	const struct xs_row *r;
	uint64_t v = f->size <= 8 ? get(f, row) : 0;

	switch (f->type) {
	case XS_T_NAME: fprintf(to, "%s", (const char *)row + f->off); break;
	case XS_T_TEXT: fprintf(to, "\"%s\"", (const char *)row + f->off); break;
	case XS_T_ADDR: xs_addr_print((const struct xs_addr *)((const char *)row + f->off), -1, to); break;
	case XS_T_UINT: if (v >= 10000) print_suffixed(v, "", to); else fprintf(to, "%" PRIu64, v); break;
	case XS_T_RATE: if (v >= 10000) print_suffixed(v, "/s", to); else fprintf(to, "%" PRIu64 "/s", v); break;
	case XS_T_US: print_duration(v, to); break;
	case XS_T_MS: print_duration(v * 1000, to); break;
	case XS_T_S: print_duration(v * 1000000, to); break;
	case XS_T_ENUM: fprintf(to, "%s", f->words[v]); break;
	case XS_T_PORT: fprintf(to, "%u", ntohs(v)); break;
	case XS_T_REF: r = xs_row_id(m, f->ref, v); fprintf(to, "%s", r ? r->name : "?"); break;
	case XS_T_HEX: fprintf(to, "\"%016" PRIx64 "\"", v); break;
	case XS_T_PORTS: fprintf(to, "%u-%u", (unsigned int)(v & 0xffff), (unsigned int)(v >> 16)); break;
	default: fprintf(to, "%" PRIu64, v); break;
	}
}

/* Whether a field of one value has what it has when nobody sets it. */
bool xs_scalar_default(const struct xs_field *f, const void *row, struct xs_model *m)
{
	static char fresh[64 * 1024];
	static const char zero[64 * 1024];

	if (!f->def)
		return !memcmp((const char *)row + f->off, zero, f->size);
	xs_field_parse_text(f, f->def, fresh, m);
	return !memcmp((const char *)row + f->off, fresh + f->off, f->size);
}
