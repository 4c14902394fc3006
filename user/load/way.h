/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which of the two ways through this host a target's packets take: direct only where nothing stands against it. */
#ifndef XS_WAY_H
#define XS_WAY_H

#include <stdbool.h>
#include "maps/decision.h"

/**
 * xs_way_of() - Choose the way to an address by the kernel's routing table and the devices of the open instance
 * @ifindex: the device its route leaves by, 0: none; @why: why this way, static text that is valid until the next call
 * Without a route the way is stack: the kernel answers packets then, or a route appears later.
 * Must be asked in the network namespace of the instance's devices.
 * Return: 0, or -errno: the kernel could not be asked (reported)
 */
int xs_way_of(const struct xs_addr *addr, enum xs_way *way, uint32_t *ifindex, const char **why);

/* xs_way_has() - whether the device has the address */
bool xs_way_has(uint32_t ifindex, const struct xs_addr *addr);

/* xs_ways_renew() - choose anew for every configured target, after devices came or went. Flows keep the way they have.
 * Return: 0 or -errno, reported */
int xs_ways_renew(void);

#endif
