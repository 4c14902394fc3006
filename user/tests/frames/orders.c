// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a line that begins with "!" does, and the few checks that take more than one frame. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

/* As many clients from as many ports: each target has its share, and each client the same one again. */
static void spread(const struct group *g)
{
	static const char *const names[] = { "b", "e", "f" };
	uint32_t had[3] = { 0 };
	struct result r;
	struct frame f;
	char words[80], why[100] = "";
	struct end e;

	for (uint32_t port = 1000; port < 1300; port++) {
		snprintf(words, sizeof(words), "ip tcp syn to=many from=c4:%u", port);
		frame_make(&f, words, NULL, NULL);
		host_run(HOOK_XDP, &f, &r);
		for (int i = 0; i < 3; i++) {
			e = end_parse(names[i]);
			had[i] += !memcmp(r.out.byte + 30, &e.addr.w[3], 4);
		}
	}
	if (had[0] + had[1] + had[2] != 300 || had[0] < 70 || had[1] < 70 || had[2] < 70)
		snprintf(why, sizeof(why), "b %u, e %u, f %u of 300", had[0], had[1], had[2]);
	say(g->name, "flow key: 300 flows spread over three targets", why);
}

/* Five refusals with a budget of two a second: two, or four where a second ends among them. */
static void limit(const struct group *g)
{
	uint64_t sent = 0, limited = 0;
	struct result r;
	struct frame f;
	char why[100] = "";

	host_apply(conf_named("few"));
	frame_make(&f, "ip tcp ack to=must from=c1:1", NULL, NULL);
	for (int i = 0; i < 5; i++) {
		host_run(HOOK_XDP, &f, &r);
		sent += r.bumps[XS_C_RESETS_SENT] == 1 && r.verdict == TX;
		limited += r.bumps[XS_C_REFUSALS_LIMITED] == 1 && r.verdict == DROP;
	}
	if (sent + limited != 5 || sent > 4 || limited < 1)
		snprintf(why, sizeof(why), "%d sent, %d in silence", (int)sent, (int)limited);
	say(g->name, "two refusals a second", why);
	host_apply(conf_named("base"));
}

void order_run(const struct group *g, const char *w)
{
	static const char *const states[] = { "up", "draining", "down" };
	char verb[16], what[32] = "", how[16] = "";
	int n = 0;

	sscanf(w, "!%15s %31s %15s %d", verb, what, how, &n);
	if (!strcmp(what, "$"))
		snprintf(what, sizeof(what), "%s", rows_last_target());
	if (!strcmp(verb, "state")) {
		for (int i = 0; i < 3; i++)
			if (!strcmp(how, states[i]))
				host_state(what, i);
	} else if (!strcmp(verb, "direct")) {
		host_direct(what);
	} else if (!strcmp(verb, "lose")) {
		host_lose(what);
	} else if (!strcmp(verb, "age")) {
		host_age(atoi(what));
	} else if (!strcmp(verb, "later")) {
		words_now += atoi(what);
		host_clock(true);
	} else if (!strcmp(verb, "noclock")) {
		host_clock(false);
	} else if (!strcmp(verb, "expire")) {
		host_rules_expire();
	} else if (!strcmp(verb, "forget")) {
		host_forget();
	} else if (!strcmp(verb, "spread")) {
		spread(g);
	} else if (!strcmp(verb, "owe")) {
		rate_owe(what, how, n);
	} else if (!strcmp(verb, "owes")) {
		rate_owes(g, what, how, n);
	} else if (!strcmp(verb, "pace")) {
		rate_pace(g, what);
	} else if (!strcmp(verb, "limit")) {
		limit(g);
	} else if (!strcmp(verb, "apply")) {
		if (host_apply(conf_named(what)))
			words_die(w, "refused");
	} else {
		words_die(w, "no such order");
	}
}
