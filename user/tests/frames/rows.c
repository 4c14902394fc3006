// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One row: make the frame, run it, compare all that can be seen. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/trace.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/try.h"

static const char *const reason_names[] = {
#define X(id, name, act, help) #name,
	XS_REASONS(X)
#undef X
};
static const uint8_t acts[] = {
#define X(id, name, act, help) XS_V_##act,
	XS_REASONS(X)
#undef X
};
static char last_target[32], last_source[64];
static bool reached[XS_R_MAX];

void wrong(struct try *t, const char *fmt, ...)
{
	size_t n = strlen(t->why);
	va_list ap;

	if (n)
		n += snprintf(t->why + n, sizeof(t->why) - n, "; ");
	va_start(ap, fmt);
	vsnprintf(t->why + n, sizeof(t->why) - n, fmt, ap);
	va_end(ap);
}

static void diff(struct try *t, const struct frame *want)
{
	const struct frame *got = &t->res.out;
	uint32_t i = 0;

	while (i < want->len && i < got->len && want->byte[i] == got->byte[i])
		i++;
	wrong(t, "frame differs at byte %u: %02x, not %02x; %u bytes, not %u", i, got->byte[i], want->byte[i], got->len, want->len);
	if (!getenv("FRAMES_DUMP"))
		return;
	for (int k = 0; k < 2; k++, got = want) {
		fprintf(stderr, k ? "want" : "got ");
		for (i = 0; i < got->len; i++)
			fprintf(stderr, "%s%02x", i % 16 ? " " : "\n  ", got->byte[i]);
		fprintf(stderr, "\n");
	}
}

static int default_verdict(const struct try *t)
{
	int act = acts[t->row->reason];

	if (t->hook == HOOK_TC)
		return act == XS_V_DROP ? TC_DROP : TC_PASS;
	if (act == XS_V_REFUSE)
		return t->row->out && strchr(t->row->out, '&') ? TX : DROP;
	return act == XS_V_DROP ? DROP : PASS;
}

/* Takes `out` apart into verdict, frame and facts. */
static void split(struct try *t)
{
	static const struct { const char *word; int verdict; } verdicts[] = { { "pass", PASS }, { "drop", DROP }, { "tx", TX }, { "redirect", REDIRECT } };
	char copy[600], *save = NULL;
	char *to;
	size_t n = 0;

	t->verdict = default_verdict(t);
	for (const char *s = t->row->out ?: ""; *s && n < sizeof(copy) - 1; s++)	/* "$" is for check_frame() */
		n += snprintf(copy + n, sizeof(copy) - n, *s == '%' ? "%s" : "%.1s", *s == '%' ? last_source : s);
	copy[n < sizeof(copy) ? n : sizeof(copy) - 1] = 0;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		bool known = false;

		for (int i = 0; i < 4; i++)
			if (!strcmp(w, verdicts[i].word)) {
				t->verdict = verdicts[i].verdict;
				known = true;
			}
		if (known)
			continue;
		to = *w == '=' || *w == '+' ? t->facts : t->frame_words;
		snprintf(to + strlen(to), 300 - strlen(to), "%s%s", *to ? " " : "", w);
	}
}

static bool same(const struct frame *a, const struct frame *b)
{
	return a->len == b->len && !memcmp(a->byte, b->byte, a->len);
}

static bool matches(struct try *t, const char *words, struct frame *want)
{
	frame_make(want, words, t->words, &t->in);
	return same(want, &t->res.out);
}

/* "to=@a|b": the first that fits the frame becomes the last target. */
static bool one_of(struct try *t, const char *at, struct frame *want)
{
	size_t n = strcspn(at + 4, " ");
	char list[200], words[900], *save = NULL;
	bool not = at[3] == '!';

	snprintf(list, sizeof(list), "%.*s", (int)n, at + 4);
	for (char *w = strtok_r(list, "|", &save); w; w = strtok_r(NULL, "|", &save)) {
		if (not && !strcmp(w, last_target))
			continue;
		snprintf(words, sizeof(words), "%.*sto=%s%s", (int)(at - t->frame_words), t->frame_words, w, at + 4 + n);
		if (!matches(t, words, want))
			continue;
		if (!not)
			snprintf(last_target, sizeof(last_target), "%.31s", w);
		return true;
	}
	return false;
}

/* "from=?": the source that came out becomes the last one, if it may be one. */
static void take_source(struct try *t, char *at)
{
	char words[sizeof(t->frame_words)];

	if (!host_source(&t->in, &t->res.out, last_source, sizeof(last_source)))
		wrong(t, "its source is none that it may have");
	snprintf(words, sizeof(words), "%.*sfrom=%s%s", (int)(at - t->frame_words), t->frame_words, *last_source ? last_source : "c1", at + 6);
	memcpy(t->frame_words, words, sizeof(words));
}

static void check_frame(struct try *t)
{
	static struct frame want;
	char *at, words[900];

	at = strstr(t->frame_words, "from=?");
	if (at)
		take_source(t, at);

	if (!*t->frame_words) {
		if (t->verdict != DROP && !same(&t->in, &t->res.out))
			diff(t, &t->in);
		return;
	}
	at = strstr(t->frame_words, "to=@") ?: strstr(t->frame_words, "to=!");
	if (at) {
		if (!one_of(t, at, &want))
			diff(t, &want);
		return;
	}
	at = strstr(t->frame_words, "to=$");
	if (at)
		snprintf(words, sizeof(words), "%.*sto=%s%s", (int)(at - t->frame_words), t->frame_words, last_target, at + 4);
	else
		snprintf(words, sizeof(words), "%s", t->frame_words);
	if (!matches(t, words, &want))
		diff(t, &want);
}

static void check(struct try *t)
{
	const struct result *r = &t->res;

	if (t->hook == HOOK_DRY) {
		if (r->moved)
			wrong(t, "a dry run counted %s", reason_names[r->reason]);
		host_trace(&t->trace);
		t->res.reason = t->trace.reason;
	}
	if (t->res.reason != t->row->reason)
		wrong(t, "reason %s, not %s", reason_names[t->res.reason], reason_names[t->row->reason]);
	else if (t->hook != HOOK_DRY && r->moved != (t->row->reason ? 1 : 0))
		wrong(t, "%d reasons counted", r->moved);
	if (r->verdict != t->verdict)
		wrong(t, "verdict %d, not %d", r->verdict, t->verdict);
	if (r->verdict == t->verdict)
		check_frame(t);
	facts_check(t);
}

/* A frame cut at every length: none may harm, and none that is cut may change. */
static void each(const struct group *g, const struct row *row)
{
	static struct try t;
	struct frame whole;
	char why[200] = "";
	uint32_t bad = 0;

	frame_make(&whole, row->words + 5, NULL, NULL);
	for (uint32_t n = 14; n < whole.len; n++) {
		t = (struct try){ .row = row };
		t.in = whole;
		t.in.len = n;
		host_run(HOOK_XDP, &t.in, &t.res);
		if (t.res.moved != 1 || acts[t.res.reason] != XS_V_PASS || t.res.verdict != PASS || !same(&t.in, &t.res.out))
			if (!bad++)
				snprintf(why, sizeof(why), "at %u bytes: reason %s, verdict %d, %s", n, reason_names[t.res.reason],
					 t.res.verdict, same(&t.in, &t.res.out) ? "untouched" : "touched");
		if (n >= 14 && t.res.reason != row->reason && t.res.reason != XS_R_NOT_IP && t.res.reason != XS_R_TRUNCATED)
			if (!bad++)
				snprintf(why, sizeof(why), "at %u bytes: reason %s", n, reason_names[t.res.reason]);
	}
	say(g->name, row->name, why);
}

const char *rows_last_target(void)
{
	return last_target;
}

void rows_set_target(const char *name)
{
	snprintf(last_target, sizeof(last_target), "%.31s", name);
}

void rows_set_source(const char *end)
{
	snprintf(last_source, sizeof(last_source), "%s", end);
}

const char *rows_reason(enum xs_reason r)
{
	return reason_names[r];
}

/* The words of the row with the last target for each "$", the last source for each "%". */
static void named(char *to, size_t size, const char *words)
{
	size_t n = 0;

	for (*to = 0; *words && n < size; words++) {
		const char *piece = *words == '$' ? last_target : *words == '%' ? last_source : words;

		n += snprintf(to + n, size - n, "%.*s", piece == words ? 1 : (int)sizeof(last_source), piece);
	}
}

void rows_one(const char *group, const struct row *row)
{
	static char words[300];
	static struct try t;

	named(words, sizeof(words), row->words);
	t = (struct try){ .row = row, .words = words };
	if (!strncmp(words, "tc ", 3)) {
		t.hook = HOOK_TC;
		t.words += 3;
	} else if (!strncmp(words, "dry ", 4)) {
		t.hook = HOOK_DRY;
		t.words += 4;
	}
	split(&t);
	if (t.hook == HOOK_DRY)
		t.verdict = acts[row->reason] == XS_V_REFUSE || acts[row->reason] == XS_V_DROP ? DROP : PASS;
	frame_make(&t.in, t.words, NULL, NULL);
	host_run(t.hook, &t.in, &t.res);
	check(&t);
	reached[t.res.reason] = true;
	say(group, row->name, t.why);
}

void rows_run(const struct group *g)
{
	for (const struct row *row = g->rows; row->name; row++)
		if (*row->words == '!')
			order_run(g, row->words);
		else if (!strncmp(row->words, "each ", 5))
			each(g, row);
		else
			rows_one(g->name, row);
}

/* Reasons that no frame can bring about here: nothing is counted under none; internal wants a map element that load always makes;
 * undo_failed wants an skb that cannot be made writable. */
void rows_reached(void)
{
	char why[300] = "";

	for (int i = 1; i < XS_R_MAX; i++)
		if (!reached[i] && i != XS_R_INTERNAL && i != XS_R_UNDO_FAILED)
			snprintf(why + strlen(why), sizeof(why) - strlen(why), "%s ", reason_names[i]);
	say("all", "every reason was met", why);
}
