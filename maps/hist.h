/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Latency histograms: per CPU, exponential, by series (service, tenant, class, target) and metric. */
#ifndef XS_HIST_H
#define XS_HIST_H

#include <linux/bpf.h>
#include "maps/abi.h"

#define XS_METRICS(X) \
	X(HANDSHAKE,	handshake,	"first SYN to the client's ACK of the target's SYN, as seen here") \
	X(TTFB,		ttfb,		"request's first byte to the response's first byte") \
	X(TTFT,		ttft,		"request's first byte to the write that carries the first token") \
	X(DURATION,	duration,	"request's first byte to the response's last")

enum xs_metric {
#define X(id, name, help) XS_M_##id,
	XS_METRICS(X)
#undef X
	XS_M_MAX
};

/* Key of xs_series; the value is a dense series number, 0 being the catch-all. */
struct xs_series_key {
	__u16 service, tenant, target;
	__u8 class, pad;
};
XS_SIZE(struct xs_series_key, 8);

/* xs_series_next: the next free number, under a lock */
struct xs_series_next {
	struct bpf_spin_lock lock;
	__u32 next;
};

/* Bucket i counts values v (in units of 2^-30 s) with bound(i-1) < v <= bound(i); boundaries are powers of 2^(1/8) seconds: 9 %
 * steps, the exponential schema 3 of Prometheus and OpenTelemetry. The index function stands with the boundaries below. */
#define XS_HIST_BUCKETS 248

struct xs_hist {
	__u64 count;
	__u64 sum_ns;
	__u32 bucket[XS_HIST_BUCKETS];
};
XS_SIZE(struct xs_hist, 1008);

#endif
