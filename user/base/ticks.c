// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>
#include "user/base/ticks.h"

uint32_t xs_hz(void)
{
	struct timespec jiffy;

	clock_getres(CLOCK_MONOTONIC_COARSE, &jiffy);
	return (1000000000 + jiffy.tv_nsec / 2) / jiffy.tv_nsec;
}

/* What jiffies are if no tick was lost: they begin five minutes before their wrap (include/linux/jiffies.h, INITIAL_JIFFIES). */
static uint32_t jiffies_counted(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec - 300) * xs_hz() + t.tv_nsec / (1000000000 / xs_hz());
}

uint32_t xs_jiffies_now(void)
{
	static const struct bpf_insn ask[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "xs_jiffies", "Dual BSD/GPL", ask, 2, NULL);
	bool asked = fd >= 0 && !bpf_prog_test_run_opts(fd, &run);

	if (fd >= 0)
		close(fd);
	return asked ? run.retval : jiffies_counted();
}
