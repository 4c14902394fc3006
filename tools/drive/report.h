/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef DRIVE_REPORT_H
#define DRIVE_REPORT_H

#include "tools/drive/play.h"

/* report() - TTFT quantiles and failures by tenant and class, and which accelerator served whom; JSON with xs_env.json.
 * Quantiles are of requests that got text. Return: 0 or -errno */
int report(const struct play *p, const struct played *out);

#endif
