// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What values look like to people, and that text and JSON come from the same rows. */
#include <arpa/inet.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "maps/abi.h"
#include "user/base/out.h"
#include "user/tests/capture.h"

static void test_ns(void **state)
{
	static const struct { unsigned long long ns; const char *text; } rows[] = {
		{ 0, "0 ns" }, { 7, "7 ns" }, { 999, "999 ns" }, { 1000, "1 us" }, { 1250, "1.25 us" }, { 980000, "980 us" },
		{ 999499, "999 us" }, { 999999, "1 ms" }, { 1250000, "1.25 ms" }, { 12345678, "12.3 ms" }, { 999999999, "1 s" },
		{ 3100000000ULL, "3.1 s" }, { 999400000000ULL, "999 s" }, { 3600000000000ULL, "3600 s" },
	};
	char buf[16];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(xs_out_ns(buf, sizeof(buf), rows[i].ns), rows[i].text);
}

static void test_addr(void **state)
{
	struct xs_addr v4 = { { 0, 0, htonl(0xffff), htonl(0xc6120001) } }, v6 = { { htonl(0x20010db8), 0, 0, htonl(1) } };
	char buf[64];

	assert_string_equal(xs_out_addr(&v4, 0, buf, sizeof(buf)), "198.18.0.1");
	assert_string_equal(xs_out_addr(&v4, 80, buf, sizeof(buf)), "198.18.0.1:80");
	assert_string_equal(xs_out_addr(&v6, 0, buf, sizeof(buf)), "2001:db8::1");
	assert_string_equal(xs_out_addr(&v6, 8000, buf, sizeof(buf)), "[2001:db8::1]:8000");
}

static void test_bar(void **state)
{
	setlocale(LC_CTYPE, "C");
	assert_string_equal(xs_out_bar(0, 10), "");
	assert_string_equal(xs_out_bar(0.5, 10), "#####");
	assert_string_equal(xs_out_bar(1, 10), "##########");
	assert_string_equal(xs_out_bar(7, 10), "##########");
	assert_string_equal(xs_out_bar(-1, 10), "");
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		fail_msg("no locale C.UTF-8");
	assert_string_equal(xs_out_bar(0.5, 3), "█▌");
	assert_string_equal(xs_out_bar(1, 2), "██");
	assert_true(strlen(xs_out_bar(1, 100000)) < 1024);
	setlocale(LC_CTYPE, "C");
}

static const struct xs_col cols[] = {
	{ "name", "NAME", XS_FMT_TEXT }, { "state", "STATE", XS_FMT_STATE }, { "flows", "FLOWS", XS_FMT_COUNT },
	{ "times.ttft_us", "TTFT", XS_FMT_US }, { "bytes", "BYTES", XS_FMT_BYTES }, { "zones", "ZONES", XS_FMT_TEXT },
	{ "id", NULL, XS_FMT_TEXT }, { 0 },
};

static json_t *rows(void)
{
	return json_pack("[{s:s, s:s, s:I, s:{s:i}, s:i, s:[s, s], s:i}, {s:s, s:s, s:i, s:n, s:b}]",
			 "name", "gpu0", "state", "up", "flows", (json_int_t)1234567, "times", "ttft_us", 1250, "bytes", 1536, "zones", "eu-de", "us", "id", 3,
			 "name", "a-rather-long-name", "state", "down", "flows", 4096, "times", "zones", 1);
}

static void test_table(void **state)
{
	xs_env = (struct xs_env){ 0 };
	capture_begin();
	assert_int_equal(xs_out_table(cols, rows(), "none"), 0);
	assert_string_equal(capture_end(),
			    "NAME               STATE     FLOWS    TTFT   BYTES ZONES\n"
			    "gpu0               up    1,234,567 1.25 ms 1.5 KiB eu-de, us\n"
			    "a-rather-long-name down       4096       -       - yes\n");
	capture_begin();
	xs_out_table(cols, json_array(), "no targets");
	assert_string_equal(capture_end(), "no targets\n");
	capture_begin();
	xs_out_table(cols, json_array(), NULL);
	assert_string_equal(capture_end(), "");
}

static void test_table_json(void **state)
{
	json_t *want = rows(), *got;

	xs_env = (struct xs_env){ .json = true };
	capture_begin();
	assert_int_equal(xs_out_table(cols, rows(), "none"), 0);
	got = json_loads(capture_end(), 0, NULL);
	assert_non_null(got);
	assert_true(json_equal(want, got));	/* all of it, also what has no column, and nothing formatted */
	json_decref(got);
	json_decref(want);
	capture_begin();
	xs_out_table(cols, json_array(), "none");
	assert_string_equal(capture_end(), "[]\n");
	xs_env = (struct xs_env){ .json = true, .pretty = true };
	capture_begin();
	xs_out_json(json_pack("{s:i}", "a", 1));
	assert_string_equal(capture_end(), "{\n  \"a\": 1\n}\n");
	xs_env = (struct xs_env){ 0 };
	capture_begin();
	assert_false(xs_out_json(json_pack("{s:i}", "a", 1)));
	assert_string_equal(capture_end(), "");
}

static void test_object(void **state)
{
	static const struct xs_col few[] = { { "flows", "flows", XS_FMT_COUNT }, { "idle_s", "idle", XS_FMT_S }, { "gone", "gone", XS_FMT_TEXT }, { 0 } };

	capture_begin();
	xs_out_object(few, json_pack("{s:i, s:i, s:s}", "idle_s", 3600, "flows", -12345, "other", "x"));
	assert_string_equal(capture_end(), "flows: -12,345\nidle: 3600 s\n");
	capture_begin();
	xs_out_object(NULL, json_pack("{s:s, s:b, s:n}", "name", "gpu0", "local", 0, "site"));
	assert_string_equal(capture_end(), "name: gpu0\nlocal: no\nsite: -\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ns), cmocka_unit_test(test_addr), cmocka_unit_test(test_bar), cmocka_unit_test(test_table),
		cmocka_unit_test(test_table_json), cmocka_unit_test(test_object),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
