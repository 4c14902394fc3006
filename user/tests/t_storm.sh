#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# t_storm.sh BUILD - 1,000,000 frames by chance through the programs (XS_STORM_FRAMES: as many); its seed is printed, and
# `BUILD/tests/storm FRAMES SEED` makes the same ones again. Prints "ok NAME" or "not ok NAME: why"
if [ "$(id -u)" != 0 ]; then
	echo "skip storm: BPF_PROG_TEST_RUN needs root"
	exit 0
fi
exec "$(realpath "${1:-build}")/tests/storm" "${XS_STORM_FRAMES:-1000000}"
