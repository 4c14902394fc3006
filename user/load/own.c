// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include "user/load/own.h"
#include "user/load/route.h"
#include "user/load/way.h"

#define SYSCTL "/proc/sys/net/ipv4/"

/* A number of net.ipv4.conf.DEV; 0 where there is none. */
static int conf(const char *dev, const char *key)
{
	char path[128];
	int v = 0;
	FILE *f;

	snprintf(path, sizeof(path), SYSCTL "conf/%s/%s", dev, key);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &v) != 1)
		v = 0;
	if (f)
		fclose(f);
	return v;
}

bool xs_own_here(const struct xs_addr *own)
{
	struct xs_route r;

	return !xs_route_get(own, &r) && r.type == RTN_LOCAL;
}

/* Whether the way back to the address leaves by dev, which is what a strict filter asks. */
static bool is_way_back(const struct xs_addr *own, const char *dev, bool here)
{
	struct xs_route r;

	return here ? xs_way_has(if_nametoindex(dev), own) : !xs_route_get(own, &r) && r.ifindex == if_nametoindex(dev);
}

const char *xs_own_hinders(const struct xs_addr *own, const char *dev, const char **try)
{
	bool here = xs_own_here(own);
	static char text[128];
	int all, one;

	*try = text;
	if (!xs_addr_is4(own))
		return NULL;
	if (here && !conf("all", "accept_local") && !conf(dev, "accept_local")) {
		snprintf(text, sizeof(text), "sysctl -w net.ipv4.conf.%s.accept_local=1", dev);
		return "takes packets with a source address of this host for forged: those that must take the stack, as the first to a new neighbour, are lost";
	}
	all = conf("all", "rp_filter");
	one = conf(dev, "rp_filter");
	if ((all > one ? all : one) != 1 || is_way_back(own, dev, here))	/* the greater of the two counts */
		return NULL;
	snprintf(text, sizeof(text), "sysctl -w net.ipv4.conf.%s.rp_filter=2", dev);
	return "has a strict reverse path filter, which drops packets with a source address of another device when they must take the stack";
}

/* A line of /proc/sys/net/ipv4; "" where there is none. */
static void line(const char *name, char *text, int size)
{
	char path[64];
	FILE *f;

	*text = 0;
	snprintf(path, sizeof(path), SYSCTL "%s", name);
	f = fopen(path, "re");
	if (f && !fgets(text, size, f))
		*text = 0;
	if (f)
		fclose(f);
}

/* "8080,9148-9150": whether all ports of the range are among them. Ranges that the kernel prints do not touch each other. */
static bool are_among(char *list, unsigned int first, unsigned int last)
{
	unsigned int a, b;
	char *save = NULL;

	for (char *w = strtok_r(list, ",\n", &save); w; w = strtok_r(NULL, ",\n", &save)) {
		int n = sscanf(w, "%u-%u", &a, &b);

		if (n > 0 && first >= a && last <= (n > 1 ? b : a))
			return true;
	}
	return false;
}

bool xs_ports_free(uint16_t first, uint16_t last)
{
	unsigned int low = 1, high = 0;
	char text[8192];

	line("ip_local_port_range", text, sizeof(text));
	if (sscanf(text, "%u %u", &low, &high) != 2 || last < low || first > high)
		return true;
	line("ip_local_reserved_ports", text, sizeof(text));
	return are_among(text, first > low ? first : low, last < high ? last : high);
}
