/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stamping programs onto cgroups and off them. They belong to the host, not to an instance: all that holds them there is pinned
 * below XS_STAMP_ROOT, for root only, as a directory for each cgroup, by its id:
 *
 *	set, get, syn	the links: a new configuration comes as new programs in the same links, so sockets never meet none
 *	conf, counts	its configuration, as its programs have it, and what they counted
 *
 * and beside these the maps that all share: stamps in sockets, levels of the stamped cgroups, the clock. A cgroup that is
 * removed takes its programs along; the next command that writes clears its directory. */
#ifndef XS_LOAD_STAMP_H
#define XS_LOAD_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include "maps/stamp.h"

#define XS_STAMP_ROOT "/sys/fs/bpf/xsteer-stamp"
#define XS_STAMP_DIR XS_STAMP_ROOT "/v1"	/* XS_SCHEMA */

/* xs_cgroup_find() - a cgroup by its path, absolute or below the cgroup2 mount; fills in cgroup, level and path of conf
 * Return: descriptor of its directory, or -errno, reported: no such cgroup, one of version 1 */
int xs_cgroup_find(const char *path, struct xs_stamp_conf *conf);

/* xs_stamp_attach() - stamp the sockets of a cgroup as conf says, from now on; cgroup: descriptor of its directory
 * Also tells the programs of all cgroups what time it is. Return: 0 or -errno, reported: then all is as before */
int xs_stamp_attach(int cgroup, const struct xs_stamp_conf *conf);
/* xs_stamp_detach() - stop; connections keep what they have. Return: 0 or -errno, reported: not stamped */
int xs_stamp_detach(const struct xs_stamp_conf *conf);

/* A stamped cgroup as it runs. */
struct xs_stamped {
	struct xs_stamp_conf conf;
	uint64_t count[XS_SC_MAX];
	bool gone;		/* the cgroup was removed */
};
/* xs_stamp_each() - call for every stamped cgroup. Return: 0 or -errno, reported */
int xs_stamp_each(void (*call)(const struct xs_stamped *s, void *arg), void *arg);

#endif
