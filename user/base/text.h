/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Small texts that several commands take: hex digits, ADDR:PORT, references to keys. */
#ifndef XS_TEXT_H
#define XS_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include "maps/abi.h"

#define XS_KEY_REF "file:PATH or hex:DIGITS, 32 hex digits"

/* xs_unhex() - hex digits into bytes. Return: how many, -EINVAL: other characters or half a byte, -E2BIG: more than room */
int xs_unhex(const char *hex, void *to, size_t room);
/* xs_hex() - bytes into hex digits; text has room for 2 * n + 1 */
char *xs_hex(const void *bytes, size_t n, char *text);
/* xs_addr_parse() - an address of either family, IPv4 mapped. Return: NULL, or what is wrong (static text) */
const char *xs_addr_parse(const char *s, struct xs_addr *a);
/* xs_addr_port_parse() - "198.18.0.10:8000" or "[2001:db8::a]:443"; port in host order. Return: NULL, or what is wrong (static text) */
const char *xs_addr_port_parse(const char *text, struct xs_addr *addr, uint16_t *port);
/* xs_key_read() - the key that a reference names: hex:DIGITS, or file:PATH of a file that holds 32 hex digits and a newline
 * @dir: where a relative PATH begins, NULL: in the working directory. Return: NULL, or what is wrong (static text without digits of the key) */
const char *xs_key_read(const char *ref, const char *dir, uint8_t key[16]);

#endif
