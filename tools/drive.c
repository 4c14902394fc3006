// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* drive: plays a request trace, or a workload made from a seed, against an OpenAI-compatible server: real connections, each
 * stamped with its tenant, class and prompt prefix before its SYN leaves. Says how long first tokens took, and who served. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/drive/play.h"
#include "tools/drive/report.h"
#include "tools/drive/trace.h"
#include "tools/lib/opt.h"
#include "user/base/out.h"

struct xs_env xs_env;

static const char *trace_file;
static uint64_t requests, seed = 1, per_s = 20;
static bool spread;
static unsigned int tenant_weight[PLAY_MIX], class_weight[PLAY_MIX];
static struct play plays = { .to = "http://127.0.0.1:8000", .model = "simulated", .speed = 1, .concurrency = 256, .timeout_ns = 120000000000ULL };

/* Colon-separated numbers, at most n. Return: how many, 0: not that */
static int numbers(const char *s, unsigned long long *v, int n)
{
	char *end;
	int i;

	for (i = 0; i < n; i++, s = end + 1) {
		v[i] = strtoull(s, &end, 0);
		if (end == s || (*end && *end != ':') || *s == '-')
			return 0;
		if (!*end)
			return i + 1;
	}
	return 0;
}

static const char *set_tenant(const char *s)
{
	unsigned long long v[3] = { 0, 1, 0 };

	if (!numbers(s, v, 3) || v[0] > 65535 || !v[1] || v[1] > 1000000)
		return "wants ID[:WEIGHT[:SALT]], the id below 65536";
	if (plays.tenants == PLAY_MIX)
		return "too many tenants";
	plays.tenant[plays.tenants] = v[0];
	plays.salt[plays.tenants] = v[2];
	tenant_weight[plays.tenants++] = v[1];
	return NULL;
}

static const char *set_class(const char *s)
{
	unsigned long long v[2] = { 0, 1 };

	if (!numbers(s, v, 2) || v[0] > 15 || !v[1] || v[1] > 1000000)
		return "wants CLASS[:WEIGHT], the class from 0 to 15";
	if (plays.classes == PLAY_MIX)
		return "too many classes";
	plays.slo_class[plays.classes] = v[0];
	class_weight[plays.classes++] = v[1];
	return NULL;
}

static const char *set_speed(const char *s)
{
	char *end;

	plays.speed = strtod(s, &end);
	return end == s || *end || !(plays.speed >= 0 && plays.speed < 1e9) ? "wants a factor; 0 is as fast as --concurrency allows" : NULL;
}

static const struct opt options[] = {
	{ "to", 't', OPT_TEXT, &plays.to, "URL", "http://HOST:PORT (http://127.0.0.1:8000)" },
	{ "trace", 0, OPT_TEXT, &trace_file, "FILE", "JSON lines: timestamp, input_length, output_length, hash_ids; - is stdin" },
	{ "seed", 0, OPT_COUNT, &seed, "N", "without a trace: of the conversations made up (1)" },
	{ "rate", 0, OPT_RATE, &per_s, "N/s", "without a trace: requests a second on average, at speed 1 (20/s)" },
	{ "requests", 'n', OPT_COUNT, &requests, "N", "play so many (all of a trace; 200 without one)" },
	{ "duration", 'd', OPT_NS, &plays.duration_ns, "TIME", "begin no request after this (until all are done)" },
	{ "speed", 's', OPT_CALL, set_speed, "X", "times the trace's own; 0: as fast as concurrency allows (1)" },
	{ "spread", 0, OPT_FLAG, &spread, NULL, "requests of one time evenly up to the next" },
	{ "concurrency", 'c', OPT_COUNT, &plays.concurrency, "N", "open requests at most (256)" },
	{ "output", 0, OPT_COUNT, &plays.output_most, "TOKENS", "ask for no more than this (what the trace says)" },
	{ "timeout", 0, OPT_NS, &plays.timeout_ns, "TIME", "of a request (120s)" },
	{ "tenant", 0, OPT_CALL, set_tenant, "ID[:W[:SALT]]", "a tenant, its weight, its cache's salt; once for each (0)" },
	{ "class", 0, OPT_CALL, set_class, "N[:W]", "an SLO class, its weight; once for each (0)" },
	{ "tokens", 0, OPT_FLAG, &plays.as_ids, NULL, "prompts as arrays of token ids, not as text" },
	{ "model", 0, OPT_TEXT, &plays.model, "NAME", "the model to ask for (simulated)" },
	{ "keep-alive", 0, OPT_FLAG, &plays.keep_alive, NULL, "reuse connections: only their first request is stamped and placed" },
	{ "no-stamp", 0, OPT_FLAG, &plays.no_stamp, NULL, "leave sockets unstamped" },
	{ "json", 'j', OPT_FLAG, &xs_env.json, NULL, "print JSON" },
	{}
};

static int usage(const char *what)
{
	fprintf(stderr, "drive: %s; see drive --help\n", what);
	return 2;
}

static int get_trace(struct trace *t)
{
	int err = trace_file ? trace_read(t, trace_file, requests ?: SIZE_MAX) : trace_make(t, seed, requests ?: 200, per_s);

	if (!err && spread)
		trace_spread(t);
	for (size_t i = 0; i < t->n; i++) {
		t->rows[i].tenant = trace_pick(&t->rows[i], 1, tenant_weight, plays.tenants);
		t->rows[i].slo_class = trace_pick(&t->rows[i], 2, class_weight, plays.classes);
	}
	return err;
}

int main(int argc, char **argv)
{
	int rc = opt_parse("drive", "plays a request trace over stamped connections", options, argc, argv);
	struct played out = {};
	struct trace t = {};

	if (rc >= 0)
		return rc;
	if (!plays.tenants)
		set_tenant("0");
	if (!plays.classes)
		set_class("0");
	if (!plays.concurrency || plays.concurrency > 16384 || !per_s)
		return usage("--concurrency is 1 to 16384, --rate above 0");
	if (plays.timeout_ns < 1000000)
		return usage("--timeout is 1ms at least");
	if (plays.model[strcspn(plays.model, "\"\\")])
		return usage("--model takes no quotes");
	plays.progress = isatty(STDERR_FILENO);
	xs_env.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	if (get_trace(&t))
		rc = 1;
	else if (!plays.no_stamp && play_stamp_works(&plays))
		rc = 3;
	else
		rc = play(&plays, &t, &out) ? 3 : report(&plays, &out) ? 3 : out.failed ? 1 : 0;
	played_free(&out);
	trace_free(&t);
	return rc;
}
