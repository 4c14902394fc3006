#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# apply on a host with traffic: all or nothing, whoever else applies and whenever it is killed.
# usage: t_apply.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" apply "${1:-build}"

# Two structures that differ in every kind of row; both serve the same address.
structure()	# a|b
{
	local n=1 first=gpu0 other=gpu1

	[ "$1" = b ] && n=2 first=gpu1 other=gpu2
	cat <<-YAML
	xsteer: 1
	settings: {tcp_idle: ${n}00s}
	site: {name: fra, id: $n, zone: eu-$1}
	zones: [{name: eu-$1}, {name: both}]
	tenants:
	$(for i in {1..20}; do echo "  - {name: t$i-$1, id: $((i + n * 100)), sources: [198.19.$n.$i/32], zones: [eu-$1]}"; done)
	classes: [{name: c-$1, id: $n}]
	pools: [{name: p}, {name: p-$1}]
	targets:
	  - {name: gpu0, pool: p, address: 198.18.10.2, port: 8000}
	  - {name: $first-$1, pool: p-$1, address: 198.18.10.2, port: $((9000 + n))}
	  - {name: gpu1, pool: p, address: 198.18.11.2, port: 8000}
	  - {name: gpu2, pool: p, address: 198.18.12.2, port: 8000}
	services:
	  - {name: chat, address: $VIP, port: 80, pools: [p], shim: optional}
	  - {name: only-$1, address: $VIP, port: $((90 + n)), pools: [p-$1], default_class: c-$1}
	placements:
	  - {service: chat, targets: [{name: $first, weight: 3}, $other]}
	$(for i in {1..60}; do printf '  - {service: chat, prefix: {depth: %d, hash: "%08x"}, targets: [gpu%d]}\n' $((8 + n)) "$i" $((i % 3)); done)
	$(for i in {1..20}; do echo "  - {service: chat, tenant: t$i-$1, targets: [$first, {name: gpu2, weight: $i}]}"; done)
	YAML
}
for x in a b; do structure $x > "$tmp/$x.yaml"; done
revision() { xs -j status | jq .revision; }
same() { is "$shown" eval 'xs show; revision'; }

lab up || exit 1
for i in 0 1 2; do serve gpu$i gpu$i 8000 only 9001; done
must "load" xs load uplink gpu0 gpu1 gpu2
for x in b a; do
	must "apply $x" xs apply "$tmp/$x.yaml"
	xs show > "$tmp/$x.shown"
done
row "what show prints applies as no change" is "" eval 'xs show | xs apply --dry-run - | grep "^[-+~]"'
row "connections" hold $VIP 80 12
held=$(held)
loaded

shown=$(xs show; revision)
wrong()	# REGEX SED: structure b with this mistake is refused, and nothing changes
{
	sed "$2" "$tmp/b.yaml" > "$tmp/wrong.yaml"
	refused 1 "$1" xs apply "$tmp/wrong.yaml" && same
}
row "mistake: no such target" wrong gpu7 's/targets: \[gpu1\]/targets: [gpu7]/'
row "mistake: no such key" wrong colour 's/{name: gpu2,/{colour: red, name: gpu2,/'
row "mistake: a name twice" wrong gpu1 's/name: gpu2,/name: gpu1,/'
row "mistake: two services at one address" wrong "" "s/port: 92/port: 80/"
row "mistake: no YAML" wrong "" 's/^placements:/placements: {[/'
row "mistake: cut off in the middle" wrong "" '100,$ s/.*/  - {service: chat, ta/'
row "mistake: empty" refused 1 "" xs apply /dev/null
row "after an empty document the same is there" same
row "mistake: a key file that is not there" wrong "nosuch" 's/id: 201,/id: 201, keys: ["file:nosuch.key"],/'
row "dry run changes nothing" eval 'xs apply --dry-run "$tmp/b.yaml" && same'

two_at_once()
{
	local a b

	xs apply "$tmp/a.yaml" > "$tmp/a.out" 2>&1 & a=$!
	xs apply "$tmp/b.yaml" > "$tmp/b.out" 2>&1 & b=$!
	wait $a && wait $b || { cat "$tmp/a.out" "$tmp/b.out"; return 1; }
	one_of_both
}
one_of_both() { xs show > "$tmp/now"; cmp -s "$tmp/now" "$tmp/a.shown" || cmp -s "$tmp/now" "$tmp/b.shown" || { diff "$tmp/now" "$tmp/a.shown"; return 1; }; }
six_times() { for _ in {1..6}; do two_at_once || return; done; }
row "two applies at once, six times" six_times

fifty()
{
	local i

	for i in {1..25}; do xs apply "$tmp/a.yaml" && xs apply "$tmp/b.yaml" || return; done
}
row "50 applies under load" fifty
row "connections stay where they were" is "$held" held
row "no request failed" unhurt "gpu[012]"

# killed N: applies that are killed at any moment of their work, the two structures in turn
killed()
{
	local took=$EPOCHREALTIME i x n=0 at

	xs apply "$tmp/a.yaml" > "$tmp/out" || return
	took=$(((${EPOCHREALTIME/./} - ${took/./}) * 12 / 10))
	for ((i = 0; i < $1; i++)); do
		x=$([ $((i % 2)) = 0 ] && echo b || echo a)
		at=$((RANDOM * took / 32768 + 1))
		lab exec host timeout -s KILL "$(printf '%d.%06d' $((at / 1000000)) $((at % 1000000)))" "$build/xsteer" -i "$inst" apply "$tmp/$x.yaml" > "$tmp/out" 2>&1
		[ $? = 137 ] && n=$((n + 1))
		one_of_both || return
	done
	echo "$n of $1 were killed"
	[ $n -ge $(($1 / 4)) ] && [ $n -lt "$1" ]
}
loaded
row "50 applies killed at random: what is there is one of the two, whole" killed 50
row "connections stay where they were" is "$held" held
row "new ones are served" like '^(gpu[012]:[0-9]+ ?)+$' cl tcp $VIP 80 20
row "the next apply works" xs apply "$tmp/a.yaml"
row "and is what it says" cmp "$tmp/a.shown" <(xs show)
row "new connections go as it says" like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 40
row "its own service answers, the other's does not" like "^only:1 (EHOST|ENET)UNREACH:1\$" eval 'echo $(cl tcp $VIP 91 1) $(cl tcp $VIP 92 1)'
row "no request failed" unhurt "gpu[012]"
row "unload" xs unload
finish
