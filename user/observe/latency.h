/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Series of histograms -> the figures people ask for, folded over what they do not ask for. */
#ifndef XS_LATENCY_H
#define XS_LATENCY_H

#include <jansson.h>
#include "user/cmd.h"
#include "user/observe/snap.h"

enum xs_by { XS_BY_SERVICE = 1, XS_BY_TENANT = 2, XS_BY_CLASS = 4, XS_BY_TARGET = 8 };
#define XS_BY_ALL 15

struct xs_latency {
	unsigned int by;		/* enum xs_by: what rows are told apart by */
	int service, tenant, class, target, metric;	/* wanted, -1: any */
	struct xs_series *row;		/* folded and sorted; key.pad: the catch-all series */
	uint32_t n;
	bool on;			/* latency is measured: of every request, for nothing is sampled */
	uint32_t series, most;		/* series in use, and how many there may be */
	uint64_t measured, caught;	/* values in all series, and of them in the catch-all */
	uint64_t full;			/* flows that found no series of their own */
};

/* xs_latency_read() - fill row and what follows from the maps, as by, service..target say; the catch-all is left out where a
 * filter asks for what it does not know. Return: 0 or -errno, reported */
int xs_latency_read(struct xs_latency *l);
void xs_latency_free(struct xs_latency *l);
/* xs_latency_json() - {"latency": [a row each, an object for each metric], "series": ...}; with every bucket if buckets */
json_t *xs_latency_json(const struct xs_latency *l, bool buckets);
/* xs_latency_table() - a line for each row and metric. Return: 0 or -errno, reported */
int xs_latency_table(const struct xs_latency *l);
/* xs_latency_bars() - a chart for each row and metric, to standard output */
void xs_latency_bars(const struct xs_latency *l);

#endif
