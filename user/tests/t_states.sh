#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Targets that drain, go down and come back under load, and connections that stay where they are through any apply.
# usage: t_states.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" states "${1:-build}"

targets()	# NAME, or "NAME PORT" on gpu0's host
{
	local t

	for t; do
		case $t in
		*\ *) echo "  - {name: ${t% *}, pool: p, address: 198.18.10.2, port: ${t#* }}" ;;
		*) echo "  - {name: $t, pool: p, address: 198.18.1${t#gpu}.2, port: 8000}" ;;
		esac
	done
}

structure()	# SETS TARGET...: the service's placement, and which targets there are
{
	apply_conf <<-YAML
	pools: [{name: p}]
	targets:
	$(targets "${@:2}")
	services:
	  - {name: chat, address: $VIP, port: 80, pools: [p]}
	  - {name: uchat, address: $VIP, port: 80, protocol: udp, pools: [p]}
	placements:
	  - {service: chat, $1}
	  - {service: uchat, $1}
	YAML
}
ALL="targets: [gpu0, gpu1, gpu2]"
all() { structure "$ALL" gpu0 gpu1 gpu2; }

flows_of() { xs -j flow list target "$1" state "${2:-established}" | jq length; }

# Connections that were there before keep their targets.
same_held() { is "$held" held && is "$uheld" uheld; }
# new_to TARGET[|TARGET]...: new connections and datagrams go nowhere else
new_to() { like "^((${1}):[0-9]+ ?)+\$" cl tcp $VIP 80 60 && like "^((${1}):[0-9]+ ?)+\$" cl udp $VIP 80 60 $CLIENT@+$((ports += 60)); }
ports=10000	# of datagram sockets: one that was used before belongs to a flow still

lab up || exit 1
for i in 0 1 2; do serve gpu$i gpu$i 8000 new 8001 other 8002; done
must "load" xs load uplink gpu0 gpu1 gpu2
must "apply" all

row "30 connections over three targets" hold $VIP 80 30
held=$(held)
row "30 datagram sockets" uhold $VIP 80 30
uheld=$(uheld)
distinct() { tr " " "\n" <<< "$*" | sort -u | paste -sd" "; }
row "each target has some" is "gpu0 gpu1 gpu2 - gpu0 gpu1 gpu2" eval 'echo "$(distinct $held) - $(distinct $uheld)"'
explained() { xs -j explain --to $VIP:80 --from "$1" | jq -r '"\(.reason) \(.target)"'; }
known()	# explain says of connections that are there where their packets go
{
	local client target

	while read -r client target; do
		is "steered $target" explained "$client" || return
	done < <(xs -j flow list service chat state established limit 5 | jq -r '.[] | "\(.client) \(.target)"')
}
row "five connections to ask about" is 5 eval "xs -j flow list service chat state established limit 5 | jq length"
row "explain knows connections that are there" known

loaded
row "drain under load" xs target drain gpu1
row "drain: new connections go elsewhere" new_to "gpu0|gpu2"
row "drain: old ones stay" same_held
row "drain: no request failed" unhurt "gpu0|gpu1|gpu2"

loaded
row "down under load" xs target down gpu1
row "down: new connections go elsewhere" new_to "gpu0|gpu2"
row "down: old ones stay, as the target still answers" same_held
row "up" xs target up gpu1
row "up: new connections go there, too" like "gpu1:" cl tcp $VIP 80 60
row "down and up: no request failed" unhurt "gpu0|gpu1|gpu2"

syns() { lab exec gpu1 nft "$@"; }
mute() { syns 'table ip mute { chain in { type filter hook input priority 0; tcp dport 8000 tcp flags & (syn|ack) == syn drop; }; }'; }
# retried: connections to a target that answers no SYN; it goes down while they wait, and their next SYN goes elsewhere
retried()
{
	spawn_waiting
	lab wait 5 eval '[ "$(flows_of gpu1 half-open)" -ge 5 ]' || { echo "no half-open flows at gpu1"; return 1; }
	xs target down gpu1 || return
	wait "$waiting"
	like '^(gpu[02](-late)?:[0-9]+ ?)+$' cat "$tmp/waiting"
}
spawn_waiting()
{
	local i

	(
		for i in {1..30}; do LIMIT=6 cl tcp $VIP 80 1 > "$tmp/waiting.$i" & done
		wait
		cat "$tmp"/waiting.* | paste -sd" " > "$tmp/waiting"
	) &
	waiting=$!
}
row "a target that answers no SYN" mute
row "down: its SYNs that are sent again go elsewhere" retried
row "down: they are counted as moved" like '^[1-9]' eval 'xs -j status | jq ".counters[] | select(.counter == \"flows_moved\").count"'
syns delete table ip mute
xs target up gpu1 > "$tmp/out"

loaded
row "apply with other placements" structure "targets: [gpu0]" gpu0 gpu1 gpu2
row "other placements: new connections go there" new_to gpu0
row "other placements: old connections stay" same_held
row "apply without two of the targets" structure "targets: [gpu0]" gpu0
row "targets removed: old connections stay" same_held
row "targets removed: new connections go to the one left" new_to gpu0
row "targets back" all
row "targets back: old connections stay" same_held
row "targets back: all get new connections" like "gpu0:.*gpu1:.*gpu2:" cl tcp $VIP 80 60

# Targets come and go; ids that flows refer to must not be used for others. The held flows' targets are away all the time.
churn()
{
	local i

	for i in {1..12}; do
		structure "targets: [new$i, other$i]" "gpu0 8000" "new$i 8001" "other$i 8002" && like "^(new$i:[0-9]+ ?|other$i:[0-9]+ ?)+\$" cl_new $i && same_held || return
	done
}
cl_new() { cl tcp $VIP 80 10 | sed "s/new:/new$1:/; s/other:/other$1:/"; }
row "12 times other targets: new connections to them, old ones stay" churn
row "a target's address changes: old connections stay" eval 'structure "targets: [gpu0]" "gpu0 8001" && same_held'
row "new ones go to the new address" new_to new
row "as it was" all
row "as it was: old connections stay" same_held
row "applies: no request failed" unhurt "gpu0|gpu1|gpu2|new|other"

finish
