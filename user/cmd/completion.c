// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The records as four tables of a bash script, and the script that walks them. Keys: "." all commands, "-" the global options,
 * else an object, "OBJECT COMMAND", or "OBJECT COMMAND OPTION". */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "maps/hist.h"
#include "maps/reasons.h"
#include "user/base/opt.h"
#include "user/decide/model.h"

static const char script[] =
#include "gen/completion.bash.h"
;

static const struct xs_kind_info *kind_of(const char *object)
{
	for (int k = 0; object && k < XS_K_MAX; k++)
		if (!strcmp(xs_kinds[k].one, object))
			return &xs_kinds[k];
	return NULL;
}

/* "up|down": words that stand for themselves */
static bool are_words(const char *arg, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)arg[i]) && !isdigit((unsigned char)arg[i]) && !strchr("|-_", arg[i]))
			return false;
	return n > 0;
}

static bool has(const char *arg, size_t n, const char *word)
{
	return memmem(arg, n, word, strlen(word)) != NULL;
}

/* Words that stand in a list of their own; NULL: this name has none. */
static const char *list_of(const char *name)
{
	if (name && !strcmp(name, "reason"))
#define X(id, name, ...) #name " "
		return XS_REASONS(X);
	if (name && !strcmp(name, "metric"))
		return XS_METRICS(X);
#undef X
	return NULL;
}

/* What completes a value, from the word usage has for it and from what is so called; nothing known: `none`. sep parts words. */
static void print_value(const char *arg, size_t n, const char *name, const char *object, char sep, const char *none)
{
	const char *row = kind_of(name) ? name : kind_of(object) ? object : NULL;

	if (has(arg, n, "FILE") || has(arg, n, "PATH"))
		printf("@file");
	else if (has(arg, n, "DEV"))
		printf("@dev");
	else if (has(arg, n, "INSTANCE"))
		printf("@instance");
	else if (list_of(name))
		printf("%s", list_of(name));
	else if (are_words(arg, n))
		for (size_t i = 0; i < n; i++)
			putchar(arg[i] == '|' ? sep : arg[i]);
	else if (row && (kind_of(name) || (n >= 4 && !strncmp(arg, "NAME", 4))) && xs_cmd_find(row, "list"))
		printf("@row:%s", row);
	else
		printf("%s", none);
}

static void print_opt_words(const struct xs_opt *o)
{
	for (; o && o->name; o++)
		printf(" %s%s", o->filter ? "" : "--", o->name);
}

/* Values of options. @key: of the command, "-" for the global ones */
static void print_opt_values(const char *key, const struct xs_opt *o)
{
	for (; o && o->name; o++) {
		const char *arg = o->arg ?: o->filter ? "VALUE" : NULL;

		for (int letter = 0; arg && letter <= (o->letter != 0); letter++) {
			if (letter)
				printf("\t['%s -%c']='", key, o->letter);
			else
				printf("\t['%s %s%s']='", key, o->filter ? "" : "--", o->name);
			print_value(arg, strlen(arg), o->name, NULL, ' ', "");
			printf("'\n");
		}
	}
}

/* The keys of a kind as options of its `set`, with what each may hold. */
static void print_fields(const char *key, const struct xs_kind_info *k)
{
	for (const struct xs_field *f = k->fields; f->key; f++) {
		printf("\t['%s %s']='", key, f->key);
		if (f->type == XS_T_REF || f->type == XS_T_REFS || f->type == XS_T_ZONES)
			printf("@row:%s", xs_kinds[f->ref].one);
		if (f->type == XS_T_NAME)
			printf("@row:%s", k->one);
		for (uint64_t i = 0; f->type == XS_T_ENUM && (f->most ? i < f->most : f->words[i] != NULL); i++)
			if (f->words[i])
				printf("%s ", f->words[i]);
		printf("'\n");
	}
}

static const char *key_of(const struct xs_cmd *c, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", c->object ?: "", c->object ? " " : "", c->name);
	return buf;
}

/* Whether the command takes keys of its kind, with values, as words: `set`, and `list` as filters */
static bool takes_keys(const struct xs_cmd *c)
{
	return c->raw && kind_of(c->object) && c->args && strstr(c->args, "KEY VALUE");
}

static void print_words(void)
{
	printf("declare -A _xsteer_words=(\n\t[.]='");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if (!(*c)->object || xs_first_of_object(c))
			printf("%s ", (*c)->object ?: (*c)->name);
	printf("'\n\t[-]='");
	for (const struct xs_opt *o = xs_globals; o->name; o++)
		printf("-%c --%s ", o->letter, o->name);
	printf("'\n");
	for (const struct xs_cmd *const *o = xs_cmds; *o; o++) {
		if (!xs_first_of_object(o))
			continue;
		printf("\t[%s]='", (*o)->object);
		for (const struct xs_cmd *const *c = o; *c; c++)
			if ((*c)->object && !strcmp((*c)->object, (*o)->object))
				printf("%s ", (*c)->name);
		printf("'\n");
	}
	printf(")\n");
}

static void print_args(const struct xs_cmd *c)
{
	const char *args = c->args ?: "";
	char key[96];
	size_t n, dots;

	printf("\t['%s']='", key_of(c, key, sizeof(key)));
	for (const char *w = args; *w; w += n, w += strspn(w, " ")) {
		n = strcspn(w, " ");
		if (takes_keys(c) && has(w, n, "KEY"))
			break;
		dots = has(w, n, "...");
		print_value(w + (*w == '['), strcspn(w + (*w == '['), " ]."), NULL, c->object, ',', "-");
		printf("%s ", dots ? "..." : "");
	}
	printf("'\n");
}

static int completion_run(const struct xs_call *call)
{
	char key[96];

	printf("# bash completion of xsteer; printed by `xsteer completion bash`\n");
	print_words();
	printf("declare -A _xsteer_args=(\n");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		print_args(*c);
	printf(")\ndeclare -A _xsteer_options=(\n");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++) {
		printf("\t['%s']='", key_of(*c, key, sizeof(key)));
		print_opt_words((*c)->opts);
		for (const struct xs_field *f = takes_keys(*c) ? kind_of((*c)->object)->fields : NULL; f && f->key; f++)
			if (f->type != XS_T_NAME || !(*c)->min_args)	/* a name that stands first is no key */
				printf(" %s", f->key);
		printf("'\n");
	}
	printf(")\ndeclare -A _xsteer_value=(\n");
	print_opt_values("-", xs_globals);
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++) {
		print_opt_values(key_of(*c, key, sizeof(key)), (*c)->opts);
		if (takes_keys(*c))
			print_fields(key, kind_of((*c)->object));
	}
	printf(")\n%s", script);
	return 0;
}

const struct xs_cmd cmd_completion_bash = {
	.object = "completion",
	.name = "bash",
	.brief = "print the script that completes xsteer's words in bash",
	.text = "It knows commands, options, filters and the keys of `set`, and looks up names of rows, devices, instances and files.",
	.example = "source <(xsteer completion bash)",
	.run = completion_run,
};
