// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* End to end: what makes frames, what counts them at the other end, and what does nothing in between. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "tools/bench_shared.h"

struct bench_cfg cfg;
struct bench_flow flow[BENCH_MANY];
struct bench_lane lane[BENCH_LANES];

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} out SEC(".maps");

static __always_inline struct bench_lane *lane_here(void)
{
	return &lane[bpf_get_smp_processor_id() & (BENCH_LANES - 1)];
}

/* put32() - a word at an offset that only the case knows */
static __always_inline void put32(void *data, void *end, __u32 off, __be32 word)
{
	data += off & (BENCH_FRAME - 1);
	if (data + 4 <= end)
		*(__be32 *)data = word;
}

/* make() - the next frame of this lane, whole: what is run live comes back changed. It leaves by the device it is said to come
 * from, and so arrives at that one's peer. A flow keeps to one CPU, as receive queues have it */
SEC("xdp")
int make(struct xdp_md *c)
{
	void *data = (void *)(long)c->data, *end = (void *)(long)c->data_end;
	struct bench_lane *l = lane_here();
	struct bench_flow *f = &flow[(l->made * cfg.lanes + l->nr) & cfg.mask & (BENCH_MANY - 1)];
	__u64 *to = data;

	if (data + BENCH_FRAME > end)
		return XDP_ABORTED;
#pragma unroll
	for (int i = 0; i < BENCH_FRAME / 8; i++)
		to[i] = cfg.bytes[i];
	put32(data, end, cfg.saddr, f->saddr);
	put32(data, end, cfg.daddr, f->daddr);
	put32(data, end, cfg.ports, f->ports);
	if (!l->made++)
		l->began = bpf_ktime_get_ns();
	return XDP_TX;
}

/* sink() - frames arrive here */
SEC("xdp")
int sink(struct xdp_md *c)
{
	struct bench_lane *l = lane_here();

	(void)c;
	if (!(++l->sunk % BENCH_EVERY))
		l->ended = bpf_ktime_get_ns();
	return XDP_DROP;
}

/* bare() - what the way takes without a balancer */
SEC("xdp")
int bare(struct xdp_md *c)
{
	(void)c;
	return bpf_redirect_map(&out, 0, XDP_DROP);
}

char _license[] SEC("license") = "Dual BSD/GPL";
