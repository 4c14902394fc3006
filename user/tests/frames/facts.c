// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a row says beside the frame: the flow's record or half-open row, and counters. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/tests/frames/build.h"
#include "user/tests/frames/try.h"

static const char *const counter_names[] = {
#define X(id, name, help) #name,
	XS_COUNTERS(X)
#undef X
};

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
	if (!strcmp(w, "=half")) {
		if (!t->trace.half || t->trace.flow)
			wrong(t, "no half-open row decided");
		return;
	}
	is = f && colon ? fact(f, b, w + 1, colon - w - 1) : NULL;
	if (!is)
		wrong(t, "%s: no flow, or no such fact", w);
	else if (strcmp(is, colon + 1))
		wrong(t, "%s: it is %s", w, is);
}

void facts_check(struct try *t)
{
	uint64_t want[XS_C_MAX] = { 0 };
	char *save = NULL;

	/* what goes without saying */
	want[XS_C_HALF_OPENED] = t->hook != HOOK_DRY && t->res.reason == XS_R_PLACED && !strstr(t->facts, "+flows_moved") && !strstr(t->facts, "+again");
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
	for (int i = 0; i < XS_C_MAX; i++)	/* how many expired records a first packet meets is the table's affair */
		if (i != XS_C_SHIMS_ACCEPTED && t->res.bumps[i] != want[i] && !(i == XS_C_FLOWS_EXPIRED && (want[i] ? !!t->res.bumps[i] : t->res.reason == XS_R_PLACED)))
			wrong(t, "counter %s moved by %d, not %d", counter_names[i], (int)t->res.bumps[i], (int)want[i]);
}
