#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# t_bench BUILD: the programs keep within the verifier's budget, in every row of the benchmark each packet takes its exit, a million
# flows have their records, frames arrive end to end, and samples find the steps. No figure is judged.
set -uo pipefail
b=$1 tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

if said=$(scripts/bench "$b" --check 2>&1); then
	echo "ok within the budget: ${said//$'\n'/, }"
else
	echo "not ok within the budget: $said"
fi

printf 'xsteer_xdp 1000\nxsteer_egress 1000000\n' > "$tmp/small"
said=$("$b/bench" --xsteer "$b/xsteer" --check "$tmp/small" 2>&1)
if [ $? = 1 ] && [[ $said == *"xsteer_xdp: "*" 1000 allowed"* && $said == *"xsteer_egress: "*" verified"* ]]; then
	echo "ok a budget that is exceeded is told"
else
	echo "not ok a budget that is exceeded is told: $said"
fi

if scripts/bench "$b" -j --rounds 1 > "$tmp/json" 2> "$tmp/err" &&
	rows=$(jq -er 'if (.rows | length) > 20 and all(.rows[]; .median_ns and (.failed | not)) then .rows | length else error("rows") end' "$tmp/json"); then
	echo "ok every packet of $rows rows takes its exit"
else
	echo "not ok every packet takes its exit: $(cat "$tmp/err" "$tmp/json")"
fi

# is WHAT FILTER: the file's answer to a jq filter is true
is() { if jq -e "$2" "$tmp/json" > /dev/null; then echo "ok $1"; else echo "not ok $1: $(cat "$tmp/err" "$tmp/json")"; fi; }
is "more than a million flows, in a table whose size is told" '.flow_records == 2097152 and .flows > 1048576'
is "rows with a goal say whether they meet it" '[.rows[] | select(.goal)] | length >= 15 and all(.[]; .met == (.ratio <= .goal))'
is "frames arrive by all three, with 64k flows and with a million" '.live | length == 2 and all(.[]; .xsteer_pps > 0 and .classic_pps > 0 and .bare_pps > 0)'

scripts/bench "$b" -j --rounds 1 --steps --filter 'established, 64k flows' > "$tmp/json" 2> "$tmp/err"
is "the steps are all there is, and most samples find one" \
	'.steps[0] | (.median_ns - ([to_entries[] | select(.key | endswith("_ns") and . != "median_ns") | .value] | add) | fabs) < 1 and .samples > 0 and .other_ns * 4 < .median_ns'

