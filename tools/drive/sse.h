/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reads the event stream of an OpenAI-compatible server as it arrives. */
#ifndef DRIVE_SSE_H
#define DRIVE_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sse {
	bool text, done, error;	/* text came; [DONE] came; an error event came */
	uint32_t prompt_tokens, cached_tokens, tokens;	/* of the usage event, 0 without one */
	size_t len;
	char line[16384];	/* what came of the line so far; a longer one is an error */
};

void sse_begin(struct sse *s);
/* sse_take() - the next bytes. Return: true once there was text, which an empty role event is not */
bool sse_take(struct sse *s, const char *data, size_t n);

#endif
