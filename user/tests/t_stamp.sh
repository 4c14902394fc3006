#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Stamping on real sockets: processes in cgroups of their own connect in a network namespace, their SYNs are caught by a packet
# socket and their options judged by `xsteer shim decode`. Needs root, cgroup2, clang, gcc, bpftool.
# usage: t_stamp.sh BUILD; prints `ok NAME`, `not ok NAME: why`, `skip NAME: why`; exit 1 if one failed
set -u
build=$(realpath "${1:-build}")
here=$(dirname "$(realpath "$0")")
cg2=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ "$(id -u)" != 0 ] || [ -z "$cg2" ]; then echo "skip stamp: needs root and cgroup2"; exit 0; fi
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf

ns=xs-stamp-$$
work=$(mktemp -d)
cg=$cg2/xs-stamp-$$
tidy() {
	for d in "$cg/inner" "$cg" "$cg-gone"; do
		if [ -d "$d" ]; then "$build/xsteer" stamp delete "$d" >/dev/null 2>&1; rmdir "$d"; fi
	done
	rm -rf "/sys/fs/bpf/xs-stamp-$$" "$work"
	ip netns del "$ns"
}
trap tidy EXIT
trap 'exit 1' INT TERM

ip netns add "$ns" || exit 1
ip -n "$ns" link set lo up mtu 1500	# so that initial windows differ
ip -n "$ns" addr add 198.18.0.10/32 dev lo
ip -n "$ns" addr add 2001:db8::a/128 dev lo nodad
ip -n "$ns" link add name veth0 type veth peer name veth1
ip -n "$ns" addr add 198.18.1.1/24 dev veth0
ip -n "$ns" link set dev veth0 up
ip -n "$ns" link set dev veth1 up
ip -n "$ns" neigh add 198.18.1.99 lladdr 02:00:00:00:00:99 dev veth0	# nobody answers there
mkdir "$cg" "$cg/inner" "$cg-gone" || exit 1
chmod 755 "$work"

# A C client: stamps with the public header and the library, connects, prints what getsockopt() says.
cat > "$work/client.c" <<'C'
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "user/shim/xsteer_shim.h"
int main(int argc, char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(atoi(argv[1])) };
	struct xsteer_stamp s = { .tenant = 4211, .slo_class = 2 }, back = { 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(back);
	uint32_t tokens[100];

	for (int i = 0; i < 100; i++)
		tokens[i] = i * 7919;
	inet_pton(AF_INET, "198.18.0.10", &to.sin_addr);
	xsteer_stamp_prefix(&s, tokens, sizeof(tokens), 5);
	if (setsockopt(fd, XSTEER_STAMP_LEVEL, XSTEER_STAMP, &s, sizeof(s)) || connect(fd, (struct sockaddr *)&to, sizeof(to)) ||
	    getsockopt(fd, XSTEER_STAMP_LEVEL, XSTEER_STAMP, &back, &len)) {
		perror("client");
		return 1;
	}
	printf("%u %u %u %u %08x %08x\n", back.tenant, back.slo_class, back.exp_a, back.quarter, back.hash_a, back.hash_b);
	return 0;
}
C
gcc -Wall -Werror -I"$here/../.." -o "$work/client" "$work/client.c" "$build/libxsteer-shim.a" || exit 1

# Somebody else's sockops program: asks for the state callback, counts it, and answers how large the first window should be.
cat > "$work/other.bpf.c" <<'C'
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u32); } seen SEC(".maps");
SEC("sockops") int other(struct bpf_sock_ops *c)
{
	__u32 zero = 0, *n = bpf_map_lookup_elem(&seen, &zero);

	if (c->op == BPF_SOCK_OPS_RWND_INIT)
		c->reply = 3;
	if (c->op == BPF_SOCK_OPS_TCP_CONNECT_CB)
		bpf_sock_ops_cb_flags_set(c, c->bpf_sock_ops_cb_flags | BPF_SOCK_OPS_STATE_CB_FLAG);
	if (c->op == BPF_SOCK_OPS_STATE_CB && n)
		*n += 1;
	return 1;
}
char _license[] SEC("license") = "GPL";
C
clang -O2 -g -target bpf -I/usr/include/"$(uname -m)"-linux-gnu -c "$work/other.bpf.c" -o "$work/other.o" || exit 1

nsenter --net="/run/netns/$ns" python3 -B "$here/stamp.py" "$build/xsteer" "$work" "$cg" "/sys/fs/bpf/xs-stamp-$$"
