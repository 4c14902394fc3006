// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Lines of commands: quotes, comments, the line that fails, and the array of -j. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "user/cmd.h"
#include "user/tests/capture.h"

static const char *output;

/* Runs these lines from a file. */
static int batch(const char *lines, size_t len, bool json)
{
	char path[] = "/tmp/xs-batch-XXXXXX", *argv[] = { "batch", "file", path };
	int fd = mkstemp(path), status;

	assert_true(fd >= 0 && write(fd, lines, len) == (ssize_t)len);
	close(fd);
	xs_env = (struct xs_env){ .instance = "xs-test-batch", .json = json };
	capture_begin();
	status = xs_run(3, argv);
	output = capture_end();
	unlink(path);
	return status;
}

#define BATCH(lines, json) batch(lines, sizeof(lines) - 1, json)

static void test_lines(void **state)
{
	assert_int_equal(BATCH("", false), XS_EX_OK);
	assert_string_equal(output, "");
	assert_int_equal(BATCH("# a comment\n\n  \t\n   # another\n", false), XS_EX_OK);
	assert_string_equal(output, "");
	assert_int_equal(BATCH("help version # what follows\nhelp batch file", false), XS_EX_OK);
	assert_non_null(strstr(output, "Usage: xsteer version\n"));
	assert_non_null(strstr(output, "Usage: xsteer batch file FILE|-\n"));
	assert_int_equal(BATCH("help version\r\nhelp version\r\n", false), XS_EX_OK);	/* from other systems */
}

static void test_words(void **state)
{
	static const struct { const char *line, *word; } rows[] = {
		{ "help one\\ word", "one word" }, { "help 'one  word'", "one  word" }, { "help \"one 'word\"", "one 'word" },
		{ "help o'ne w'ord", "one word" }, { "help '#no comment'", "#no comment" }, { "help a#b", "a#b" }, { "help \\#b", "#b" },
		{ "help 'a\\b'", "a\\b" }, { "help \"a\\\"b\"", "a\"b" }, { "help ''", "" }, { "help a\\", "a\\" },
	};
	json_t *all, *words;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		batch(rows[i].line, strlen(rows[i].line), true);
		all = json_loads(output, 0, NULL);
		assert_non_null(all);
		words = json_object_get(json_array_get(all, 0), "command");
		assert_int_equal(json_array_size(words), 2);
		assert_string_equal(json_string_value(json_array_get(words, 1)), rows[i].word);
		json_decref(all);
	}
}

static void test_stop(void **state)
{
	assert_int_equal(BATCH("verison\nhelp version\n", false), XS_EX_USAGE);
	assert_non_null(strstr(output, "verison: no such command"));
	assert_non_null(strstr(output, ":1: stopped; nothing is done; mend this line\n"));
	assert_null(strstr(output, "Usage:"));
	/* a line was done before: in part, whatever its own class is */
	assert_int_equal(BATCH("# first\nhelp version\n\ntarget list\nhelp help\n", false), XS_EX_PARTIAL);
	assert_non_null(strstr(output, "xs-test-batch: no such instance"));
	assert_non_null(strstr(output, ":4: stopped; the 1 before it are done"));
	assert_null(strstr(output, "Usage: xsteer help"));
	assert_int_equal(BATCH("target list\n", false), XS_EX_REFUSED);
	assert_int_equal(BATCH("help 'open\n", false), XS_EX_USAGE);
	assert_non_null(strstr(output, ":1: a quote stays open"));
	assert_int_equal(BATCH("help version\0verison\n", false), XS_EX_PARTIAL);
}

/* One document, whatever the lines print and however it ends. */
static void test_json(void **state)
{
	json_t *all, *row;

	assert_int_equal(BATCH("version\ncompletion bash\nhelp version\nverison\nversion", true), XS_EX_PARTIAL);
	all = json_loads(output, 0, NULL);
	assert_non_null(all);
	assert_int_equal(json_array_size(all), 4);
	row = json_array_get(all, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "line")), 1);
	assert_int_equal(json_integer_value(json_object_get(row, "status")), 0);
	assert_non_null(json_object_get(json_object_get(row, "output"), "kernel"));
	assert_true(json_is_string(json_object_get(json_array_get(all, 1), "output")));
	assert_true(json_is_array(json_object_get(json_array_get(all, 2), "output")));
	row = json_array_get(all, 3);
	assert_int_equal(json_integer_value(json_object_get(row, "status")), XS_EX_USAGE);
	assert_non_null(json_object_get(json_object_get(row, "output"), "error"));
	json_decref(all);
	assert_int_equal(BATCH("version\n'", true), XS_EX_PARTIAL);
	all = json_loads(output, 0, NULL);
	assert_non_null(json_object_get(json_object_get(json_array_get(all, 1), "output"), "error"));
	json_decref(all);
	assert_int_equal(BATCH("", true), XS_EX_OK);
	assert_string_equal(output, "[]\n");
}

/* Options before the object hold for their line only; a batch in a batch is refused. */
static void test_apart(void **state)
{
	assert_int_equal(BATCH("-j help version\nhelp version\n", false), XS_EX_OK);
	assert_int_equal(output[0], '[');
	assert_non_null(strstr(output, "]\nversion: "));
	assert_int_equal(BATCH("batch file /dev/null\n", false), XS_EX_REFUSED);
	assert_non_null(strstr(output, "a batch cannot run another"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines), cmocka_unit_test(test_words), cmocka_unit_test(test_stop), cmocka_unit_test(test_json),
		cmocka_unit_test(test_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
