/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What this host must allow so that packets may carry a source address of its own (`via: fullnat`). Asked in the network namespace of
 * this process.
 * Nearly all of these packets are redirected and meet nothing of it. Some take the stack: all of them where the way is stack, and
 * with direct delivery those to a neighbour that is not known yet. IPv4 takes a packet that comes in with an address of this host as
 * its source for forged, unless accept_local says otherwise; a strict rp_filter does so, too. IPv6 has no such check. */
#ifndef XS_OWN_H
#define XS_OWN_H

#include <stdbool.h>
#include <stdint.h>
#include "maps/decision.h"

/**
 * xs_own_hinders() - What keeps packets with this source address, which come in by dev, from the stack
 * @try: the command that allows them, text that is valid until the next call
 * Return: what is wrong, static text; NULL: nothing is
 */
const char *xs_own_hinders(const struct xs_addr *own, const char *dev, const char **try);
/* xs_own_here() - whether the address is configured on this host; else others must route it here */
bool xs_own_here(const struct xs_addr *own);
/* xs_ports_free() - whether this host gives none of the ports to its own sockets: they lie outside of ip_local_port_range, or are
 * reserved */
bool xs_ports_free(uint16_t first, uint16_t last);

#endif
