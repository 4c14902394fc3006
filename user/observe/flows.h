/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flow records -> rows of `flow list` and the full account of `flow show`. */
#ifndef XS_FLOWS_H
#define XS_FLOWS_H

#include <jansson.h>
#include "user/cmd.h"
#include "user/observe/snap.h"

/* Which flows are wanted; -1: any. */
struct xs_flow_match {
	int service, tenant, class, target, state;
	struct xs_addr client;
	uint8_t bits;		/* of client that count, 0: any client */
	uint16_t cport;		/* host order, 0: any */
	bool expired;		/* those whose time is over, too */
};

/* xs_flow_match_parse() - from the filters service, tenant, class, target, state, client of a call. Return: 0 or -errno, reported */
int xs_flow_match_parse(const struct xs_call *call, struct xs_flow_match *match);
bool xs_flow_match(const struct xs_flow_match *match, const struct xs_seen *seen);
/* xs_flow_json() - what lists show; xs_flow_full_json() - all there is. Return: NULL without memory */
json_t *xs_flow_json(const struct xs_seen *seen);
json_t *xs_flow_full_json(const struct xs_seen *seen);

#endif
