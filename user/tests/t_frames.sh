#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# t_frames.sh BUILD - frames in words -> expected reason and bytes, by BPF_PROG_TEST_RUN; prints "ok NAME" or "not ok NAME: why"
if [ "$(id -u)" != 0 ]; then
	echo "skip frames: BPF_PROG_TEST_RUN needs root"
	exit 0
fi
build=$(realpath "${1:-build}")
cd "$(dirname "$0")/../.." && exec "$build/tests/frames"
