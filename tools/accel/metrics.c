// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "tools/accel/metrics.h"

#define LABELS "engine=\"0\",model_name=\"simulated\""

static void one(FILE *f, const char *name, const char *type, const char *help, double v)
{
	fprintf(f, "# HELP vllm:%s %s\n# TYPE vllm:%s %s\nvllm:%s{" LABELS "} %.15g\n", name, help, name, type, name, v);
}

static void ttft(FILE *f, const struct engine *e)
{
	static const double bounds[] = { ENGINE_TTFT_BOUNDS };
	const char *name = "vllm:time_to_first_token_seconds";
	uint64_t n = 0;

	fprintf(f, "# HELP %s Histogram of time to first token in seconds.\n# TYPE %s histogram\n", name, name);
	for (int i = 0; i < ENGINE_TTFT_BUCKETS - 1; i++) {
		n += e->ttft[i];
		fprintf(f, "%s_bucket{" LABELS ",le=\"%g\"} %" PRIu64 "\n", name, bounds[i], n);
	}
	n += e->ttft[ENGINE_TTFT_BUCKETS - 1];
	fprintf(f, "%s_bucket{" LABELS ",le=\"+Inf\"} %" PRIu64 "\n", name, n);
	fprintf(f, "%s_sum{" LABELS "} %.9f\n%s_count{" LABELS "} %" PRIu64 "\n", name, e->ttft_sum_s, name, n);
}

char *metrics_text(const struct engine *e)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	one(f, "num_requests_running", "gauge", "Number of requests in model execution batches.", e->ndecoding + !!e->prefill);
	one(f, "num_requests_waiting", "gauge", "Number of requests waiting to be processed.", e->nwaiting);
	one(f, "kv_cache_usage_perc", "gauge", "KV-cache usage. 1 means 100 percent usage.", engine_usage(e));
	one(f, "gpu_cache_usage_perc", "gauge", "KV-cache usage, by the name that older versions have.", engine_usage(e));
	one(f, "prompt_tokens_total", "counter", "Number of prefill tokens processed.", e->prompt_tokens);
	one(f, "generation_tokens_total", "counter", "Number of generation tokens processed.", e->generated_tokens);
	one(f, "prefix_cache_queries_total", "counter", "Prefix cache queries, in terms of number of queried tokens.", e->queried_tokens);
	one(f, "prefix_cache_hits_total", "counter", "Prefix cache hits, in terms of number of cached tokens.", e->hit_tokens);
	fprintf(f, "# HELP vllm:request_success_total Count of processed requests.\n# TYPE vllm:request_success_total counter\n");
	fprintf(f, "vllm:request_success_total{" LABELS ",finished_reason=\"length\"} %" PRIu64 "\n", e->finished);
	fprintf(f, "vllm:request_success_total{" LABELS ",finished_reason=\"abort\"} %" PRIu64 "\n", e->aborted);
	fprintf(f, "# HELP vllm:cache_config_info Information of the simulated cache.\n# TYPE vllm:cache_config_info gauge\n");
	fprintf(f, "vllm:cache_config_info{" LABELS ",block_size=\"%d\",num_gpu_blocks=\"%" PRIu64 "\"} 1\n", CACHE_BLOCK, e->cache_tokens / CACHE_BLOCK);
	ttft(f, e);
	if (fclose(f))
		return NULL;
	return text;
}
