#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# needs no root
# The manual pages: no complaint of groff or mandoc, and everything that has a row is in them.
# usage: t_man.sh BUILD; prints `ok NAME`, `not ok NAME: why`, `skip NAME: why`
set -u
build=$(realpath "${1:-build}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

for page in xsteer.8 xsteer.yaml.5; do
	said=$(LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$build/man/$page" 2>&1 > "$tmp/$page" | head -5)
	if [ -z "$said" ] && [ -s "$tmp/$page" ]; then echo "ok man/$page groff"; else echo "not ok man/$page groff: $said"; fi
	if command -v mandoc > "$tmp/which"; then
		# not a page of an operating system's own, and its neighbours need not be installed here
		said=$(mandoc -T lint "$build/man/$page" 2>&1 | grep -vE 'operating system explicitly specified|referenced manual not found|mandoc.db' | head -5)
		if [ -z "$said" ]; then echo "ok man/$page mandoc"; else echo "not ok man/$page mandoc: $said"; fi
	else
		echo "skip man/$page mandoc: mandoc is not installed"
	fi
done

# in PAGE NAME WORDS...: each begins a line of its own in the page, as the tag of a row does
in_page()
{
	local page=$1 name=$2 w n=0
	shift 2
	for w in "$@"; do
		grep -qE "^ +$w( |:|\$)" "$tmp/$page" || { echo "not ok man/$name: $page has no row $w"; return; }
		n=$((n + 1))
	done
	if [ $n -gt 2 ]; then echo "ok man/$name"; else echo "not ok man/$name: only $n rows looked for"; fi
}
rows() { sed -n 's/^\tX([A-Z0-9_]*,[ \t]*\([a-z0-9_]*\),.*/\1/p' "$1"; }
mapfile -t all < <("$build/xsteer" -j help | jq -r '.[] | if .object then .object + " " + .command else .command end')
in_page xsteer.8 commands "${all[@]}"
mapfile -t all < <(rows maps/reasons.h)
in_page xsteer.8 reasons "${all[@]}"
mapfile -t all < <(rows maps/counters.h)
in_page xsteer.8 counters "${all[@]}"
mapfile -t all < <(rows maps/hist.h)
in_page xsteer.8 metrics "${all[@]}"
mapfile -t all < <(sed -n 's/^\tX(\(xs_[a-z_]*\),.*/\1/p' maps/maps.h)
in_page xsteer.8 maps "${all[@]}"
mapfile -t all < <(grep -ohE '(\.key = |SET\()"[a-z_]+"' user/decide/kinds.c | cut -d'"' -f2 | sort -u)
in_page xsteer.yaml.5 keys "${all[@]}"
mapfile -t all < <("$build/xsteer" -j help | jq -r '.[].options[] | select(.filter | not) | "--" + .name' | sort -u)
in_page xsteer.8 options "${all[@]/#/(-., )?}"
