/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The first packet of a request that explain asks about. */
#ifndef XS_FRAME_H
#define XS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "maps/abi.h"

#define XS_FRAME_MAX 256

struct xs_first {
	struct xs_addr from, to;	/* of one family */
	uint16_t sport, dport;		/* host order */
	bool udp;
	uint32_t isn;			/* of the SYN */
	uint8_t shim[128];		/* the TCP option, a multiple of 4 bytes up to 40; or what the UDP payload begins with */
	size_t shim_len;
};

/* xs_frame_first() - a SYN with the shim among its options, or a datagram that begins with it, in an Ethernet frame to nobody.
 * The checksums of TCP and UDP are left zero: what reads the frame is the program, and it sends nothing.
 * Return: bytes written to frame (XS_FRAME_MAX) */
size_t xs_frame_first(uint8_t *frame, const struct xs_first *first);

#endif
