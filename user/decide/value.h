/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Between value.c (fields of one value) and lists.c (fields of several). Parsers return NULL or what is wrong. */
#ifndef XS_VALUE_H
#define XS_VALUE_H

#include "user/base/text.h"
#include "user/decide/model.h"

/* What the parsers return points here; the next mistake overwrites it. */
#define XS_WRONG_SIZE 256
extern char xs_wrong_text[XS_WRONG_SIZE];
#define WRONG(...) (snprintf(xs_wrong_text, XS_WRONG_SIZE, __VA_ARGS__), xs_wrong_text)

/* The node that a field of several values found wrong, NULL: the field's own. xs_field_parse() sets it. */
extern struct fy_node *xs_wrong_at;

/* xs_conf_mistake() - report one, with the place of the node (NULL: none), and count it; an alias is always that. Return: -EINVAL */
int xs_conf_mistake(struct xs_conf *c, struct fy_node *n, const char *try, const char *what);
/* remedy.c: xs_key_remedy() - instead of a key that the kind does not have; xs_field_remedy() - against what a parser said of a
 * field's value. Valid until the next call */
const char *xs_key_remedy(enum xs_kind k, const char *typed);
const char *xs_field_remedy(const struct xs_field *f, const char *err, const struct xs_model *m);

bool xs_name_ok(const char *s);
/* xs_cidr_parse() - "198.18.1.0/24"; bits count in the mapped address */
const char *xs_cidr_parse(const char *s, struct xs_addr *a, uint8_t *bits);
const char *xs_ref_parse(enum xs_kind k, const char *s, const struct xs_model *m, uint64_t *id);
/* xs_addr_print() - as YAML; bits of the mapped address, -1: no prefix */
void xs_addr_print(const struct xs_addr *a, int bits, FILE *to);
/* xs_range_check() - against the limits of a field */
const char *xs_range_check(const struct xs_field *f, uint64_t v);
void xs_scalar_print(const struct xs_field *f, const void *row, const struct xs_model *m, FILE *to);
bool xs_scalar_default(const struct xs_field *f, const void *row, struct xs_model *m);

#endif
