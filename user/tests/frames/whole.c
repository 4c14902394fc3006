// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Placement changes are seen whole or not at all: apply after apply while two CPUs send without pause. Each structure gives the clients
 * another tenant, that tenant another zone, and every service a rule for it with one target, whose port tells the structure. A packet
 * that met parts of two would go to the target of the rule without a tenant, or be refused. */
#include <bpf/bpf.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "user/base/mapio.h"
#include "user/tests/frames/rows.h"

#define APPLIES 100
#define SERVICES 8
#define OLD 8			/* flows that were there before: theirs is the first structure, always */
#define SENDERS 2
#define CONF_SIZE 8192
#define FIRST_PORT 9000		/* structure n: targets at this port + n */

struct sender {
	uint32_t cpu;
	uint64_t sent, old;
	int64_t last[APPLIES + 1];	/* when a packet was last placed under each structure: its end, ns */
	char why[160];
};

static struct frame syn, ack;
static uint64_t base;		/* revision of structure 0 */
static bool over;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Structure n. Tenants, targets and rules have names of their own in each, so ids come and go, too. */
static void conf(char text[CONF_SIZE], int n)
{
	int len = snprintf(text, CONF_SIZE,
		"xsteer: 1\nsettings: {refusals: 0}\nzones: [z0, z1]\nsite: {name: here, id: 1, zone: z%d}\n"
		"sites: [{name: there, id: 2, zone: z%d, endpoint: 198.18.99.1}]\n"
		"tenants: [{name: t%d, id: %d, sources: [198.18.1.0/24], zones: [z%d]}]\npools: [{name: p}]\n"
		"targets:\n  - {name: g%d, pool: p, site: %s, address: 198.18.10.2, port: %d}\n"
		"  - {name: mixed, pool: p, address: 198.18.11.2, port: 1}\nservices:\n",
		0, 1, n, 100 + n, n & 1, n, n & 1 ? "there" : "here", FIRST_PORT + n);

	for (int s = 0; s < SERVICES; s++)
		len += snprintf(text + len, CONF_SIZE - len, "  - {name: s%d, address: 198.18.0.10, port: %d, pools: [p]}\n", s, 8000 + s);
	len += snprintf(text + len, CONF_SIZE - len, "placements:\n");
	for (int s = 0; s < SERVICES; s++)
		len += snprintf(text + len, CONF_SIZE - len, "  - {service: s%d, targets: [mixed]}\n  - {service: s%d, tenant: t%d, targets: [g%d]}\n",
				s, s, n, n);
	if (len >= CONF_SIZE)
		exit(3);
}

static uint16_t port_at(const struct frame *f, uint32_t off)
{
	return f->byte[off] << 8 | f->byte[off + 1];
}

/* One packet. @host: last byte of the client's address. Return: to which structure's target it went, negative: to none */
static int fire(const struct frame *model, uint8_t host, uint16_t port, uint16_t service)
{
	struct frame in = *model, out;
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = in.byte, .data_size_in = in.len, .data_out = out.byte, .data_size_out = sizeof(out.byte), .repeat = 1);
	uint8_t *l4 = in.byte + 34;	/* nobody looks at checksums here */

	in.byte[29] = host;
	l4[0] = port >> 8;
	l4[1] = port;
	l4[2] = service >> 8;
	l4[3] = service;
	if (bpf_prog_test_run_opts(host_prog(false), &o) || o.retval != PASS)
		return -1;
	return out.byte[33] == 2 && out.byte[32] == 10 ? port_at(&out, 36) - FIRST_PORT : -2;
}

/* A client nobody has seen yet. Its packet must go where the structure says that was in force at its beginning, or one that came
 * into force before its end. */
static void one_new(struct sender *s)
{
	uint64_t n = s->sent * SENDERS + s->cpu, first = XS_REVISION(xs_control_read()), last;
	int to = fire(&syn, 10 + n / 60000 % 200, 1024 + n % 60000, 8000 + n / 7 % SERVICES);

	last = XS_REVISION(xs_control_read());
	s->sent++;
	if (to >= 0 && base + to >= first && base + to <= last)
		__atomic_store_n(&s->last[to], now_ns(), __ATOMIC_RELAXED);
	else if (!*s->why)
		snprintf(s->why, sizeof(s->why), "packet %llu went to %d, between structures %llu and %llu", (unsigned long long)s->sent, to,
			 (unsigned long long)(first - base), (unsigned long long)(last - base));
}

static void *sender(void *arg)
{
	struct sender *s = arg;
	cpu_set_t set;
	int to;

	CPU_ZERO(&set);
	CPU_SET(s->cpu % sysconf(_SC_NPROCESSORS_ONLN), &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		one_new(s);
		if (s->sent % 16)
			continue;
		to = fire(&ack, 4, 1 + s->sent / 16 % OLD, 8000);
		s->old++;
		if (to && !*s->why)
			snprintf(s->why, sizeof(s->why), "a packet of a flow of structure 0 went to %d", to);
	}
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void tell(const char *what, int64_t ns[APPLIES])
{
	qsort(ns, APPLIES, sizeof(*ns), by_size);
	printf("# whole: from %s to the end of the last packet placed under the old structure: least %.2f, median %.2f, most %.2f ms\n", what,
	       ns[0] / 1e6, ns[APPLIES / 2] / 1e6, ns[APPLIES - 1] / 1e6);
}

/* All applies, and when each began and returned. Return: "" or why not */
static const char *applies(int64_t began[APPLIES], int64_t ended[APPLIES])
{
	char text[CONF_SIZE];

	for (int n = 0; n < APPLIES; n++) {
		conf(text, n + 1);
		began[n] = now_ns();
		if (host_apply(text))
			return "an apply was refused";
		ended[n] = now_ns();
	}
	return "";
}

/* Each sender has met the last structure, or something wrong. */
static void until_met(struct sender s[SENDERS])
{
	for (int i = 0; i < SENDERS; i++)
		while (!__atomic_load_n(&s[i].last[APPLIES], __ATOMIC_RELAXED) && !__atomic_load_n(s[i].why, __ATOMIC_RELAXED))
			usleep(1000);
}

static void old_flows(void)
{
	struct group g = { .name = "whole" };
	char from[32];

	for (int i = 0; i < OLD; i++) {
		snprintf(from, sizeof(from), "198.18.1.4:%d", i + 1);
		talk_open(&g, from, "198.18.0.10:8000", "g0");
	}
}

void whole_run(void)
{
	static struct sender s[SENDERS];
	int64_t began[APPLIES], ended[APPLIES], last;
	pthread_t thread[SENDERS];
	char text[CONF_SIZE], why[200];
	uint64_t sent = 0, seen = 0;

	conf(text, 0);
	host_open(1024, text);
	base = XS_REVISION(xs_control_read());
	frame_make(&syn, "ip tcp syn from=198.18.1.4:1 to=198.18.0.10:8000", NULL, NULL);
	frame_make(&ack, "ip tcp ack seq=1001 ackno=5001 from=198.18.1.4:1 to=198.18.0.10:8000", NULL, NULL);
	old_flows();
	for (int i = 0; i < SENDERS; i++) {
		s[i].cpu = i;
		if (pthread_create(&thread[i], NULL, sender, &s[i]))
			exit(3);
	}
	snprintf(why, sizeof(why), "%s", applies(began, ended));
	if (!*why)
		until_met(s);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(thread[i], NULL);
		if (!*why)
			snprintf(why, sizeof(why), "%s", s[i].why);
		sent += s[i].sent;
	}
	for (int n = 0; n < APPLIES; n++) {
		last = s[0].last[n] > s[1].last[n] ? s[0].last[n] : s[1].last[n];
		seen += last > 0;
		began[n] = last - began[n];
		ended[n] = last - ended[n];
	}
	printf("# whole: %d applies, %llu first packets\n", APPLIES, (unsigned long long)sent);
	tell("apply's beginning", began);
	tell("apply's return", ended);
	if (!*why && (sent < 10 * APPLIES || seen < APPLIES))
		snprintf(why, sizeof(why), "only %llu packets, %llu of the structures met", (unsigned long long)sent, (unsigned long long)seen);
	say("whole", "every packet under load goes where exactly one structure says, a hundred times", why);
	host_close();
}
