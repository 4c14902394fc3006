#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# needs no root, but for the names that a loaded instance has
# What bash offers after the words of a line: drives the completion function as bash does, COMP_WORDS and COMP_CWORD.
# usage: t_completion.sh BUILD; prints `ok NAME`, `not ok NAME: why`, `skip NAME: why`
set -u
build=$(realpath "${1:-build}") ns=xs-compl-$$ inst=compl$$
tmp=$(mktemp -d)
trap 'cleanup; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
cleanup()
{
	if [ -d "/sys/fs/bpf/xsteer/$inst" ]; then nsenter --net="/run/netns/$ns" "$build/xsteer" -i "$inst" unload; fi
	if [ -e "/run/netns/$ns" ]; then ip netns del "$ns"; fi
}

"$build/xsteer" completion bash > "$tmp/script" || { echo "not ok completion/print: exit $?"; exit 1; }
if bash -n "$tmp/script" && shellcheck -s bash "$tmp/script"; then echo "ok completion/script"; else echo "not ok completion/script: see above"; fi
# shellcheck disable=SC1091
source "$tmp/script"

# offer WORD...: what is offered for the last word, sorted, in one line; with names sought by this build's program
offer()
{
	COMP_WORDS=("$build/xsteer" "$@")
	COMP_CWORD=$#
	_xsteer
	printf '%s\n' "${COMPREPLY[@]}" | sort -u | tr '\n' ' '
}

# expect NAME WANT WORD...: these exactly. has NAME WANT WORD...: these among others
expect()
{
	local name=$1 want=$2 got
	shift 2
	got=$(offer "$@")
	if [ "$got" = "${want:+$want }" ] || [ "$got" = "$want " ]; then echo "ok completion/$name"; else echo "not ok completion/$name: got '$got', want '$want'"; fi
}
has()
{
	local name=$1 want=$2 got w
	shift 2
	got=" $(offer "$@")"
	for w in $want; do
		[[ $got == *" $w "* ]] || { echo "not ok completion/$name: no '$w' in '$got'"; return; }
	done
	echo "ok completion/$name"
}

has commands "apply batch flow load target version" ''
expect prefix "version" ver
expect object "drain" target dr
has object_all "drain help list set up" target ''
expect globals "--instance" --ins
has globals_all "-j --json -p -i --verbose" -
expect behind_globals "version" -j -i "$inst" ver
expect none "" nosuchcommand ''
expect none_there "" target nosuchcommand ''
expect help_object "drain" help target dr
expect options "--dry-run" apply x.yaml --dr
expect options_once "" apply --dry-run x.yaml --dr
has filters "service target tenant" flow list ''
expect filters_once "" flow list service x serv
has set_keys "address pool port via" target set gpu9 ''
expect set_words "nat" target set gpu9 via na
expect set_more "pool port" target set gpu9 address 198.18.0.1 po
expect set_once "pool" target set gpu9 port 80 po
has list_keys "name pool via" target list ''
expect list_words "nat" target list via na
has reasons "no_shim zone_denied" drop list reason ''
has metrics "handshake ttft" latency show metric ''
expect arg_words "generic native" load --mode ''
has set_enum "none optional required" service set chat shim ''
expect no_word_at_end "" version ''
: > "$tmp/conf a.yaml"
: > "$tmp/conf.yaml"
expect files "$tmp/conf a.yaml $tmp/conf.yaml" apply "$tmp/co"
expect device "lo" load lo

if [ "$(id -u)" != 0 ]; then echo "skip completion/names: needs root to load an instance"; exit 0; fi
ip netns add "$ns" && ip -n "$ns" link add v0 type veth peer name v1 && ip -n "$ns" link set v0 up && ip -n "$ns" link set v1 up || exit 1
printf 'xsteer: 1\npools: [{name: p}]\ntargets:\n- {name: gpu0, pool: p, address: 198.18.1.2, port: 80}\n- {name: gpu1, pool: p, address: 198.18.1.3, port: 80}\nservices: [{name: chat, address: 198.18.0.1, port: 80, pools: [p]}]\n' > "$tmp/c.yaml"
nsenter --net="/run/netns/$ns" "$build/xsteer" -i "$inst" load v0 && nsenter --net="/run/netns/$ns" "$build/xsteer" -i "$inst" apply "$tmp/c.yaml" ||
	{ echo "not ok completion/names: no instance to ask"; exit 1; }
expect names "gpu0 gpu1" -i "$inst" target drain ''
expect names_prefix "gpu1" -i "$inst" target drain gpu1
expect names_filter "chat" -i "$inst" flow list service ''
expect names_ref "p" -i "$inst" target set gpu9 pool ''
expect names_list "gpu0 gpu1" -i "$inst" target list name gpu
expect names_other_instance "" -i "no$inst" target drain ''
expect instances "$inst" -i "$inst"
