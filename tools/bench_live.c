// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* End to end: packets a second through native XDP on veth devices, every CPU at once. BPF_PROG_TEST_RUN with live frames makes
 * them on each CPU and sends them by a veth device; at its peer xsteer, the yardstick or a program that only redirects sends
 * each on to the same other pair of devices, at whose end it is counted. All of it in turn, round by round.
 * Covered: what the kernel does for XDP on each frame (receive, redirect, bulk flush, page pool), two CPUs on shared maps,
 * packet memory that is not always warm. Not covered: a NIC's driver, DMA and receive hashing; and as the frames are made on
 * the CPU that receives them, all of it costs more than receiving alone: the bare program shows how much. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/bench_out.h"
#include "skel/bench_live.skel.h"
#include "user/base/err.h"

enum { BATCH = 64, PACKETS = 1 << 18 /* a CPU and run */ };

enum path { XSTEER, CLASSIC, BARE, PATHS };

/* Frames go out by it and come in at its peer, where the program is. */
static const struct { const char *out, *in, *key; } paths[] = {
	[XSTEER] = { "bc1", "bc0", "xsteer_pps" }, [CLASSIC] = { "by1", "by0", "classic_pps" }, [BARE] = { "be1", "be0", "bare_pps" },
};

static const struct { const char *name; enum bench_turn turn; } rows[] = {
	{ "established, 64k of 1M flows", BENCH_SOME }, { "established, 1M flows", BENCH_ALL },
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static struct bench_live *skel;
static int lanes;
static double lost[ROWS];		/* greatest share of one run */

struct thread {
	pthread_t id;
	int cpu, err;
	enum path path;
};

static void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void *make(void *arg)
{
	struct thread *t = arg;
	struct xdp_md ctx = { .data_end = BENCH_FRAME, .ingress_ifindex = if_nametoindex(paths[t->path].out) };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = skel->bss->cfg.bytes, .data_size_in = BENCH_FRAME, .ctx_in = &ctx, .ctx_size_in = sizeof(ctx),
		    .repeat = PACKETS, .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);

	pin_to(t->cpu);
	t->err = bpf_prog_test_run_opts(bpf_program__fd(skel->progs.make), &o) ? -errno : 0;
	return NULL;
}

static uint64_t sunk(void)
{
	uint64_t n = 0;

	for (int i = 0; i < lanes; i++)
		n += skel->bss->lane[i].sunk;
	return n;
}

/* Only what arrives counts. Frames get lost where somebody else keeps a CPU from taking them off the device's ring of 256. */
static void account(enum path path, int row, uint64_t arrived, int *err)
{
	uint64_t made = (uint64_t)lanes * PACKETS;
	double share = 1 - (double)arrived / made;

	lost[row] = share > lost[row] ? share : lost[row];
	if (arrived < made / 2)
		*err = xs_refuse(paths[path].in, NULL, "%llu of %llu frames arrived", (unsigned long long)arrived, (unsigned long long)made);
}

/* run() - packets a second by one path, 0 with *err if it fails */
static double run(enum path path, int row, int *err)
{
	struct thread t[BENCH_LANES];
	uint64_t began = UINT64_MAX, ended = 0, arrived;

	memset(skel->bss->lane, 0, sizeof(skel->bss->lane));
	for (int i = 0; i < lanes; i++)
		skel->bss->lane[i].nr = i;
	for (int i = 0; i < lanes; i++) {
		t[i] = (struct thread){ .cpu = i, .path = path };
		if (pthread_create(&t[i].id, NULL, make, &t[i]))
			abort();
	}
	for (int i = 0; i < lanes; i++) {
		pthread_join(t[i].id, NULL);
		if (t[i].err)
			*err = xs_kernel(t[i].err, paths[path].out, "the kernel needs live frames in test runs (5.18)", "no frames can be made");
	}
	arrived = sunk();
	for (int i = 0; i < lanes; i++) {
		struct bench_lane l = skel->bss->lane[i];

		began = l.made && l.began < began ? l.began : began;
		ended = l.ended > ended ? l.ended : ended;
	}
	if (!*err)
		account(path, row, arrived, err);
	return *err || ended <= began ? 0 : arrived * 1e9 / (ended - began);
}

static int attach(const char *dev, int fd, __u32 flags)
{
	int err = bpf_xdp_attach(if_nametoindex(dev), fd, flags, NULL);

	return err ? xs_kernel(err, dev, NULL, "no program can be attached") : 0;
}

static int wire(void)
{
	__u32 zero = 0, out = if_nametoindex("bt0");
	int err;

	skel = bench_live__open_and_load();
	if (!skel || bpf_map_update_elem(bpf_map__fd(skel->maps.out), &zero, &out, BPF_ANY))
		return xs_kernel(errno, "bench_live", NULL, "cannot load");
	lanes = (int)sysconf(_SC_NPROCESSORS_ONLN);
	lanes = lanes < BENCH_LANES ? lanes : BENCH_LANES;
	err = bench_classic_wire(out) ?: attach("bt1", bpf_program__fd(skel->progs.sink), XDP_FLAGS_DRV_MODE) ?:
	      attach(paths[CLASSIC].in, bench_classic_prog(BENCH_WIRED), XDP_FLAGS_DRV_MODE) ?:
	      attach(paths[BARE].in, bpf_program__fd(skel->progs.bare), XDP_FLAGS_DRV_MODE);
	/* As in bench_run.c: no RCU grace periods within the time that is measured. Nothing comes in here. */
	return err ?: attach(paths[BARE].out, bpf_program__fd(skel->progs.make), XDP_FLAGS_DRV_MODE);
}

static void prepare(enum bench_turn turn)
{
	const struct bench_row ack = { .set = BENCH_MANY4, .kind = BENCH_ACK, .turn = turn };
	struct bench_table t = bench_row_table(&ack, &bench_sets[BENCH_MANY4], 0);
	struct bench_frame f;

	bench_row_frame(&ack, &f);
	skel->bss->cfg = (struct bench_cfg){ .mask = t.n - 1, .saddr = f.saddr, .daddr = f.daddr, .ports = f.l4, .lanes = lanes };
	memcpy(skel->bss->cfg.bytes, f.b, sizeof(f.b));
	memcpy(skel->bss->flow, t.flow, t.n * sizeof(*t.flow));
}

static json_t *row_json(int row, double pps[PATHS][BENCH_ROUNDS_MAX], int rounds)
{
	double ratio[BENCH_ROUNDS_MAX];
	json_t *j = json_pack("{s:s}", "row", rows[row].name);

	for (int p = 0; p < PATHS; p++)
		json_object_set_new(j, paths[p].key, json_integer(bench_quantile(pps[p], rounds, .5)));
	for (int i = 0; i < rounds; i++)
		ratio[i] = pps[XSTEER][i] / pps[CLASSIC][i];
	json_object_set_new(j, "lost_percent", json_real((double)(long)(lost[row] * 1000 + .5) / 10));
	json_object_set_new(j, "ratio", json_real((double)(long)(bench_quantile(ratio, rounds, .5) * 100 + .5) / 100));
	return j;
}

int bench_live(int rounds, json_t **rows_json)
{
	static double pps[ROWS][PATHS][BENCH_ROUNDS_MAX];
	int err = bench_host_use(BENCH_FULL) ?: wire();

	for (int round = 0; !err && round < rounds; round++)
		for (int row = 0; !err && row < ROWS; row++) {
			prepare(rows[row].turn);
			for (int i = 0; !err && i < PATHS; i++) {
				enum path p = (enum path)((i + round) % PATHS);

				pps[row][p][round] = run(p, row, &err);
			}
		}
	*rows_json = json_array();
	for (int row = 0; !err && row < ROWS; row++)
		json_array_append_new(*rows_json, row_json(row, pps[row], rounds));
	bench_live__destroy(skel);
	return err;
}
