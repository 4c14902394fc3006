// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rows of the table: which packets, which flows, which exit they must take. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "maps/shim.h"
#include "maps/siphash.h"
#include "tools/bench_rows.h"
#include "tools/classic.h"

enum { SYN = 2, PSH = 8, ACK = 16 };

struct bench_set bench_sets[] = {
	[BENCH_TCP4] = { "tcp4", "198.18.0.10", "198.19.0.0", "198.18.128.1", .port = 8000, .proto = IPPROTO_TCP },
	[BENCH_UDP4] = { "udp4", "198.18.0.10", "198.19.0.0", "198.18.128.1", .port = 8000, .proto = IPPROTO_UDP },
	[BENCH_STACK4] = { "stack4", "198.18.0.11", "198.19.128.0", "198.18.2.1", .port = 8000, .proto = IPPROTO_TCP, .stack = true },
	[BENCH_TCP6] = { "tcp6", "2001:db8::10", "2001:db8:1::", "2001:db8:2::1", .port = 8000, .proto = IPPROTO_TCP },
};

#define TO(s, k, n) .set = BENCH_##s, .kind = BENCH_##k, .turn = n, .want = XS_R_STEERED, .classic = CLASSIC_HIT
#define BACK(s, k, n) .set = BENCH_##s, .kind = BENCH_##k, .turn = n, .want = XS_R_RETURNED, .back = true, .classic = -1
#define NEW(s, k) .set = BENCH_##s, .kind = BENCH_##k, .turn = BENCH_FRESH, .want = XS_R_PLACED, .classic = CLASSIC_NEW
#define PASS(s, k, reason) .set = BENCH_##s, .kind = BENCH_##k, .turn = BENCH_ONE, .want = reason, .classic = CLASSIC_PASS

const struct bench_row bench_rows[] = {
	{ "established, 1 flow", TO(TCP4, ACK, BENCH_ONE) },
	{ "established, 64k flows", TO(TCP4, ACK, BENCH_ALL) },
	{ "established, payload, 1 flow", TO(TCP4, DATA, BENCH_ONE) },
	{ "established, payload, 64k flows", TO(TCP4, DATA, BENCH_ALL) },
	{ "established by the stack, 64k flows", TO(STACK4, ACK, BENCH_ALL) },
	{ "established UDP, 1 flow", TO(UDP4, DATAGRAM, BENCH_ONE) },
	{ "established UDP, 64k flows", TO(UDP4, DATAGRAM, BENCH_ALL) },
	{ "established IPv6, 1 flow", TO(TCP6, ACK, BENCH_ONE) },
	{ "established IPv6, 64k flows", TO(TCP6, ACK, BENCH_ALL) },
	{ "reply, 1 flow", BACK(TCP4, ACK, BENCH_ONE) },
	{ "reply, 64k flows", BACK(TCP4, ACK, BENCH_ALL) },
	{ "reply, payload, 1 flow", BACK(TCP4, DATA, BENCH_ONE) },
	{ "reply, payload, 64k flows", BACK(TCP4, DATA, BENCH_ALL) },
	{ "reply at TC egress, 1 flow", BACK(STACK4, ACK, BENCH_ONE) },
	{ "reply at TC egress, 64k flows", BACK(STACK4, ACK, BENCH_ALL) },
	{ "reply UDP, 64k flows", BACK(UDP4, DATAGRAM, BENCH_ALL) },
	{ "reply IPv6, 64k flows", BACK(TCP6, ACK, BENCH_ALL) },
	{ "new flow", NEW(TCP4, SYN) },
	{ "new flow, tagged", NEW(TCP4, SYN_TAGGED) },
	{ "new flow IPv6", NEW(TCP6, SYN) },
	{ "not ours, TCP", PASS(TCP4, OTHER, XS_R_NOT_OURS) },
	{ "not ours, IPv6", PASS(TCP6, OTHER, XS_R_NOT_OURS) },
	{ "not ours, ARP", PASS(TCP4, ARP, XS_R_NOT_IP) },
	{}
};

/* The tag covers bytes 0..11 of the option, the sequence number, the slot and DEST: the same for all clients. */
static void make_option(struct xs_shim_opt *o, const struct bench_ends *e)
{
	struct { __be32 seq, slot; struct xs_shim_dest dest; } tail = {
		.seq = htonl(BENCH_ISN), .slot = htonl(time(NULL) / XS_SLOT_S), .dest = { .addr = e->dst, .port = htons(e->dport) },
	};
	__u64 w[XS_SIP_WORDS] = {}, key[2];

	*o = (struct xs_shim_opt){ .kind = XS_OPT_KIND, .len = XS_OPT_LEN, .exid = htons(XS_SHIM_MAGIC), .flags = 1 << 6 | XS_OPT_AUTH | BENCH_CLASS,
				   .prefix = 6 << 4 | 1 << 2, .tenant = htons(BENCH_TENANT), .hash_a = htonl(0x12345678), .hash_b = htonl(0x9abcdef0) };
	memcpy(w, &o->flags, 12);
	memcpy((char *)w + 12, &tail, sizeof(tail));
	memcpy(key, BENCH_KEY, sizeof(key));
	o->tag = htonl(xs_sip24_padded(w, 12 + sizeof(tail), key[0], key[1]) >> 32);
}

void bench_row_frame(const struct bench_row *r, struct bench_frame *f)
{
	struct bench_ends e = bench_ends_of(&bench_sets[r->set], r->back);
	uint32_t seq = r->back ? BENCH_TARGET_ISN + 1 : BENCH_ISN + 1, ack = r->back ? BENCH_ISN + 1 : BENCH_TARGET_ISN + 1;
	static const uint8_t payload[BENCH_PAYLOAD];
	struct xs_shim_opt o;

	switch (r->kind) {
	case BENCH_ACK:
		bench_tcp(f, &e, ACK, seq, ack, NULL, 0, 0);
		break;
	case BENCH_DATA:
		bench_tcp(f, &e, ACK | PSH, seq, ack, NULL, 0, BENCH_PAYLOAD);
		break;
	case BENCH_DATAGRAM:
		bench_udp(f, &e, payload, sizeof(payload));
		break;
	case BENCH_SYN:
		bench_tcp(f, &e, SYN, BENCH_ISN, 0, NULL, 0, 0);
		break;
	case BENCH_SYN_TAGGED:
		make_option(&o, &e);
		bench_tcp(f, &e, SYN, BENCH_ISN, 0, &o, sizeof(o), 0);
		break;
	case BENCH_OTHER:
		e.dst.w[3] ^= htonl(0x80);
		bench_tcp(f, &e, ACK, seq, ack, NULL, 0, 0);
		break;
	case BENCH_ARP:
		bench_arp(f);
		break;
	}
}

struct bench_table bench_row_table(const struct bench_row *r)
{
	static struct bench_flow flows[BENCH_FLOWS];
	struct bench_table t = r->back ? bench_sets[r->set].back : bench_sets[r->set].to;

	if (r->kind == BENCH_OTHER || r->kind == BENCH_ARP)
		return (struct bench_table){};
	if (r->turn == BENCH_ONE)
		t.n = 1;
	if (r->turn == BENCH_FRESH) {
		t = (struct bench_table){ .flow = flows, .n = BENCH_FLOWS };
		bench_flows_fresh(&t, &bench_sets[r->set]);
	}
	return t;
}
