// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/load/route.h"
#include "user/load/way.h"

static char reason[128];

static const char *dev_name(uint32_t ifindex)
{
	static char name[IF_NAMESIZE];

	return if_indextoname(ifindex, name) ?: "a device that is gone";
}

/* Packets of clients may come in by any device of the instance; where one does not forward, bpf_fib_lookup finds no route. */
static bool forwards(bool v4)
{
	struct xs_dev d;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++) {
		if (xs_map_get(XS_MAP_xs_devs, &slot, &d) || !d.ifindex || xs_forwarding(dev_name(d.ifindex), v4))
			continue;
		snprintf(reason, sizeof(reason), "forwarding is off on %s", dev_name(d.ifindex));
		return false;
	}
	return true;
}

static bool direct(const struct xs_addr *addr, const struct xs_route *r)
{
	char name[32];
	struct xs_dev d;
	uint32_t slot;

	snprintf(name, sizeof(name), "%s", dev_name(r->ifindex));
	if (r->type == RTN_LOCAL) {
		snprintf(reason, sizeof(reason), "a process on this host");
	} else if (r->type != RTN_UNICAST) {
		snprintf(reason, sizeof(reason), "its route is not to one host");
	} else if (xs_map_get(XS_MAP_xs_devslot, &r->ifindex, &slot) || xs_map_get(XS_MAP_xs_devs, &slot, &d) || d.ifindex != r->ifindex) {
		snprintf(reason, sizeof(reason), "leaves by %s, which xsteer is not loaded on", name);
	} else if (!d.redirect) {
		snprintf(reason, sizeof(reason), "leaves by %s, where redirect is off or was not seen to work", name);
	} else if (forwards(xs_addr_is4(addr))) {
		snprintf(reason, sizeof(reason), "leaves by %s, where redirect was seen to work", name);
		return true;
	}
	return false;
}

int xs_way_of(const struct xs_addr *addr, enum xs_way *way, uint32_t *ifindex, const char **why)
{
	char text[64];
	struct xs_route r;
	int err = xs_route_get(addr, &r);

	*way = XS_WAY_STACK;
	*ifindex = 0;
	*why = reason;
	if (err == -ENETUNREACH || err == -EHOSTUNREACH || err == -EACCES || err == -EINVAL) {
		snprintf(reason, sizeof(reason), "no route to it");
		return 0;
	}
	if (err)
		return xs_kernel(err, xs_out_addr(addr, 0, text, sizeof(text)), NULL, "the kernel did not tell its route");
	*ifindex = r.ifindex;
	if (direct(addr, &r))
		*way = XS_WAY_DIRECT;
	return 0;
}

bool xs_way_has(uint32_t ifindex, const struct xs_addr *a)
{
	sa_family_t family = xs_addr_is4(a) ? AF_INET : AF_INET6;
	struct ifaddrs *all, *i;
	bool has = false;

	if (getifaddrs(&all))
		return false;
	for (i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || i->ifa_addr->sa_family != family || if_nametoindex(i->ifa_name) != ifindex)
			continue;
		has |= family == AF_INET ? !memcmp(&((struct sockaddr_in *)i->ifa_addr)->sin_addr, &a->w[3], 4) :
					   !memcmp(&((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr, a, sizeof(*a));
	}
	freeifaddrs(all);
	return has;
}

int xs_ways_renew(void)
{
	struct xs_target t;
	enum xs_way way;
	const char *why;
	int err = 0;

	for (uint32_t id = 1; id < XS_MAX_TARGETS && !err; id++) {
		if (xs_map_get(XS_MAP_xs_targets, &id, &t) || !t.port)
			continue;
		err = xs_way_of(&t.addr, &way, &t.ifindex, &why);
		if (err)
			break;
		t.way = way;
		err = xs_map_set(XS_MAP_xs_targets, &id, &t);
		if (err)
			xs_kernel(err, "xs_targets", NULL, "cannot write target %u", id);
	}
	return err;
}
