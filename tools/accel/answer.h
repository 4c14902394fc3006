/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What an OpenAI-compatible server says, as vLLM says it. All texts are allocated, NULL without memory. */
#ifndef ACCEL_ANSWER_H
#define ACCEL_ANSWER_H

#include <stdbool.h>
#include "tools/accel/engine.h"

struct answer {
	unsigned long id;
	long created;		/* unix seconds */
	bool chat;
	const char *model;	/* as JSON text */
};

/* Events of a stream, each to be sent as a chunk of its own. */
char *answer_role(const struct answer *a);			/* the empty first delta of a chat */
char *answer_token(const struct answer *a, unsigned int i, bool last);	/* token i, from 0 */
char *answer_usage(const struct answer *a, const struct job *j);
char *answer_done(void);
/* answer_whole() - of a request without stream */
char *answer_whole(const struct answer *a, const struct job *j);
/* answer_models() - what /v1/models lists: one model that says what it is */
char *answer_models(const char *name, long created);
/* answer_error() - @code: the HTTP status */
char *answer_error(unsigned int code, const char *why);

#endif
