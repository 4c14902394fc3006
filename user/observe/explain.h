/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What would become of a first packet: the real program decides, dry. */
#ifndef XS_EXPLAIN_H
#define XS_EXPLAIN_H

#include <jansson.h>
#include "maps/trace.h"
#include "user/observe/frame.h"

/* xs_explain_run() - load the program of the open instance once more, with its switch `dry` on, and give it the packet. Nothing
 * is sent, counted or recorded. Return: 0 or -errno, reported */
int xs_explain_run(const struct xs_first *first, struct xs_trace *trace);
/* xs_explain_json() - packet, reason, who decided, rule, ring, candidates, target. Return: NULL without memory */
json_t *xs_explain_json(const struct xs_first *first, const struct xs_trace *trace);

#endif
