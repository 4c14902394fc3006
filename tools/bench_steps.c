// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A timer meets the program every 100 us and notes the instruction; the line information that the kernel keeps of JITed programs
 * says in which source file that is, and a table which step the file belongs to. So the programs are measured as they are, with
 * nothing taken out of them: what a step costs includes that the ones before it have brought memory in, or not. Time in the kernel's
 * helpers goes by the helper's name. The medians of bench_run.c do not see the timer: it falls into few of the intervals.
 * CLOCK includes the reading of the clock that bench_run.c itself does, once in 64 packets.
 * An interrupt waits for the oldest instruction to end, so a load's wait shows where the load is, or just behind it. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "tools/bench_steps.h"
#include "user/base/err.h"

enum { PERIOD = 100000 /* ns */, PAGES = 256 /* of the ring; a power of two */, NOT_OURS = -1, AS_BEFORE = -2 };

/* file, function or NULL: any; the first that fits. Small things used everywhere belong to the line before them */
static const struct { const char *file, *func; int step; } files[] = {
	{ "measure.h", "xs_observe", BENCH_S_HISTOGRAM }, { "hist.h", NULL, BENCH_S_HISTOGRAM }, { "measure.h", NULL, BENCH_S_COUNT },
	{ "parse.h", NULL, BENCH_S_PARSE },
	{ "classify.h", NULL, BENCH_S_LOOKUP }, { "flowtab.h", NULL, BENCH_S_LOOKUP }, { "flow.h", NULL, BENCH_S_LOOKUP },
	{ "decision.h", NULL, BENCH_S_LOOKUP }, { "half.h", NULL, BENCH_S_HALF },
	{ "nat.h", NULL, BENCH_S_REWRITE }, { "nat_tc.h", NULL, BENCH_S_REWRITE }, { "csum.h", NULL, BENCH_S_REWRITE },
	{ "deliver.h", NULL, BENCH_S_SEND }, { "hop.h", NULL, BENCH_S_SEND },
	{ "timing.h", NULL, BENCH_S_TIMING }, { "heard.h", NULL, BENCH_S_TIMING },
	{ "pipeline.h", NULL, BENCH_S_STATE }, { "xsteer_xdp.bpf.c", NULL, BENCH_S_STATE }, { "xsteer_tc.bpf.c", NULL, BENCH_S_STATE },
	{ "admit.h", NULL, BENCH_S_FIRST }, { "shim.h", NULL, BENCH_S_FIRST }, { "rate.h", NULL, BENCH_S_FIRST }, { "clock.h", NULL, BENCH_S_FIRST },
	{ "place.h", NULL, BENCH_S_FIRST }, { "first.h", NULL, BENCH_S_FIRST }, { "open.h", NULL, BENCH_S_FIRST }, { "settle.h", NULL, BENCH_S_FIRST },
	{ "flowage.h", NULL, BENCH_S_FIRST }, { "flowenter.h", NULL, BENCH_S_FIRST }, { "refuse.h", NULL, BENCH_S_FIRST },
	{ "ctx_xdp.h", NULL, AS_BEFORE }, { "ctx_tc.h", NULL, AS_BEFORE }, { "pkt.h", NULL, AS_BEFORE }, { "siphash.h", NULL, AS_BEFORE }, { "abi.h", NULL, AS_BEFORE },
	{ NULL, NULL, BENCH_S_OTHER },
};

/* What a kernel function's name has in it; the rest of the kernel is the test run's */
static const struct { const char *part; int step; } helpers[] = {
	{ "ktime_get", BENCH_S_CLOCK }, { "read_tsc", BENCH_S_CLOCK }, { "clock", BENCH_S_CLOCK }, { "fib_lookup", BENCH_S_SEND },
	{ "fib_table", BENCH_S_SEND }, { "neigh", BENCH_S_SEND }, { "redirect_map", BENCH_S_SEND }, { "htab", BENCH_S_LOOKUP }, { "memcmp", BENCH_S_LOOKUP },
	{ "lookup_elem", BENCH_S_LOOKUP }, { "lookup_nulls", BENCH_S_LOOKUP }, { "trie", BENCH_S_FIRST }, { "bpf_spin", BENCH_S_STATE },
	{ "bpf_xdp_adjust", BENCH_S_REWRITE }, { "bpf_skb", BENCH_S_REWRITE }, { "bpf_l3_csum", BENCH_S_REWRITE }, { "bpf_l4_csum", BENCH_S_REWRITE },
	{ NULL, NOT_OURS },
};

/* From an address on, until the next one's */
struct span {
	__u64 from;
	int step;
};

static struct span *spans;
static size_t nspans;
static int event = -1;
static struct perf_event_mmap_page *ring;

static int ascending(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void span_add(__u64 from, int step)
{
	if (!(nspans & (nspans - 1)))
		spans = realloc(spans, 2 * (nspans ?: 1) * sizeof(*spans));
	if (!spans)
		abort();
	spans[nspans++] = (struct span){ from, step };
}

static int step_of_file(const char *path, const char *func)
{
	const char *file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	int i = 0;

	while (files[i].file && (strcmp(files[i].file, file) || (files[i].func && strcmp(files[i].func, func))))
		i++;
	return files[i].step;
}

/* Symbols of the kernel proper; programs' own come from themselves. */
static int read_kernel(void)
{
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[512], name[256], type;
	unsigned long long at;
	int i;

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %c %255s", &at, &type, name) != 3 || !at || !strchr("tTwW", type) || strstr(line, "[bpf]"))
			continue;
		for (i = 0; helpers[i].part && !strstr(name, helpers[i].part); i++)
			;
		span_add(at, helpers[i].step);
	}
	if (f)
		fclose(f);
	return nspans ? 0 : xs_refuse("/proc/kallsyms", "sysctl kernel.kptr_restrict=0", "says no addresses");
}

/* What the kernel tells of a program, and room for it */
struct told {
	struct bpf_prog_info i;
	struct btf *btf;
	struct bpf_func_info *func;
	struct bpf_line_info *line;
	__u64 *jline, *ksym;
	__u32 *len;
};

static int tell(int fd, struct told *t)
{
	struct bpf_prog_info *i = &t->i, had = {};
	__u32 size = sizeof(had);

	if (bpf_obj_get_info_by_fd(fd, &had, &size))
		return -errno;
	t->func = calloc(had.nr_func_info, sizeof(*t->func));
	t->line = calloc(had.nr_line_info, sizeof(*t->line));
	t->jline = calloc(had.nr_jited_line_info, sizeof(*t->jline));
	t->ksym = calloc(had.nr_jited_ksyms, sizeof(*t->ksym));
	t->len = calloc(had.nr_jited_func_lens, sizeof(*t->len));
	*i = (struct bpf_prog_info){
		.nr_func_info = had.nr_func_info, .func_info_rec_size = sizeof(*t->func), .func_info = (uintptr_t)t->func,
		.nr_line_info = had.nr_line_info, .line_info_rec_size = sizeof(*t->line), .line_info = (uintptr_t)t->line,
		.nr_jited_line_info = had.nr_jited_line_info, .jited_line_info_rec_size = sizeof(*t->jline), .jited_line_info = (uintptr_t)t->jline,
		.nr_jited_ksyms = had.nr_jited_ksyms, .jited_ksyms = (uintptr_t)t->ksym,
		.nr_jited_func_lens = had.nr_jited_func_lens, .jited_func_lens = (uintptr_t)t->len,
	};
	size = sizeof(*i);
	if (bpf_obj_get_info_by_fd(fd, i, &size))
		return -errno;
	t->btf = btf__load_from_kernel_by_id(had.btf_id);
	return t->btf && i->nr_jited_line_info == i->nr_line_info && i->nr_jited_ksyms == i->nr_func_info ? 0 : -ENOENT;
}

static void span_func(const struct told *t, __u32 n)
{
	const struct btf_type *type = btf__type_by_id(t->btf, t->func[n].type_id);
	const char *func = type ? btf__name_by_offset(t->btf, type->name_off) : "";
	__u64 from = t->ksym[n], to = from + t->len[n];
	int step, before = BENCH_S_OTHER;

	for (__u32 l = 0; l < t->i.nr_line_info; l++) {
		if (t->jline[l] < from || t->jline[l] >= to)
			continue;
		step = step_of_file(btf__name_by_offset(t->btf, t->line[l].file_name_off) ?: "", func);
		before = step == AS_BEFORE ? before : step;
		span_add(t->jline[l], before);
	}
	span_add(to, NOT_OURS);
}

static int read_program(int fd)
{
	struct told t = {};
	int err = tell(fd, &t);

	for (__u32 n = 0; !err && n < t.i.nr_jited_ksyms; n++)
		span_func(&t, n);
	btf__free(t.btf);
	free(t.func);
	free(t.line);
	free(t.jline);
	free(t.ksym);
	free(t.len);
	return err ? xs_kernel(err, "bench", "sysctl net.core.bpf_jit_enable=1", "the program has no line information") : 0;
}

int bench_steps_open(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a), .config = PERF_COUNT_SW_CPU_CLOCK, .sample_period = PERIOD,
				     .sample_type = PERF_SAMPLE_IP, .disabled = 1, .exclude_user = 1 };
	int err = read_kernel() ?: read_program(bench_host_prog(BENCH_XDP)) ?: read_program(bench_host_prog(BENCH_TC));

	if (err)
		return err;
	qsort(spans, nspans, sizeof(*spans), ascending);
	event = (int)syscall(SYS_perf_event_open, &a, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	ring = event < 0 ? MAP_FAILED : mmap(NULL, (PAGES + 1) * sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_SHARED, event, 0);
	return ring == MAP_FAILED ? xs_kernel(errno, "perf_event_open", "run as root", "no sampling") : 0;
}

bool bench_steps_on(void)
{
	return event >= 0;
}

static int step_at(__u64 ip)
{
	size_t low = 0, high = nspans, mid;

	while (low < high) {
		mid = (low + high) / 2;
		if (spans[mid].from <= ip)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? spans[low - 1].step : NOT_OURS;
}

static void drain(uint32_t count[BENCH_S_MAX])
{
	__u64 head = __atomic_load_n(&ring->data_head, __ATOMIC_ACQUIRE), tail = ring->data_tail;
	struct perf_event_header *h;
	char *data = (char *)ring + ring->data_offset;
	int step;

	for (; tail < head; tail += h->size) {
		h = (void *)(data + tail % ring->data_size);
		step = h->type == PERF_RECORD_SAMPLE ? step_at(*(__u64 *)(data + (tail + sizeof(*h)) % ring->data_size)) : NOT_OURS;
		if (step >= 0)
			count[step]++;
	}
	__atomic_store_n(&ring->data_tail, tail, __ATOMIC_RELEASE);
}

int bench_steps_run(struct bench_job *j, uint32_t count[BENCH_S_MAX])
{
	int err;

	if (event < 0)
		return bench_run(j);
	ioctl(event, PERF_EVENT_IOC_ENABLE, 0);
	err = bench_run(j);
	ioctl(event, PERF_EVENT_IOC_DISABLE, 0);
	drain(count);
	return err;
}
