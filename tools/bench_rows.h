/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The rows of the table of `make bench`. */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "tools/bench.h"

enum bench_set_id { BENCH_TCP4, BENCH_UDP4, BENCH_STACK4, BENCH_TCP6, BENCH_SILENT4, BENCH_PLAIN4, BENCH_MANY4, BENCH_SETS };
enum bench_kind { BENCH_ACK, BENCH_DATA, BENCH_DATAGRAM, BENCH_REQUEST, BENCH_SYN, BENCH_SYN_TAGGED, BENCH_SYN_WRONG, BENCH_SYN_ACK, BENCH_OTHER,
		  BENCH_ARP };
enum bench_turn { BENCH_ONE, BENCH_SOME /* 64k */, BENCH_ALL, BENCH_FRESH, BENCH_HANDSHAKE /* new clients, as few as come at once */ };

#define BENCH_TENANT 77
#define BENCH_CLASS 1
#define BENCH_KEY "xsteer bench key"		/* 16 bytes */
#define BENCH_ROOM (2 << 20)			/* flow records of the instance and of the yardstick */
#define BENCH_HALF_LIFE "tcp_syn 1s"		/* so that new flows find room, but in rows that say otherwise */
#define BENCH_SELDOM 3				/* runs through the large set are every third round */

struct bench_row {
	const char *name;
	enum bench_set_id set;
	enum bench_kind kind;
	enum bench_turn turn;
	enum xs_reason want;		/* every packet must leave for it */
	bool back;			/* from targets to clients */
	int classic;			/* exit of the yardstick, -1: it has no such path */
	double goal;			/* the most that the ratio may be, 0: none. Kept here and nowhere else */
	enum bench_stage stage;		/* of the handshakes before the packets come */
	bool opens;			/* the packets end it: what they opened is closed afterwards */
	bool steps;			/* its ns are shown by step, too */
	bool flood;			/* the half-open store is full, and so is the yardstick's table */
	int counter;			/* what every packet (99 of 100 of a flood) must count, too: enum xs_counter + 1; 0: nothing */
};

/* The large set is made when all other rows are done: the tables are more than half full for its rows, and an eighth for the others. */
extern struct bench_set bench_sets[BENCH_SETS];
extern const struct bench_row bench_rows[];	/* ends with a row without name */

/* bench_row_frame() - the row's frame, as it must be now: tags grow old */
void bench_row_frame(const struct bench_row *r, struct bench_frame *f);
/* bench_row_set() - its set of flows, or with new clients; for one measurement */
struct bench_set bench_row_set(const struct bench_row *r);
/* bench_row_table() - what of the set its packets are in this round: a row of one flow has another one each time, as some stand in worse
 * places than most. n 0: every packet is the frame itself */
struct bench_table bench_row_table(const struct bench_row *r, const struct bench_set *s, int round);

#endif
