/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tools/bench and its BPF side (bench_reset.bpf.c) share. */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#include <linux/types.h>

#define BENCH_FRAME	128		/* bytes of every frame, all of them restored before each run */
#define BENCH_FLOWS	65536		/* flows of a set, and packets of a run; a power of two */
#define BENCH_MANY	(1 << 20)	/* of the large set, whose runs go through all of them */
#define BENCH_EVERY	64		/* packets between two readings of the clock */
#define BENCH_LANES	16		/* CPUs at most, live; a power of two */
#define BENCH_MARKS	(BENCH_MANY / BENCH_EVERY)	/* readings of one run */

/* What differs from packet to packet: low words of the addresses and ports, both ends, as they stand in the frame. */
struct bench_flow {
	__be32 saddr, daddr;
	union {
		struct { __be16 sport, dport; };
		__u32 ports;
	};
	__u32 pad;
};

struct bench_cfg {
	__u32 mask;			/* flows in turn, less one */
	__u32 saddr, daddr, ports;	/* offsets in the frame; ports 0: the frame stays as it is */
	__u32 seq;			/* offset of the TCP sequence number, 0: leave it */
	__u32 seq_first, seq_step;	/* of packet 0; payload of each */
	__u32 turn;			/* log2 of the flows in turn: packets of one flow are so far apart */
	__s32 grow;			/* what the growing stub puts in front */
	__s32 cut;			/* what is missing behind where a program answers with a shorter frame */
	__u32 lanes;			/* live: CPUs that make frames */
	__u64 bytes[BENCH_FRAME / 8];
};

/* Live: what one CPU made, and what arrived on it. Each in cache lines of its own */
struct bench_lane {
	__u64 nr, made, began;		/* began: ns, at the first */
	__u64 pad[5];
	__u64 sunk, ended;		/* ended: ns, at every BENCH_EVERYth */
	__u64 pad1[6];
} __attribute__((aligned(64)));

#endif
