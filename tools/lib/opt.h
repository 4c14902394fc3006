/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line of a tool, as rows: --name VALUE, --name=VALUE and -l; --help is printed from them. */
#ifndef TOOLS_OPT_H
#define TOOLS_OPT_H

#include <stddef.h>

enum opt_type {
	OPT_FLAG,	/* bool */
	OPT_TEXT,	/* const char * */
	OPT_COUNT,	/* uint64_t: 470k */
	OPT_RATE,	/* uint64_t: 8000/s */
	OPT_NS,		/* uint64_t: 20ms */
	OPT_CALL,	/* const char *(*)(const char *value): NULL or what is wrong; may come several times */
};

struct opt {
	const char *name;	/* without dashes; NULL ends the rows */
	char letter;		/* 0: none */
	enum opt_type type;
	void *to;		/* as the type says; holds the default */
	const char *arg;	/* what help calls the value */
	const char *help;	/* one line, with the default */
};

/* opt_parse() - read all of argv; tool and about are for help: "drive", "plays a trace ..."
 * Return: -1: go on; else the exit status: 0 after --help, 2 after an error, which was told */
int opt_parse(const char *tool, const char *about, const struct opt *opts, int argc, char **argv);

#endif
