/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flow table. xs_flows[i] is what the client's packets of a flow need, xs_backs[i] what the target's replies need.
 *
 * i is one of two neighbouring places that follow from the client's address and port, which both directions know: nearly every
 * packet finds its record by one memory access. A flow that finds both places taken is a stray and stands anywhere; tag lines
 * say where. A stray has two tags, one for each direction: 40 bits of the tuple's hash and a 24-bit record index, 0 for a free
 * place. A tuple has two lines, eight tags each; it stands in the first unless that is nearly full. A pair of places counts its strays,
 * so that nobody looks for what is not there.
 * The whole tuple is compared in the record; a tag whose record says otherwise is left over from an earlier flow and counts as
 * free. A record is taken and given back under the lock of its index, tags and counts change under that of their line or
 * pair (xs_locks); readers hold none. HELD is a record that one CPU fills or empties.
 *
 *	state		client SYN	client ACK	FIN, RST	silence
 *	HALF_OPEN	same target	ESTABLISHED	forgotten	forgotten after tcp_syn_s
 *	ESTABLISHED	same target	-		CLOSING		freed after tcp_idle_s
 *	CLOSING		placed anew	-		-		freed after tcp_closed_s
 *	DATAGRAM	-		-		-		freed after udp_idle_s
 *
 * HALF_OPEN is no state of a record: it is a row of the half-open store, and becomes a record when the client acknowledges the
 * target's initial sequence number, for datagrams when the target answers. FIN and RST count only where their sequence number
 * is near the highest one seen. While a row follows a record (its connection is closed, or its target down), the record is
 * marked FOLLOWED and goes on until the handshake is over.
 */
#ifndef XS_FLOW_H
#define XS_FLOW_H

#include <linux/bpf.h>
#include "maps/abi.h"

#define XS_LINE_TAGS 8
#define XS_TAG_INDEX 0xffffffu		/* index + 1 is what the tag holds */
#define XS_TAG_FP(hash) ((hash) & ~(__u64)XS_TAG_INDEX)
#define XS_LOCKS 1024

struct xs_line {
	__u64 tag[XS_LINE_TAGS];
};
XS_SIZE(struct xs_line, 64);

enum xs_flow_state { XS_F_FREE, XS_F_HALF_OPEN, XS_F_ESTABLISHED, XS_F_CLOSING, XS_F_DATAGRAM, XS_F_HELD };
enum xs_flow_flags { XS_FF_SHIM = 1, XS_FF_TAGGED = 2, XS_FF_FIN_CLIENT = 4, XS_FF_FIN_TARGET = 8, XS_FF_PREFIX = 16, XS_FF_MOVED = 32, XS_FF_ANSWERED = 64,
		     XS_FF_FOLLOWED = 128 };

/* xs_flows[i]: the client's side */
struct xs_flow {
	struct xs_addr client;
	__be16 cport;
	__u16 service;
	__u16 target;
	__u8 state;		/* enum xs_flow_state */
	__u8 flags;		/* enum xs_flow_flags */
	__u32 seen;		/* jiffies at the client's last packet */
	__u32 fp;		/* of a stray: bits 24..55 of the tuple's hash, which tell a live tag from a left-over one */
	__u64 bytes;
	__u32 packets;
	__u16 tenant;
	__u8 class;
	__u8 level : 4;		/* enum xs_level of the rule that placed it */
	__u8 set : 4;		/* which set of the rule it came from: 0, or a fallback */
	__u16 series;		/* of its latency figures */
	__u8 way;		/* enum xs_way; a flow keeps to it */
	__u8 own;		/* the source that the target sees: 0: the client's end; a slot of xs_owns, or XS_OWN_CLIENT */
	__u16 rule;		/* row of xs_rows */
	__be16 own_port;	/* with own */
	__u32 seq;		/* TCP: highest sequence number of the client's that was seen, end of segment */
	__u8 asked;		/* a request is under way and unanswered, so more payload of it tells timing nothing */
	__u8 prompt;		/* what a short shim says of its length (maps/shim.h), until the rate is charged; 0: unknown */
	__u8 proto;
	__u8 strays;		/* at the even place of a pair, whatever stands there: strays of the pair; 255 is not counted down again */
};
XS_SIZE(struct xs_flow, 64);
XS_AT(struct xs_flow, seen, 24);
XS_AT(struct xs_flow, bytes, 32);

/* xs_flow_home() - the first of the two places, among `flows`, of a client's flows; the other is this ^ 1. Keyed, but no more than
 * that: who makes places collide only sends his own flows the longer way. */
static inline __attribute__((always_inline)) __u32 xs_flow_home(const struct xs_addr *client, __be16 cport, __u8 proto, __u64 k0, __u64 k1,
								__u32 flows)
{
	__u64 h = ((__u64)((__u32)cport << 16 | proto) << 32 | client->w[3]) ^ k0;

	k1 |= 1;
	if (!xs_addr_is4(client)) {
		h = (h ^ ((__u64)client->w[1] << 32 | client->w[0])) * k1;
		h = (h ^ h >> 32 ^ client->w[2]) * 0x9e3779b97f4a7c15ULL;
	}
	h *= k1;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15ULL;
	return (h >> 32) * flows >> 32;
}

/* What the packets tell of a connection and of its last request; ns are CLOCK_MONOTONIC. */
struct xs_times {
	__u64 start_ns;		/* first packet of the flow */
	__u64 request_ns;	/* first payload of the current request; 0: none yet */
	__u64 write_ns;		/* last response segment with new payload */
	__u64 request_id;	/* from the shim; 0: none */
	__u32 handshake_us;
	__u32 ttfb_us, ttft_us, duration_us;	/* of the last request */
	__u32 born;		/* jiffies at the flow's first packet */
	__u32 target_seq;	/* as the flow's seq, of the target */
	__u16 requests;		/* seen; placed is one (UDP: those with a shim) */
	__u8 writes;		/* response writes of this request */
	__u8 phase;		/* enum xs_phase */
	__u16 placed;		/* requests placed */
	__u8 tls;		/* enum xs_tls */
	__u8 pad;
};
XS_SIZE(struct xs_times, 64);

/* xs_backs[i]: the target's side */
struct xs_back {
	struct xs_addr client;	/* the end that the target sees: with own it is not the client's */
	__be16 cport;
	__u16 service;
	__u16 target;
	__u8 flags;		/* XS_FF_FIN_TARGET */
	__u8 way;		/* as in the flow */
	__u32 seen;		/* jiffies at the target's last packet */
	__u32 fp;
	__u64 bytes;
	__u32 packets;
	__u32 hop_seen;
	__u64 hop;		/* next hop towards the client: MAC << 16 | device slot */
	__u16 series;		/* as in the flow */
	__u8 own;		/* as in the flow */
	__u8 pad0;
	__u32 pad1;
	struct xs_times times;
};
XS_SIZE(struct xs_back, 128);
XS_AT(struct xs_back, times, 64);

/* xs_alloc, one element: where the search for expired records goes on */
struct xs_alloc {
	__u32 hand;
	__u32 pad;
};
XS_SIZE(struct xs_alloc, 8);

/* xs_frags: which datagram a fragment is of. Only the first fragment carries ports, so it says here where the others go. */
struct xs_frag_key {
	struct xs_addr src, dst;
	__u32 id;		/* as on the wire */
	__u32 proto;		/* IPv4; 0 for IPv6, where addresses and id are all (RFC 8200, 4.5) */
};
XS_SIZE(struct xs_frag_key, 40);

/* Its value is one word, which is read as a whole; `check` tells a row that another datagram has just got. */
struct xs_frag {
	__u64 service : 8, target : 12;	/* ids */
	__u64 way : 1, dir : 1;
	__u64 end : 13;			/* where the first fragment ends, in units of 8 bytes */
	__u64 second : 10;		/* jiffies / hz when it came */
	__u64 check : 16;
	__u64 own : 1;			/* the end that is not the service's or target's changes as well: xs_frag_ends */
};
XS_SIZE(struct xs_frag, 8);

/* xs_frag_ends, by the same key: the address that a fragment's other end gets. It is read while another row may be written in its
 * place, so it is checked whole. */
struct xs_frag_end {
	struct xs_addr addr;
	__u64 check;			/* of key and address */
};
XS_SIZE(struct xs_frag_end, 24);
_Static_assert(XS_MAX_SERVICES <= 1 << 8 && XS_MAX_TARGETS <= 1 << 12, "ids fit struct xs_frag");

/* Half-open store: a row for each handshake under way and each datagram conversation without an answer, so that floods of first
 * packets never reach the records. Lines of eight rows by the client's end alone, which packets of both directions carry; a line
 * is a struct xs_line of tags: fingerprint << 32 | jiffies when last seen, 0 for a free place. The newest pushes out the oldest.
 * Rows are written and copied out under the line's lock (xs_locks).
 * Where the target sees another source than the client's end, another row stands by that: an alias, with which replies find the first. */
#define XS_OWN_ALIAS 254	/* client is the end that the target sees, real and own_port are the client's */
struct xs_half {
	struct xs_addr client;
	__be16 cport;
	__u16 service;
	__u16 target;
	__u8 flags;		/* XS_FF_ANSWERED: the target's number is known; XS_FF_MOVED: datagrams go elsewhere, late answers are undone */
	__u8 class;
	__u32 client_isn;	/* initial sequence numbers: the one that the target has acknowledged, before that the first seen */
	__u32 target_isn;	/* until it is known: the client's in its last SYN */
	__u16 tenant;
	__u8 level : 4, set : 4;
	__u8 own;		/* as in the flow; XS_OWN_ALIAS */
	__u16 rule;
	__be16 own_port;
	union {
		struct {
			__u64 start_ns;		/* CLOCK_MONOTONIC at the first packet */
			__u64 request_id;
		};
		struct xs_addr real;		/* of an alias: the client */
	};
	__u32 born;		/* jiffies at the first packet */
	__u8 way, proto;
	__u8 placed;		/* requests: datagrams with a shim */
	__u8 prompt;		/* as in the flow */
};
XS_SIZE(struct xs_half, 64);

#endif
