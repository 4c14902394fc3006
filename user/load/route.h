/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Questions to the kernel's routing and neighbour tables, in the network namespace of this process. */
#ifndef XS_ROUTE_H
#define XS_ROUTE_H

#include <stdbool.h>
#include <stdint.h>
#include "maps/abi.h"

struct xs_route {
	uint8_t type;		/* RTN_UNICAST, RTN_LOCAL, ... */
	uint32_t ifindex;	/* it leaves by this device */
	struct xs_addr next;	/* whom a neighbour entry is for: the gateway, or the address itself */
};

/* xs_route_get() - the route to an address. Return: 0; -ENETUNREACH, -EHOSTUNREACH, -EACCES: there is none; else -errno. Nothing reported */
int xs_route_get(const struct xs_addr *to, struct xs_route *r);
/* xs_neigh_get() - state of the neighbour entry, NUD_*. Return: state; -ENOENT: there is none; else -errno. Nothing reported */
int xs_neigh_get(const struct xs_addr *next, uint32_t ifindex);
/* xs_forwarding() - whether packets that come in by dev are forwarded (net.ipv4.conf.DEV.forwarding, ipv6 alike) */
bool xs_forwarding(const char *dev, bool v4);

#endif
