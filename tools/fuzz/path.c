// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libFuzzer's target: an input is a little program of frames and of what happens between them, on a host whose flow table is so
 * small that it is always nearly full. After each frame the judge speaks, and what can be seen from inside is compared, too.
 *
 *	op byte		then
 *	0, 1, 2, 3	length (2 bytes, little-endian), frame: at XDP ingress (0, 1), at TC egress, dry
 *	4		the other generation of rows becomes the current one
 *	5 N		N seconds go by
 *	6 N		target 1 + N % 16 is now up, draining or down (N / 16 % 3)
 *	7 N		target 1 + N % 16: its way changes (N / 16 even), it is gone; N >= 240: the clock becomes unsound, or sound again
 */
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/ctx_mem.h"
#include "tools/fuzz/run.h"
#include "user/base/mapio.h"
#include "user/tests/frames/words.h"
#include "user/tests/storm/judge.h"

#define FLOWS 8
#define ROOM 256		/* as XDP has in front of a frame */
#define TARGETS 24		/* ids that the rows use, and a few more */
#define START_S 100000		/* since boot, when an input begins */

const char *conf_named(const char *name);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct xs_model models[2];	/* by generation */
static uint8_t buf[ROOM + FRAME_MAX] __attribute__((aligned(16)));
static struct frame in;

/* What an input changes, and how it was before the first. */
static struct { const char *name; uint32_t n; void *was; uint32_t used; } kept[] = {
	{ "xs_control", 1, NULL, 0 }, { "xs_targets", TARGETS + 1, NULL, 0 }, { "xs_tlive", TARGETS + 1, NULL, 0 }, { "xs_lines", 2, NULL, 0 },
	{ "xs_flows", FLOWS, NULL, 0 }, { "xs_backs", FLOWS, NULL, 0 }, { "xs_alloc", 1, NULL, 0 },
	{ "xs_hlines", 1, NULL, 0 }, { "xs_halfs", XS_LINE_TAGS, NULL, 0 },
	{ "xs_series", 16, NULL, 0 }, { "xs_series_next", 1, NULL, 0 }, { "xs_limits", 1, NULL, 0 }, { "xs_clock", 1, NULL, 0 },
};
#define KEPT (sizeof(kept) / sizeof(kept[0]))

static void keep(void)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct mem_map *m = mem_named(kept[i].name);

		kept[i].was = malloc(kept[i].n * m->value);
		kept[i].used = m->used;
		memcpy(kept[i].was, m->values, kept[i].n * m->value);
	}
}

static void restore(void)
{
	for (size_t i = 0; i < KEPT; i++) {
		struct mem_map *m = mem_named(kept[i].name);

		memcpy(m->values, kept[i].was, kept[i].n * m->value);
		m->used = kept[i].used;
	}
	mem_now_ns = START_S * 1000000000ULL;
	judge_forget();
	judge_rows(&models[XS_GEN(xs_control_read())]);
}

static void finding(const char *what, const struct run *r)
{
	fprintf(stderr, "finding: %s\n", what);
	if (r)
		fprintf(stderr, "reason %u (%d counted), verdict %d, service %u, flow %u, tenant %u, target %u, rule %u\n", r->reason, r->counted,
			r->verdict, r->service, r->flow, r->tenant, r->target, r->rule);
	abort();
}

static void apply(const char *name)
{
	static const struct xs_model nothing;
	const struct xs_model *have = xs_control_read() ? &models[XS_GEN(xs_control_read())] : &nothing;
	struct xs_model want;
	struct xs_conf c = { .name = name, .have = have, .want = &want };
	const char *text = conf_named(name);

	xs_model_init(&want);
	if (xs_conf_read(&c, text, strlen(text), false) || xs_model_check(&want, name) || xs_apply(have, &want))
		finding("a configuration of the rows was refused", NULL);
	models[XS_GEN(xs_control_read())] = want;
}

static void set(enum xs_map_id map, uint32_t key, const void *value)
{
	if (xs_map_set(map, &key, value))
		finding("a map cannot be set up", NULL);
}

static void devices(void)
{
	static const struct { uint32_t ifindex; uint8_t redirect; } devs[] = { { 5, 1 }, { 7, 0 } };

	for (uint32_t i = 0; i < 2; i++) {
		struct xs_dev d = { .ifindex = devs[i].ifindex, .mtu = 1500, .mac = { 2, 0, 0, 0, 6, i }, .redirect = devs[i].redirect };

		set(XS_MAP_xs_devs, i, &d);
		set(XS_MAP_xs_devmap, i, &d.ifindex);
		set(XS_MAP_xs_devslot, d.ifindex, &i);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct xs_features f = { .tai = 1, .timing = 1, .hz = MEM_HZ, .flows = FLOWS, .lines_mask = 1, .series = 16 };
	const struct xs_secret s = { { 0x0706050403020100, 0x0f0e0d0c0b0a0908 } };
	struct xs_clock c = { .valid = 1 };

	c.boot_off_ns = (words_now - START_S) * 1000000000LL;
	c.tai_off_ns = -c.boot_off_ns;
	mem_resize("xs_lines", 2);
	mem_resize("xs_flows", FLOWS);
	mem_resize("xs_backs", FLOWS);
	mem_resize("xs_hlines", 1);
	mem_resize("xs_halfs", XS_LINE_TAGS);
	mem_resize("xs_series", 16);
	mem_resize("xs_hists", 16 * XS_M_MAX);
	mem_now_ns = START_S * 1000000000ULL;
	set(XS_MAP_xs_clock, 0, &c);
	apply("own");
	apply("levels");
	devices();
	run_setup(&f, &s);
	keep();
	return 0;
}

/* The target of a new flow is of the rule's set, up, and inside the tenant's zones. */
static const char *placed(const struct run *r)
{
	const struct xs_rule *rule = (struct xs_rule *)xs_map_view(XS_MAP_xs_rows, false) + r->rule;
	const struct xs_slots *slots = xs_map_view(XS_MAP_xs_slots, false);
	const struct xs_target *t = (struct xs_target *)xs_map_view(XS_MAP_xs_targets, false) + r->target;
	const struct xs_tlive *l = (struct xs_tlive *)xs_map_view(XS_MAP_xs_tlive, false) + r->target;
	const struct xs_tenant *tenant = (struct xs_tenant *)xs_map_view(XS_MAP_xs_tenants, false) + r->gen * XS_MAX_TENANTS + r->tenant;
	const struct xs_set *s = &rule->set[r->set];
	bool member = false;

	if (!r->rule || r->set >= rule->nsets)
		return "placed by no rule, or by a set that it has not";
	if (rule->key.service != r->service || (rule->key.tenant != XS_ANY && rule->key.tenant != r->tenant) ||
	    (rule->key.class != XS_ANY_CLASS && rule->key.class != r->class))
		return "placed by a rule for others";
	for (uint32_t i = 0; i < s->n; i++)
		member |= slots[(s->members + i) / XS_SLOTS_LINE].t[(s->members + i) % XS_SLOTS_LINE] == r->target;
	if (!member)
		return "placed on a target that is not of the set";
	if (!t->port || l->state != XS_T_UP)
		return "placed on a target that is gone or not up";
	return r->tenant && tenant->zones != ~0ULL && !(tenant->zones & t->zone) ? "placed outside the tenant's zones" : NULL;
}

static const char *untouched(const struct run *r, const struct xs_mem *c)
{
	static const enum xs_reason reasons[] = { XS_R_NOT_OURS, XS_R_NOT_IP, XS_R_NOT_L4, XS_R_MARTIAN, XS_R_TRUNCATED, XS_R_FRAGMENT_PASSED };

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
		if (r->reason == reasons[i] && (c->len != in.len || memcmp(c->data, in.byte, in.len)))
			return "the reason says untouched, and the frame is not";
	return NULL;
}

static const char *inside(enum run_hook hook, const struct run *r, const struct xs_mem *c)
{
	bool reply = r->service && r->dir;

	if (mem_locked)
		return "a lock is still held";
	if (hook == RUN_XDP && r->counted != 1 && !(reply && !r->counted))
		return "it left without a reason, or with two";
	if (hook == RUN_DRY && r->counted)
		return "a dry run counted";
	if (hook == RUN_EGRESS && r->counted != !!reply)
		return "a reply was not counted once";
	if (r->service && r->pay && (r->l3 > r->l4 || r->l4 >= r->pay || r->pay + r->pay_len > in.len))
		return "offsets outside the frame";
	return untouched(r, c) ?: (r->reason == XS_R_PLACED ? placed(r) : NULL) ?: run_table();
}

static void frame(enum run_hook hook, const uint8_t *data, uint32_t len)
{
	static const enum judge_hook hooks[] = { [RUN_XDP] = JUDGE_XDP, [RUN_EGRESS] = JUDGE_EGRESS, [RUN_DRY] = JUDGE_DRY };
	struct xs_mem c = { .data = buf + ROOM, .data_end = buf + ROOM + len, .room = buf, .len = len, .ingress_ifindex = 5 };
	struct judge_case k = { .hook = hooks[hook], .in = in.byte, .in_len = len };
	const char *wrong;
	struct run r;

	memcpy(in.byte, data, len);
	in.len = len;
	memcpy(c.data, data, len);
	ASAN_POISON_MEMORY_REGION(buf, ROOM);
	ASAN_POISON_MEMORY_REGION(c.data_end, sizeof(buf) - ROOM - len);
	run_frame(hook, &c, &r);
	ASAN_UNPOISON_MEMORY_REGION(buf, sizeof(buf));
	k.out = c.data;
	k.out_len = c.len;
	k.verdict = r.verdict;
	wrong = inside(hook, &r, &c) ?: judge_frame(&k);
	if (wrong)
		finding(wrong, &r);
}

static void target(uint8_t op, uint8_t arg)
{
	uint32_t id = 1 + arg % TARGETS;
	struct xs_target *t = (struct xs_target *)xs_map_view(XS_MAP_xs_targets, true) + id;
	struct xs_tlive *l = (struct xs_tlive *)xs_map_view(XS_MAP_xs_tlive, true) + id;

	if (op == 6) {
		l->state = arg / 16 % 3;
		judge_state(id, l->state == XS_T_UP);
	} else if (arg / 16 % 2) {
		memset(t, 0, sizeof(*t));
	} else {
		t->way = !t->way;
	}
}

static void event(uint8_t op, uint8_t arg)
{
	struct xs_clock *c = xs_map_view(XS_MAP_xs_clock, true);

	if (op == 5) {
		mem_now_ns += arg * 1000000000ULL;
	} else if (op == 6 || arg < 240) {
		target(op, arg);
	} else {
		c->valid = !c->valid;
		judge_clock(c->valid);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum run_hook hooks[] = { RUN_XDP, RUN_XDP, RUN_EGRESS, RUN_DRY };
	const uint8_t *end = data + size;
	uint32_t len;
	uint8_t op;

	restore();
	while (end - data >= 2) {
		op = *data++ % 8;
		if (op == 4) {
			xs_control_flip(xs_control_read() ^ 1);
			judge_rows(&models[XS_GEN(xs_control_read())]);
		} else if (op > 4) {
			event(op, *data++);
		} else {
			if (end - data < 2)
				break;
			len = data[0] | data[1] << 8;
			data += 2;
			if (len > (size_t)(end - data))
				len = end - data;
			if (len < 14 || len > FRAME_MAX)	/* a driver hands up nothing shorter than an Ethernet header */
				break;
			frame(hooks[op], data, len);
			data += len;
		}
	}
	return 0;
}
