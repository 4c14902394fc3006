/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs onto devices and off them. What holds a program there is pinned in the instance:
 *
 *	xdp_IFINDEX	a bpf_link; or, where libxdp's dispatcher works (it needs freplace), the program that stands in the
 *			dispatcher, beside the programs of others
 *	tc_IFINDEX	a tcx link (6.6); or the program, whose filter stands in clsact under a fixed handle and priority
 *
 * Nothing falls to generic mode unasked, and nothing that others attached is replaced or removed. A clsact qdisc stays when our
 * filter goes: the kernel does not tell whether others use it. */
#ifndef XS_ATTACH_H
#define XS_ATTACH_H

#include <stdbool.h>
#include <stdint.h>

enum xs_mode { XS_MODE_NATIVE, XS_MODE_GENERIC };

/* xs_xdp_check() - refuse a device that another instance is loaded on. Return: 0 or -EINVAL, reported */
int xs_xdp_check(const char *dev, uint32_t ifindex);
/* xs_xdp_attach(), xs_tc_attach() - attach the open instance's program and pin what holds it. @dev: its name, for messages.
 * Return: 0 or -errno, reported; then nothing is attached */
int xs_xdp_attach(const char *dev, uint32_t ifindex, enum xs_mode mode);
int xs_tc_attach(const char *dev, uint32_t ifindex);
/* xs_xdp_detach(), xs_tc_detach() - the reverse; what is gone already is no error. Return: 0 or -errno, reported */
int xs_xdp_detach(const char *dev, uint32_t ifindex);
int xs_tc_detach(const char *dev, uint32_t ifindex);

/* What stands at a hook of a device. */
struct xs_hook {
	bool attached;		/* ours, and live */
	bool gone;		/* pinned, but detached by others or its device is gone; or not pinned at all */
	const char *by;		/* "link", "dispatcher", "tcx", "clsact"; NULL: nothing is pinned */
	const char *mode;	/* XDP: "native", "generic", "offload"; NULL: none, or not seen from this namespace */
};
void xs_xdp_state(uint32_t ifindex, struct xs_hook *hook);
void xs_tc_state(uint32_t ifindex, struct xs_hook *hook);

/* xs_dispatcher_works() - whether this kernel lets libxdp's dispatcher take programs in */
bool xs_dispatcher_works(void);

#endif
