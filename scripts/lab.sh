#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# lab: a client, the steering host and three accelerators as network namespaces $LAB-client, $LAB-host, $LAB-gpu0..2.
#
#   client eth0 198.18.1.2  -- uplink 198.18.1.1  host  gpu0 198.18.10.1 -- eth0 198.18.10.2  gpu0
#          2001:db8:1::2              2001:db8:1::1     2001:db8:10::1      2001:db8:10::2
#   gpu1 and gpu2 likewise on .11, :11: and .12, :12:. The virtual addresses $LAB_VIP and $LAB_VIP6 are on no device: client
#   and accelerators route everything to the host.
#
# Source it and call `lab up`, which also has everything removed on exit; a function lab_cleanup, if there is one, runs first.
# Run as a program (lab.sh up) the lab stays until `lab.sh down`.
#   lab up | down                         `up` begins with `down`: what a killed run left is removed
#   lab exec NS COMMAND...                run in client, host, gpu0..2; unlike `ip netns exec` /sys/fs/bpf stays as it is
#   lab spawn NS COMMAND...               the same in the background; sets LAB_PID
#   lab wait SECONDS COMMAND...           repeat the command until it succeeds; 1 when the time is up
LAB=${LAB:-xsd}
# shellcheck disable=SC2034 # for the caller
LAB_VIP=198.18.0.10
# shellcheck disable=SC2034
LAB_VIP6=2001:db8:0:10::10
LAB_NS=(client host gpu0 gpu1 gpu2)

lab_sysctl() {	# NS KEY=VALUE...
	nsenter --net="/run/netns/$LAB-$1" sysctl -qw "${@:2}"
}

# One veth pair, host device $2 with addresses .1 and ::1, its peer eth0 in namespace $1 with .2 and ::2.
lab_wire() {	# NS DEV NET4 NET6
	ip -n "$LAB-host" link add "$2" type veth peer name eth0 netns "$LAB-$1" || return
	ip -n "$LAB-host" addr add "$3.1/24" dev "$2"
	ip -n "$LAB-host" addr add "$4::1/64" dev "$2" nodad
	ip -n "$LAB-$1" addr add "$3.2/24" dev eth0
	ip -n "$LAB-$1" addr add "$4::2/64" dev eth0 nodad
	# XDP meets frames of a veth peer before their checksum is made: make it at once. GRO gives the veth NAPI, which
	# XDP_TX and redirects into it need.
	lab exec host ethtool -K "$2" tx off gro on >/dev/null
	lab exec "$1" ethtool -K eth0 tx off gro on >/dev/null
	ip -n "$LAB-host" link set "$2" up
	ip -n "$LAB-$1" link set eth0 up
	ip -n "$LAB-$1" route add default via "$3.1"
	ip -n "$LAB-$1" -6 route add default via "$4::1"
}

lab_up() {
	local ns i

	lab_down
	if [ "${BASH_SOURCE[0]}" != "$0" ]; then
		trap lab_end EXIT
		trap 'exit 130' INT
		trap 'exit 143' TERM
	fi
	for ns in "${LAB_NS[@]}"; do
		ip netns add "$LAB-$ns" || return
		ip -n "$LAB-$ns" link set lo up
	done
	lab_sysctl host net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	lab_wire client uplink 198.18.1 2001:db8:1 || return
	for i in 0 1 2; do
		lab_wire "gpu$i" "gpu$i" "198.18.1$i" "2001:db8:1$i" || return
	done
	for i in 0 1 2; do
		lab wait 10 lab_reaches "198.18.1$i.2" && lab wait 10 lab_reaches "2001:db8:1$i::2" && continue
		echo "lab: the client does not reach gpu$i" >&2
		return 1
	done
}

lab_reaches() {	# ADDRESS: the discard port answers the client, with a reset
	[[ $(lab exec client timeout 1 bash -c "exec 3<>/dev/tcp/$1/9" 2>&1) == *refused* ]]
}

lab_pids() {
	local ns

	for ns in "${LAB_NS[@]}"; do
		if [ -e "/run/netns/$LAB-$ns" ]; then ip netns pids "$LAB-$ns"; fi
	done
}

lab_down() {
	local ns pids -

	set +e	# each step is worth trying, whatever the caller thinks of errors
	pids=$(lab_pids)
	if [ -n "$pids" ]; then
		# shellcheck disable=SC2086 # one word a process
		kill $pids 2>/dev/null
		lab wait 2 lab_gone || lab_pids | xargs -r kill -9 2>/dev/null
	fi
	for ns in "${LAB_NS[@]}"; do
		if [ -e "/run/netns/$LAB-$ns" ]; then ip netns del "$LAB-$ns"; fi
	done
	return 0
}

lab_gone() {
	[ -z "$(lab_pids)" ]
}

lab_end() {
	local rc=$?

	set +e
	trap - EXIT
	trap '' INT TERM
	if declare -F lab_cleanup >/dev/null; then lab_cleanup; fi
	lab_down
	exit $rc
}

lab_wait() {	# SECONDS COMMAND...
	local end=$((SECONDS + $1))

	until "${@:2}"; do
		if [ $SECONDS -gt $end ]; then return 1; fi
		sleep 0.05
	done
}

lab() {
	case ${1:-} in
	up) lab_up ;;
	down) lab_down ;;
	exec) nsenter --net="/run/netns/$LAB-$2" "${@:3}" ;;
	spawn)
		nsenter --net="/run/netns/$LAB-$2" "${@:3}" &
		# shellcheck disable=SC2034 # for the caller
		LAB_PID=$! ;;
	wait) lab_wait "${@:2}" ;;
	*) echo "usage: lab up | down | exec NS COMMAND... | spawn NS COMMAND... | wait SECONDS COMMAND..." >&2; return 2 ;;
	esac
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then lab "$@"; fi
