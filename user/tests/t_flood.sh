#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Floods: SYNs from made-up sources, and captured tagged ones, while streams are held and honest clients 50 ms away connect.
# usage: t_flood.sh BUILD; XS_FLOOD_FRAMES of each flood, 1,000,000 by default; prints `ok NAME`, `not ok NAME: why`, and rates as comments
# shellcheck disable=SC2154,SC2034 # variables of lib.sh, and some for `eval`
. "$(dirname "$0")/traffic/lib.sh" flood "${1:-build}"
frames=${XS_FLOOD_FRAMES:-1000000}
STREAMS=1000 RATE=200000 SHAKES=1200 SHAKE_RATE=300 RTT_MS=50 ISN=16777216
KEY=000102030405060708090a0b0c0d0e0f

structure()
{
	apply_conf <<-YAML
	tenants: [{name: acme, id: 4211, keys: ['hex:$KEY']}]
	pools: [{name: p}]
	targets:
	  - {name: gpu0, pool: p, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: p, address: 198.18.11.2, port: 8000}
	  - {name: gpu2, pool: p, address: 198.18.12.2, port: 8000}
	services: [{name: chat, address: $VIP, port: 80, pools: [p], shim: optional}]
	YAML
}

flood() { lab exec client "$build/flood" "$@"; }
counter() { xs -j status | jq "[.counters[] | select(.counter == \"$1\").count] | add // 0"; }
option() { jq -nc '{form: "tcp_option", tenant: 4211, key: "'$KEY'", isn: '$ISN', to: "'$VIP'", port: 80}' | xs shim encode -; }
established() { xs -j status | jq .flows.established; }

# shaken FILE: of the honest handshakes 99 % were answered
shaken()
{
	local n

	cat "$1"
	n=$(sed -n 's/.* handshakes, \([0-9]*\) answered.*/\1/p' "$1")
	[ "${n:-0}" -ge $((SHAKES * 99 / 100)) ]
}

# Half of the streams have said nothing for 50 minutes: nearly as long as the default lets them.
silent() { xs -j flow list limit 0 client $CLIENT state established | jq '[.[] | select(.idle_ms > 2900000)] | length'; }
silence() { lab exec host /usr/bin/python3 "$traffic/age.py" "$inst" 3000 2 $CLIENT && is $((STREAMS / 2)) silent; }

# reached FILE RATE: the flood came at this rate, or 1 % less; where this machine does not make so many nothing was shown
reached()
{
	local rate

	rate=$(sed -n 's/.* frames, \([0-9]*\) a second.*/\1/p' "$1")
	if [ "${rate:-0}" -ge $(($2 * 99 / 100)) ]; then
		echo "ok $TOPIC/$3: $2 a second"
	else
		echo "skip $TOPIC/$3: $2 a second: the sender made ${rate:-none}"
	fi
}

# under NAME RATE [OPTION]: a flood, and while it lasts (5 s) honest handshakes (4 s)
under()
{
	local pid before created=0

	row "$1: streams fall silent" silence
	before=$(counter half_opened) created=$(counter flows_created)
	lab spawn client "$build/flood" eth0 "$mac" $VIP 80 "$frames" "$2" ${3:+"$3"} > "$tmp/flood"
	pid=$LAB_PID
	row "$1: ${RTT_MS} ms away, 99 of 100 connect" eval "flood -h eth0 $mac $VIP 80 $SHAKES $SHAKE_RATE $RTT_MS > $tmp/shakes; shaken $tmp/shakes"
	wait "$pid"
	echo "# $1: $(cat "$tmp/flood"); $(cat "$tmp/shakes")"
	reached "$tmp/flood" "$2" "$1"
	row "$1: the store took it" test $(($(counter half_opened) - before)) -ge $((frames * 9 / 10))
	row "$1: no record was made of it" test $(($(counter flows_created) - created)) -le $((SHAKES + 10 * STREAMS))
	row "$1: the silent ones are there" is $((STREAMS / 2)) silent
	row "$1: no stream was lost" is "$held" held
	row "$1: occupancy and evictions are shown" eval 'xs -j status | jq -e ".flows.half_open > 0 and (.maps[] | select(.map == \"xs_halfs\") | .used > 0 and .entries >= .used)"'
}

must "the lab" lab up
mac=$(ip -n "$LAB-host" -j link show uplink | jq -r '.[0].address')
ip -n "$LAB-host" route add 198.18.4.0/24 via $CLIENT
for i in 0 1 2; do
	lab_sysctl "gpu$i" net.ipv4.tcp_syncookies=1 net.ipv4.tcp_max_syn_backlog=65536 net.core.somaxconn=65535
	serve "gpu$i" "gpu$i" 8000
done
# A target that answers made-up sources takes more time than the steering host: it has these dropped as they come in.
for i in 0 1 2; do
	lab exec "gpu$i" nft 'table ip spoofed { chain in { type filter hook prerouting priority -300; ip saddr { 198.18.128.0/17, 198.19.0.0/16 } drop; }; }'
done
must "load" xs load uplink gpu0 gpu1 gpu2
must "apply" structure
must "streams" hold $VIP 80 $STREAMS
held=$(held)
row "streams: each has a record" is $STREAMS established
row "before: ${RTT_MS} ms away, 99 of 100 connect" eval "flood -h eth0 $mac $VIP 80 $SHAKES $SHAKE_RATE $RTT_MS > $tmp/shakes; shaken $tmp/shakes"
echo "# before: $(cat "$tmp/shakes")"
under "SYNs from made-up sources" $RATE
under "a captured SYN from everywhere" $RATE "$(option)"
row "afterwards: connections as before" like '^(gpu[012]:[0-9]+ ?)+$' cl tcp $VIP 80 60
row "afterwards: streams as before" is "$held" held
xs metrics > "$tmp/metrics"
row "metrics tell of it" like '^[1-9][0-9]* 262144$' eval 'awk "/^xsteer_half_opened_total/ { n = \$2 } /^xsteer_half_open_limit/ { print n, \$2 }" $tmp/metrics'
hang_up hold
row "unload" xs unload
finish
