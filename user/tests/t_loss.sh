#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the kernel loses after a redirect is counted: frames that a driver does not take, and those that never reach one.
# usage: t_loss.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" loss "${1:-build}"

count() { xs -j status | jq --arg c "$1" '.counters[] | select(.counter == $c) | .count'; }
redirect_row() { xs -j doctor | jq -r '.[] | select(.check == "redirect") | "\(.state) \(.found)"'; }

# grows COUNTER LEAST COMMAND...: the counter grows by this much at least, and the other one does not
grows()
{
	local dropped failed

	dropped=$(count redirect_dropped) failed=$(count redirect_failed)
	"${@:3}" > "$tmp/out"
	dropped=$(($(count redirect_dropped) - dropped)) failed=$(($(count redirect_failed) - failed))
	case $1 in
	dropped) [ $dropped -ge "$2" ] && [ $failed = 0 ] ;;
	failed) [ $failed -ge "$2" ] && [ $dropped = 0 ] ;;
	esac || { echo "dropped $dropped, failed $failed: $(cat "$tmp/out")"; return 1; }
}

# 20 datagrams of 1000 bytes to a target whose way was just narrowed or closed; the next hop is remembered for a second
after()	# COMMAND...
{
	cl udp $VIP 80 3
	"$@"
	for _ in $(seq 20); do raw "{\"scapy\": \"IP(src='$CLIENT', dst='$VIP') / UDP(sport=20001, dport=80) / Raw(b'x' * 1000)\"}"; done
	sleep 0.2
}

lab up || exit 1
serve gpu0 gpu0 8000
raw_up
must "load" xs load uplink gpu0
must "apply" apply_conf <<YAML
pools: [{name: p}]
targets: [{name: gpu0, pool: p, address: 198.18.10.2, port: 8000}]
services: [{name: u, address: $VIP, port: 80, protocol: udp, pools: [p]}]
YAML
row "nothing lost, nothing counted" is "gpu0:20 0 0" eval 'echo "$(cl udp $VIP 80 20) $(count redirect_dropped) $(count redirect_failed)"'
row "doctor has seen no loss" is "ok no frame was lost after a redirect" redirect_row
row "a driver that does not take such frames: too large for a veth's peer" grows dropped 20 after ip -n $LAB-gpu0 link set eth0 mtu 600
row "doctor tells" like '^warn since load 0 .* dropped [1-9]' redirect_row
ip -n $LAB-gpu0 link set eth0 mtu 1500
row "it goes on" is gpu0:20 cl udp $VIP 80 20
row "a device that takes none: a veth's peer without NAPI" grows failed 20 after lab exec gpu0 ethtool -K eth0 gro off
lab exec gpu0 ethtool -K eth0 gro on
row "a device that is down" grows failed 1 after ip -n $LAB-host link set gpu0 down
row "metrics have both" like 'xsteer_redirect_failed_total\{[^}]*\} [1-9]' xs metrics
finish
