/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Snapshot -> OpenMetrics text. */
#ifndef XS_OPENMETRICS_H
#define XS_OPENMETRICS_H

#include <stdio.h>

/* xs_openmetrics() - everything that is counted, once, as of now. Every sample has the label xsteer_instance, so that the texts
 * of two instances can be put together. Return: 0 or -errno, reported */
int xs_openmetrics(FILE *to);

#endif
