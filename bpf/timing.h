/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* packets -> the phases of a request. The clock is read for what begins a request and for payload of a response, no others.
 *
 *	phase		client payload		target payload
 *	IDLE		-> WAITING, begin	- (tickets, banners: nobody asked)
 *	WAITING		more of the request	-> RESPONDING: first byte, write 1
 *	RESPONDING	-> WAITING, begin	another write if write_gap_us have passed since the last segment
 *
 * Only sequence numbers past the highest seen count, so retransmissions do not. The write that carries the first token is the
 * service's first_token. A duration ends with the last response segment; it is known when the next request begins or the
 * connection ends.
 *
 * TLS (the client's first payload is a handshake record, 16 03): ClientHello and the rest of the handshake are no request.
 * In 1.2 the client's Finished is a handshake record behind its ChangeCipherSpec; in 1.3 it is its first record of type 17,
 * and what follows in the same segment may be the request. Session tickets of 1.3 come before the first response as two records
 * of equal length, in one segment or in two (OpenSSL and what is built on it); they are no first byte. So of one record alone
 * nobody knows yet: it is held, with its time, until the target's next segment tells, or the request ends. */
#ifndef XS_TIMING_H
#define XS_TIMING_H

#include <linux/in.h>
#include "bpf/measure.h"

enum xs_phase { XS_IDLE, XS_WAITING, XS_RESPONDING };
enum xs_tls { XS_TLS_UNKNOWN, XS_TLS_NOT, XS_TLS_HELLO, XS_TLS_CCS, XS_TLS_APP12, XS_TLS_APP13, XS_TLS_TICKETS,
	      XS_TLS_HELD = 128 };	/* and above: a record is held, the lower bits are those of its length */
enum { XS_REC_CCS = 0x14, XS_REC_HANDSHAKE = 0x16, XS_REC_DATA = 0x17 };

#define XS_TLS_RECORDS 4	/* record headers looked at in one segment */
#define XS_TLS_REACH 900	/* bytes of a frame in which they are looked for */

#define XS_TICKETS_NS 50000000	/* two tickets are never further apart */
#define XS_TICKET_LEAST 64	/* bytes of a record that may be one: what it must hold takes more */

#define XS_AHEAD (1 << 24)	/* a segment cannot be further ahead of the last one: windows are smaller */

struct xs_record {
	__u8 type, major, minor, hi, lo;
};

/* xs_now() - the clock of all figures: CLOCK_MONOTONIC ns */
static __always_inline __u64 xs_now(void)
{
	return bpf_ktime_get_ns();
}

/* xs_tls_step() - what one client record does to the state; says whether it carries (part of) a request */
static __always_inline bool xs_tls_step(__u8 *tls, __u8 type)
{
	if (*tls >= XS_TLS_APP12)
		return type == XS_REC_DATA;
	if (type == XS_REC_CCS)
		*tls = XS_TLS_CCS;
	else if (type == XS_REC_HANDSHAKE && *tls == XS_TLS_CCS)
		*tls = XS_TLS_APP12;
	else if (type == XS_REC_DATA)
		*tls = XS_TLS_APP13;	/* the encrypted Finished */
	return false;
}

/* xs_tls_walk() - go through the records of a client segment. Return: new state | 256 if a request is in it */
__noinline __u32 xs_tls_walk(xs_ctx *c, __u32 off, __u32 end, __u32 state)
{
	struct xs_record *r;
	__u8 tls = state;
	bool asks = false;

	for (int i = 0; i < XS_TLS_RECORDS; i++) {
		if (off >= end || off > XS_TLS_REACH)
			break;
		r = xs_at(c, off, sizeof(*r));
		if (!r)
			break;
		asks |= xs_tls_step(&tls, r->type);
		off += sizeof(*r) + (r->hi << 8 | r->lo);
	}
	return tls | (asks ? 256 : 0);
}

/* xs_is_request() - whether new client payload belongs to a request; keeps the TLS state */
static __always_inline bool xs_is_request(xs_ctx *c, const struct xs_pkt *p, struct xs_times *t)
{
	struct xs_record *r;
	__u32 w;

	if (t->tls == XS_TLS_NOT || t->tls >= XS_TLS_APP12)
		return true;
	if (t->tls == XS_TLS_UNKNOWN) {
		r = p->hdr.proto == IPPROTO_TCP ? xs_at(c, p->hdr.pay, sizeof(*r)) : NULL;
		if (!r || r->type != XS_REC_HANDSHAKE || r->major != 3) {
			t->tls = XS_TLS_NOT;
			return true;
		}
		t->tls = XS_TLS_HELLO;
	}
	w = xs_tls_walk(c, p->hdr.pay, p->hdr.pay + p->hdr.pay_len, t->tls);
	t->tls = (__u8)w;
	return w >> 8;
}

/* xs_held() - whether a record is held that may be the first byte of the response */
static __always_inline bool xs_held(const struct xs_times *t)
{
	return t->tls >= XS_TLS_HELD && t->phase == XS_WAITING && t->write_ns >= t->request_ns;
}

/* xs_answered() - the client's next payload may begin another request */
static __always_inline void xs_answered(const struct xs_pkt *p)
{
	struct xs_flow *f = XS_GET(xs_flows, p->id.flow - 1);

	if (f)
		f->asked = 0;
}

/* xs_is_ticket() - whether the target's segment before the first response is tickets, or one record that is held as it may be one */
static __always_inline bool xs_is_ticket(xs_ctx *c, const struct xs_pkt *p, struct xs_times *t, __u64 now)
{
	struct xs_record *r = xs_at(c, p->hdr.pay, sizeof(*r));
	__u32 len = r ? (r->hi << 8 | r->lo) + sizeof(*r) : 0;
	__u8 held = XS_TLS_HELD | (len & (XS_TLS_HELD - 1));

	if (!r || r->type != XS_REC_DATA || len < XS_TICKET_LEAST || p->hdr.pay + len > XS_TLS_REACH)
		return false;
	if (p->hdr.pay_len == len && t->tls == XS_TLS_APP13) {
		t->tls = held;
		t->write_ns = now;
		xs_answered(p);
		return true;
	}
	if (p->hdr.pay_len == len ? t->tls != held || now - t->write_ns > XS_TICKETS_NS : 2 * len != p->hdr.pay_len || t->tls != XS_TLS_APP13)
		return false;
	r = p->hdr.pay_len == len ? r : xs_at(c, p->hdr.pay + len, sizeof(*r));
	if (!r || r->type != XS_REC_DATA || (r->hi << 8 | r->lo) + sizeof(*r) != len)
		return false;
	t->tls = XS_TLS_TICKETS;
	return true;
}

/* xs_write_seen() - new response payload at a time: the first byte, or perhaps another write */
static __noinline int xs_write_seen(const struct xs_pkt *p, const struct xs_back *b, struct xs_times *t, __u64 now)
{
	struct xs_settings *set = XS_GET(xs_settings, p->id.gen);
	struct xs_service *s = XS_GET(xs_services, p->id.gen * XS_MAX_SERVICES + (b->service & (XS_MAX_SERVICES - 1)));
	__u64 took = now - t->request_ns;
	bool write = t->phase == XS_WAITING || (set && now - t->write_ns >= set->write_gap_us * 1000ULL);

	if (t->phase == XS_WAITING) {
		t->phase = XS_RESPONDING;
		xs_answered(p);
		t->ttfb_us = took / 1000;
		xs_observe(b->series, XS_M_TTFB, took);
	}
	t->write_ns = now;
	if (!write || t->writes == 255)
		return 0;
	t->writes++;
	if (s && t->writes == s->first_token) {
		t->ttft_us = took / 1000;
		xs_observe(b->series, XS_M_TTFT, took);
	}
	return 0;
}

/* xs_held_end() - what was held was the first byte after all */
static __always_inline void xs_held_end(const struct xs_pkt *p, const struct xs_back *b, struct xs_times *t)
{
	t->tls = XS_TLS_TICKETS;
	xs_write_seen(p, b, t, t->write_ns);
}

/* xs_request_end() - the response is over as far as can be seen */
static __always_inline void xs_request_end(__u32 series, struct xs_times *t)
{
	if (t->phase == XS_RESPONDING) {
		t->duration_us = (t->write_ns - t->request_ns) / 1000;
		xs_observe(series, XS_M_DURATION, t->write_ns - t->request_ns);
	}
	t->phase = XS_IDLE;
}

static __always_inline void xs_request_begin(struct xs_flow *f, struct xs_times *t, __u64 now)
{
	struct xs_tcount *v = XS_GET(xs_tcounts, f->target);

	xs_request_end(f->series, t);
	t->request_ns = now;
	t->ttfb_us = 0;
	t->ttft_us = 0;
	t->duration_us = 0;
	t->writes = 0;
	t->phase = XS_WAITING;
	t->requests++;
	f->asked = 1;
	if (v)
		v->requests++;
}

/* xs_is_new() - whether a segment reaches past the highest sequence number seen, and note how far. One that is further ahead than
 * windows are is no segment of this connection */
static __always_inline bool xs_is_new(const struct xs_pkt *p, __u32 *highest)
{
	__u32 end = p->hdr.seq + p->hdr.pay_len + !!(p->hdr.tcp_flags & XS_TCP_SYN);

	if (p->hdr.proto == IPPROTO_TCP && *highest && (__s32)(end - *highest) <= 0)
		return false;
	if (p->hdr.proto == IPPROTO_TCP && *highest && end - *highest > XS_AHEAD)
		return false;
	*highest = end;
	return true;
}

/**
 * xs_timing_to_target() - A client's packet that may tell something: SYN, the ACK that ends the handshake, payload, FIN, RST
 */
static __noinline __attribute__((unused)) int xs_timing_to_target(xs_ctx *c, struct xs_pkt *p, struct xs_flow *f, struct xs_back *b)
{
	struct xs_times *t = &b->times;
	bool fresh = xs_is_new(p, &f->seq);

	if (p->hdr.tcp_flags & XS_TCP_SYN)
		return 0;
	if (xs_held(t) && (xs_now() - t->write_ns > XS_TICKETS_NS || p->hdr.tcp_flags & XS_TCP_RST))
		xs_held_end(p, b, t);
	if (p->hdr.pay_len && fresh && xs_is_request(c, p, t) && (t->phase != XS_WAITING || p->ask.flags & XS_FF_SHIM))
		xs_request_begin(f, t, xs_now());
	if (p->hdr.tcp_flags & XS_TCP_RST)
		xs_request_end(f->series, t);
	return 0;
}

/**
 * xs_timing_to_client() - A target's packet that may tell something: SYN-ACK, payload, FIN, RST
 */
static __noinline int xs_timing_to_client(xs_ctx *c, struct xs_pkt *p, struct xs_back *b)
{
	struct xs_times *t = &b->times;
	bool fresh = xs_is_new(p, &t->target_seq) && p->hdr.pay_len && !(p->hdr.tcp_flags & XS_TCP_SYN);
	bool early = t->tls >= XS_TLS_APP13 && t->tls != XS_TLS_TICKETS && t->requests <= 1 && t->phase != XS_RESPONDING;
	__u64 now = fresh && (early || t->phase != XS_IDLE) ? xs_now() : 0;

	if (now && !(early && xs_is_ticket(c, p, t, now)) && t->phase != XS_IDLE) {
		if (xs_held(t))
			xs_held_end(p, b, t);
		xs_write_seen(p, b, t, now);
	}
	if (xs_held(t) && p->hdr.tcp_flags & (XS_TCP_FIN | XS_TCP_RST))
		xs_held_end(p, b, t);
	if (p->hdr.tcp_flags & (XS_TCP_FIN | XS_TCP_RST))
		xs_request_end(b->series, t);
	return 0;
}

#endif
