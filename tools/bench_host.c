// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The instance under test, made as an operator makes one: devices, routes, `xsteer load`, `xsteer apply`. All of it in a network
 * namespace that ends with this process. Next hops have permanent neighbour entries, so that direct delivery never waits. */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "tools/bench_rows.h"
#include "user/base/err.h"
#include "user/base/mapio.h"

enum { TARGETS = 16 };

static const char *program;
static struct host {
	const char *suffix, *load;	/* of the instance's name; how it is loaded */
	char name[33];
	int netns;			/* fd; -1: not up */
	int progs[2];			/* fds, by hook */
	uint32_t in, out;		/* ifindex: clients' side, targets' side */
} hosts[] = {
	[BENCH_FULL] = { "", "", .netns = -1, .progs = { -1, -1 } },
	[BENCH_PLAIN] = { "-plain", "--no-timing", .netns = -1, .progs = { -1, -1 } },
}, *host;

static const char *const pins[] = { [BENCH_XDP] = "xsteer_xdp", [BENCH_TC] = "xsteer_egress" };

/* bc0 is where clients come from, bt0 where the targets are; their peers are only there to take frames, and say nothing
 * themselves: the path check counts every frame. by and be are for live frames (bench_live.c): where they come in to the yardstick
 * and to the bare program. A queue for each CPU, or CPUs would wait for one another. */
static const char *const network =
	"set -e\n"
	"q=\"numrxqueues $(nproc --all) numtxqueues $(nproc --all)\"\n"
	"sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1\n"
	"ip link set lo up\n"
	"for d in bc bt by be; do\n"
	"	ip link add ${d}0 $q type veth peer ${d}1 $q\n"
	"	ethtool -K ${d}0 gro on >/dev/null; ethtool -K ${d}1 gro on >/dev/null\n"
	"	sysctl -qw net.ipv6.conf.${d}1.disable_ipv6=1\n"
	"	ip link set ${d}0 up; ip link set ${d}1 up\n"
	"done\n"
	"ip addr add 198.18.1.1/24 dev bc0\n"
	"ip addr add 198.18.128.254/24 dev bt0\n"
	"ip addr add 198.18.2.1/32 dev lo\n"
	"ip addr add 2001:db8:f::1/64 dev bc0 nodad\n"
	"ip addr add 2001:db8:2::ffff/64 dev bt0 nodad\n"
	"ip neigh add 198.18.1.2 lladdr 02:00:00:00:00:aa dev bc0\n"
	"ip neigh add 2001:db8:f::2 lladdr 02:00:00:00:00:aa dev bc0\n"
	"ip route add 198.18.0.0/15 via 198.18.1.2\n"
	"ip route add 2001:db8:1::/48 via 2001:db8:f::2\n"
	"for i in $(seq 1 16); do\n"
	"	ip neigh add 198.18.128.$i lladdr 02:00:00:00:01:$i dev bt0\n"
	"	ip neigh add 2001:db8:2::$(printf %x $i) lladdr 02:00:00:00:01:$i dev bt0\n"
	"done\n";

/* Handshakes that do not end are forgotten after a second: new flows keep coming, and the store is to find room as in life.
 * Refusals are measured, so none is held back. */
static void write_config(FILE *f)
{
	fprintf(f, "xsteer: 1\nsettings: {tcp_syn: 1s, tcp_closed: 1s, tcp_idle: 36000s, udp_idle: 36000s, refusals: 1000000}\n");
	fprintf(f, "classes:\n  - {name: bench, id: %d}\ntenants:\n  - {name: bench, id: %d, keys: [\"hex:", BENCH_CLASS, BENCH_TENANT);
	for (const char *k = BENCH_KEY; *k; k++)
		fprintf(f, "%02x", (unsigned char)*k);
	fprintf(f, "\"]}\npools: [{name: tcp4}, {name: udp4}, {name: stack4}, {name: tcp6}]\ntargets:\n");
	for (int i = 0; i < TARGETS; i++) {
		fprintf(f, "  - {name: tcp4-%d, pool: tcp4, address: 198.18.128.%d, port: 8000}\n", i, i + 1);
		fprintf(f, "  - {name: udp4-%d, pool: udp4, address: 198.18.128.%d, port: 8001}\n", i, i + 1);
		fprintf(f, "  - {name: stack4-%d, pool: stack4, address: 198.18.2.1, port: %d}\n", i, 9000 + i);
		fprintf(f, "  - {name: tcp6-%d, pool: tcp6, address: \"2001:db8:2::%x\", port: 8000}\n", i, i + 1);
	}
	fprintf(f, "services:\n");
	for (int i = 0; i < BENCH_SETS; i++)
		if (host == &hosts[bench_sets[i].host])
			fprintf(f, "  - {name: %s, address: \"%s\", port: %d, protocol: %s, pools: [%s], shim: optional, refuse: %s}\n", bench_sets[i].name,
				bench_sets[i].vip, bench_sets[i].port, bench_sets[i].proto == IPPROTO_TCP ? "tcp" : "udp", bench_sets[i].pool,
				bench_sets[i].silent ? "silent" : "reset");
}

/* Run `xsteer -i INSTANCE ...`; what it prints is of no interest unless it fails, and then it is on standard error. */
static int cli(const char *words, void (*input)(FILE *))
{
	char command[512];
	FILE *f;
	int status;

	snprintf(command, sizeof(command), "%s -i %s %s >/dev/null", program, xs_env.instance, words);
	fflush(stdout);
	f = popen(command, "w");
	if (!f)
		return xs_kernel(errno, command, NULL, "cannot run");
	if (input)
		input(f);
	status = pclose(f);
	return status ? xs_refuse(command, "run it by hand", "failed with status %d", status) : 0;
}

static int devices(void)
{
	int status;

	if (unshare(CLONE_NEWNET))
		return xs_kernel(errno, "bench", "run as root", "no network namespace");
	host->netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	status = system(network);
	host->in = if_nametoindex("bc0");
	host->out = if_nametoindex("bt0");
	return status ? xs_refuse("bench", "apt-get install iproute2 ethtool", "devices cannot be made, status %d", status) : 0;
}

static int host_up(enum bench_host which)
{
	char load[96];
	int err;

	host = &hosts[which];
	snprintf(host->name, sizeof(host->name), "bench-%d%s", getpid(), host->suffix);
	xs_env.instance = host->name;
	snprintf(load, sizeof(load), "load --flows %d %s bc0 bt0", BENCH_ROOM, host->load);
	err = devices() ?: cli(load, NULL) ?: cli("apply -", write_config) ?: xs_maps_open(false);
	for (int i = 0; !err && i < 2; i++) {
		host->progs[i] = bpf_obj_get(xs_pin_path(pins[i]));
		if (host->progs[i] < 0)
			err = xs_kernel(errno, pins[i], NULL, "is not pinned");
	}
	xs_maps_close();
	return err;
}

int bench_host_up(const char *xsteer, bool plain)
{
	int err = 0;

	program = xsteer;
	if (plain)
		err = host_up(BENCH_PLAIN);
	return err ?: host_up(BENCH_FULL) ?: bench_host_use(BENCH_FULL);
}

int bench_host_use(enum bench_host which)
{
	if (host == &hosts[which] && xs_maps_ready())
		return 0;
	xs_maps_close();
	host = &hosts[which];
	xs_env.instance = host->name;
	if (setns(host->netns, CLONE_NEWNET))
		return xs_kernel(errno, host->name, NULL, "its network namespace cannot be entered");
	return xs_maps_open(false);
}

void bench_host_down(void)
{
	xs_maps_close();
	for (int i = 0; i < BENCH_HOSTS; i++) {
		host = &hosts[i];
		xs_env.instance = host->name;
		if (host->netns >= 0 && !setns(host->netns, CLONE_NEWNET) && !access(xs_pin_path(NULL), F_OK))
			cli("unload", NULL);
	}
}

int bench_host_prog(enum bench_hook hook)
{
	return host->progs[hook];
}

uint32_t bench_host_dev(bool back)
{
	return back ? host->out : host->in;
}

int bench_host_set(const char *words)
{
	char command[96];

	snprintf(command, sizeof(command), "settings set %s", words);
	return cli(command, NULL);
}

const char *bench_counter_name(enum xs_counter c)
{
	static const char *const names[] = {
#define X(id, name, help) #name,
		XS_COUNTERS(X)
#undef X
	};

	return names[c];
}

uint64_t bench_counter(enum xs_counter c)
{
	uint64_t n = 0;

	xs_percpu_sum(XS_MAP_xs_counters, c, &n, sizeof(n));
	return n;
}

const char *bench_reason(enum xs_reason r)
{
	static const char *const names[] = {
#define X(id, name, act, help) #name,
		XS_REASONS(X)
#undef X
	};

	return names[r];
}

void bench_reasons(uint64_t count[XS_R_MAX])
{
	struct xs_count c;

	memset(count, 0, XS_R_MAX * sizeof(*count));
	for (uint32_t i = 0; i < (BENCH_SETS + 1) * XS_R_MAX; i++)	/* ids of services are dense; 0: no service */
		if (!xs_percpu_sum(XS_MAP_xs_reasons, i, &c, sizeof(c)))
			count[i % XS_R_MAX] += c.packets;
}
