/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stamping: what the cgroup programs of a client host and `xsteer stamp` share. Independent of any instance.
 *
 * Each stamped cgroup has programs of its own, loaded with its configuration, which never changes: a new one comes as new
 * programs, swapped into the same links. A socket in nested cgroups meets the programs of all of them, innermost first: the
 * first to see a setsockopt() answers it, and the deepest live one owns a connection's SYN. */
#ifndef XS_STAMP_H
#define XS_STAMP_H

#include "maps/abi.h"
#include "maps/decision.h"
#include "maps/shim.h"

#define XS_STAMP_LEVEL	0x5853	/* of the socket option */
#define XS_STAMP_NAME	1
#define XS_STAMP_TENANTS 28	/* of one cgroup */
#define XS_STAMP_CGROUPS 1024	/* stamped cgroups of one host */
#define XS_STAMP_PATH	512

/* What an application says; struct xsteer_stamp of user/shim/xsteer_shim.h. Host order. */
struct xs_stamp {
	__u16 tenant;
	__u8 class;
	__u8 exp_a, back, quarter;
	__u16 zero;
	__u32 hash_a, hash_b;
};
XS_SIZE(struct xs_stamp, 16);
XS_AT(struct xs_stamp, exp_a, 3);
XS_AT(struct xs_stamp, hash_a, 8);

struct xs_stamp_tenant {
	__u16 number;
	__u8 epoch;		/* 1: the odd key */
	__u8 tagged;		/* it has a key */
	__u32 pad;
	__u64 key[2];
};
XS_SIZE(struct xs_stamp_tenant, 24);

/* xs_st_conf, one element, frozen before its programs are attached; root only */
struct xs_stamp_conf {
	__u64 cgroup;		/* its id */
	__u32 level;		/* how deep it lies; deeper ones own the sockets they contain */
	__u32 tenants;		/* that it may use */
	struct xs_stamp def;	/* of sockets that say nothing */
	__u8 has_def;
	__u8 pad[7];
	struct xs_stamp_tenant tenant[XS_STAMP_TENANTS];
	char path[XS_STAMP_PATH];	/* for people */
};
XS_AT(struct xs_stamp_conf, tenant, 40);

/* xs_st_socks, in the socket */
struct xs_stamp_sock {
	struct xs_stamp stamp;
	__u64 owner;		/* cgroup whose programs stamp this connection; 0: nobody yet */
	__u8 set;		/* the application gave a stamp */
	__u8 pad[7];
};
XS_SIZE(struct xs_stamp_sock, 32);

/* xs_st_counts: per CPU and cgroup; a retransmitted SYN counts again */
#define XS_STAMP_COUNTS(X) \
	X(STAMPED,	stamped,	"SYNs that left with a stamp") \
	X(NO_ROOM,	no_room,	"SYNs that left without: MPTCP, a Fast Open cookie or other options took the room") \
	X(DENIED,	denied,		"stamps refused, or left off, because the cgroup may not use their tenant") \
	X(NO_CLOCK,	no_clock,	"SYNs that left without: this host has no sound clock to tag them by") \
	X(NO_MEMORY,	no_memory,	"connections that no stamp could be kept for")

enum xs_stamp_count {
#define X(id, name, help) XS_SC_##id,
	XS_STAMP_COUNTS(X)
#undef X
	XS_SC_MAX
};

/* name, type, key, value, elements; who writes, who reads, when full */
#define XS_STAMP_MAPS(X) \
	X(xs_st_conf,	ARRAY,		__u32, struct xs_stamp_conf, 1, "of a cgroup; stamp cgroup; all programs, stamp list; fixed") \
	X(xs_st_counts,	PERCPU_ARRAY,	__u32, __u64, XS_SC_MAX, "of a cgroup; all programs; stamp list; fixed") \
	X(xs_st_levels,	HASH,		__u64, __u32, XS_STAMP_CGROUPS, "live cgroup ids and their levels; stamp; claim; stamp cgroup refuses") \
	X(xs_st_clock,	ARRAY,		__u32, struct xs_clock, 1, "one element; stamp; tags; fixed")

/* Frozen before load: which helpers this kernel has. */
struct xs_stamp_features {
	__u8 retval;		/* bpf_set_retval (5.18): errors other than EPERM */
	__u8 mptcp;		/* bpf_skc_to_mptcp_sock (5.19) */
	__u8 tai;		/* bpf_ktime_get_tai_ns (6.1) */
	__u8 pad;
};

#endif
