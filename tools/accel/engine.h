/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The accelerator itself, without a clock or a wire: jobs wait first in, first out for the prefill, which takes its time by
 * the tokens that are not cached; then each makes a token per gap. Times are ns of one clock, given by the caller, and an
 * event is reckoned at the time it was due, however late the caller is. */
#ifndef ACCEL_ENGINE_H
#define ACCEL_ENGINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "tools/accel/cache.h"

enum job_state { JOB_NEW, JOB_WAITING, JOB_PREFILL, JOB_DECODE, JOB_DONE };

struct job {
	uint64_t *name;		/* of its prompt's whole blocks; the owner's, as are the next two lines */
	unsigned int names, prompt_tokens, max_tokens;
	void *owner;
	enum job_state state;	/* the engine's from here on */
	unsigned int cached_tokens, made;
	uint64_t added_ns, first_ns, due_ns;
	TAILQ_ENTRY(job) list;
};
TAILQ_HEAD(jobs, job);

/* As vLLM has them for its own histogram, in seconds. */
#define ENGINE_TTFT_BOUNDS 0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0
#define ENGINE_TTFT_BUCKETS 17	/* the last one without bound */

struct engine {
	uint64_t prefill_per_s;		/* tokens, settings */
	uint64_t gap_ns;
	uint64_t cache_tokens;
	void (*wake)(struct job *);	/* it has a token more, or is done; may not touch the engine */
	struct cache *cache;
	struct jobs waiting, decoding;	/* decoding: by due_ns, as all gaps are the same */
	struct job *prefill;
	unsigned int nwaiting, ndecoding;
	uint64_t held_tokens;		/* of running jobs */
	uint64_t prompt_tokens, generated_tokens, queried_tokens, hit_tokens, finished, aborted;	/* counted since the start */
	uint64_t ttft[ENGINE_TTFT_BUCKETS];	/* counts, not cumulated */
	double ttft_sum_s;
};

/* engine_init() - the settings must be there. Return: 0 or -ENOMEM */
int engine_init(struct engine *e);
/* engine_add() - a job arrives; it is the caller's again when its state is JOB_DONE */
void engine_add(struct engine *e, struct job *j, uint64_t now_ns);
/* engine_drop() - its client has left; JOB_DONE afterwards */
void engine_drop(struct engine *e, struct job *j, uint64_t now_ns);
/* engine_next() - when engine_run() is due, UINT64_MAX: no work */
uint64_t engine_next(const struct engine *e);
/* engine_run() - do what is due by now */
void engine_run(struct engine *e, uint64_t now_ns);
/* engine_usage() - the part of the cache that running jobs hold, 0..1 */
double engine_usage(const struct engine *e);

#endif
