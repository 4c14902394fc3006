/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What explain reads after a dry run: how admit and place came to their decision. Own map of the dry object, never pinned. */
#ifndef XS_TRACE_H
#define XS_TRACE_H

#include "maps/abi.h"

#define XS_TRACE_CANDIDATES 32

enum xs_who { XS_WHO_NOBODY, XS_WHO_SHIM, XS_WHO_SOURCE, XS_WHO_DEFAULT };
enum xs_lost { XS_CHOSEN, XS_LOST_STATE, XS_LOST_ZONE, XS_LOST_GONE, XS_LOST_CONFLICT, XS_LOST_FAMILY, XS_LOST_PORTS };

struct xs_candidate {
	__u16 target;
	__u8 set;
	__u8 lost;		/* enum xs_lost */
};

struct xs_trace {
	__u32 reason;		/* enum xs_reason */
	__u32 service;
	__u32 tenant;		/* id */
	__u32 class;
	__u32 who;		/* enum xs_who: what decided tenant and class */
	__u32 authentic;	/* 1: a tag was checked and is right */
	__u32 level;		/* enum xs_level */
	__u32 rule;		/* row */
	__u32 by_prefix;	/* the ring was keyed by a prefix */
	__u32 hash;		/* what keyed it */
	__u32 target;
	__u32 flow;		/* index + 1 of a live flow that decided, 0: none */
	__u32 ncandidates;	/* seen; the first XS_TRACE_CANDIDATES are kept */
	__u8 own;		/* the source that the target would see: as in a flow */
	__u8 pad;
	__be16 own_port;
	__u32 half;		/* index + 1 of a half-open row that decided, 0: none */
	__u32 pad1;
	struct xs_candidate candidate[XS_TRACE_CANDIDATES];
};

/* values of a map per CPU stand at multiples of 8 bytes */
_Static_assert(sizeof(struct xs_trace) % 8 == 0, "struct xs_trace is read for all CPUs at once");

#endif
