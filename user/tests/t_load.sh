#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# load, unload, status, probe and doctor on real devices: what is attached, refused, left behind, and survives being killed.
# usage: t_load.sh BUILD; prints `ok NAME`, `not ok NAME: why`, `skip NAME: why`
set -u
build=$(realpath "${1:-build}")
p=xl$$ inst=load$$ other=more$$
root=/sys/fs/bpf/xsteer
tmp=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM
bad=0 pids=()

cleanup()
{
	local n

	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null
	for n in "$inst" "$other"; do
		if [ -d "$root/$n" ]; then xsi "$n" unload; fi
	done >/dev/null 2>&1
	for n in "$p-h" "$p-a" "$p-b"; do
		if [ -e "/run/netns/$n" ]; then ip netns del "$n"; fi
	done
	rm -rf "$tmp"
}
in_ns() { nsenter --net="/run/netns/$p-$1" "${@:2}"; }
xsi() { in_ns h "$build/xsteer" -i "$@"; }
xs() { xsi "$inst" "$@"; }
gone() { [ ! -e "$root/$inst" ] && [ -z "$(in_ns h bpftool -j net | jq -r '.[0] | .xdp[], .tc[] | .devname')" ]; }
# a server in namespace b; not by in_ns, so that its own pid is what ends with us
serve() { nsenter --net="/run/netns/$p-b" python3 "$@" >/dev/null 2>&1 & pids+=($!); }
# how an instance stands: jq on status
has() { xs -j status | jq -e "$1" >/dev/null; }
result()	# NAME WHY: by the status of the command before
{
	if [ "$?" = 0 ]; then echo "ok load/$1"; else bad=1; echo "not ok load/$1: ${2:-$(tr '\n' ' ' < "$tmp/out" | cut -c1-300)}"; fi
}
# want NAME STATUS TEXT COMMAND...: exit status, and a text that must be in the output
want()
{
	local name=$1 status=$2 text=$3 rc

	"${@:4}" > "$tmp/out" 2>&1
	rc=$?
	[ $rc = "$status" ] && grep -qF -- "$text" "$tmp/out"
	result "$name" "exit $rc, want $status and '$text': $(head -c 300 "$tmp/out")"
}

for n in h a b; do ip netns add "$p-$n" && ip -n "$p-$n" link set lo up || exit 1; done
wire()	# DEV NS NET
{
	ip -n "$p-h" link add "$1" type veth peer name eth0 netns "$p-$2" && ip -n "$p-h" addr add "$3.1/24" dev "$1"
	ip -n "$p-$2" addr add "$3.2/24" dev eth0
	in_ns h ethtool -K "$1" tx off >/dev/null
	in_ns "$2" ethtool -K eth0 tx off gro off >/dev/null
	ip -n "$p-h" link set "$1" up && ip -n "$p-$2" link set eth0 up && ip -n "$p-$2" route add default via "$3.1"
}
wire v0 a 198.18.1 && wire v1 b 198.18.2 || exit 1
in_ns h sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

# Loaded on nothing: pins, who may read them, sizes
want not_loaded 1 "load it first" xs status
want unload_nothing 1 "load it first" xs unload
want few_flows 1 "out of range" xs load --flows 1023
want many_flows 1 "out of range" xs load --flows 16777215
want no_number 2 "no number" xs load --flows many
want no_mode 2 "no mode" xs load --mode fast v0
want no_group 1 "no such group" xs load --group nosuchgroup
want bad_name 2 "no name for an instance" xsi ../x load
[ ! -e "$root/$inst" ]; result refused_leaves_nothing "a directory is left"
want bare 0 "on no device" xs load --flows 5000 --series 16 --no-timing
has '.flows.records == 5000 and .timing == false and .devices == []'; result sizes
[ "$(stat -c %a "$root/$inst/v1/xs_flows" "$root/$inst/v1/xs_keys" "$root/$inst/v1/xs_secrets" | xargs)" = "640 600 600" ]; result modes "modes of pins"
want loaded_twice 1 "loaded already" xs load
want settled 1 "is settled" xs load --flows 4096 v0
want unload_bare 0 "" xs unload
gone; result nothing_left "pins or programs are left"

# Devices: modes, redirect, what is refused, and nothing half done
want devices 0 "native" xs load v0 v1
has '[.devices[] | select(.mode == "native" and .xdp == "link" and .redirect == false)] | length == 2'; result no_napi_no_redirect
want device_twice 1 "loaded on it already" xs load v0
want named_twice 1 "named twice" xs load v0 v0
want no_device 1 "no such device" xs load nosuch0
want unload_one 0 "" xs unload v1
has '[.devices[].device] == ["v0"]'; result one_left
want not_on_it 1 "not loaded on it" xs unload v1
in_ns b ethtool -K eth0 gro on
rx() { in_ns b sh -c 'grep eth0: /proc/net/dev' | awk '{ print $3 }'; }
before=$(rx)
want napi_redirect 0 "yes" xs load v1
[ $(($(rx) - before)) -ge 4 ]; result frames_arrived "$(rx) frames, $before before"
xs unload v1 && xs load --no-redirect v1 >/dev/null && has '.devices[] | select(.device == "v1") | .redirect == false'; result no_redirect
xs unload
want no_native 3 "no native XDP" xs load v0 lo
gone; result undone "what the failed load did is left"
want generic 0 "generic" xs load --mode generic lo
xs unload
in_ns h bpftool prog load "$build/bpf/classic.bpf.o" "/sys/fs/bpf/$p-foreign" >/dev/null 2>&1 || in_ns h bpftool prog loadall "$build/bpf/xsteer_probe.bpf.o" "/sys/fs/bpf/$p-foreign" >/dev/null 2>&1
foreign=$(find "/sys/fs/bpf/$p-foreign" -type f -name '*' 2>/dev/null | grep -v xmit | head -1)
in_ns h bpftool net attach xdp pinned "$foreign" dev v1
want foreign 1 "attached by someone else" xs load v0 v1
[ "$(in_ns h bpftool -j net | jq -r '.[0].xdp[].devname')" = v1 ] && [ ! -e "$root/$inst" ]; result foreign_stays "$(in_ns h bpftool net)"
in_ns h bpftool net detach xdp dev v1
rm -rf "/sys/fs/bpf/$p-foreign"

# Two instances
xs load v0 >/dev/null
want other_device 0 "v1" xsi "$other" load v1
want other_instance 1 "instance $inst is loaded on it" xsi "$other" load v0
xsi "$other" unload
has '.devices[0] | .xdp == "link" and .egress != "detached"'; result side_by_side

# What others do to us
link=$(in_ns h bpftool -j link show pinned "$root/$inst/v1/xdp_$(cat <(in_ns h ip -j link show v0 | jq '.[0].ifindex'))" | jq .id)
in_ns h bpftool link detach id "$link"
has '.devices[0].xdp == "detached"'; result detached_is_seen
want detached_doctor 1 "detached by someone else" xs doctor
want attached_again 0 "native" xs load v0
ip -n "$p-h" link add v2 type veth peer name v3
xs load v2 >/dev/null 2>&1
ip -n "$p-h" link del v2
xs load v1 >/dev/null && has '[.devices[].device] | sort == ["v0", "v1"]'; result deleted_device_pruned
xs unload; gone; result all_gone "pins or programs are left"

# Ways, and doctor's view of them
cat > "$tmp/conf.yaml" <<-EOF
	xsteer: 1
	pools: [{name: p}]
	targets:
	  - {name: near, pool: p, address: 198.18.2.2, port: 8000}
	  - {name: here, pool: p, address: 198.18.2.1, port: 8000}
	  - {name: nowhere, pool: p, address: 198.19.0.1, port: 8000}
	services: [{name: chat, address: 198.18.1.10, port: 8000, protocol: tcp, pools: [p]}]
	placements: [{service: chat, targets: [near]}]
EOF
way() { has ".targets[] | select(.target == \"$1\") | .way == \"$2\" and (.why | contains(\"$3\"))"; }
xs load v0 >/dev/null && xs apply "$tmp/conf.yaml" > "$tmp/out" 2>&1; result apply
way near stack "leaves by v1, which xsteer is not loaded on"; result way_not_loaded
way here stack "process on this host"; result way_local
way nowhere stack "no route"; result way_no_route
xs load v1 >/dev/null && way near direct "redirect was seen"; result way_direct
in_ns h sysctl -qw net.ipv4.conf.v0.forwarding=0
way near direct "changed since"; result way_changed
xs apply "$tmp/conf.yaml" >/dev/null && way near stack "forwarding is off on v0"; result way_forwarding
want doctor_forwarding 1 "does not forward IPv4" xs doctor
in_ns h sysctl -qw net.ipv4.conf.v0.forwarding=1
xs apply "$tmp/conf.yaml" >/dev/null && way near direct ""; result way_again
want doctor_no_route 1 "has no route" xs doctor
grep -q "nobody answers for it" "$tmp/out"; result doctor_vip
in_ns h nft -f - <<-EOF
	table ip t {
		chain post { type nat hook postrouting priority 100; oifname "v1" masquerade; }
		chain through { type filter hook forward priority 0; ct state invalid drop; }
	}
EOF
xs doctor > "$tmp/out" 2>&1
[ "$(grep -c "^warn *nft ip t" "$tmp/out")" = 2 ]; result doctor_nft
in_ns b ethtool -K eth0 gro off
want doctor_redirect 1 "redirect worked at load and does not now" xs doctor
in_ns b ethtool -K eth0 gro on
in_ns a ethtool -K eth0 gro on
xs unload v0 && xs load v0 >/dev/null
in_ns h nft flush ruleset
xs -j doctor | jq -e 'all(.state and .check and .found)' >/dev/null; result doctor_json

# Connections through it, and what goes by it, while it comes and goes
ip -n "$p-h" addr add 198.18.1.10/32 dev lo
serve -m http.server 8000 --directory "$tmp"
get() { in_ns a curl -fsm 3 -o /dev/null http://198.18.1.10:8000/conf.yaml; }
for _ in $(seq 50); do get && break; sleep 0.1; done
get; result direct_request "curl: $?"
xs -j status | jq -e '.counters[] | select(.counter == "direct_replies").count > 0' >/dev/null; result direct_replies
xs unload v1 && get; result stack_request "curl: $?"
xs -j status | jq -e '.counters[] | select(.counter == "stack_replies").count > 0' >/dev/null; result stack_replies
cat > "$tmp/echo.py" <<-EOF
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	if sys.argv[1] == "serve":
	    s.bind(("198.18.2.2", 9000))
	    while True:
	        s.sendto(*s.recvfrom(64))
	s.settimeout(0.02)
	got = 0
	for i in range(200):
	    s.sendto(b"%d" % i, ("198.18.2.2", 9000))
	    try:
	        while s.recv(64):
	            got += 1
	    except TimeoutError:
	        pass
	print(got, "of 200 datagrams came back")
EOF
serve "$tmp/echo.py" serve
in_ns a python3 "$tmp/echo.py" ask > "$tmp/echo" &
ask=$!
for _ in 1 2 3 4 5; do
	xs unload && xs load v0 v1 && xs apply "$tmp/conf.yaml" && get || break
done > "$tmp/out" 2>&1
result under_traffic
wait $ask
[ "$(cut -d' ' -f1 "$tmp/echo")" -ge 180 ]; result others_pass "$(cat "$tmp/echo")"
xs unload; gone; result gone_after_traffic "pins or programs are left"

# Killed at any time: nothing, or an instance that works
killed()	# NAME ROUNDS COMMAND...: run it, kill it a little later each time, up to 1.5 times as long as it takes
{
	local name=$1 rounds=$2 i why='' whole=0 pid began took at

	[ "$name" = killed_load ] || xs load v0 v1 >/dev/null
	began=${EPOCHREALTIME/./}
	xs "${@:3}" >/dev/null
	took=$((${EPOCHREALTIME/./} - began))
	[ "$name" = killed_unload ] || xs unload
	for ((i = 0; i < rounds && ${#why} == 0; i++)); do
		if [ "$name" = killed_unload ] && [ ! -e "$root/$inst/v1" ]; then xs load v0 v1 >/dev/null || why="load after a kill"; fi
		nsenter --net="/run/netns/$p-h" "$build/xsteer" -i "$inst" "${@:3}" >/dev/null 2>&1 &
		pid=$!
		at=$((took * 3 * i / rounds / 2))
		sleep "$(printf '%d.%06d' $((at / 1000000)) $((at % 1000000)))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
		if [ -e "$root/$inst/v1" ]; then
			whole=$((whole + 1))
			xs status > "$tmp/out" 2>&1 || why="round $i: status: $(head -1 "$tmp/out")"
			[ "$name" = killed_unload ] || xs unload || why="round $i: unload"
		elif [ -n "$(in_ns h bpftool -j net | jq -r '.[0].xdp[].devname')" ]; then
			why="round $i: no instance, but attached"
		fi
	done
	[ -z "$why" ]; result "$name" "$why"
	[ $whole -gt 0 ] && [ $whole -lt "$rounds" ]; result "${name}_meets_both" "$whole of $rounds were whole: the times do not meet it"
}
killed killed_load 60 load v0 v1 2>/dev/null
xs load >/dev/null && xs unload; gone; result load_after_kill "pins or programs are left"
killed killed_unload 30 unload 2>/dev/null
xs unload 2>/dev/null; xs load >/dev/null && xs unload; gone; result unload_after_kill "pins or programs are left"

# Two at once: one makes it, the other adds to it or is told
for i in 1 2 3 4 5; do
	xs load v0 > "$tmp/one" 2>&1 & one=$!
	xs load v1 > "$tmp/two" 2>&1 & two=$!
	wait $one && wait $two && has '[.devices[].device] | sort == ["v0", "v1"]' || { cat "$tmp/one" "$tmp/two" > "$tmp/out"; false; break; }
	xs unload & one=$!
	xs load >/dev/null 2>&1 & two=$!
	wait $one; wait $two
	xs unload 2>/dev/null
	gone || { echo "round $i: something is left" > "$tmp/out"; false; break; }
done
result two_at_once

# Who may
chmod 755 "$tmp"; cp "$build/xsteer" "$tmp/"
as_nobody() { in_ns h setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
want load_not_root 3 "run as root" as_nobody "$tmp/xsteer" -i "$inst" load v0
gone; result not_root_leaves_nothing "a directory is left"
xs load --group nogroup v0 >/dev/null
if [ -x /sys/fs/bpf ] && as_nobody test -x /sys/fs/bpf; then
	want group_reads 0 "v0" as_nobody "$tmp/xsteer" -i "$inst" status
	as_nobody cat "$root/$inst/v1/xs_keys" >/dev/null 2>&1; [ "$(stat -c '%a %G' "$root/$inst/v1/xs_keys")" = "600 root" ] || [ "$(stat -c %a "$root/$inst/v1/xs_keys")" = 600 ]
	result keys_are_roots "mode of xs_keys"
	as_stranger() { in_ns h setpriv --reuid=65534 --regid=1 --clear-groups "$@"; }
	want stranger_status 3 "run as root or in the group of the instance" as_stranger "$tmp/xsteer" -i "$inst" status
	want stranger_doctor 0 "the instance cannot be looked at: Permission denied" as_stranger "$tmp/xsteer" -i "$inst" doctor
	want group_may_not_unload 3 "" as_nobody "$tmp/xsteer" -i "$inst" unload
else
	echo "skip load/group_reads: /sys/fs/bpf is closed to others"
fi
xs unload

# Without a BPF file system: mounted, but not where it would vanish with the command
# shellcheck disable=SC2016 # expands inside
want private_mounts 1 "no BPF file system in this mount namespace" unshare --mount bash -c 'mount -t tmpfs none /sys/fs/bpf && exec "$@"' x "$build/xsteer" -i "$inst" load
# shellcheck disable=SC2016
want mounts_bpffs 0 "on no device" unshare --mount --pid --fork --mount-proc bash -c 'mount -t tmpfs none /sys/fs/bpf && "$@"; rc=$?; umount /sys/fs/bpf; exit $rc' x "$build/xsteer" -i "$inst" load

want probe 0 "loads xsteer's own" xs probe
xs -j probe | jq -e 'all(.here == "yes" or .here == "no") and (.[] | select(.feature == "programs").here == "yes")' >/dev/null; result probe_json
exit $bad
