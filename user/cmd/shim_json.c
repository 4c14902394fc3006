// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/base/text.h"
#include "user/cmd/shim_json.h"

enum type { NUMBER, HEX, HASHES };

/* A key of either form, in the order that decode prints. */
struct key {
	const char *name;
	enum xs_form form;
	enum type type;
	uint16_t off, size;
	uint64_t most;
	bool required;
};

#define IN(member) .off = offsetof(struct xs_shim_text, member), .size = sizeof(((struct xs_shim_text *)0)->member)
static const struct key keys[] = {
	{ "tenant", XS_FORM_LONG, NUMBER, IN(lng.tenant), UINT32_MAX, true },
	{ "class", XS_FORM_LONG, NUMBER, IN(lng.slo_class), 15 },
	{ "exp0", XS_FORM_LONG, NUMBER, IN(lng.exp0), 15 },
	{ "hashes", XS_FORM_LONG, HASHES, IN(lng.hash), XSTEER_HASHES },
	{ "input_tokens", XS_FORM_LONG, NUMBER, IN(lng.input_tokens), UINT32_MAX },
	{ "budget_ms", XS_FORM_LONG, NUMBER, IN(lng.budget_ms), UINT16_MAX },
	{ "request_id", XS_FORM_LONG, HEX, IN(lng.request_id) },
	{ "time", XS_FORM_LONG, NUMBER, IN(lng.time), UINT32_MAX },
	{ "output_tokens", XS_FORM_LONG, NUMBER, IN(lng.output_tokens), UINT16_MAX },
	{ "epoch", XS_FORM_LONG, NUMBER, IN(lng.epoch), 1 },
	{ "tenant", XS_FORM_OPTION, NUMBER, IN(opt.stamp.tenant), UINT16_MAX, true },
	{ "class", XS_FORM_OPTION, NUMBER, IN(opt.stamp.slo_class), 15 },
	{ "exp_a", XS_FORM_OPTION, NUMBER, IN(opt.stamp.exp_a), 19 },
	{ "hash_a", XS_FORM_OPTION, HEX, IN(opt.stamp.hash_a) },
	{ "back", XS_FORM_OPTION, NUMBER, IN(opt.stamp.back), 3 },
	{ "hash_b", XS_FORM_OPTION, HEX, IN(opt.stamp.hash_b) },
	{ "quarter", XS_FORM_OPTION, NUMBER, IN(opt.stamp.quarter), 3 },
	{ "epoch", XS_FORM_OPTION, NUMBER, IN(opt.epoch), 1 },
	{ "isn", XS_FORM_OPTION, NUMBER, IN(isn), UINT32_MAX },
	{ "time", XS_FORM_OPTION, NUMBER, IN(time), UINT32_MAX },
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

/* Of both forms; and what describes a result, which may stand in an object that decode printed or a vector. */
static const char *const common[] = { "form", "to", "port", "key", "tagged", "authentic", "reason", "bytes" };

static const char *form_name(enum xs_form form)
{
	return form == XS_FORM_LONG ? "long" : "tcp_option";
}

static const struct key *find(const char *name, enum xs_form form)
{
	for (size_t i = 0; i < NKEYS; i++)
		if (!strcmp(keys[i].name, name) && keys[i].form & form)
			return &keys[i];
	return NULL;
}

static bool is_common(const char *name)
{
	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		if (!strcmp(common[i], name))
			return true;
	return false;
}

/* Hex digits, at most as many as the number has. Return: false: something else */
static bool hex_number(const json_t *v, size_t size, uint64_t *n)
{
	char digits[17];
	uint8_t bytes[8];
	const char *s = json_string_value(v);
	size_t len = s ? strlen(s) : 0;

	if (!len || len > 2 * size)
		return false;
	memset(digits, '0', sizeof(digits));
	memcpy(digits + 16 - len, s, len + 1);
	*n = 0;
	if (xs_unhex(digits, bytes, 8) != 8)
		return false;
	for (int i = 0; i < 8; i++)
		*n = *n << 8 | bytes[i];
	return true;
}

static int take_hashes(const char *object, const json_t *v, struct xs_shim_text *s)
{
	size_t n = json_array_size(v);
	uint64_t hash;

	if (!json_is_array(v) || n > XSTEER_HASHES)
		return xs_refuse(object, NULL, "hashes: must be an array of at most %d strings of 8 hex digits", XSTEER_HASHES);
	for (size_t i = 0; i < n; i++) {
		if (!hex_number(json_array_get(v, i), 4, &hash))
			return xs_refuse(object, NULL, "hashes: number %zu is no string of up to 8 hex digits", i + 1);
		s->lng.hash[i] = hash;
	}
	s->lng.n = n;
	return 0;
}

static int take(const char *object, const struct key *k, const json_t *v, struct xs_shim_text *s)
{
	uint64_t n;

	if (k->type == HASHES)
		return take_hashes(object, v, s);
	if (k->type == HEX) {
		if (!hex_number(v, k->size, &n))
			return xs_refuse(object, NULL, "%s: must be a string of up to %d hex digits", k->name, 2 * k->size);
	} else {
		n = json_integer_value(v);
		if (!json_is_integer(v) || n > k->most)
			return xs_refuse(object, NULL, "%s: must be an integer from 0 to %" JSON_INTEGER_FORMAT, k->name, (json_int_t)k->most);
	}
	memcpy((char *)s + k->off, &n, k->size);	/* little-endian, as the library asserts */
	return 0;
}

/* Which form the object is of: as "form" says, else as its first key says that only one of them has. */
static int pick_form(const json_t *j, const char *object, enum xs_form *form)
{
	const json_t *said = json_object_get(j, "form");
	const char *name;
	json_t *v;

	*form = XS_FORM_LONG;
	if (said) {
		name = json_string_value(said) ?: "";
		if (strcmp(name, "long") && strcmp(name, "tcp_option"))
			return xs_refuse(object, NULL, "form: must be \"long\" or \"tcp_option\"");
		*form = strcmp(name, "long") ? XS_FORM_OPTION : XS_FORM_LONG;
		return 0;
	}
	json_object_foreach((json_t *)j, name, v)
		if (find(name, XS_FORM_OPTION) && !find(name, XS_FORM_LONG)) {
			*form = XS_FORM_OPTION;
			break;
		}
	return 0;
}

static int take_dest(const json_t *j, const char *object, struct xs_shim_text *s)
{
	const json_t *to = json_object_get(j, "to"), *port = json_object_get(j, "port");
	json_int_t p = json_integer_value(port);
	struct xs_addr addr;
	const char *text = json_string_value(to);

	if (!to && !port)
		return 0;
	if (!to || !port)
		return xs_refuse(object, NULL, "%s: is missing beside %s", to ? "port" : "to", to ? "to" : "port");
	if (!json_is_integer(port) || p < 1 || p > 65535)
		return xs_refuse(object, NULL, "port: must be an integer from 1 to 65535");
	if (!text || xs_addr_parse(text, &addr))
		return xs_refuse(object, NULL, "to: must be a string with an IPv4 or IPv6 address");
	memcpy(s->to.addr, &addr, sizeof(s->to.addr));
	s->to.port = p;
	s->has_to = true;
	return 0;
}

static int take_key(const json_t *j, const char *object, struct xs_shim_text *s)
{
	const json_t *key = json_object_get(j, "key");
	const char *text = json_string_value(key), *err;

	if (!key || json_is_null(key))
		return 0;
	if (!text)
		return xs_refuse(object, NULL, "key: must be null or a string of 32 hex digits, or file:PATH");
	if (strchr(text, ':')) {
		err = xs_key_read(text, NULL, s->key);
		if (err)
			return xs_refuse(object, NULL, "key: %s", err);
	} else if (xs_unhex(text, s->key, sizeof(s->key)) != sizeof(s->key)) {
		return xs_refuse(object, "make one with: xsteer shim keygen", "key: must have 32 hex digits");
	}
	s->has_key = true;
	if (!s->has_to)
		return xs_refuse(object, "say where it is sent", "to: is missing; the tag covers the destination");
	if (s->form == XS_FORM_OPTION && !s->has_isn)
		return xs_refuse(object, NULL, "isn: is missing; the tag covers the sequence number of the SYN");
	return 0;
}

static int check_prefix(const char *object, const struct xs_shim_text *s)
{
	if (s->lng.n && s->lng.exp0 < 4)
		return xs_refuse(object, NULL, "exp0: must be 4 to 15 where there are hashes");
	if (s->opt.stamp.exp_a && s->opt.stamp.exp_a < 5)
		return xs_refuse(object, NULL, "exp_a: must be 0 or 5 to 19");
	return 0;
}

int xs_shim_from_json(const json_t *j, const char *object, struct xs_shim_text *s)
{
	const char *name;
	json_t *v;
	int err;

	memset(s, 0, sizeof(*s));
	if (!json_is_object(j))
		return xs_refuse(object, "write {\"tenant\": 4211, ...}", "is no JSON object");
	err = pick_form(j, object, &s->form);
	if (err)
		return err;
	json_object_foreach((json_t *)j, name, v) {
		const struct key *k = find(name, s->form);

		if (!k && !is_common(name))
			return xs_refuse(object, "see xsteer shim encode --help", "%.40s: no such key of form %s", name, form_name(s->form));
		err = k ? take(object, k, v, s) : 0;
		if (err)
			return err;
	}
	for (size_t i = 0; i < NKEYS; i++)
		if (keys[i].required && keys[i].form == s->form && !json_object_get(j, keys[i].name))
			return xs_refuse(object, NULL, "%s: is missing", keys[i].name);
	s->has_isn = json_object_get(j, "isn");
	return take_dest(j, object, s) ?: take_key(j, object, s) ?: check_prefix(object, s);
}

static json_t *hex_json(const struct key *k, uint64_t n)
{
	return json_sprintf("%0*llx", 2 * k->size, (unsigned long long)n);
}

static json_t *hashes_json(const struct xs_shim_text *s)
{
	json_t *a = json_array();

	for (unsigned int i = 0; i < s->lng.n; i++)
		json_array_append_new(a, json_sprintf("%08x", s->lng.hash[i]));
	return a;
}

json_t *xs_shim_to_json(const struct xs_shim_text *s)
{
	json_t *j = json_pack("{s:s}", "form", form_name(s->form));
	struct xs_addr addr;
	char text[64];

	for (const struct key *k = keys; k < keys + NKEYS; k++) {
		uint64_t n = 0;

		if (k->form != s->form || (!strcmp(k->name, "isn") && !s->has_isn) || (k->off == offsetof(struct xs_shim_text, time) && !s->time))
			continue;
		if (k->type != HASHES)
			memcpy(&n, (const char *)s + k->off, k->size);
		json_object_set_new(j, k->name, k->type == HASHES ? hashes_json(s) : k->type == HEX ? hex_json(k, n) : json_integer(n));
	}
	if (s->has_to) {
		memcpy(&addr, s->to.addr, sizeof(addr));
		json_object_set_new(j, "to", json_string(xs_out_addr(&addr, 0, text, sizeof(text))));
		json_object_set_new(j, "port", json_integer(s->to.port));
	}
	return j;
}
