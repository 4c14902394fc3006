/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Devices of the open instance: rows of xs_devs, their places in xs_devmap, and the programs on them. */
#ifndef XS_DEV_H
#define XS_DEV_H

#include <net/if.h>
#include <stdbool.h>
#include "maps/decision.h"
#include "user/base/out.h"
#include "user/load/attach.h"

/* xs_dev_look() - what a device is, by its name in this network namespace; redirect is 0. Return: 0 or -errno, reported */
int xs_dev_look(const char *name, struct xs_dev *dev);
/* xs_dev_at() - the row of a slot. Return: false: the slot is free */
bool xs_dev_at(uint32_t slot, struct xs_dev *dev);
/* xs_dev_name() - its name, "#5" where this network namespace has no such device; static text of the last four calls */
const char *xs_dev_name(uint32_t ifindex);

/**
 * xs_dev_add() - Attach the instance to a device and give it a slot
 * @probe: whether to find out if redirect works; without it replies and requests take the stack
 * Return: 0 or -errno, reported; then the device is as before
 */
int xs_dev_add(const char *name, enum xs_mode mode, bool probe);
/* xs_dev_remove() - the reverse. Return: 0 or -errno, reported */
int xs_dev_remove(uint32_t ifindex);
/* xs_dev_prune() - forget devices that are gone or whose XDP program others have detached */
void xs_dev_prune(void);
/* xs_dev_json() - all devices as status shows them, an array */
json_t *xs_dev_json(void);
extern const struct xs_col xs_dev_cols[];

#endif
