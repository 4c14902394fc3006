/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef XS_REDIRECT_H
#define XS_REDIRECT_H

#include <stdbool.h>
#include <stdint.h>

/**
 * xs_redirect_probe() - Whether frames that XDP redirects into a device leave by it
 * Sends a few frames of ethertype 0x88b5 (local experiments) from the device's address to the device's address, and asks the
 * driver what became of them. True only if all were taken: a veth takes none while its peer has no NAPI (a peer in this
 * host needs an XDP program or GRO), others none before XDP is attached to them or while they are down.
 * @why: static text when it is false. Needs 5.18 (live frames); before it nothing is known, so false.
 */
bool xs_redirect_probe(uint32_t ifindex, const uint8_t mac[6], const char **why);

#endif
