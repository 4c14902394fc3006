// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rows of the table: which packets, which flows, which exit they must take, and how many times the yardstick's ns they may cost. */
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
	[BENCH_TCP4] = { "tcp4", "198.18.0.10", "198.19.0.0", "198.18.128.1", "tcp4", BENCH_FLOWS, 8000, IPPROTO_TCP },
	[BENCH_UDP4] = { "udp4", "198.18.0.10", "198.19.0.0", "198.18.128.1", "udp4", BENCH_FLOWS, 8000, IPPROTO_UDP },
	[BENCH_STACK4] = { "stack4", "198.18.0.11", "198.19.128.0", "198.18.2.1", "stack4", BENCH_FLOWS, 8000, IPPROTO_TCP, .stack = true },
	[BENCH_TCP6] = { "tcp6", "2001:db8::10", "2001:db8:1::", "2001:db8:2::1", "tcp6", BENCH_FLOWS, 8000, IPPROTO_TCP },
	[BENCH_SILENT4] = { "silent4", "198.18.0.12", "198.19.32.0", "198.18.128.1", "tcp4", 0, 8000, IPPROTO_TCP, .silent = true },
	[BENCH_PLAIN4] = { "plain4", "198.18.0.10", "198.19.0.0", "198.18.128.1", "tcp4", BENCH_FLOWS, 8000, IPPROTO_TCP, .host = BENCH_PLAIN },
	[BENCH_MANY4] = { "many4", "198.18.0.13", "198.19.64.0", "198.18.128.1", "tcp4", BENCH_MANY, 8000, IPPROTO_TCP },
};

#define TO(s, k, n) .set = BENCH_##s, .kind = BENCH_##k, .turn = n, .want = XS_R_STEERED, .classic = CLASSIC_HIT
#define BACK(s, k, n) .set = BENCH_##s, .kind = BENCH_##k, .turn = n, .want = XS_R_RETURNED, .back = true, .classic = -1
#define NEW(s, k) .set = BENCH_##s, .kind = BENCH_##k, .turn = BENCH_FRESH, .want = XS_R_PLACED, .classic = CLASSIC_NEW
#define REFUSED(s, k, reason) .set = BENCH_##s, .kind = BENCH_##k, .turn = BENCH_FRESH, .want = reason, .classic = CLASSIC_NEW
#define PASS(s, k, reason) .set = BENCH_##s, .kind = BENCH_##k, .turn = BENCH_ONE, .want = reason, .classic = CLASSIC_PASS
#define COUNTS(c) .counter = XS_C_##c + 1

const struct bench_row bench_rows[] = {
	{ "established, 1 flow", TO(TCP4, ACK, BENCH_ONE), .goal = 0.9, .steps = true },
	{ "established, 64k flows", TO(TCP4, ACK, BENCH_ALL), .goal = 0.5, .steps = true },
	{ "established, payload, 1 flow", TO(TCP4, DATA, BENCH_ONE), .goal = 1.4, .steps = true },
	{ "established, payload, 64k flows", TO(TCP4, DATA, BENCH_ALL), .goal = 0.5, .steps = true },
	{ "same, no timing, 1 flow", TO(PLAIN4, DATA, BENCH_ONE), .goal = 0.9 },
	{ "same, no timing, 64k flows", TO(PLAIN4, DATA, BENCH_ALL), .goal = 0.5 },
	{ "established by the stack, 64k flows", TO(STACK4, ACK, BENCH_ALL), .goal = 0.5 },
	{ "established UDP, 1 flow", TO(UDP4, DATAGRAM, BENCH_ONE), .goal = 0.9 },
	{ "established UDP, 64k flows", TO(UDP4, DATAGRAM, BENCH_ALL), .goal = 0.5 },
	{ "established IPv6, 1 flow", TO(TCP6, ACK, BENCH_ONE), .goal = 0.9, .steps = true },
	{ "established IPv6, 64k flows", TO(TCP6, ACK, BENCH_ALL), .goal = 0.5, .steps = true },
	{ "reply, 1 flow", BACK(TCP4, ACK, BENCH_ONE) },
	{ "reply, 64k flows", BACK(TCP4, ACK, BENCH_ALL), .steps = true },
	{ "reply, payload, 1 flow", BACK(TCP4, DATA, BENCH_ONE) },
	{ "reply, payload, 64k flows", BACK(TCP4, DATA, BENCH_ALL), .steps = true },
	{ "reply at TC egress, 1 flow", BACK(STACK4, ACK, BENCH_ONE), .steps = true },
	{ "reply at TC egress, 64k flows", BACK(STACK4, ACK, BENCH_ALL) },
	{ "reply UDP, 64k flows", BACK(UDP4, DATAGRAM, BENCH_ALL) },
	{ "reply IPv6, 64k flows", BACK(TCP6, ACK, BENCH_ALL) },
	{ "new flow", NEW(TCP4, SYN), COUNTS(HALF_OPENED), .steps = true },
	{ "new flow, tagged", NEW(TCP4, SYN_TAGGED), .goal = 1.0, COUNTS(SHIMS_ACCEPTED), .steps = true },
	{ "new flow IPv6", NEW(TCP6, SYN), COUNTS(HALF_OPENED) },
	{ "new flow UDP", NEW(UDP4, DATAGRAM), COUNTS(HALF_OPENED) },
	{ "new flow UDP, tagged", NEW(UDP4, REQUEST), .goal = 1.0, COUNTS(SHIMS_ACCEPTED) },
	{ "another request UDP, tagged", .set = BENCH_UDP4, .kind = BENCH_REQUEST, .turn = BENCH_ALL, .want = XS_R_PLACED, .classic = CLASSIC_HIT,
	  COUNTS(SHIMS_ACCEPTED) },
	{ "SYN again", .set = BENCH_TCP4, .kind = BENCH_SYN, .turn = BENCH_HANDSHAKE, .want = XS_R_STEERED, .classic = CLASSIC_NEW, .stage = BENCH_ASKED },
	{ "SYN-ACK", BACK(TCP4, SYN_ACK, BENCH_HANDSHAKE), .stage = BENCH_ASKED },
	{ "ACK that opens a flow", TO(TCP4, ACK, BENCH_HANDSHAKE), .stage = BENCH_ANSWERED, .opens = true, COUNTS(FLOWS_CREATED), .steps = true },
	{ "SYN flood, half-open store full", NEW(TCP4, SYN), .flood = true, COUNTS(HALF_EVICTED) },
	{ "wrong tag, reset", REFUSED(TCP4, SYN_WRONG, XS_R_SHIM_UNAUTHENTIC), .goal = 0.5, COUNTS(RESETS_SENT), .steps = true },
	{ "wrong tag, silent", REFUSED(SILENT4, SYN_WRONG, XS_R_SHIM_UNAUTHENTIC), .goal = 0.35 },
	{ "not ours, TCP", PASS(TCP4, OTHER, XS_R_NOT_OURS), .goal = 0.7, .steps = true },
	{ "not ours, IPv6", PASS(TCP6, OTHER, XS_R_NOT_OURS), .goal = 0.7 },
	{ "not ours, ARP", PASS(TCP4, ARP, XS_R_NOT_IP) },
	{ "established, 64k of 1M flows", TO(MANY4, ACK, BENCH_SOME) },
	{ "established, 1M flows", TO(MANY4, ACK, BENCH_ALL), .goal = 0.85, .steps = true },
	{ "established, payload, 1M flows", TO(MANY4, DATA, BENCH_ALL), .goal = 0.85 },
	{ "reply, 1M flows", BACK(MANY4, ACK, BENCH_ALL) },
	{ "new flow, 1M held", NEW(MANY4, SYN), COUNTS(HALF_OPENED) },
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

/* A datagram that begins a request: long form without prefix hashes, so that each goes where its client's flow goes. */
static void request(struct bench_frame *f, const struct bench_ends *e)
{
	struct { struct xs_shim_long l; __be64 tag; uint8_t prompt[16]; } p = {
		.l = { .magic = htons(XS_SHIM_MAGIC), .version_class = XS_SHIM_VERSION << 4 | BENCH_CLASS, .words = 8 + 2, .flags = XS_SHIM_AUTH,
		       .input_tokens = htonl(1000), .tenant = htonl(BENCH_TENANT), .time = htonl(time(NULL)) },
	};
	struct xs_shim_dest dest = { .addr = e->dst, .port = htons(e->dport) };
	__u64 w[XS_SIP_WORDS] = {}, key[2];

	memcpy(w, &p.l, sizeof(p.l));
	memcpy((char *)w + sizeof(p.l), &dest, sizeof(dest));
	memcpy(key, BENCH_KEY, sizeof(key));
	p.tag = htobe64(xs_sip24_padded(w, sizeof(p.l) + sizeof(dest), key[0], key[1]));
	bench_udp(f, e, &p, sizeof(p));
}

static void syn(struct bench_frame *f, const struct bench_ends *e, bool wrong)
{
	struct xs_shim_opt o;

	make_option(&o, e);
	o.tag ^= wrong;
	bench_tcp(f, e, SYN, BENCH_ISN, 0, &o, sizeof(o), 0);
}

void bench_row_frame(const struct bench_row *r, struct bench_frame *f)
{
	struct bench_ends e = bench_ends_of(&bench_sets[r->set], r->back);
	uint32_t seq = r->back ? BENCH_TARGET_ISN + 1 : BENCH_ISN + 1, ack = r->back ? BENCH_ISN + 1 : BENCH_TARGET_ISN + 1;
	static const uint8_t payload[BENCH_PAYLOAD];

	switch (r->kind) {
	case BENCH_ACK:
		return bench_tcp(f, &e, ACK, seq, ack, NULL, 0, 0);
	case BENCH_DATA:
		return bench_tcp(f, &e, ACK | PSH, seq, ack, NULL, 0, BENCH_PAYLOAD);
	case BENCH_DATAGRAM:
		return bench_udp(f, &e, payload, sizeof(payload));
	case BENCH_REQUEST:
		return request(f, &e);
	case BENCH_SYN:
		return bench_tcp(f, &e, SYN, BENCH_ISN, 0, NULL, 0, 0);
	case BENCH_SYN_ACK:
		return bench_tcp(f, &e, SYN | ACK, BENCH_TARGET_ISN, BENCH_ISN + 1, NULL, 0, 0);
	case BENCH_SYN_TAGGED:
	case BENCH_SYN_WRONG:
		return syn(f, &e, r->kind == BENCH_SYN_WRONG);
	case BENCH_OTHER:
		e.dst.w[3] ^= htonl(0x80);
		return bench_tcp(f, &e, ACK, seq, ack, NULL, 0, 0);
	case BENCH_ARP:
		return bench_arp(f);
	}
}

struct bench_set bench_row_set(const struct bench_row *r)
{
	if (r->turn == BENCH_FRESH)
		return bench_flows_fresh(&bench_sets[r->set], BENCH_FLOWS);
	if (r->turn == BENCH_HANDSHAKE)
		return bench_flows_fresh(&bench_sets[r->set], BENCH_CHUNK);
	return bench_sets[r->set];
}

struct bench_table bench_row_table(const struct bench_row *r, const struct bench_set *s, int round)
{
	struct bench_table t = r->back ? s->back : s->to;

	if (r->kind == BENCH_OTHER || r->kind == BENCH_ARP)
		return (struct bench_table){};
	if (r->turn == BENCH_ONE)
		t = (struct bench_table){ t.flow + round, 1 };
	if (r->turn == BENCH_SOME)
		t.n = BENCH_FLOWS;
	return t;
}
