// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rows as inputs of the fuzzer (tools/fuzz/path.c has the format): each alone, and a few in a row with the orders among them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

#define TOGETHER 12	/* rows in one file */

enum { OP_XDP = 0, OP_EGRESS = 2, OP_DRY = 3, OP_FLIP = 4, OP_LATER = 5, OP_STATE = 6, OP_TARGET = 7 };
enum { GONE = 16, UNSOUND = 240 };

static struct xs_model model;

static uint8_t target(const char *name)
{
	const struct xs_row *t = xs_row_named(&model, XS_K_TARGET, strcmp(name, "$") ? name : "b");

	return t ? t->id - 1 : 0;
}

static void put_order(FILE *to, const char *words)
{
	static const char *const states[] = { "up", "draining", "down" };
	char verb[16], what[32] = "", how[16] = "";

	sscanf(words, "!%15s %31s %15s", verb, what, how);
	if (!strcmp(verb, "state"))
		for (int i = 0; i < 3; i++)
			if (!strcmp(how, states[i]))
				fprintf(to, "%c%c", OP_STATE, target(what) + 16 * i);
	if (!strcmp(verb, "direct"))
		fprintf(to, "%c%c", OP_TARGET, target(what));
	if (!strcmp(verb, "lose"))
		fprintf(to, "%c%c", OP_TARGET, target(what) + GONE);
	if (!strcmp(verb, "age") || !strcmp(verb, "later"))
		fprintf(to, "%c%c", OP_LATER, atoi(what));
	if (!strcmp(verb, "noclock"))
		fprintf(to, "%c%c", OP_TARGET, UNSOUND);
	if (!strcmp(verb, "apply"))
		fprintf(to, "%c", OP_FLIP);
}

static void put_row(FILE *to, const char *words)
{
	static const struct { const char *word; int op; } hooks[] = { { "tc ", OP_EGRESS }, { "dry ", OP_DRY }, { "each ", OP_XDP } };
	struct frame f;
	int op = OP_XDP;

	if (*words == '!') {
		put_order(to, words);
		return;
	}
	for (int i = 0; i < 3; i++)
		if (!strncmp(words, hooks[i].word, strlen(hooks[i].word))) {
			op = hooks[i].op;
			words += strlen(hooks[i].word);
		}
	if (strpbrk(words, "%$"))	/* a source or target that only a run knows */
		return;
	frame_make(&f, words, NULL, NULL);
	fprintf(to, "%c%c%c", op, f.len & 0xff, f.len >> 8);
	fwrite(f.byte, f.len, 1, to);
}

static void put_file(const char *dir, const char *group, uint32_t first, uint32_t n, const struct row *rows)
{
	char path[400];
	FILE *to;

	snprintf(path, sizeof(path), "%s/%s-%u-%u", dir, group, first, n);
	to = fopen(path, "w");
	if (!to)
		words_die(path, "cannot be written");
	for (uint32_t i = first; i < first + n && rows[i].name; i++)
		put_row(to, rows[i].words);
	if (fclose(to))
		words_die(path, "cannot be written");
}

void rows_export(const struct group *g, const char *dir)
{
	struct xs_model nothing;
	struct xs_conf c = { .name = g->conf, .have = &nothing, .want = &model };

	xs_model_init(&nothing);
	xs_model_init(&model);
	if (xs_conf_read(&c, conf_named("own"), strlen(conf_named("own")), false))
		words_die(g->conf, "cannot be read");
	for (uint32_t i = 0; g->rows[i].name; i++) {
		if (*g->rows[i].words != '!')
			put_file(dir, g->name, i, 1, g->rows);
		if (i % (TOGETHER / 2) == 0)
			put_file(dir, g->name, i, TOGETHER, g->rows);
	}
	xs_model_free(&model);
}
