/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a client asks for: the body of /v1/completions or /v1/chat/completions. */
#ifndef ACCEL_PROMPT_H
#define ACCEL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROMPT_MAX_TOKENS 16	/* where the body says nothing, as OpenAI's */

struct prompt {
	uint64_t *name;		/* of the whole blocks; prompt_free() */
	char *model;		/* as JSON text, with quotes; prompt_free() */
	unsigned int names, tokens, max_tokens;
	bool stream, usage;
};

/* prompt_read() - body to prompt. Four bytes stand for a token, in a chat of its canonical text; arrays of numbers are tokens
 * Return: 0, or -EINVAL with what is wrong in why */
int prompt_read(struct prompt *p, const char *body, size_t len, bool chat, char *why, size_t size);
void prompt_free(struct prompt *p);

#endif
