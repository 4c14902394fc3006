// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* frames [GROUP]: frames in words -> expected reason and bytes, by BPF_PROG_TEST_RUN of the programs as they are shipped.
 * frames --export DIR: the rows as seeds for the fuzzer. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "user/base/opt.h"
#include "user/tests/frames/rows.h"

static int passed, failed;

void say(const char *group, const char *name, const char *why)
{
	bool ok = !why || !*why;

	*(ok ? &passed : &failed) += 1;
	printf("%s frames %s: %s%s%s\n", ok ? "ok" : "not ok", group, name, ok ? "" : ": ", ok ? "" : why);
	fflush(stdout);
}

static const struct group groups[] = {
	{ "parse", "base", parse_rows, 1024, false },
	{ "shim", "base", shim_rows, 1024, false },
	{ "place", "base", place_rows, 1024, false },
	{ "flow", "base", flow_rows, 1024, false },
	{ "half", "base", half_rows, 1024, false },
	{ "refuse", "base", refuse_rows, 1024, false },
	{ "reply", "base", reply_rows, 1024, false },
	{ "own", "own", own_rows, 1024, false },	/* before there are devices: a target that is behind one is shown its addresses first */
	{ "direct", "ways", direct_rows, 1024, true },
	{ "odd", "base", odd_rows, 1024, false },
	{ "odd direct", "ways", odd_direct_rows, 1024, true },
	{ "own direct", "own", own_direct_rows, 1024, true },
	{ "scarce", "scarce", scarce_rows, 1024, false },
	{ "full", "base", full_rows, 8, false },
	{ "tuple", "base", tuple_rows, 2, false },
	{ "rate", "rate", rate_rows, 1024, false },
	{ "pace", "pace", pace_rows, 131072, false },
};

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "--export")) {
		for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
			rows_export(&groups[i], argv[2]);
		return 0;
	}
	if (geteuid()) {
		printf("skip frames: needs root\n");
		return 77;
	}
	if (unshare(CLONE_NEWNET)) {
		fprintf(stderr, "frames: a network namespace: %s\n", strerror(errno));
		return 3;
	}
	xs_env_init();
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		if (argc > 1 && strcmp(argv[1], groups[i].name))
			continue;
		host_open(groups[i].flows, conf_named(groups[i].conf));
		if (groups[i].devices)
			host_devices();
		rows_run(&groups[i]);
		host_close();
	}
	if (argc < 2 || !strcmp(argv[1], "vectors"))
		vectors_run("user/tests/vectors/shim-v1.json");
	if (argc < 2 || !strcmp(argv[1], "stress"))
		stress_run();
	if (argc < 2 || !strcmp(argv[1], "whole"))
		whole_run();
	if (argc < 2 || !strcmp(argv[1], "torn"))
		torn_run();
	if (argc < 2)
		rows_reached();
	printf("# %d passed, %d failed\n", passed, failed);
	return failed ? 1 : 0;
}
