/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tools/bench: what its files share. bench.c rounds and output; bench_run.c one timed run; bench_frame.c frames;
 * bench_host.c the instance of xsteer under test; bench_flows.c flows made through it; bench_classic.c the yardstick. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include "maps/maps.h"
#include "tools/bench_shared.h"

enum bench_hook { BENCH_XDP, BENCH_TC };

/* A frame and where its parts are. */
struct bench_frame {
	uint8_t b[BENCH_FRAME];
	uint32_t l4, saddr, daddr;	/* offsets; of the last word of an address */
	uint8_t v6, proto;
};

/* Flows that are packets of one run: in turn, each as often as the next. */
struct bench_table {
	struct bench_flow *flow;
	uint32_t n;			/* a power of two, at most BENCH_FLOWS */
};

/* A frame for each packet of a run, and what the run said. */
struct bench_job {
	enum bench_hook hook;
	int prog;			/* fd */
	const struct bench_frame *frame;
	const struct bench_table *table;	/* NULL: every packet is the frame itself */
	uint32_t packets;
	int32_t grow;			/* for the growing stub */
	bool warm;			/* run it once before, untimed: next hops are asked for anew once a second */
	uint32_t *seq;			/* TCP sequence number of packet 0; advanced. NULL: the frame's */
	uint32_t step;			/* by this, each packet */
	double ns;			/* a packet: median of the means of 64 */
	int act;			/* what the last packet's run returned */
	uint8_t out[BENCH_FRAME + 64];	/* the last packet as it came out */
	uint32_t out_len;
};

/* bench_run_open() - load the programs that restore frames. Return: 0 or -errno, reported */
int bench_run_open(void);
void bench_run_close(void);
/* bench_run() - run the job once, pinned to one CPU. Return: 0 or -errno, reported */
int bench_run(struct bench_job *j);
/* bench_stub() - the empty program for a hook; grows: one that grows XDP frames by job.grow */
int bench_stub(enum bench_hook hook, bool grows);

/* Who talks to whom: addresses with their last word 0, ports in host order. */
struct bench_ends {
	struct xs_addr src, dst;
	uint16_t sport, dport;
};
/* bench_tcp(), bench_udp() - a frame with right checksums; opt, payload: bytes, multiples of 4, that fit */
void bench_tcp(struct bench_frame *f, const struct bench_ends *e, uint8_t flags, uint32_t seq, uint32_t ack,
	       const void *opt, uint32_t opt_len, uint32_t payload);
void bench_udp(struct bench_frame *f, const struct bench_ends *e, const void *payload, uint32_t len);
void bench_arp(struct bench_frame *f);
/* bench_addr() - text to a mapped address; aborts on nonsense: all addresses are literals of this program */
struct xs_addr bench_addr(const char *text);

/* Flows of one service, made through the programs: SYN, SYN-ACK, ACK, then one request. */
struct bench_set {
	const char *name;
	const char *vip;
	const char *clients, *targets;	/* the first of as many addresses as are needed */
	uint16_t port;
	uint8_t proto;
	bool stack;			/* targets on this host: replies are undone at TC egress */
	uint32_t service;		/* id */
	struct xs_addr first;		/* clients as an address */
	struct bench_table to, back;	/* client's packets, target's packets; in the same order */
};
enum { BENCH_ISN = 1000, BENCH_TARGET_ISN = 900000, BENCH_PAYLOAD = 32 };

/* bench_flows_make() - establish BENCH_FLOWS flows and see that they are. Return: 0 or -errno, reported */
int bench_flows_make(struct bench_set *s);
/* bench_flows_shuffle() - the order of creation is the order of records in memory; traffic knows nothing of it */
void bench_flows_shuffle(const struct bench_set *s);
/* bench_ends_of() - the set's ends, client first or target first; last words and ports that differ by flow are the first's */
struct bench_ends bench_ends_of(const struct bench_set *s, bool back);
/* bench_flows_fresh() - fill a table with clients not seen before */
void bench_flows_fresh(struct bench_table *t, const struct bench_set *s);

/* bench_host_up() - a network namespace of this process's own, an instance of xsteer in it, configured; maps opened.
 * @xsteer: path of the program. Return: 0 or -errno, reported */
int bench_host_up(const char *xsteer);
void bench_host_down(void);
int bench_host_prog(enum bench_hook hook);	/* fd */
/* bench_reasons() - packets per reason, all services, all CPUs */
void bench_reasons(uint64_t count[XS_R_MAX]);
const char *bench_reason(enum xs_reason r);	/* its name */

/* The yardstick. room: entries of its flow table */
int bench_classic_up(uint32_t room, const struct bench_set *sets, int nsets);
void bench_classic_down(void);
int bench_classic_prog(void);
/* bench_classic_count() - packets per exit (tools/classic.h) */
void bench_classic_count(uint64_t count[3]);
/* bench_classic_forget() - take the flows of a table out again, so that the next ones find room */
int bench_classic_forget(const struct bench_table *t, const struct bench_frame *f);

#endif
