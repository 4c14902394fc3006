/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Flows whose target sees another source than the client's end: which, and how many more there may be. */
#ifndef XS_SOURCES_H
#define XS_SOURCES_H

#include <jansson.h>
#include <stdbool.h>
#include "maps/maps.h"

/* xs_source_json() - "198.18.10.1:61003", null where the target sees the client's own end. @own, @port, @client: as in a flow */
json_t *xs_source_json(uint8_t own, __be16 port, const struct xs_addr *client);
/* xs_sources_used() - by target id: flows and handshakes that have a source of this host's own there; one that is closed gives its up to
 * any other. free(). Return: NULL: no memory, or reported */
uint32_t *xs_sources_used(void);
/* xs_sources_limit() - how many of them the target can have */
uint32_t xs_sources_limit(uint32_t target);

#endif
