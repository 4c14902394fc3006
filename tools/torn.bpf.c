// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Readers of rows that a feed replaces, for the stress test user/tests/frames/torn.c. `fed` reads them as the packet path does: the word,
 * then the row it names. `plain` reads the same row out of a hash map's value, as one would who does not know that the kernel hands
 * out a replaced value at once: to show that the test would find what it looks for. Both ask for key after key. */
#include "bpf/ctx_xdp.h"
#include "bpf/parse.h"
#pragma clang diagnostic ignored "-Wunused-function"	// of place.h, only how rules are found is wanted
#include "bpf/place.h"

#define TORN_KEYS 32		/* as in torn.c */

struct torn_plain {
	struct xs_rule_key key;
	__u64 w[30];		/* all the same */
};

struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, TORN_KEYS); __type(key, struct xs_rule_key); __type(value, struct torn_plain); }
	torn_plain SEC(".maps");

/* rows read, none there, parts of two rows, another key's row */
struct torn_found {
	__u64 read, none, torn, other;
};
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, struct torn_found); } torn_found SEC(".maps");

const volatile __u32 torn_service = 0;
const volatile __u64 torn_revision = 0;		/* row i of round r is of revision torn_revision + r * TORN_KEYS + i, and */
const volatile __u16 torn_target[2] = {};	/* goes to the target of r's lowest bit */

static __always_inline struct xs_rule_key torn_key(__u32 i)
{
	return (struct xs_rule_key){ .service = torn_service, .tenant = XS_ANY, .hash = i + 1, .depth = 9, .class = XS_ANY_CLASS };
}

static __always_inline bool torn_same(const struct xs_rule_key *a, const struct xs_rule_key *b)
{
	const volatile __u64 *x = (const volatile __u64 *)a, *y = (const volatile __u64 *)b;

	return x[0] == y[0] && x[1] == y[1];
}

/* Whether members and ring of the row are what its revision says */
static __always_inline bool torn_is_whole(const struct xs_rule *r, __u32 i)
{
	__u64 n = *(volatile __u64 *)&r->revision - torn_revision - i;
	__u16 want = torn_target[n / TORN_KEYS & 1];
	const volatile struct xs_set *s = &r->set[0];
	__u32 slots = s->slots;

	return !(n % TORN_KEYS) && r->nsets == 1 && s->n == 1 && slots && xs_slot(s->members, 0) == want &&
	       xs_slot(s->ring, bpf_get_prandom_u32() % slots) == want;
}

__noinline int torn_fed(__u32 i)
{
	struct torn_found *f = XS_GET(torn_found, 0);
	struct xs_rule_key k = torn_key(i);
	__u32 row = xs_rule_find(&k, 0);
	struct xs_rule *r = XS_GET(xs_rows, row);

	if (!f || !r)
		return 0;
	f->read++;
	f->none += !row;
	if (row && !torn_is_whole(r, i))
		f->torn++;
	if (row && !torn_same(&r->key, &k))
		f->other++;
	return 0;
}

__noinline int torn_read(__u32 i)
{
	struct torn_found *f = XS_GET(torn_found, 1);
	struct xs_rule_key k = torn_key(i);
	struct torn_plain *p = bpf_map_lookup_elem(&torn_plain, &k);
	volatile __u64 *w = p ? p->w : NULL;
	bool other, torn = false;
	__u64 first;

	if (!f)
		return 0;
	f->read++;
	f->none += !p;
	if (!p)
		return 0;
	other = !torn_same(&p->key, &k);
	first = w[0];
	for (int n = 1; n < 30; n++)
		torn |= w[n] != first;
	f->torn += torn;
	f->other += !torn && other;
	return 0;
}

SEC("xdp")
int fed(struct xdp_md *c __attribute__((unused)))
{
	for (__u32 i = 0; i < TORN_KEYS; i++)
		torn_fed(i);
	return XDP_DROP;
}

SEC("xdp")
int plain(struct xdp_md *c __attribute__((unused)))
{
	for (__u32 i = 0; i < TORN_KEYS; i++)
		torn_read(i);
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";
