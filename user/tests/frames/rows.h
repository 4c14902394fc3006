/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows: a frame in words, the reason it must leave the path for, and the frame that must come out. */
#ifndef XS_TEST_ROWS_H
#define XS_TEST_ROWS_H

#include "user/tests/frames/host.h"

/* what the programs return */
enum { PASS = 2, DROP = 1, TX = 3, REDIRECT = 4, TC_PASS = -1, TC_DROP = 2 };

/*
 * words	the frame that goes in (words.h); "tc" first: at TC egress; "dry" first: through the dry program, which says what it would
 *		do in its trace and changes nothing; "each" first: at every length from 14 bytes up to its own (out is not looked at: the
 *		reason must be one of PASS for all that is cut, and the bytes untouched). A line that begins with "!" is an order:
 *		!state TARGET up|draining|down, !direct TARGET, !lose TARGET, !age SECONDS, !later SECONDS, !noclock, !apply NAME, !expire, !forget,
 *		!open FROM TO [TARGET]: a whole handshake, or a datagram and its answer (talk.c); !spread, !limit, !crowd (orders.c),
 *		!owe TENANT own|other|both MS, !owes TENANT own|other MS, !pace WHAT (rate.c)
 * reason	which counter moves. XS_R_NONE: none
 * out		NULL: PASS untouched, or DROP. Else words of what comes out; "&" stands for the words that went in. First the verdict
 *		where it is not PASS: "redirect", "tx", "drop". "to=@a|b": any of these targets, "to=$": the one before, "to=!a|b": any but that.
 *		"from=?": another source than the client's end that the configuration allows; "%" then stands for it, here and in words
 *		of later rows.
 *		Words that begin with "=" are about the flow's record: =tenant:NAME =class:N =level:NAME =state:NAME =set:N =request:HEX
 *		=packets:N/N =placed:N/N =none: no flow; =half: a dry run says that a half-open row decided; "+NAME" or "+NAME:N" is a counter that must have moved (all others must not)
 */
struct row {
	const char *name, *words;
	enum xs_reason reason;
	const char *out;
};

/* an order as a row */
#define DO(what) { what, what, XS_R_NONE, NULL }

struct conf { const char *name, *text; };

struct group {
	const char *name, *conf;	/* of confs[], by name */
	const struct row *rows;		/* ends with a row without name */
	uint32_t flows;
	bool devices;
};

extern const struct row parse_rows[], shim_rows[], place_rows[], flow_rows[], refuse_rows[], reply_rows[], direct_rows[], full_rows[], half_rows[],
			rate_rows[], pace_rows[], odd_rows[], odd_direct_rows[], own_rows[], own_direct_rows[], scarce_rows[], tuple_rows[];
/* conf_named() - text of a configuration; an unknown name ends the program */
const char *conf_named(const char *name);

/* rows_one() - one row that is no order */
void rows_one(const char *group, const struct row *row);
/* order_run() - a row that begins with "!" */
void order_run(const struct group *g, const char *w);
/* rate_owe() - the tenant owes so much time from now on; rate_owes() - by how much it then grew: one for each rate it has.
 * rate_pace() - offer more than a tenant's rate on two CPUs and count what is let in */
void rate_owe(const char *tenant, const char *bucket, int ms);
void rate_owes(const struct group *g, const char *tenant, const char *bucket, int ms);
void rate_pace(const struct group *g, const char *what);
/* rows_last_target() - the target that the last "to=@" was about */
const char *rows_last_target(void);
void rows_set_target(const char *name);
void rows_set_source(const char *end);
/* rows_reason() - its name */
const char *rows_reason(enum xs_reason r);
/* rows_reached() - whether every reason that can be met was met so far */
void rows_reached(void);
/* rows_run() - every row in order */
void rows_run(const struct group *g);
/* rows_export() - a group's rows as inputs of the fuzzer, files in dir */
void rows_export(const struct group *g, const char *dir);
/* vectors_run() - every vector of the file through the program */
void vectors_run(const char *file);
/* talk_open() - a handshake from SYN to ACK, or a datagram and its answer, so that the flow has a record; one result. @target: where
 * it must go, "": anywhere. Its target is the last one from then on */
void talk_open(const struct group *g, const char *from, const char *to, const char *target);
/* stress_run() - the flow table under two CPUs */
void stress_run(void);
/* whole_run() - a hundred applies under two CPUs that send */
void whole_run(void);
/* torn_run() - rows that a feed replaces, while another CPU reads them */
void torn_run(void);
/* say() - the outcome of one row: why NULL or "" is ok */
void say(const char *group, const char *name, const char *why);

#endif
