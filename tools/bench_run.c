// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One timed run: the restoring program is repeated by the kernel, it tail-calls the program under test. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include "tools/bench.h"
#include "skel/bench_reset.skel.h"
#include "user/base/err.h"

enum { LOOPBACK = 1 };			/* ifindex, in every network namespace */

static struct bench_reset *skel;

/* A run enters its program into the kernel's XDP dispatcher and takes it out again, and waits for an RCU grace period both times,
 * 20 ms in all; unless it is there anyway, as that of a device is. Nothing comes to this loopback device. */
int bench_run_open(void)
{
	skel = bench_reset__open_and_load();
	if (!skel)
		return xs_kernel(errno, "bench_reset", "run as root", "cannot load");
	bpf_xdp_attach(LOOPBACK, bpf_program__fd(skel->progs.reset_xdp), XDP_FLAGS_SKB_MODE, NULL);	/* else: only slower */
	return 0;
}

void bench_run_close(void)
{
	bench_reset__destroy(skel);
}

int bench_stub(enum bench_hook hook, enum bench_stub what)
{
	if (hook == BENCH_TC)
		return bpf_program__fd(skel->progs.empty_tc);
	if (what == BENCH_GROWS)
		return bpf_program__fd(skel->progs.grow_xdp);
	return bpf_program__fd(what == BENCH_CUTS ? skel->progs.cut_xdp : skel->progs.empty_xdp);
}

static int ascending(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return x < y ? -1 : x > y;
}

/* The kernel's own figure is in whole ns, and wall time has its waits for RCU in it. Intervals of 64 packets are precise, and
 * their median does not see the few in which somebody else had the CPU. */
static double median_of_marks(uint32_t packets)
{
	static __u64 took[BENCH_MARKS];
	uint32_t n = (packets - 1) / BENCH_EVERY;

	for (uint32_t i = 0; i < n; i++)
		took[i] = skel->bss->mark[i + 1] - skel->bss->mark[i];
	qsort(took, n, sizeof(*took), ascending);
	return n ? (double)took[n / 2] / BENCH_EVERY : 0;
}

static void prepare(const struct bench_job *j)
{
	struct bench_cfg *c = &skel->bss->cfg;
	const struct bench_frame *f = j->frame;

	memset(c, 0, sizeof(*c));
	memcpy(c->bytes, f->b, sizeof(c->bytes));
	c->grow = j->grow;
	c->cut = j->cut;
	if (j->table) {
		c->mask = j->table->n - 1;
		c->saddr = f->saddr;
		c->daddr = f->daddr;
		c->ports = f->l4;
		memcpy(skel->bss->flow, j->table->flow, j->table->n * sizeof(*j->table->flow));
	}
	if (j->seq) {
		c->seq = f->l4 + 4;
		c->seq_first = *j->seq;
		c->seq_step = j->step;
		c->turn = j->table ? (uint32_t)__builtin_ctz(j->table->n) : 0;
	}
}

int bench_run(struct bench_job *j)
{
	bool tc = j->hook == BENCH_TC;
	int next = bpf_map__fd(tc ? skel->maps.next_tc : skel->maps.next_xdp);
	int fd = bpf_program__fd(tc ? skel->progs.reset_tc : skel->progs.reset_xdp);
	struct xdp_md ctx = { .data_end = BENCH_FRAME, .ingress_ifindex = j->dev };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = j->frame->b, .data_size_in = BENCH_FRAME,
		    .data_out = j->out, .data_size_out = sizeof(j->out), .repeat = j->packets);
	__u32 zero = 0;

	if (!tc && j->dev) {
		o.ctx_in = &ctx;
		o.ctx_size_in = sizeof(ctx);
	}
	if (j->packets > BENCH_MANY)
		return xs_refuse("bench", NULL, "a run of %u packets does not fit", j->packets);
	prepare(j);
	if (bpf_map_update_elem(next, &zero, &j->prog, BPF_ANY))
		return xs_kernel(errno, "bench", NULL, "the program cannot be tail-called: its kind differs");
	for (int pass = 0; pass <= j->warm; pass++) {
		skel->bss->count = 0;
		if (bpf_prog_test_run_opts(fd, &o))
			return xs_kernel(errno, "bench", NULL, "test run failed");
		skel->bss->cfg.seq_first += (((j->packets - 1) >> skel->bss->cfg.turn) + 1) * j->step;
	}
	j->ns = median_of_marks(j->packets);
	j->act = (int)o.retval;
	j->out_len = o.data_size_out;
	if (j->seq)
		*j->seq = skel->bss->cfg.seq_first;
	return 0;
}
