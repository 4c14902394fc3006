/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counters and histograms: per CPU, so nothing is shared. A dry run counts nothing. */
#ifndef XS_MEASURE_H
#define XS_MEASURE_H

#include "bpf/maps.bpf.h"
#include "bpf/pkt.h"

static __always_inline void xs_bump_by(enum xs_counter k, __u64 n)
{
	__u64 *v = feat.dry ? NULL : XS_GET(xs_counters, k);

	if (v)
		*v += n;
}

static __always_inline void xs_bump(enum xs_counter k)
{
	xs_bump_by(k, 1);
}

/* xs_count() - a packet leaves the path for this reason; bytes of its IP packet */
static __always_inline void xs_count(const struct xs_pkt *p, enum xs_reason r, __u32 bytes)
{
	struct xs_count *v = feat.dry ? NULL : XS_GET(xs_reasons, p->id.service * XS_R_MAX + r);

	if (!v)
		return;
	v->packets++;
	v->bytes += bytes;
}

/* xs_count_to(), xs_count_from() - the target's own totals, by direction */
static __always_inline void xs_count_to(__u32 target, __u32 bytes, bool placed)
{
	struct xs_tcount *v = XS_GET(xs_tcounts, target);

	if (!v)
		return;
	v->to.packets++;
	v->to.bytes += bytes;
	v->placed += placed;
}

static __always_inline void xs_count_from(__u32 target, __u32 bytes)
{
	struct xs_tcount *v = XS_GET(xs_tcounts, target);

	if (!v)
		return;
	v->from.packets++;
	v->from.bytes += bytes;
}

static __always_inline __u32 xs_series_take(void)
{
	struct xs_series_next *n = XS_GET(xs_series_next, 0);
	__u32 got = 0;

	if (!n)
		return 0;
	bpf_spin_lock(&n->lock);
	if (n->next + 1 < feat.series)
		got = ++n->next;
	bpf_spin_unlock(&n->lock);
	return got;
}

/* xs_series_of() - the latency series of a placed packet; made when first needed, the catch-all when there is no room */
static __always_inline __u16 xs_series_of(const struct xs_pkt *p)
{
	struct xs_series_key k = { .service = p->id.service, .tenant = p->ask.tenant, .target = p->to.target, .class = p->ask.class };
	__u32 *there = bpf_map_lookup_elem(&xs_series, &k), id;

	if (there)
		return *there;
	id = xs_series_take();
	if (!id) {
		xs_bump(XS_C_SERIES_FULL);
		return 0;
	}
	if (!bpf_map_update_elem(&xs_series, &k, &id, BPF_NOEXIST))
		return id;
	there = bpf_map_lookup_elem(&xs_series, &k);	/* another CPU was first; one number is lost */
	return there ? *there : 0;
}

/* xs_observe() - one value of a metric into the series' histogram; global: verified once, not at every call */
__noinline int xs_observe(__u32 series, __u32 metric, __u64 ns)
{
	struct xs_hist *h = XS_GET(xs_hists, series * XS_M_MAX + metric);
	__u32 i = xs_hist_index(ns);

	if (!h)
		return 0;
	h->count++;
	h->sum_ns += ns;
	if (i < XS_HIST_BUCKETS)
		h->bucket[i]++;
	return 0;
}

#endif
