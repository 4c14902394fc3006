// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* storm [FRAMES [SEED]]: frames by chance through the programs as they are shipped, by BPF_PROG_TEST_RUN, each judged from outside:
 * never another target than the rows say, never a frame changed that is not ours. Between them targets go down and come back,
 * time passes, and other rows are applied. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "user/base/opt.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"
#include "user/tests/storm/frames.h"
#include "user/tests/storm/judge.h"

#define FLOWS 4096
#define SHOWN 5			/* findings that are printed whole */
#define EVENT_EVERY 500		/* frames, on average */
#define APPLY_EVERY 5000
#define CLOCK_EVERY 256

static const char *const names[] = { "a", "a6", "b", "e", "f", "z1", "z2", "da", "da6", "db", "dc" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static struct frame in, out;
static uint64_t findings, changed, dropped, answered, untouched;
static uint64_t least, most;	/* how many reasons must, and may, have been counted */

static void dump(const char *what, const struct frame *f)
{
	fprintf(stderr, "%s %u bytes ", what, f->len);
	for (uint32_t i = 0; i < f->len; i++)
		fprintf(stderr, "%02x", f->byte[i]);
	fprintf(stderr, "\n");
}

static void found(uint64_t n, const struct judge_case *k, const char *wrong)
{
	if (findings++ >= SHOWN)
		return;
	fprintf(stderr, "frame %llu, hook %d, verdict %d: %s\n", (unsigned long long)n, k->hook, k->verdict, wrong);
	dump("in ", &in);
	dump("out", &out);
}

static void directs(void)
{
	for (size_t i = 0; i < NAMES; i += 2)
		host_direct(names[i]);
}

static void apply(void)
{
	static const char *const confs[] = { "base", "levels", "ways", "own" };

	if (host_apply(conf_named(confs[chance(4)])))
		words_die("apply", "refused");
	judge_rows(host_model());
	directs();
}

static void event(void)
{
	const char *name = names[chance(NAMES)];
	const struct xs_row *t = xs_row_named(host_model(), XS_K_TARGET, name);
	uint32_t kind = chance(10);

	if (kind == 0) {
		host_age(chance(120));
	} else if (t) {
		host_state(name, kind < 7 ? XS_T_UP : kind < 9 ? XS_T_DOWN : XS_T_DRAINING);
		judge_state(t->id, kind < 7);
	}
}

/* Which counts the frame must have left behind: one, but for what passes egress untouched, and what is left to it: replies, and
 * fragments and errors that follow them. */
static void count(const struct judge_case *k, bool same)
{
	if (k->hook == JUDGE_DRY)
		return;
	if (k->hook == JUDGE_EGRESS) {
		least += !same;
		most += !same;
		return;
	}
	least += !(same && (k->reply || k->odd));
	most++;
}

static void one(uint64_t n)
{
	static const enum judge_hook hooks[] = { [HOOK_XDP] = JUDGE_XDP, [HOOK_TC] = JUDGE_EGRESS, [HOOK_DRY] = JUDGE_DRY };
	struct judge_case k = { .in = in.byte, .out = out.byte };
	enum hook hook = frames_next(&in);
	const char *wrong;
	bool same;

	k.hook = hooks[hook];
	k.verdict = host_fire(hook, &in, &out);
	k.in_len = in.len;
	k.out_len = out.len;
	wrong = judge_frame(&k);
	if (wrong)
		found(n, &k, wrong);
	same = in.len == out.len && !memcmp(in.byte, out.byte, in.len);
	if (k.steered)
		frames_steered(&out);
	untouched += same && k.verdict != DROP;
	dropped += k.verdict == DROP && hook == HOOK_XDP;
	answered += k.answered;
	changed += !same && !k.answered;
	count(&k, same);
}

typedef unsigned long long ull;

static void say_line(bool ok, const char *what, const char *why)
{
	printf("%s storm: %s%s%s\n", ok ? "ok" : "not ok", what, ok ? "" : ": ", ok ? "" : why);
}

/* Return: true if all is well */
static bool report(uint64_t frames, uint64_t seed, uint64_t counted)
{
	bool all = changed > frames / 20 && answered > frames / 100 && untouched > frames / 20, reasons = counted >= least && counted <= most;
	char why[160];

	printf("# seed %llu, %llu frames: %llu rewritten, %llu answered, %llu dropped, %llu untouched\n", (ull)seed, (ull)frames, (ull)changed,
	       (ull)answered, (ull)dropped, (ull)untouched);
	snprintf(why, sizeof(why), "%llu findings, seed %llu", (ull)findings, (ull)seed);
	say_line(!findings, "every frame went where the rows say, and what is not ours untouched", why);
	snprintf(why, sizeof(why), "%llu counted, not %llu to %llu; seed %llu", (ull)counted, (ull)least, (ull)most, (ull)seed);
	say_line(reasons, "each left for one counted reason", why);
	say_line(all, "rewritten, answered and untouched frames were among them", "too few of one kind");
	return !findings && reasons && all;
}

int main(int argc, char **argv)
{
	uint64_t frames = argc > 1 ? strtoull(argv[1], NULL, 0) : 50000;
	uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)time(NULL), counted;

	if (geteuid()) {
		printf("skip storm: needs root\n");
		return 77;
	}
	if (unshare(CLONE_NEWNET)) {
		fprintf(stderr, "storm: a network namespace: %s\n", strerror(errno));
		return 3;
	}
	xs_env_init();
	chance_seed(seed);
	frames_open();
	host_open(FLOWS, conf_named("levels"));
	host_devices();
	directs();
	judge_rows(host_model());
	for (uint64_t n = 0; n < frames; n++) {
		if (n % CLOCK_EVERY == 0)
			host_clock(true);
		if (n && n % APPLY_EVERY == 0)
			apply();
		if (!chance(EVENT_EVERY))
			event();
		one(n);
	}
	counted = host_counted();
	host_close();
	return !report(frames, seed, counted);
}
