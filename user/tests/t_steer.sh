#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Steering of real traffic: TCP and UDP, IPv4 and IPv6, direct and by the stack, to hosts and to a process on this one.
# usage: t_steer.sh BUILD; prints `ok NAME`, `not ok NAME: why`
TOPIC=steer
. "$(dirname "$0")/traffic/lib.sh"

structure()
{
	apply_conf <<-YAML
	pools: [far, near, far6, near6]
	targets:
	  - {name: gpu0, pool: far, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: far, address: 198.18.11.2, port: 8000}
	  - {name: here, pool: near, address: 198.18.1.1, port: 8000}
	  - {name: gpu0v6, pool: far6, address: "2001:db8:10::2", port: 8000}
	  - {name: here6, pool: near6, address: "2001:db8:1::1", port: 8000}
	services:
	  - {name: far, address: $VIP, port: 80, pools: [far]}
	  - {name: near, address: $VIP, port: 81, pools: [near]}
	  - {name: both, address: $VIP, port: 82, pools: [far, near]}
	  - {name: far6, address: "$VIP6", port: 80, pools: [far6]}
	  - {name: near6, address: "$VIP6", port: 81, pools: [near6]}
	  - {name: ufar, address: $VIP, port: 80, protocol: udp, pools: [far]}
	  - {name: unear, address: $VIP, port: 81, protocol: udp, pools: [near]}
	  - {name: ufar6, address: "$VIP6", port: 80, protocol: udp, pools: [far6]}
	  - {name: unear6, address: "$VIP6", port: 81, protocol: udp, pools: [near6]}
	YAML
}

way() { xs -j status | jq -r --arg n "$1" '.targets[] | select(.name == $n) | .way'; }

both_ways()	# URL: 10 MB down and up, whole
{
	local sum

	sum=$(sha256sum < "$tmp/body" | cut -d' ' -f1)
	is "$sum" eval 'get -m 20 "$1/big/10000000" | sha256sum | cut -d" " -f1' || return
	like "^[a-z0-9]+ $sum$" get -m 20 -H Expect: --data-binary "@$tmp/body" "$1/sum"
}

parallel()	# N requests at once, none fails
{
	local out

	out=$(get --parallel --parallel-immediate --parallel-max "$1" -m 15 "http://$VIP:82/?[1-$1]" 2> "$tmp/parallel.err" | sed 's/gpu0\|gpu1\|here/&\n/g' | grep -c .)
	[ "$out" = "$1" ] || { echo "$out of $1 came back: $(sort "$tmp/parallel.err" | uniq -c | head -3)"; return 1; }
}

everything()	# SUFFIX WAY: all the services
{
	row "$1: targets behind devices go $2, a process on the host by the stack" is "$2 $2 $2 stack stack" echo "$(way gpu0) $(way gpu1) $(way gpu0v6) $(way here) $(way here6)"
	row "$1: TCP, IPv4, port mapped" like '^gpu[01]$' get "http://$VIP:80/"
	row "$1: TCP, IPv6" is gpu0 get "http://[$VIP6]:80/"
	row "$1: TCP, IPv4, to a process here" is here get "http://$VIP:81/"
	row "$1: TCP, IPv6, to a process here" is here get "http://[$VIP6]:81/"
	row "$1: UDP, IPv4" like '^(gpu[01]:[0-9]+ ?)+$' cl udp $VIP 80 20
	row "$1: UDP, IPv6" is gpu0:20 cl udp "$VIP6" 80 20
	row "$1: UDP, IPv4, to a process here" is here:20 cl udp $VIP 81 20
	row "$1: UDP, IPv6, to a process here" is here:20 cl udp "$VIP6" 81 20
	row "$1: the target sees the client's own address" is $CLIENT get "http://$VIP:80/peer"
	row "$1: 10 MB both ways, IPv4" both_ways "http://$VIP:80"
	row "$1: 10 MB both ways, IPv6" both_ways "http://[$VIP6]:80"
	row "$1: 10 MB both ways, process here" both_ways "http://$VIP:81"
	row "$1: 10 MB both ways, process here, IPv6" both_ways "http://[$VIP6]:81"
	row "$1: 200 connections at once" parallel 200
}

lab up || exit 1
serve gpu0 gpu0 8000
serve gpu1 gpu1 8000
serve host here 8000
python3 -c "import hashlib, sys; sys.stdout.buffer.write(hashlib.shake_128(b'xsteer').digest(10000000))" > "$tmp/body"

row "load" xs load uplink gpu0 gpu1
row "apply" structure
everything direct direct
finish
