/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was decided outside the packet path: services, tenants, classes, targets, rules and their rings.
 *
 * Two generations: rows marked [gen] are at index gen * MAX + id. apply writes the idle one and flips xs_control; a packet
 * reads that word once. Targets have no generation: a row belongs to one incarnation of an id and does not change; a target
 * whose address, port, pool, site or way changes gets another id, so a flow keeps what it was placed on. Rules and rings are
 * immutable once published, too: the word in xs_rules names the row, the row carries its key, and a row or ring is written
 * anew only after an RCU grace period. */
#ifndef XS_DECISION_H
#define XS_DECISION_H

#include <linux/bpf.h>
#include "maps/abi.h"

/* xs_control, one element: revision << 1 | generation, written by one 8-byte store. */
struct xs_control {
	__u64 word;
};
#define XS_GEN(word) ((__u32)(word) & 1)
#define XS_REVISION(word) ((word) >> 1)

/* xs_settings [gen]: each is a row of user/decide/settings.c. */
struct xs_settings {
	__u32 tcp_idle_s;	/* established TCP flow without a packet */
	__u32 tcp_syn_s;	/* half-open */
	__u32 tcp_closed_s;	/* after FIN or RST */
	__u32 udp_idle_s;
	__u32 shim_window_s;	/* long form: either way, inclusive */
	__u32 refusals;		/* resets and ICMP errors a second and CPU; 0: none */
	__u32 write_gap_us;	/* response segments closer than this are one write */
	__u32 pad[9];
};
XS_SIZE(struct xs_settings, 64);

/* xs_clock: how unix time follows from the kernel's clocks; written by load and by every command that writes. */
struct xs_clock {
	__s64 boot_off_ns;	/* CLOCK_REALTIME - CLOCK_BOOTTIME */
	__s64 tai_off_ns;	/* CLOCK_TAI - CLOCK_REALTIME */
	__u64 set_boot_ns;	/* CLOCK_BOOTTIME when this was written */
	__u32 valid;
	__u32 pad;
};
XS_SIZE(struct xs_clock, 32);
#define XS_EPOCH_SANE 1704067200LL	/* 2024-01-01: a clock before it was never set */

enum xs_shim_policy { XS_SHIM_NONE, XS_SHIM_OPTIONAL, XS_SHIM_REQUIRED };
enum xs_refuse { XS_REFUSE_RESET, XS_REFUSE_SILENT };
enum xs_unknown { XS_UNKNOWN_DEFAULT, XS_UNKNOWN_REFUSE };
enum xs_way { XS_WAY_STACK, XS_WAY_DIRECT };
enum xs_via { XS_VIA_NAT, XS_VIA_FULLNAT };	/* as kinds.c words it; the others are not there yet */
enum xs_tstate { XS_T_UP, XS_T_DRAINING, XS_T_DOWN };

/* xs_svc_index: where clients send -> service id */
struct xs_service_key {
	struct xs_addr addr;
	__be16 port;
	__u8 proto;
	__u8 gen;
};
XS_SIZE(struct xs_service_key, 20);

/* Levels of rules, most specific first; bits of xs_service.levels and of xs_levels. */
enum xs_level { XS_L_PREFIX_TENANT, XS_L_PREFIX, XS_L_TENANT_CLASS, XS_L_TENANT, XS_L_CLASS, XS_L_SERVICE, XS_L_MAX };

/* xs_services [gen] */
struct xs_service {
	struct xs_addr addr;
	__be16 port;
	__u8 proto;		/* 0: no such service */
	__u8 shim;		/* enum xs_shim_policy */
	__u8 refuse;		/* enum xs_refuse */
	__u8 unknown;		/* enum xs_unknown: what becomes of clients without a tenant */
	__u8 strip;		/* remove the UDP shim before delivery */
	__u8 first_token;	/* the Nth response write carries the first token */
	__u8 levels;		/* bit per enum xs_level: configured rules exist at it */
	__u8 default_class;	/* of clients whose class nothing says */
	__u16 default_tenant;	/* id, 0: none */
	__u16 inc;
	__u16 rule;		/* row of its own configured rule, at level XS_L_SERVICE; 0: none */
	__u32 pad[8];
};
XS_SIZE(struct xs_service, 64);

/* xs_levels, by service: as xs_service.levels, for fed rules. Bits are set before the first rule of the level, cleared by apply. */
struct xs_levels {
	__u32 fed;
	__u32 pad;
};

/* xs_tnt_index: tenant number on the wire and generation -> tenant id */
struct xs_tenant_key {
	__u32 number;
	__u32 gen;
};

/* xs_tenants [gen]. Id 0 is the tenant of clients that have none: no keys, all zones. */
struct xs_tenant {
	__u32 number;		/* as on the wire */
	__u16 inc;
	__u8 used;
	__u8 keys;		/* bit 0: even epoch, bit 1: odd epoch */
	__u64 zones;		/* where its requests may go */
	__u32 requests;		/* a second; 0: no limit */
	__u32 tokens;		/* of prompts, a second; 0: no limit */
	__u64 slack_ns;		/* how far it may run ahead of its pace: a burst less one */
};
XS_SIZE(struct xs_tenant, 32);

/* What a tenant has used of its rates: theoretical arrival times (GCRA, ITU-T I.371), CLOCK_MONOTONIC ns */
struct xs_tat {
	__u64 requests, tokens;
};

/* xs_rates, by tenant id. Of one incarnation of the id, not of a generation: a new structure forgives nothing. */
struct xs_rate {
	struct bpf_spin_lock lock;
	__u32 pad;
	struct xs_tat own;	/* what is proven to be the tenant's */
	struct xs_tat other;	/* what says so, until its handshake is complete */
	__u64 pad1[3];
};
XS_SIZE(struct xs_rate, 64);
#define XS_RATE_REQUESTS_MOST 10000000	/* a second: beyond it whole ns are too coarse for 1 % */

/* xs_keys [gen], by tenant id; readable by root only */
struct xs_keys {
	__u8 key[2][16];	/* even, odd epoch */
	__u64 salt;		/* for the CLI; the packet path has no use for it */
	__u64 pad;
};
XS_SIZE(struct xs_keys, 48);

/* xs_classes [gen], by class number */
struct xs_class {
	__u8 used;
	__u8 overflow;
	__u16 pad0;
	__u32 ttft_ms;
	__u32 pad[6];
};
XS_SIZE(struct xs_class, 32);

/* xs_sources: longest source prefix -> tenant and class */
struct xs_source_key {
	__u32 prefixlen;	/* 32 + bits of the mapped address */
	__u32 gen;
	struct xs_addr addr;
};
struct xs_source {
	__u16 tenant;
	__u8 class;		/* XS_ANY_CLASS: the service's default */
	__u8 pad;
};
XS_SIZE(struct xs_source_key, 24);

/* xs_targets, by id */
struct xs_target {
	struct xs_addr addr;
	__be16 port;		/* 0 in the id's row: no such target */
	__u16 inc;
	__u16 pool, site;
	__u8 way;		/* enum xs_way */
	__u8 via;		/* enum xs_via */
	__u16 pad0;
	__u32 ifindex;		/* where its route left when this was written */
	__u64 zone;		/* one bit, or 0: none */
	__u64 owns;		/* by fullnat: bit by slot of source addresses that the device towards it has; 0: any will do */
	__u32 pad[4];
};
XS_SIZE(struct xs_target, 64);
_Static_assert(XS_MAX_OWNS <= 64, "a bit for each slot");

/* xs_tlive, by target id: what changes without apply. state is written by the CLI, hop by the packet path. */
struct xs_tlive {
	__u32 state;		/* enum xs_tstate */
	__u32 hop_seen;		/* jiffies when hop was looked up */
	__u64 hop;		/* next hop: MAC << 16 | device slot, 0: not known */
};
XS_SIZE(struct xs_tlive, 16);

/* xs_devs, by device slot; slot n is also where xs_devmap has the device */
struct xs_dev {
	__u32 ifindex;		/* 0: free */
	__u32 mtu;
	__u8 mac[6];
	__u8 redirect;		/* probed: frames redirected into it arrive */
	__u8 pad;
};
XS_SIZE(struct xs_dev, 16);

struct xs_rule_key {
	__u32 service;
	__u32 tenant;		/* id, or XS_ANY */
	__u32 hash;
	__u8 depth;		/* exponent of the prefix's tokens; 0: no prefix */
	__u8 class;		/* or XS_ANY_CLASS */
	__u16 pad;
};
XS_SIZE(struct xs_rule_key, 16);

/* Value of xs_rules: rows of xs_rows, 0 for none. cfg by generation; a live fed row goes before the configured one. The packet
 * path reads it as one little-endian word. */
struct xs_rule_word {
	__u16 cfg[2];
	__u32 fed;
};
XS_SIZE(struct xs_rule_word, 8);

/* A set: its distinct members (ids, in the order given; their weights follow) and a Maglev ring over them, all in xs_slots. */
struct xs_set {
	__u32 members;		/* first slot of n ids and n weights; a multiple of XS_SLOTS_LINE */
	__u32 ring;		/* first slot; a multiple of XS_SLOTS_LINE */
	__u32 slots;		/* ring size, a prime; 0: the set is empty */
	__u32 n;		/* members */
};
XS_SIZE(struct xs_set, 16);

enum xs_source_kind { XS_FROM_CONFIG = 1, XS_FROM_FEED, XS_FROM_POOL /* made by apply: all targets of the service's pools */ };

/* xs_rows */
struct xs_rule {
	struct xs_rule_key key;
	__u64 expires_ns;	/* CLOCK_BOOTTIME; 0: never */
	__u64 revision;		/* of the apply or feed row that wrote it */
	__u8 from;		/* enum xs_source_kind; 0: free */
	__u8 nsets;
	__u8 pad[6];
	__u64 zones_seen;	/* union of the zones of all members, for show */
	__u64 pad1[2];
	struct xs_set set[XS_MAX_SETS];
};
XS_SIZE(struct xs_rule, 128);
XS_AT(struct xs_rule, set, 64);

/* xs_owns, by slot: an address of this host's own that targets see as the source. Flows name the slot, so it keeps its address for as
 * long as one does. Slot 0 is none: the source is the client's own end. */
struct xs_own {
	struct xs_addr addr;
};
#define XS_OWN_CLIENT 255	/* in place of a slot: the client's own address, only the port is another */

#define XS_OWN_FIRST 61000	/* source ports where nothing else is said: above what Linux gives its own sockets */
#define XS_OWN_LAST 65535

/* xs_own_use [gen]: what new flows choose from */
struct xs_own_use {
	__u8 slot[XS_OWN_MOST];	/* IPv4 first */
	__u8 n4, n6;
	__u16 first, ports;	/* host order; ports from the first on */
	__u8 pad[10];
};
XS_SIZE(struct xs_own_use, 32);

struct xs_slots {
	__u16 t[XS_SLOTS_LINE];
};
XS_SIZE(struct xs_slots, 64);

/* xs_maybe: a bit for each (address, port, protocol) that is a service or a target; a clear bit means "not ours". Packets without
 * ports are judged by the address alone: port 0, and what it is the address of in place of the protocol */
#define XS_MAYBE_BITS 65536
enum xs_alone { XS_ALONE_SERVICE = 1, XS_ALONE_TARGET = 2 };
struct xs_maybe {
	__u64 bits[XS_MAYBE_BITS / 64];
};

static inline __attribute__((always_inline)) __u32 xs_maybe_bit(const struct xs_addr *a, __be16 port, __u8 proto)
{
	__u32 h = a->w[0] ^ a->w[1] ^ a->w[2] ^ a->w[3];

	h = (h ^ ((__u32)port << 8 | proto)) * 0x9e3779b1u;
	return h >> 16;
}

/* xs_guess [gen]: ids by a few bits of what names them. 0: nothing has such a name; else the id's row says whether the guess is right, and
 * where two fell together xs_svc_index or xs_tnt_index knows. One access instead of a hash lookup for nearly all first packets */
#define XS_GUESSES 1024
struct xs_guess {
	__u16 service[XS_GUESSES];	/* by xs_maybe_bit() */
	__u16 tenant[XS_GUESSES];	/* by number */
};
XS_SIZE(struct xs_guess, 4096);

#endif
