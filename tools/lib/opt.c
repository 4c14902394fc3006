// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include "tools/lib/opt.h"
#include "user/base/num.h"

static void help(const char *tool, const char *about, const struct opt *opts)
{
	char left[64];

	printf("usage: %s [OPTION...]\n%s\n\n", tool, about);
	for (const struct opt *o = opts; o->name; o++) {
		snprintf(left, sizeof(left), "%s%c%s--%s %s", o->letter ? "-" : "  ", o->letter ?: ' ', o->letter ? ", " : " ", o->name, o->arg ?: "");
		printf("  %-28s %s\n", left, o->help);
	}
}

static const struct opt *find(const struct opt *opts, const char *word)
{
	size_t n = strcspn(word, "=");

	for (const struct opt *o = opts; o->name; o++) {
		if (!strncmp(word, "--", 2) && strlen(o->name) == n - 2 && !strncmp(word + 2, o->name, n - 2))
			return o;
		if (o->letter && word[0] == '-' && word[1] == o->letter && !word[2])
			return o;
	}
	return NULL;
}

/* Return: NULL or what is wrong */
static const char *set(const struct opt *o, const char *value)
{
	switch (o->type) {
	case OPT_TEXT: *(const char **)o->to = value; return NULL;
	case OPT_COUNT: return xs_num_parse(value, "", o->to);
	case OPT_RATE: return xs_num_parse(value, "/s", o->to);
	case OPT_NS: return xs_duration_parse(value, 1, o->to);
	case OPT_CALL: return ((const char *(*)(const char *))o->to)(value);
	case OPT_FLAG: break;
	}
	*(bool *)o->to = true;
	return NULL;
}

int opt_parse(const char *tool, const char *about, const struct opt *opts, int argc, char **argv)
{
	const char *value, *err;
	const struct opt *o;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			help(tool, about, opts);
			return 0;
		}
		o = find(opts, argv[i]);
		value = strchr(argv[i], '=');
		value = value ? value + 1 : NULL;
		if (o && o->type != OPT_FLAG && !value)
			value = argv[++i];	/* NULL behind the last word */
		err = !o ? "unknown option" : !value == (o->type != OPT_FLAG) ? (o->type == OPT_FLAG ? "takes no value" : "wants a value") : set(o, value);
		if (err) {
			fprintf(stderr, "%s: %s: %s; see %s --help\n", tool, o ? o->name : argv[i], err, tool);
			return 2;
		}
	}
	return -1;
}
