#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# t_observe.sh BUILD - what the operator sees of real requests: flow list and show, latency show, drop list, metrics, explain.
# Servers answer at known times (header 30 ms, first token 150 ms, end 250 ms), so figures can be judged.
# Prints `ok NAME` or `not ok NAME: why`.
cd "$(dirname "$0")/../.." || exit 1
build=${1:-build} tmp=$(mktemp -d) LAB=xo
. scripts/lab.sh

x() { lab exec host "$build/xsteer" -i observe "$@"; }
xj() { x -j "$@"; }

lab_cleanup() {
	x unload >/dev/null 2>&1
	rm -rf "$tmp"
}

row() {	# NAME COMMAND...
	local why
	if why=$("${@:2}" 2>&1); then echo "ok observe/$1"; else echo "not ok observe/$1: ${why:0:600}"; fi
}

is() {	# FILTER ARGS...: a jq filter is true of what `xsteer -j ARGS` prints
	local out
	out=$(xj "${@:2}")
	jq -e "$1" <<< "$out" >/dev/null || { echo "$1 is not true of $out"; return 1; }
}

cat > "$tmp/server.py" <<'PY'
import sys, time, socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class H(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def chunk(self, b):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(b), b))
    def do_GET(self):
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        time.sleep(.03)
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        time.sleep(.12)
        self.chunk(sys.argv[1].encode())
        time.sleep(.1)
        self.chunk(b" end\n")
        self.wfile.write(b"0\r\n\r\n")
class S(ThreadingHTTPServer):
    request_queue_size = 64
    daemon_threads = True
S(("0.0.0.0", 8000), H).serve_forever()
PY
cat > "$tmp/c.yaml" <<'YAML'
xsteer: 1
site: {name: fra, id: 7, zone: eu-de}
zones: [eu-de, us]
tenants:
  - {name: acme, id: 4211, sources: [198.18.1.0/24], zones: [eu-de], keys: ["hex:000102030405060708090a0b0c0d0e0f"]}
classes:
  - {name: interactive, id: 1}
sites:
  - {name: far, id: 9, zone: us, endpoint: 198.18.9.1}
pools:
  - {name: llama}
targets:
  - {name: gpu0, pool: llama, address: 198.18.10.2, port: 8000}
  - {name: gpu1, pool: llama, address: 198.18.11.2, port: 8000}
  - {name: gpu2, pool: llama, address: 198.18.12.2, port: 8000, site: far}
services:
  - {name: chat, address: 198.18.0.10, port: 8000, protocol: tcp, pools: [llama], shim: optional, first_token: 2}
  - {name: strict, address: 198.18.0.10, port: 8001, protocol: tcp, pools: [llama], shim: required}
placements:
  - {service: chat, tenant: acme, targets: [gpu2, gpu0, gpu1]}
YAML

ask() {	# PORT: one request from this client port; prints who answered
	lab exec client curl -sS -m 5 --local-port "$1" "http://$LAB_VIP:8000/"
}

lab up || { echo "not ok observe/lab: it does not come up"; exit 1; }
for i in 0 1 2; do
	lab spawn "gpu$i" python3 "$tmp/server.py" "gpu$i"
done
if ! { x load --group games uplink gpu0 gpu1 gpu2 && x apply "$tmp/c.yaml"; } > "$tmp/load" 2>&1; then
	echo "not ok observe/load: $(cat "$tmp/load")"
	exit 1
fi
for i in 0 1 2; do
	lab wait 10 lab exec host curl -so /dev/null -m 2 "http://198.18.1$i.2:8000/"
done

row "no flows yet" is '. == []' flow list
row "nothing measured yet" is '.latency == [] and .measured' latency show
row "nothing dropped yet" is '. == []' drop list

# The dry run must agree with what real packets then do, and leave no trace of itself.
# All figures but those of packets that are for no service: neighbours talk.
counted() { x metrics | grep -v 'service="-"'; }
agree() {
	local port said got before after asking=()
	before=$(counted)
	for port in $(seq 41000 41019); do
		said=$(xj explain --to "$LAB_VIP:8000" --from "198.18.1.2:$port" | jq -r .target)
		echo "$port $said"
	done > "$tmp/said"
	after=$(counted)
	[ "$before" = "$after" ] || { echo "explain changed: $(diff <(echo "$before") <(echo "$after"))"; return 1; }
	while read -r port said; do
		(got=$(ask "$port" | sed -n 's/ end//p'); echo "$port $got") &
		asking+=($!)
	done < "$tmp/said" > "$tmp/got"
	wait "${asking[@]}"
	diff "$tmp/said" <(sort "$tmp/got")
}
row "explain says where 20 connections then go" agree
row "zone: no flow went to gpu2" is 'all(.target != "gpu2")' flow list --all
row "explain: every candidate and why" is \
	'.reason == "placed" and .decided_by == "source prefix" and .level == "tenant" and .rule.from == "config" and (.candidates | all(.chosen == (.why == "chosen"))) and ([.candidates[] | select(.target == "gpu2") | .why] | all(. == "outside the tenant'\''s zones"))' \
	explain --to "$LAB_VIP:8000" --from 198.18.1.9
row "explain: an authentic shim of its own making" is '.reason == "placed" and .decided_by == "shim" and .authentic and .class == "interactive" and .ring_by == "prefix"' \
	explain --to "$LAB_VIP:8001" --from 203.0.113.5 --tenant acme --class interactive --prefix 9:1a2b3c4d
row "explain: a wrong shim" is '.reason == "shim_unauthentic" and .action == "refuse" and (has("target") | not)' \
	explain --to "$LAB_VIP:8001" --shim fd145853515010731a2b3c4d0000000011111111
row "explain: not ours" is '.reason == "not_ours" and .service == null' explain --to 198.18.0.77:1

row "flow list: all, once each" is 'length == 20 and ([.[].client] | unique | length) == 20 and all(.service == "chat" and .tenant == "acme")' flow list --all
row "flow list: filters" is 'length == 1 and .[0].client == "198.18.1.2:41003"' flow list client 198.18.1.2:41003 --all
row "flow list: a filter that nothing meets" is '. == []' flow list client 198.18.7.0/24 --all
row "flow list: limit" is 'length == 3' flow list limit 3 --all
row "flow list: ttft and counts" is 'all(.requests_seen == 1 and .requests_placed == 1 and .ttft_us > 145000 and .ttft_us < 2000000 and .to_target.packets > 3 and .to_client.bytes > 200)' \
	flow list --all
row "flow show: in full" is '.level == "tenant" and .rule.tenant == "acme" and .set == 0 and .shim == false and .handshake_us > 0 and .ttfb_us > 28000 and .ttfb_us < .ttft_us and .duration_us > 240000 and .duration_us < 3000000 and .age_ms >= .idle_ms' \
	flow show 198.18.1.2:41003

unknown() {
	x flow show 198.18.1.2:9
	[ $? = 1 ]
}
row "flow show: no such flow is refused" unknown

row "latency show: every request counted" is '.latency | length == 1 and .[0].ttft.count == 20 and .[0].handshake.count == 20 and .[0].duration.count == 20' latency show by service
row "latency show: quantiles" is '.latency[0] | .ttfb.p50_us > 27000 and .ttfb.p50_us < 1000000 and .ttft.p50_us > 135000 and .ttft.p50_us < 2000000 and .duration.p50_us > 225000 and .ttft.p50_us <= .ttft.p99_us and .ttft.p99_us <= .ttft.max_us' \
	latency show by all
row "latency show: rows add up" is '([.latency[].ttft.count] | add) == 20 and all(.latency[]; .target != "gpu2")' latency show by target
row "latency show: buckets add up" is '([.latency[0].ttft.buckets[].count] | add) == 20' latency show by all metric ttft --bars
bars() { x latency show by all metric ttft --bars | grep -cE '<= .*%.*(#|█)' >/dev/null; }
row "latency show: bars" bars

# A connection that carries three requests was placed once.
keep() { lab exec client curl -sS -m 5 --local-port 42000 "http://$LAB_VIP:8000/" "http://$LAB_VIP:8000/" "http://$LAB_VIP:8000/" -o /dev/null -o /dev/null -o /dev/null; }
row "three requests on one connection" keep
row "requests seen beside requests placed" is '.requests_seen == 3 and .requests_placed == 1' flow show 198.18.1.2:42000

# A live connection decides for its own packets.
lab spawn client bash -c "exec 3<>/dev/tcp/$LAB_VIP/8000; exec sleep 20"
live() { [ -n "$(xj flow list state established | jq -r '.[0].client // empty')" ]; }
lab wait 5 live
row "explain: a live flow decides" is '.reason == "steered" and .decided_by == "flow" and .target != null and .tenant == "acme"' \
	explain --to "$LAB_VIP:8000" --from "$(xj flow list state established | jq -r '.[0].client')"

lab exec client curl -s -m 2 "http://$LAB_VIP:8001/" >/dev/null
row "drop list: reason, service, help" is 'length == 1 and (.[0] | .reason == "no_shim" and .action == "refuse" and .service == "strict" and .packets >= 1 and (.help | length) > 10)' drop list
row "drop list: filter by reason" is '.[0].reason == "placed" and .[0].packets == 22' drop list reason placed
row "drop list --all: every reason" is '[.[].reason] | unique | length > 25' drop list --all

metrics() {
	x metrics > "$tmp/m" && promtool check metrics < "$tmp/m" && [ "$(tail -1 "$tmp/m")" = "# EOF" ]
}
row "metrics: promtool accepts them" metrics
openmetrics() {	# the reader of OpenMetrics proper wants times
	awk '/^#/ { print; next } { print $0, 1700000000 }' "$tmp/m" > "$tmp/m.ts" && promtool tsdb create-blocks-from openmetrics "$tmp/m.ts" "$tmp/blocks"
}
row "metrics: Prometheus reads them as OpenMetrics" openmetrics
sums() {
	local seen
	seen=$(awk '/^xsteer_ttft_seconds_count/ { n += $2 } /^xsteer_ttft_seconds_bucket.*le="\+Inf"/ { i += $2 } /^xsteer_packets_total.*service="strict",reason="no_shim"/ { d = $2 } END { print n, i, (d > 0) }' "$tmp/m")
	[ "$seen" = "23 23 1" ] || { echo "$seen"; return 1; }
}
row "metrics: agree with the views" sums
output() {
	x metrics --output "$tmp/x.prom" && promtool check metrics < "$tmp/x.prom" && [ "$(echo "$tmp"/x.prom*)" = "$tmp/x.prom" ] && [ "$(stat -c %a "$tmp/x.prom")" = 644 ] &&
		! x metrics --output "$tmp/no/x.prom" 2>/dev/null
}
row "metrics --output" output
# Who may only read gets the same, from copies of what root maps.
group() {
	cp "$build/xsteer" "$tmp/xsteer" && chmod 755 "$tmp" "$tmp/xsteer"
	lab exec host setpriv --reuid=nobody --regid=nogroup --groups=games "$tmp/xsteer" -i observe "$@"
}
groups() {
	diff <(xj flow list --all | jq -c '.[] | del(.age_ms, .idle_ms, .expired)') <(group -j flow list --all | jq -c '.[] | del(.age_ms, .idle_ms, .expired)') &&
		diff <(xj latency show) <(group -j latency show) && group metrics | promtool check metrics &&
		! group explain --to "$LAB_VIP:8000"
}
row "the group of the instance sees flows and figures" groups
