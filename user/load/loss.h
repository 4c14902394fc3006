/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Counting what the kernel loses after a redirect: two raw tracepoints, pinned as links beside the programs. */
#ifndef XS_LOSS_H
#define XS_LOSS_H

#include <stdbool.h>

/* xs_loss_watch() - attach to the tracepoints for the open instance and pin that. Where it cannot be done this is told as a warning:
 * all else works */
void xs_loss_watch(void);
/* xs_loss_watched() - whether both are pinned */
bool xs_loss_watched(void);
/* xs_loss_possible() - whether this kernel lets the programs load and attach. Return: 0 or -errno, nothing reported */
int xs_loss_possible(void);

#endif
