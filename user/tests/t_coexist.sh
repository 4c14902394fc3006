#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Beside what hosts have: connection tracking that drops, masquerading, strict reverse path filters, a service address of the host's
# own. Traffic works, by either way, or load and doctor say what hinders it and what to do; that is then done, and works.
# usage: t_coexist.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" coexist "${1:-build}"

INVALID='table inet f {
	chain pass { type filter hook forward priority 0; ct state invalid drop; }
	chain inp { type filter hook input priority 0; ct state invalid drop; }
	chain outp { type filter hook output priority 0; ct state invalid drop; }
}'
masquerade() { echo "table ip n { chain post { type nat hook postrouting priority 100; oifname $1 masquerade; }; }"; }
# as doctor --help shows it
NOTRACK='table ip xsteer { chain pre { type filter hook prerouting priority raw; ip daddr 198.18.10.2 notrack; ip saddr 198.18.10.2 notrack; }; }'
CLOSED='table ip f { chain pass { type filter hook forward priority 0; policy drop;
	ct state { established, related } accept; ip daddr 198.18.10.2 accept; ip saddr 198.18.10.2 accept; }; }'

structure()
{
	apply_conf <<-YAML
	pools: [{name: far}, {name: near}]
	targets:
	  - {name: gpu0, pool: far, address: 198.18.10.2, port: 8000}
	  - {name: here, pool: near, address: 198.18.1.1, port: 8000}
	services:
	  - {name: far, address: $VIP, port: 80, pools: [far]}
	  - {name: near, address: $VIP, port: 81, pools: [near]}
	  - {name: ufar, address: $VIP, port: 80, protocol: udp, pools: [far]}
	  - {name: unear, address: $VIP, port: 81, protocol: udp, pools: [near]}
	YAML
}

rules() { lab exec host nft flush ruleset && { [ -z "${1:-}" ] || lab exec host nft -f - <<< "$1"; } || { echo "not ok coexist/rules: $1"; failed=1; }; }
forget() { ip -n $LAB-host neigh flush all; }	# so that the next packets cannot be redirected
way() { xs -j status | jq -r '.targets[] | select(.target == "gpu0") | .way'; }
found() { xs -j doctor | jq -r --arg c "$1" '.[] | select(.check | startswith($c)) | .state'; }

everything()	# TCP and UDP, to a host and to a process here, and 3 MB
{
	is "gpu0:20" cl tcp $VIP 80 20 && is "gpu0:20" cl udp $VIP 80 20 && is "here:20" cl tcp $VIP 81 20 && is "here:20" cl udp $VIP 81 20 &&
		is "$sum  -" eval "get -m 10 'http://$VIP:80/big/3000000' | sha256sum"
}

cold()	# the same when the host has forgotten all neighbours, also in the midst of a connection
{
	forget
	like '^gpu0:20$' cl tcp $VIP 80 20 || return
	forget
	like '^gpu0:20$' cl udp $VIP 80 20 || return
	forget
	like '^here:20$' cl tcp $VIP 81 20 || return
	forget
	is "$sum  -" eval "get -m 10 'http://$VIP:80/big/3000000' | sha256sum" && midst
}

midst()
{
	local rc=0

	hold $VIP 80 4 || return
	for _ in 1 2; do
		is "gpu0 gpu0 gpu0 gpu0" held || rc=1
		sleep 1.2	# next hops are remembered for a second
		forget
	done
	is "gpu0 gpu0 gpu0 gpu0" held || rc=1
	hang_up hold
	return $rc
}

breaks() { ! "$@" > "$tmp/out" 2>&1 || { echo "it does not: then doctor need not warn"; return 1; }; }

# works NAME: warm and cold
works()
{
	row "$mode: $1" everything
	row "$mode: $1: neighbours forgotten" cold
}

# in_the_way NAME RULES: works by the stack; direct it hinders, which doctor says, and what it advises helps
in_the_way()
{
	rules "$2"
	if [ $mode = stack ]; then
		works "$1"
		row "stack: $1: nothing for doctor to warn of" like '^ok( ok)*$' eval "found 'nft ' | xargs"
		return
	fi
	row "direct: $1: neighbours known" everything
	row "direct: $1: doctor warns" like '^warn( warn)*$' eval "found 'nft ' | xargs"
	rules "$2
$NOTRACK"
	works "$1, conntrack kept off the targets"
	row "direct: $1, conntrack kept off the targets: doctor is content" like '^ok( ok)*$' eval "found 'nft ' | xargs"
}

local_vip()	# DEV
{
	ip -n $LAB-host addr add $VIP/32 dev "$1"
	works "service address on $1"
	row "$mode: service address on $1: doctor knows" is ok found far
	lab_sysctl host net.ipv4.conf.all.rp_filter=1
	works "service address on $1, strict reverse path filter"
	lab_sysctl host net.ipv4.conf.all.rp_filter=0
	ip -n $LAB-host addr del $VIP/32 dev "$1"
}

lab up || exit 1
serve gpu0 gpu0 8000
serve host here 8000
sum=$(python3 -c "import hashlib; print(hashlib.sha256(hashlib.shake_128(b'xsteer').digest(3000000)).hexdigest())")

for mode in direct stack; do
	only=()
	[ $mode = direct ] || only=(--no-redirect)
	rules
	must "$mode: load" xs load "${only[@]}" uplink gpu0
	must "$mode: apply" structure
	must "$mode: that is the way" is $mode way
	works "nothing else"
	in_the_way "conntrack drops what is invalid" "$INVALID"
	in_the_way "masquerade towards targets" "$(masquerade gpu0)"
	in_the_way "masquerade towards clients" "$(masquerade uplink)"
	rules "$CLOSED"
	works "forwarding closed but for targets"
	row "$mode: forwarding closed: doctor warns" is warn found 'nft ip f pass'
	rules
	lab_sysctl host net.ipv4.conf.all.rp_filter=1
	works "strict reverse path filter"
	lab_sysctl host net.ipv4.conf.all.rp_filter=0
	local_vip lo
	local_vip uplink
	xs unload > /dev/null
done

# The reason for the warning, and that load says it at once.
rules "$(masquerade gpu0)"
row "load warns of masquerade" like 'warning.*nft ip n post.*rewrites sources.*--no-redirect' xs load uplink gpu0
rules "$INVALID"
xs unload > /dev/null
row "load warns of conntrack that drops what is invalid" like 'warning.*nft inet f pass.*invalid.*--no-redirect' xs load uplink gpu0
rules "$(masquerade gpu0)"
must "apply" structure

# What nft shows of iptables -A FORWARD -m conntrack --ctstate INVALID -j DROP, with ACCEPT, and with -t nat -j MASQUERADE
mkdir "$tmp/iptables"
cat > "$tmp/iptables/nft" <<'SH'
#!/bin/sh
cat <<'JSON'
{"nftables": [{"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": 2, "expr": [{"xt": {"type": "match", "name": "conntrack"}}, {"counter": {"packets": 0, "bytes": 0}}, {"drop": null}]}},
{"rule": {"family": "ip", "table": "filter", "chain": "FORWARD", "handle": 3, "expr": [{"xt": {"type": "match", "name": "conntrack"}}, {"counter": {"packets": 0, "bytes": 0}}, {"accept": null}]}},
{"rule": {"family": "ip", "table": "nat", "chain": "POSTROUTING", "handle": 4, "expr": [{"counter": {"packets": 0, "bytes": 0}}, {"xt": {"type": "target", "name": "MASQUERADE"}}]}}]}
JSON
SH
chmod +x "$tmp/iptables/nft"
iptables() { PATH="$tmp/iptables:$PATH" xs -j doctor | jq -r '.[] | select(.check | startswith("nft ")) | "\(.state) \(.found)"' | cut -d' ' -f1-3 | paste -sd' '; }
row "doctor knows the same rules made by iptables" is "warn handle 2 warn handle 4" iptables

row "direct, masquerade towards targets: a connection breaks when one of its packets takes the stack" breaks midst
finish
