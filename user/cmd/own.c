// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whether this host lets targets be reached `via: fullnat`: what no configuration shows alone. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/cmd/change.h"
#include "user/load/dev.h"
#include "user/load/own.h"
#include "user/load/route.h"

/* Replies are addressed to this host itself, so they must be met where they come in. */
static int check_target(const struct xs_r_target *t)
{
	char try[64];
	struct xs_route r;
	uint32_t slot;

	if (xs_route_get(&t->addr, &r))
		return 0;	/* none yet */
	if (r.type == RTN_LOCAL)
		return xs_refuse(t->h.name, "write via: nat, which needs nothing of a process on this host", "via: fullnat: the target is on this host, where its replies to an address of this host come in by no device");
	if (!xs_map_get(XS_MAP_xs_devslot, &r.ifindex, &slot))
		return 0;
	snprintf(try, sizeof(try), "xsteer load %s", xs_dev_name(r.ifindex));
	return xs_refuse(t->h.name, try, "via: fullnat: its replies come in by %s, which xsteer is not loaded on", xs_dev_name(r.ifindex));
}

static int check_address(const struct xs_addr *own)
{
	const char *hinders, *try;
	char address[64];
	struct xs_dev d;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++) {
		hinders = xs_dev_at(slot, &d) ? xs_own_hinders(own, xs_dev_name(d.ifindex), &try) : NULL;
		if (hinders)
			return xs_refuse(xs_out_addr(own, 0, address, sizeof(address)), try, "fullnat: %s %s", xs_dev_name(d.ifindex), hinders);
	}
	return 0;
}

int xs_own_check(const struct xs_model *want)
{
	static const struct xs_addr none;
	const struct xs_r_target *t;
	const struct xs_r_site *s;
	bool v4 = false;
	int err = 0;

	xs_each(t, want, XS_K_TARGET)
		if (t->via == XS_VIA_FULLNAT) {
			err = check_target(t) ?: err;
			v4 |= xs_addr_is4(&t->addr);
		}
	xs_each(s, want, XS_K_SITE)
		for (int i = 0; v4 && s->local && i < XS_OWN_MOST && memcmp(&s->own[i], &none, sizeof(none)); i++)
			err = check_address(&s->own[i]) ?: err;
	return err;
}
