/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What apply, set and delete share: show the plan, do it. */
#ifndef XS_CHANGE_H
#define XS_CHANGE_H

#include "user/decide/model.h"

/* xs_change() - print what differs and apply it. JSON: {"revision", "changes": [...]}. Return: 0 or -errno, reported */
int xs_change(const struct xs_model *have, struct xs_model *want, bool dry_run);

/* xs_own_check() - own.c: whether this host lets targets be reached `via: fullnat`. Return: 0 or -errno, reported */
int xs_own_check(const struct xs_model *want);

#endif
