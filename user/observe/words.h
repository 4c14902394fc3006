/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Numbers of the maps -> the words of the views, and filter words -> numbers. */
#ifndef XS_WORDS_H
#define XS_WORDS_H

#include <jansson.h>
#include "user/cmd.h"
#include "user/decide/model.h"

const char *xs_level_word(unsigned int level);		/* enum xs_level: "tenant+class" */
const char *xs_way_word(unsigned int way);		/* enum xs_way: "direct" */
const char *xs_state_word(unsigned int state);		/* enum xs_flow_state: "half-open" */
/* xs_state_number() - the reverse. Return: state, or -EINVAL, reported */
int xs_state_number(const char *word);
const char *xs_reason_word(unsigned int reason);
const char *xs_reason_help(unsigned int reason);
enum xs_verdict xs_reason_verdict(unsigned int reason);
const char *xs_verdict_word(enum xs_verdict verdict);
const char *xs_metric_word(unsigned int metric);	/* "ttft" */

/* xs_name_json() - name of a row, null for id 0; a class by its number */
json_t *xs_name_json(enum xs_kind kind, unsigned int id);
/* xs_addr_json() - "198.18.0.1:80"; port in network order, 0: none */
json_t *xs_addr_json(const struct xs_addr *addr, __be16 port);
/* xs_rule_json() - what a rule of xs_rows is for and who made it. Return: null: the row is free or cannot be read */
json_t *xs_rule_json(uint32_t row);
/* xs_put() - set a key of an object; takes the value over, and gives the object up (frees, sets NULL) without memory */
void xs_put(json_t **object, const char *key, json_t *value);

/* xs_filter() - id (of a class: number) that a filter word of this call names, "-": 0, -1 if the filter was not given.
 * Return: 0 or -errno, reported */
int xs_filter(const struct xs_call *call, enum xs_kind kind, int *id);

#endif
