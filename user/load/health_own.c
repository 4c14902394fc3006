// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <string.h>
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/load/dev.h"
#include "user/load/health.h"
#include "user/load/own.h"

static void check_address(json_t *rows, const struct xs_addr *own)
{
	const char *hinders, *try;
	bool sound = true;
	char address[64];
	struct xs_dev d;

	xs_out_addr(own, 0, address, sizeof(address));
	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++) {
		hinders = xs_dev_at(slot, &d) ? xs_own_hinders(own, xs_dev_name(d.ifindex), &try) : NULL;
		if (!hinders)
			continue;
		sound = false;
		xs_finding(rows, "fail", "fullnat", try, "source address %s: %s %s", address, xs_dev_name(d.ifindex), hinders);
	}
	if (sound)
		xs_finding(rows, "ok", "fullnat", NULL, "source address %s is %s", address, xs_own_here(own) ? "this host's" : "not this host's: targets must have a route to it by this host");
}

static void check_ports(json_t *rows, const struct xs_own_use *use)
{
	unsigned int last = use->first + use->ports - 1;
	char try[96];

	snprintf(try, sizeof(try), "sysctl -w net.ipv4.ip_local_reserved_ports=%u-%u", use->first, last);
	if (xs_ports_free(use->first, last))
		xs_finding(rows, "ok", "fullnat ports", NULL, "this host gives none of %u-%u to its own sockets", use->first, last);
	else
		xs_finding(rows, "warn", "fullnat ports", try, "this host may give some of %u-%u to its own sockets: replies of a target to one of these can be taken for a flow's", use->first, last);
}

void xs_health_own(json_t *rows)
{
	uint32_t gen = XS_GEN(xs_control_read()), slot;
	struct xs_own_use use;
	struct xs_own own;

	if (xs_map_get(XS_MAP_xs_own_use, &gen, &use) || !use.ports)
		return;
	for (int i = 0; i < use.n4 + use.n6 && i < XS_OWN_MOST; i++) {
		slot = use.slot[i];
		if (!xs_map_get(XS_MAP_xs_owns, &slot, &own))
			check_address(rows, &own.addr);
	}
	if (use.n4 + use.n6)
		check_ports(rows, &use);
}
