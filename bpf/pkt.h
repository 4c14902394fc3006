/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The one value that travels with a packet: a block for each step, offsets instead of pointers so that it survives a moved
 * head and both hooks. A step reads the blocks before its own and writes only its own. */
#ifndef XS_PKT_H
#define XS_PKT_H

#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include "bpf/maps.bpf.h"
#include "maps/shim.h"
#include "maps/trace.h"

enum { XS_TCP_FIN = 1, XS_TCP_SYN = 2, XS_TCP_RST = 4, XS_TCP_PSH = 8, XS_TCP_ACK = 16 };
#define XS_TAKEN 4		/* targets that may be found taken before a flow is refused */
enum xs_dir { XS_TO_TARGET, XS_TO_CLIENT };
enum xs_crowded { XS_CROWDED_PORT = 1, XS_CROWDED_ALL };	/* the client's port is taken there, no port is left there */

struct xs_pkt {
	struct {				/* parse writes */
		struct xs_addr src, dst;	/* mapped */
		__be16 sport, dport;
		__u16 l3, l4, pay;		/* offsets from the start of the frame */
		__u16 pay_len;			/* payload bytes by the IP length, so without padding */
		__u16 ip_len;			/* whole IP packet */
		__u8 proto, v6, tcp_flags, ttl;
		__u16 frag;			/* fragment of several: where the header is that says so; 0: whole */
		__u32 seq, ack;			/* TCP, host order */
		__u32 quoted;			/* by an ICMP error: XS_PKT_QUOTED, not seq nor ack */
	} hdr;
	struct {				/* classify writes */
		__u32 gen;			/* generation that all of this packet's lookups use */
		__u32 service;			/* id */
		__u32 flow;			/* index + 1, 0: no record */
		__u32 dir;			/* enum xs_dir */
		__u32 home;			/* where its record should be */
		__u32 half;			/* index + 1 of a half-open row, 0: none; then xs_half_now has it */
		__u64 half_hash;		/* of the client's end; where half is asked for */
		__u8 alone;			/* no record has this client's end: none can be in the way */
		__u8 half_alone;		/* nor has a half-open row */
		__u32 makes_way;			/* index + 1 of a record that is over and has to make way, 0: none */
	} id;
	struct {				/* admit writes: first packets only */
		__u32 tenant;			/* id, 0: none */
		__u32 hash[2];			/* prefix hashes for rules, deepest first; host order, 0: none */
		__u8 depth[2];			/* their exponents */
		__u8 class;
		__u8 flags;			/* XS_FF_SHIM, XS_FF_TAGGED, XS_FF_PREFIX */
		__u8 who;			/* enum xs_who */
		__u8 strip;			/* UDP shim bytes to remove before delivery */
		__u16 budget_ms;
		__u8 prompt;			/* length as in a short shim; 0: unknown */
		__u8 pad[3];
		__u32 tokens;			/* the same in tokens, by either form */
		__u64 request_id;
	} ask;
	struct {				/* place writes */
		__u32 target;			/* id */
		__u16 rule;			/* row */
		__be16 own_port;		/* with own */
		__u8 level, set;
		__u8 met;			/* see place.h */
		__u8 way;
		__u16 taken[XS_TAKEN];		/* targets not to be chosen: another service has this client's port there */
		__u8 first;			/* the packet was placed, not only sent on */
		__u8 own;			/* another source than the client's end: as in a flow */
		__u8 tries;			/* where xs_settle() has come to: sources tried at the target */
		__u8 turn : 4, other : 1;	/* targets in taken; the client's own end will not do */
		__u8 crowded : 2;		/* why the first of them would not: enum xs_crowded */
	} to;
};
_Static_assert(sizeof(struct xs_pkt) <= 192, "three cache lines");

/* It lives in a map of the object's own, not on the stack: the verifier does not follow values through it, so the paths of
 * each step meet again at its end instead of multiplying (measured: 1,000,000 instructions and more on the stack). The second
 * one is for the packet that an ICMP error quotes, the third for the headers of one that is shown otherwise for a while. */
enum { XS_PKT_SELF, XS_PKT_QUOTED, XS_PKT_KEPT, XS_PKTS };
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, XS_PKTS); __type(key, __u32); __type(value, struct xs_pkt); } xs_pkts SEC(".maps");

/* What this CPU has found out a moment ago. */
struct xs_recent {
	__u64 jiffies;		/* when s was read */
	__u64 s;		/* unix time */
	__s64 off;		/* it was read with: another one is another clock */
	__u32 window, wrong;	/* tags found wrong in this stretch of XS_WINDOW jiffies */
};
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct xs_recent); } xs_recent SEC(".maps");
#define XS_WINDOW 64
#define XS_WARY 100		/* more wrong tags than that, and the SYNs of the stretch are judged before anything is fetched for them */

/* xs_is_syn() - a segment that asks for a connection */
static __always_inline bool xs_is_syn(const struct xs_pkt *p)
{
	return (p->hdr.tcp_flags & (XS_TCP_SYN | XS_TCP_ACK | XS_TCP_RST)) == XS_TCP_SYN;
}

/* xs_pkt_clean() - zero all blocks but parse's */
static __always_inline void xs_pkt_clean(struct xs_pkt *p)
{
	__builtin_memset(&p->id, 0, sizeof(*p) - __builtin_offsetof(struct xs_pkt, id));
}

/* xs_pkt_new() - one for a new packet. Blocks behind parse's are zeroed by xs_generation(), as most packets are not ours and never get
 * there; but what counts a packet reads the service. Return: NULL never, but the verifier wants it asked */
static __always_inline struct xs_pkt *xs_pkt_new(void)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);

	if (!p)
		return NULL;
	__builtin_memset(&p->hdr, 0, sizeof(p->hdr));
	p->id.service = 0;
	if (feat.dry)
		xs_pkt_clean(p);
	return p;
}

#endif
