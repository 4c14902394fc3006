#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# t_bench BUILD: the programs keep within the verifier's budget, and in every row of the benchmark each packet takes its exit.
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
