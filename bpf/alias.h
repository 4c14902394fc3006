/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The half-open store, where the target sees another end than the client's: its replies show that end alone. So a second row stands in
 * the line of that end, an alias that names the client's, and no more. It is written with the first one, as old as that at most, and
 * dropped with it; if it was pushed out, the client's next try brings it back. */
#ifndef XS_ALIAS_H
#define XS_ALIAS_H

#include "bpf/half.h"

/* xs_alias_make() - the alias of the row at hand, into its element of xs_half_now */
static __always_inline struct xs_half *xs_alias_make(void)
{
	struct xs_half *h = XS_GET(xs_half_now, XS_HALF_SELF), *a = XS_GET(xs_half_now, XS_HALF_ALIAS);
	const struct xs_end *seen;

	if (!h || !a)
		return NULL;
	seen = xs_end_of(h->own, h->own_port, &h->client, h->cport);
	if (!seen)
		return NULL;
	*a = *h;
	a->client = seen->addr;
	a->cport = seen->port;
	a->own = XS_OWN_ALIAS;
	a->own_port = h->cport;
	a->real = h->client;
	return a;
}

/* xs_alias_try() - whether row n of the line is the alias that was just made */
__noinline int xs_alias_try(__u32 line, __u32 n, __u32 fp, __u32 gen)
{
	struct xs_half *a = XS_GET(xs_half_now, XS_HALF_ALIAS), *now = XS_GET(xs_half_now, XS_HALF_MET);
	struct xs_line *l = XS_GET(xs_hlines, line);

	if (!l || !now || !a || !xs_half_copy(l, now, line, n, fp, xs_half_limit(gen & 1, a->proto)))
		return 0;
	return now->own == XS_OWN_ALIAS && now->target == a->target && now->proto == a->proto && now->cport == a->cport &&
	       now->own_port == a->own_port && xs_same_addr(&now->client, &a->client) && xs_same_addr(&now->real, &a->real);
}

/* xs_alias_at() - where it stands. Return: index + 1, 0: nowhere */
static __always_inline __u32 xs_alias_at(__u64 hash, __u32 gen)
{
	__u32 line = (__u32)hash & feat.half_mask, fp = xs_half_fp(hash);
	struct xs_line *l = XS_GET(xs_hlines, line);

	if (!l)
		return 0;
	for (__u32 n = 0; n < XS_LINE_TAGS; n++)
		if (l->tag[n] >> 32 == fp && xs_alias_try(line, n, fp, gen))
			return line * XS_LINE_TAGS + n + 1;
	return 0;
}

/* xs_alias_put() - write the alias of the row at hand, or renew it */
__noinline int xs_alias_put(__u32 gen)
{
	struct xs_half *a = xs_alias_make();
	__u64 hash;

	if (!a)
		return 0;
	hash = xs_half_hash(&a->client, a->cport, a->proto);
	return xs_half_write(hash, xs_alias_at(hash, gen), XS_HALF_ALIAS);
}

__noinline int xs_alias_drop(__u32 gen)
{
	struct xs_half *a = xs_alias_make();
	__u64 hash;
	__u32 at;

	if (!a)
		return 0;
	hash = xs_half_hash(&a->client, a->cport, a->proto);
	at = xs_alias_at(hash, gen);
	return at ? xs_half_forget(hash, at) : 0;
}

/* xs_alias_leads() - whether row n of the line is the one that the alias at hand names, and the packet which its target's */
__noinline int xs_alias_leads(__u32 line, __u32 n, __u32 fp, __u32 which)
{
	struct xs_half *a = XS_GET(xs_half_now, XS_HALF_ALIAS), *now = XS_GET(xs_half_now, XS_HALF_SELF);
	struct xs_line *l = XS_GET(xs_hlines, line);
	struct xs_pkt *p = XS_GET(xs_pkts, which);

	if (!l || !now || !a || !p || !xs_half_copy(l, now, line, n, fp, xs_half_limit(p->id.gen, a->proto)))
		return 0;
	return now->own && now->own != XS_OWN_ALIAS && now->own_port == a->cport && now->target == a->target && now->proto == a->proto &&
	       now->cport == a->own_port && xs_same_addr(&now->client, &a->real) && xs_half_heard(p, now);
}

/* xs_alias_follow() - from the alias in xs_half_now to the row it names, which takes its place there and in p->id.half_hash.
 * Return: index + 1, 0: there is none any more */
__noinline __u32 xs_alias_follow(__u32 which)
{
	struct xs_half *a = XS_GET(xs_half_now, XS_HALF_ALIAS), *now = XS_GET(xs_half_now, XS_HALF_SELF);
	struct xs_pkt *p = XS_GET(xs_pkts, which);
	struct xs_line *l;
	__u32 line, fp;
	__u64 hash;

	if (!a || !now || !p)
		return 0;
	*a = *now;
	hash = xs_half_hash(&a->real, a->own_port, a->proto);
	line = (__u32)hash & feat.half_mask;
	fp = xs_half_fp(hash);
	p->id.half_hash = hash;
	l = XS_GET(xs_hlines, line);
	if (!l)
		return 0;
	for (__u32 n = 0; n < XS_LINE_TAGS; n++)
		if (l->tag[n] >> 32 == fp && xs_alias_leads(line, n, fp, which))
			return line * XS_LINE_TAGS + n + 1;
	return 0;
}

#endif
