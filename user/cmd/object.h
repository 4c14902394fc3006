/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* list, show, set and delete of every kind of row: one set of functions, four records a kind. */
#ifndef XS_OBJECT_H
#define XS_OBJECT_H

#include "user/cmd.h"

int xs_object_list(const struct xs_call *call);
int xs_object_show(const struct xs_call *call);
int xs_object_set(const struct xs_call *call);
int xs_object_delete(const struct xs_call *call);

/* scripts/cmd-table finds the names by the use of this macro */
#define XS_OBJECT(kind, set_args, example_) \
	const struct xs_cmd cmd_##kind##_list = { .object = #kind, .name = "list", .effect = XS_READS, .args = "[KEY VALUE]...", .max_args = -1, \
		.raw = true, .run = xs_object_list, .brief = "list them, or those where KEY has VALUE" }; \
	const struct xs_cmd cmd_##kind##_show = { .object = #kind, .name = "show", .effect = XS_READS, .args = "NAME", .min_args = 1, .max_args = 1, \
		.run = xs_object_show, .brief = "one of them in full" }; \
	const struct xs_cmd cmd_##kind##_set = { .object = #kind, .name = "set", .effect = XS_WRITES, .args = set_args, .min_args = 1, .max_args = -1, \
		.raw = true, .run = xs_object_set, .brief = "add one, or change these keys of it", .example = example_, \
		.text = "Keys and values are those of the configuration, see xsteer.yaml(5)." }; \
	const struct xs_cmd cmd_##kind##_delete = { .object = #kind, .name = "delete", .effect = XS_WRITES, .args = "NAME", .min_args = 1, .max_args = 1, \
		.run = xs_object_delete, .brief = "take it out of the structure" }

#endif
