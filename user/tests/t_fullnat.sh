#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Targets that have no route to the clients, reached `via: fullnat`: TCP and UDP, IPv4 and IPv6, direct and by the stack; what this host
# must allow for it; path MTU discovery; ports that run out; two services at one target with one client port.
# usage: t_fullnat.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" fullnat "${1:-build}"

# structure VIA [SITE]: what goes into the site's row
structure()
{
	apply_conf <<-YAML
	settings: {refusals: 1000}
	site: {name: here, id: 1${2:+, $2}}
	pools: [{name: far}, {name: far6}, {name: one}]
	targets:
	  - {name: gpu0, pool: far, address: 198.18.10.2, port: 8000, via: $1}
	  - {name: gpu1, pool: far, address: 198.18.11.2, port: 8000, via: $1}
	  - {name: gpu0v6, pool: far6, address: "2001:db8:10::2", port: 8000, via: $1}
	  - {name: gpu2, pool: one, address: 198.18.12.2, port: 8000}
	services:
	  - {name: far, address: $VIP, port: 80, pools: [far]}
	  - {name: far6, address: "$VIP6", port: 80, pools: [far6]}
	  - {name: ufar, address: $VIP, port: 80, protocol: udp, pools: [far]}
	  - {name: ufar6, address: "$VIP6", port: 80, protocol: udp, pools: [far6]}
	  - {name: one, address: $VIP, port: 81, pools: [one]}
	  - {name: two, address: $VIP, port: 82, pools: [one]}
	  - {name: uone, address: $VIP, port: 81, protocol: udp, pools: [one]}
	  - {name: utwo, address: $VIP, port: 82, protocol: udp, pools: [one]}
	YAML
}
OWN='fullnat: [198.18.10.1, 198.18.11.1, "2001:db8:10::1"]'

here()	# a process of this host as a target
{
	apply_conf <<-YAML
	site: {name: here, id: 1, $OWN}
	pools: [near]
	targets: [{name: near, pool: near, address: 198.18.1.1, port: 8000, via: fullnat}]
	services: [{name: near, address: $VIP, port: 80, pools: [near]}]
	YAML
}

both_ways()	# URL: 10 MB down and up, whole
{
	local sum

	sum=$(sha256sum < "$tmp/body" | cut -d' ' -f1)
	is "$sum  -" eval "get -m 20 '$1/big/10000000' | sha256sum" || return
	like "^[a-z0-9]+ $sum$" get -m 20 -H Expect: --data-binary "@$tmp/body" "$1/sum"
}

counter() { xs metrics | sed -n "s/^xsteer_$1[^ ]* //p"; }
way() { xs -j status | jq -r '.targets[] | select(.target == "gpu0") | .way'; }

everything()	# WAY
{
	row "$1: its way" is "$1" way
	row "$1: TCP, IPv4" like '^gpu[01]$' get "http://$VIP:80/"
	row "$1: TCP, IPv6" is gpu0 get "http://[$VIP6]:80/"
	row "$1: UDP, IPv4" like '^(gpu[01]:[0-9]+ ?)+$' cl udp $VIP 80 20
	row "$1: UDP, IPv6" is gpu0:20 cl udp "$VIP6" 80 20
	row "$1: each target sees this host's address on its own segment" is "198.18.10.1 198.18.11.1" eval 'for i in {1..20}; do get "http://$VIP:80/peer"; echo; done | sort -u | xargs'
	row "$1: the target sees this host, IPv6" is 2001:db8:10::1 get "http://[$VIP6]:80/peer"
	row "$1: 10 MB both ways, IPv4" both_ways "http://$VIP:80"
	row "$1: 10 MB both ways, IPv6" both_ways "http://[$VIP6]:80"
	row "$1: 500 connections, one after the other" like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 500
	row "$1: fragments both ways" like '^(gpu[01]:[0-9]+ ?)+$' cl udp $VIP 80 10 $CLIENT "$(printf '%08000d' 7)"
	row "$1: fragments both ways, IPv6" is gpu0:10 cl udp "$VIP6" 80 10 2001:db8:1::2 "$(printf '%08000d' 7)"
}

pair()	# KIND PORT: two services at one target from one port, at the same time; a connection to the target itself beside them
{
	is "gpu2:20 gpu2:20" echo "$(cl "$1" $VIP 81 20 "$CLIENT@+30100") $(cl "$1" $VIP 82 20 "$CLIENT@+30100")"
}

beside()	# what a client holds open to two services from one port goes on while others come
{
	port=30777
	row "pair: one connection opens" hold $VIP 81 1 $CLIENT@$port
	row "pair: another service from the same port" is gpu2:1 cl tcp $VIP 82 1 "$CLIENT@$port"
	row "pair: it was seen with another port" like "^$CLIENT:6[1-5][0-9]{3}$" eval "xs -j flow list --all service two client $CLIENT:$port | jq -r '.[0].source'"
	row "pair: the first is not" is null flow source one "$CLIENT:$port"
	row "pair: the first goes on" is gpu2 held
	hang_up hold
}

small()	# the link to the target carries less than the client's: it is told, and all the same everything arrives
{
	local ns n

	for ns in gpu0 gpu1; do
		n=198.18.1${ns#gpu}
		ip -n $LAB-host link set $ns mtu 1400 && ip -n $LAB-$ns link set eth0 mtu 1400 || return
		ip -n $LAB-$ns route replace $n.0/24 dev eth0 src $n.2 advmss 1460 || return
		ip -n $LAB-$ns -6 route replace 2001:db8:1${ns#gpu}::/64 dev eth0 metric 256 advmss 1440 || return
	done
	xs unload gpu0 gpu1 > /dev/null && xs load gpu0 gpu1 > /dev/null && structure fullnat "$OWN" > /dev/null || return
	both_ways "http://$VIP:80" && both_ways "http://[$VIP6]:80" || return
	like '^[1-9]' counter icmp_sent_total
}

exhausted()	# one port, one address, one target: a second connection is refused, and told so
{
	structure fullnat 'fullnat: [198.18.10.1, "2001:db8:10::1"], fullnat_ports: 61000-61000' > /dev/null || return
	hold "$VIP6" 80 1 || return
	is ECONNREFUSED:1 cl tcp "$VIP6" 80 1 || return
	is gpu0 held || return
	like '^[1-9][0-9]* 1$' eval "xs -j status | jq -r '.targets[] | select(.target == \"gpu0v6\") | \"\(.source_ports.in_use) \(.source_ports.limit)\"'" || return
	like '^[1-9]' drops far6 ports_exhausted || return
	like '^[1-9]' counter sources_taken_total || return
	like '^[1-9]' eval "xs metrics | sed -n 's/^xsteer_target_source_ports{.*gpu0v6\"} //p'"
}

lab up || exit 1
for ns in gpu0 gpu1; do
	ip -n $LAB-$ns route del default
	ip -n $LAB-$ns -6 route del default
done
serve gpu0 gpu0 8000
serve gpu1 gpu1 8000
serve gpu2 gpu2 8000
python3 -c "import hashlib, sys; sys.stdout.buffer.write(hashlib.shake_128(b'xsteer').digest(10000000))" > "$tmp/body"

must "load" xs load uplink gpu0 gpu1 gpu2
must "apply by nat" structure nat
row "by nat nothing comes back: TCP" is TIMEOUT:1 cl tcp $VIP 80 1
row "by nat nothing comes back: UDP, IPv6" is TIMEOUT:1 cl udp "$VIP6" 80 1
row "no source address" refused 1 "target gpu0: via: fullnat wants a source address .* none of IPv4; add one" structure fullnat
row "this host takes its own addresses for forged" refused 1 "198.18.10.1: fullnat: uplink takes packets .*; sysctl -w net.ipv4.conf.uplink.accept_local=1" structure fullnat "$OWN"
for dev in uplink gpu0 gpu1 gpu2; do lab_sysctl host net.ipv4.conf.$dev.accept_local=1; done
lab_sysctl host net.ipv4.conf.uplink.rp_filter=1
row "a strict reverse path filter" refused 1 "uplink has a strict reverse path filter.*; sysctl -w net.ipv4.conf.uplink.rp_filter=2" structure fullnat "$OWN"
lab_sysctl host net.ipv4.conf.uplink.rp_filter=2
row "a process on this host" refused 1 "near: via: fullnat: the target is on this host" here
must "apply by fullnat" structure fullnat "$OWN"
row "what is shown is what was said" like 'fullnat: \[198.18.10.1, 198.18.11.1, "2001:db8:10::1"\]' xs show
row "shown, it reads back to the same" is "nothing to change" eval 'xs show | xs apply -'
everything direct
row "explain says what the target will see" like '^198\.18\.1[01]\.1:6[1-5][0-9]{3}$' eval "xs -j explain --to $VIP:80 --from 198.18.1.7 | jq -r .source"
row "doctor: the addresses are sound" is "ok ok ok" eval "xs -j doctor | jq -r '[.[] | select(.check == \"fullnat\").state] | join(\" \")'"
row "doctor: the ports are this host's to give" is ok eval "xs -j doctor | jq -r '.[] | select(.check == \"fullnat ports\").state'"
lab_sysctl host net.ipv4.ip_local_port_range="32768 65535"
row "doctor: or sockets may get them" is "warn sysctl -w net.ipv4.ip_local_reserved_ports=61000-65535" eval "xs -j doctor | jq -r '.[] | select(.check == \"fullnat ports\") | \"\(.state) \(.try)\"'"
lab_sysctl host net.ipv4.ip_local_reserved_ports=61000-65535
row "doctor: unless they are reserved" is ok eval "xs -j doctor | jq -r '.[] | select(.check == \"fullnat ports\").state'"
row "two services, one target, one client port: TCP" pair tcp
row "two services, one target, one client port: UDP" pair udp
beside
row "a smaller MTU on the way to the target" small
row "ports run out" exhausted
hang_up hold

row "unload" xs unload
for ns in gpu0 gpu1; do
	ip -n $LAB-host link set $ns mtu 1500
	ip -n $LAB-$ns link set eth0 mtu 1500
done
must "load without redirect" xs load --no-redirect uplink gpu0 gpu1 gpu2
must "apply again" structure fullnat "$OWN"
everything stack
row "stack: two services, one target, one client port: TCP" pair tcp
row "stack: two services, one target, one client port: UDP" pair udp
finish
