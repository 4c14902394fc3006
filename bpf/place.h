/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* tenant, class, prefix -> target. The most specific rule wins; its sets are tried in order; in a set the ring names the
 * first choice, so hosts without common state agree, and the next eligible one follows from the same ring. */
#ifndef XS_PLACE_H
#define XS_PLACE_H

#include "bpf/maps.bpf.h"
#include "bpf/measure.h"
#include "bpf/pkt.h"

#define XS_RING_PROBES 8	/* ring slots tried before the members are gone through one by one */

/* What xs_pick() met on its way, in p->to.met: any target at all, any in the tenant's zones */
enum { XS_MET = 1, XS_MET_IN_ZONE = 2 };

static __always_inline void xs_trace_candidate(__u32 target, __u32 set, enum xs_lost lost)
{
	struct xs_trace *t;

	if (!feat.dry)
		return;
	t = XS_GET(xs_trace, 0);
	if (!t)
		return;
	if (t->ncandidates < XS_TRACE_CANDIDATES) {
		struct xs_candidate *k = &t->candidate[t->ncandidates & (XS_TRACE_CANDIDATES - 1)];

		k->target = target;
		k->set = set;
		k->lost = lost;
	}
	t->ncandidates++;
}

/* xs_judge() - what is against a flow of this family and of a tenant with these zones (all ones: anywhere) going to the target */
static __always_inline enum xs_lost xs_judge(const struct xs_target *t, const struct xs_tlive *l, __u64 zones, bool v6)
{
	if (!t->port)
		return XS_LOST_GONE;
	if (xs_addr_is4(&t->addr) == v6)	/* a pool may hold both; nat does not translate */
		return XS_LOST_FAMILY;
	if (zones != ~0ULL && !(t->zone & zones))
		return XS_LOST_ZONE;
	return l->state != XS_T_UP ? XS_LOST_STATE : XS_CHOSEN;
}

/* xs_is_taken() - whether the flow has already been found not to fit there */
static __always_inline bool xs_is_taken(const struct xs_pkt *p, __u32 id)
{
	return id == p->to.taken[0] || id == p->to.taken[1] || id == p->to.taken[2] || id == p->to.taken[3];
}

/* xs_eligible() - whether the target is one to choose; notes what was met. Global: verified once, not once a loop */
__noinline int xs_eligible(__u32 id, __u64 zones, __u32 set)
{
	struct xs_target *t = XS_GET(xs_targets, id);
	struct xs_tlive *l = XS_GET(xs_tlive, id);
	struct xs_pkt *p = XS_GET(xs_pkts, 0);
	enum xs_lost lost;

	if (!t || !l || !p)
		return 0;
	lost = xs_is_taken(p, id) ? (t->via ? XS_LOST_PORTS : XS_LOST_CONFLICT) : xs_judge(t, l, zones, p->hdr.v6);
	if (lost != XS_LOST_GONE && lost != XS_LOST_FAMILY)
		p->to.met |= lost == XS_LOST_ZONE ? XS_MET : XS_MET | XS_MET_IN_ZONE;
	xs_trace_candidate(id, set, lost);
	return lost == XS_CHOSEN;
}

static __always_inline __u32 xs_slot(__u32 first, __u32 n)
{
	struct xs_slots *s = XS_GET(xs_slots, (first + n) / XS_SLOTS_LINE);

	return s ? s->t[n & (XS_SLOTS_LINE - 1)] : 0;
}

/* xs_pick() - a target of one set of a rule. After a few ring slots every member is asked, so "none" means none.
 * Return: id or 0; p->to.met says what was met */
__noinline __u32 xs_pick(__u32 row, __u32 set, __u32 key, __u64 zones)
{
	struct xs_rule *r = XS_GET(xs_rows, row);
	__u32 id, last = 0, n, slots;
	struct xs_set *s;

	if (!r)
		return 0;
	s = &r->set[set & (XS_MAX_SETS - 1)];
	slots = s->slots;
	n = s->n;
	if (!slots || !n)
		return 0;
	for (__u32 i = 0; i < XS_RING_PROBES; i++) {
		id = xs_slot(s->ring, (key + i) % slots);
		if (id != last && xs_eligible(id, zones, set))
			return id;
		last = id;
	}
	for (__u32 i = 0; i < XS_MAX_MEMBERS && i < n; i++) {
		id = xs_slot(s->members, (key + i) % n);
		if (xs_eligible(id, zones, set))
			return id;
	}
	return 0;
}

/* xs_rule_valid() - whether row i is the live rule of this key; sets *again if it is another key's (the row, or the word that
 * names it, may have been written anew since it was found) */
static __always_inline bool xs_rule_valid(const struct xs_rule_key *k, __u32 i, bool *again)
{
	struct xs_rule *r = XS_GET(xs_rows, i);
	const __u64 *a = (const __u64 *)k, *b;

	if (!i || !r)
		return false;
	b = (const __u64 *)&r->key;
	if (!r->from || a[0] != b[0] || a[1] != b[1]) {
		*again = true;
		return false;
	}
	if (r->expires_ns && bpf_ktime_get_boot_ns() >= r->expires_ns) {
		xs_bump(XS_C_RULES_EXPIRED);
		return false;
	}
	return true;
}

/* xs_rule_look() - the row that the word of this key names now; *again: it names one that is not of this key */
static __always_inline __u32 xs_rule_look(const struct xs_rule_key *k, __u32 gen, bool *again)
{
	struct xs_rule_word *p = bpf_map_lookup_elem(&xs_rules, k);
	__u32 fed, cfg;
	__u64 word;

	*again = false;
	if (!p)
		return 0;
	word = *(volatile __u64 *)p;	/* one load: the word changes as a whole */
	cfg = word >> 16 * (gen & 1) & 0xffff;
	fed = word >> 32;
	if (xs_rule_valid(k, fed, again))
		return fed;
	return xs_rule_valid(k, cfg, again) ? cfg : 0;
}

/* xs_rule_find() - the live rule with this key: the fed one, else the configured one. Between lookup and load the element may
 * have become another key's (a hash hands out replaced elements at once): then the row shows it, and a second look finds the
 * word in its new place. Return: row or 0 */
static __noinline __u32 xs_rule_find(const struct xs_rule_key *k, __u32 gen)
{
	bool again;
	__u32 row = xs_rule_look(k, gen, &again);

	return row || !again ? row : xs_rule_look(k, gen, &again);
}

/* xs_rule_key() - key of the n-th question: two depths for each prefix level, then one for each other level */
static __always_inline bool xs_rule_key(const struct xs_pkt *p, __u32 level, __u32 deep, struct xs_rule_key *k)
{
	__builtin_memset(k, 0, sizeof(*k));
	k->service = p->id.service;
	k->tenant = XS_ANY;
	k->class = XS_ANY_CLASS;
	if (level == XS_L_PREFIX_TENANT || level == XS_L_PREFIX) {
		k->hash = p->ask.hash[deep];
		k->depth = p->ask.depth[deep];
		if (!k->depth)
			return false;
	}
	if (level == XS_L_PREFIX_TENANT || level == XS_L_TENANT_CLASS || level == XS_L_TENANT) {
		k->tenant = p->ask.tenant;
		if (!k->tenant)
			return false;
	}
	if (level == XS_L_TENANT_CLASS || level == XS_L_CLASS)
		k->class = p->ask.class;
	return true;
}

/* xs_rule_best() - the most specific live rule; only levels at which rules exist are asked. @own: row of the service's own configured
 * rule, 0: none, or it may not be the one. Writes p->to.rule, level */
static __always_inline bool xs_rule_best(struct xs_pkt *p, __u32 levels, __u32 own, __u32 *deep)
{
	struct xs_rule_key k;
	bool again;

	if (levels == 1 << XS_L_SERVICE && own) {	/* nothing more specific, nothing fed: no need to ask */
		p->to.rule = own;
		p->to.level = XS_L_SERVICE;
		xs_rule_key(p, XS_L_SERVICE, 0, &k);
		return xs_rule_valid(&k, own, &again);
	}
#pragma unroll
	for (__u32 level = 0; level < XS_L_MAX; level++) {
		if (!(levels & 1 << level))
			continue;
		for (__u32 d = 0; d < (level <= XS_L_PREFIX ? 2 : 1); d++) {
			if (!xs_rule_key(p, level, d, &k))
				continue;
			p->to.rule = xs_rule_find(&k, p->id.gen);
			if (!p->to.rule)
				continue;
			p->to.level = level;
			*deep = d;
			return true;
		}
	}
	return false;
}

/* xs_flow_key() - 32 well-mixed bits of the flow's tuple, the same on every host: no secret goes in */
static __always_inline __u32 xs_flow_key(const struct xs_pkt *p)
{
	__u32 h = (__u32)p->hdr.sport << 16 | p->hdr.dport;

#pragma unroll
	for (int i = 0; i < 4; i++) {
		h = (h ^ p->hdr.src.w[i]) * 0x85ebca6bu;
		h = (h ^ h >> 13 ^ p->hdr.dst.w[i]) * 0xc2b2ae35u;
	}
	return h ^ h >> 16;
}

/* xs_ring_key() - the prefix that matched, else the deepest one, else the flow */
static __always_inline __u32 xs_ring_key(const struct xs_pkt *p, __u32 deep)
{
	if (!p->ask.depth[0])
		return xs_flow_key(p);
	return p->ask.hash[p->to.level <= XS_L_PREFIX ? deep & 1 : 0] * 0x9e3779b1u;
}

static __always_inline enum xs_reason xs_place_in(struct xs_pkt *p, __u32 nsets, __u32 key, __u64 zones)
{
	for (__u32 i = 0; i < XS_MAX_SETS && i < nsets; i++) {
		p->to.target = xs_pick(p->to.rule, i, key, zones);
		p->to.set = i;
		if (p->to.target)
			return XS_R_NONE;
	}
	if (!(p->to.met & XS_MET))
		return XS_R_NO_RULE;
	return p->to.met & XS_MET_IN_ZONE ? XS_R_NO_TARGET : XS_R_ZONE_DENIED;
}

static __always_inline void xs_trace_place(const struct xs_pkt *p, __u32 key)
{
	struct xs_trace *t = feat.dry ? XS_GET(xs_trace, 0) : NULL;

	if (!t)
		return;
	t->level = p->to.level;
	t->rule = p->to.rule;
	t->by_prefix = !!p->ask.depth[0];
	t->hash = key;
}

/**
 * xs_place() - Pick the target for an admitted first packet; reads p->id and p->ask, writes p->to
 * A rule whose targets are all down, draining or outside the tenant's zones stops here: asking a less specific rule would
 * send the flow where the operator said it must not go.
 * Return: 0, XS_R_NO_RULE, XS_R_ZONE_DENIED or XS_R_NO_TARGET
 */
static __always_inline enum xs_reason xs_place(struct xs_pkt *p, const struct xs_service *s)
{
	struct xs_tenant *tenant = XS_GET(xs_tenants, p->id.gen * XS_MAX_TENANTS + (p->ask.tenant & (XS_MAX_TENANTS - 1)));
	struct xs_levels *fed = XS_GET(xs_levels, p->id.service);
	struct xs_target *t;
	enum xs_reason r;
	struct xs_rule *rule;
	__u32 deep = 0, key;

	if (!tenant || !fed)
		return XS_R_INTERNAL;
	if (!xs_rule_best(p, s->levels | fed->fed, fed->fed & 1 << XS_L_SERVICE ? 0 : s->rule, &deep))
		return XS_R_NO_RULE;
	rule = XS_GET(xs_rows, p->to.rule);
	if (!rule)
		return XS_R_INTERNAL;
	key = xs_ring_key(p, deep);
	xs_trace_place(p, key);
	r = xs_place_in(p, rule->nsets, key, p->ask.tenant ? tenant->zones : ~0ULL);
	if (r)
		return r;
	t = XS_GET(xs_targets, p->to.target);
	if (!t)
		return XS_R_INTERNAL;
	/* A tagged frame belongs to a VLAN device above this one, which only the stack resolves. */
	p->to.way = p->hdr.l3 == ETH_HLEN ? t->way : XS_WAY_STACK;
	return XS_R_NONE;
}

#endif
