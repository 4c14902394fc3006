/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Histograms -> figures: bounds, sums over CPUs and series, quantiles. Knows no kernel. */
#ifndef XS_QUANT_H
#define XS_QUANT_H

#include <stdint.h>
#include "maps/hist.h"

/* A histogram summed over CPUs or series. count is the sum of the buckets, so that it agrees with them even when a packet was
 * being counted while they were read. */
struct xs_dist {
	uint64_t count;
	uint64_t sum_ns;
	uint64_t bucket[XS_HIST_BUCKETS];
};

/* xs_bound_s() - the upper bound of bucket i in seconds, 2^(i/8 - 20); the last bucket has none (infinity) */
double xs_bound_s(unsigned int i);
/* xs_dist_add() - add what one CPU counted; xs_dist_merge() - add another sum */
void xs_dist_add(struct xs_dist *to, const struct xs_hist *cpu);
void xs_dist_merge(struct xs_dist *to, const struct xs_dist *from);
/* xs_quant_ns() - the q-quantile (0..1) in ns, interpolated on the scale of the buckets (a straight line from 0 in the first;
 * the lower bound in the last, whose values are known to be larger only). Within 9 % of the value. Return: 0 if nothing was counted */
uint64_t xs_quant_ns(const struct xs_dist *d, double q);
uint64_t xs_mean_ns(const struct xs_dist *d);
/* xs_most_ns() - upper bound of the highest bucket with a count (the lower one of the last bucket), 0 if nothing was counted */
uint64_t xs_most_ns(const struct xs_dist *d);
/* xs_span() - first and last bucket with a count. Return: false if there is none */
_Bool xs_span(const struct xs_dist *d, unsigned int *first, unsigned int *last);

#endif
