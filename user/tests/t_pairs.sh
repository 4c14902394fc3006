#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Services that meet at the same targets with the same client ports, and connections to those targets themselves beside them.
# usage: t_pairs.sh BUILD; prints `ok NAME`, `not ok NAME: why`
# shellcheck disable=SC2154 # variables of lib.sh
. "$(dirname "$0")/traffic/lib.sh" pairs "${1:-build}"
VIPB=198.18.0.11
TARGET=198.18.10.2 PORTS=5000

structure()
{
	apply_conf <<-YAML
	pools: [{name: p}]
	targets:
	  - {name: gpu0, pool: p, address: $TARGET, port: 8000}
	  - {name: gpu1, pool: p, address: 198.18.11.2, port: 8000}
	services:
	  - {name: one, address: $VIP, port: 8000, pools: [p]}
	  - {name: two, address: $VIPB, port: 8000, pools: [p]}
	YAML
}

pairs() { lab exec client /usr/bin/python3 "$traffic/pairs.py" 8000 "$@"; }
twice() { like "^gpu0:$PORTS gpu1:$PORTS same:0\$" pairs $PORTS 10000 $VIP $VIPB; }

lab up || exit 1
for i in 0 1; do serve gpu$i gpu$i 8000; done
must "load" xs load uplink gpu0 gpu1
must "apply" structure
row "a direct connection that stays" hold $TARGET 8000 20
rm -f "$tmp/load"
spawn_client "$tmp/load" load $TARGET 8000 1
load=$LAB_PID
row "two services from the same $PORTS client ports: none is lost" twice
row "the same ports again" eval 'like "^gpu0:500 gpu1:500 same:0$" pairs 500 10000 $VIP $VIPB'
row "nobody was refused" is "0 0" eval 'echo $(drops one nat_conflict) $(drops two nat_conflict)'
row "direct connections beside them: each was answered" unhurt gpu0
row "the direct ones that stay" is "$(yes gpu0 | head -20 | paste -sd' ')" held
row "direct, from ports that were services' a moment ago" is "gpu0:300 same:0" pairs 300 10000 $TARGET
row "and by services again" like '^gpu0:300 gpu1:300 same:0$' pairs 300 10000 $VIP $VIPB
# One of the two meets it at the target, which answers with what its own connection knows; nothing here can know that. The other goes on.
row "a direct connection is not disturbed by services' from its port" like '(^| )gpu0:1 gpu1:[12] ' pairs 1 20000 $TARGET $VIP $VIPB
finish
