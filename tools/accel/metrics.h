/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef ACCEL_METRICS_H
#define ACCEL_METRICS_H

#include "tools/accel/engine.h"

/* metrics_text() - the engine's figures under vLLM's names, in Prometheus' text format. Return: allocated, NULL without memory */
char *metrics_text(const struct engine *e);

#endif
