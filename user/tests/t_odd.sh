#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Packets in pieces and errors about packets, through a service: fragments both ways, path MTU discovery, traceroute; by redirect and
# by the stack, with hosts and with a process on this one. Behind gpu1, which routes here, is the target `far`; behind gpu2 the
# client `home`. The last link to either has an MTU of 1300, that from here to gpu2 one of 1400.
# usage: t_odd.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" odd "${1:-build}"
LAB_NS+=(far home)

structure()
{
	apply_conf <<-YAML
	settings: {refusals: 1000}
	pools: [{name: gpu}, {name: gpu6}, {name: far}, {name: far6}, {name: here}, {name: here6}, {name: shut}, {name: shuthere}, {name: shut6}]
	targets:
	  - {name: gpu0, pool: gpu, address: 198.18.10.2, port: 8000}
	  - {name: gpu0v6, pool: gpu6, address: "2001:db8:10::2", port: 8000}
	  - {name: far, pool: far, address: 198.18.21.2, port: 8000}
	  - {name: farv6, pool: far6, address: "2001:db8:21::2", port: 8000}
	  - {name: here, pool: here, address: 198.18.1.1, port: 8000}
	  - {name: herev6, pool: here6, address: "2001:db8:1::1", port: 8000}
	  - {name: shut, pool: shut, address: 198.18.10.2, port: 8009}
	  - {name: shuthere, pool: shuthere, address: 198.18.1.1, port: 8009}
	  - {name: shut6, pool: shut6, address: "2001:db8:10::2", port: 8009}
	services:
	  - {name: gpu, address: $VIP, port: 80, protocol: tcp, pools: [gpu]}
	  - {name: gpu6, address: "$VIP6", port: 80, protocol: tcp, pools: [gpu6]}
	  - {name: ugpu, address: $VIP, port: 80, protocol: udp, pools: [gpu]}
	  - {name: ugpu6, address: "$VIP6", port: 80, protocol: udp, pools: [gpu6]}
	  - {name: uhere, address: $VIP, port: 81, protocol: udp, pools: [here]}
	  - {name: uhere6, address: "$VIP6", port: 81, protocol: udp, pools: [here6]}
	  - {name: here, address: $VIP, port: 81, protocol: tcp, pools: [here]}
	  - {name: far, address: $VIP, port: 82, protocol: tcp, pools: [far]}
	  - {name: far6, address: "$VIP6", port: 82, protocol: tcp, pools: [far6]}
	  - {name: ufar, address: $VIP, port: 82, protocol: udp, pools: [far]}
	  - {name: ufar6, address: "$VIP6", port: 82, protocol: udp, pools: [far6]}
	  - {name: ushut, address: $VIP, port: 83, protocol: udp, pools: [shut]}
	  - {name: ushut6, address: "$VIP6", port: 83, protocol: udp, pools: [shut6]}
	  - {name: ushuthere, address: $VIP, port: 84, protocol: udp, pools: [shuthere]}
	YAML
}

# A host behind a router: what goes there over more than 1300 bytes must be told so, for it asks for segments of the usual size.
behind()	# ROUTER NS N
{
	ip -n "$LAB-$1" link add lan type veth peer name eth0 netns "$LAB-$2"
	ip -n "$LAB-$1" addr add "198.18.$3.1/24" dev lan
	ip -n "$LAB-$1" addr add "2001:db8:$3::1/64" dev lan nodad
	ip -n "$LAB-$2" addr add "198.18.$3.2/24" dev eth0
	ip -n "$LAB-$2" addr add "2001:db8:$3::2/64" dev eth0 nodad
	ip -n "$LAB-$1" link set lan mtu 1300 up
	ip -n "$LAB-$2" link set eth0 up
	lab exec "$2" ethtool -K eth0 tx off > /dev/null
	lab_sysctl "$1" net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
	ip -n "$LAB-$2" route add default via "198.18.$3.1" mtu 1300 advmss 1460
	ip -n "$LAB-$2" -6 route add default via "2001:db8:$3::1" mtu 1300 advmss 1440
	ip -n $LAB-host route add "198.18.$3.0/24" via "198.18.1${1#gpu}.2" src 198.18.1.1	# what a process here answers from, whatever it is bound to
	ip -n $LAB-host -6 route add "2001:db8:$3::/64" via "2001:db8:1${1#gpu}::2"
}

counted() { xs -j drop list --all reason "$1" | jq 'map(.packets) | add // 0'; }
counter() { xs metrics | sed -n "s/^xsteer_$1_total[^ ]* //p"; }
# counts REASON COMMAND...: the command succeeds, and more packets are counted under the reason than before
counts()
{
	local before

	before=$(counted "$1")
	"${@:2}" || return
	lab wait 2 eval "[ \"\$(counted $1)\" -gt $before ]" || { echo "$1 is still $before"; return 1; }
}

odd() { say odd "$1"; hear odd; }
sport=20000	# another for each, so that each is a first packet
send()	# ADDR PORT L4 [MORE]: a packet of the client; MORE: members of the JSON object, "ttl" among them goes to the packet
{
	local ip="IP(src='$CLIENT', dst='$1', id=$sport, ttl=${ttl:-64})"

	[[ $1 != *:* ]] || ip="IPv6(src='2001:db8:1::2', dst='$1', hlim=${ttl:-64})"
	case $3 in
	udp) odd "{\"packet\": \"$ip / UDP(sport=$sport, dport=$2) / Raw(bytes(3000 if ${4:+1}0 else 9))\" ${4:+, $4}}" ;;
	syn) odd "{\"packet\": \"$ip / TCP(sport=$sport, dport=$2, flags='S', seq=$sport)\" ${4:+, $4}}" ;;
	esac
}
big() { lab exec "$1" /usr/bin/python3 "$traffic/client.py" udp "$2" "$3" 3 "$4" "$(printf '%016000d' 7)"; }	# NS ADDR PORT FROM: 8000 bytes there, 16 kB back
in_order() { next; is "$1" send "$2" "$3" udp "\"size\": 1000, \"order\": [$4]"; }	# OUTCOME ADDR PORT ORDER
next() { sport=$((sport + 1)); }
probe()	# OUTCOME TTL ADDR PORT L4
{
	local ttl=$2

	next
	is "$1" send "$3" "$4" "$5"
}
mtu_to() { ip -n "$LAB-$1" route get "$2" | grep -o 'mtu [0-9]*'; }	# NS ADDR: what it has learnt
up() { like "^far $(sha256sum < "$tmp/body" | cut -d' ' -f1)$" get -m 20 -H Expect: --data-binary "@$tmp/body" "$1/sum"; }
down() { is "$(sha256sum < "$tmp/body")" eval "lab exec home curl -sS -m 20 -g '$1/big/2000000' | sha256sum"; }
forget() { for ns in client home gpu0 host; do ip -n $LAB-$ns route flush cache; ip -n $LAB-$ns -6 route flush cache; done; }

fragments()	# WAY
{
	local a

	row "$1: 8 kB in fragments, answered in fragments" is gpu0:3 big client $VIP 80 $CLIENT
	row "$1: the same, IPv6" is gpu0:3 big client $VIP6 80 2001:db8:1::2
	row "$1: the same, to a process here" is here:3 big client $VIP 81 $CLIENT
	row "$1: the same, to a process here, IPv6" is here:3 big client $VIP6 81 2001:db8:1::2
	row "$1: through a narrow link that cuts them once more" is far:3 big client $VIP 82 $CLIENT
	row "$1: replies that this host cuts once more" is gpu0:3 big home $VIP 80 198.18.22.2
	row "$1: replies of a process here over two narrow links" is here:3 big home $VIP 81 198.18.22.2
	row "$1: later fragments are counted" like '^[1-9][0-9]*$' counter fragments_followed
	for a in $VIP $VIP6; do
		row "$1: last before the middle, $a" in_order data $a 80 0,3,2,1
		row "$1: twice, $a" in_order data $a 80 0,0,1,2,3
		row "$1: first one last: no answer, and it is counted, $a" counts fragment_orphan in_order silence $a 80 1,2,3,0
		row "$1: without the first, $a" counts fragment_orphan in_order silence $a 80 1,2,3
		row "$1: without the middle, $a" in_order silence $a 80 0,1,3
	done
	row "$1: a first one of 8 bytes of TCP is refused" counts fragment_refused is silence odd \
		"{\"packet\": \"IP(src='$CLIENT', dst='$VIP', id=9, flags='MF', proto=6) / Raw(bytes(TCP(sport=29000, dport=80, flags='S'))[:8])\"}"
}

traceroute()	# WAY
{
	row "$1: traceroute UDP, hop 1 is this host" probe "11/0 198.18.1.1" 1 $VIP 82 udp
	row "$1: traceroute UDP, hop 2 is the router" probe "11/0 198.18.11.2" 2 $VIP 82 udp
	row "$1: traceroute UDP, hop 3 answers" probe data 3 $VIP 82 udp
	row "$1: traceroute TCP, hop 1" probe "11/0 198.18.1.1" 1 $VIP 82 syn
	row "$1: traceroute TCP, hop 2" probe "11/0 198.18.11.2" 2 $VIP 82 syn
	row "$1: traceroute TCP, hop 3 answers" probe synack 3 $VIP 82 syn
	row "$1: traceroute UDP, IPv6, hop 1" probe "3/0 2001:db8:1::1" 1 $VIP6 82 udp
	row "$1: traceroute UDP, IPv6, hop 2" probe "3/0 2001:db8:11::2" 2 $VIP6 82 udp
	row "$1: traceroute UDP, IPv6, hop 3 answers" probe data 3 $VIP6 82 udp
	row "$1: traceroute TCP, IPv6, hop 2" probe "3/0 2001:db8:11::2" 2 $VIP6 82 syn
	row "$1: traceroute TCP, IPv6, hop 3 answers" probe synack 3 $VIP6 82 syn
	row "$1: a closed port of the target is the service's" probe "3/3 $VIP" 64 $VIP 83 udp
	row "$1: a closed port of the target is the service's, IPv6" probe "1/4 $VIP6" 64 $VIP6 83 udp
	row "$1: a closed port of this host is the service's" probe "3/3 $VIP" 64 $VIP 84 udp
	row "$1: sockets are told" is "ECONNREFUSED:2 ECONNREFUSED:2 ECONNREFUSED:2" eval 'echo $(cl udp $VIP 83 2) $(cl udp $VIP6 83 2) $(cl udp $VIP 84 2)'
}

path_mtu()	# WAY
{
	forget
	row "$1: 2 MB up through a narrow link" counts icmp_translated up "http://$VIP:82"
	row "$1: the client has learnt it" is "mtu 1300" mtu_to client $VIP
	row "$1: 2 MB up through a narrow link, IPv6" counts icmp_translated up "http://[$VIP6]:82"
	row "$1: the client has learnt it, IPv6" is "mtu 1300" mtu_to client $VIP6
	row "$1: 2 MB down through a narrow link" counts icmp_translated down "http://$VIP:80"
	row "$1: the target has learnt it" is "mtu 1300" mtu_to gpu0 198.18.22.2
	row "$1: 2 MB down through a narrow link, IPv6" counts icmp_translated down "http://[$VIP6]:80"
	row "$1: the target has learnt it, IPv6" is "mtu 1300" mtu_to gpu0 2001:db8:22::2
	row "$1: 2 MB down from a process here" counts icmp_translated down "http://$VIP:81"
	row "$1: this host has learnt it" is "mtu 1300" mtu_to host 198.18.22.2
	row "$1: the client learns nothing of another address" is "" mtu_to client 198.18.10.2
}

everything() { fragments "$1"; traceroute "$1"; path_mtu "$1"; }

lab up || exit 1
behind gpu1 far 21
behind gpu2 home 22
ip -n $LAB-host link set gpu2 mtu 1400
lab_sysctl host net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
lab_sysctl gpu0 net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0
serve gpu0 gpu0 8000
serve far far 8000
serve host here 8000
lab exec client nft 'table inet raw { chain out { type filter hook output priority 0; tcp sport 20000-29999 tcp flags & rst == rst drop; icmp type destination-unreachable drop; icmpv6 type destination-unreachable drop; }; }'
talk odd client /usr/bin/python3 "$traffic/odd.py" "$(ip -n $LAB-host -j link show uplink | jq -r '.[0].address')"
python3 -c "import hashlib, sys; sys.stdout.buffer.write(hashlib.shake_128(b'xsteer').digest(2000000))" > "$tmp/body"

must "load" xs load uplink gpu0 gpu1 gpu2
must "apply" structure
everything direct
row "unload" xs unload
must "load without redirect" xs load --no-redirect uplink gpu0 gpu1 gpu2
must "apply again" structure
everything stack
finish
