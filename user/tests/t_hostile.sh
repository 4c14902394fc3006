#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Frames made to hurt, against a small flow table: connections go on, everything is counted, and the host lives.
# usage: t_hostile.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" hostile "${1:-build}"

structure()
{
	apply_conf <<-YAML
	settings: {tcp_syn: 2s, udp_idle: 2s, tcp_closed: 1s, refusals: 100}
	tenants: [{name: acme, id: 7, keys: ["hex:00112233445566778899aabbccddeeff"]}]
	pools: [{name: p}]
	targets:
	  - {name: gpu0, pool: p, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: p, address: 198.18.11.2, port: 8000}
	services:
	  - {name: chat, address: $VIP, port: 80, pools: [p]}
	  - {name: uchat, address: $VIP, port: 80, protocol: udp, pools: [p], strip: true}
	  - {name: strict, address: $VIP, port: 81, pools: [p], shim: required}
	YAML
}

go_on() { is "$held" held; }
new_ones() { like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 10; }
others() { is answer:3 cl ping 198.18.10.2 56 3 && is host:10 cl tcp 198.18.1.1 2222 10; }

packets() { /usr/bin/python3 - "$1" "$(ip -n $LAB-host -j link show uplink | jq -r '.[0].address')" <<-'PY'; }
	import random, sys
	from scapy.all import *
	random.seed(1)
	eth = Ether(src="02:00:00:00:00:01", dst=sys.argv[2])
	ip, ip6 = IP(src="198.18.1.2", dst="198.18.0.10"), IPv6(src="2001:db8:1::2", dst="2001:db8:0:10::10")
	def frame(p, cut=None):
	    print('{"frame": "%s"}' % bytes(eth / p)[:cut].hex())
	def syn(opt, port=25000):
	    opt += bytes(-len(opt) % 4)
	    return ip / TCP(sport=port, dport=80, flags="S", dataofs=5 + len(opt) // 4) / Raw(opt)
	if sys.argv[1] == "cut":
	    shim = bytes.fromhex("58531108010000000000000000000007") + bytes(24)
	    for p in (syn(b"\xfd\x14XS" + bytes(16)), ip / UDP(sport=25001, dport=80) / Raw(shim), Dot1Q(vlan=5) / syn(b""),
	              ip6 / IPv6ExtHdrHopByHop() / TCP(sport=25002, dport=80, flags="S")):
	        for n in range(14, len(bytes(eth / p))):
	            frame(p, n)
	if sys.argv[1] == "options":
	    for length in range(256):
	        frame(syn((bytes([253, length]) + b"XS" + bytes(36))[:40], 25100 + length))
	    for n in range(41):
	        frame(syn(b"\1" * n, 25400 + n))
	        frame(syn((b"\1" * n + b"\xfd\x14XS" + bytes(16))[:40], 25500 + n))
	    for doff in range(16):
	        frame(ip / TCP(sport=25600 + doff, dport=80, flags="S", dataofs=doff))
	        frame(IP(src="198.18.1.2", dst="198.18.0.10", ihl=doff) / TCP(sport=25700 + doff, dport=80, flags="S"))
	if sys.argv[1] == "flags":
	    for flags in range(256):
	        frame(ip / TCP(sport=26000 + flags, dport=80, flags=flags))
	if sys.argv[1] == "noise":
	    for n in range(2000):
	        p = bytearray(bytes(eth / random.choice([syn(b"\xfd\x14XS" + random.randbytes(16), 27000 + n), ip / UDP(sport=27000 + n, dport=80) / Raw(b"XS" + random.randbytes(70))])))
	        for _ in range(random.randrange(1, 4)):
	            p[random.randrange(14, len(p))] = random.randrange(256)
	        print('{"frame": "%s"}' % p.hex())
	PY

# sends KIND: all of these, and each was taken
sends()
{
	local n

	packets "$1" > "$tmp/packets"
	n=$(wc -l < "$tmp/packets")
	[ "$n" -gt 0 ] || { echo "no packets"; return 1; }
	nsenter --net=/run/netns/$LAB-client /usr/bin/python3 "$traffic/raw.py" "$(ip -n $LAB-host -j link show uplink | jq -r '.[0].address')" < "$tmp/packets" > "$tmp/sent" 2> "$tmp/sent.err"
	is "$n" grep -c sent "$tmp/sent"
}
all_well()	# WHAT
{
	row "$1: connections go on" go_on
	row "$1: others notice nothing" others
	row "$1: new connections are served, soon at least" lab wait 8 new_ones
}

lab up || exit 1
for i in 0 1; do serve gpu$i gpu$i 8000; done
serve host host 2222
raw_up
must "load with a small table" xs load --flows 1024 uplink gpu0 gpu1
must "apply" structure
must "connections" hold $VIP 80 20
held=$(held)

row "frames cut off at every length" sends cut
all_well "cut off"
row "options of every length and at every place" sends options
row "options: wrong ones are counted" like '^[1-9][0-9]+$' drops chat shim_malformed
all_well "options"
row "every combination of TCP flags" sends flags
all_well "flags"
row "2,000 packets with random bytes" sends noise
all_well "noise"

flood() { is sent raw "{\"flood\": $1, \"to\": \"$VIP\", \"port\": 80, \"net\": \"198.18.1\"}"; }
before=$(xs -j status | jq .flows.in_use)
row "20,000 SYNs from 250 addresses" flood 20000
row "flood: no record is made of it" eval '[ "$(xs -j status | jq .flows.in_use)" -le $((before + 20)) ]'
row "flood: nobody is refused for want of room" is 0 drops chat table_full
row "flood: it is in the half-open store" like '^[1-9][0-9][0-9]+$' eval 'xs -j status | jq .flows.half_open'
all_well "flood"
row "flood: the table empties" lab wait 10 eval 'new_ones > /dev/null; [ "$(xs -j flow list limit 0 state half-open | jq length)" -lt 50 ]'
# What is refused aloud: no more than the setting says, each for one frame that came in, and no byte more than came.
told() { xs -j status | jq "[.counters[] | select(.counter == \"$1\").count] | add // 0"; }
bytes() { ip -n $LAB-host -s -j link show uplink | jq ".[0].stats64.$1.bytes"; }
reflected()
{
	local sent limited in out began=$EPOCHREALTIME most

	sent=$(told resets_sent) limited=$(told refusals_limited) in=$(bytes rx) out=$(bytes tx)
	lab exec client "$build/flood" eth0 "$(ip -n $LAB-host -j link show uplink | jq -r '.[0].address')" $VIP 81 20000 0 || return
	most=$((((${EPOCHREALTIME/./} - ${began/./}) / 1000000 + 2) * 100 * $(nproc)))
	sent=$(($(told resets_sent) - sent)) limited=$(($(told refusals_limited) - limited)) in=$(($(bytes rx) - in)) out=$(($(bytes tx) - out))
	echo "$sent resets, $limited in silence, $in bytes in, $out out"
	[ $sent -ge 100 ] && [ $sent -le $most ] && [ $((sent + limited)) = 20032 ] && [ $out -lt $((in / 10)) ]
}
row "refusals: so many a second, one for one, and all counted" reflected
row "refusals: under their name" is 20032 drops strict no_shim
row "unload" xs unload
row "others after it" others
finish
