#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What counts as a request, a write and the first token: in the clear and under TLS, where handshake and tickets are none.
# usage: t_tls.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" tls "${1:-build}"

lab up || exit 1
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 2 -keyout "$tmp/key" -out "$tmp/cert" 2> /dev/null
cat "$tmp/key" >> "$tmp/cert"
# PORT CERT WAY of each server
while read -r port cert way; do
	lab spawn gpu0 /usr/bin/python3 "$traffic/tls.py" serve "$port" "$cert" "$way"
	listening() { lab exec gpu0 ss -Hltn "sport = :$port" | grep -q .; }
	lab wait 10 listening
done <<-END
	8000 - none
	8441 $tmp/cert one
	8442 $tmp/cert two
	8443 $tmp/cert none
END
must "load" xs load uplink gpu0
# Segments of one write are well below the gap here, however busy the machine, and writes well above it.
must "apply" apply_conf <<-YAML
	settings: {write_gap: 40ms}
	pools: [{name: p}]
	targets:
	  - {name: plain, pool: p, address: 198.18.10.2, port: 8000}
	$(for i in 1 2 3; do echo "  - {name: tls$i, pool: p, address: 198.18.10.2, port: 844$i}"; done)
	services:
	  - {name: head, address: $VIP, port: 80, pools: [p], first_token: 1}
	  - {name: second, address: $VIP, port: 81, pools: [p]}
	  - {name: third, address: $VIP, port: 82, pools: [p], first_token: 3}
	  - {name: never, address: $VIP, port: 83, pools: [p], first_token: 9}
	$(for i in 1 2 3; do echo "  - {name: tls$i, address: $VIP, port: 44$i, pools: [p]}"; done)
	placements:
	$(for s in head second third never; do echo "  - {service: $s, targets: [plain]}"; done)
	$(for i in 1 2 3; do echo "  - {service: tls$i, targets: [tls$i]}"; done)
YAML

ask() { lab exec client /usr/bin/python3 "$traffic/tls.py" ask "$@"; }
# of CPORT JQ: what must hold of the flow; what it is like if it does not
of()
{
	xs -j flow show "$CLIENT:$1" > "$tmp/flow" || return
	jq -e "$2" "$tmp/flow" > "$tmp/jq" || { jq -c "{ttfb_us, ttft_us, duration_us, writes, requests_seen, requests_placed, age_ms}" "$tmp/flow"; return 1; }
}
# 150 ms to the first byte, 100 more to each next write; what is later by less than 90 ms is not the write behind it
TTFB='.ttfb_us >= 150000 and .ttfb_us < 240000'
first() { echo ".ttft_us >= $1 and .ttft_us < $1 + 90000"; }

row "in the clear" is 2 ask $VIP 81 40001 - 2
row "two requests seen, one placed; a head in two segments is one write" of 40001 ".requests_seen == 2 and .requests_placed == 1 and .writes == 3"
row "first byte, first token and duration of the last one" of 40001 "$TTFB and $(first 250000) and .duration_us >= 350000"
row "first_token: 1" eval 'is 1 ask $VIP 80 40002 - 1 && of 40002 "$TTFB and .ttft_us == .ttfb_us"'
row "first_token: 3" eval 'is 1 ask $VIP 82 40003 - 1 && of 40003 "$TTFB and $(first 350000)"'
row "first_token: more than there are" eval 'is 1 ask $VIP 83 40004 - 1 && of 40004 "$TTFB and .ttft_us == null"'
tls()	# NAME SERVICE VERSION
{
	local port=$((40000 + $2 * 100 + ${3#1.}))

	row "TLS $3, $1" is 1 ask $VIP "44$2" $port "$3" 1
	row "TLS $3, $1: one request: the handshake is none" of $port ".requests_seen == 1 and .writes == 3"
	row "TLS $3, $1: first byte and token are the response's" of $port "$TTFB and $(first 250000) and .duration_us >= 350000"
	row "TLS $3, $1: three requests" is 3 ask $VIP "44$2" $((port + 10)) "$3" 3
	row "TLS $3, $1: are counted as three, the last one as the first" of $((port + 10)) ".requests_seen == 3 and $TTFB and $(first 250000)"
}
tls "tickets in one segment" 1 1.3
tls "tickets in two segments" 2 1.3
tls "no tickets" 3 1.3
tls "its own tickets" 1 1.2
counts() { xs -j latency show by service | jq -r --arg s "$1" '.latency[] | select(.service == $s) | "\(.ttfb.count) \(.ttft.count) \(.duration.count)"'; }
row "latency show counts each once" is "8 8 8 4 4 4 4 4 4 1 0 1" eval 'for s in tls1 tls2 tls3 never; do counts $s; done | xargs'
row "unload" xs unload
finish
