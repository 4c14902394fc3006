/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The half-open store: find, put, forget. maps/flow.h has the layout. Lines are chosen by a keyed hash, so a flood spreads evenly:
 * with 32,768 lines of eight, 200,000 spoofed SYNs a second leave a row 1.3 seconds, which is time enough for a round trip of 50 ms and
 * for an ACK that was lost to be sent again. */
#ifndef XS_HALF_H
#define XS_HALF_H

#include "bpf/flowtab.h"
#include "bpf/own.h"

#define XS_HALF_WINDOW (1 << 16)	/* how far behind the initial sequence numbers a handshake's other segments may stand */

/* The row at hand: found, or being made; too large for the stack. Then the one that xs_half_meets() looks at, and an alias (alias.h). */
enum { XS_HALF_SELF, XS_HALF_MET, XS_HALF_ALIAS, XS_HALFS };
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, XS_HALFS); __type(key, __u32); __type(value, struct xs_half); } xs_half_now SEC(".maps");

/* Bits of a hash that its fingerprint carries: one that is always set, and whether it is of datagrams, which live otherwise */
#define XS_HALF_SET (1ULL << 32)
#define XS_HALF_UDP (1ULL << 33)

/* xs_half_hash() - of the client's end alone: replies do not show the service */
static __always_inline __u64 xs_half_hash(const struct xs_addr *client, __be16 cport, __u8 proto)
{
	struct xs_sip s;

	xs_sip_init(&s, secret.flow[0], secret.flow[1]);
	xs_sip13_word(&s, xs_pair(client->w[3], client->w[2]));
	xs_sip13_word(&s, xs_pair(client->w[1], client->w[0]));
	xs_sip13_word(&s, (__u32)cport << 8 | proto);
	return (xs_sip13_end(&s) & ~(XS_HALF_SET | XS_HALF_UDP)) | XS_HALF_SET | (proto == IPPROTO_UDP ? XS_HALF_UDP : 0);
}

static __always_inline __u32 xs_half_fp(__u64 hash)
{
	return (__u32)(hash >> 32);
}

/* xs_half_first() - which place of its line a row takes if several are free */
static __always_inline __u32 xs_half_first(__u64 hash)
{
	return hash >> 61;
}

/* xs_half_touch() - begin to fetch what a new row needs: its line, and where it will stand unless others are there */
static __always_inline void xs_half_touch(__u64 hash)
{
	__u32 line = (__u32)hash & feat.half_mask;

	xs_touch(XS_GET(xs_hlines, line));
	xs_touch(XS_GET(xs_halfs, line * XS_LINE_TAGS + xs_half_first(hash)));
}

/* xs_half_heard() - whether a target's segment answers the handshake of row h, by its numbers: the client may have a connection to
 * the target itself, from the same port */
static __always_inline bool xs_half_heard(const struct xs_pkt *p, const struct xs_half *h)
{
	__u8 fl = p->hdr.tcp_flags;
	bool known = h->flags & XS_FF_ANSWERED;

	if (p->hdr.proto == IPPROTO_UDP || p->hdr.quoted)
		return true;
	if (!(fl & XS_TCP_ACK) || (p->hdr.ack - h->client_isn - 1 >= XS_HALF_WINDOW && (known || p->hdr.ack - h->target_isn - 1 >= XS_HALF_WINDOW)))
		return false;
	return fl & (XS_TCP_SYN | XS_TCP_RST) || (known && p->hdr.seq - h->target_isn - 1 < XS_HALF_WINDOW);
}

/* xs_half_is() - whether row h is of this packet: its client's end, and the service or target at the other end */
static __always_inline bool xs_half_is(const struct xs_pkt *p, const struct xs_half *h)
{
	bool fwd = p->id.dir == XS_TO_TARGET;
	struct xs_target *t;

	if (h->proto != p->hdr.proto || h->cport != (fwd ? p->hdr.sport : p->hdr.dport) ||
	    !xs_same_addr(&h->client, fwd ? &p->hdr.src : &p->hdr.dst))
		return false;
	if (fwd)
		return h->service == p->id.service && !(h->flags & XS_FF_MOVED) && h->own != XS_OWN_ALIAS;
	t = XS_GET(xs_targets, h->target);
	if (!t || t->port != p->hdr.sport || !xs_same_addr(&t->addr, &p->hdr.src))
		return false;
	return h->own ? h->own == XS_OWN_ALIAS : xs_half_heard(p, h);	/* with another source none is sent to the client's end */
}

/* xs_half_copy() - row n of the line into xs_half_now, whole. Return: false if it is another's by now, or its time is over */
static __always_inline bool xs_half_copy(struct xs_line *l, struct xs_half *now, __u32 line, __u32 n, __u32 fp, __u32 limit)
{
	struct xs_half *h = XS_GET(xs_halfs, line * XS_LINE_TAGS + n);
	struct xs_lock *k = XS_GET(xs_locks, line & (XS_LOCKS - 1));
	__u64 tag;

	if (!h || !k)
		return false;
	bpf_spin_lock(&k->lock);
	tag = l->tag[n & (XS_LINE_TAGS - 1)];
	*now = *h;
	bpf_spin_unlock(&k->lock);
	return tag >> 32 == fp && xs_jiffies() - (__u32)tag <= limit;
}

/* xs_half_limit() - jiffies that a row lives: a handshake's, or those of datagrams whose answer may take a request's time */
static __always_inline __u32 xs_half_limit(__u32 gen, __u8 proto)
{
	struct xs_settings *set = XS_GET(xs_settings, gen);

	return set ? (proto == IPPROTO_UDP ? set->udp_idle_s : set->tcp_syn_s) * feat.hz : 0;
}

/* xs_half_try() - whether row n of the line is that packet's (XS_PKT_SELF, XS_PKT_QUOTED), into xs_half_now. Global, as all here: verified once, not once a loop */
__noinline int xs_half_try(__u32 line, __u32 n, __u32 fp, __u32 which)
{
	struct xs_line *l = XS_GET(xs_hlines, line);
	struct xs_half *now = XS_GET(xs_half_now, XS_HALF_SELF);
	struct xs_pkt *p = XS_GET(xs_pkts, which);

	if (!l || !now || !p || !xs_half_copy(l, now, line, n, fp, xs_half_limit(p->id.gen, p->hdr.proto)))
		return 0;
	return !xs_half_is(p, now) ? 0 : now->own == XS_OWN_ALIAS ? XS_HALF_ALIAS : 1;
}

__u32 xs_alias_follow(__u32 which);	/* alias.h */

/* xs_half_seek() - as xs_half_find(), but an alias is not followed. Return: ~0: it is one */
__noinline __u32 xs_half_seek(__u64 hash, __u32 which)
{
	__u32 line = (__u32)hash & feat.half_mask, fp = xs_half_fp(hash);
	struct xs_line *l = XS_GET(xs_hlines, line);
	struct xs_pkt *p = XS_GET(xs_pkts, which);
	bool alone = true;
	int r;

	if (!l || !p)
		return 0;
	for (__u32 n = 0; n < XS_LINE_TAGS; n++) {
		if (l->tag[n] >> 32 != fp)
			continue;
		alone = false;
		r = xs_half_try(line, n, fp, which);
		if (r)
			return r == XS_HALF_ALIAS ? ~0U : line * XS_LINE_TAGS + n + 1;
	}
	p->id.half_alone = alone;
	return 0;
}

/* xs_half_find() - the row of the packet at hand, into xs_half_now. Return: index + 1, 0: none */
static __always_inline __u32 xs_half_find(__u64 hash, __u32 which)
{
	__u32 at = xs_half_seek(hash, which);

	return at == ~0U ? xs_alias_follow(which) : at;
}

/* xs_same_target() - whether replies of both come from one address and port: under another `via`, in another pool it has another id */
static __always_inline bool xs_same_target(__u32 a, __u32 b)
{
	struct xs_target *t = XS_GET(xs_targets, a), *u = XS_GET(xs_targets, b);

	return a == b || (t && u && t->port == u->port && xs_same_addr(&t->addr, &u->addr));
}

/* xs_half_try_met() - whether row n of the line is one that xs_half_meets() asks for */
__noinline int xs_half_try_met(__u32 line, __u32 n, __u32 fp, __u32 target, __u32 mine)
{
	struct xs_line *l = XS_GET(xs_hlines, line);
	struct xs_half *now = XS_GET(xs_half_now, XS_HALF_MET);
	struct xs_pkt *p = XS_GET(xs_pkts, 0);
	const struct xs_end *seen;

	if (!l || !now || !p || !xs_half_copy(l, now, line, n, fp, xs_half_limit(p->id.gen, p->hdr.proto)))
		return 0;
	if (now->proto != p->hdr.proto)
		return 0;
	if (mine)
		return now->target == target && now->own == p->to.own && now->own_port == p->to.own_port && now->cport == p->hdr.sport && xs_same_addr(&now->client, &p->hdr.src);
	seen = xs_seen_as(p);
	return seen && xs_same_target(now->target, target) && (!now->own || now->own == XS_OWN_ALIAS) && now->cport == seen->port && xs_same_addr(&now->client, &seen->addr);
}

/* xs_half_meets() - the row that replies of this target to the end in p->to, or to the client's, would find, of whatever service: into
 * XS_HALF_MET of xs_half_now. @hash: of that end; with mine: of the client's, and the row that the packet's own flow has for it.
 * Return: index + 1, 0: none */
__noinline __u32 xs_half_meets(__u64 hash, __u32 target, __u32 mine)
{
	__u32 line = (__u32)hash & feat.half_mask, fp = xs_half_fp(hash);
	struct xs_line *l = XS_GET(xs_hlines, line);

	if (!l)
		return 0;
	for (__u32 n = 0; n < XS_LINE_TAGS; n++)
		if (l->tag[n] >> 32 == fp && xs_half_try_met(line, n, fp, target, mine))
			return line * XS_LINE_TAGS + n + 1;
	return 0;
}

/* xs_half_place() - where a new row goes: the place it has been fetched for, else a free one, else the oldest's. Counts one pushed out
 * before its time. The tags tell all of it: an old row is not fetched to be overwritten */
static __always_inline __u32 xs_half_place(const struct xs_line *l, __u32 first, __u32 gen)
{
	__u32 now = xs_jiffies(), oldest = 0, place = first, age, n;
	__u32 tcp = xs_half_limit(gen, IPPROTO_TCP), udp = xs_half_limit(gen, IPPROTO_UDP);
	__u64 tag;

	for (__u32 i = 0; i < XS_LINE_TAGS; i++) {
		n = (first + i) & (XS_LINE_TAGS - 1);
		tag = l->tag[n];
		age = now - (__u32)tag;
		if (!tag || age > (tag & XS_HALF_UDP ? udp : tcp))
			return n;
		if (age > oldest) {
			oldest = age;
			place = n;
		}
	}
	xs_bump(XS_C_HALF_EVICTED);
	return place;
}

/* xs_half_write() - write an element of xs_half_now into its place (index + 1), or a new one (0), as seen now. Return: index + 1, 0: its
 * place has just been taken by another */
__noinline __u32 xs_half_write(__u64 hash, __u32 at, __u32 element)
{
	__u32 line = (__u32)hash & feat.half_mask, n = (at - 1) & (XS_LINE_TAGS - 1), jiffies = xs_jiffies();
	struct xs_lock *k = XS_GET(xs_locks, line & (XS_LOCKS - 1));
	struct xs_half *now = XS_GET(xs_half_now, element), *h;
	struct xs_line *l = XS_GET(xs_hlines, line);
	struct xs_pkt *p = XS_GET(xs_pkts, 0);
	bool mine;

	if (!now || !l || !k || !p)
		return 0;
	if (!at)
		n = xs_half_place(l, xs_half_first(hash), p->id.gen);
	h = XS_GET(xs_halfs, line * XS_LINE_TAGS + n);
	if (!h)
		return 0;
	bpf_spin_lock(&k->lock);
	mine = !at || l->tag[n & (XS_LINE_TAGS - 1)] >> 32 == xs_half_fp(hash);
	if (mine) {
		*h = *now;
		l->tag[n & (XS_LINE_TAGS - 1)] = (__u64)xs_half_fp(hash) << 32 | jiffies;
	}
	bpf_spin_unlock(&k->lock);
	return mine ? line * XS_LINE_TAGS + n + 1 : 0;
}

int xs_alias_put(__u32 gen);	/* alias.h */
int xs_alias_drop(__u32 gen);

/* xs_half_put() - the same for the row at hand, and its alias if it has one */
__noinline __u32 xs_half_put(__u64 hash, __u32 at)
{
	struct xs_half *now = XS_GET(xs_half_now, XS_HALF_SELF);
	struct xs_pkt *p = XS_GET(xs_pkts, 0);

	at = xs_half_write(hash, at, XS_HALF_SELF);
	if (at && now && p && now->own)
		xs_alias_put(p->id.gen);
	return at;
}

/* xs_half_forget() - take a row out, if it is still what stood there */
__noinline int xs_half_forget(__u64 hash, __u32 at)
{
	__u32 line = (__u32)hash & feat.half_mask, n = (at - 1) & (XS_LINE_TAGS - 1);
	struct xs_lock *k = XS_GET(xs_locks, line & (XS_LOCKS - 1));
	struct xs_line *l = XS_GET(xs_hlines, line);

	if (!l || !k)
		return 0;
	bpf_spin_lock(&k->lock);
	if (l->tag[n] >> 32 == xs_half_fp(hash))
		l->tag[n] = 0;
	bpf_spin_unlock(&k->lock);
	return 0;
}

/* xs_half_drop() - the row at hand has become a record, or its client gave up */
__noinline int xs_half_drop(__u64 hash, __u32 at)
{
	struct xs_half *now = XS_GET(xs_half_now, XS_HALF_SELF);
	struct xs_pkt *p = XS_GET(xs_pkts, 0);

	if (now && p && now->own)
		xs_alias_drop(p->id.gen);
	return xs_half_forget(hash, at);
}

/* xs_client_find() - the client's end of the flow or the half-open row of a packet, into xs_end_now. Global: verified once */
__noinline int xs_client_find(__u32 flow, __u32 half)
{
	struct xs_half *h = XS_GET(xs_half_now, XS_HALF_SELF);
	struct xs_flow *f = XS_GET(xs_flows, flow - 1);
	struct xs_end *e = XS_GET(xs_end_now, 0);

	if (half && h && e) {
		e->addr = h->client;
		e->port = h->cport;
	} else if (f && e) {
		e->addr = f->client;
		e->port = f->cport;
	}
	return 0;
}

/* xs_client_of() - the same. Return: as xs_end_of() */
static __always_inline const struct xs_end *xs_client_of(const struct xs_pkt *p)
{
	xs_client_find(p->id.flow, p->id.half);
	return XS_GET(xs_end_now, 0);
}

/* xs_half_make() - a row for a packet that has just been placed, in xs_half_now */
static __always_inline void xs_half_make(const struct xs_pkt *p, struct xs_half *h)
{
	__builtin_memset(h, 0, sizeof(*h));
	h->client = p->hdr.src;
	h->cport = p->hdr.sport;
	h->service = p->id.service;
	h->target = p->to.target;
	h->flags = p->ask.flags;
	h->class = p->ask.class;
	h->tenant = p->ask.tenant;
	h->client_isn = h->target_isn = p->hdr.seq;
	h->level = p->to.level;
	h->set = p->to.set;
	h->rule = p->to.rule;
	h->way = p->to.way;
	h->own = p->to.own;
	h->own_port = p->to.own_port;
	h->proto = p->hdr.proto;
	h->placed = 1;
	h->prompt = p->ask.prompt;
	h->request_id = p->ask.request_id;
	h->born = xs_jiffies();
	h->start_ns = bpf_ktime_get_ns();
}

/* xs_half_known() - what was decided for the row, for the packet at hand */
static __always_inline void xs_half_known(struct xs_pkt *p, const struct xs_half *h)
{
	p->to.target = h->target;
	p->to.way = h->way;
	p->to.level = h->level;
	p->to.set = h->set;
	p->to.rule = h->rule;
	p->to.own = h->own;
	p->to.own_port = h->own_port;
	p->ask.who = XS_WHO_NOBODY;
	p->ask.tenant = h->tenant;
	p->ask.class = h->class;
	p->ask.flags = h->flags & ~XS_FF_ANSWERED;
	p->ask.prompt = h->prompt;
	p->ask.request_id = h->request_id;
}

#endif
