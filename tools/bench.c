// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `make bench`: ns per packet of the programs as the CLI loads them, net of an empty program, beside a classic balancer.
 *
 * BPF_PROG_TEST_RUN repeats a small program that restores the frame, makes it the next flow's packet and tail-calls the
 * program under test. Programs alternate round by round: in each round and row first the empty one (the floor), then ours
 * and the yardstick, which change places every round. A row whose packets do not all take the intended exit fails.
 * Not covered: drivers, DMA, cold packet memory, several CPUs at once. Lower bounds, good for comparing. */
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

static struct bench_opts { const char *xsteer, *filter, *budget; int rounds; } opts = { .rounds = 21 };

/* Net of the floor of the same round. A tunnel's floor is half way to a stub that grows the frame, too: undoing it is ours. */
static int run_net(struct bench_job *j, int prog, int32_t grow, struct bench_cost *cost)
{
	int err;

	j->grow = grow;
	j->prog = bench_stub(j->hook, false);
	err = bench_run(j);
	cost->floor = j->ns;
	if (!err && grow) {
		j->prog = bench_stub(j->hook, true);
		err = bench_run(j);
		cost->floor = (cost->floor + j->ns) / 2;
	}
	if (err)
		return err;
	j->prog = prog;
	err = bench_run(j);
	cost->raw = j->ns;
	return err;
}

static int run_xsteer(const struct bench_row *r, struct bench_job *j, struct bench_result *res)
{
	uint64_t before[XS_R_MAX], after[XS_R_MAX], total = j->packets * (1 + j->warm);
	int err;

	bench_reasons(before);
	err = run_net(j, bench_host_prog(j->hook), 0, &res->xsteer[res->n]);
	bench_reasons(after);
	for (enum xs_reason i = 0; i < XS_R_MAX && !res->failed[0]; i++)
		if (after[i] - before[i] != (i == r->want ? total : 0))
			snprintf(res->failed, sizeof(res->failed), "%llu of %llu packets left by %s", (unsigned long long)(after[i] - before[i]),
				 (unsigned long long)total, bench_reason(i));
	return err;
}

static int run_classic(const struct bench_row *r, struct bench_job *j, struct bench_result *res)
{
	uint64_t before[3], after[3], total = j->packets * (1 + j->warm);
	int32_t grow = r->classic == CLASSIC_PASS ? 0 : j->frame->v6 ? 40 : 20;
	int err;

	if (r->classic < 0)
		return 0;
	bench_classic_count(before);
	err = run_net(j, bench_classic_prog(), grow, &res->classic[res->n]);
	bench_classic_count(after);
	for (int i = 0; i < 3; i++)
		if (after[i] - before[i] != (i == r->classic ? total : 0))
			snprintf(res->failed, sizeof(res->failed), "classic: %llu of %llu packets left by exit %d",
				 (unsigned long long)(after[i] - before[i]), (unsigned long long)total, i);
	if (!err && r->classic == CLASSIC_NEW)
		err = bench_classic_forget(j->table, j->frame);
	return err;
}

static int run_row(const struct bench_row *r, struct bench_result *res, int round)
{
	struct bench_table t = bench_row_table(r);
	struct bench_frame f;
	struct bench_job j = { .hook = r->back && bench_sets[r->set].stack ? BENCH_TC : BENCH_XDP, .frame = &f, .packets = BENCH_FLOWS,
			       .table = t.n ? &t : NULL, .step = BENCH_PAYLOAD, .warm = r->turn != BENCH_FRESH };
	int err;

	bench_row_frame(r, &f);
	j.seq = r->kind == BENCH_DATA ? &res->seq : NULL;
	if (round & 1)
		err = run_classic(r, &j, res) ?: run_xsteer(r, &j, res);
	else
		err = run_xsteer(r, &j, res) ?: run_classic(r, &j, res);
	res->n++;
	return err;
}

static bool selected(const struct bench_row *r)
{
	return !opts.filter || strstr(r->name, opts.filter);
}

static int run_all(struct bench_result *res)
{
	int err = 0;

	for (int round = 0; !err && round < opts.rounds; round++)
		for (int i = 0; !err && bench_rows[i].name; i++)
			if (selected(&bench_rows[i]) && !res[i].failed[0])
				err = run_row(&bench_rows[i], &res[i], round);
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
	struct bench_job j = { .prog = bench_classic_prog(), .table = &s->to, .packets = BENCH_FLOWS };
	struct bench_frame f;
	int err = bench_flows_make(s);

	bench_row_frame(&first, &f);
	j.frame = &f;
	err = err ?: bench_run(&j);
	bench_flows_shuffle(s);
	return err;
}

/* Whether a row asks for the set's flows */
static bool wanted(enum bench_set_id set)
{
	for (int i = 0; bench_rows[i].name; i++)
		if (selected(&bench_rows[i]) && bench_rows[i].set == set)
			return true;
	return false;
}

static int measure(void)
{
	static struct bench_result res[BENCH_ROWS_MAX];
	int err = bench_run_open() ?: bench_classic_up(xs_map_entries(XS_MAP_xs_flows), bench_sets, BENCH_SETS);

	pin();
	for (int i = 0; !err && i < BENCH_SETS; i++)
		if (wanted((enum bench_set_id)i))
			err = make_flows(&bench_sets[i]);
	for (int i = 0; i < BENCH_ROWS_MAX; i++)
		res[i].seq = BENCH_ISN + 1000000;
	err = err ?: run_all(res) ?: bench_print(res, opts.rounds);
	bench_classic_down();
	bench_run_close();
	return err;
}

static int parse(int argc, char **argv)
{
	static const struct option longs[] = { { "rounds", 1, 0, 'r' }, { "filter", 1, 0, 'f' }, { "check", 1, 0, 'c' },
					       { "xsteer", 1, 0, 'x' }, { "json", 0, 0, 'j' }, { "pretty", 0, 0, 'p' }, {} };
	int o;

	while ((o = getopt_long(argc, argv, "r:f:c:x:jp", longs, NULL)) != -1) {
		if (o == 'r')
			opts.rounds = atoi(optarg);
		else if (o == 'f')
			opts.filter = optarg;
		else if (o == 'c')
			opts.budget = optarg;
		else if (o == 'x')
			opts.xsteer = optarg;
		else if (o == 'j' || o == 'p')
			xs_env.json = true, xs_env.pretty |= o == 'p';
		else
			return xs_usage("bench", NULL, "[--rounds N] [--filter TEXT] [--check BUDGET] [--xsteer PROGRAM] [-j|-p]");
	}
	if (opts.rounds < 1 || opts.rounds > BENCH_ROUNDS_MAX || optind != argc)
		return xs_usage("bench", NULL, "1 to %d rounds", BENCH_ROUNDS_MAX);
	return 0;
}

int main(int argc, char **argv)
{
	char instance[33];
	int err = parse(argc, argv);

	if (err)
		return XS_EX_USAGE;
	snprintf(instance, sizeof(instance), "bench-%d", getpid());
	xs_env.instance = instance;
	err = bench_host_up(opts.xsteer ?: "build/xsteer");
	if (!err)
		err = opts.budget ? bench_check(opts.budget) : measure();
	bench_host_down();
	return err ? xs_class() ?: XS_EX_KERNEL : XS_EX_OK;
}
