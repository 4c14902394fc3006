#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Who asks and where that leads, on real traffic: tenants and classes, shims, levels of placements, weights, fallbacks, zones and
# refusals. Each request is given to `explain` first; what that says must then happen.
# usage: t_place.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" place "${1:-build}"
KEY=00112233445566778899aabbccddeeff
BASE=198.18.1.2 ACME=198.18.1.21 BATCH=198.18.1.22 CAGED=198.18.1.23 OPEN=198.18.1.24 WORKER=198.18.1.25

services()	# of one protocol, with a letter before their names
{
	cat <<-YAML
	  - {name: $2chat, address: $VIP, port: 80, protocol: $1, pools: [p]}
	  - {name: $2must, address: $VIP, port: 81, protocol: $1, pools: [p], shim: required, unknown: refuse}
	  - {name: $2known, address: $VIP, port: 82, protocol: $1, pools: [p], unknown: refuse}
	  - {name: $2silent, address: $VIP, port: 83, protocol: $1, pools: [p], shim: required, refuse: silent}
	  - {name: $2blind, address: $VIP, port: 84, protocol: $1, pools: [p], shim: none, default_tenant: acme, default_class: batch}
	  - {name: $2weighted, address: $VIP, port: 85, protocol: $1, pools: [p]}
	  - {name: $2then, address: $VIP, port: 86, protocol: $1, pools: [p]}
	  - {name: $2abroad, address: $VIP, port: 87, protocol: $1, pools: [p]}
	  - {name: $2empty, address: $VIP, port: 88, protocol: $1, pools: [none]}
	  - {name: $2six, address: "$VIP6", port: 81, protocol: $1, pools: [p6], shim: required}
	YAML
}

placements()	# with a letter before the services' names
{
	cat <<-YAML
	  - {service: $1chat, targets: [plain]}
	  - {service: $1chat, class: batch, targets: [class]}
	  - {service: $1chat, tenant: acme, targets: [tenant]}
	  - {service: $1chat, tenant: acme, class: batch, targets: [both]}
	  - {service: $1chat, prefix: {depth: 9, hash: "11111111"}, targets: [prefix]}
	  - {service: $1chat, tenant: acme, prefix: {depth: 9, hash: "11111111"}, targets: [mine]}
	  - {service: $1must, targets: [plain]}
	  - {service: $1known, targets: [plain]}
	  - {service: $1silent, targets: [plain]}
	  - {service: $1blind, targets: [plain]}
	  - {service: $1blind, tenant: acme, class: batch, targets: [both]}
	  - {service: $1weighted, targets: [{name: plain, weight: 2}, class]}
	  - {service: $1then, targets: [plain], then: [[class], [tenant, both]]}
	  - {service: $1abroad, targets: [abroad]}
	YAML
}

structure()
{
	apply_conf <<-YAML
	site: {name: fra, id: 1, zone: eu}
	zones: [{name: eu}, {name: us}]
	sites: [{name: ny, id: 2, zone: us}]
	tenants:
	  - {name: acme, id: 4211, sources: [$ACME/32, {prefix: $BATCH/32, class: batch}], keys: ["hex:$KEY"]}
	  - {name: caged, id: 7, sources: [$CAGED/32], zones: [eu]}
	  - {name: open, id: 8, sources: [$OPEN/32, {prefix: $WORKER/32, class: batch}, "2001:db8:1::2/128"]}
	classes: [{name: live, id: 1}, {name: batch, id: 2}]
	pools: [{name: p}, {name: none}, {name: p6}]
	targets:
	  - {name: plain, pool: p, address: 198.18.10.2, port: 8000}
	  - {name: class, pool: p, address: 198.18.10.2, port: 8001}
	  - {name: tenant, pool: p, address: 198.18.11.2, port: 8000}
	  - {name: both, pool: p, address: 198.18.11.2, port: 8001}
	  - {name: prefix, pool: p, address: 198.18.12.2, port: 8000}
	  - {name: mine, pool: p, address: 198.18.12.2, port: 8001}
	  - {name: abroad, pool: p, site: ny, address: 198.18.12.2, port: 8002}
	  - {name: six, pool: p6, address: "2001:db8:12::2", port: 8003}
	services:
	  - {name: strip, address: $VIP, port: 89, protocol: udp, pools: [p], strip: true}
	$(services tcp t; services udp u)
	placements:
	  - {service: strip, targets: [plain]}
	$(placements t; placements u)
	  - {service: tsix, targets: [six]}
	  - {service: usix, targets: [six]}
	YAML
}

next_port()
{
	local n

	n=$(cat "$tmp/port" 2> /dev/null || echo 10000)
	echo $((n + 1)) > "$tmp/port"
	echo $((n + ${1:-0}))
}

counted() { xs -j drop list | jq -c 'map({key: "\(.service) \(.reason)", value: .packets}) | from_entries'; }
grown()	# BEFORE: the reasons of refusals counted since
{
	counted | jq -r --argjson b "$1" 'to_entries[] | select(.value > ($b[.key] // 0)) | .key | sub(".* "; "")'
}

explained()	# PROTO TO FROM [SHIM ISN]: the target, or the reason for none
{
	xs -j explain "--$1" --to "$2" --from "$3" ${4:+--shim "$4" --isn "${5:-0}"} | jq -r 'if .reason == "placed" then .target else .reason end'
}

# shim_hex SHIM PROTO TO PORT ISN: the keys of both forms, and "prefix": [DEPTH, HASH]; or {"hex": HEX}, as it is
shim_hex()
{
	local forms='{tcp: {form: "tcp_option", isn: $isn, exp_a: (.prefix // [0])[0], hash_a: (.prefix // [0, "0"])[1]},
		udp: {form: "long", exp0: (.prefix // [4])[0], hashes: (.prefix // [] | .[1:])}}[$proto]'

	jq -r '.hex // empty' <<< "$1" | grep . && return
	jq -c --arg to "$3" --argjson port "$4" --argjson isn "$5" --arg proto "$2" "{to: \$to, port: \$port} + ($forms) + . | del(.prefix)" <<< "$1" | xs shim encode -
}

# asks FROM tcp|udp PORT [SHIM]: what this client meets; SHIM is JSON, to which the destination is added. A refusal is told with the
# reason that was counted, and an answer unlike what explain says with both.
asks()
{
	local from=$1 proto=$2 port=$3 to=$VIP sport isn=0 hex='' before got says

	[[ $from == *:* ]] && to=$VIP6
	sport=$(next_port)
	if [ -n "${4:-}" ]; then
		isn=$((RANDOM * 32768 + RANDOM))
		[ "$proto" = tcp ] && sport=$(next_port 10000)
		hex=$(shim_hex "$4" "$proto" $to "$port" $isn) || { echo "no shim"; return; }
	fi
	says=$(explained "$proto" "$(at $to "$port")" "$(at "$from" "$sport")" ${hex:+$hex $isn})
	before=$(counted)
	if [ "$proto" = udp ]; then
		got=$(LIMIT=0.5 cl udp $to "$port" 1 "$from@$sport" $hex)
	elif [ -z "$hex" ]; then
		got=$(LIMIT=0.5 cl tcp $to "$port" 1 "$from@$sport")
	else
		got=$(raw "{\"to\": \"$to\", \"port\": $port, \"from\": \"$from\", \"sport\": $sport, \"isn\": $isn, \"option\": \"$hex\", \"wait\": 0.5}")
		[ "$got" = synack ] && got=$(xs -j flow list client "$(at "$from" "$sport")" | jq -r '.[0].target')
	fi
	got=${got%:1}
	before=$(grown "$before")
	[ "$says" = "${before:-$got}" ] || got+=" but explain says $says"
	echo "$got${before:+ $before}"
}
at() { case $1 in *:*) echo "[$1]:$2" ;; *) echo "$1:$2" ;; esac; }

# both_ways WANT-BY-TCP WANT-BY-UDP FROM PORT [SHIM]
both_ways()
{
	like "^($1)\$" asks "$3" tcp "${@:4}" && like "^($2)\$" asks "$3" udp "${@:4}"
}
goes() { both_ways "$1" "$1" "${@:2}"; }
refused_to()	# REASON FROM PORT [SHIM]: told at once, over TCP by a reset, over UDP by ICMP, and counted by its name
{
	local reset=ECONNREFUSED

	[ -n "${4:-}" ] && reset=reset
	both_ways "$reset $1" "EHOSTUNREACH $1" "${@:2}"
}

lab up || exit 1
for ip in $ACME $BATCH $CAGED $OPEN $WORKER; do ip -n $LAB-client addr add $ip/24 dev eth0; done
serve gpu0 plain 8000 class 8001
serve gpu1 tenant 8000 both 8001
serve gpu2 prefix 8000 mine 8001 abroad 8002 six 8003
raw_up
must "load" xs load uplink gpu0 gpu1 gpu2
must "apply" structure


A='"tenant": 4211, "key": "'$KEY'"' O='"tenant": 8'
P='"prefix": [9, "11111111"]' NOW=$(date +%s)
row "nobody known: the service's placement" goes plain $BASE 80
row "a tenant by its source" goes tenant $ACME 80
row "a tenant and class by the source" goes both $BATCH 80
row "a class without a placement of the tenant's" goes class $WORKER 80
row "defaults of a service, which looks for no shim" goes both $BASE 84
row "the same with a shim that says otherwise" goes both $BASE 84 "{$O, \"class\": 1}"
row "a shim: tenant" goes tenant $BASE 80 "{$A, \"class\": 1}"
row "a shim: tenant and class" goes both $BASE 80 "{$A, \"class\": 2}"
row "a shim: tenant, class and prefix" goes mine $BASE 80 "{$A, \"class\": 2, $P}"
row "a prefix of another depth is another one" goes both $BASE 80 "{$A, \"class\": 2, \"prefix\": [10, \"11111111\"]}"
row "a shim: prefix alone has a placement" goes prefix $OPEN 80 "{$O, \"class\": 1, $P}"
row "a shim goes before the source" goes plain $WORKER 80 "{$O, \"class\": 1}"
row "a class that is not configured: the default" goes plain $WORKER 80 "{$O, \"class\": 9}"
row "the odd key" refused_to shim_unauthentic $BASE 80 "{$A, \"epoch\": 1}"
row "IPv6: a shim" goes six 2001:db8:1::2 81 "{$A}"

stripped()	# the shim is gone, the rest is whole
{
	is "plain-c0ffee:1" cl udp $VIP 89 1 $BASE "$(shim_hex "{$A}" udp $VIP 89 0)c0ffee"
}
row "a shim that is removed before delivery" stripped
row "refused: no shim" refused_to no_shim $BASE 81
row "refused: no shim, IPv6" both_ways "ECONNREFUSED no_shim" "EACCES no_shim" 2001:db8:1::2 81
row "refused: option of another version" is "reset shim_malformed" asks $BASE tcp 80 '{"hex": "fd14585380000000000000000000000000000000"}'
row "refused: shim of another version" is "EHOSTUNREACH shim_malformed" asks $BASE udp 80 "{\"hex\": \"58532008$(printf %056d 0)\"}"
row "refused: no such tenant" refused_to tenant_unknown $BASE 80 '{"tenant": 4711}'
row "refused: client of no tenant" refused_to tenant_unknown $BASE 82
row "refused: no such class" refused_to class_unknown $OPEN 81 "{$O, \"class\": 9}"
row "refused: wrong key" refused_to shim_unauthentic $BASE 80 "{\"tenant\": 4211, \"key\": \"ff${KEY:2}\"}"
row "refused: no tag though there is a key" refused_to shim_unauthentic $ACME 80 '{"tenant": 4211}'
row "refused: a tag though there is no key" refused_to shim_unauthentic $OPEN 80 "{$O, \"key\": \"$KEY\"}"
row "refused: untagged from elsewhere" refused_to tenant_unproven $BASE 80 "{$O}"
row "refused: made 3 minutes ago" both_ways "reset shim_unauthentic" "EHOSTUNREACH shim_stale" $BASE 80 "{$A, \"time\": $((NOW - 180))}"
row "refused: made for another address" refused_to shim_unauthentic $BASE 80 "{$A, \"to\": \"198.18.0.11\"}"
row "refused: no placement and no targets" refused_to no_rule $BASE 88
row "refused: no target within the tenant's zones" refused_to zone_denied $CAGED 87
row "a tenant without zones may go there" goes abroad $OPEN 87
row "refused in silence" both_ways "TIMEOUT no_shim" "TIMEOUT no_shim" $BASE 83

share()	# PROTO: of 300 flows, two thirds within 10 %
{
	local got

	got=$(cl "$1" $VIP 85 300)
	[[ $got =~ ^class:([0-9]+)\ plain:([0-9]+)$ ]] && [ "${BASH_REMATCH[1]}" -ge 70 ] && [ "${BASH_REMATCH[1]}" -le 130 ] &&
		[ $((BASH_REMATCH[1] + BASH_REMATCH[2])) = 300 ] || { echo "$got"; return 1; }
}
row "weights 2 and 1 over 300 connections" share tcp
row "weights 2 and 1 over 300 datagram flows" share udp

row "the first set while it is up" goes plain $BASE 86
xs target down plain > "$tmp/out"
row "its fallback when it is down" goes class $BASE 86
xs target drain class > "$tmp/out"
row "the next fallback when that drains" both_ways "tenant|both" "tenant|both" $BASE 86
xs target down tenant both > "$tmp/out"
row "refused: all fallbacks down" refused_to no_target $BASE 86
xs target up plain class tenant both > "$tmp/out"
row "up again" goes plain $BASE 86
finish
