/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* shim, source -> p->ask: who asks, how urgently, for which prefix. Only first packets come here. The order of the findings is
 * that of the table "What a steering host does with it".
 *
 * A clock that cannot be used does not refuse everybody: a tagged shim cannot be judged then, so where one is required its
 * packet is refused with a reason of its own, and where it is optional the source address decides as if there were none. */
#ifndef XS_ADMIT_H
#define XS_ADMIT_H

#include "bpf/clock.h"
#include "bpf/measure.h"
#include "bpf/parse.h"
#include "bpf/shim.h"

static __always_inline struct xs_tenant *xs_tenant_row(const struct xs_pkt *p, __u32 id)
{
	return XS_GET(xs_tenants, p->id.gen * XS_MAX_TENANTS + (id & (XS_MAX_TENANTS - 1)));
}

/* xs_tenant_find() - id of the tenant with this number on the wire. Return: 0: none */
static __always_inline __u32 xs_tenant_find(const struct xs_pkt *p, __u32 number)
{
	struct xs_tenant_key k = { .number = number, .gen = p->id.gen };
	struct xs_guess *g = XS_GET(xs_guess, p->id.gen);
	__u32 guess = g ? g->tenant[number & (XS_GUESSES - 1)] : 0, *id;
	struct xs_tenant *t = xs_tenant_row(p, guess);

	if (!guess || !t)
		return 0;
	if (t->used && t->number == number)
		return guess;
	id = bpf_map_lookup_elem(&xs_tnt_index, &k);
	return id ? *id : 0;
}

/* xs_source_find() - the longest source prefix that holds the client. Return: NULL: none */
static __always_inline struct xs_source *xs_source_find(const struct xs_pkt *p)
{
	struct xs_source_key k = { .prefixlen = 32 + 128, .gen = p->id.gen, .addr = p->hdr.src };

	return bpf_map_lookup_elem(&xs_sources, &k);
}

/* xs_by_source() - the source prefix decides, else the service's default */
static __always_inline enum xs_reason xs_by_source(struct xs_pkt *p, const struct xs_service *svc)
{
	struct xs_source *s = xs_source_find(p);

	p->ask.class = svc->default_class;
	if (s) {
		p->ask.tenant = s->tenant;
		p->ask.who = XS_WHO_SOURCE;
		if (s->class != XS_ANY_CLASS)
			p->ask.class = s->class;
		return XS_R_NONE;
	}
	p->ask.tenant = svc->default_tenant;
	p->ask.who = XS_WHO_DEFAULT;
	return !p->ask.tenant && svc->unknown == XS_UNKNOWN_REFUSE ? XS_R_TENANT_UNKNOWN : XS_R_NONE;
}

/* xs_judge_opt() - the option's tag in this slot or its nearer neighbour: clocks may differ by half a slot */
static __always_inline enum xs_reason xs_judge_opt(xs_ctx *c, const struct xs_pkt *p, __u32 off, const __u64 *k, __u64 now)
{
	struct xs_shim_opt *o = xs_at(c, off, sizeof(*o));
	__u32 slot = now / XS_SLOT_S, near = now % XS_SLOT_S < XS_SLOT_S / 2 ? slot - 1 : slot + 1, tag;

	if (!o)
		return XS_R_SHIM_MALFORMED;
	tag = bpf_ntohl(o->tag);
	if (!(xs_tag_opt(c, p, off, slot, k[0], k[1]) ^ tag) || !(xs_tag_opt(c, p, off, near, k[0], k[1]) ^ tag))
		return XS_R_NONE;
	return XS_R_SHIM_UNAUTHENTIC;
}

static __always_inline enum xs_reason xs_judge_long(xs_ctx *c, const struct xs_pkt *p, const struct xs_said *s, const __u64 *k, __u64 now)
{
	struct xs_settings *set = XS_GET(xs_settings, p->id.gen);
	__s64 age = (__s64)now - s->time;

	if (!set || !xs_tag_long(c, p, s->bytes, k[0], k[1]))
		return XS_R_SHIM_UNAUTHENTIC;
	return age > set->shim_window_s || -age > set->shim_window_s ? XS_R_SHIM_STALE : XS_R_NONE;
}

/* xs_prove() - tag or source of a shim whose tenant is known. @off: of the option, 0: long form */
static __always_inline enum xs_reason xs_prove(xs_ctx *c, const struct xs_pkt *p, const struct xs_said *s, __u32 id, __u32 off)
{
	struct xs_tenant *t = xs_tenant_row(p, id);
	struct xs_keys *keys = XS_GET(xs_keys, p->id.gen * XS_MAX_TENANTS + (id & (XS_MAX_TENANTS - 1)));
	struct xs_source *src;
	__u64 now, k[2];

	if (!t || !keys)
		return XS_R_INTERNAL;
	if (!s->auth && !t->keys) {
		src = xs_source_find(p);
		return src && src->tenant == id ? XS_R_NONE : XS_R_TENANT_UNPROVEN;
	}
	if (!s->auth || !(t->keys >> s->epoch & 1))
		return XS_R_SHIM_UNAUTHENTIC;
	now = xs_unix_s();
	if (!now)
		return XS_R_CLOCK_UNUSABLE;
	__builtin_memcpy(k, s->epoch ? keys->key[1] : keys->key[0], sizeof(k));
	return off ? xs_judge_opt(c, p, off, k, now) : xs_judge_long(c, p, s, k, now);
}

/* xs_accept() - take over what an accepted shim says */
static __always_inline enum xs_reason xs_accept(struct xs_pkt *p, const struct xs_said *s, const struct xs_service *svc, __u32 id)
{
	struct xs_class *k = XS_GET(xs_classes, p->id.gen * XS_MAX_CLASSES + (s->class & (XS_MAX_CLASSES - 1)));

	p->ask.tenant = id;
	p->ask.who = XS_WHO_SHIM;
	p->ask.class = s->class;
	if (!k || !k->used) {
		if (svc->unknown == XS_UNKNOWN_REFUSE)
			return XS_R_CLASS_UNKNOWN;
		p->ask.class = svc->default_class;
	}
	p->ask.hash[0] = s->hash[0];
	p->ask.hash[1] = s->hash[1];
	p->ask.depth[0] = s->depth[0];
	p->ask.depth[1] = s->depth[1];
	p->ask.budget_ms = s->budget_ms;
	p->ask.tokens = s->tokens;
	p->ask.prompt = s->prompt;
	p->ask.request_id = s->request_id;
	p->ask.flags = XS_FF_SHIM | (s->auth ? XS_FF_TAGGED : 0) | (s->depth[0] ? XS_FF_PREFIX : 0);
	p->ask.strip = svc->strip ? s->bytes : 0;
	xs_bump(XS_C_SHIMS_ACCEPTED);
	return XS_R_NONE;
}

/* xs_read() - find and read the shim. Return: 0 with *off (option) or s->bytes (long form), or the finding */
static __always_inline enum xs_reason xs_read(xs_ctx *c, const struct xs_pkt *p, struct xs_said *s, __u32 *off)
{
	enum xs_reason r;
	__u64 deep;
	__u32 exp0, n;

	if (p->hdr.proto == IPPROTO_TCP) {
		*off = xs_opt_find(c, p->hdr.l4 + sizeof(struct tcphdr), p->hdr.pay);
		if (!*off)
			return XS_R_NO_SHIM;
		return *off == XS_OPT_MALFORMED ? XS_R_SHIM_MALFORMED : xs_read_opt(c, *off, s);
	}
	r = xs_read_long(c, p, s);
	if (r)
		return r;
	exp0 = s->depth[0];
	n = s->depth[1];
	deep = xs_deepest(c, p->hdr.pay, exp0, n, 0);
	s->hash[0] = (__u32)deep;
	s->depth[0] = deep >> 32;
	deep = xs_deepest(c, p->hdr.pay, exp0, n, 1);
	s->hash[1] = (__u32)deep;
	s->depth[1] = deep >> 32;
	return XS_R_NONE;
}

/**
 * xs_admit() - Say who asks, from the shim, the source or the service's default; reads p->hdr and p->id, writes p->ask
 * Return: 0, or why the packet is refused
 */
__noinline int xs_admit(xs_ctx *c)
{
	struct xs_pkt *p = XS_GET(xs_pkts, XS_PKT_SELF);
	struct xs_service *svc = p ? xs_service_at(p->id.gen, p->id.service) : NULL;
	struct xs_said *s = XS_GET(xs_said, 0);
	enum xs_reason r;
	__u32 off = 0, id;

	if (!s || !svc)
		return XS_R_INTERNAL;
	if (svc->shim == XS_SHIM_NONE)
		return xs_by_source(p, svc);
	__builtin_memset(s, 0, sizeof(*s));
	r = xs_read(c, p, s, &off);
	if (r == XS_R_NO_SHIM && svc->shim == XS_SHIM_OPTIONAL)
		return xs_by_source(p, svc);
	if (r)
		return r;
	if (svc->strip && p->hdr.frag)
		return XS_R_SHIM_FRAGMENTED;
	id = xs_tenant_find(p, s->tenant);
	if (!id)
		return XS_R_TENANT_UNKNOWN;
	r = xs_prove(c, p, s, id, off);
	if (r == XS_R_CLOCK_UNUSABLE && svc->shim == XS_SHIM_OPTIONAL) {
		xs_bump(XS_C_CLOCK_UNUSABLE);
		return xs_by_source(p, svc);
	}
	return r ?: xs_accept(p, s, svc, id);
}

#endif
