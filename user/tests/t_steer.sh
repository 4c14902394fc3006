#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Steering of real traffic: TCP and UDP, IPv4 and IPv6, direct and by the stack, to hosts and to a process on this one.
# usage: t_steer.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154,SC2034 # variables of lib.sh, and some for `eval`
. "$(dirname "$0")/traffic/lib.sh" steer "${1:-build}"

structure()
{
	apply_conf <<-YAML
	pools: [{name: far}, {name: one}, {name: near}, {name: far6}, {name: near6}]
	targets:
	  - {name: gpu0, pool: far, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: far, address: 198.18.11.2, port: 8000}
	  - {name: only, pool: one, address: 198.18.10.2, port: 8000}
	  - {name: here, pool: near, address: 198.18.1.1, port: 8000}
	  - {name: gpu0v6, pool: far6, address: "2001:db8:10::2", port: 8000}
	  - {name: here6, pool: near6, address: "2001:db8:1::1", port: 8000}
	services:
	  - {name: far, address: $VIP, port: 80, pools: [far]}
	  - {name: near, address: $VIP, port: 81, pools: [near]}
	  - {name: both, address: $VIP, port: 82, pools: [far, near]}
	  - {name: vlan, address: $VIP, port: 83, pools: [one]}
	  - {name: twin, address: $VIP, port: 84, pools: [one]}
	  - {name: uvlan, address: $VIP, port: 83, protocol: udp, pools: [one]}
	  - {name: far6, address: "$VIP6", port: 80, pools: [far6]}
	  - {name: near6, address: "$VIP6", port: 81, pools: [near6]}
	  - {name: ufar, address: $VIP, port: 80, protocol: udp, pools: [far]}
	  - {name: unear, address: $VIP, port: 81, protocol: udp, pools: [near]}
	  - {name: ufar6, address: "$VIP6", port: 80, protocol: udp, pools: [far6]}
	  - {name: unear6, address: "$VIP6", port: 81, protocol: udp, pools: [near6]}
	YAML
}

way() { xs -j status | jq -r --arg n "$1" '.targets[] | select(.target == $n) | .way'; }

both_ways()	# URL: 10 MB down and up, whole
{
	local sum

	sum=$(sha256sum < "$tmp/body" | cut -d' ' -f1)
	is "$sum  -" eval "get -m 20 '$1/big/10000000' | sha256sum" || return
	like "^[a-z0-9]+ $sum$" get -m 20 -H Expect: --data-binary "@$tmp/body" "$1/sum"
}

parallel()	# N requests at once, none fails
{
	local out

	out=$(lab exec client curl -sS -m 15 --parallel --parallel-immediate --parallel-max "$1" "http://$VIP:82/?[1-$1]" 2> "$tmp/parallel.err" | grep -oE 'gpu0|gpu1|here' | wc -l)
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

tagged_frame()
{
	raw "{\"to\": \"$VIP\", \"port\": 83, \"from\": \"$CLIENT\", \"sport\": 20001, \"vlan\": 5, \"wait\": 0.2}" > /dev/null
	is "stack gpu0" echo "$(flow way vlan $CLIENT:20001) $(flow target vlan $CLIENT:20001 | sed s/only/gpu0/)"
}

vlan_up()
{
	# A tag that the driver keeps beside the frame is one that XDP does not see.
	lab exec client ethtool -K eth0 txvlan off > /dev/null
	ip -n $LAB-client addr add 198.18.20.2/24 dev eth0.5
	ip -n $LAB-client link set eth0.5 up
	ip -n $LAB-host link add link uplink name uplink.5 type vlan id 5
	ip -n $LAB-host addr add 198.18.20.1/24 dev uplink.5
	ip -n $LAB-host link set uplink.5 up
}

vlan_client()	# PORT WANT: over TCP and UDP
{
	local rc

	ip -n $LAB-client route replace $VIP via 198.18.20.1
	is "$2 $2" echo "$(cl tcp $VIP "$1" 4) $(cl udp $VIP "$1" 4)"
	rc=$?
	ip -n $LAB-client route del $VIP
	return $rc
}

lab up || exit 1
serve gpu0 gpu0 8000
serve gpu1 gpu1 8000
serve host here 8000
python3 -c "import hashlib, sys; sys.stdout.buffer.write(hashlib.shake_128(b'xsteer').digest(10000000))" > "$tmp/body"

must "load" xs load uplink gpu0 gpu1
must "apply" structure
everything direct direct

row "keep-alive: one connection opens" hold $VIP 80 1
port=$(xs -j flow list service far state established | jq -r '.[0].client')
for _ in 1 2 3; do row "keep-alive: an answer to each request" like '^gpu[01]$' held; done
row "keep-alive: 3 requests seen, 1 placed" is "3 1" eval 'xs -j flow list client "$port" | jq -r ".[0] | \"\(.requests_seen) \(.requests_placed)\""'

again()	# a port of the client that another service of the same target had until now
{
	is "gpu0:1 gpu0:1 gpu0:1" echo "$(cl tcp $VIP 83 1 $CLIENT@30001) $(cl tcp $VIP 84 1 $CLIENT@30001) $(LINGER=0 cl tcp $VIP 83 1 $CLIENT@30001)"
}
row "a client's port for another service of the same target" again
past()	# the service, on the same port as before: to the target's own address, and back
{
	is "gpu0:1 gpu0:1 gpu0:1" echo "$(LINGER=0 cl tcp $VIP 83 1 $CLIENT@30003) $(LINGER=0 cl tcp 198.18.10.2 8000 1 $CLIENT@30003) $(cl tcp $VIP 83 1 $CLIENT@30003)"
}
row "a client's port past the service, to the target's own address" past
row "a client's port for the same service 20 times, closed by resets" is gpu0:20 eval 'LINGER=0 cl tcp $VIP 83 20 $CLIENT@30002'

export IP_OPTIONS=070b0400000000000000000000
row "IPv4 options: TCP" like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 4
row "IPv4 options: UDP" like '^(gpu[01]:[0-9]+ ?)+$' cl udp $VIP 80 4
row "IPv4 options: to a process here" is here:4 cl tcp $VIP 81 4
unset IP_OPTIONS

raw_up
row "tagged frame: placed for the stack, which knows its VLAN" tagged_frame
if ip -n $LAB-client link add link eth0 name eth0.5 type vlan id 5 2> /dev/null; then
	vlan_up
	row "client in a VLAN: to a process here" vlan_client 81 here:4
	row "client in a VLAN: to a host" vlan_client 83 gpu0:4
else
	echo "skip steer/client in a VLAN: this kernel has no 802.1Q devices"
fi

row "unload" xs unload
must "load without redirect" xs load --no-redirect uplink gpu0 gpu1
must "apply again" structure
everything stack stack

# A firewall that drops what its connection tracking does not know, and one that masquerades.
if lab exec host nft 'table inet track { chain f { type filter hook forward priority 0; policy drop; meta l4proto icmp accept; meta l4proto ipv6-icmp accept;
	ct state established,related accept; ct state new meta l4proto { tcp, udp } accept; }; chain i { type filter hook input priority 0; ct state invalid drop; }; }' 2> /dev/null; then
	row "conntrack: to hosts" both_ways "http://$VIP:80"
	row "conntrack: to a process here" both_ways "http://$VIP:81"
	row "conntrack: UDP" like '^(gpu[01]:[0-9]+ ?)+$' cl udp $VIP 80 20
	lab exec host nft 'table ip hide { chain p { type nat hook postrouting priority 100; oifname "gpu*" masquerade; }; }'
	row "masquerade: to hosts, by the stack" both_ways "http://$VIP:80"
	row "masquerade: UDP" like '^(gpu[01]:[0-9]+ ?)+$' cl udp $VIP 80 20
else
	echo "skip steer/conntrack: this kernel has none"
fi
finish
