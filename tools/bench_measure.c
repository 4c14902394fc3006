// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One row in one round: the floor and ours, the floor and the yardstick's; and whether every packet took its exit. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "tools/bench_out.h"
#include "tools/classic.h"

enum { RESET = 54 };			/* bytes of a TCP reset's frame, IPv4 */

/* Net of the floor of the same round. Where a program grows or cuts frames its floor is half way to a stub that does, too:
 * undoing it is ours. Only what meets the program counts as sent: flows do not skip 16 MiB. */
static int run_net(struct bench_job *j, int prog, enum bench_stub stub, struct bench_cost *cost, uint32_t *steps)
{
	uint32_t seq = j->seq ? *j->seq : 0;
	int err;

	j->prog = bench_stub(j->hook, BENCH_EMPTY);
	err = bench_run(j);
	cost->floor = j->ns;
	if (!err && stub != BENCH_EMPTY) {
		j->prog = bench_stub(j->hook, stub);
		err = bench_run(j);
		cost->floor = (cost->floor + j->ns) / 2;
	}
	if (err)
		return err;
	if (j->seq)
		*j->seq = seq;
	j->prog = prog;
	err = steps ? bench_steps_run(j, steps) : bench_run(j);
	cost->raw = j->ns;
	return err;
}

/* What the instance counted. */
struct seen {
	uint64_t reason[XS_R_MAX], counter;
};

static struct seen look(const struct bench_row *r)
{
	struct seen s;

	bench_reasons(s.reason);
	s.counter = r->counter ? bench_counter((enum xs_counter)(r->counter - 1)) : 0;
	return s;
}

static void judge(const struct bench_row *r, const struct seen *before, uint64_t total, struct bench_result *res)
{
	struct seen now = look(r);
	uint64_t n;

	for (enum xs_reason i = 0; i < XS_R_MAX && !res->failed[0]; i++) {
		n = now.reason[i] - before->reason[i];
		if (n != (i == r->want ? total : 0))
			snprintf(res->failed, sizeof(res->failed), "%llu of %llu packets left by %s", (unsigned long long)n, (unsigned long long)total,
				 bench_reason(i));
	}
	n = now.counter - before->counter;
	if (r->counter && !res->failed[0] && (n > total || n * 100 < total * (r->flood ? 99 : 100)))
		snprintf(res->failed, sizeof(res->failed), "%llu of %llu packets counted as %s", (unsigned long long)n, (unsigned long long)total,
			 bench_counter_name((enum xs_counter)(r->counter - 1)));
}

static int run_xsteer(const struct bench_row *r, const struct bench_set *s, struct bench_job *j, struct bench_result *res)
{
	bool cuts = r->counter == XS_C_RESETS_SENT + 1;
	struct seen before;
	int err = bench_host_use(s->host);

	if (err)
		return err;
	if (r->stage && bench_flows_open(s, r->stage)) {
		snprintf(res->failed, sizeof(res->failed), "the handshakes before it did not come about");
		return 0;
	}
	j->dev = bench_host_dev(r->back);
	j->cut = cuts ? BENCH_FRAME - RESET : 0;
	before = look(r);
	err = run_net(j, bench_host_prog(j->hook), cuts ? BENCH_CUTS : BENCH_EMPTY, &res->xsteer[res->n], res->step);
	judge(r, &before, j->packets * (1 + j->warm), res);
	if (!err && r->opens)
		err = bench_flows_abort(s);
	return err;
}

/* What a handshake has shown the yardstick before: it has no other half */
static int acquaint(const struct bench_job *j)
{
	static const struct bench_row syn = { .set = BENCH_TCP4, .kind = BENCH_SYN };
	struct bench_frame f;
	struct bench_job before = *j;

	bench_row_frame(&syn, &f);
	before.frame = &f;
	before.prog = bench_classic_prog(BENCH_ROOMY);
	return bench_run(&before);
}

static int run_classic(const struct bench_row *r, struct bench_job *j, struct bench_result *res)
{
	enum bench_yard yard = r->flood ? BENCH_CRAMMED : BENCH_ROOMY;
	uint64_t before[3], after[3], total = j->packets * (1 + j->warm);
	uint32_t seq = res->seq;
	int err = 0;

	if (r->classic < 0 || bench_steps_on())
		return 0;
	if (r->stage)
		err = acquaint(j);
	j->dev = 0;
	j->cut = 0;
	j->grow = r->classic == CLASSIC_PASS ? 0 : j->frame->v6 ? 40 : 20;
	bench_classic_count(yard, before);
	err = err ?: run_net(j, bench_classic_prog(yard), j->grow ? BENCH_GROWS : BENCH_EMPTY, &res->classic[res->n], NULL);
	bench_classic_count(yard, after);
	res->seq = seq;
	for (int i = 0; i < 3; i++)
		if (after[i] - before[i] != (i == r->classic ? total : 0))
			snprintf(res->failed, sizeof(res->failed), "classic: %llu of %llu packets left by exit %d",
				 (unsigned long long)(after[i] - before[i]), (unsigned long long)total, i);
	if (!err && !r->flood && r->turn >= BENCH_FRESH)
		err = bench_classic_forget(j->table, j->frame);
	return err;
}

/* Rows in the store live long from now on, so that none is free. */
static int flood(const struct bench_row *r, struct bench_result *res)
{
	int err = bench_host_use(bench_sets[r->set].host) ?: bench_host_set("tcp_syn 60s");

	if (!err && bench_flows_flood(&bench_sets[r->set]))
		snprintf(res->failed, sizeof(res->failed), "the half-open store was not filled");
	return err;
}

int bench_measure(const struct bench_row *r, struct bench_result *res, int round)
{
	int err = r->flood ? flood(r, res) : 0;
	struct bench_set s = bench_row_set(r);
	struct bench_table t;
	struct bench_frame f;
	struct bench_job j = { .hook = r->back && s.stack ? BENCH_TC : BENCH_XDP, .frame = &f, .step = BENCH_PAYLOAD, .warm = r->turn < BENCH_FRESH };

	if (r->turn == BENCH_ALL && s.n == BENCH_MANY && round % BENCH_SELDOM)
		return 0;
	bench_row_frame(r, &f);
	j.seq = r->kind == BENCH_DATA ? &res->seq : NULL;
	if (r->turn == BENCH_ONE || !res->n)	/* a flow that has sent no more than it was made with */
		res->seq = BENCH_ISN + 1000000;
	for (int turn = 0; turn < 2 && !err; turn++) {
		/* Tables of new clients have their targets only after the handshakes. */
		t = bench_row_table(r, &s, round);
		j.table = t.n ? &t : NULL;
		j.packets = t.n == BENCH_MANY || r->turn == BENCH_HANDSHAKE ? t.n : BENCH_FLOWS;
		err = (turn ^ round) & 1 ? run_classic(r, &j, res) : run_xsteer(r, &s, &j, res);
	}
	res->n++;
	if (!err && r->flood)
		err = bench_host_set(BENCH_HALF_LIFE);
	return err;
}
