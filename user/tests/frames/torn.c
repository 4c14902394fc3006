// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows that a feed replaces are never read torn. One CPU replaces rows without pause, another reads them (tools/torn.bpf.c) and knows
 * by a row's revision what must stand in it. The same reader and writer on plain values of a hash map show that it would be found. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "user/base/mapio.h"
#include "user/load/obj.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"
#include "skel/torn.skel.h"

#define KEYS 32			/* as in torn.bpf.c */
#define OTHERS 12000		/* rows of other keys */
#define WORDS 30
#define RUNS 20000		/* of a reader in a row: each call of the kernel takes its time before the first */
#define FED_NS 3000000000LL
#define PLAIN_NS 8000000000LL	/* at most: until a few were found */
#define ENOUGH 3

struct found { uint64_t read, none, torn, other; };
struct plain { struct xs_rule_key key; uint64_t w[WORDS]; };

static struct torn *skel;
static uint32_t service;
static bool over;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static uint32_t id_of(enum xs_kind k, const char *name)
{
	const struct xs_row *r = xs_row_named(host_model(), k, name);

	if (!r)
		words_die(name, "not configured");
	return r->id;
}

/* Others' rows, so that lookups meet more than the key they want. */
static void fill(void)
{
	struct xs_r_placement p = { .service = service, .depth = 9, .from = XS_FROM_FEED, .members = 1, .member = { { .target = 1, .weight = 1 } } };
	uint64_t revision;

	for (p.hash = KEYS + 1; p.hash < OTHERS; p.hash++)
		if (xs_feed_set(host_model(), &p, &revision))
			words_die("!torn", "no room for others' rows");
}

static void load(void)
{
	int fd[XS_MAP_MAX];

	for (int i = 0; i < XS_MAP_MAX; i++)
		fd[i] = xs_map_fd(i);
	service = id_of(XS_K_SERVICE, "many");
	fill();
	skel = torn__open();
	if (!skel || xs_obj_reuse(skel->obj, fd))
		words_die("!torn", "no readers");
	skel->rodata->torn_service = service;
	skel->rodata->torn_target[0] = id_of(XS_K_TARGET, "b");
	skel->rodata->torn_target[1] = id_of(XS_K_TARGET, "e");
	skel->rodata->torn_revision = XS_REVISION(xs_control_read()) + 1;
	if (torn__load(skel))
		words_die("!torn", "readers do not load");
}

static void found(uint32_t which, struct found *f)
{
	struct found *each = calloc(xs_ncpus(), sizeof(*each));

	memset(f, 0, sizeof(*f));
	if (!each || bpf_map_lookup_elem(bpf_map__fd(skel->maps.torn_found), &which, each))
		words_die("!torn", "what was found cannot be read");
	for (int i = 0; i < xs_ncpus(); i++) {
		f->read += each[i].read;
		f->none += each[i].none;
		f->torn += each[i].torn;
		f->other += each[i].other;
	}
	free(each);
}

static void on_cpu(uint32_t n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(n % sysconf(_SC_NPROCESSORS_ONLN), &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void *reader(void *prog)
{
	char frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, o, .data_in = frame, .data_size_in = sizeof(frame), .repeat = RUNS);

	on_cpu(1);
	while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
		if (bpf_prog_test_run_opts(bpf_program__fd(prog), &o))
			return "a run failed";
	return NULL;
}

/* The n-th row that the feed is given. Return: false: refused */
static bool write_fed(uint64_t n)
{
	struct xs_r_placement p = { .service = service, .hash = n % KEYS + 1, .depth = 9, .from = XS_FROM_FEED, .members = 1 };
	uint64_t revision;

	p.member[0] = (struct xs_member){ .target = skel->rodata->torn_target[n / KEYS & 1], .weight = 1 };
	return !xs_feed_set(host_model(), &p, &revision);
}

static bool write_plain(uint64_t n)
{
	struct xs_rule_key k = { .service = service, .tenant = XS_ANY, .hash = n % KEYS + 1, .depth = 9, .class = XS_ANY_CLASS };
	struct plain p = { .key = k };

	for (int i = 0; i < WORDS; i++)
		p.w[i] = n;
	return !bpf_map_update_elem(bpf_map__fd(skel->maps.torn_plain), &k, &p, BPF_ANY);
}

/* Writes for ns, or until `enough` torn reads. Return: rows written */
static uint64_t race(uint32_t which, bool (*write)(uint64_t n), int64_t ns, uint64_t enough, struct found *f, const char **why)
{
	int64_t end = now_ns() + ns;
	pthread_t thread;
	uint64_t n = 0;
	bool go = true;
	void *said;

	for (; n < 2 * KEYS; n++)	/* each key has a row before somebody asks */
		go &= write(n);
	over = false;
	if (pthread_create(&thread, NULL, reader, which ? skel->progs.plain : skel->progs.fed))
		exit(3);
	on_cpu(0);
	for (memset(f, 0, sizeof(*f)); go && f->torn + f->other < enough && now_ns() < end; n++) {
		go = write(n);
		if (n % 4096 == 0)
			found(which, f);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(thread, &said);
	found(which, f);
	*why = go ? said : "a row was refused";
	return n;
}

static void tell(const char *what, uint64_t written, const struct found *f)
{
	printf("# torn: %s: %llu rows written, %llu read, %llu of them torn, %llu another key's, %llu missed\n", what, (unsigned long long)written,
	       (unsigned long long)f->read, (unsigned long long)f->torn, (unsigned long long)f->other, (unsigned long long)f->none);
}

void torn_run(void)
{
	const char *why = NULL;
	char text[160] = "";
	struct found f;
	uint64_t n;

	host_open(1024, conf_named("base"));
	load();
	n = race(0, write_fed, FED_NS, ~0ULL, &f, &why);
	xs_feed_close();
	tell("rows as the feed writes them", n, &f);
	if (why || f.torn || f.other || f.none || f.read < 100000 || n < 2000)
		snprintf(text, sizeof(text), "%s, %llu torn, %llu another key's, %llu missed", why ?: "finished", (unsigned long long)f.torn,
			 (unsigned long long)f.other, (unsigned long long)f.none);
	say("torn", "rows that a feed replaces are read whole", text);
	n = race(1, write_plain, PLAIN_NS, ENOUGH, &f, &why);
	tell("plain values of a hash map", n, &f);
	if (why || f.torn + f.other)
		say("torn", "the same reader finds torn or wrong values in a plain hash map", why);
	else
		printf("skip frames torn: the same reader finds torn or wrong values in a plain hash map: none within %lld s\n", PLAIN_NS / 1000000000);
	torn__destroy(skel);
	host_close();
}
