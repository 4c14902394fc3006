/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of the table of `make bench`. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "tools/bench.h"

enum bench_set_id { BENCH_TCP4, BENCH_UDP4, BENCH_STACK4, BENCH_TCP6, BENCH_SETS };
enum bench_kind { BENCH_ACK, BENCH_DATA, BENCH_DATAGRAM, BENCH_SYN, BENCH_SYN_TAGGED, BENCH_OTHER, BENCH_ARP };
enum bench_turn { BENCH_ONE, BENCH_ALL, BENCH_FRESH };

#define BENCH_TENANT 77
#define BENCH_CLASS 1
#define BENCH_KEY "xsteer bench key"		/* 16 bytes */
#define BENCH_ROOM (1 << 20)			/* flow records of the instance and of the yardstick */

struct bench_row {
	const char *name;
	enum bench_set_id set;
	enum bench_kind kind;
	enum bench_turn turn;
	enum xs_reason want;		/* every packet must leave for it */
	bool back;			/* from targets to clients */
	int classic;			/* exit of the yardstick, -1: it has no such path */
};

extern struct bench_set bench_sets[BENCH_SETS];
extern const struct bench_row bench_rows[];	/* ends with a row without name */

/* bench_row_frame() - the row's frame, as it must be now: tags grow old */
void bench_row_frame(const struct bench_row *r, struct bench_frame *f);
/* bench_row_table() - its flows; n 0: every packet is the frame itself. Fresh ones are valid until the next call */
struct bench_table bench_row_table(const struct bench_row *r);

#endif
