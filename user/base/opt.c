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

/* The command word nearest to what was typed; object NULL: among verbs and objects. */
static const char *nearest(const char *object, const char *typed)
{
	const char *best = "help", *word;
	int d, least = 4;

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

static int unknown(const char *object, const char *word)
{
	char try[128];

	if (object)
		snprintf(try, sizeof(try), "try: xsteer %s %s, or: xsteer %s help", object, nearest(object, word), object);
	else
		snprintf(try, sizeof(try), "try: xsteer %s, or: xsteer help", nearest(NULL, word));
	xs_usage(word, try, "no such command");
	return XS_EX_USAGE;
}

/* One option or filter word at argv[i]. Return: words taken, 0: it is none, -1: wrong (reported) */
static int take_opt(struct xs_call *call, int argc, char **argv, int i)
{
	const struct xs_opt *o;
	const char *w = argv[i], *eq;
	size_t n;

	for (o = call->cmd->opts; o && o->name; o++) {
		eq = strchr(w, '=');
		n = eq && w[0] == '-' ? (size_t)(eq - w) : strlen(w);
		if (o->filter ? !strcmp(w, o->name) :
		    (n > 2 && w[0] == '-' && w[1] == '-' && n - 2 == strlen(o->name) && !strncmp(w + 2, o->name, n - 2)) ||
		    (o->letter && w[0] == '-' && w[1] == o->letter && !w[2]))
			break;
	}
	if (!o || !o->name) {
		if (w[0] != '-' || !w[1])
			return 0;
		xs_usage(w, "see --help", "no such option of %s", call->cmd->name);
		return -1;
	}
	if (call->nopts == (int)(sizeof(call->opts) / sizeof(call->opts[0]))) {
		xs_usage(w, NULL, "too many options");
		return -1;
	}
	call->opts[call->nopts].opt = o;
	if (!o->arg && !o->filter) {
		call->opts[call->nopts++].value = "";
		return 1;
	}
	if (!o->filter && eq && w[1] == '-') {
		call->opts[call->nopts++].value = eq + 1;
		return 1;
	}
	if (i + 1 >= argc) {
		xs_usage(w, "see --help", "takes a value: %s", o->arg ?: "VALUE");
		return -1;
	}
	call->opts[call->nopts++].value = argv[i + 1];
	return 2;
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
	if (call.argc < cmd->min_args || (cmd->max_args >= 0 && call.argc > cmd->max_args)) {
		xs_usage(cmd->object ?: cmd->name, "see --help", call.argc < cmd->min_args ? "%s%s%s: words are missing, wanted: %s" : "%s%s%s: too many words, wanted: %s",
			 cmd->object ?: "", cmd->object ? " " : "", cmd->name, cmd->args && *cmd->args ? cmd->args : "none");
		goto out;
	}
	err = cmd->effect == XS_NONE ? 0 : xs_maps_open(cmd->effect == XS_WRITES);
	err = err ?: cmd->run(&call);
	xs_maps_close();
out:
	free(call.argv);
	if (!err)
		return XS_EX_OK;
	return xs_class() == XS_EX_OK ? XS_EX_REFUSED : xs_class();
}

/* The global options at the head of argv. Return: words taken, -1: wrong (reported), -2: help or version was asked for */
static int take_globals(int argc, char **argv, const char **asked)
{
	int i = 0;

	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const struct xs_opt *o = xs_globals;

		while (o->name && !(argv[i][1] == o->letter && !argv[i][2]) && !(argv[i][1] == '-' && !strcmp(argv[i] + 2, o->name)))
			o++;
		if (!o->name)
			return xs_usage(argv[i], "see xsteer help", "no such option") ? -1 : 0;
		xs_env.json |= o->letter == 'j' || o->letter == 'p';
		xs_env.pretty |= o->letter == 'p';
		xs_env.verbose |= o->letter == 'v';
		if (o->letter == 'h' || o->letter == 'V') {
			*asked = o->name;
			return i + 1;
		}
		if (o->letter != 'i')
			continue;
		if (++i >= argc)
			return xs_usage("-i", "give the name of an instance", "takes a value") ? -1 : 0;
		xs_env.instance = argv[i];
	}
	return i;
}

int xs_run(int argc, char **argv)
{
	const char *asked = NULL;
	const struct xs_cmd *cmd;
	int n;

	xs_class_clear();
	n = take_globals(argc, argv, &asked);
	if (n < 0)
		return XS_EX_USAGE;
	argc -= n;
	argv += n;
	if (asked && !strcmp(asked, "version"))
		return run_cmd(xs_cmd_find("version", NULL), NULL, 0, NULL);
	if (!argc || asked) {
		xs_help_all();
		return asked ? XS_EX_OK : XS_EX_USAGE;
	}
	cmd = xs_cmd_find(argv[0], NULL);
	if (cmd)
		return run_cmd(cmd, NULL, argc - 1, argv + 1);
	if (!xs_is_object(argv[0]))
		return unknown(NULL, argv[0]);
	if (argc == 1 || !strcmp(argv[1], "help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		xs_help_object(argv[0]);
		return argc == 1 ? XS_EX_USAGE : XS_EX_OK;
	}
	cmd = xs_cmd_find(argv[0], argv[1]);
	return cmd ? run_cmd(cmd, argv[0], argc - 2, argv + 2) : unknown(argv[0], argv[1]);
}
