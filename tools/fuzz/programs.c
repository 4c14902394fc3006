// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Both programs in one unit, over memory instead of a hook's context. */
#define XS_CTX_XDP_H	/* their adapters are not wanted */
#define XS_CTX_TC_H
#include "bpf/ctx_mem.h"
#include "maps/maps.h"
#include "maps/trace.h"
#include "maps/siphash.h"
#include "tools/fuzz/run.h"
/* Six bits of a tuple's hash count here, so that fingerprints collide and whole tuples must be compared. */
#define xs_sip13_end(s) (xs_sip13_end(s) & 0x000000010f000001ULL)
#define const		/* what the loader freezes is set here */
#include "bpf/maps.bpf.h"
#undef const
#include "bpf/xsteer_xdp.bpf.c"
#define XS_ACT_PASS TC_ACT_UNSPEC
#define _license xs_license_tc
#include "bpf/xsteer_tc.bpf.c"

void run_setup(const struct xs_features *f, const struct xs_secret *s)
{
	*(struct xs_features *)&feat = *f;
	*(struct xs_secret *)&secret = *s;
}

/* Every count of every reason of this service and of none. */
static __u64 counted(__u32 service, enum xs_reason *which, const __u64 *before, __u64 *now)
{
	__u64 sum = 0;

	for (__u32 i = 0; i < XS_R_MAX; i++) {
		struct xs_count *v = XS_GET(xs_reasons, service * XS_R_MAX + i);

		now[i] = v->packets;
		sum += now[i] - (before ? before[i] : 0);
		if (before && now[i] != before[i])
			*which = i;
	}
	return sum;
}

void run_frame(enum run_hook hook, struct xs_mem *c, struct run *r)
{
	static __u64 now[XS_R_MAX], before[XS_MAX_SERVICES][XS_R_MAX];
	struct xs_pkt *p = XS_GET(xs_pkts, 0);

	*r = (struct run){ .reason = XS_R_NONE };
	feat.dry = hook == RUN_DRY;
	if (feat.dry)
		__builtin_memset(XS_GET(xs_trace, 0), 0, sizeof(struct xs_trace));
	xs_mem_ingress = hook != RUN_EGRESS;
	r->verdict = hook == RUN_EGRESS ? xsteer_egress(c) : xsteer_xdp(c);
	feat.dry = 0;
	r->counted = counted(p->id.service, &r->reason, before[p->id.service], now);
	__builtin_memcpy(before[p->id.service], now, sizeof(now));
	if (hook == RUN_DRY)
		r->reason = XS_GET(xs_trace, 0)->reason;
	r->gen = p->id.gen;
	r->service = p->id.service;
	r->flow = p->id.flow ?: p->id.half;
	r->dir = p->id.dir;
	r->tenant = p->ask.tenant;
	r->class = p->ask.class;
	r->target = p->to.target;
	r->rule = p->to.rule;
	r->set = p->to.set;
	r->way = p->to.way;
	r->l3 = p->hdr.l3;
	r->l4 = p->hdr.l4;
	r->pay = p->hdr.pay;
	r->pay_len = p->hdr.pay_len;
	r->ip_len = p->hdr.ip_len;
}

/* Whether a line that this hash may stand in has a tag of record i: where more than two fingerprints are the same, which the weak
 * hash here makes likely, the third is not looked at. */
static bool tagged(__u64 hash, __u32 i)
{
	__u64 tag = XS_TAG_FP(hash) | (i + 1);

	for (int n = 0; n < XS_LINE_TAGS; n++)
		if (XS_GET(xs_lines, xs_line_first(hash))->tag[n] == tag || XS_GET(xs_lines, xs_line_second(hash))->tag[n] == tag)
			return true;
	return false;
}

/* Whether a record is found by the tuple of this direction. */
static bool leads(__u32 i, const struct xs_addr *client, __be16 cport, const struct xs_addr *other, __be16 oport, __u8 proto, enum xs_dir dir)
{
	struct xs_tuple t = { .client = client, .cport = cport, .other = other, .oport = oport, .proto = proto, .dir = dir,
			      .gen = XS_GEN(XS_GET(xs_control, 0)->word) };
	__u32 service;

	return xs_tuple_find(&t, xs_home(client, cport, proto), &service) == i + 1 ||
	       tagged(xs_tuple_hash(client, cport, other, oport, proto, dir), i);
}

static const char *record(__u32 i)
{
	struct xs_flow *f = XS_GET(xs_flows, i);
	struct xs_back *b = XS_GET(xs_backs, i);
	struct xs_target *t = XS_GET(xs_targets, f->target);
	struct xs_service *s;
	__u32 gen = XS_GEN(XS_GET(xs_control, 0)->word);

	if (f->state == XS_F_HELD)
		return "a record is held by nobody";
	if (f->state == XS_F_FREE)
		return b->service ? "a free record answers to replies" : NULL;
	s = xs_service_at(gen, f->service);
	if (!s->proto || !t->port)	/* a generation or a target ago */
		return NULL;
	if (!(f->flags & XS_FF_MOVED) && !leads(i, &f->client, f->cport, &s->addr, s->port, s->proto, XS_TO_TARGET))
		return "a flow's own tuple does not lead to it";
	if (!leads(i, &b->client, b->cport, &t->addr, t->port, s->proto, XS_TO_CLIENT))
		return "a flow's replies do not lead to it";
	return NULL;
}

const char *run_table(void)
{
	const char *wrong = NULL;

	for (__u32 i = 0; i < feat.flows && !wrong; i++)
		wrong = record(i);
	return wrong;
}
