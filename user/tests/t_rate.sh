#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Rates of tenants on real traffic. How exactly they are kept is measured in frames (`pace`); here clients meet them.
# usage: t_rate.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" rate "${1:-build}"
KEY=00112233445566778899aabbccddeeff
BURST=198.18.1.21 UBURST=198.18.1.22 FREE=198.18.1.23

structure()
{
	apply_conf <<-YAML
	settings: {refusals: 100k}
	tenants:
	  - {name: paced, id: 1, sources: [$CLIENT/32], rate: {requests: 100/s}}
	  - {name: burst, id: 2, sources: [$BURST/32], rate: {requests: 1/s, burst: 10}}
	  - {name: uburst, id: 3, sources: [$UBURST/32], rate: {requests: 1/s, burst: 10}}
	  - {name: free, id: 4, sources: [$FREE/32]}
	  - {name: acme, id: 4211, sources: [198.18.1.0/24], keys: ["hex:$KEY"], rate: {requests: 1/s, burst: 2}}
	pools: [{name: p}]
	targets: [{name: gpu0, pool: p, address: 198.18.10.2, port: 8000}]
	services:
	  - {name: chat, address: $VIP, port: 80, pools: [p]}
	  - {name: dgrams, address: $VIP, port: 80, protocol: udp, pools: [p]}
	YAML
}

answered() { [[ $1 =~ gpu0:([0-9]+) ]] && echo "${BASH_REMATCH[1]}" || echo 0; }

# within WANT PERCENT GOT
within()
{
	[ $((($3 - $1) * 100)) -le $(($1 * $2)) ] && [ $((($1 - $3) * 100)) -le $(($1 * $2)) ] || { echo "want $1 +-$2 %, got $3"; return 1; }
}

# Without pause for 3 s: so many come through, and the burst of a tenth of a second's; the others are reset. When the clients begin
# and end is not known exactly, so 8 % are granted here.
paced()	# RATE
{
	local began got took pid

	began=$EPOCHREALTIME
	lab spawn client timeout -s TERM 3 /usr/bin/python3 "$traffic/client.py" load $VIP 80 8 > "$tmp/load" 2> /dev/null
	pid=$LAB_PID
	wait "$pid"
	took=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
	got=$(cat "$tmp/load")
	grep -q ECONNREFUSED <<< "$got" || { echo "none was refused in $took ms: $got"; return 1; }
	within $(($1 * 3 + $1 / 10)) 8 "$(answered "$got")" || { echo "in $took ms: $got"; return 1; }
}

shim() { jq -nc --arg to $VIP --argjson isn "$1" '{form: "tcp_option", tenant: 4211, key: "'$KEY'", isn: $isn, to: $to, port: 80}' | xs shim encode -; }
tagged()	# SPORT
{
	raw "{\"to\": \"$VIP\", \"port\": 80, \"from\": \"$CLIENT\", \"sport\": $1, \"isn\": $1, \"option\": \"$(shim "$1")\", \"wait\": 1}"
}

lab up || exit 1
for ip in $BURST $UBURST $FREE; do ip -n $LAB-client addr add $ip/24 dev eth0; done
serve gpu0 gpu0 8000
raw_up
must "load" xs load uplink gpu0
must "apply" structure
row "TCP by the source: 100 connections a second" paced 100
row "counted under its reason" like '^[1-9][0-9]*$' drops chat rate_limited
row "and for its tenant" is "$(drops chat rate_limited)" eval 'xs -j tenant show paced | jq .limited'
row "tenant list shows rates and counts" like 'requests: 100/s' xs tenant list
row "metrics have it" like "xsteer_tenant_limited_total\{xsteer_instance=\"$inst\",tenant=\"paced\"\} [1-9]" xs metrics

row "a burst, then resets" like '^ECONNREFUSED:[0-9]+ gpu0:1[0-2]$' cl tcp $VIP 80 40 $BURST
row "explain says so" is rate_limited eval "xs -j explain --tcp --to $VIP:80 --from $BURST:1 | jq -r .reason"
row "UDP: a burst, then ICMP" like '^EHOSTUNREACH:[0-9]+ gpu0:1[0-2]$' cl udp $VIP 80 40 $UBURST "$(printf %080d 0)"
row "another tenant goes on" is gpu0:40 cl tcp $VIP 80 40 $FREE
row "UDP: another tenant goes on" is gpu0:40 cl udp $VIP 80 40 $FREE

raw "{\"flood\": 300, \"to\": \"$VIP\", \"port\": 80, \"net\": \"198.18.1\"}" > "$tmp/out"
row "forged SYNs do not use up what is tagged" is synack tagged 20001
row "a request more" is synack tagged 20002
row "beyond the rate" is reset tagged 20003
xs tenant list
finish
