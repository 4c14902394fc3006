#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# needs no root
# make install and uninstall: what is installed works from there, a second time too, and nothing stays behind.
# usage: t_install.sh BUILD; prints `ok NAME`, `not ok NAME: why`
set -u
build=$(realpath --relative-to=. "${1:-build}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL
say() { if [ "$1" = 0 ]; then echo "ok install/$2"; else echo "not ok install/$2: $3"; fi; }

make -s B="$build" DESTDIR="$tmp/root" PREFIX=/opt/x install > "$tmp/log" 2>&1
say $? install "$(tail -3 "$tmp/log")"
make -s B="$build" DESTDIR="$tmp/root" PREFIX=/opt/x install > "$tmp/log" 2>&1
say $? again "$(tail -3 "$tmp/log")"
at=$tmp/root/opt/x
"$at/sbin/xsteer" version > "$tmp/log" 2>&1
say $? program "$(head -3 "$tmp/log")"
# the manual finds both pages by their names
for page in xsteer.8 xsteer.yaml.5; do
	man -M "$at/share/man" "${page##*.}" "${page%.*}" > "$tmp/log" 2>&1 && grep -q '^EXAMPLES' "$tmp/log"
	say $? "$page" "$(head -3 "$tmp/log")"
done
bash -c 'source "$1" && complete -p xsteer' bash "$at/share/bash-completion/completions/xsteer" > "$tmp/log" 2>&1
say $? completion "$(head -3 "$tmp/log")"
printf '#include <xsteer_shim.h>\nint main(void) { return xsteer_finding_name(XSTEER_OK) == 0; }\n' > "$tmp/t.c"
gcc -I"$at/include" -o "$tmp/t" "$tmp/t.c" -L"$at/lib" -lxsteer-shim > "$tmp/log" 2>&1 && "$tmp/t"
say $? library "$(head -3 "$tmp/log")"
# it is one file to copy: no library of ours, none that is missing
ldd "$at/sbin/xsteer" | awk '{ print $1 }' | grep -E 'xsteer|not found' > "$tmp/log"
say $((! $?)) one_file "$(cat "$tmp/log")"
make -s B="$build" DESTDIR="$tmp/root" PREFIX=/opt/x uninstall > "$tmp/log" 2>&1
left=$(find "$tmp/root" ! -type d)
[ -z "$left" ]
say $? uninstall "left: $left"
