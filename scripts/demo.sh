#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# demo.sh BUILD: the main job on real traffic, in network namespaces of its own (see lab.sh): clients reach a virtual address,
# XDP reads from the SYN who they are, and each connection goes where the rules say. Under a minute; leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${1:-build}")
. scripts/lab.sh
bold='' dim='' off=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' dim=$'\e[2m' off=$'\e[0m'; fi
if [ "$(id -u)" != 0 ]; then echo "demo: needs root: it makes network namespaces and loads BPF programs" >&2; exit 1; fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT	# until lab up sets its own
cgroot=$(findmnt -n -t cgroup2 -o TARGET | head -1)
if [ -z "$cgroot" ]; then echo "demo: no cgroup2 is mounted; mount -t cgroup2 none /sys/fs/cgroup" >&2; exit 1; fi
cgroup=$cgroot/$LAB-client

host() { lab exec host "$@"; }
xs() { host "$build/xsteer" -i demo "$@"; }
# What a program in the client's cgroup does; the shell moves itself there and becomes the program.
client() {
	# shellcheck disable=SC2016 # expands inside
	lab exec client bash -c 'echo $$ > "$0/cgroup.procs"; exec "$@"' "$cgroup" "$@"
}

# What a run leaves that is not in the namespaces; also of an earlier run that was killed.
clear_instance() {
	if [ -e "/run/netns/$LAB-host" ] && [ -d /sys/fs/bpf/xsteer/demo ]; then xs unload >/dev/null || true; fi
}
clear_cgroup() {
	if [ ! -d "$cgroup" ]; then return; fi
	xargs -r kill < "$cgroup/cgroup.procs" 2>/dev/null || true
	"$build/xsteer" stamp delete "$cgroup" >/dev/null 2>&1 || true
	lab wait 2 rmdir "$cgroup" 2>/dev/null || echo "demo: $cgroup stays: it is still in use" >&2
}
lab_cleanup() {
	clear_cgroup
	clear_instance
	cd /
	rm -rf "$tmp"
}

step() { printf '\n%s== %s%s\n' "$bold" "$1" "$off"; }
say() { printf '%s   %s%s\n' "$dim" "$1" "$off"; }
# Show the command line, then run it; in the background, so that a signal is not kept waiting.
# shown TEXT COMMAND...: show the command line, then run it; in the background, so that a signal is not kept waiting
shown() {
	printf '%s$ %s%s\n' "$bold" "$1" "$off"
	"${@:2}" &
	wait $!
}
run() { shown "xsteer -i demo $*" xs "$@"; }
# The requests that an accelerator has been given so far.
given() {
	host curl -s "http://198.18.1$1.2:8000/metrics" |
		awk '/^vllm:(request_success_total|num_requests_running|num_requests_waiting)\{/ { n += $2 } END { print n }'
}

config() {
	"$build/xsteer" shim keygen -o acme.key
	"$build/xsteer" shim keygen -o zeta.key
	cat > demo.yaml <<-END
	xsteer: 1
	site: {name: edge, id: 1}
	tenants:
	  - {name: acme, id: 4211, keys: [file:acme.key]}
	  - {name: zeta, id: 77, keys: [file:zeta.key]}
	classes:
	  - {name: interactive, id: 1, ttft: 250ms}
	  - {name: batch, id: 2, overflow: queue}
	pools:
	  - {name: llama, hash: text}
	targets:
	  - {name: gpu0, pool: llama, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: llama, address: 198.18.11.2, port: 8000}
	  - {name: gpu2, pool: llama, address: 198.18.12.2, port: 8000}
	services:
	  - {name: chat, address: $LAB_VIP, port: 8000, pools: [llama], shim: required, refuse: reset}
	placements:
	  - {service: chat, class: interactive, targets: [{name: gpu0, weight: 2}, gpu1], then: [[gpu2]]}
	  - {service: chat, tenant: zeta, class: interactive, targets: [gpu1], then: [[gpu0]]}
	  - {service: chat, class: batch, targets: [gpu2], then: [[gpu1]]}
	END
}

mix=(--tenant 4211:2 --tenant 77 --class 1:2 --class 2 --output 16)
drive() { client "$build/drive" --to "http://$LAB_VIP:8000" "${mix[@]}" "$@"; }

cd "$tmp"
step "A client, the steering host and three simulated accelerators"
clear_cgroup
clear_instance
lab up
clear_instance
for i in 0 1 2; do
	lab spawn "gpu$i" "$build/accel" --listen "[::]:8000" --name "gpu$i" --prefill 40k/s --gap 5ms --cache 200k
done
for i in 0 1 2; do lab wait 10 host curl -sf -o /dev/null "http://198.18.1$i.2:8000/health"; done

step "Load the programs on the host's devices, apply a configuration"
config
cat demo.yaml
run load uplink gpu0 gpu1 gpu2
run apply demo.yaml
run status

step "Stamp what the client's cgroup sends"
mkdir -p "$cgroup"
stamp=("$cgroup" --tenant "4211=file:acme.key" --tenant "77=file:zeta.key" --default 4211 --class 1)
shown "xsteer stamp cgroup ${stamp[*]}" "$build/xsteer" stamp cgroup "${stamp[@]}"

step "curl, which knows nothing of all this, asks the virtual address"
ask() {	# prints the text as it streams
	client curl -sSN -m 20 -D head "http://$LAB_VIP:8000/v1/chat/completions" -H "Content-Type: application/json" -d "$1" |
		sed -un 's/^data: {/{/p' | jq --unbuffered -rj '.choices[0].delta.content'
	echo
}
body='{"messages": [{"role": "user", "content": "Who are you?"}], "max_tokens": 35, "stream": true}'
shown "curl -N http://$LAB_VIP:8000/v1/chat/completions -d '$body'" ask "$body"
grep -i '^X-Accelerator' head
say "Elsewhere on the client there is no stamp, and the service requires one:"
shown "curl http://$LAB_VIP:8000/v1/models" lab exec client curl -sS -m 5 "http://$LAB_VIP:8000/v1/models" || say "refused at once, by a reset"

step "200 requests of conversations, two tenants in two classes"
shown "drive --to http://$LAB_VIP:8000 ${mix[*]} -n 200 --speed 4" drive -n 200 --speed 4

step "Where they went, and why"
run target list
run explain --to "$LAB_VIP:8000" --from 198.18.1.2 --tenant zeta --class interactive
run latency show by class,target
run latency show metric ttft by all --bars
run drop list
run stamp list
run flow list limit 5
flow=$(xs -j flow list | jq -r 'map(select(.ttft_us)) | last | .client // empty')
if [ -n "$flow" ]; then run flow show "$flow"; fi

step "Drain gpu0 under load"
say "300 requests begin ..."
drive -n 300 --speed 5 -j > drive.json 2> drive.err &
load=$!
sleep 2
run target drain gpu0
sleep 0.5	# requests on connections that were placed before reach it
before=$(given 0)
run target list
say "... and the rest goes on"
rc=0
wait $load || rc=$?
cat drive.err
after=$(given 0)
jq -r '"\(.requests) requests, \(.failed) failed; " + ([.where | group_by(.accelerator)[] | "\(.[0].accelerator) \(map(.requests) | add)"] | join(", "))' drive.json
echo "gpu0 had been given $before requests after the drain, and $after at the end"
if [ $rc != 0 ] || [ "$before" != "$after" ]; then echo "demo: a request failed, or went to a drained target" >&2; exit 1; fi

step "Done in $SECONDS s: no request failed, nothing of this stays"
