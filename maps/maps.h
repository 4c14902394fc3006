/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Every map of an instance: one row gives its definition to the BPF side and its name, mode and help to the user side.
 * Columns: name, type, key, value, entries (* load may set another size), flags, who may read (GROUP: group of the pin
 * directory; ROOT: secrets), then: key; who writes; who reads; what happens when it is full. */
#ifndef XS_MAPS_H
#define XS_MAPS_H

#include <linux/bpf.h>
#include "maps/abi.h"
#include "maps/counters.h"
#include "maps/decision.h"
#include "maps/features.h"
#include "maps/flow.h"
#include "maps/hist.h"
#include "maps/reasons.h"

/* One count of packets and bytes. */
struct xs_count {
	__u64 packets, bytes;
};
XS_SIZE(struct xs_count, 16);

/* xs_refusals: what this CPU may still refuse aloud in the current second */
struct xs_refusals {
	__u64 second;		/* jiffies / hz */
	__u64 sent;
};

#define XS_LOCK_SIZE 64
struct xs_blob {
	__u8 byte[4096];
};
#define XS_BLOBS 2048		/* 4 KiB pieces of the model, per generation */

#define XS_MAPS(X) \
	X(xs_control,	ARRAY,		__u32, struct xs_control, 1, BPF_F_MMAPABLE, GROUP, \
	  "one element: the word that names generation and revision; apply and feed; classify, once a packet; fixed") \
	X(xs_settings,	ARRAY,		__u32, struct xs_settings, 2, 0, GROUP, "by generation; apply; packet path; fixed") \
	X(xs_clock,	ARRAY,		__u32, struct xs_clock, 1, 0, GROUP, "one element; load and commands that write; admit; fixed") \
	X(xs_svc_index,	HASH,		struct xs_service_key, __u32, 2 * XS_MAX_SERVICES, 0, GROUP, \
	  "address, port, protocol, generation; apply; classify; check refuses before any write") \
	X(xs_services,	ARRAY,		__u32, struct xs_service, 2 * XS_MAX_SERVICES, 0, GROUP, "generation and id; apply; all steps; check refuses") \
	X(xs_levels,	ARRAY,		__u32, struct xs_levels, XS_MAX_SERVICES, 0, GROUP, "service id; feed and apply; place; fixed") \
	X(xs_tnt_index,	HASH,		struct xs_tenant_key, __u32, 2 * XS_MAX_TENANTS, 0, GROUP, "number and generation; apply; admit; check refuses") \
	X(xs_tenants,	ARRAY,		__u32, struct xs_tenant, 2 * XS_MAX_TENANTS, 0, GROUP, "generation and id; apply; admit, place; check refuses") \
	X(xs_keys,	ARRAY,		__u32, struct xs_keys, 2 * XS_MAX_TENANTS, 0, ROOT, "generation and tenant id; apply; admit; check refuses") \
	X(xs_rates,	ARRAY,		__u32, struct xs_rate, XS_MAX_TENANTS, 0, GROUP, "tenant id; rate, apply for a new tenant; rate; check refuses") \
	X(xs_limited,	PERCPU_ARRAY,	__u32, __u64, XS_MAX_TENANTS, 0, GROUP, "tenant id: requests beyond its rate; rate; tenant list, metrics; fixed") \
	X(xs_classes,	ARRAY,		__u32, struct xs_class, 2 * XS_MAX_CLASSES, 0, GROUP, "generation and class; apply; admit; fixed") \
	X(xs_sources,	LPM_TRIE,	struct xs_source_key, struct xs_source, 2 * XS_MAX_SOURCES, BPF_F_NO_PREALLOC, GROUP, \
	  "generation and source prefix; apply; admit; check refuses") \
	X(xs_targets,	ARRAY,		__u32, struct xs_target, XS_MAX_TARGETS, 0, GROUP, "target id; apply; place, deliver, flow table; check refuses") \
	X(xs_tlive,	ARRAY,		__u32, struct xs_tlive, XS_MAX_TARGETS, BPF_F_MMAPABLE, GROUP, "target id; target up|drain|down, deliver; place, deliver; fixed") \
	X(xs_rules,	HASH,		struct xs_rule_key, struct xs_rule_word, 16384, 0, GROUP, "what a placement is for; apply and feed; place; check and feed refuse") \
	X(xs_rows,	ARRAY,		__u32, struct xs_rule, 32768, 0, GROUP, "row number; apply and feed; place, explain; check and feed refuse") \
	X(xs_owns,	ARRAY,		__u32, struct xs_own, XS_MAX_OWNS, 0, GROUP, "slot; apply; deliver, flow table; apply refuses") \
	X(xs_own_use,	ARRAY,		__u32, struct xs_own_use, 2, 0, GROUP, "by generation; apply; source; fixed") \
	X(xs_slots,	ARRAY,		__u32, struct xs_slots, 65536, 0, GROUP, "slot / 32; apply and feed; place; check and feed refuse") \
	X(xs_maybe,	ARRAY,		__u32, struct xs_maybe, 1, 0, GROUP, "one element; apply; classify; fixed") \
	X(xs_guess,	ARRAY,		__u32, struct xs_guess, 2, 0, GROUP, "generation; apply; classify, admit; the last written of two, which costs the other a lookup") \
	X(xs_devs,	ARRAY,		__u32, struct xs_dev, XS_MAX_DEVS, 0, GROUP, "device slot; load; deliver; load refuses") \
	X(xs_devslot,	HASH,		__u32, __u32, XS_MAX_DEVS, 0, GROUP, "ifindex; load; deliver; load refuses") \
	X(xs_devmap,	DEVMAP,		__u32, __u32, XS_MAX_DEVS, 0, GROUP, "device slot; load; deliver; load refuses") \
	X(xs_lines,	ARRAY,		__u32, struct xs_line, 65536 /* * */, BPF_F_MMAPABLE, GROUP, "hash of a tuple; flow table; flow table; both lines full: table_full") \
	X(xs_flows,	ARRAY,		__u32, struct xs_flow, 131072 /* * */, BPF_F_MMAPABLE, GROUP, "flow index; client's packets; path, flow list; table_full") \
	X(xs_backs,	ARRAY,		__u32, struct xs_back, 131072 /* * */, BPF_F_MMAPABLE, GROUP, "flow index; target's packets; path, flow list; table_full") \
	X(xs_hlines,	ARRAY,		__u32, struct xs_line, 8192 /* * */, BPF_F_MMAPABLE, GROUP, "hash of a client's end; half-open store; half-open store; the oldest of the line goes, counted") \
	X(xs_halfs,	ARRAY,		__u32, struct xs_half, 65536 /* * */, BPF_F_MMAPABLE, GROUP, "line * 8 + place; half-open store; path, flow list; as xs_hlines") \
	X(xs_alloc,	ARRAY,		__u32, struct xs_alloc, 1, 0, GROUP, "one element; insert; insert; fixed") \
	X(xs_locks,	ARRAY,		__u32, struct xs_lock, XS_LOCKS, 0, GROUP, "tag line modulo 1024; insert; insert; fixed") \
	X(xs_frags,	LRU_HASH,	struct xs_frag_key, struct xs_frag, 16384, 0, GROUP, "source, destination, id; first fragments; later ones; the oldest goes") \
	X(xs_frag_ends,	LRU_HASH,	struct xs_frag_key, struct xs_frag_end, 4096, 0, GROUP, "source, destination, id; first fragments with another source; later ones; the oldest goes") \
	X(xs_series,	HASH,		struct xs_series_key, __u32, 1024 /* * */, 0, GROUP, "service, tenant, class, target; insert; latency show; catch-all series, counted") \
	X(xs_series_next, ARRAY,	__u32, struct xs_series_next, 1, 0, GROUP, "one element; insert; insert; fixed") \
	X(xs_hists,	PERCPU_ARRAY,	__u32, struct xs_hist, 1024 /* * */, 0, GROUP, "series and metric; measure; latency show, metrics; catch-all series") \
	X(xs_reasons,	PERCPU_ARRAY,	__u32, struct xs_count, XS_MAX_SERVICES * XS_R_MAX, 0, GROUP, "service id (0: none) and reason; measure; drop list, metrics; fixed") \
	X(xs_counters,	PERCPU_ARRAY,	__u32, __u64, XS_C_MAX, 0, GROUP, "enum xs_counter; all steps; status, metrics; fixed") \
	X(xs_tcounts,	PERCPU_ARRAY,	__u32, struct xs_tcount, XS_MAX_TARGETS, 0, GROUP, "target id; measure; target list, metrics; fixed") \
	X(xs_limits,	PERCPU_ARRAY,	__u32, struct xs_refusals, 1, 0, GROUP, "one element; refuse; refuse; refuse_limited") \
	X(xs_secrets,	ARRAY,		__u32, struct xs_secret, 1, 0, ROOT, "one element; load; load; fixed") \
	X(xs_blobs,	ARRAY,		__u32, struct xs_blob, 2 * XS_BLOBS, BPF_F_MMAPABLE, GROUP, "the model, piece by piece, by generation; apply; the CLI; check refuses") \
	X(xs_rcu,	ARRAY_OF_MAPS,	__u32, __u32, 1, 0, ROOT, "one element: a write of it waits for an RCU grace period; apply and feed; nobody; fixed")

/* xs_tcounts: per target, both directions, and how many flows were placed on it */
struct xs_tcount {
	struct xs_count to, from;
	__u64 placed, requests;
};
XS_SIZE(struct xs_tcount, 48);

/* xs_locks: one struct bpf_spin_lock, alone in its cache line */
struct xs_lock {
	struct bpf_spin_lock lock;
	__u32 pad[15];
};
XS_SIZE(struct xs_lock, XS_LOCK_SIZE);

#endif
