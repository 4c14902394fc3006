// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two CPUs at once on a small flow table that is always being swept: afterwards no record is held, and strays are
 * counted right. */
#include <bpf/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/mapio.h"
#include "user/tests/frames/rows.h"

#define FLOWS 32
#define FRAMES 12		/* ports from which each of the words comes */
#define RUNS 50000		/* of each thread */

#define SYNACK "tc ip tcp syn ack seq=5000 ackno=1001 "
static const char *const kinds[] = {	/* with the ends of handshakes twice, as each needs the others */
	"ip tcp syn to=chat from=c1:%u", SYNACK "from=a to=c1:%u", "ip tcp ack seq=1001 ackno=5001 to=chat from=c1:%u", SYNACK "from=a to=c1:%u",
	"ip tcp ack seq=1001 ackno=5001 to=chat from=c1:%u", "ip tcp rst seq=1001 to=chat from=c1:%u", "ip tcp syn to=twin from=c1:%u",
	"ip tcp syn to=many from=c4:%u", SYNACK "from=b to=c4:%u", "ip tcp ack seq=1001 ackno=5001 to=many from=c4:%u", "ip tcp rst seq=1001 to=many from=c4:%u",
	"ip udp pay=9 to=dmany from=c4:%u", "tc ip udp pay=9 from=db to=c4:%u", "ip udp pay=9 to=dmany from=c4:%u shim=long:acme,class=1",
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct frame frames[KINDS * FRAMES];

static bool is_tc(const char *words)
{
	return !strncmp(words, "tc ", 3);
}

/* One CPU: frames in an order of its own; now and then all records grow old, or a target goes up or down. */
static void *cpu(void *arg)
{
	uint32_t seed = (uintptr_t)arg;
	struct frame out;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(seed, &set);
	sched_setaffinity(0, sizeof(set), &set);	/* with one CPU it is two threads on it */
	for (int i = 0; i < RUNS; i++) {
		uint32_t n = rand_r(&seed) % (KINDS * FRAMES);
		const struct frame *f = &frames[n];
		LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = f->byte, .data_size_in = f->len, .data_out = out.byte,
			    .data_size_out = sizeof(out.byte), .repeat = 1);

		if (bpf_prog_test_run_opts(host_prog(is_tc(kinds[n / FRAMES])), &o))
			return "a run failed";
		if (i % 30 == 0)
			host_age(4);
		if (i % 100 == 0)
			host_state(i % 300 ? "b" : "db", rand_r(&seed) % 3);
	}
	return NULL;
}

/* Strays by pair of places, as the records say; -1: a record is held by nobody who still runs. */
static int count_strays(const struct xs_flow *f, const struct xs_secret *k, uint8_t strays[FLOWS])
{
	uint32_t home;

	for (uint32_t i = 0; i < FLOWS; i++) {
		if (f[i].state == XS_F_HELD)
			return -1;
		home = xs_flow_home(&f[i].client, f[i].cport, f[i].proto, k->flow[0], k->flow[1], FLOWS);
		if (f[i].state != XS_F_FREE && home / 2 != i / 2)
			strays[home / 2]++;
	}
	return 0;
}

/* Nobody holds a record, and as many strays are counted at each pair of places as there are. */
static void check(char *why, size_t size)
{
	const struct xs_flow *f = xs_map_view(XS_MAP_xs_flows, true);
	uint8_t is[FLOWS] = { 0 };
	struct xs_secret k;
	uint32_t zero = 0;

	if (!f || xs_map_get(XS_MAP_xs_secrets, &zero, &k)) {
		snprintf(why, size, "maps cannot be read");
		return;
	}
	if (count_strays(f, &k, is))
		snprintf(why, size, "a record is held by nobody");
	for (uint32_t i = 0; i < FLOWS / 2; i++)
		if (is[i] != f[2 * i].strays)
			snprintf(why, size, "pair %u has %u strays, %u are counted", i, is[i], f[2 * i].strays);
}

void stress_run(void)
{
	pthread_t t[2];
	char words[100], why[200] = "";
	uint64_t made = 0;
	void *said;

	host_open(FLOWS, conf_named("base"));
	for (uint32_t i = 0; i < KINDS * FRAMES; i++) {
		snprintf(words, sizeof(words), kinds[i / FRAMES], i % FRAMES + 1);
		frame_make(&frames[i], words + 3 * is_tc(words), NULL, NULL);
	}
	for (uintptr_t i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, cpu, (void *)i))
			exit(3);
	for (int i = 0; i < 2; i++) {
		pthread_join(t[i], &said);
		if (said)
			snprintf(why, sizeof(why), "%s", (const char *)said);
	}
	if (!*why)
		check(why, sizeof(why));
	xs_percpu_sum(XS_MAP_xs_counters, XS_C_FLOWS_CREATED, &made, sizeof(made));
	if (!*why && made < RUNS / 200)
		snprintf(why, sizeof(why), "only %llu records were made", (unsigned long long)made);
	say("stress", "two CPUs at once leave no record held and strays counted right", why);
	host_close();
}
