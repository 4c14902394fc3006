/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Switches and sizes that the loader freezes before load, so that the verifier removes what is off. */
#ifndef XS_FEATURES_H
#define XS_FEATURES_H

#include "maps/abi.h"

/* name, type, help */
#define XS_FEATURES(X) \
	X(dry,		__u8,	"explain: decide and trace, write no flow, send nothing") \
	X(tai,		__u8,	"the kernel has bpf_ktime_get_tai_ns (6.1)") \
	X(timing,	__u8,	"measure latency") \
	X(pad0,		__u8,	"") \
	X(hz,		__u32,	"jiffies a second") \
	X(flows,	__u32,	"records in the flow table") \
	X(lines_mask,	__u32,	"tag lines in the flow table, less one") \
	X(half_mask,	__u32,	"lines in the half-open store, less one") \
	X(series,	__u32,	"latency series; 0 is the catch-all")

struct xs_features {
#define X(name, type, help) type name;
	XS_FEATURES(X)
#undef X
};
XS_SIZE(struct xs_features, 24);

/* Keys of the hashes that clients must not be able to predict. Frozen like the features; the loader draws them once for an
 * instance and keeps them in the secret map xs_secret. */
struct xs_secret {
	__u64 flow[2];
};
XS_SIZE(struct xs_secret, 16);

#endif
