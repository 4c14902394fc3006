// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "tools/bench_out.h"
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* tenth() - ns are precise to no more than that */
static double tenth(double v)
{
	return (v < 0 ? -1 : 1) * (double)(long)((v < 0 ? -v : v) * 10 + .5) / 10;
}

double bench_quantile(const double *v, int n, double q)
{
	double s[BENCH_ROUNDS_MAX];

	memcpy(s, v, n * sizeof(*v));
	qsort(s, n, sizeof(*s), ascending);
	return s[(int)(q * (n - 1) + .5)];
}

static double median(const struct bench_cost *c, int n)
{
	double net[BENCH_ROUNDS_MAX];

	for (int i = 0; i < n; i++)
		net[i] = c[i].raw - c[i].floor;
	return tenth(bench_quantile(net, n, .5));
}

/* Each at its least: a disturbed floor would make the least difference less than nothing. */
static double least(const struct bench_cost *c, int n)
{
	double raw = c->raw, floor = c->floor;

	for (int i = 1; i < n; i++) {
		raw = c[i].raw < raw ? c[i].raw : raw;
		floor = c[i].floor < floor ? c[i].floor : floor;
	}
	return tenth(raw - floor);
}

/* The two are compared round by round: what disturbs a round disturbs both. */
static double ratio(const struct bench_result *res)
{
	double each[BENCH_ROUNDS_MAX];

	for (int i = 0; i < res->n; i++)
		each[i] = (res->xsteer[i].raw - res->xsteer[i].floor) / (res->classic[i].raw - res->classic[i].floor);
	return (double)(long)(bench_quantile(each, res->n, .5) * 100 + .5) / 100;
}

static json_t *row_json(const struct bench_row *r, const struct bench_result *res)
{
	json_t *j = json_pack("{s:s}", "row", r->name);

	if (res->failed[0]) {
		json_object_set_new(j, "failed", json_string(res->failed));
		return j;
	}
	json_object_set_new(j, "median_ns", json_real(median(res->xsteer, res->n)));
	json_object_set_new(j, "min_ns", json_real(least(res->xsteer, res->n)));
	if (r->classic < 0)
		return j;
	json_object_set_new(j, "classic_median_ns", json_real(median(res->classic, res->n)));
	json_object_set_new(j, "classic_min_ns", json_real(least(res->classic, res->n)));
	json_object_set_new(j, "ratio", json_real(ratio(res)));
	if (r->goal > 0)
		json_object_set_new(j, "goal", json_real(r->goal));
	if (r->goal > 0)
		json_object_set_new(j, "met", json_boolean(ratio(res) <= r->goal));
	return j;
}

/* fd_is_prog() - whether what was pinned is a program */
static bool fd_is_prog(int fd)
{
	char path[64], what[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return readlink(path, what, sizeof(what) - 1) > 0 && strstr(what, "bpf-prog");
}

static json_t *prog_json(int fd, const char *name)
{
	struct bpf_prog_info i = {};
	__u32 len = sizeof(i);

	if (bpf_obj_get_info_by_fd(fd, &i, &len))
		return NULL;
	return json_pack("{s:s, s:i, s:i, s:i}", "program", name, "verified_insns", (int)i.verified_insns,
			 "xlated_bytes", (int)i.xlated_prog_len, "jited_bytes", (int)i.jited_prog_len);
}

/* programs() - every program pinned in the instance */
static json_t *programs(void)
{
	DIR *dir = opendir(xs_pin_path(NULL));
	json_t *all = json_array();
	struct dirent *d;
	int fd;

	while (dir && (d = readdir(dir))) {
		fd = d->d_name[0] == '.' ? -1 : bpf_obj_get(xs_pin_path(d->d_name));
		if (fd < 0)
			continue;
		if (fd_is_prog(fd))
			json_array_append_new(all, prog_json(fd, d->d_name));
		close(fd);
	}
	if (dir)
		closedir(dir);
	return all;
}

static const char *cpu_model(char *buf, int size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	bool found = false;

	while (f && !found && fgets(buf, size, f))
		found = !strncmp(buf, "model name", 10) && strstr(buf, ": ");
	if (f)
		fclose(f);
	buf[strcspn(buf, "\n")] = 0;
	return found ? strstr(buf, ": ") + 2 : "unknown";
}

/* The setting is not seen in a network namespace; a loaded program tells. */
static bool jited(void)
{
	struct bpf_prog_info i = {};
	__u32 len = sizeof(i);

	return !bpf_obj_get_info_by_fd(bench_host_prog(BENCH_XDP), &i, &len) && i.jited_prog_len;
}

/* flows() - what the instance with timing holds from the start */
static uint32_t flows(void)
{
	uint32_t n = 0;

	for (int i = 0; i < BENCH_SETS; i++)
		n += bench_sets[i].host == BENCH_FULL ? bench_sets[i].to.n : 0;
	return n;
}

static json_t *machine(int rounds)
{
	char cpu[256] = "";
	struct utsname u;

	uname(&u);
	return json_pack("{s:s, s:s, s:b, s:s, s:i, s:i, s:i, s:i}", "kernel", u.release, "cpu", cpu_model(cpu, sizeof(cpu)),
			 "jit", jited(), "clang", XS_CLANG, "rounds", rounds, "packets", BENCH_FLOWS, "flow_records", BENCH_ROOM, "flows", (int)flows());
}

static void print_machine(json_t *m)
{
	printf("kernel %s, %s, JIT %s, %s\n", json_string_value(json_object_get(m, "kernel")), json_string_value(json_object_get(m, "cpu")),
	       json_is_true(json_object_get(m, "jit")) ? "on" : "off", XS_CLANG);
	printf("%d flow records (load --flows %d), %u flows in them, %u without those of the 1M rows; each has its record\n", BENCH_ROOM, BENCH_ROOM,
	       flows(), flows() - bench_sets[BENCH_MANY4].to.n);
	printf("the classic balancer's table has the same size and flows; that for the flood has as many, of others\n");
	printf("ns per packet net of an empty program, %d rounds of %d packets (1M flows: every %drd, %d packets); ratio: to the classic balancer\n\n",
	       (int)json_integer_value(json_object_get(m, "rounds")), BENCH_FLOWS, BENCH_SELDOM, BENCH_MANY);
}

int bench_print(const struct bench_result *res, int rounds, json_t *live)
{
	struct xs_col rows[] = { { "row", "ROW", XS_FMT_TEXT }, { "median_ns", "MEDIAN", XS_FMT_COUNT }, { "min_ns", "MIN", XS_FMT_COUNT },
		{ "classic_median_ns", "CLASSIC", XS_FMT_COUNT }, { "classic_min_ns", "MIN", XS_FMT_COUNT }, { "ratio", "RATIO", XS_FMT_COUNT },
		{ "goal", "GOAL", XS_FMT_COUNT }, { "met", "MET", XS_FMT_TEXT }, { "failed", NULL, XS_FMT_TEXT }, {} };
	static const struct xs_col progs[] = { { "program", "PROGRAM", XS_FMT_TEXT }, { "verified_insns", "VERIFIED", XS_FMT_COUNT },
		{ "xlated_bytes", "XLATED", XS_FMT_BYTES }, { "jited_bytes", "JITED", XS_FMT_BYTES }, {} };
	static const struct xs_col ends[] = { { "row", "PACKETS/S, ALL CPUS", XS_FMT_TEXT }, { "xsteer_pps", "XSTEER", XS_FMT_COUNT },
		{ "classic_pps", "CLASSIC", XS_FMT_COUNT }, { "bare_pps", "BARE", XS_FMT_COUNT }, { "lost_percent", "LOST %", XS_FMT_COUNT }, { "ratio", "RATIO", XS_FMT_COUNT }, {} };
	json_t *m = machine(rounds), *all = json_array();
	int failed = 0;

	for (int i = 0; bench_rows[i].name; i++) {
		if (!res[i].n)
			continue;
		failed += !!res[i].failed[0];
		json_array_append_new(all, row_json(&bench_rows[i], &res[i]));
	}
	if (failed)
		rows[8].head = "FAILED";
	json_object_set_new(m, "rows", all);
	json_object_set_new(m, "programs", programs());
	if (live)
		json_object_set_new(m, "live", live);
	if (!xs_env.json) {
		print_machine(m);
		if (json_array_size(all) && !xs_out_table(rows, json_incref(all), NULL))
			putchar('\n');
		if (live && !xs_out_table(ends, json_incref(live), NULL))
			putchar('\n');
		xs_out_table(progs, json_incref(json_object_get(m, "programs")), NULL);
	}
	xs_out_json(m);
	return failed ? xs_refuse("bench", "see the rows", "%d rows have no figures", failed) : 0;
}

static json_t *steps_json(const struct bench_row *r, const struct bench_result *res)
{
	static const char *const keys[] = {
#define X(id, key, head) key,
		BENCH_STEPS(X)
#undef X
	};
	json_t *j = json_pack("{s:s}", "row", r->name);
	double net = median(res->xsteer, res->n);
	uint32_t all = 0;

	for (int i = 0; i < BENCH_S_MAX; i++)
		all += res->step[i];
	json_object_set_new(j, "median_ns", json_real(net));
	json_object_set_new(j, "samples", json_integer(all));
	for (int i = 0; i < BENCH_S_MAX; i++)
		json_object_set_new(j, keys[i], json_real(tenth(all ? net * res->step[i] / all : 0)));
	if (res->failed[0])
		json_object_set_new(j, "failed", json_string(res->failed));
	return j;
}

int bench_print_steps(const struct bench_result *res, int rounds)
{
	struct xs_col cols[] = { { "row", "NS BY STEP", XS_FMT_TEXT }, { "median_ns", "MEDIAN", XS_FMT_COUNT },
#define X(id, key, head) { key, head, XS_FMT_COUNT },
		BENCH_STEPS(X)
#undef X
		{ "samples", "SAMPLES", XS_FMT_COUNT }, { "failed", NULL, XS_FMT_TEXT }, {} };
	json_t *m = machine(rounds), *all = json_array();
	int failed = 0;

	for (int i = 0; bench_rows[i].name; i++) {
		if (res[i].n)
			json_array_append_new(all, steps_json(&bench_rows[i], &res[i]));
		failed += !!res[i].failed[0];
	}
	if (failed)
		cols[BENCH_S_MAX + 3].head = "FAILED";
	json_object_set_new(m, "steps", all);
	if (!xs_env.json) {
		print_machine(m);
		xs_out_table(cols, json_incref(all), NULL);
	}
	xs_out_json(m);
	return failed ? xs_refuse("bench", "see the rows", "%d rows have no figures", failed) : 0;
}

/* most() - the budget of a program. Return: 0: it has none */
static long most(const char *budget, const char *program)
{
	char line[256], name[128];
	long n, found = 0;
	FILE *f = fopen(budget, "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%127s %ld", name, &n) == 2 && !strcmp(name, program))
			found = n;
	if (f)
		fclose(f);
	return found;
}

int bench_check(const char *budget)
{
	json_t *all = programs(), *p;
	int err = json_array_size(all) ? 0 : xs_refuse(budget, NULL, "no program is pinned");
	const char *name;
	long is, may;
	size_t i;

	json_array_foreach(all, i, p) {
		name = json_string_value(json_object_get(p, "program"));
		is = json_integer_value(json_object_get(p, "verified_insns"));
		may = most(budget, name);
		if (is > may)
			err = xs_refuse(name, "make it simpler, or argue for more in the budget", "%ld instructions verified, %ld allowed", is, may);
		else if (!xs_env.json)
			printf("%s: %ld of %ld instructions verified\n", name, is, may);
	}
	json_decref(all);
	return err;
}
