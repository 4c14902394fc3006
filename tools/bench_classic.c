// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The yardstick's maps. It holds as many flows as the instance under test. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tools/bench.h"
#include "tools/classic.h"
#include "skel/classic.skel.h"
#include "user/base/err.h"
#include "user/base/mapio.h"

enum { REALS = 16 };

static struct classic *skels[BENCH_YARDS];

/* IPv4 stands in the first word there. */
static void put_addr(__be32 w[4], const struct xs_addr *a)
{
	bool v4 = a->w[2] == htonl(0xffff);

	memcpy(w, v4 ? &a->w[3] : &a->w[0], v4 ? 4 : 16);
}

static int fill(const struct classic *skel, const struct bench_set *sets, int nsets)
{
	int vips = bpf_map__fd(skel->maps.vips), ring = bpf_map__fd(skel->maps.ring), reals = bpf_map__fd(skel->maps.reals), err = 0;
	struct classic_addr real = {};
	struct xs_addr vip;
	__u32 zero = 0;

	for (int i = 0; i < nsets; i++) {
		struct classic_vip v = { .port = htons(sets[i].port), .proto = sets[i].proto };

		vip = bench_addr(sets[i].vip);
		put_addr(v.addr, &vip);
		err |= bpf_map_update_elem(vips, &v, &zero, BPF_ANY);
	}
	for (__u32 i = 0; i < CLASSIC_RING; i++)
		err |= bpf_map_update_elem(ring, &i, &(__u32){ i % REALS }, BPF_ANY);
	for (__u32 i = 0; i < REALS; i++) {
		real.w[3] = htonl(0xc6128001 + i);
		err |= bpf_map_update_elem(reals, &i, &real, BPF_ANY);
	}
	return err ? xs_kernel(errno, "classic", NULL, "cannot fill its maps") : 0;
}

int bench_classic_up(enum bench_yard yard, uint32_t room, const struct bench_set *sets, int nsets)
{
	struct classic *skel = skels[yard] = classic__open();

	if (!skel || bpf_map__set_max_entries(skel->maps.flows, room) || classic__load(skel))
		return xs_kernel(errno, "classic", "run as root", "cannot load");
	return fill(skel, sets, nsets);
}

int bench_classic_wire(uint32_t out)
{
	struct classic *from = skels[BENCH_ROOMY], *skel = skels[BENCH_WIRED] = classic__open();
	__u32 zero = 0;
	int err = 0;

	if (!skel)
		return xs_kernel(errno, "classic", "run as root", "cannot load");
	skel->rodata->wired = 1;
	err |= bpf_map__reuse_fd(skel->maps.vips, bpf_map__fd(from->maps.vips));
	err |= bpf_map__reuse_fd(skel->maps.flows, bpf_map__fd(from->maps.flows));
	err |= bpf_map__reuse_fd(skel->maps.ring, bpf_map__fd(from->maps.ring));
	err |= bpf_map__reuse_fd(skel->maps.reals, bpf_map__fd(from->maps.reals));
	err |= bpf_map__reuse_fd(skel->maps.stats, bpf_map__fd(from->maps.stats));
	if (err || classic__load(skel) || bpf_map_update_elem(bpf_map__fd(skel->maps.out), &zero, &out, BPF_ANY))
		return xs_kernel(errno, "classic", NULL, "cannot load");
	return 0;
}

void bench_classic_down(void)
{
	for (int i = 0; i < BENCH_YARDS; i++)
		classic__destroy(skels[i]);
}

int bench_classic_prog(enum bench_yard yard)
{
	return skels[yard] ? bpf_program__fd(skels[yard]->progs.classic) : -1;
}

void bench_classic_count(enum bench_yard yard, uint64_t count[3])
{
	struct classic_stat v[xs_ncpus()];

	for (__u32 row = 0; row < 3; row++) {
		count[row] = 0;
		if (bpf_map_lookup_elem(bpf_map__fd(skels[yard]->maps.stats), &row, v))
			continue;
		for (int i = 0; i < xs_ncpus(); i++)
			count[row] += v[i].packets;
	}
}

int bench_classic_forget(const struct bench_table *t, const struct bench_frame *f)
{
	static struct classic_flow keys[BENCH_FLOWS];
	struct classic_flow key = { .proto = f->proto };
	__u32 n = t->n;

	memcpy(key.src, f->b + f->saddr - (f->v6 ? 12 : 0), f->v6 ? 16 : 4);
	memcpy(key.dst, f->b + f->daddr - (f->v6 ? 12 : 0), f->v6 ? 16 : 4);
	for (uint32_t i = 0; i < t->n; i++) {
		key.src[f->v6 ? 3 : 0] = t->flow[i].saddr;
		key.sport = t->flow[i].sport;
		key.dport = t->flow[i].dport;
		keys[i] = key;
	}
	if (bpf_map_delete_batch(bpf_map__fd(skels[BENCH_ROOMY]->maps.flows), keys, &n, NULL) || n != t->n)
		return xs_kernel(errno, "classic", NULL, "its flows cannot be taken out");
	return 0;
}
