/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Collect first, render then: a command builds jansson values and names its columns; text, -j and -p come from the same ones. */
#ifndef XS_OUT_H
#define XS_OUT_H

#include <jansson.h>
#include "user/cmd.h"

/* How a JSON value is shown to people. Durations are integers in the unit of the key's ending. */
enum xs_fmt {
	XS_FMT_TEXT,		/* strings and numbers as they are, true/false as yes/no, arrays joined by commas, null as - */
	XS_FMT_COUNT,		/* right, digits grouped */
	XS_FMT_NS, XS_FMT_US, XS_FMT_MS, XS_FMT_S,	/* right, 1.25 ms */
	XS_FMT_BYTES,		/* right, 1.5 MiB */
	XS_FMT_STATE,		/* coloured on a terminal: up green, draining yellow, down red; ok, warn, fail alike */
};

struct xs_col {
	const char *key;	/* JSON field; dots go into objects: "ttft.p99_us" */
	const char *head;	/* column head; NULL: only in JSON */
	enum xs_fmt fmt;
};

/* xs_out_table() - print rows (array of objects, reference taken over) with these columns (ended by a row without key).
 * Text: a table by libsmartcols, `empty` instead if there are no rows (may be NULL). JSON: the array. Return: 0 or -errno, reported */
int xs_out_table(const struct xs_col *cols, json_t *rows, const char *empty);
/* xs_out_object() - print one object (reference taken over): text as "key: value" lines, JSON as it is. cols NULL: all keys */
int xs_out_object(const struct xs_col *cols, json_t *object);
/* xs_out_json() - with -j or -p print the value (reference taken over) and return true; else drop it and return false */
bool xs_out_json(json_t *value);
/* xs_out_bar() - a bar of `width` columns filled to share (0..1) with block characters (ASCII '#' where the locale is not UTF-8) */
const char *xs_out_bar(double share, int width);
/* xs_out_ns() - 1.25 ms, 980 us, 3.1 s into buf (at least 16 bytes). Return: buf */
char *xs_out_ns(char *buf, size_t size, unsigned long long ns);
/* xs_out_addr() - text of a mapped address, "198.18.0.1" or "2001:db8::1"; with port != 0 "198.18.0.1:80", "[2001:db8::1]:80" (host order) */
struct xs_addr;
const char *xs_out_addr(const struct xs_addr *addr, unsigned int port, char *buf, size_t size);

#endif
