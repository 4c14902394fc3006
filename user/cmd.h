/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A command: one const record, one file in user/cmd/. Usage, help, completion and man pages are printed from these records. */
#ifndef XS_CMD_H
#define XS_CMD_H

#include <stdbool.h>
#include <stddef.h>

/* Exit status by class; xsteer(8), EXIT STATUS */
enum xs_exit { XS_EX_OK, XS_EX_REFUSED, XS_EX_USAGE, XS_EX_KERNEL, XS_EX_PARTIAL };

/* What a command does to the instance: nothing, reads its maps, or writes them (under the instance's lock). */
enum xs_effect { XS_NONE, XS_READS, XS_WRITES };

/* An option of one command. arg NULL: a flag. Words of lists ("service chat") are options with `filter` set. */
struct xs_opt {
	const char *name;	/* without the dashes */
	const char *arg;	/* what usage calls its value, NULL: takes none */
	const char *help;
	char letter;		/* short form, 0: none */
	bool filter;		/* given as `key value` instead of --key value */
	bool many;		/* may be repeated */
};

/* What the global options say; one per process. */
struct xs_env {
	const char *instance;	/* -i, "default" */
	bool json, pretty, verbose;
	bool color;		/* standard output is a terminal and NO_COLOR is not set */
	int width;		/* columns of the terminal, 0: not one */
};
extern struct xs_env xs_env;

struct xs_cmd;

/* One invocation, parsed. */
struct xs_call {
	const struct xs_cmd *cmd;
	const char *object;	/* as typed: "target" for `target list`; NULL for verbs of their own */
	int argc;		/* words that are no options */
	char **argv;
	int nopts;
	struct { const struct xs_opt *opt; const char *value; } opts[32];
};

struct xs_cmd {
	const char *object;	/* "flow", or NULL: `xsteer NAME` */
	const char *name;	/* "list" */
	enum xs_effect effect;
	const char *args;	/* usage of the words: "NAME", "FILE|-", "DEV..." or "" */
	int min_args, max_args;	/* max -1: any number */
	const char *brief;	/* one line of help, lower case, no full stop */
	const char *text;	/* paragraphs for the man page and `help OBJECT COMMAND`; may be NULL */
	const char *example;	/* lines, may be NULL */
	const struct xs_opt *opts;	/* ends with a row without name; may be NULL */
	bool raw;		/* words are passed on as they are: `set` takes key value pairs of its own */
	/* Returns 0 or what xs_err() and its kind returned. */
	int (*run)(const struct xs_call *call);
};

/* Every command, in the order help shows them; NULL ends. user/cmd/table.c */
extern const struct xs_cmd *const xs_cmds[];

/* xs_call_opt() - value of an option, NULL if it was not given ("" for a flag that was) */
const char *xs_call_opt(const struct xs_call *call, const char *name);

/* xs_run() - parse argv (without the program's name) and run the command, as main and batch do. Return: enum xs_exit */
int xs_run(int argc, char **argv);

#endif
