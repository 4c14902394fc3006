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

/* Times are counted in units of 2^-30 s, so that bucket boundaries are powers of 2^(1/8) seconds: 9 % steps, the exponential
 * schema 3 of Prometheus and OpenTelemetry. Bucket i holds bound(i-1) < v <= bound(i) = 2^(XS_HIST_LOW + i/8); the first
 * (0.95 us) and the last (1,900 s) hold what lies beyond them, too. */
#define XS_HIST_LOW 10
#define XS_HIST_BUCKETS 248

struct xs_hist {
	__u64 count;
	__u64 sum_ns;
	__u32 bucket[XS_HIST_BUCKETS];
};
XS_SIZE(struct xs_hist, 1008);

/* xs_hist_index() - bucket of a time in ns. The highest bit is found by steps: clang 14 has no usable clz for BPF. */
static inline __attribute__((always_inline)) __u32 xs_hist_index(__u64 ns)
{
	__u64 v, m;
	__u32 e = 0, k = 0;

	if (ns > 10000000000000ULL)
		ns = 10000000000000ULL;
	v = ns * 1125900 >> 20;		/* 2^30 / 10^9 */
	if (v <= 1 << XS_HIST_LOW)
		return 0;
	m = --v;			/* a value on a boundary belongs to the bucket below */
	if (m >> 32) { e += 32; m >>= 32; }
	if (m >> 16) { e += 16; m >>= 16; }
	if (m >> 8) { e += 8; m >>= 8; }
	if (m >> 4) { e += 4; m >>= 4; }
	if (m >> 2) { e += 2; m >>= 2; }
	if (m >> 1) e++;
	m = e < 31 ? v << (31 - e) : v >> (e - 31);	/* 2^31 <= m < 2^32: the mantissa */
	if (m >= 0xb504f334) {
		k = m >= 0xd744fccb ? (m >= 0xeac0c6e8 ? 7 : 6) : (m >= 0xc5672a11 ? 5 : 4);
	} else {
		k = m >= 0x9837f052 ? (m >= 0xa5fed6aa ? 3 : 2) : (m >= 0x8b95c1e4 ? 1 : 0);
	}
	k += (e - XS_HIST_LOW) * 8 + 1;
	return k < XS_HIST_BUCKETS ? k : XS_HIST_BUCKETS - 1;
}

#endif
