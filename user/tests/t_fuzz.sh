#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# t_fuzz.sh BUILD - every input of tools/corpus through the packet path on this host, then 10 s of new ones (XS_FUZZ_SECONDS: as
# many); `make fuzz` goes on for longer. Prints "ok NAME" or "not ok NAME: why"
# needs no root
build=$(realpath "${1:-build}")
cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
flags="-detect_leaks=0 -timeout=10 -max_len=6000 -artifact_prefix=$build/finding-"

# fuzz NAME ARGS: one case
fuzz()
{
	name=$1
	shift
	# shellcheck disable=SC2086 # several words
	if "$build/fuzz_path" $flags "$@" > "$tmp/log" 2>&1; then
		echo "ok fuzz: $name"
		grep '^Done' "$tmp/log" | sed 's/^/# /'
	else
		echo "not ok fuzz: $name: $(grep -m1 -E '^finding:|runtime error|ERROR: AddressSanitizer' "$tmp/log")"
		grep -E '^reason |Test unit written' "$tmp/log"
	fi
}

fuzz "the corpus" -runs=0 tools/corpus
mkdir "$tmp/new"
fuzz "new inputs" -max_total_time="${XS_FUZZ_SECONDS:-10}" "$tmp/new" tools/corpus
