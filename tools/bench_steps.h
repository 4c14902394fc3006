/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where the ns go: a program's time by the steps of a packet's way. */
#ifndef BENCH_STEPS_H
#define BENCH_STEPS_H

#include <stdbool.h>
#include "tools/bench.h"

/* id, JSON field, column head */
#define BENCH_STEPS(X) \
	X(PARSE, "parse_ns", "PARSE") \
	X(LOOKUP, "lookup_ns", "LOOKUP") \
	X(HALF, "half_open_ns", "HALF-OPEN") \
	X(STATE, "state_ns", "STATE") \
	X(FIRST, "first_ns", "FIRST") \
	X(REWRITE, "rewrite_ns", "REWRITE") \
	X(SEND, "send_ns", "SEND") \
	X(COUNT, "count_ns", "COUNT") \
	X(TIMING, "timing_ns", "TIMING") \
	X(CLOCK, "clock_ns", "CLOCK") \
	X(HISTOGRAM, "histogram_ns", "HIST") \
	X(OTHER, "other_ns", "OTHER")

enum bench_step {
#define X(id, key, head) BENCH_S_##id,
	BENCH_STEPS(X)
#undef X
	BENCH_S_MAX
};

/* bench_steps_open() - sample this thread from now on where bench_steps_run() says. Return: 0 or -errno, reported */
int bench_steps_open(void);
bool bench_steps_on(void);
/* bench_steps_run() - bench_run(); if open, add to count how often each step of the program at work was met */
int bench_steps_run(struct bench_job *j, uint32_t count[BENCH_S_MAX]);

#endif
