/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an instance is in the file system:
 *
 *	/sys/fs/bpf/xsteer/INSTANCE/		locked by whoever changes something; group may look
 *		v1-new/				being made or being removed: never attached to anything, never used
 *		v1/				the instance, there as a whole or not at all
 *			xs_...			maps, modes by maps/maps.h
 *			xsteer_xdp, xsteer_egress	programs
 *			loss_failed, loss_dropped	tracepoints, see loss.h
 *			xdp_IFINDEX, tc_IFINDEX	what holds a program on a device, see attach.h
 *
 * So a load or unload that is killed leaves nothing, or an instance that works with the devices it has. */
#ifndef XS_PIN_H
#define XS_PIN_H

#include "user/load/obj.h"

/* xs_pin_prepare() - see to a BPF file system, make the instance's directory and lock it. @group: who may read, NULL: root only.
 * Removes what a killed load or unload left. Return: 0 or -errno, reported */
int xs_pin_prepare(const char *group);
/* xs_pin_exists() - whether the instance is loaded. Return: false: errno says why */
bool xs_pin_exists(void);
/* xs_pin_publish() - pin maps and programs, all or nothing. Return: 0 or -errno, reported */
int xs_pin_publish(const struct xs_obj *obj);
/* xs_pin_remove() - unpin the whole instance, whose devices are detached already, and remove its directory. Return: 0 or -errno, reported */
int xs_pin_remove(void);
/* xs_pin_leftover() - remove what a killed load or unload left, and the directory if no instance is in it. Return: whether there was something */
bool xs_pin_leftover(void);
/* xs_pin_secret() - whether a map is for root alone */
bool xs_pin_secret(enum xs_map_id map);
/* xs_pin_prog() - open a pinned program. Return: fd or -errno, reported */
int xs_pin_prog(enum xs_prog prog);
/* xs_pin_dev() - path of the pin that holds a program on a device, into a static buffer; prog XDP: xdp_IFINDEX, EGRESS: tc_IFINDEX */
const char *xs_pin_dev(enum xs_prog prog, uint32_t ifindex);
/* What a pin of a device holds: a link, or a program that was attached in another way; see attach.h. */
struct xs_held {
	int fd;
	bool link;
	uint32_t prog_id;
	uint32_t ifindex;	/* of a link; 0: it was detached, or its device is gone */
};
/* xs_pin_held() - look into a pin; the caller closes h->fd. Return: 0 or -errno, nothing reported */
int xs_pin_held(const char *path, struct xs_held *h);
/* xs_pin_owner() - which instance holds program prog_id on a device, into name (XS_NAME_LEN bytes). Return: false: none */
bool xs_pin_owner(uint32_t prog_id, char *name);

#endif
