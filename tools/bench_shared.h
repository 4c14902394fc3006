/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What tools/bench and its BPF side (bench_reset.bpf.c) share. */
#ifndef BENCH_SHARED_H
#define BENCH_SHARED_H

#include <linux/types.h>

#define BENCH_FRAME	128		/* bytes of every frame, all of them restored before each run */
#define BENCH_FLOWS	65536		/* most flows in turn; a power of two */
#define BENCH_EVERY	64		/* packets between two readings of the clock */
#define BENCH_MARKS	1024		/* readings of one run */

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
	__u32 at;			/* flow of packet 0 */
	__u32 saddr, daddr, ports;	/* offsets in the frame; ports 0: the frame stays as it is */
	__u32 seq;			/* offset of the TCP sequence number, 0: leave it */
	__u32 seq_first, seq_step;	/* of packet 0; payload of each */
	__s32 grow;			/* what the growing stub puts in front */
	__u32 pad;
	__u64 bytes[BENCH_FRAME / 8];
};

#endif
