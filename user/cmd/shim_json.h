/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A shim as people write it: a JSON object with the key names of tests/vectors/shim-v1.json. */
#ifndef XS_SHIM_JSON_H
#define XS_SHIM_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include "user/shim/xsteer_shim.h"

enum xs_form { XS_FORM_LONG = 1, XS_FORM_OPTION = 2 };

/* Either form, and what its tag needs beside it. */
struct xs_shim_text {
	enum xs_form form;
	struct xsteer_long lng;
	struct xsteer_option opt;
	struct xsteer_dest to;
	uint32_t isn, time;	/* time of the option; 0: not given */
	bool has_to, has_isn, has_key;
	uint8_t key[XSTEER_KEY_SIZE];
};

/* xs_shim_from_json() - the form follows from the keys (or from "form"); keys with defaults may be absent
 * @object: for messages. Return: 0 or -EINVAL, reported with the key's name */
int xs_shim_from_json(const json_t *j, const char *object, struct xs_shim_text *s);
/* xs_shim_to_json() - the reverse, without the key. Return: a new object, or NULL: no memory */
json_t *xs_shim_to_json(const struct xs_shim_text *s);

#endif
