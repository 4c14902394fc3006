#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The command line on a real instance: the manual's example, batch on maps, exit status by class.
# usage: t_cli.sh BUILD; prints `ok NAME`, `not ok NAME: why`
set -u
build=$(realpath "${1:-build}") ns=xs-cli-$$ inst=cli$$
tmp=$(mktemp -d)
trap 'cleanup; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
cleanup()
{
	if [ -d "/sys/fs/bpf/xsteer/$inst" ]; then xs unload; fi
	if [ -e "/run/netns/$ns" ]; then ip netns del "$ns"; fi
}
xs() { nsenter --net="/run/netns/$ns" "$build/xsteer" -i "$inst" "$@"; }

# want NAME STATUS TEXT COMMAND...: exit status, and a text that must be in the output
want()
{
	local name=$1 status=$2 text=$3 rc
	shift 3
	"$@" > "$tmp/out" 2>&1
	rc=$?
	if [ $rc = "$status" ] && { [ -z "$text" ] || grep -qF -- "$text" "$tmp/out"; }; then echo "ok cli/$name"; else echo "not ok cli/$name: exit $rc, want $status and '$text': $(head -3 "$tmp/out")"; fi
}

ip netns add "$ns" && ip -n "$ns" link add v0 type veth peer name v1 && ip -n "$ns" link set v0 up && ip -n "$ns" link set v1 up || exit 1
want not_loaded 1 "load it first" xs target list
want load 0 "v0" xs load v0
cp user/man/example.yaml "$tmp/"
"$build/xsteer" shim keygen > "$tmp/acme.key"
want example_plan 0 "+ service chat" xs apply --dry-run "$tmp/example.yaml"
want example 0 "revision 1" xs apply "$tmp/example.yaml"
xs show > "$tmp/shown.yaml"
cp "$tmp/shown.yaml" "$tmp/again.yaml"
xs apply "$tmp/again.yaml" > "$tmp/out" 2>&1 && xs show > "$tmp/again.yaml" && cmp "$tmp/shown.yaml" "$tmp/again.yaml"
if [ $? = 0 ]; then echo "ok cli/fixed_point"; else echo "not ok cli/fixed_point: $(head -3 "$tmp/out")"; fi
want unknown_row 1 "gpu9" xs target show gpu9

printf '%s\n' '# takes one out, adds one' 'target drain gpu0' "target set 'gpu2' pool llama70b address 198.18.12.2 port 8000" 'target show gpu2' > "$tmp/lines"
want batch 0 "198.18.12.2" xs batch file "$tmp/lines"
want batch_drained 0 "draining" xs target list name gpu0
printf 'target up gpu0\ntarget up gpu9\ntarget down gpu1\n' > "$tmp/lines"
want batch_stops 4 ":2: stopped; the 1 before it are done" xs batch file "$tmp/lines"
state() { xs -j target list | jq -r --arg n "$1" '.[] | select(.name == $n) | .state'; }
if [ "$(state gpu0) $(state gpu1)" = "up up" ]; then echo "ok cli/batch_in_part"; else echo "not ok cli/batch_in_part: gpu0 $(state gpu0), gpu1 $(state gpu1)"; fi
printf 'target list\nservice show chat\nshow\nversion\n' | xs -j batch file - > "$tmp/out" 2>&1
got=$(jq -r 'map(.status) | join(" ")' "$tmp/out") names=$(jq -r '.[0].output | map(.name) | join(" ")' "$tmp/out")
if [ "$got $names" = "0 0 0 0 gpu0 gpu1 gpu2" ]; then echo "ok cli/batch_json"; else echo "not ok cli/batch_json: $got $names: $(head -c 300 "$tmp/out")"; fi
printf 'unload\nload v0\ntarget list\n' > "$tmp/lines"
want batch_reload 0 "" xs batch file "$tmp/lines"
xs -j target list > "$tmp/out"
if [ "$(cat "$tmp/out")" = "[]" ]; then echo "ok cli/batch_reloaded"; else echo "not ok cli/batch_reloaded: $(head -c 200 "$tmp/out")"; fi
printf 'xsteer: 1\npools: [p]\ntargets: [{name: t, pool: q}, {name: u, pool: r}]\n' | xs -j apply - > "$tmp/out" 2>&1
got=$(jq -rs '[length, (.[0].error.object), (.[0].more | length)] | join(" ")' "$tmp/out")
if [ "$got" = "1 standard input:3:27 1" ]; then echo "ok cli/errors_are_one_object"; else echo "not ok cli/errors_are_one_object: $got: $(head -c 300 "$tmp/out")"; fi
want filter_of_no_rows 2 "zone has no such key" xs zone list colour red
# what libfyaml thinks of a value is not printed
xs target set gpu0 port '{' > "$tmp/out" 2>&1
rc=$?
if [ "$rc $(wc -l < "$tmp/out") $(grep -c 'port: "{" is no value' "$tmp/out")" = "2 1 1" ]; then echo "ok cli/no_value"; else echo "not ok cli/no_value: $rc $(head -c 300 "$tmp/out")"; fi
want given_twice 2 "port: is given twice" xs target set gpu0 port 1 port 2
want set_names_the_row 1 'xsteer: class c: id: "x" is no number; write a whole number from 0 to 15' xs class set c id x
xs apply - > "$tmp/out" 2>&1 <<-END
	xsteer: 1
	pools: [p]
	classes: [{name: c, id: 1}, {name: d, id: 2, ttft: 9ms}]
	targets: [{name: t, pool: p, address: 198.18.10.2, port: 1, price: {in: 0.3}}]
END
want unset_is_no_value 0 "c     1    - queue" xs class list
want decimal_fractions 0 '"in":0.3,' xs -j target list
want filter_unset 0 "t " xs target list site -
# shellcheck disable=SC2016 # expands inside
want full_disk 3 "No space left" bash -c '"$@" > /dev/full' x "$build/xsteer" help man
want no_device 1 "nosuchdev: no such device" xs load nosuchdev
want unload 0 "" xs unload
