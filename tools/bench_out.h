/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tools/bench prints, and the check of the verifier's budget. */
#ifndef BENCH_OUT_H
#define BENCH_OUT_H

#include <jansson.h>
#include "tools/bench_rows.h"
#include "tools/bench_steps.h"

#define BENCH_ROWS_MAX 64
#define BENCH_ROUNDS_MAX 200

/* ns a packet: what was measured, and the floor of the same round. */
struct bench_cost {
	double raw, floor;
};

struct bench_result {
	struct bench_cost xsteer[BENCH_ROUNDS_MAX], classic[BENCH_ROUNDS_MAX];	/* by round */
	int n;
	uint32_t seq;			/* of the next packet with payload */
	uint32_t step[BENCH_S_MAX];	/* samples */
	char failed[96];		/* why the row has no figures */
};

/* bench_measure() - one row in one round, into res. Return: 0 or -errno, reported */
int bench_measure(const struct bench_row *r, struct bench_result *res, int round);
/* bench_live() - packets a second end to end, as rows; with the large set. Return: 0 or -errno, reported */
int bench_live(int rounds, json_t **rows);
/* bench_print() - tables or JSON; live: rows, or NULL; taken over. Return: 0, or -EINVAL if a row failed, or -errno, reported */
int bench_print(const struct bench_result *res, int rounds, json_t *live);
/* bench_print_steps() - net ns by step. Return: as bench_print() */
int bench_print_steps(const struct bench_result *res, int rounds);
double bench_quantile(const double *v, int n, double q);	/* n: at most BENCH_ROUNDS_MAX */
/* bench_check() - compare verified instructions of every pinned program with a budget (lines: name most). Return: as above */
int bench_check(const char *budget);

#endif
