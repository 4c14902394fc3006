// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What tenants owe, and how exactly their rates are kept. */
#include <bpf/libbpf.h>
#include <bpf/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "user/base/mapio.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

#define CPUS 2
#define PACE_S 1
#define PACE_OFF 0.01		/* of what the rate allows: so exact it has to be */

static struct xs_rate owed;	/* as rate_owe() left it */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint32_t tenant_id(const char *name)
{
	const struct xs_row *t = xs_row_named(host_model(), XS_K_TENANT, name);

	if (!t)
		words_die(name, "no such tenant");
	return t->id;
}

void rate_owe(const char *tenant, const char *bucket, int ms)
{
	struct xs_tat t = { .requests = now_ns() + ms * 1000000LL };
	uint32_t id = tenant_id(tenant);

	t.tokens = t.requests;
	memset(&owed, 0, sizeof(owed));
	if (strcmp(bucket, "other"))
		owed.own = t;
	if (strcmp(bucket, "own"))
		owed.other = t;
	if (xs_map_set(XS_MAP_xs_rates, &id, &owed))
		words_die(tenant, "cannot write what it owes");
}

void rate_owes(const struct group *g, const char *tenant, const char *bucket, int ms)
{
	uint32_t id = tenant_id(tenant);
	char why[80] = "", name[80];
	struct xs_rate r;
	int64_t grew;

	if (xs_map_get(XS_MAP_xs_rates, &id, &r))
		words_die(tenant, "cannot read what it owes");
	if (!strcmp(bucket, "own"))
		grew = r.own.requests - owed.own.requests;
	else if (!strcmp(bucket, "other"))
		grew = r.other.requests - owed.other.requests;
	else if (!strcmp(bucket, "tokens"))
		grew = r.own.tokens - owed.own.tokens;
	else
		grew = r.other.tokens - owed.other.tokens;
	if (grew != ms * 1000000LL)
		snprintf(why, sizeof(why), "grew by %lld ns", (long long)grew);
	snprintf(name, sizeof(name), "%s owes %d ms more, %s", tenant, ms, bucket);
	say(g->name, name, why);
}

/* What one CPU offers until `end`: frames one after another, each round from another client where that is asked for. */
struct offer {
	struct frame frame[3];		/* of one request, in order */
	bool reply[3];			/* of the target, at TC egress */
	bool fresh;
	uint32_t cpu;
	int64_t end, last;		/* when it shall stop, and when the last frame went */
	uint64_t done;
};

/* Offers a request, from another client each time where that is asked for: no checksum is looked at. Return: it was refused */
static bool one(struct offer *o)
{
	uint32_t client = o->done << 1 | o->cpu;
	bool refused = false;
	struct frame out;

	for (int i = 0; i < 3 && o->frame[i].len; i++) {
		uint8_t *addr = o->frame[i].byte + (o->reply[i] ? 33 : 29), *port = o->frame[i].byte + (o->reply[i] ? 36 : 34);

		LIBBPF_OPTS(bpf_test_run_opts, r, .data_in = o->frame[i].byte, .data_size_in = o->frame[i].len,
			    .data_out = out.byte, .data_size_out = sizeof(out.byte), .repeat = 1);

		if (o->fresh) {
			*addr = client >> 15 & 0x7f;
			port[0] = 0x40 | (client >> 8 & 0x7f);
			port[1] = client;
		}
		if (bpf_prog_test_run_opts(host_prog(o->reply[i]), &r))
			words_die("!pace", "a run failed");
		refused |= !o->reply[i] && r.retval == DROP;
	}
	return refused;
}

/* A CPU that was given to others for a while has room left: the last one is refused, so that all that was allowed was let in. */
static void *offer(void *arg)
{
	struct offer *o = arg;
	bool refused = false;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(o->cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	while (!refused || o->last < o->end) {
		o->last = now_ns();
		refused = one(o);
		o->done++;
	}
	return NULL;
}

static uint64_t counted(const char *service, enum xs_reason reason)
{
	const struct xs_row *s = xs_row_named(host_model(), XS_K_SERVICE, service);
	struct xs_count c = { 0 };

	if (!s || xs_percpu_sum(XS_MAP_xs_reasons, s->id * XS_R_MAX + reason, &c, sizeof(c)))
		words_die(service, "cannot be counted");
	return c.packets;
}

static const struct pace {
	const char *what, *tenant, *service, *words[3];
	bool fresh;
	double rate;		/* requests a second that this makes */
	int seconds;		/* 0: PACE_S, and the tenant owes all its slack at the start, so that no burst is in what is counted */
} paces[] = {
	{ "datagrams", "acme", "dgram", { "ip udp to=dgram from=c4:1 shim=long:acme,class=1" }, false, 2000, 0 },
	{ "SYNs", "acme", "chat", { "ip tcp syn to=chat from=c1:1 shim=short:acme,class=1" }, true, 2000, 0 },
	{ "untagged", "acme", "chat", { "ip tcp syn to=chat from=c1:1" }, true, 2000, 0 },
	{ "handshakes", "acme", "chat", { "ip tcp syn to=chat from=c1:1", "tc ip tcp syn ack seq=5000 ackno=1001 from=a to=c1:1",
					 "ip tcp ack seq=1001 ackno=5001 to=chat from=c1:1" }, true, 2000, 0 },
	{ "ten", "plain", "chat", { "ip tcp syn to=chat from=c2:1" }, true, 2000, 10 },
	{ "tokens", "euro", "dgram", { "ip udp to=dgram from=c4:2 shim=long:euro,class=1,tokens=1000" }, false, 2000, 0 },
};

/* With the burst that a rate has by default, ten seconds from a tenant that owes nothing are as exact: it is a tenth of a second's. */
static void pace(const struct group *g, const struct pace *p)
{
	struct offer o[CPUS] = { 0 };
	uint64_t let, offered = 0;
	pthread_t thread[CPUS];
	char why[160] = "", name[80];
	int64_t begin, last = 0;
	double want;

	for (int i = 0; i < CPUS; i++) {
		for (int f = 0; f < 3 && p->words[f]; f++) {
			o[i].reply[f] = !strncmp(p->words[f], "tc ", 3);
			frame_make(&o[i].frame[f], p->words[f] + 3 * o[i].reply[f], NULL, NULL);
		}
		o[i].fresh = p->fresh;
		o[i].cpu = i % sysconf(_SC_NPROCESSORS_ONLN);
	}
	host_clock(true);
	let = counted(p->service, XS_R_PLACED);
	rate_owe(p->tenant, "both", p->seconds ? 0 : 500);
	begin = now_ns();
	for (int i = 0; i < CPUS; i++) {
		o[i].end = begin + (p->seconds ?: PACE_S) * 1000000000LL;
		pthread_create(&thread[i], NULL, offer, &o[i]);
	}
	for (int i = 0; i < CPUS; i++) {
		pthread_join(thread[i], NULL);
		offered += o[i].done;
		last = o[i].last > last ? o[i].last : last;
	}
	want = p->rate * (last - begin) / 1e9;
	let = counted(p->service, XS_R_PLACED) - let;
	if (let < want * (1 - PACE_OFF) || let > want * (1 + PACE_OFF) + 1 || offered < 2 * want)
		snprintf(why, sizeof(why), "%llu of %llu let in, not %.0f", (unsigned long long)let, (unsigned long long)offered, want);
	snprintf(name, sizeof(name), "%s on two CPUs: the rate within 1 %%", p->seconds ? "ten seconds with the burst at their start," : p->what);
	say(g->name, name, why);
}

void rate_pace(const struct group *g, const char *what)
{
	for (size_t i = 0; i < sizeof(paces) / sizeof(paces[0]); i++)
		if (!strcmp(what, paces[i].what)) {
			pace(g, &paces[i]);
			return;
		}
	words_die(what, "no such pace");
}
