// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Words -> record, options, messages and exit class; and that every record is fit to be printed from. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>
#include "user/base/err.h"
#include "user/base/opt.h"
#include "user/tests/capture.h"

#define WORDS 8

static const char *output;

static int run(const char *const *words)
{
	char *argv[WORDS + 1] = { 0 };
	int argc = 0, status;

	for (; argc < WORDS && words[argc]; argc++)
		argv[argc] = (char *)words[argc];
	xs_env = (struct xs_env){ .instance = "xs-test-opt" };
	capture_begin();
	status = xs_run(argc, argv);
	output = capture_end();
	return status;
}

struct row {
	const char *words[WORDS];
	int status;
	const char *says[3];	/* all of these; a ! in front: not this */
};

static const struct row rows[] = {
	{ { "version" }, XS_EX_OK, { "xsteer: ", "kernel: " } },
	{ { "-j", "version" }, XS_EX_OK, { "{\"version\":\"" } },
	{ { "-p", "version" }, XS_EX_OK, { "{\n  \"version\": \"" } },
	{ { "--json", "--verbose", "version" }, XS_EX_OK, { "{\"version\":" } },
	{ { "-V" }, XS_EX_OK, { "kernel: " } },
	{ { "--version" }, XS_EX_OK, { "kernel: " } },
	{ { "--instance=lab", "version" }, XS_EX_OK, { "kernel: " } },
	{ { "-i", "lab", "version" }, XS_EX_OK, { "kernel: " } },
	{ { "-h" }, XS_EX_OK, { "Usage: xsteer [OPTIONS] OBJECT", "  target ", "Exit status: 0" } },
	{ { "--help", "target", "drain" }, XS_EX_OK, { "Usage: xsteer target drain" } },
	{ { "help" }, XS_EX_OK, { "\n  version ", "!\n\n\n" } },
	{ { "help", "target" }, XS_EX_OK, { "Usage: xsteer target COMMAND", "\n  drain " } },
	{ { "help", "target", "drain" }, XS_EX_OK, { "Usage: xsteer target drain" } },
	{ { "target", "help" }, XS_EX_OK, { "Usage: xsteer target COMMAND" } },
	{ { "target", "drain", "help" }, XS_EX_OK, { "Usage: xsteer target drain" } },
	{ { "target", "drain", "--help" }, XS_EX_OK, { "Usage: xsteer target drain" } },
	{ { "-j", "help", "batch", "file" }, XS_EX_OK, { "[{\"object\":\"batch\",\"command\":\"file\"" } },
	{ { NULL }, XS_EX_USAGE, { "Usage: xsteer [OPTIONS]" } },
	{ { "-j" }, XS_EX_USAGE, { "{\"error\":{\"object\":\"xsteer\",\"what\":\"no command\"" } },
	{ { "target" }, XS_EX_USAGE, { "Usage: xsteer target COMMAND" } },
	{ { "verison" }, XS_EX_USAGE, { "xsteer: verison: no such command", "did you mean: xsteer version?" } },
	{ { "taget", "list" }, XS_EX_USAGE, { "did you mean: xsteer target?" } },
	{ { "target", "dran", "gpu0" }, XS_EX_USAGE, { "target dran: no such command", "did you mean: xsteer target drain?" } },
	{ { "qqqqqqqqqqqq" }, XS_EX_USAGE, { "no such command; see xsteer help", "!did you mean" } },
	{ { "tar" }, XS_EX_USAGE, { "tar: no such command" } },		/* no prefix matching */
	{ { "help", "verison" }, XS_EX_USAGE, { "did you mean: xsteer version?" } },
	{ { "help", "target", "dran" }, XS_EX_USAGE, { "did you mean: xsteer target drain?" } },
	{ { "-x", "version" }, XS_EX_USAGE, { "xsteer: -x: no such option" } },
	{ { "--json=1", "version" }, XS_EX_USAGE, { "--json=1: takes no value" } },
	{ { "-i" }, XS_EX_USAGE, { "-i: takes a value" } },
	{ { "version", "-j" }, XS_EX_USAGE, { "-j: stands before the command", "xsteer -j ... version" } },
	{ { "version", "--loud" }, XS_EX_USAGE, { "--loud: no such option of version", "see xsteer version --help" } },
	{ { "version", "now" }, XS_EX_USAGE, { "version: too many words, wanted: none" } },
	{ { "batch", "file" }, XS_EX_USAGE, { "batch file: words are missing, wanted: FILE|-" } },
	{ { "batch", "file", "/no/such" }, XS_EX_REFUSED, { "/no/such: cannot read: No such file" } },
	{ { "flow", "list", "servce", "chat" }, XS_EX_USAGE, { "servce: no such filter of flow list" } },
	{ { "flow", "list", "service" }, XS_EX_USAGE, { "service: takes a value" } },
	{ { "flow", "list", "service", "a", "service", "b" }, XS_EX_USAGE, { "service: given too often" } },
	{ { "apply", "--dry-run=no", "x" }, XS_EX_USAGE, { "--dry-run=no: takes no value" } },
	{ { "target", "list" }, XS_EX_REFUSED, { "xs-test-opt: no such instance is loaded; load it first" } },
	{ { "-i", "No/Name", "target", "list" }, XS_EX_USAGE, { "No/Name: no name for an instance" } },
};

static void test_words(void **state)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int status = run(rows[i].words);

		if (status != rows[i].status)
			fail_msg("%s %s %s: exit %d, want %d: %s", rows[i].words[0], rows[i].words[1] ?: "", rows[i].words[1] ? rows[i].words[2] ?: "" : "",
				 status, rows[i].status, output);
		for (int s = 0; s < 3 && rows[i].says[s]; s++) {
			const char *want = rows[i].says[s];
			bool not = *want == '!';

			if (!strstr(output, want + not) != not)
				fail_msg("row %zu (%s): %s \"%s\" in: %s", i, rows[i].words[0] ?: "", not ? "has" : "no", want + not, output);
		}
	}
}

static void test_instance(void **state)
{
	run((const char *const[]){ "--instance=lab", "version", NULL });
	assert_string_equal(xs_env.instance, "lab");
	run((const char *const[]){ "-i", "lab2", "version", NULL });
	assert_string_equal(xs_env.instance, "lab2");
}

static void test_errors_json(void **state)
{
	json_error_t e;
	json_t *j;

	assert_int_equal(run((const char *const[]){ "-j", "target", "dran", NULL }), XS_EX_USAGE);
	j = json_loads(output, 0, &e);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "error"), "object")), "target dran");
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "error"), "what")), "no such command");
	assert_non_null(json_object_get(json_object_get(j, "error"), "try"));
	json_decref(j);
}

static void test_classes(void **state)
{
	xs_env = (struct xs_env){ .instance = "xs-test-opt" };
	capture_begin();
	xs_class_clear();
	assert_int_equal(xs_class(), XS_EX_OK);
	assert_int_equal(xs_refuse("target gpu0", "try this", "is %s", "busy"), -EINVAL);
	assert_int_equal(xs_class(), XS_EX_REFUSED);
	assert_int_equal(xs_usage("x", NULL, "wrong"), -EINVAL);
	assert_int_equal(xs_class(), XS_EX_USAGE);
	assert_int_equal(xs_kernel(-EPERM, "eth0", NULL, "cannot attach"), -EPERM);
	assert_int_equal(xs_kernel(EPERM, "eth0", NULL, "cannot attach"), -EPERM);
	assert_int_equal(xs_class(), XS_EX_KERNEL);
	assert_int_equal(xs_partial("eth1", NULL, "half"), -EIO);
	assert_int_equal(xs_class(), XS_EX_PARTIAL);
	xs_warn("eth1", "look", "odd");
	assert_int_equal(xs_class(), XS_EX_PARTIAL);	/* a warning is no error */
	output = capture_end();
	assert_string_equal(output, "xsteer: target gpu0: is busy; try this\n"
				    "xsteer: x: wrong\n"
				    "xsteer: eth0: cannot attach: Operation not permitted; run as root\n"
				    "xsteer: eth0: cannot attach: Operation not permitted; run as root\n"
				    "xsteer: eth1: half\n"
				    "xsteer: warning: eth1: odd; look\n");
}

/* Several errors are one object; what is quoted in them breaks neither the line nor the JSON. */
static void test_errors_several(void **state)
{
	json_t *j;

	xs_env = (struct xs_env){ .instance = "xs-test-opt", .json = true };
	capture_begin();
	xs_refuse("a", "b", "first");
	xs_refuse("a", NULL, "cut %.3s in the midst", "ab\u00e9");
	xs_refuse("a\nb", NULL, "third");
	xs_errors_end();
	xs_errors_end();	/* says nothing more */
	output = capture_end();
	j = json_loads(output, 0, NULL);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(json_object_get(j, "error"), "what")), "first");
	assert_int_equal(json_array_size(json_object_get(j, "more")), 2);
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(j, "more"), 0), "what")), "cut ab? in the midst");
	assert_string_equal(json_string_value(json_object_get(json_array_get(json_object_get(j, "more"), 1), "object")), "a?b");
	json_decref(j);
	xs_env.json = false;
	capture_begin();
	xs_refuse("a\nb", NULL, "\xff\xc3(\xed\xa0\x80\xf0\x9f\x98\x80\x1b[31m");
	assert_string_equal(capture_end(), "xsteer: a?b: ?" "?(??" "?\xf0\x9f\x98\x80?[31m\n");
}

static void test_quiet(void **state)
{
	char said[32];

	capture_begin();
	xs_quiet(said, sizeof(said));
	xs_refuse("a", "b", "first");
	xs_refuse("c", NULL, "second");
	assert_string_equal(said, "a: first; b\nc: second");
	xs_refuse("a long object that does not fit", NULL, "any more");
	assert_int_equal(strlen(said), sizeof(said) - 1);
	xs_quiet(NULL, 0);
	assert_string_equal(capture_end(), "");
}

static void test_distance(void **state)
{
	assert_int_equal(xs_word_distance("target", "target"), 0);
	assert_int_equal(xs_word_distance("taget", "target"), 1);
	assert_int_equal(xs_word_distance("targte", "target"), 2);
	assert_int_equal(xs_word_distance("", "abc"), 3);
	assert_int_equal(xs_word_distance("abc", ""), 3);
	assert_int_equal(xs_word_distance("kitten", "sitting"), 3);
	/* longer than it looks at */
	assert_int_equal(xs_word_distance("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a"), 30);
}

static void check_opts(const struct xs_cmd *c)
{
	for (const struct xs_opt *o = c->opts; o && o->name; o++) {
		if (!o->help || !*o->help || strlen(o->name) > 24)
			fail_msg("%s %s: option %s", c->object ?: "", c->name, o->name);
		for (const struct xs_opt *p = c->opts; p < o; p++)
			if (!strcmp(p->name, o->name) || (o->letter && p->letter == o->letter))
				fail_msg("%s %s: option %s twice", c->object ?: "", c->name, o->name);
	}
}

/* Help, completion and manual are made from the records: each has what they need. */
static void test_records(void **state)
{
	for (const struct xs_cmd *const *p = xs_cmds; *p; p++) {
		const struct xs_cmd *c = *p;
		const char *const words[] = { c->object ?: c->name, c->object ? c->name : "--help", c->object ? "--help" : NULL, NULL };

		if (!c->run || !c->brief || !*c->brief || c->brief[strlen(c->brief) - 1] == '.' || (isupper((unsigned char)c->brief[0]) && islower((unsigned char)c->brief[1])))
			fail_msg("%s %s: run or brief", c->object ?: "", c->name);
		if (c->max_args && (!c->args || !*c->args))
			fail_msg("%s %s: takes words, but usage does not say which", c->object ?: "", c->name);
		if (c->max_args >= 0 && c->min_args > c->max_args)
			fail_msg("%s %s: words", c->object ?: "", c->name);
		assert_ptr_equal(xs_cmd_find(c->object ?: c->name, c->object ? c->name : NULL), c);	/* no other of this name */
		assert_false(!c->object && xs_is_object(c->name));
		check_opts(c);
		assert_int_equal(run(words), XS_EX_OK);
		assert_non_null(strstr(output, "\nUsage: xsteer "));
		assert_int_equal(output[strlen(output) - 1], '\n');
		assert_int_not_equal(output[strlen(output) - 2], '\n');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words), cmocka_unit_test(test_instance), cmocka_unit_test(test_errors_json), cmocka_unit_test(test_errors_several),
		cmocka_unit_test(test_classes), cmocka_unit_test(test_quiet), cmocka_unit_test(test_distance), cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
