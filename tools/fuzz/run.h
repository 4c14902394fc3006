/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One frame through the programs as they are, built for the host. */
#ifndef XS_FUZZ_RUN_H
#define XS_FUZZ_RUN_H

#include <stdbool.h>
#include "maps/features.h"
#include "maps/reasons.h"

enum run_hook { RUN_XDP, RUN_EGRESS, RUN_DRY };

/* What the program left behind, beside the frame. */
struct run {
	int verdict;
	enum xs_reason reason;		/* XS_R_NONE: none was counted */
	int counted;			/* reasons counted for it */
	__u32 gen, service, flow, dir;
	__u32 tenant, class;
	__u32 target, rule, set, way;
	__u32 l3, l4, pay, pay_len, ip_len;
};

struct xs_mem;
/* run_setup() - freeze the features and the secret */
void run_setup(const struct xs_features *f, const struct xs_secret *s);
void run_frame(enum run_hook hook, struct xs_mem *c, struct run *r);
/* run_table() - the flow table hangs together: both tuples of every record in use lead to it, no free one answers, none is held.
 * Return: NULL, or what is wrong */
const char *run_table(void);

#endif
