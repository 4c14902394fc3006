// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libxsteer-shim against the golden vectors: what it makes, what it accepts, what it refuses and why. Run from the top directory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/siphash.h"
#include "user/shim/xsteer_shim.h"

static json_t *vectors;

static const char *text(const json_t *v, const char *key)
{
	return json_string_value(json_object_get(v, key));
}

static uint64_t num(const json_t *v, const char *key)
{
	const json_t *n = json_object_get(v, key);

	return json_is_string(n) ? strtoull(json_string_value(n), NULL, 16) : (uint64_t)json_integer_value(n);
}

/* Hex digits into an allocation of their own size, so that reading past them is caught. */
static uint8_t *unhex(const char *hex, size_t *len)
{
	uint8_t *b = malloc(strlen(hex) / 2 + !*hex);
	unsigned int byte;

	assert_non_null(b);
	*len = strlen(hex) / 2;
	for (size_t i = 0; i < *len; i++) {
		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		b[i] = byte;
	}
	return b;
}

/* The key of a vector into room of 16 bytes. Return: key, or NULL if it has none */
static const uint8_t *key_of(const json_t *v, uint8_t *key)
{
	size_t len;
	uint8_t *b;

	if (!text(v, "key"))
		return NULL;
	b = unhex(text(v, "key"), &len);
	assert_int_equal(len, XSTEER_KEY_SIZE);
	memcpy(key, b, len);
	free(b);
	return key;
}

static struct xsteer_dest dest_of(const json_t *v)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(num(v, "port")) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(num(v, "port")) };
	struct xsteer_dest d;

	if (inet_pton(AF_INET, text(v, "to"), &v4.sin_addr) == 1) {
		assert_int_equal(xsteer_dest_from(&d, (struct sockaddr *)&v4), 0);
		return d;
	}
	assert_int_equal(inet_pton(AF_INET6, text(v, "to"), &v6.sin6_addr), 1);
	assert_int_equal(xsteer_dest_from(&d, (struct sockaddr *)&v6), 0);
	return d;
}

static void siphash(void **state)
{
	json_t *all = json_object_get(vectors, "siphash24"), *v;
	uint64_t k[2], tag;
	uint8_t key[16];
	size_t i, len;

	assert_true(json_array_size(all) >= 7);
	json_array_foreach(all, i, v) {
		__u64 w[XS_SIP_WORDS] = { 0 };
		uint8_t *data = unhex(text(v, "data"), &len);

		memcpy(k, key_of(v, key), sizeof(k));
		memcpy(w, data, len);
		tag = xs_sip24_padded(w, len, k[0], k[1]);
		assert_int_equal(tag, num(v, "out"));
		free(data);
	}
}

/* What a prefix vector hashes: token ids, a rule that makes them, or a chat. Return: bytes, to be freed */
static void *stream_of(const json_t *v, size_t *bytes)
{
	json_t *tokens = json_object_get(v, "tokens"), *messages = json_object_get(v, "messages"), *m;
	size_t n = json_is_string(tokens) ? 9000 : json_array_size(tokens), i, len = 0, want;
	uint32_t *t;
	uint8_t *chat, *told;

	if (messages) {
		chat = malloc(4096);
		json_array_foreach(messages, i, m)
			len += xsteer_chat(chat + len, 4096 - len, text(m, "role"), text(m, "content"));
		told = unhex(text(v, "stream"), &want);
		assert_int_equal(len, want);
		assert_memory_equal(chat, told, len);
		free(told);
		*bytes = len;
		return chat;
	}
	t = malloc(4 * n);
	if (json_is_string(tokens))
		assert_string_equal(json_string_value(tokens), "token[i] = (i*7919) mod 128000, i < 9000");
	for (i = 0; i < n; i++)
		t[i] = json_is_string(tokens) ? i * 7919 % 128000 : (uint32_t)json_integer_value(json_array_get(tokens, i));
	*bytes = 4 * n;
	return t;
}

static void prefixes(void **state)
{
	json_t *all = json_object_get(vectors, "xxh64_prefix"), *v, *h;
	uint32_t hash[XSTEER_HASHES];
	size_t i, j, bytes;

	assert_true(json_array_size(all) >= 6);
	json_array_foreach(all, i, v) {
		json_t *want = json_object_get(v, "hashes");
		void *stream = stream_of(v, &bytes);

		assert_int_equal(xsteer_prefixes(stream, bytes, num(v, "salt"), num(v, "exp0"), hash, XSTEER_HASHES), json_array_size(want));
		json_array_foreach(want, j, h)
			assert_int_equal(hash[j], strtoul(json_string_value(h), NULL, 16));
		free(stream);
	}
}

static void seeds(void **state)
{
	json_t *all = json_object_get(vectors, "seed"), *v, *part;
	uint64_t seed;
	uint8_t *b;
	size_t i, j, len;

	assert_true(json_array_size(all) >= 2);
	json_array_foreach(all, i, v) {
		seed = num(v, "salt");
		if (text(v, "adapter"))
			seed = xsteer_seed(seed, text(v, "adapter"), strlen(text(v, "adapter")));
		json_array_foreach(json_object_get(v, "parts"), j, part) {
			b = unhex(json_string_value(part), &len);
			seed = xsteer_seed(seed, b, len);
			free(b);
		}
		assert_int_equal(seed, num(v, "seed"));
	}
}

/* The stamp of a prompt says what the hashes of its prefixes say. */
static void stamp_prefix(void **state)
{
	static const struct { unsigned int tokens, exp_a, quarter; } rows[] = {
		{ 0, 0, 0 }, { 31, 0, 0 }, { 32, 5, 0 }, { 39, 5, 0 }, { 40, 5, 1 }, { 63, 5, 3 }, { 64, 6, 0 }, { 700, 9, 1 },
		{ 1 << 19, 19, 0 }, { 1 << 20, 19, 3 }, { 3 << 19, 19, 3 },
	};
	uint32_t *tokens = calloc(3 << 19, 4), hash[16];
	struct xsteer_stamp s;
	unsigned int n;

	for (unsigned int i = 0; i < 3 << 19; i++)
		tokens[i] = i * 2654435761u;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memset(&s, 0xff, sizeof(s));
		xsteer_stamp_prefix(&s, tokens, 4 * rows[i].tokens, 7);
		assert_int_equal(s.exp_a, rows[i].exp_a);
		assert_int_equal(s.quarter, rows[i].quarter);
		assert_int_equal(s.back, rows[i].exp_a ? 1 : 0);
		n = xsteer_prefixes(tokens, 4 * rows[i].tokens, 7, 4, hash, 16);
		assert_int_equal(s.hash_a, rows[i].exp_a ? hash[rows[i].exp_a - 4] : 0);
		assert_int_equal(s.hash_b, rows[i].exp_a ? hash[rows[i].exp_a - 5] : 0);
		assert_true(n <= 16);
	}
	free(tokens);
}

static struct xsteer_long long_of(const json_t *v)
{
	struct xsteer_long s = {
		.request_id = num(v, "request_id"), .tenant = num(v, "tenant"), .input_tokens = num(v, "input_tokens"), .time = num(v, "time"),
		.output_tokens = num(v, "output_tokens"), .budget_ms = num(v, "budget_ms"), .slo_class = num(v, "class"),
		.epoch = num(v, "epoch"), .exp0 = num(v, "exp0"), .n = json_array_size(json_object_get(v, "hashes")), .tagged = !!text(v, "key"),
	};

	for (unsigned int i = 0; i < s.n; i++)
		s.hash[i] = strtoul(json_string_value(json_array_get(json_object_get(v, "hashes"), i)), NULL, 16);
	return s;
}

static void long_forms(void **state)
{
	json_t *all = json_object_get(vectors, "long"), *v;
	uint8_t made[XSTEER_LONG_MAX], key[16];
	struct xsteer_long s, back;
	size_t i, len;

	assert_true(json_array_size(all) >= 8);
	json_array_foreach(all, i, v) {
		struct xsteer_dest d = dest_of(v);
		const uint8_t *k = key_of(v, key);
		uint8_t *b = unhex(text(v, "bytes"), &len);
		uint32_t now = num(v, "time");

		s = long_of(v);
		assert_int_equal(xsteer_long_write(made, sizeof(made), &s, k, &d), len);
		assert_memory_equal(made, b, len);
		assert_int_equal(xsteer_long_write(made, len - 1, &s, k, &d), -ENOSPC);
		assert_int_equal(xsteer_long_read(&back, b, len), XSTEER_OK);
		assert_int_equal(xsteer_long_size(&back), len);
		assert_memory_equal(&back, &s, sizeof(s));
		assert_int_equal(xsteer_long_check(b, len, k, &d, now, 30), XSTEER_OK);
		assert_int_equal(xsteer_long_check(b, len, k, &d, now + 30, 30), XSTEER_OK);
		assert_int_equal(xsteer_long_check(b, len, k, &d, now - 30, 30), XSTEER_OK);
		assert_int_equal(xsteer_long_check(b, len, k, &d, now + 31, 30), k ? XSTEER_STALE : XSTEER_OK);
		assert_int_equal(xsteer_long_check(b, len, k ? NULL : key, &d, now, 30), XSTEER_UNAUTHENTIC);
		free(b);
	}
}

static void options(void **state)
{
	json_t *all = json_object_get(vectors, "tcp_option"), *v;
	uint8_t made[XSTEER_OPTION_SIZE], key[16];
	struct xsteer_option back;
	size_t i, len;

	assert_true(json_array_size(all) >= 8);
	json_array_foreach(all, i, v) {
		struct xsteer_dest d = dest_of(v);
		const uint8_t *k = key_of(v, key);
		uint8_t *b = unhex(text(v, "bytes"), &len);
		uint32_t now = num(v, "time"), isn = num(v, "isn");
		struct xsteer_option o = {
			.stamp = { .tenant = num(v, "tenant"), .slo_class = num(v, "class"), .exp_a = num(v, "exp_a"), .back = num(v, "back"),
				   .quarter = num(v, "quarter"), .hash_a = num(v, "hash_a"), .hash_b = num(v, "hash_b") },
			.epoch = num(v, "epoch"), .tagged = !!k,
		};

		assert_int_equal(xsteer_option_write(made, &o, k, &d, isn, now), len);
		assert_memory_equal(made, b, len);
		assert_int_equal(xsteer_option_read(&back, b, len), XSTEER_OK);
		assert_memory_equal(&back, &o, sizeof(o));
		assert_int_equal(xsteer_option_check(b, len, k, &d, isn, now), XSTEER_OK);
		assert_int_equal(xsteer_option_check(b, len, k, &d, isn + 1, now), k ? XSTEER_UNAUTHENTIC : XSTEER_OK);
		/* all the vectors' times begin a slot: the one before and the one after reach 32 s into the neighbours */
		assert_int_equal(now % 64, 0);
		assert_int_equal(xsteer_option_check(b, len, k, &d, isn, now - 32), XSTEER_OK);
		assert_int_equal(xsteer_option_check(b, len, k, &d, isn, now - 33), k ? XSTEER_UNAUTHENTIC : XSTEER_OK);
		assert_int_equal(xsteer_option_check(b, len, k, &d, isn, now + 95), XSTEER_OK);
		assert_int_equal(xsteer_option_check(b, len, k, &d, isn, now + 96), k ? XSTEER_UNAUTHENTIC : XSTEER_OK);
		free(b);
	}
}

static void refused(void **state)
{
	json_t *all = json_object_get(vectors, "reject"), *v;
	enum xsteer_finding f;
	uint8_t key[16];
	size_t i, len;

	assert_true(json_array_size(all) >= 22);
	json_array_foreach(all, i, v) {
		struct xsteer_dest d = dest_of(v);
		const uint8_t *k = key_of(v, key);
		uint8_t *b = unhex(text(v, "bytes"), &len);

		if (!strcmp(text(v, "form"), "long"))
			f = xsteer_long_check(b, len, k, &d, num(v, "now"), XSTEER_WINDOW_S);
		else
			f = xsteer_option_check(b, len, k, &d, num(v, "isn"), num(v, "now"));
		if (strcmp(xsteer_finding_name(f), text(v, "reason")))
			fail_msg("%s: %s, not %s", text(v, "why"), xsteer_finding_name(f), text(v, "reason"));
		free(b);
	}
}

/* The long form that rides between sites is tagged with the site pair's key. */
static void between_sites(void **state)
{
	json_t *v = json_array_get(json_object_get(vectors, "geneve_options"), 1);
	struct xsteer_dest d = { .port = num(v, "dport"), .addr = { [10] = 0xff, 0xff, 198, 18, 0, 10 } };
	struct xsteer_long s;
	uint8_t key[16], *b;
	size_t len;

	assert_string_equal(text(v, "dst"), "198.18.0.10");
	b = unhex(text(v, "shim"), &len);
	assert_int_equal(xsteer_long_read(&s, b, len), XSTEER_OK);
	assert_int_equal(xsteer_long_check(b, len, key_of(v, key), &d, s.time, 0), XSTEER_OK);
	assert_int_equal(s.n, 3);
	assert_int_equal(s.hash[1], 0);
	free(b);
}

/* Every byte of a tagged shim counts, and no cut one is read past its end (the address sanitizer looks on). */
static void every_byte(void **state)
{
	struct xsteer_long s = { .tenant = 7, .time = 1795420800, .n = 8, .exp0 = 4, .hash = { 1, 2, 3, 4, 5, 6, 7, 8 } };
	struct xsteer_option o = { .stamp = { .tenant = 7, .exp_a = 9, .hash_a = 1 } };
	struct xsteer_dest d = { .port = 80 };
	uint8_t key[16] = { 1 }, full[XSTEER_LONG_MAX], *cut;

	assert_int_equal(xsteer_long_write(full, sizeof(full), &s, key, &d), sizeof(full));
	for (size_t i = 0; i < sizeof(full); i++) {
		full[i] ^= 0x10;
		assert_int_not_equal(xsteer_long_check(full, sizeof(full), key, &d, s.time, 30), XSTEER_OK);
		full[i] ^= 0x10;
		cut = malloc(i + !i);
		memcpy(cut, full, i);
		assert_int_equal(xsteer_long_check(cut, i, key, &d, s.time, 30), i < 2 ? XSTEER_NO_SHIM : XSTEER_MALFORMED);
		free(cut);
	}
	assert_int_equal(xsteer_option_write(full, &o, key, &d, 5, s.time), XSTEER_OPTION_SIZE);
	for (size_t i = 0; i < XSTEER_OPTION_SIZE; i++) {
		full[i] ^= 0x01;
		assert_int_not_equal(xsteer_option_check(full, XSTEER_OPTION_SIZE, key, &d, 5, s.time), XSTEER_OK);
		full[i] ^= 0x01;
		cut = malloc(i + !i);
		memcpy(cut, full, i);
		assert_int_equal(xsteer_option_check(cut, i, key, &d, 5, s.time), i < 4 ? XSTEER_NO_SHIM : XSTEER_MALFORMED);
		free(cut);
	}
}

static void out_of_range(void **state)
{
	static const struct xsteer_long longs[] = { { .slo_class = 16 }, { .n = 9, .exp0 = 4 }, { .n = 1, .exp0 = 3 }, { .exp0 = 16 } };
	static const struct xsteer_stamp stamps[] = { { .slo_class = 16 }, { .exp_a = 4 }, { .exp_a = 20 }, { .back = 4 }, { .quarter = 4 } };
	uint8_t to[128], key[16] = { 0 };

	for (size_t i = 0; i < sizeof(longs) / sizeof(longs[0]); i++)
		assert_int_equal(xsteer_long_write(to, sizeof(to), &longs[i], NULL, NULL), -EINVAL);
	for (size_t i = 0; i < sizeof(stamps) / sizeof(stamps[0]); i++)
		assert_int_equal(xsteer_option_write(to, &(struct xsteer_option){ .stamp = stamps[i] }, NULL, NULL, 0, 0), -EINVAL);
	assert_int_equal(xsteer_long_write(to, sizeof(to), &(struct xsteer_long){ 0 }, key, NULL), -EINVAL);
	assert_int_equal(xsteer_option_write(to, &(struct xsteer_option){ 0 }, key, NULL, 0, 0), -EINVAL);
}

static void keys(void **state)
{
	uint8_t a[XSTEER_KEY_SIZE] = { 0 }, b[XSTEER_KEY_SIZE] = { 0 };

	assert_int_equal(xsteer_keygen(a), 0);
	assert_int_equal(xsteer_keygen(b), 0);
	assert_memory_not_equal(a, b, sizeof(a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(siphash), cmocka_unit_test(prefixes), cmocka_unit_test(seeds), cmocka_unit_test(stamp_prefix),
		cmocka_unit_test(long_forms), cmocka_unit_test(options), cmocka_unit_test(refused), cmocka_unit_test(between_sites),
		cmocka_unit_test(every_byte), cmocka_unit_test(out_of_range), cmocka_unit_test(keys),
	};
	json_error_t e;
	int failed;

	vectors = json_load_file("user/tests/vectors/shim-v1.json", 0, &e);
	if (!vectors) {
		fprintf(stderr, "%s:%d: %s\n", e.source, e.line, e.text);
		return 1;
	}
	failed = cmocka_run_group_tests_name("shim", tests, NULL, NULL);
	json_decref(vectors);
	return failed;
}
