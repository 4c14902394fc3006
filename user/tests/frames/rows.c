// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One row: make the frame, run it, compare all that can be seen. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/trace.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

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
static const char *const counter_names[] = {
#define X(id, name, help) #name,
	XS_COUNTERS(X)
#undef X
};

/* A row under way. */
struct try {
	const struct row *row;
	const char *words;		/* without the hook */
	enum hook hook;
	struct frame in;
	struct result res;
	char frame_words[600];		/* of the expected frame: out without verdict, "=" and "+" */
	char facts[300];		/* the "=" and "+" words */
	int verdict;
	char why[600];
};

static char last_target[32];
static bool reached[XS_R_MAX];

static bool wrong(struct try *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(struct try *t, const char *fmt, ...)
{
	size_t n = strlen(t->why);
	va_list ap;

	if (n)
		n += snprintf(t->why + n, sizeof(t->why) - n, "; ");
	va_start(ap, fmt);
	vsnprintf(t->why + n, sizeof(t->why) - n, fmt, ap);
	va_end(ap);
	return false;
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

	t->verdict = default_verdict(t);
	snprintf(copy, sizeof(copy), "%s", t->row->out ?: "");
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

static void check_frame(struct try *t)
{
	static struct frame want;
	char *at, words[900];

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

/* The value of a fact about the flow, as text. Return: NULL: no such fact */
static const char *fact(const struct xs_flow *f, const struct xs_back *b, const char *what, size_t n)
{
	static const char *const states[] = { "free", "half_open", "established", "closing", "datagram" };
	static const char *const levels[] = { "prefix+tenant", "prefix", "tenant+class", "tenant", "class", "service" };
	static char text[32];
	const struct xs_row *r = xs_row_id(host_model(), XS_K_TENANT, f->tenant);

	if (!strncmp(what, "tenant", n))
		return r ? r->name : "-";
	if (!strncmp(what, "state", n))
		return states[f->state];
	if (!strncmp(what, "level", n))
		return levels[f->level];
	if (!strncmp(what, "class", n))
		snprintf(text, sizeof(text), "%u", f->class);
	else if (!strncmp(what, "set", n))
		snprintf(text, sizeof(text), "%u", f->set);
	else if (!strncmp(what, "flags", n))
		snprintf(text, sizeof(text), "%u", f->flags);
	else if (!strncmp(what, "packets", n))
		snprintf(text, sizeof(text), "%u/%u", f->packets, b->packets);
	else if (!strncmp(what, "placed", n))
		snprintf(text, sizeof(text), "%u/%u", b->times.placed, b->times.requests);
	else if (!strncmp(what, "request", n))
		snprintf(text, sizeof(text), "%llx", (unsigned long long)b->times.request_id);
	else
		return NULL;
	return text;
}

static void check_fact(struct try *t, const char *w)
{
	const struct xs_back *b = NULL;
	const struct xs_flow *f;
	struct build ends = { .from = end_parse("c1"), .to = end_parse("chat") };
	const char *colon = strchr(w, ':'), *is;
	char copy[512], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", t->words);
	for (char *k = strtok_r(copy, " ", &save); k; k = strtok_r(NULL, " ", &save)) {
		if (!strncmp(k, "from=", 5))
			ends.from = end_parse(k + 5);
		if (!strncmp(k, "to=", 3))
			ends.to = end_parse(k + 3);
	}
	f = host_flow(&ends.from, &ends.to, &b);
	if (!strcmp(w, "=none")) {
		if (f)
			wrong(t, "there is a flow");
		return;
	}
	is = f && colon ? fact(f, b, w + 1, colon - w - 1) : NULL;
	if (!is)
		wrong(t, "%s: no flow, or no such fact", w);
	else if (strcmp(is, colon + 1))
		wrong(t, "%s: it is %s", w, is);
}

static void check_facts(struct try *t)
{
	uint64_t want[XS_C_MAX] = { 0 };
	char *save = NULL;

	/* what goes without saying */
	want[XS_C_FLOWS_CREATED] = t->hook != HOOK_DRY && t->res.reason == XS_R_PLACED && !strstr(t->facts, "+flows_moved") && !strstr(t->facts, "+again");
	if (t->verdict == TX)
		want[strstr(t->frame_words, "icmp=") ? XS_C_ICMP_SENT : XS_C_RESETS_SENT] = 1;
	for (char *w = strtok_r(t->facts, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		char *n = strchr(w, ':');

		if (*w == '=') {
			check_fact(t, w);
			continue;
		}
		for (int i = 0; i < XS_C_MAX; i++)
			if (strlen(counter_names[i]) == (n ? (size_t)(n - w - 1) : strlen(w + 1)) && !strncmp(w + 1, counter_names[i], strlen(counter_names[i])))
				want[i] = n ? atoi(n + 1) : 1;
	}
	for (int i = 0; i < XS_C_MAX; i++)	/* which records an insertion meets, and so how many expired ones, depends on the secret */
		if (i != XS_C_SHIMS_ACCEPTED && t->res.bumps[i] != want[i] && !(i == XS_C_FLOWS_EXPIRED && (want[i] ? !!t->res.bumps[i] : t->res.reason == XS_R_PLACED)))
			wrong(t, "counter %s moved by %d, not %d", counter_names[i], (int)t->res.bumps[i], (int)want[i]);
}

static void check(struct try *t)
{
	const struct result *r = &t->res;

	if (t->hook == HOOK_DRY) {
		struct xs_trace tr = { 0 };

		if (r->moved)
			wrong(t, "a dry run counted %s", reason_names[r->reason]);
		host_trace(&tr);
		t->res.reason = tr.reason;
	}
	if (t->res.reason != t->row->reason)
		wrong(t, "reason %s, not %s", reason_names[t->res.reason], reason_names[t->row->reason]);
	else if (t->hook != HOOK_DRY && r->moved != (t->row->reason ? 1 : 0))
		wrong(t, "%d reasons counted", r->moved);
	if (r->verdict != t->verdict)
		wrong(t, "verdict %d, not %d", r->verdict, t->verdict);
	if (r->verdict == t->verdict)
		check_frame(t);
	check_facts(t);
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

const char *rows_reason(enum xs_reason r)
{
	return reason_names[r];
}

void rows_one(const char *group, const struct row *row)
{
	static struct try t;

	t = (struct try){ .row = row, .words = row->words };
	if (!strncmp(row->words, "tc ", 3)) {
		t.hook = HOOK_TC;
		t.words += 3;
	} else if (!strncmp(row->words, "dry ", 4)) {
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
