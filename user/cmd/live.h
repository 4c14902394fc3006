/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rows of the model joined with what the running instance says of them. */
#ifndef XS_LIVE_H
#define XS_LIVE_H

#include "user/base/out.h"
#include "user/decide/model.h"

extern const char *const xs_state_words[];	/* by enum xs_tstate; NULL ends */

/* xs_live_row() - a row as JSON: targets with state, way and counts, placements with where they come from */
json_t *xs_live_row(enum xs_kind k, const void *row, const struct xs_model *m);
/* xs_live_key() - whether such rows have this key */
bool xs_live_key(enum xs_kind k, const char *key);
/* xs_live_fed() - append the fed placements */
void xs_live_fed(json_t *rows, const struct xs_model *m);
/* xs_live_col() - how a key of these rows is shown: head (valid for 32 calls) and format */
struct xs_col xs_live_col(const char *key);

#endif
