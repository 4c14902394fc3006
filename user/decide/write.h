/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between apply.c, which says in what order, and write.c, which turns rows of the model into elements of the maps. */
#ifndef XS_WRITE_H
#define XS_WRITE_H

#include "user/decide/model.h"

struct xs_writing {
	const struct xs_model *have, *want;
	uint32_t gen;			/* that is written: no packet reads it yet */
	uint64_t revision;
	struct xs_busy *busy;
	struct xs_rules *rules;
};

/* Each writes one kind into the generation. Return: 0 or -errno, reported */
int xs_write_settings(struct xs_writing *a);
/* xs_write_owns() - source addresses: each keeps the slot that it has, or gets one that no flow and neither structure needs */
int xs_write_owns(struct xs_writing *a);
/* xs_own_slots() - slots of the generation's source addresses that a device has, a bit for each */
uint64_t xs_own_slots(uint32_t gen, uint32_t ifindex);
int xs_write_tenants(struct xs_writing *a);
int xs_write_classes(struct xs_writing *a);
/* xs_write_services() - also into services[XS_MAX_SERVICES], which the caller writes when it knows their levels. A service that
 * is gone stays a row while flows refer to it: no index leads there, so that it gets no new ones */
int xs_write_services(struct xs_writing *a, struct xs_service *services);
/* xs_write_guess() - where ids of services and tenants are looked up first. Return: 0 or -errno, reported */
int xs_write_guess(struct xs_writing *a);
/* xs_write_targets() - rows of new targets; one whose zone changes gets none until xs_write_targets_after(), behind the flip,
 * gives it the new one, takes out those without flows that are gone, and drains the others that are */
int xs_write_targets(struct xs_writing *a);
int xs_write_targets_after(struct xs_writing *a);
/* xs_write_maybe() - the bits of services and targets; add: none is taken away, for packets may still need it */
int xs_write_maybe(struct xs_writing *a, bool add);

#endif
