// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a line that begins with "!" does, and the few checks that take more than one frame. */
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/mapio.h"
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

/* SYNs from ports first..last of c4, in a row. Return: half-open ones pushed out before their time */
static uint32_t begin(uint32_t first, uint32_t last)
{
	uint64_t before = 0, after = 0;
	struct frame f, out;
	char words[80];

	xs_percpu_sum(XS_MAP_xs_counters, XS_C_HALF_EVICTED, &before, sizeof(before));
	for (uint32_t port = first; port <= last; port++) {
		LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f.byte, .data_out = out.byte, .data_size_out = sizeof(out.byte), .repeat = 1);

		snprintf(words, sizeof(words), "ip tcp syn to=chat from=c4:%u", port);
		frame_make(&f, words, NULL, NULL);
		o.data_size_in = f.len;
		if (bpf_prog_test_run_opts(host_prog(false), &o))
			words_die(words, "does not run");
	}
	xs_percpu_sum(XS_MAP_xs_counters, XS_C_HALF_EVICTED, &after, sizeof(after));
	return after - before;
}

static uint32_t half_open(uint32_t first, uint32_t last)
{
	struct end client = end_parse("c4"), chat = end_parse("chat");
	uint32_t n = 0;

	for (client.port = first; client.port <= last; client.port++)
		n += !!host_flow(&client, &chat, NULL);
	return n;
}

/* More handshakes than the half-open store has rows (1,024): the oldest go, and are counted; those whose time is over are not. */
static void crowd(const struct group *g)
{
	uint32_t evicted = begin(1, 1500), left = half_open(1, 1500);
	char why[100] = "";

	if (left != 1500 - evicted || left < 900)
		snprintf(why, sizeof(why), "%u pushed out, %u left of 1500", evicted, left);
	say(g->name, "crowd: each one pushed out is counted", why);
	host_age(1);
	begin(2001, 2200);
	left = half_open(2001, 2200);
	/* where nine of them fall into one line of eight, which in 250 runs happens once, the first of the nine is the oldest there */
	snprintf(why, sizeof(why), left >= 198 ? "" : "%u of 200 newest left", left);
	say(g->name, "crowd: the oldest go", why);
	host_age(11);
	evicted = begin(3001, 3200);
	snprintf(why, sizeof(why), evicted ? "%u" : "", evicted);
	say(g->name, "crowd: whose time is over is not pushed out", why);
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
	char verb[16], what[32] = "", how[16] = "", where[16] = "";
	int n;

	sscanf(w, "!%15s %31s %15s %15s", verb, what, how, where);
	n = atoi(where);
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
	} else if (!strcmp(verb, "open")) {
		talk_open(g, what, how, where);
	} else if (!strcmp(verb, "spread")) {
		spread(g);
	} else if (!strcmp(verb, "owe")) {
		rate_owe(what, how, n);
	} else if (!strcmp(verb, "owes")) {
		rate_owes(g, what, how, n);
	} else if (!strcmp(verb, "pace")) {
		rate_pace(g, what);
	} else if (!strcmp(verb, "crowd")) {
		crowd(g);
	} else if (!strcmp(verb, "limit")) {
		limit(g);
	} else if (!strcmp(verb, "apply")) {
		if (host_apply(conf_named(what)))
			words_die(w, "refused");
	} else {
		words_die(w, "no such order");
	}
}
