// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>
#include <stdbool.h>
#include "user/observe/quant.h"

#define UNIT_LOG2 30	/* maps/hist.h counts in 2^-30 s */

/* 2^(x/8) of the scale, in seconds; x may lie between two bounds */
static double scale_s(double x)
{
	return exp2(x / 8 + XS_HIST_LOW - UNIT_LOG2);
}

double xs_bound_s(unsigned int i)
{
	return i < XS_HIST_BUCKETS - 1 ? scale_s(i) : INFINITY;
}

void xs_dist_add(struct xs_dist *to, const struct xs_hist *cpu)
{
	to->sum_ns += cpu->sum_ns;
	for (int i = 0; i < XS_HIST_BUCKETS; i++) {
		to->bucket[i] += cpu->bucket[i];
		to->count += cpu->bucket[i];
	}
}

void xs_dist_merge(struct xs_dist *to, const struct xs_dist *from)
{
	to->count += from->count;
	to->sum_ns += from->sum_ns;
	for (int i = 0; i < XS_HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

/* A share (0..1) of the way through bucket i, in ns */
static uint64_t within_ns(unsigned int i, double share)
{
	if (i == 0)
		return llrint(scale_s(0) * share * 1e9);
	return llrint(scale_s(i - 1 + (i < XS_HIST_BUCKETS - 1 ? share : 0)) * 1e9);
}

uint64_t xs_quant_ns(const struct xs_dist *d, double q)
{
	double rank = q * d->count, below = 0;
	unsigned int first, last, i;

	if (!xs_span(d, &first, &last))
		return 0;
	for (i = first; i < last && below + d->bucket[i] < rank; i++)
		below += d->bucket[i];
	return within_ns(i, d->bucket[i] ? fmin((rank - below) / d->bucket[i], 1) : 0);
}

uint64_t xs_mean_ns(const struct xs_dist *d)
{
	return d->count ? d->sum_ns / d->count : 0;
}

uint64_t xs_most_ns(const struct xs_dist *d)
{
	unsigned int first, last;

	return xs_span(d, &first, &last) ? within_ns(last, 1) : 0;
}

bool xs_span(const struct xs_dist *d, unsigned int *first, unsigned int *last)
{
	unsigned int i = 0, n = XS_HIST_BUCKETS;

	while (i < n && !d->bucket[i])
		i++;
	while (n > i && !d->bucket[n - 1])
		n--;
	*first = i;
	*last = n - 1;
	return i < n;
}
