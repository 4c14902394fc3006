/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Fixed types, limits and the schema number: what every other header of maps/ stands on. */
#ifndef XS_ABI_H
#define XS_ABI_H

#include <linux/types.h>

#ifdef __bpf__
#define XS_OFFSETOF(type, member) __builtin_offsetof(type, member)
#else
#include <stddef.h>
#define XS_OFFSETOF(type, member) offsetof(type, member)
#endif

/* Sizes and offsets are contracts between programs that are built apart, so each shared struct states them. */
#define XS_SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " is ABI: size")
#define XS_AT(type, member, off) _Static_assert(XS_OFFSETOF(type, member) == (off), #type "." #member " is ABI: offset")

#define XS_SCHEMA 1		/* in the pin path (v1): another number may read, not write */

/* Limits of the structure. Ids are dense and start at 1: 0 means "none" in every field that holds one. */
#define XS_MAX_SERVICES	256
#define XS_MAX_TENANTS	1024
#define XS_MAX_CLASSES	16
#define XS_MAX_TARGETS	4096
#define XS_MAX_SITES	256
#define XS_MAX_POOLS	256
#define XS_MAX_ZONES	64
#define XS_MAX_SOURCES	65536	/* source prefixes of all tenants, per generation */
#define XS_MAX_DEVS	64	/* devices that redirect may leave by */
#define XS_MAX_SETS	4	/* target sets of one rule: the first choice and what `then` lists */
#define XS_MAX_MEMBERS	256	/* distinct targets of one set */
#define XS_SLOTS_LINE	32	/* ring slots in one element of xs_slots */
#define XS_MAX_OWNS	64	/* source addresses of this host's own, with those that flows still have */
#define XS_OWN_MOST	16	/* of these in a configuration */
#define XS_NAME_LEN	64	/* a name with its closing NUL */
#define XS_ANY		0xffffffffu
#define XS_ANY_CLASS	0xff

/* An address of either family; IPv4 is mapped (::ffff:a.b.c.d). Words are in network order. */
struct xs_addr {
	__be32 w[4];
};
XS_SIZE(struct xs_addr, 16);

static inline __attribute__((always_inline)) int xs_addr_is4(const struct xs_addr *a)
{
	return !(a->w[0] | a->w[1]) && a->w[2] == (__be32)__builtin_bswap32(0xffff);
}

#endif
