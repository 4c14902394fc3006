// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tools/drive/trace.h"

#define INPUT_MOST (1U << 22)	/* tokens; what a line may ask for must fit in memory */

/* splitmix64: a good hash of a counter, hence also a generator */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static uint64_t next(uint64_t *s)
{
	return mix((*s)++);
}

static unsigned int between(uint64_t *s, unsigned int least, unsigned int most)
{
	return least + next(s) % (most - least + 1);
}

static double exponential(uint64_t *s, double mean)
{
	return -mean * log1p(-((next(s) >> 11) * 0x1p-53));
}

/* A new row with room for its blocks. Return: NULL without memory */
static struct row *add(struct trace *t, uint32_t input, uint32_t output)
{
	struct row *r;

	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 1024;
		r = realloc(t->rows, t->room * sizeof(*r));
		if (!r)
			return NULL;
		t->rows = r;
	}
	r = &t->rows[t->n];
	*r = (struct row){ .input = input, .output = output, .blocks = (input + TRACE_BLOCK - 1) / TRACE_BLOCK };
	r->block = calloc(r->blocks, sizeof(*r->block));
	if (!r->block)
		return NULL;
	t->n++;
	return r;
}

static int by_time(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->at_us < y->at_us ? -1 : x->at_us > y->at_us;
}

static void sort(struct trace *t)
{
	uint64_t first;

	if (!t->n)
		return;
	qsort(t->rows, t->n, sizeof(*t->rows), by_time);
	first = t->rows[0].at_us;
	for (size_t i = 0; i < t->n; i++)
		t->rows[i].at_us -= first;
}

static int read_line(struct trace *t, const char *line, const char *where)
{
	json_error_t at;
	json_t *j = json_loads(line, 0, &at), *ids = json_object_get(j, "hash_ids");
	json_int_t input = json_integer_value(json_object_get(j, "input_length")), output = json_integer_value(json_object_get(j, "output_length"));
	double ms = json_number_value(json_object_get(j, "timestamp"));
	struct row *r = NULL;

	if (!j)
		fprintf(stderr, "drive: %s: %s\n", where, at.text);
	else if (input < 1 || input > INPUT_MOST || output < 0 || output > 1 << 20 || !json_is_array(ids) || !(ms >= 0 && ms < 1e15))
		fprintf(stderr, "drive: %s: wants timestamp, input_length, output_length and hash_ids\n", where);
	else
		r = add(t, input, output ?: 1);
	if (r) {
		r->at_us = ms * 1000;
		for (uint32_t i = 0; i < r->blocks; i++)	/* a block without id is like no other */
			r->block[i] = i < json_array_size(ids) ? (uint64_t)json_integer_value(json_array_get(ids, i)) : mix(t->n) | 1ULL << 63;
		r->conversation = r->block[r->blocks > 1];
	}
	json_decref(j);
	return r ? 0 : -EINVAL;
}

int trace_read(struct trace *t, const char *path, size_t most)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	char *line = NULL, where[300];
	size_t size = 0, no = 0;
	int err = 0;

	if (!f) {
		err = -errno;
		fprintf(stderr, "drive: %s: %s\n", path, strerror(-err));
		return err;
	}
	while (!err && t->n < most && getline(&line, &size, f) >= 0) {
		snprintf(where, sizeof(where), "%.250s:%zu", path, ++no);
		if (line[strspn(line, " \t\r\n")])
			err = read_line(t, line, where);
	}
	free(line);
	if (f != stdin)
		fclose(f);
	sort(t);
	return err;
}

/* One conversation, begun at `at` seconds: turns, each with all that went before as its prompt. */
static int converse(struct trace *t, uint64_t *seed, uint64_t id, double at, size_t most)
{
	unsigned int turns = between(seed, 1, 7), system = between(seed, 0, 3), shared = 1 + system, said = shared * TRACE_BLOCK, answer = 0;
	struct row *r;

	said += between(seed, 50, 1500);
	for (unsigned int i = 0; i < turns && t->n < most; i++) {
		answer = between(seed, 20, 200);
		r = add(t, said, answer);
		if (!r)
			return -ENOMEM;
		r->at_us = at * 1e6;
		r->conversation = id;
		for (uint32_t b = 0; b < r->blocks; b++)
			r->block[b] = b < shared ? 1000 * system + b : id << 32 | b;
		said += answer + between(seed, 20, 300);
		at += 1 + exponential(seed, 4);
	}
	return 0;
}

int trace_make(struct trace *t, uint64_t seed, size_t n, double per_s)
{
	uint64_t s = mix(seed);
	double at = 0;
	int err = 0;

	for (uint64_t id = 1; !err && t->n < n; id++) {
		err = converse(t, &s, id, at, n);
		at += exponential(&s, 4 / per_s);	/* four turns on average */
	}
	sort(t);
	return err;
}

void trace_spread(struct trace *t)
{
	uint64_t from, step;
	size_t i, j, k;

	for (i = 0; i < t->n; i = j) {
		from = t->rows[i].at_us;
		for (j = i; j < t->n && t->rows[j].at_us == from; j++)
			;
		if (j == t->n)
			break;
		step = t->rows[j].at_us - from;
		for (k = i; k < j; k++)
			t->rows[k].at_us = from + step * (k - i) / (j - i);
	}
}

unsigned int trace_pick(const struct row *r, uint64_t salt, const unsigned int *weight, unsigned int n_weights)
{
	uint64_t sum = 0, x;
	unsigned int i;

	for (i = 0; i < n_weights; i++)
		sum += weight[i];
	x = mix(mix(r->conversation) ^ mix(salt)) % (sum ?: 1);
	for (i = 0; i + 1 < n_weights && x >= weight[i]; i++)
		x -= weight[i];
	return i;
}

uint32_t *trace_prompt(const struct row *r, bool as_ids)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDE ";
	uint32_t *token = malloc(4UL * r->input);
	uint64_t x;
	char *c;

	for (uint32_t i = 0; token && i < r->input; i++) {
		x = mix(mix(r->block[i / TRACE_BLOCK]) + i % TRACE_BLOCK);
		token[i] = x % 100000;
		if (as_ids)
			continue;
		c = (char *)&token[i];
		for (int k = 0; k < 4; k++)
			c[k] = letters[x >> (5 * k) & 31];
	}
	return token;
}

void trace_free(struct trace *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->rows[i].block);
	free(t->rows);
	*t = (struct trace){};
}
