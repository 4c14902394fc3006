// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <time.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/ticks.h"

uint32_t xs_hz(void)
{
	struct timespec jiffy;

	clock_getres(CLOCK_MONOTONIC_COARSE, &jiffy);
	return (1000000000 + jiffy.tv_nsec / 2) / jiffy.tv_nsec;
}

int xs_jiffies_now(uint32_t *now)
{
	static const struct bpf_insn ask[] = {
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_jiffies64 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	char frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = sizeof(frame), .repeat = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_SOCKET_FILTER, "xs_jiffies", "Dual BSD/GPL", ask, 2, NULL), err;

	err = fd < 0 || bpf_prog_test_run_opts(fd, &run) ? errno : 0;
	if (fd >= 0)
		close(fd);
	*now = run.retval;
	return err ? xs_kernel(err, "jiffies", "run as root", "the kernel does not tell them") : 0;
}
