/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Maps -> plain values at one time: flows, counts and histograms. The only reader of what the packet path counts. */
#ifndef XS_SNAP_H
#define XS_SNAP_H

#include <stdbool.h>
#include "user/base/mapio.h"
#include "user/observe/quant.h"

/* A flow as it was at one moment: both sides belong to one life of the record. */
struct xs_seen {
	uint32_t index;
	struct xs_flow flow;
	struct xs_back back;
	uint64_t age_ms;	/* since its first packet; jiffies have 32 bits, so ages begin anew after 49 days at 1000 Hz */
	uint64_t idle_ms;	/* since its last packet in either direction */
	bool expired;		/* its time is over: one of the next insertions frees it, unless a packet comes first */
};

/* xs_snap_flows() - call fn for every record in use, then for every half-open row, as XS_F_HALF_OPEN; stops when fn returns non-zero.
 * Return: 0, what fn returned, or -errno, reported */
int xs_snap_flows(int (*fn)(const struct xs_seen *seen, void *arg), void *arg);

/* One latency series. The first row of a snapshot is the catch-all: key all 0. */
struct xs_series {
	struct xs_series_key key;
	struct xs_dist metric[XS_M_MAX];
};
/* xs_snap_series() - every series, the catch-all first; free() *rows. Return: number, or -errno, reported */
int xs_snap_series(struct xs_series **rows);
/* xs_snap_reasons() - XS_MAX_SERVICES rows of XS_R_MAX counts, by service id (0: no service); free(). Return: NULL: reported */
struct xs_count (*xs_snap_reasons(void))[XS_R_MAX];
/* xs_snap_counters(), xs_snap_target(), xs_snap_limited() - summed over CPUs; the last: requests beyond a tenant's rate.
 * Return: 0 or -errno, reported */
int xs_snap_counters(uint64_t count[XS_C_MAX]);
int xs_snap_target(uint32_t id, struct xs_tcount *count);
int xs_snap_limited(uint32_t tenant, uint64_t *count);

#endif
