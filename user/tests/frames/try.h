/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One row under way, for those who check it. */
#ifndef XS_TEST_TRY_H
#define XS_TEST_TRY_H

#include "user/tests/frames/rows.h"

struct try {
	const struct row *row;
	const char *words;		/* without the hook */
	enum hook hook;
	struct frame in;
	struct result res;
	char frame_words[600];		/* of the expected frame: out without verdict, "=" and "+" */
	char facts[300];		/* the "=" and "+" words */
	int verdict;
	struct xs_trace trace;		/* of a dry run */
	char why[600];
};

/* wrong() - one more thing that is not as it should be */
void wrong(struct try *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* facts_check() - what the row says of the flow and of counters */
void facts_check(struct try *t);

#endif
