// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include "tools/accel/engine.h"

int engine_init(struct engine *e)
{
	TAILQ_INIT(&e->waiting);
	TAILQ_INIT(&e->decoding);
	e->cache = cache_new(e->cache_tokens / CACHE_BLOCK);
	return e->cache ? 0 : -ENOMEM;
}

static void prefill_begin(struct engine *e, uint64_t t)
{
	struct job *j = TAILQ_FIRST(&e->waiting);
	unsigned int most, hit;

	e->prefill = j;
	if (!j)
		return;
	TAILQ_REMOVE(&e->waiting, j, list);
	e->nwaiting--;
	/* The last token is always computed: its output is wanted. */
	most = (j->prompt_tokens - 1) / CACHE_BLOCK;
	hit = cache_match(e->cache, j->name, j->names < most ? j->names : most);
	j->cached_tokens = hit * CACHE_BLOCK;
	j->state = JOB_PREFILL;
	j->due_ns = t + (j->prompt_tokens - j->cached_tokens) * 1000000000ULL / e->prefill_per_s;
	e->held_tokens += j->prompt_tokens;
	e->prompt_tokens += j->prompt_tokens;
	e->queried_tokens += j->prompt_tokens;
	e->hit_tokens += j->cached_tokens;
}

void engine_add(struct engine *e, struct job *j, uint64_t now_ns)
{
	j->state = JOB_WAITING;
	j->added_ns = now_ns;
	j->made = 0;
	TAILQ_INSERT_TAIL(&e->waiting, j, list);
	e->nwaiting++;
	if (!e->prefill)
		prefill_begin(e, now_ns);
}

static void finish(struct engine *e, struct job *j)
{
	j->state = JOB_DONE;
	e->held_tokens -= j->prompt_tokens + j->made;
}

static void make_token(struct engine *e, struct job *j, uint64_t t)
{
	j->made++;
	e->held_tokens++;
	e->generated_tokens++;
	if (j->made >= j->max_tokens) {
		finish(e, j);
		e->finished++;
	} else {
		j->state = JOB_DECODE;
		j->due_ns = t + e->gap_ns;
		TAILQ_INSERT_TAIL(&e->decoding, j, list);
		e->ndecoding++;
	}
	e->wake(j);
}

static void count_ttft(struct engine *e, double s)
{
	static const double bounds[] = { ENGINE_TTFT_BOUNDS };
	int i = 0;

	_Static_assert(sizeof(bounds) / sizeof(bounds[0]) + 1 == ENGINE_TTFT_BUCKETS, "one bucket more than bounds");
	while (i < ENGINE_TTFT_BUCKETS - 1 && s > bounds[i])
		i++;
	e->ttft[i]++;
	e->ttft_sum_s += s;
}

static void prefill_done(struct engine *e)
{
	struct job *j = e->prefill;
	uint64_t t = j->due_ns;

	cache_keep(e->cache, j->name, j->names);
	prefill_begin(e, t);
	j->first_ns = t;
	count_ttft(e, (t - j->added_ns) / 1e9);
	make_token(e, j, t);
}

void engine_drop(struct engine *e, struct job *j, uint64_t now_ns)
{
	switch (j->state) {
	case JOB_WAITING:
		TAILQ_REMOVE(&e->waiting, j, list);
		e->nwaiting--;
		j->state = JOB_DONE;
		break;
	case JOB_DECODE:
		TAILQ_REMOVE(&e->decoding, j, list);
		e->ndecoding--;
		finish(e, j);
		break;
	case JOB_PREFILL:
		finish(e, j);
		prefill_begin(e, now_ns);
		break;
	default:
		return;
	}
	e->aborted++;
}

uint64_t engine_next(const struct engine *e)
{
	const struct job *d = TAILQ_FIRST(&e->decoding);
	uint64_t t = e->prefill ? e->prefill->due_ns : UINT64_MAX;

	return d && d->due_ns < t ? d->due_ns : t;
}

void engine_run(struct engine *e, uint64_t now_ns)
{
	struct job *j;
	uint64_t t;

	while ((t = engine_next(e)) <= now_ns) {
		if (e->prefill && e->prefill->due_ns == t) {
			prefill_done(e);
			continue;
		}
		j = TAILQ_FIRST(&e->decoding);
		TAILQ_REMOVE(&e->decoding, j, list);
		e->ndecoding--;
		make_token(e, j, t);
	}
}

double engine_usage(const struct engine *e)
{
	double share = e->cache_tokens ? (double)e->held_tokens / e->cache_tokens : 0;

	return share > 1 ? 1 : share;
}
