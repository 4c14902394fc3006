/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers as people write them. Parsers return NULL or what is wrong, in words that follow the key, until the next call. */
#ifndef XS_NUM_H
#define XS_NUM_H

#include <stdint.h>

/* xs_num_parse() - a number with a suffix: 470k, 2M/s, 1.5M. @tail: what may follow ("/s" or "") */
const char *xs_num_parse(const char *s, const char *tail, uint64_t *v);
/* xs_duration_parse() - a duration in units of unit_ns: 250ms, 200us, 3600s, 5m, 2h; a bare number is wrong, for nobody knows of what */
const char *xs_duration_parse(const char *s, double unit_ns, uint64_t *v);

#endif
