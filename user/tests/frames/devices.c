// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/mapio.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/host.h"

/* c: clients' side, t: targets' side, r: a device that cannot take redirects. No neighbour is known for b, no route for e. */
static const char *const commands[] = {
	"link set dev lo up",
	"link add dev c address 02:00:00:00:01:01 type veth peer name c-peer",
	"link add dev t address 02:00:00:00:10:01 type veth peer name t-peer",
	"link add dev r type veth peer name r-peer",
	"link set dev c-peer up", "link set dev t-peer up", "link set dev r-peer up", "link set dev c up", "link set dev t up", "link set dev r up",
	"addr add 198.18.1.1/24 dev c", "addr add 198.18.10.1/24 dev t", "addr add 198.18.11.1/24 dev t", "addr add 198.18.13.1/24 dev r",
	"addr add 2001:db8:1::1/64 dev c nodad", "addr add 2001:db8:10::1/64 dev t nodad",
	"neigh add 198.18.1.2 lladdr 02:00:00:00:01:02 dev c nud permanent", "neigh add 2001:db8:1::2 lladdr 02:00:00:00:01:02 dev c nud permanent",
	"neigh add 198.18.10.2 lladdr 02:00:00:00:10:02 dev t nud permanent", "neigh add 2001:db8:10::2 lladdr 02:00:00:00:10:02 dev t nud permanent",
	"neigh add 198.18.13.2 lladdr 02:00:00:00:13:02 dev r nud permanent",
};

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		words_die(path, "cannot be written");
}

static void device(uint32_t slot, const char *name, const char *mac, uint8_t redirect)
{
	struct xs_dev d = { .ifindex = if_nametoindex(name), .mtu = 1500, .redirect = redirect };

	hex_parse(mac, d.mac, 6);
	if (!d.ifindex || xs_map_set(XS_MAP_xs_devs, &slot, &d) || xs_map_set(XS_MAP_xs_devslot, &d.ifindex, &slot) ||
	    xs_map_set(XS_MAP_xs_devmap, &slot, &d.ifindex))
		words_die(name, "no such device");
}

void host_devices(void)
{
	bool made = if_nametoindex("c");	/* by an earlier group */
	char line[200];

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && !made; i++) {
		snprintf(line, sizeof(line), "ip %s", commands[i]);
		if (system(line))
			words_die(line, "failed");
	}
	write_file("/proc/sys/net/ipv4/ip_forward", "1");
	write_file("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	device(0, "c", "020000000101", 1);
	device(1, "t", "020000001001", 1);
	device(2, "r", "020000001301", 0);
}
