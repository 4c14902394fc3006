// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `make bench`: ns per packet of the programs as the CLI loads them, net of an empty program, beside a classic balancer.
 *
 * BPF_PROG_TEST_RUN repeats a small program that restores the frame, makes it the next flow's packet and tail-calls the
 * program under test. Programs alternate round by round: in each round and row first the empty one (the floor), then ours
 * and the yardstick, which change places every round. A row whose packets do not all take the intended exit fails.
 * Not covered: drivers, DMA, cold packet memory, several CPUs at once. Lower bounds, good for comparing. What of that veth
 * devices can show is measured end to end by bench_live.c; bench_steps.c shares the ns out among the steps of a packet's way. */
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/bench_out.h"
#include "tools/classic.h"
#include "user/base/err.h"
#include "user/base/mapio.h"

struct xs_env xs_env;

enum part { ROWS = 1, LIVE = 2, STEPS = 4 };
enum { LIVE_ROUNDS = 9 };		/* at most: each is longer */

static struct bench_opts { const char *xsteer, *filter, *budget; int rounds, parts; } opts = { .rounds = 15, .parts = ROWS | LIVE };

static bool selected(const struct bench_row *r)
{
	if (opts.parts & STEPS && !r->steps)
		return false;
	return opts.parts & (ROWS | STEPS) && (!opts.filter || strstr(r->name, opts.filter));
}

/* The rows of the large set, or all others */
static int run_all(struct bench_result *res, bool many)
{
	int err = 0;

	for (int round = 0; !err && round < opts.rounds; round++)
		for (int i = 0; !err && bench_rows[i].name; i++)
			if (selected(&bench_rows[i]) && !res[i].failed[0] && many == (bench_rows[i].set == BENCH_MANY4))
				err = bench_measure(&bench_rows[i], &res[i], round);
	return err;
}

/* One CPU, the last: the first one has the interrupts. */
static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Both learn the flows in the order in which they are made, and meet them in another. */
static int make_flows(struct bench_set *s)
{
	struct bench_row first = { .set = s - bench_sets, .kind = s->proto == IPPROTO_TCP ? BENCH_ACK : BENCH_DATAGRAM };
	struct bench_job j = { .prog = bench_classic_prog(BENCH_ROOMY), .table = &s->to, .packets = s->n };
	struct bench_frame f;
	int err = bench_host_use(s->host) ?: bench_flows_make(s);

	if (err || !s->n)
		return err;
	bench_row_frame(&first, &f);
	j.frame = &f;
	err = bench_run(&j);
	bench_flows_shuffle(s);
	return err;
}

/* Whether a row asks for the set's flows */
static bool wanted(enum bench_set_id set)
{
	for (int i = 0; bench_rows[i].name; i++)
		if (selected(&bench_rows[i]) && bench_rows[i].set == set)
			return true;
	return opts.parts & LIVE && set == BENCH_MANY4;
}

/* The yardstick of rows under flood: a table full of clients that will not be met again */
static int cram(void)
{
	struct bench_row syn = { .set = BENCH_TCP4, .kind = BENCH_SYN };
	struct bench_job j = { .packets = BENCH_FLOWS };
	struct bench_frame f;
	struct bench_set s;
	int err = bench_classic_up(BENCH_CRAMMED, BENCH_ROOM, bench_sets, BENCH_SETS);

	bench_row_frame(&syn, &f);
	j.prog = bench_classic_prog(BENCH_CRAMMED);
	j.frame = &f;
	for (uint32_t n = 0; !err && n < BENCH_ROOM + BENCH_FLOWS; n += BENCH_FLOWS) {
		s = bench_flows_fresh(&bench_sets[BENCH_TCP4], BENCH_FLOWS);
		j.table = &s.to;
		err = bench_run(&j);
	}
	return err;
}

static bool flooded(void)
{
	for (int i = 0; bench_rows[i].name; i++)
		if (selected(&bench_rows[i]) && bench_rows[i].flood)
			return true;
	return false;
}

static int measure(void)
{
	static struct bench_result res[BENCH_ROWS_MAX];
	json_t *live = NULL;
	int err = bench_run_open() ?: bench_classic_up(BENCH_ROOMY, BENCH_ROOM, bench_sets, BENCH_SETS);

	pin();
	for (int i = 0; !err && i < BENCH_SETS; i++)
		if (i != BENCH_MANY4 && wanted((enum bench_set_id)i))
			err = make_flows(&bench_sets[i]);
	if (!err && flooded())
		err = cram();
	if (!err && opts.parts & STEPS)
		err = bench_host_use(BENCH_FULL) ?: bench_steps_open();
	err = err ?: run_all(res, false);
	if (!err && wanted(BENCH_MANY4))
		err = make_flows(&bench_sets[BENCH_MANY4]) ?: run_all(res, true);
	err = err ?: bench_host_use(BENCH_FULL);
	if (!err && opts.parts & LIVE)
		err = bench_live(opts.rounds < LIVE_ROUNDS ? opts.rounds : LIVE_ROUNDS, &live);
	if (!err)
		err = opts.parts & STEPS ? bench_print_steps(res, opts.rounds) : bench_print(res, opts.rounds, live);
	bench_classic_down();
	bench_run_close();
	return err;
}

static int parse(int argc, char **argv)
{
	static const struct option longs[] = { { "rounds", 1, 0, 'r' }, { "filter", 1, 0, 'f' }, { "check", 1, 0, 'c' },
					       { "xsteer", 1, 0, 'x' }, { "live", 0, 0, 'l' }, { "steps", 0, 0, 's' }, { "json", 0, 0, 'j' }, { "pretty", 0, 0, 'p' }, {} };
	int o;

	while ((o = getopt_long(argc, argv, "r:f:c:x:jp", longs, NULL)) != -1) {
		if (o == 'r')
			opts.rounds = atoi(optarg);
		else if (o == 'f')
			opts.filter = optarg, opts.parts &= ~LIVE;
		else if (o == 'l')
			opts.parts = LIVE;
		else if (o == 's')
			opts.parts = STEPS;
		else if (o == 'c')
			opts.budget = optarg;
		else if (o == 'x')
			opts.xsteer = optarg;
		else if (o == 'j' || o == 'p')
			xs_env.json = true, xs_env.pretty |= o == 'p';
		else
			return xs_usage("bench", NULL, "[--rounds N] [--filter TEXT] [--live | --steps] [--check BUDGET] [--xsteer PROGRAM] [-j|-p]");
	}
	if (opts.rounds < 1 || opts.rounds > BENCH_ROUNDS_MAX || optind != argc)
		return xs_usage("bench", NULL, "1 to %d rounds", BENCH_ROUNDS_MAX);
	return 0;
}

int main(int argc, char **argv)
{
	int err = parse(argc, argv);

	if (err)
		return XS_EX_USAGE;
	err = bench_host_up(opts.xsteer ?: "build/xsteer", !opts.budget && wanted(BENCH_PLAIN4));
	if (!err)
		err = opts.budget ? bench_check(opts.budget) : measure();
	bench_host_down();
	return err ? xs_class() ?: XS_EX_KERNEL : XS_EX_OK;
}
