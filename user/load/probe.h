/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of the kernel xsteer uses, a row each: tried for real, never read off a version. */
#ifndef XS_PROBE_H
#define XS_PROBE_H

struct xs_probe {
	const char *feature;
	const char *since;	/* mainline kernel, for people; distributions bring much of it to older ones */
	const char *tried;	/* how it is found out */
	const char *lost;	/* what is lost without */
	int (*try)(void);	/* 0: there, else -errno or 1: not there. Runs in a process and a network namespace of its own */
};
extern const struct xs_probe xs_probes[];	/* ends with a row without feature */

/* xs_probe_try() - run one row. Return: 1 there, 0 not there, -errno: could not be tried, -EPERM for want of privilege */
int xs_probe_try(const struct xs_probe *probe);

#endif
