// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the kernel repeats while tools/bench measures. A plain repeat hands a program its own output; these restore the frame,
 * make it the next flow's packet, note the time now and then and tail-call the program under test. The stubs are tail-called
 * in its place for the floor: what the same preparation costs with an empty program. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "tools/bench_shared.h"

struct bench_cfg cfg;
struct bench_flow flow[BENCH_MANY];
__u64 mark[BENCH_MARKS];
__u64 count, fence;

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next_xdp SEC(".maps"), next_tc SEC(".maps");

/* put32() - a word at an offset that only the case knows */
static __always_inline void put32(void *data, void *end, __u32 off, __be32 word)
{
	data += off & (BENCH_FRAME - 1);
	if (data + 4 <= end)
		*(__be32 *)data = word;
}

/* restore() - the frame of packet n at data; true if it is there */
static __always_inline bool restore(void *data, void *end, __u64 n)
{
	struct bench_flow *f = &flow[n & cfg.mask & (BENCH_MANY - 1)];
	__u64 *to = data;

	if (data + BENCH_FRAME > end)
		return false;
#pragma unroll
	for (int i = 0; i < BENCH_FRAME / 8; i++)
		to[i] = cfg.bytes[i];
	if (cfg.ports) {
		put32(data, end, cfg.saddr, f->saddr);
		put32(data, end, cfg.daddr, f->daddr);
		put32(data, end, cfg.ports, f->ports);
	}
	if (cfg.seq)
		put32(data, end, cfg.seq, bpf_htonl(cfg.seq_first + (__u32)(n >> (cfg.turn & 31)) * cfg.seq_step));
	/* A locked instruction drains the store buffer: in life the frame was written long ago, and a program must not pay for
	 * reading wide what was written narrow a moment before. */
	__sync_fetch_and_add(&fence, 1);
	return true;
}

static __always_inline __u64 tick(void)
{
	__u64 n = count++;

	if (!(n % BENCH_EVERY))
		mark[n / BENCH_EVERY % BENCH_MARKS] = bpf_ktime_get_ns();
	return n;
}

SEC("xdp")
int reset_xdp(struct xdp_md *c)
{
	long grown = (long)c->data_end - (long)c->data - BENCH_FRAME;
	__u64 n = tick();

	if (grown < 0 ? bpf_xdp_adjust_tail(c, (int)-grown) : grown && bpf_xdp_adjust_head(c, (int)grown))
		return XDP_ABORTED;
	if (!restore((void *)(long)c->data, (void *)(long)c->data_end, n))
		return XDP_ABORTED;
	bpf_tail_call(c, &next_xdp, 0);
	return XDP_ABORTED;
}

SEC("tc")
int reset_tc(struct __sk_buff *c)
{
	__u64 n = tick();

	if (!restore((void *)(long)c->data, (void *)(long)c->data_end, n))
		return TC_ACT_SHOT;
	bpf_tail_call(c, &next_tc, 0);
	return TC_ACT_SHOT;
}

SEC("xdp")
int empty_xdp(struct xdp_md *c)
{
	(void)c;
	return XDP_PASS;
}

SEC("tc")
int empty_tc(struct __sk_buff *c)
{
	(void)c;
	return TC_ACT_UNSPEC;
}

/* grow_xdp() - empty but for what a tunnel does to the frame: half of what it and its undoing cost is the floor's */
SEC("xdp")
int grow_xdp(struct xdp_md *c)
{
	return bpf_xdp_adjust_head(c, -cfg.grow) ? XDP_ABORTED : XDP_PASS;
}

/* cut_xdp() - the same for a program that answers with a shorter frame */
SEC("xdp")
int cut_xdp(struct xdp_md *c)
{
	return bpf_xdp_adjust_tail(c, -cfg.cut) ? XDP_ABORTED : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
