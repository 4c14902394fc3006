/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tools/bench: what its files share. bench.c options and order; bench_measure.c a row, round by round; bench_run.c one timed
 * run; bench_frame.c frames; bench_host.c the instances of xsteer under test; bench_flows.c flows made through them;
 * bench_classic.c the yardstick; bench_live.c end to end; bench_steps.c where the ns go; bench_out.c what is printed. */
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
	uint32_t n;			/* a power of two, at most BENCH_MANY */
};

/* A frame for each packet of a run, and what the run said. */
struct bench_job {
	enum bench_hook hook;
	int prog;			/* fd */
	const struct bench_frame *frame;
	const struct bench_table *table;	/* NULL: every packet is the frame itself */
	uint32_t packets;
	uint32_t dev;			/* XDP: ifindex of the device that frames come in by; 0: none */
	int32_t grow;			/* for the growing stub */
	int32_t cut;			/* for the cutting stub */
	bool warm;			/* run it once before, untimed: next hops are asked for anew once a second */
	uint32_t *seq;			/* TCP sequence number of packet 0; advanced. NULL: the frame's */
	uint32_t step;			/* by this, each packet of a flow */
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
/* bench_stub() - the empty program for a hook; or, XDP only, one that grows frames by job.grow or cuts them by job.cut */
enum bench_stub { BENCH_EMPTY, BENCH_GROWS, BENCH_CUTS };
int bench_stub(enum bench_hook hook, enum bench_stub what);

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

/* The instances under test, each in a network namespace of its own. */
enum bench_host { BENCH_FULL, BENCH_PLAIN /* loaded with --no-timing */, BENCH_HOSTS };

/* Flows of one service, made through the programs: SYN, SYN-ACK, ACK, then one request. */
struct bench_set {
	const char *name;
	const char *vip;
	const char *clients, *targets;	/* the first of as many addresses as are needed */
	const char *pool;
	uint32_t n;			/* flows that it has from the start: 0, BENCH_FLOWS or BENCH_MANY */
	uint16_t port;
	uint8_t proto;
	bool stack;			/* targets on this host: replies are undone at TC egress */
	bool silent;			/* refuses without an answer */
	enum bench_host host;
	uint32_t service;		/* id */
	uint32_t base;			/* number of the first client in the tables */
	struct xs_addr first;		/* client 0 as an address */
	struct bench_table to, back;	/* client's packets, target's packets; in the same order */
};
enum { BENCH_ISN = 1000, BENCH_TARGET_ISN = 900000, BENCH_PAYLOAD = 32 };
enum { BENCH_CHUNK = 8192 };		/* handshakes at once: so many surely have room in the half-open store */

/* How far a handshake has come. */
enum bench_stage { BENCH_NOTHING, BENCH_ASKED, BENCH_ANSWERED, BENCH_OPEN };

/* bench_flows_make() - establish the set's flows and see that each has its record. Return: 0 or -errno, reported */
int bench_flows_make(struct bench_set *s);
/* bench_flows_shuffle() - the order of creation is the order of records in memory; traffic knows nothing of it */
void bench_flows_shuffle(const struct bench_set *s);
/* bench_ends_of() - the set's ends, client first or target first; last words and ports that differ by flow are the first's */
struct bench_ends bench_ends_of(const struct bench_set *s, bool back);
/* bench_flows_fresh() - the set with n clients not seen before (at most BENCH_FLOWS); its tables are valid until the next call */
struct bench_set bench_flows_fresh(const struct bench_set *s, uint32_t n);
/* bench_flows_open() - TCP: bring the handshakes of a fresh set to this stage. Return: 0 or -errno, reported */
int bench_flows_open(const struct bench_set *s, enum bench_stage stage);
/* bench_flows_abort() - the clients of open connections reset them. Return: 0 or -errno, reported */
int bench_flows_abort(const struct bench_set *s);
/* bench_flows_flood() - SYNs from new clients until each pushes another out of the half-open store. Return: as above */
int bench_flows_flood(const struct bench_set *s);

/* bench_host_up() - network namespaces of this process's own, instances of xsteer in them, configured. The one without timing only
 * if `plain`. @xsteer: path of the program. Return: 0 or -errno, reported */
int bench_host_up(const char *xsteer, bool plain);
void bench_host_down(void);
/* bench_host_use() - from now on this one: its namespace, its maps, its programs. Return: 0 or -errno, reported */
int bench_host_use(enum bench_host host);
int bench_host_prog(enum bench_hook hook);	/* fd */
uint32_t bench_host_dev(bool back);		/* ifindex of where frames come in */
/* bench_host_set() - change settings: "tcp_syn 60s". Return: 0 or -errno, reported */
int bench_host_set(const char *words);
/* bench_reasons() - packets per reason, all services, all CPUs */
void bench_reasons(uint64_t count[XS_R_MAX]);
const char *bench_reason(enum xs_reason r);	/* its name */
uint64_t bench_counter(enum xs_counter c);
const char *bench_counter_name(enum xs_counter c);

/* The yardsticks: one whose table of flows has room, one whose is full, and the first again for live frames. */
enum bench_yard { BENCH_ROOMY, BENCH_CRAMMED, BENCH_WIRED, BENCH_YARDS };
/* bench_classic_up() - room: entries of its flow table. Return: 0 or -errno, reported */
int bench_classic_up(enum bench_yard yard, uint32_t room, const struct bench_set *sets, int nsets);
/* bench_classic_wire() - make BENCH_WIRED of BENCH_ROOMY: the same maps, but what it sends leaves by this device. Return: as above */
int bench_classic_wire(uint32_t out);
void bench_classic_down(void);
int bench_classic_prog(enum bench_yard yard);
/* bench_classic_count() - packets per exit (tools/classic.h) */
void bench_classic_count(enum bench_yard yard, uint64_t count[3]);
/* bench_classic_forget() - take the flows of a table out of the roomy one again, so that the next ones find room */
int bench_classic_forget(const struct bench_table *t, const struct bench_frame *f);

#endif
