/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The end that a target sees. Nearly always it is the client's. Two things make it another: `via: fullnat` (an address of this host's
 * own, and a port), and two services that meet at one target with one client port (the client's address, and another port). A flow
 * says so in `own` and `own_port`; 0 is the test that everything else passes by.
 *
 * Such a record stands where its client says, like any other, and has the tag of a stray for its replies alone, so that they find
 * it by the end they are sent to; the pair of places of that end counts it among its strays. source.h chooses the end, fullnat.h
 * writes it. */
#ifndef XS_OWN_BPF_H
#define XS_OWN_BPF_H

#include "bpf/flowtab.h"

/* The end that was asked for last. In a map, so that the verifier does not follow the three kinds of it any further. */
struct xs_end {
	struct xs_addr addr;
	__be16 port;
};
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct xs_end); } xs_end_now SEC(".maps");

/* xs_own_load() - the address of a slot into xs_end_now. Global: verified once */
__noinline int xs_own_load(__u32 slot)
{
	struct xs_own *o = XS_GET(xs_owns, slot & (XS_MAX_OWNS - 1));
	struct xs_end *e = XS_GET(xs_end_now, 0);

	if (o && e)
		e->addr = o->addr;
	return 0;
}

/* xs_end_of() - the end that the target of this client's flow sees. Return: it, until the next one is asked for; NULL never, but the
 * verifier wants it asked */
static __always_inline const struct xs_end *xs_end_of(__u8 own, __be16 own_port, const struct xs_addr *client, __be16 cport)
{
	struct xs_end *e = XS_GET(xs_end_now, 0);

	if (!e)
		return NULL;
	e->addr = *client;
	e->port = own ? own_port : cport;
	if (own && own != XS_OWN_CLIENT)
		xs_own_load(own);
	return e;
}

/* xs_seen_as() - the same for a placed packet, which shows the client as its source */
static __always_inline const struct xs_end *xs_seen_as(const struct xs_pkt *p)
{
	return xs_end_of(p->to.own, p->to.own_port, &p->hdr.src, p->hdr.sport);
}

/* xs_is_mine() - whether record i (index + 1) is of the flow that the packet begins: same client, same service */
static __always_inline bool xs_is_mine(const struct xs_pkt *p, __u32 i)
{
	struct xs_flow *f = XS_GET(xs_flows, i - 1);

	return f && f->service == p->id.service && f->cport == p->hdr.sport && xs_same_addr(&f->client, &p->hdr.src);
}

#endif
