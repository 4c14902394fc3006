#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is not ours: other traffic goes on as if nothing was loaded, unload leaves a host that works, two instances do not meet.
# usage: t_others.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" others "${1:-build}"
second() { lab exec host "$build/xsteer" -i "$inst-2" "$@"; }

structure()	# VIP TARGET-ADDRESS
{
	cat <<-YAML
	xsteer: 1
	pools: [{name: p}]
	targets: [{name: gpu, pool: p, address: $2, port: 8000}]
	services:
	  - {name: chat, address: $1, port: 80, pools: [p]}
	  - {name: uchat, address: $1, port: 80, protocol: udp, pools: [p]}
	YAML
}
pings() { is answer:3 cl ping "$1" "${2:-56}" 3; }	# ADDR [SIZE]
no_neighbours() { ip -n $LAB-host -6 neigh flush dev uplink && ip -n $LAB-client -6 neigh flush dev eth0; }

tunnelled()	# PROTO SCAPY: a packet for gpu0 that the host forwards with its payload as it was
{
	talk sniff gpu0 /usr/bin/python3 "$traffic/sniff.py" "$1"
	is ready hear sniff || return
	is sent raw "{\"scapy\": \"IP(src='$CLIENT', dst='198.18.10.2', proto=$1) / $2\"}" &&
		is "$(/usr/bin/python3 -c "from scapy.all import *; print(bytes(IP(bytes(IP(src='$CLIENT', dst='198.18.10.2', proto=$1) / $2)).payload).hex())")" hear sniff
	local rc=$?
	hang_up sniff
	return $rc
}
INNER="IP(src='198.19.0.1', dst='$VIP') / TCP(sport=1000, dport=80, flags='S')"
passed() { xs -j drop list --all reason "$1" | jq 'map(.packets) | add'; }
# passes REASON JSON: one more is counted as left to the host for this reason
passes()
{
	local before

	before=$(passed "$1")
	raw "$2" > "$tmp/out"
	lab wait 3 eval "[ \"\$(passed $1)\" -gt $before ]"
}

lab up || exit 1
serve gpu0 gpu0 8000
serve gpu2 gpu2 8000
serve host host 2222
raw_up
must "load" xs load uplink gpu0
must "apply" eval 'structure $VIP 198.18.10.2 | xs apply -'

loaded
row "ping the host" pings 198.18.1.1
row "ping through the host" pings 198.18.10.2
row "ping in fragments" pings 198.18.1.1 4000
row "ping in fragments through the host" pings 198.18.10.2 4000
row "ping, IPv6" pings 2001:db8:1::1
row "ping in fragments through the host, IPv6" pings 2001:db8:10::2 4000
row "neighbours are found anew, IPv6" eval 'no_neighbours && pings 2001:db8:1::1 && no_neighbours && pings 2001:db8:10::2'
row "TCP to the host itself" is host:20 cl tcp 198.18.1.1 2222 20
row "TCP to the host itself, IPv6" is host:20 cl tcp 2001:db8:1::1 2222 20
row "TCP through the host, to a target's own port" is gpu0:20 cl tcp 198.18.10.2 8000 20
row "UDP through the host, to a target's own port" is gpu0:20 cl udp 198.18.10.2 8000 20
row "TCP through the host, to one that is no target" is gpu2:20 cl tcp 198.18.12.2 8000 20
row "UDP in fragments to the host itself" is host:1 cl udp 198.18.1.1 2222 1 $CLIENT "$(printf '%06000d' 7)"
row "another port of the virtual address is not ours" like '^E(HOST|NET)UNREACH' cl tcp $VIP 99 1
row "IP in IP, whatever is in it" tunnelled 4 "$INNER"
row "GRE, whatever is in it" tunnelled 47 "GRE() / $INNER"
row "ESP" tunnelled 50 "Raw(b'0123456789abcdef')"
row "SCTP" tunnelled 132 "Raw(b'fedcba9876543210')"
row "another Ethertype" passes not_ip "{\"frame\": \"$(ip -n $LAB-host -j link show uplink | jq -r '.[0].address' | tr -d :)02000000000188cc0207040123456789ab\"}"
row "later fragments of strangers" passes fragment_passed "{\"scapy\": \"IP(src='$CLIENT', dst='198.18.10.2', frag=100, proto=17) / Raw(b'x' * 64)\"}"
row "no request failed" unhurt gpu0
row "nothing was dropped or refused" is "[]" xs -j drop list
row "ours in fragments is steered" is gpu0:1 cl udp $VIP 80 1 $CLIENT "$(printf %06000d 7)"

# What the host has of us: programs on its devices, pins
attached() { ip -n $LAB-host link | grep -o xdp; lab exec host bpftool net 2> /dev/null | grep -o xsteer; ls -d /sys/fs/bpf/xsteer/$inst 2> /dev/null; }
loaded
row "a connection that is there" hold $VIP 80 3
row "unload under load" xs unload
row "nothing is left on devices and in bpffs" is "" attached
row "ping after it" pings 198.18.10.2
row "TCP through the host after it" is gpu0:20 cl tcp 198.18.10.2 8000 20
row "the virtual address is nobody's" like '^(EHOSTUNREACH|ENETUNREACH|TIMEOUT):1$' cl tcp $VIP 80 1
row "load again under load" xs load uplink gpu0
row "apply again" eval 'structure $VIP 198.18.10.2 | xs apply -'
row "new connections are served" is gpu0:20 cl tcp $VIP 80 20
row "old connections learn that they are over" is "ECONNRESET ECONNRESET ECONNRESET" held
row "that is counted" like '^[1-9]' drops chat no_flow
row "the load met both" like 'gpu0:' ended "$load" "$tmp/load"

VIP2=198.18.0.20
gpu1() { lab exec gpu1 /usr/bin/python3 "$traffic/client.py" "$@"; }
row "a second instance, on other devices" second load gpu1 gpu2
row "with a structure of its own" eval 'structure $VIP2 198.18.12.2 | second apply -'
row "its clients" is "gpu2:20 gpu2:20" eval 'echo $(gpu1 tcp $VIP2 80 20) $(gpu1 udp $VIP2 80 20)'
row "the first one's" is gpu0:20 cl tcp $VIP 80 20
row "each shows its own flows" is "198.18.1 198.18.11" eval 'for x in xs second; do $x -j flow list | jq -r ".[].client" | cut -d. -f1-3 | sort -u; done | paste -sd" "'
row "a device of the other's is refused" refused 1 "" second load uplink
loaded
lab spawn gpu1 /usr/bin/python3 "$traffic/client.py" load $VIP2 80 2 > "$tmp/load2" 2> "$tmp/load2.err"
load2=$LAB_PID
lab wait 10 test -s "$tmp/load2.err"
row "unload of the second under load of both" second unload
row "the first one's clients notice nothing" unhurt gpu0
row "its own do" like 'gpu2:.*' ended "$load2" "$tmp/load2"
row "unload of the first" xs unload
row "nothing is left" is "" attached
finish
