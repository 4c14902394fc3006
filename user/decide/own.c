// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Source addresses of this host's own -> slots of xs_owns, which flows name, and the list that new flows choose from. */
#include <errno.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/write.h"
#include "user/load/way.h"

static const struct xs_addr none;

static bool same(const struct xs_addr *a, const struct xs_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

static const struct xs_r_site *local_site(const struct xs_model *m)
{
	const struct xs_r_site *s;

	xs_each(s, m, XS_K_SITE)
		if (s->local)
			return s;
	return NULL;
}

static bool names(const struct xs_r_site *s, const struct xs_addr *a)
{
	for (int i = 0; s && i < XS_OWN_MOST && !same(&s->own[i], &none); i++)
		if (same(&s->own[i], a))
			return true;
	return false;
}

/* The slot that has the address, else one that nobody needs. Return: 0: none is free */
static uint32_t slot_for(const struct xs_writing *a, const struct xs_addr *addr, const struct xs_own *owns)
{
	const struct xs_r_site *have = local_site(a->have), *want = local_site(a->want);

	for (uint32_t i = 1; i < XS_MAX_OWNS; i++)
		if (same(&owns[i].addr, addr))
			return i;
	for (uint32_t i = 1; i < XS_MAX_OWNS; i++)
		if (same(&owns[i].addr, &none) || (!a->busy->own[i] && !names(have, &owns[i].addr) && !names(want, &owns[i].addr)))
			return i;
	return 0;
}

static int add_slot(const struct xs_writing *a, const struct xs_addr *addr, struct xs_own *owns, struct xs_own_use *use)
{
	uint32_t slot = slot_for(a, addr, owns);

	if (!slot)
		return xs_refuse("fullnat", "wait for flows to end", "no room for another source address: flows still have those that were taken out");
	owns[slot].addr = *addr;
	use->slot[use->n4 + use->n6] = slot;
	*(xs_addr_is4(addr) ? &use->n4 : &use->n6) += 1;
	return 0;
}

int xs_write_owns(struct xs_writing *a)
{
	const struct xs_r_site *s = local_site(a->want);
	struct xs_own_use use = { .first = XS_OWN_FIRST, .ports = XS_OWN_LAST - XS_OWN_FIRST + 1 };
	struct xs_own owns[XS_MAX_OWNS];
	int err = xs_map_read(XS_MAP_xs_owns, 0, XS_MAX_OWNS, owns);

	if (err)
		return xs_kernel(err, "xs_owns", NULL, "cannot be read");
	if (s) {
		use.first = s->port[0];
		use.ports = s->port[1] - s->port[0] + 1;
	}
	for (int v4 = 1; v4 >= 0 && s; v4--)
		for (int i = 0; i < XS_OWN_MOST && !same(&s->own[i], &none) && !err; i++)
			if (xs_addr_is4(&s->own[i]) == v4)
				err = add_slot(a, &s->own[i], owns, &use);
	if (err)
		return err;
	if (xs_map_write(XS_MAP_xs_owns, 0, XS_MAX_OWNS, owns) || xs_map_set(XS_MAP_xs_own_use, &a->gen, &use))
		return xs_kernel(EIO, "xs_owns", NULL, "cannot be written");
	return 0;
}

uint64_t xs_own_slots(uint32_t gen, uint32_t ifindex)
{
	struct xs_own_use use;
	struct xs_own own;
	uint64_t slots = 0;
	uint32_t slot;

	if (xs_map_get(XS_MAP_xs_own_use, &gen, &use))
		return 0;
	for (int i = 0; i < use.n4 + use.n6 && i < XS_OWN_MOST; i++) {
		slot = use.slot[i];
		if (!xs_map_get(XS_MAP_xs_owns, &slot, &own) && xs_way_has(ifindex, &own.addr))
			slots |= 1ULL << slot;
	}
	return slots;
}
