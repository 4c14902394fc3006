// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/opt.h"

struct xs_env xs_env = { .instance = "default" };

const struct xs_opt xs_globals[] = {
	{ .name = "json", .letter = 'j', .help = "print JSON" },
	{ .name = "pretty", .letter = 'p', .help = "print JSON with line breaks" },
	{ .name = "verbose", .letter = 'v', .help = "also what libbpf says" },
	{ .name = "instance", .letter = 'i', .arg = "INSTANCE", .help = "which instance of this host (default: default)" },
	{ .name = "help", .letter = 'h', .help = "help of what stands before it" },
	{ .name = "version", .letter = 'V', .help = "versions" },
	{ 0 },
};

void xs_env_init(void)
{
	struct winsize w;

	if (!isatty(STDOUT_FILENO))
		return;
	xs_env.color = !getenv("NO_COLOR");
	xs_env.width = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) && w.ws_col ? w.ws_col : 80;
}

const struct xs_cmd *xs_cmd_find(const char *object, const char *name)
{
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if ((*c)->object ? name && !strcmp((*c)->object, object) && !strcmp((*c)->name, name) : !name && !strcmp((*c)->name, object))
			return *c;
	return NULL;
}

bool xs_is_object(const char *word)
{
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if ((*c)->object && !strcmp((*c)->object, word))
			return true;
	return false;
}

const char *xs_call_opt(const struct xs_call *call, const char *name)
{
	for (int i = 0; i < call->nopts; i++)
		if (!strcmp(call->opts[i].opt->name, name))
			return call->opts[i].value ?: "";
	return NULL;
}

int xs_word_distance(const char *a, const char *b)
{
	int la = strnlen(a, 31), lb = strnlen(b, 31), row[32], diag, up;

	for (int j = 0; j <= lb; j++)
		row[j] = j;
	for (int i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = i;
		for (int j = 1; j <= lb; j++) {
			up = row[j];
			row[j] = a[i - 1] == b[j - 1] ? diag : 1 + (diag < up ? (diag < row[j - 1] ? diag : row[j - 1]) : (up < row[j - 1] ? up : row[j - 1]));
			diag = up;
		}
	}
	return row[lb];
}

/* The command word nearest to what was typed; object NULL: among verbs and objects. Return: NULL: none is near */
static const char *nearest(const char *object, const char *typed)
{
	const char *best = NULL, *word;
	int d, least = strlen(typed) < 5 ? 3 : 4;

	for (const struct xs_cmd *const *c = xs_cmds; *c; c++) {
		if (object && (!(*c)->object || strcmp((*c)->object, object)))
			continue;
		word = object || !(*c)->object ? (*c)->name : (*c)->object;
		d = xs_word_distance(typed, word);
		if (d < least) {
			least = d;
			best = word;
		}
	}
	return best;
}

int xs_cmd_unknown(const char *object, const char *word)
{
	const char *near = nearest(object, word), *sep = object ? " " : "";
	char try[160], what[96];

	object = object ?: "";
	if (near)
		snprintf(try, sizeof(try), "did you mean: xsteer %s%s%s? or see xsteer %s%shelp", object, sep, near, object, sep);
	else
		snprintf(try, sizeof(try), "see xsteer %s%shelp", object, sep);
	snprintf(what, sizeof(what), "%s%s%.64s", object, sep, word);
	xs_usage(what, try, "no such command");
	return XS_EX_USAGE;
}

/* The option or filter that a word names, NULL: none. *value: what stands behind its =, NULL: nothing */
static const struct xs_opt *find_opt(const struct xs_opt *o, const char *w, const char **value)
{
	size_t n = strcspn(w, "=");

	*value = NULL;
	for (; o && o->name; o++) {
		if (o->filter && !strcmp(w, o->name))
			return o;
		if (o->filter || w[0] != '-')
			continue;
		if (o->letter && w[1] == o->letter && !w[2])
			return o;
		if (w[1] == '-' && n - 2 == strlen(o->name) && !strncmp(w + 2, o->name, n - 2)) {
			*value = w[n] ? w + n + 1 : NULL;
			return o;
		}
	}
	return NULL;
}

/* "flow list", valid until the next call */
static const char *full_name(const struct xs_cmd *cmd)
{
	static char name[96];

	snprintf(name, sizeof(name), "%s%s%s", cmd->object ?: "", cmd->object ? " " : "", cmd->name);
	return name;
}

/* xs_usage() with the command's own help as what to try */
#define WRONG_USE(cmd, word, ...) do { \
	char see[128]; \
	snprintf(see, sizeof(see), "see xsteer %s --help", full_name(cmd)); \
	xs_usage(word, see, __VA_ARGS__); \
} while (0)

/* A word with a dash that is no option of the command. */
static void no_opt(const struct xs_cmd *cmd, const char *w)
{
	const char *value;
	char try[160];

	if (!find_opt(xs_globals, w, &value)) {
		WRONG_USE(cmd, w, "no such option of %s", full_name(cmd));
		return;
	}
	snprintf(try, sizeof(try), "write: xsteer %s ... %s", w, full_name(cmd));
	xs_usage(w, try, "stands before the %s", cmd->object ? "object" : "command");
}

/* One option or filter word at argv[i]. Return: words taken, 0: it is none, -1: wrong (reported) */
static int take_opt(struct xs_call *call, int argc, char **argv, int i)
{
	const char *w = argv[i], *value;
	const struct xs_opt *o = find_opt(call->cmd->opts, w, &value);
	int took = 1;

	if (!o && (w[0] != '-' || !w[1]))
		return 0;
	if (!o) {
		no_opt(call->cmd, w);
		return -1;
	}
	if (call->nopts == (int)(sizeof(call->opts) / sizeof(call->opts[0])) || (!o->many && xs_call_opt(call, o->name))) {
		WRONG_USE(call->cmd, w, "given too often");
		return -1;
	}
	if (!o->arg && !o->filter) {
		if (value) {
			WRONG_USE(call->cmd, w, "takes no value");
			return -1;
		}
		value = "";
	} else if (!value) {
		if (i + 1 >= argc) {
			WRONG_USE(call->cmd, w, "takes a value: %s", o->arg ?: "VALUE");
			return -1;
		}
		value = argv[i + 1];
		took = 2;
	}
	call->opts[call->nopts].opt = o;
	call->opts[call->nopts++].value = value;
	return took;
}

/* Whether there are as many words as the command wants; reported if not. A list's stray word is a filter it does not know. */
static bool count_ok(const struct xs_call *call)
{
	const struct xs_cmd *cmd = call->cmd;
	const char *wanted = cmd->args && *cmd->args ? cmd->args : "none";
	const struct xs_opt *o = cmd->opts;

	if (call->argc >= cmd->min_args && (cmd->max_args < 0 || call->argc <= cmd->max_args))
		return true;
	while (o && o->name && !o->filter)
		o++;
	if (call->argc < cmd->min_args)
		WRONG_USE(cmd, full_name(cmd), "words are missing, wanted: %s", wanted);
	else if (o && o->name)
		WRONG_USE(cmd, call->argv[cmd->max_args], "no such filter of %s", full_name(cmd));
	else
		WRONG_USE(cmd, full_name(cmd), "too many words, wanted: %s", wanted);
	return false;
}

static int run_cmd(const struct xs_cmd *cmd, const char *object, int argc, char **argv)
{
	struct xs_call call = { .cmd = cmd, .object = object, .argv = calloc(argc + 1, sizeof(char *)) };
	int i = 0, took, err = -1;

	if (!call.argv)
		return XS_EX_KERNEL;
	while (i < argc) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h") || (i == 0 && !strcmp(argv[i], "help") && cmd->object)) {
			xs_help_cmd(cmd);
			err = 0;
			goto out;
		}
		took = cmd->raw && argv[i][0] != '-' ? 0 : take_opt(&call, argc, argv, i);
		if (took < 0)
			goto out;
		if (!took) {
			call.argv[call.argc++] = argv[i];
			took = 1;
		}
		i += took;
	}
	if (!count_ok(&call))
		goto out;
	err = cmd->effect == XS_NONE ? 0 : xs_maps_open(cmd->effect == XS_WRITES);
	err = err ?: cmd->run(&call);
	xs_maps_close();
out:
	free(call.argv);
	if (!err)
		return XS_EX_OK;
	return xs_class() == XS_EX_OK ? XS_EX_REFUSED : xs_class();
}

/* The global options at the head of argv. *asked: "help" or "version" if that was among them. Return: words taken, -1: wrong (reported) */
static int take_globals(int argc, char **argv, const char **asked)
{
	int i = 0;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *value;
		const struct xs_opt *o = find_opt(xs_globals, argv[i], &value);

		if (!o || (value && !o->arg))
			return xs_usage(argv[i], "see xsteer help", o ? "takes no value" : "no such option"), -1;
		xs_env.json |= o->letter == 'j' || o->letter == 'p';
		xs_env.pretty |= o->letter == 'p';
		xs_env.verbose |= o->letter == 'v';
		if (o->letter == 'h' || o->letter == 'V') {
			*asked = o->name;
			return i + 1;
		}
		if (!o->arg)
			continue;
		if (!value && ++i >= argc)
			return xs_usage(argv[i - 1], "give the name of an instance", "takes a value"), -1;
		xs_env.instance = value ?: argv[i];
	}
	return i;
}

static int run_words(int argc, char **argv)
{
	const char *asked = NULL;
	const struct xs_cmd *cmd;
	int n;

	n = take_globals(argc, argv, &asked);
	if (n < 0)
		return XS_EX_USAGE;
	argc -= n;
	argv += n;
	if (asked)
		return run_cmd(xs_cmd_find(asked, NULL), NULL, argc, argv);
	if (!argc && xs_env.json)
		return xs_usage("xsteer", "see xsteer help", "no command"), XS_EX_USAGE;
	if (!argc) {
		xs_help_all();
		return XS_EX_USAGE;
	}
	cmd = xs_cmd_find(argv[0], NULL);
	if (cmd)
		return run_cmd(cmd, NULL, argc - 1, argv + 1);
	if (!xs_is_object(argv[0]))
		return xs_cmd_unknown(NULL, argv[0]);
	if (argc == 1 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		xs_help_object(argv[0]);
		return argc == 1 ? XS_EX_USAGE : XS_EX_OK;
	}
	cmd = xs_cmd_find(argv[0], argv[1]);
	return cmd ? run_cmd(cmd, argv[0], argc - 2, argv + 2) : xs_cmd_unknown(argv[0], argv[1]);
}

int xs_run(int argc, char **argv)
{
	int status;

	xs_class_clear();
	status = run_words(argc, argv);
	xs_errors_end();
	return status;
}
