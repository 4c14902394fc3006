#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A router drives the placements through a pipe while traffic runs: rows, answers, expiry, mistakes, and feeds that end badly.
# usage: t_feed.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" feed "${1:-build}"

structure()	# TARGET: of the configured placement
{
	apply_conf <<-YAML
	tenants: [{name: acme, id: 7, sources: [$CLIENT/32]}]
	classes: [{name: batch, id: 2}]
	pools: [{name: p}]
	targets:
	  - {name: gpu0, pool: p, address: 198.18.10.2, port: 8000}
	  - {name: gpu1, pool: p, address: 198.18.11.2, port: 8000}
	  - {name: gpu2, pool: p, address: 198.18.12.2, port: 8000}
	services:
	  - {name: chat, address: $VIP, port: 80, pools: [p], default_class: batch}
	placements:
	  - {service: chat, targets: [$1]}
	YAML
}

start() { talk feed host "$build/xsteer" -i "$inst" feed -; }
feed() { say feed "$1"; hear feed; }
taken() { like '^\{"ok":true,"revision":[0-9]+\}$' feed "$1"; }
rows() { xs show; xs -j placement list | jq -c "map(del(.expires_in_s))"; }
# denied REGEX ROW: the answer says why, and what placements there are stays the same
denied()
{
	local before

	before=$(rows)
	like "^\\{\"ok\":false,\"error\":\".*$1" feed "$2" || return
	diff <(echo "$before") <(rows)
}
place() { echo "{\"op\": \"${3:-set}\", \"kind\": \"placement\", \"service\": \"chat\", $1${2:+, \"targets\": [\"$2\"]}}"; }
go() { is "$1:8" cl tcp $VIP 80 8; }
fed() { xs -j placement list from feed | jq length; }

lab up || exit 1
for i in 0 1 2; do serve gpu$i gpu$i 8000; done
must "load" xs load uplink gpu0 gpu1 gpu2
must "apply" structure gpu0
start

row "without rows the configured placement counts" go gpu0
row "a row for the service" taken "$(place '"ttl": "300s"' gpu1)"
row "it goes before the configured one" go gpu1
row "a row for the tenant" taken "$(place '"tenant": "acme"' gpu2)"
row "it goes before the service's" go gpu2
row "a row for tenant and class, with little time" taken "$(place '"tenant": "acme", "class": "batch", "ttl": "5s"' gpu0)"
row "it goes before the tenant's" is gpu0:1 cl tcp $VIP 80 1
row "when its time is over the tenant's counts again" lab wait 15 is gpu2:1 cl tcp $VIP 80 1
row "a row in place of another" taken "$(place '"tenant": "acme"' gpu1)"
row "it counts from the next connection on" go gpu1
row "delete" taken "$(place '"tenant": "acme"' '' delete)"
row "then the less specific one counts" go gpu1
row "delete again: there is none" denied "no such placement was fed" "$(place '"tenant": "acme"' '' delete)"
row "the revision grows by each row" like '^[0-9]+ [0-9]+ true$' eval 'a=$(feed "$(place "\"class\": \"batch\"" gpu0)" | jq .revision); b=$(feed "$(place "\"class\": \"batch\"" "" delete)" | jq .revision); echo "$a $b $([ "$b" = $((a + 1)) ] && echo true)"'

row "no JSON" denied "" 'set placement chat gpu1'
row "half an object" denied "" '{"op": "set", "kind": "placement",'
row "a list" denied "" '["set"]'
row "a number" denied "" '1'
row "bytes that are no UTF-8" denied "" $'{"op": "set", "kind": "placement", "service": "ch\xff\xfe"}'
row "deep nesting" denied "" "$(printf '[%.0s' {1..5000})"
row "no op" denied "op" '{"kind": "placement", "service": "chat", "targets": ["gpu1"]}'
row "another op" denied "op" '{"op": "put", "kind": "placement", "service": "chat", "targets": ["gpu1"]}'
row "no kind" denied "kind" '{"op": "set", "service": "chat", "targets": ["gpu1"]}'
row "another kind" denied "kind" '{"op": "set", "kind": "sausage", "service": "chat"}'
row "no service" denied "service" '{"op": "set", "kind": "placement", "targets": ["gpu1"]}'
row "no targets" denied "targets" '{"op": "set", "kind": "placement", "service": "chat"}'
row "no such service" denied "char" '{"op": "set", "kind": "placement", "service": "char", "targets": ["gpu1"]}'
row "no such service, of a name that the answer cuts within a character" denied "no service" "{\"op\": \"set\", \"kind\": \"placement\", \"service\": \"$(printf 'x%.0s' {1..59})é\", \"targets\": [\"gpu1\"]}"
row "no such target" denied "gpu9" "$(place '"ttl": "9s"' gpu9)"
row "no such tenant" denied "acne" "$(place '"tenant": "acne"' gpu1)"
row "no such key" denied "colour" "$(place '"colour": "red"' gpu1)"
row "ttl without a unit" denied "ttl" "$(place '"ttl": 300' gpu1)"
row "down for no such target" denied "no such target" '{"op": "down", "kind": "target", "name": "gpu9"}'
row "a line of 2 MB" denied "longer than" "$(place "\"ttl\": \"$(head -c 2000000 /dev/zero | tr '\0' 9)s\"" gpu1)"
row "after all of them rows are taken" taken "$(place '"tenant": "acme"' gpu2)"
row "and count" go gpu2

row "states: a target goes down" taken '{"op": "down", "kind": "target", "name": "gpu2"}'
row "states: nothing else for the tenant, so it is refused" is ECONNREFUSED:8 cl tcp $VIP 80 8
row "states: up again" taken '{"op": "up", "kind": "target", "name": "gpu2"}'
row "states: it is served again" go gpu2

row "fed rows survive an apply" structure gpu1
row "and go before what it says" go gpu2
applies_meanwhile()	# 60 rows and 6 applies at once: all succeed
{
	local i bad=0 pid

	(for i in 0 1 2 0 1 2; do structure gpu$i > /dev/null || exit 1; done) &
	pid=$!
	for i in {1..60}; do taken "$(place '"tenant": "acme", "ttl": "300s"' gpu$((i % 3)))" || bad=1; done
	wait $pid && [ $bad = 0 ]
}
loaded
row "60 rows while 6 applies run" applies_meanwhile
row "no request failed meanwhile" unhurt "gpu0|gpu1|gpu2"
row "the last row counts" go gpu0

gone() { ! kill -0 "${talks[feed]}" 2> /dev/null; }
killed() { kill -9 "${talks[feed]}"; lab wait 5 gone; }
row "the feed is killed" killed
hang_up feed
row "its placements work on" go gpu0
row "a new feed takes over" eval 'start; taken "$(place "\"tenant\": \"acme\"" gpu1)"'
row "and its rows count" go gpu1
hang_up feed

# all_answers SECONDS: to the rows of a file, each kind with its number
all_answers() { timeout "$1" nsenter --net=/run/netns/$LAB-host "$build/xsteer" -i "$inst" feed "$tmp/rows" | sort | sed 's/"revision.*//' | uniq -c | tr -s ' '; }
many_rows()	# 5,000 placements for prefixes in one stream, every answer ok
{
	for i in {1..5000}; do printf '{"op": "set", "kind": "placement", "service": "chat", "prefix": {"depth": 9, "hash": "%08x"}, "targets": ["gpu%d"], "ttl": "300s"}\n' "$i" $((i % 3)); done > "$tmp/rows"
	is ' 5000 {"ok":true,' all_answers 45
}
row "5,000 rows" many_rows
row "all of them are there" is 5002 fed
row "each decides for its prefix" is "gpu0 gpu1 gpu2" eval 'for i in 3000 3001 3002; do xs -j explain --to $VIP:80 --from $CLIENT --tenant acme --prefix 9:$(printf %08x $i) | jq -r .target; done | paste -sd" "'
row "an apply with 5,000 fed rows there" structure gpu2
row "after it they are there" is 5002 fed
row "other clients go where they went" go gpu1

# Rows that are replaced or half done must not use up the room: many more than there is of it, and feeds killed in the middle.
replaced()
{
	for i in {1..9000}; do printf '{"op": "set", "kind": "placement", "service": "chat", "class": "batch", "targets": [{"name": "gpu0", "weight": %d}, "gpu1"]}\n' $((i % 97 + 1)); done > "$tmp/rows"
	is ' 9000 {"ok":true,' all_answers 50
}
row "9,000 rows for one placement, with 97 rings" replaced
killed_feeds()
{
	local i

	for i in {1..20}; do
		lab exec host timeout -s KILL "0.$(printf %03d $((RANDOM % 300 + 5)))" "$build/xsteer" -i "$inst" feed "$tmp/rows" > "$tmp/out"
		like '^(gpu[01]:[0-9]+ ?)+$' cl tcp $VIP 80 2 || return
	done
}
row "20 feeds killed at random" killed_feeds
row "after them 9,000 rows again" replaced
row "and an apply" structure gpu0
finish
