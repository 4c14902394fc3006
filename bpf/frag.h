/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fragments. The first one of a datagram has the ports and is steered like a whole packet; it leaves a row (xs_frags) by which the
 * others, in any order behind it, go the same way: addresses rewritten, no checksum but IP's own. XDP and TC read the same rows.
 *
 * A later fragment that meets no row is left to the host: its address may be a service's, but other ports of that address are
 * not ours, so it may well be a stranger's. Holding it back until its first one comes would be the other choice; there is
 * nowhere to hold a packet. What lies over the first fragment is refused and the datagram forgotten (RFC 1858, 3128, 5722); that
 * later ones do not lie over each other is the target's to see, for it steers nothing. At egress nothing is refused: what lies
 * over another there was cut once more by this host.
 *
 * Rows are made for flows only, so strangers cannot push them out, and live for as long as reassembly may take (RFC 791). */
#ifndef XS_FRAG_H
#define XS_FRAG_H

#include "bpf/classify.h"
#include "bpf/parse.h"

#define XS_FRAG_LIVES_S 15
#define XS_FRAG_AGAIN_S 1	/* an id is not used again so soon, so what differs is no other datagram */
#define XS_FRAG_SECONDS 0x3ff

/* xs_frag_key() - the datagram of a fragment. Return: the fragment's place in it, in units of 8 bytes; ~0: the header is not there */
static __always_inline __u32 xs_frag_key(xs_ctx *c, const struct xs_pkt *p, struct xs_frag_key *k)
{
	struct xs_ext_frag *f;
	struct iphdr *ip;

	k->src = p->hdr.src;
	k->dst = p->hdr.dst;
	k->proto = 0;
	if (p->hdr.v6) {
		f = xs_at(c, p->hdr.frag, sizeof(*f));
		if (!f)
			return ~0U;
		k->id = f->id;
		return bpf_ntohs(f->off) >> 3;
	}
	ip = xs_at(c, p->hdr.frag, sizeof(*ip));
	if (!ip)
		return ~0U;
	k->id = ip->id;
	k->proto = ip->protocol;
	return bpf_ntohs(ip->frag_off) & 0x1fff;
}

static __always_inline __u16 xs_frag_check(const struct xs_frag_key *k)
{
	__u32 h = (k->src.w[3] ^ k->src.w[1]) * 0x85ebca6bu;

	return ((h ^ k->dst.w[3] ^ k->id) * 0x9e3779b1u) >> 16;
}

static __always_inline __u32 xs_frag_second(void)
{
	return (feat.hz ? bpf_jiffies64() / feat.hz : 0) & XS_FRAG_SECONDS;
}

/* xs_frag_row() - the row of a datagram, if it is at most `age` seconds old. Return: false: none */
static __always_inline bool xs_frag_row(const struct xs_frag_key *k, __u32 age, struct xs_frag *row)
{
	struct xs_frag *at = bpf_map_lookup_elem(&xs_frags, k);
	__u64 word;

	if (!at)
		return false;
	word = *(volatile __u64 *)at;
	__builtin_memcpy(row, &word, sizeof(*row));
	return row->check == xs_frag_check(k) && ((xs_frag_second() - row->second) & XS_FRAG_SECONDS) <= age;
}

static __always_inline __u64 xs_frag_end_check(const struct xs_frag_key *k, const struct xs_addr *a)
{
	__u64 h = xs_frag_check(k);

#pragma unroll
	for (int i = 0; i < 4; i++)
		h = (h ^ a->w[i]) * 0x9e3779b97f4a7c15ULL;
	return h;
}

/* xs_frag_end_put() - what becomes of the address that is not the service's or the target's: the end that the target sees, or the
 * client's. Return: false: it is not known */
static __noinline bool xs_frag_end_put(const struct xs_pkt *p, const struct xs_frag_key *k)
{
	const struct xs_end *e = p->id.dir == XS_TO_TARGET ? xs_seen_as(p) : xs_client_of(p);
	struct xs_frag_end end;

	if (!e)
		return false;
	end.addr = e->addr;
	end.check = xs_frag_end_check(k, &end.addr);
	return !bpf_map_update_elem(&xs_frag_ends, k, &end, BPF_ANY);
}

/**
 * xs_frag_first() - Let the later fragments of this first one follow it; reads p->hdr and p->id
 * A second first fragment that says something else at once is one that lies over the first: both are none.
 * Return: 0, or XS_R_FRAGMENT_REFUSED
 */
static __noinline enum xs_reason xs_frag_first(xs_ctx *c, const struct xs_pkt *p, __u32 target, __u32 way)
{
	__u32 begin = p->hdr.v6 ? p->hdr.frag + sizeof(struct xs_ext_frag) : p->hdr.l4;
	struct xs_frag row, old;
	struct xs_frag_key k;
	bool same;

	if (feat.dry)
		return XS_R_NONE;
	if (xs_frag_key(c, p, &k) == ~0U)
		return XS_R_TRUNCATED;
	row = (struct xs_frag) {
		.service = p->id.service, .target = target, .way = way, .dir = p->id.dir, .second = xs_frag_second(),
		.end = (p->hdr.l3 + p->hdr.ip_len - begin + 7) / 8, .check = xs_frag_check(&k),
		.own = XS_INGRESS && p->to.own && p->to.own != XS_OWN_CLIENT,	/* else the address stays */
	};
	if (xs_frag_row(&k, XS_FRAG_AGAIN_S, &old)) {
		same = old.service == row.service && old.target == row.target;
		if (!XS_INGRESS && same)
			return XS_R_NONE;	/* the row of ingress, which knows how the sender cut it */
		if (XS_INGRESS && (!same || old.end != row.end)) {
			bpf_map_delete_elem(&xs_frags, &k);
			return XS_R_FRAGMENT_REFUSED;
		}
	}
	if (row.own && !xs_frag_end_put(p, &k))
		return XS_R_NONE;
	bpf_map_update_elem(&xs_frags, &k, &row, BPF_ANY);
	return XS_R_NONE;
}

/* xs_frag_is() - whether the addresses are those that a row of this direction has. They are asked because ids are used again */
static __always_inline bool xs_frag_is(const struct xs_pkt *p, const struct xs_frag *row)
{
	struct xs_service *s = xs_service_at(p->id.gen, row->service);
	struct xs_target *t = XS_GET(xs_targets, row->target);

	if (!s || !s->proto || !t || !t->port)
		return false;
	return row->dir == XS_TO_TARGET ? xs_same_addr(&s->addr, &p->hdr.dst) : xs_same_addr(&t->addr, &p->hdr.src);
}

/**
 * xs_frag_find() - Whose a later fragment is; reads p->hdr, writes p->id and p->to (target, way; own: whether the other end's address changes, too)
 * Return: 0, XS_R_FRAGMENT_PASSED, XS_R_FRAGMENT_ORPHAN or XS_R_FRAGMENT_REFUSED
 */
static __noinline enum xs_reason xs_frag_find(xs_ctx *c, struct xs_pkt *p)
{
	struct xs_maybe *m = XS_GET(xs_maybe, 0);
	struct xs_frag_key k;
	struct xs_frag row;
	__u32 at;

	if (feat.dry || !m)
		return XS_R_FRAGMENT_PASSED;
	if (!xs_maybe_ours(m, &p->hdr.dst, 0, XS_ALONE_SERVICE) && !xs_maybe_ours(m, &p->hdr.src, 0, XS_ALONE_TARGET))
		return XS_R_FRAGMENT_PASSED;
	at = xs_frag_key(c, p, &k);
	if (at == ~0U || xs_generation(p) || !xs_frag_row(&k, XS_FRAG_LIVES_S, &row) || !xs_frag_is(p, &row))
		return XS_R_FRAGMENT_ORPHAN;
	p->id.service = row.service;
	p->id.dir = row.dir;
	p->to.target = row.target;
	p->to.way = row.way;
	p->to.own = row.own;
	if (!XS_INGRESS || at >= row.end)
		return XS_R_NONE;
	bpf_map_delete_elem(&xs_frags, &k);
	return XS_R_FRAGMENT_REFUSED;
}

#endif
