# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Real traffic in the lab: targets that tell their names, clients on real sockets and raw packets.
# usage: . lib.sh TOPIC BUILD. A row is one sentence and one command that must succeed; what it says on failure is the why.
set -u
TOPIC=$1 build=$(realpath "${2:-build}")
traffic=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
LAB=xst-$TOPIC inst=xst-$TOPIC
. "$traffic/../../../scripts/lab.sh"
tmp=$(mktemp -d)
failed=0
VIP=$LAB_VIP VIP6=$LAB_VIP6 CLIENT=198.18.1.2

lab_cleanup()
{
	local i

	if declare -F topic_cleanup > /dev/null; then topic_cleanup; fi
	for i in /sys/fs/bpf/xsteer/"$inst"*; do
		if [ -d "$i" ]; then lab exec host "$build/xsteer" -i "${i##*/}" unload > /dev/null; fi
	done
	rm -rf "$tmp"
}

# An early end of the script is a failure of its own.
finish() { exit $((failed > 0)); }

xs() { lab exec host "$build/xsteer" -i "$inst" "$@"; }

# row SENTENCE COMMAND...
row()
{
	if "${@:2}" > "$tmp/why" 2>&1; then
		echo "ok $TOPIC/$1"
	else
		failed=$((failed + 1))
		echo "not ok $TOPIC/$1: $(head -c 600 "$tmp/why" | tr '\n' ' ')"
	fi
}

# must SENTENCE COMMAND...: a row that all later ones stand on
must()
{
	local before=$failed

	row "$@"
	[ "$failed" = "$before" ] || finish
}

# is WANT COMMAND...: it says exactly this
is()
{
	local got

	got=$("${@:2}" 2>&1)
	[ "$got" = "$1" ] || { echo "want \"$1\", got \"$got\""; return 1; }
}

# like REGEX COMMAND...: it says something that matches
like()
{
	local got

	got=$("${@:2}" 2>&1)
	[[ $got =~ $1 ]] || { echo "want /$1/, got \"$got\""; return 1; }
}

# refused STATUS REGEX COMMAND...: it ends with this status and says why
refused()
{
	local got rc

	got=$("${@:3}" 2>&1)
	rc=$?
	[ $rc = "$1" ] && [[ $got =~ $2 ]] || { echo "want status $1 and /$2/, got $rc, \"$got\""; return 1; }
}

serve()	# NS [NAME PORT]...: servers in the background, once they listen
{
	lab spawn "$1" /usr/bin/python3 "$traffic/serve.py" "${@:2}"
	lab wait 10 listens "$1" "${@: -1}" || { echo "servers of $1 do not come up"; exit 1; }
}
listens() { lab exec "$1" ss -Hlun "sport = :$2" | grep -q '\['; }

apply_conf() { { echo "xsteer: 1"; cat; } | xs apply -; }

cl() { lab exec client /usr/bin/python3 "$traffic/client.py" "$@"; }
get() { lab exec client curl -sS -m 5 -g "$@"; }

# spawn_client FILE ARGS...: client.py in the background, what it tells goes to FILE; waits until it runs
spawn_client()
{
	lab spawn client /usr/bin/python3 "$traffic/client.py" "${@:2}" > "$1" 2> "$1.err"
	lab wait 10 test -s "$1.err" || echo "client ${*:2} does not start"
}

# ended PID FILE: ends it and prints what it told
ended()
{
	kill "$1" 2> /dev/null
	lab wait 10 test -s "$2"
	cat "$2"
}

# talk NAME NS COMMAND...: a command in the background; say NAME LINE gives it a line, hear NAME prints the next one of its own.
declare -A said heard talks
talk()
{
	local fd

	mkfifo "$tmp/$1.in" "$tmp/$1.out"
	lab exec "$2" "${@:3}" < "$tmp/$1.in" > "$tmp/$1.out" 2> "$tmp/$1.err" &
	talks[$1]=$!
	exec {fd}> "$tmp/$1.in"
	said[$1]=$fd
	exec {fd}< "$tmp/$1.out"
	heard[$1]=$fd
}
say() { printf '%s\n' "${@:2}" >&"${said[$1]}"; }
hear()
{
	local line

	read -r -t 20 -u "${heard[$1]}" line || line="no answer: $(tail -1 "$tmp/$1.err")"
	printf '%s\n' "$line"
}
hang_up()	# NAME: its input ends, and so does it
{
	exec {said[$1]}>&- {heard[$1]}<&-
	kill "${talks[$1]}" 2> /dev/null
	wait "${talks[$1]}" 2> /dev/null
	rm -f "$tmp/$1.in" "$tmp/$1.out"
}

# The same with datagram sockets
uhold()
{
	talk uhold client /usr/bin/python3 "$traffic/client.py" uhold "$@"
	is open hear uhold
}
uheld() { say uhold; hear uhold; }

# loaded: connections without pause begin; unhurt REGEX: they end, and all of them were answered, by targets that match
loaded()
{
	rm -f "$tmp/load"
	spawn_client "$tmp/load" load $VIP 80 4
	load=$LAB_PID
}
unhurt() { like "^(($1):[0-9]+ ?)+\$" ended "$load" "$tmp/load"; }

# hold ADDR PORT N: connections that stay open; held: the targets that answer on each of them, now
hold()
{
	talk hold client /usr/bin/python3 "$traffic/client.py" hold "$@"
	is open hear hold
}
held() { say hold; hear hold; }

# Raw packets of the client. Their TCP ports are 20000 to 29999, whose resets by the client's kernel are kept in.
raw_up()
{
	local mac

	lab exec client nft 'table inet raw { chain out { type filter hook output priority 0; tcp sport 20000-29999 tcp flags & rst == rst drop; }; }'
	mac=$(ip -n "$LAB-host" -j link show uplink | jq -r '.[0].address')
	talk raw client /usr/bin/python3 "$traffic/raw.py" "$mac"
}
raw() { say raw "$1"; hear raw; }	# JSON: prints the outcome

# drops SERVICE REASON: packets counted under it so far
drops() { xs -j drop list --all service "$1" reason "$2" | jq 'map(.packets) | add // 0'; }
# flow FIELD SERVICE CLIENT[:PORT]: this field of the flow
flow() { xs -j flow list service "$2" client "$3" | jq -r ".[0].$1"; }
