/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is played: rows of a trace (one JSON object a line: timestamp in ms, input_length and output_length in tokens, hash_ids,
 * one for each 512-token block of the prompt, equal ids meaning an equal prefix up to there), or made up from a seed. */
#ifndef DRIVE_TRACE_H
#define DRIVE_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_BLOCK 512		/* tokens */

struct row {
	uint64_t at_us;		/* since the first row */
	uint32_t input, output;	/* tokens */
	uint32_t blocks;	/* at least as many as input needs */
	uint64_t *block;
	uint64_t conversation;	/* in a trace the second block, as the first may be everybody's */
	uint16_t tenant, slo_class;	/* indices into the mix */
};

struct trace {
	struct row *rows;	/* by at_us */
	size_t n, room;
};

/* trace_read() - at most `most` rows of a file, "-" is standard input. Return: 0 or -errno, reported with the line */
int trace_read(struct trace *t, const char *path, size_t most);
/* trace_make() - n requests of conversations of several turns: some system prompts shared by all, each turn repeating what was
 * said before. The same seed makes the same rows. @per_s: requests a second. Return: 0 or -ENOMEM */
int trace_make(struct trace *t, uint64_t seed, size_t n, double per_s);
/* trace_spread() - rows of one time evenly up to the next time, for clocks that tick slowly */
void trace_spread(struct trace *t);
/* trace_pick() - a number below n_weights, by weight, the same for all of a conversation; @salt keeps two picks apart */
unsigned int trace_pick(const struct row *r, uint64_t salt, const unsigned int *weight, unsigned int n_weights);
/* trace_prompt() - the prompt as its tokens, 4 bytes each, allocated: as_ids: little-endian ids below 100000; else text
 * that JSON takes as it is. NULL without memory */
uint32_t *trace_prompt(const struct row *r, bool as_ids);
void trace_free(struct trace *t);

#endif
