#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Tables that fill up: it is shown before it hurts, what is there goes on, what finds no room is refused under its name.
# usage: t_full.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" full "${1:-build}"
RECORDS=1024

structure()	# IDLE
{
	apply_conf <<-YAML
	settings: {tcp_idle: $1, tcp_closed: 1s}
	pools: [{name: p}]
	targets:
	  - {name: gpu0, pool: p, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: p, address: 198.18.11.2, port: 8000}
	services: [{name: chat, address: $VIP, port: 80, pools: [p]}]
	YAML
}

doctor() { xs -j doctor | jq -r --arg c "$1" '.[] | select(.check == $c) | .state'; }
percent() { xs -j status | jq --arg m "$1" '.maps[] | select(.map == $m).full_percent'; }
warned() { xs status 2>&1 > "$tmp/status" | grep -o "$1: [0-9]* % full"; }
gauge() { xs metrics | sed -n "s/^xsteer_table_$1{.*table=\"$2\"} //p"; }
flood() { lab exec client "$build/flood" eth0 "$(ip -n $LAB-host -j link show uplink | jq -r '.[0].address')" $VIP 80 "$1" 0; }
established() { xs -j status | jq .flows.established; }
# as `held`, one word for all of them
all_held() { like '^gpu[01]( gpu[01])*$' held; }

lab up || exit 1
for i in 0 1; do serve gpu$i gpu$i 8000; done
must "load with $RECORDS flow records and as many half-open rows" xs load --flows $RECORDS --half-open $RECORDS uplink gpu0 gpu1
must "apply" structure 3600s

row "empty: status warns of nothing" is "" warned xs_
row "empty: doctor neither" is "ok ok" eval 'echo $(doctor xs_flows) $(doctor xs_halfs)'

row "850 connections" hold $VIP 80 850
row "83 % are shown" is 83 percent xs_flows
row "status warns" is "xs_flows: 83 % full" warned xs_flows
row "doctor warns" is warn doctor xs_flows
row "doctor: nobody was refused yet" is "" doctor table_full
row "metrics have it" is "850 $RECORDS" eval 'echo $(gauge used flows) $(gauge limit flows)'
row "and connections are served" like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 20

# In a table so full an insertion looks at some records, not at all of them.
talk more client /usr/bin/python3 "$traffic/client.py" fill $VIP 80
row "connections until no more are let in" is open hear more
row "full: nearly every record is in use" like '^(9[89]|100)$' percent xs_flows
row "full: others are refused at once" like 'ECONNREFUSED:[0-9]+' cl tcp $VIP 80 20
row "full: under its name" like '^[1-9][0-9]+$' drops chat table_full
row "full: doctor tells" is "warn warn" eval 'echo $(doctor xs_flows) $(doctor table_full)'
row "full: those that are there go on" all_held
hang_up more
row "room again: connections are served" lab wait 10 like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 20
row "room again: those that were there go on" all_held

flood 4000 > "$tmp/flood"
row "half-open store full: status warns" like '^xs_halfs: (9[0-9]|100) % full$' warned xs_halfs
row "half-open store full: doctor tells, also of those pushed out" is "warn warn" eval 'echo $(doctor xs_halfs) $(doctor half_evicted)'
row "half-open store full: metrics have it" like "^[89][0-9][0-9] $RECORDS|^10[0-9][0-9] $RECORDS" eval 'echo $(gauge used half_open) $(gauge limit half_open)'
row "half-open store full: connections are served" like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 20
row "half-open store full: those that were there go on" all_held

row "shorter lives" structure 1s
row "whose time is over does not count as full" lab wait 5 eval '[ "$(percent xs_flows)" -lt 10 ]'
row "and status does not warn of it" is "" warned xs_flows
hang_up hold
finish
