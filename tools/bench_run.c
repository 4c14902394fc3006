// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One timed run: the restoring program is repeated by the kernel, it tail-calls the program under test. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tools/bench.h"
#include "skel/bench_reset.skel.h"
#include "user/base/err.h"

static struct bench_reset *skel;

int bench_run_open(void)
{
	skel = bench_reset__open_and_load();
	return skel ? 0 : xs_kernel(errno, "bench_reset", "run as root", "cannot load");
}

void bench_run_close(void)
{
	bench_reset__destroy(skel);
}

int bench_stub(enum bench_hook hook, bool grows)
{
	if (hook == BENCH_TC)
		return bpf_program__fd(skel->progs.empty_tc);
	return bpf_program__fd(grows ? skel->progs.grow_xdp : skel->progs.empty_xdp);
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
	__u64 took[BENCH_MARKS];
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
	}
}

int bench_run(struct bench_job *j)
{
	bool tc = j->hook == BENCH_TC;
	int next = bpf_map__fd(tc ? skel->maps.next_tc : skel->maps.next_xdp);
	int fd = bpf_program__fd(tc ? skel->progs.reset_tc : skel->progs.reset_xdp);
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = j->frame->b, .data_size_in = BENCH_FRAME,
		    .data_out = j->out, .data_size_out = sizeof(j->out), .repeat = j->packets);
	__u32 zero = 0;

	if (j->packets > BENCH_FLOWS)
		return xs_refuse("bench", NULL, "a run of %u packets does not fit", j->packets);
	prepare(j);
	if (bpf_map_update_elem(next, &zero, &j->prog, BPF_ANY))
		return xs_kernel(errno, "bench", NULL, "the program cannot be tail-called: its kind differs");
	for (int pass = 0; pass <= j->warm; pass++) {
		skel->bss->count = 0;
		if (bpf_prog_test_run_opts(fd, &o))
			return xs_kernel(errno, "bench", NULL, "test run failed");
		skel->bss->cfg.seq_first += j->packets * j->step;
	}
	j->ns = median_of_marks(j->packets);
	j->act = (int)o.retval;
	j->out_len = o.data_size_out;
	if (j->seq)
		*j->seq = skel->bss->cfg.seq_first;
	return 0;
}
