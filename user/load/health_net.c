// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/load/dev.h"
#include "user/load/health.h"
#include "user/load/route.h"

static int rp_filter(const char *dev)
{
	char path[128];
	int v = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", dev);
	f = fopen(path, "re");
	if (f && fscanf(f, "%d", &v) != 1)
		v = -1;
	if (f)
		fclose(f);
	return v;
}

/* Whether some target of a family is not on this host: only then does forwarding matter. */
static bool remote_targets(bool v4)
{
	struct xs_target t;
	struct xs_route r;

	for (uint32_t id = 1; id < XS_MAX_TARGETS; id++)
		if (!xs_map_get(XS_MAP_xs_targets, &id, &t) && t.port && xs_addr_is4(&t.addr) == v4 && !xs_route_get(&t.addr, &r) && r.type != RTN_LOCAL)
			return true;
	return false;
}

static void check_forwarding(json_t *rows, const char *dev, bool v4)
{
	const char *ip = v4 ? "IPv4" : "IPv6";

	if (xs_forwarding(dev, v4))
		xs_finding(rows, "ok", dev, NULL, "forwards %s", ip);
	else if (remote_targets(v4))
		xs_finding(rows, "fail", dev, v4 ? "sysctl net.ipv4.ip_forward=1" : "sysctl net.ipv6.conf.all.forwarding=1",
			   "does not forward %s: what comes in here reaches no target on another host", ip);
}

void xs_health_sysctls(json_t *rows)
{
	int all = rp_filter("all"), own;
	struct xs_dev d;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++) {
		if (!xs_dev_at(slot, &d))
			continue;
		check_forwarding(rows, xs_dev_name(d.ifindex), true);
		check_forwarding(rows, xs_dev_name(d.ifindex), false);
		own = rp_filter(xs_dev_name(d.ifindex));
		if ((own > all ? own : all) == 1)	/* the greater of the two counts */
			xs_finding(rows, "warn", xs_dev_name(d.ifindex), "sysctl net.ipv4.conf.DEV.rp_filter=2, if routes are asymmetric",
				   "strict reverse path filter: the stack drops packets whose way back leaves by another device");
	}
}

/* What of the packet filter treats direct flows wrongly. It sees those of their packets that must take the stack, because a neighbour
 * is not known yet or they are larger than the MTU, and takes them for something else, since it has not seen the others. */
static bool hinders(const char *expr, const char **what)
{
	*what = NULL;
	if (strcasestr(expr, "\"masquerade\"") || strcasestr(expr, "\"snat\""))
		*what = "rewrites sources: a direct flow breaks when one of its packets takes the stack, as the first one to a neighbour does";
	else if (strstr(expr, "\"state\"") && strstr(expr, "\"invalid\"") && strstr(expr, "\"drop\""))
		*what = "drops what conntrack calls invalid, as it does a reply whose request went by direct: first connections are slow";
	else if (strstr(expr, "\"xt\"") && strstr(expr, "\"conntrack\"") && strstr(expr, "\"drop\""))	/* nft does not show which state */
		*what = "drops by conntrack's state (iptables -S shows it): if what it drops is INVALID, first direct connections are slow";
	return *what;
}

/* Whether conntrack leaves all direct targets alone: rules with notrack name each, as source and as destination. */
static bool untracked(json_t *all)
{
	char *text = json_dumps(all, JSON_COMPACT), seen[2][160], addr[64];
	bool alone = text && strstr(text, "\"notrack\"");
	struct xs_target t;

	for (uint32_t id = 1; id < XS_MAX_TARGETS && alone; id++) {
		if (xs_map_get(XS_MAP_xs_targets, &id, &t) || !t.port || t.way != XS_WAY_DIRECT)
			continue;
		xs_out_addr(&t.addr, 0, addr, sizeof(addr));
		for (int i = 0; i < 2; i++) {
			snprintf(seen[i], sizeof(seen[i]), "\"field\":\"%s\"}},\"right\":\"%s\"}},{\"notrack\"", i ? "daddr" : "saddr", addr);
			alone &= !!strstr(text, seen[i]);
		}
	}
	free(text);
	return alone;
}

static int check_rule(json_t *rows, const json_t *rule, bool hurts)
{
	char *expr = json_dumps(json_object_get(rule, "expr"), JSON_COMPACT);
	const char *what;
	char name[256];
	int n = 0;

	if (expr && hinders(expr, &what)) {
		snprintf(name, sizeof(name), "nft %s %s %s", json_string_value(json_object_get(rule, "family")),
			 json_string_value(json_object_get(rule, "table")), json_string_value(json_object_get(rule, "chain")));
		xs_finding(rows, hurts ? "warn" : "ok", name, hurts ? "keep conntrack off the targets (notrack, see xsteer doctor --help), or load with --no-redirect" : NULL,
			   "handle %d %s", (int)json_integer_value(json_object_get(rule, "handle")), what);
		n = 1;
	}
	free(expr);
	return n;
}

static int check_chain(json_t *rows, const json_t *chain)
{
	const char *hook = json_string_value(json_object_get(chain, "hook")), *policy = json_string_value(json_object_get(chain, "policy"));
	char name[256];

	if (!hook || !policy || strcmp(hook, "forward") || strcmp(policy, "drop"))
		return 0;
	snprintf(name, sizeof(name), "nft %s %s %s", json_string_value(json_object_get(chain, "family")),
		 json_string_value(json_object_get(chain, "table")), json_string_value(json_object_get(chain, "name")));
	xs_finding(rows, "warn", name, "see that clients may go to the targets' own addresses and ports, and targets back",
		   "forwards only what a rule accepts: what takes the stack needs one");
	return 1;
}

static json_t *nft_rules(void)
{
	FILE *p = popen("nft -j list ruleset 2>/dev/null", "re");
	json_t *all = p ? json_loadf(p, 0, NULL) : NULL;

	if (p)
		pclose(p);
	return all;
}

/* iptables of the legacy kind does not show in nft; the kernel lists its tables that are in use. */
static bool legacy_nat(void)
{
	FILE *f = fopen("/proc/net/ip_tables_names", "re");
	char line[64];
	bool nat = false;

	while (f && fgets(line, sizeof(line), f))
		nat |= !strcmp(line, "nat\n");
	if (f)
		fclose(f);
	return nat;
}

static bool any_direct(void)
{
	struct xs_dev d;

	for (uint32_t slot = 0; slot < XS_MAX_DEVS; slot++)
		if (xs_dev_at(slot, &d) && d.redirect)
			return true;
	return false;
}

void xs_health_filters(json_t *rows)
{
	bool direct = any_direct(), hurts;
	json_t *all = nft_rules(), *item, *rule;
	int n = 0;
	size_t i;

	hurts = direct && !untracked(all);
	json_array_foreach(json_object_get(all, "nftables"), i, item) {
		rule = json_object_get(item, "rule");
		n += rule ? check_rule(rows, rule, hurts) : check_chain(rows, json_object_get(item, "chain"));
	}
	if (all && !n)
		xs_finding(rows, "ok", "nft", NULL, "no rule that stands in the way");
	if (!all)
		xs_finding(rows, "warn", "nft", "install nftables, run doctor as root", "its rules cannot be read: some may stand in the way of direct delivery");
	if (legacy_nat() && direct)
		xs_finding(rows, "warn", "iptables", "look for SNAT and MASQUERADE: iptables-legacy -t nat -S", "the legacy nat table is in use");
	json_decref(all);
}

static void check_target(json_t *rows, const char *name, const struct xs_target *t)
{
	char address[80], next[80];
	struct xs_route r;
	int err = xs_route_get(&t->addr, &r), neigh;

	xs_out_addr(&t->addr, __builtin_bswap16(t->port), address, sizeof(address));
	if (err) {
		xs_finding(rows, "fail", name, "ip route add", "target %s has no route", address);
		return;
	}
	if (r.type == RTN_LOCAL) {
		xs_finding(rows, "ok", name, NULL, "target %s is on this host", address);
		return;
	}
	neigh = xs_neigh_get(&r.next, r.ifindex);
	xs_out_addr(&r.next, 0, next, sizeof(next));
	if (neigh >= 0 && neigh & (NUD_FAILED | NUD_INCOMPLETE))
		xs_finding(rows, "fail", name, "is the host up, and on that segment?", "target %s: nobody answers for %s on %s", address, next, xs_dev_name(r.ifindex));
	else
		xs_finding(rows, "ok", name, NULL, "target %s leaves by %s to %s%s", address, xs_dev_name(r.ifindex), next,
			   neigh < 0 ? ", whose neighbour entry comes with the first packet" : "");
}

void xs_health_targets(json_t *rows, const char *(*name)(uint32_t id))
{
	struct xs_target t;

	for (uint32_t id = 1; id < XS_MAX_TARGETS; id++)
		if (!xs_map_get(XS_MAP_xs_targets, &id, &t) && t.port)
			check_target(rows, name(id), &t);
}

/* Clients find the address if it is this host's or others route it here; on a segment of ours somebody has to answer for it. */
static void check_service(json_t *rows, const char *name, const struct xs_service *s)
{
	char address[80];
	struct xs_route r;
	int err = xs_route_get(&s->addr, &r);

	xs_out_addr(&s->addr, __builtin_bswap16(s->port), address, sizeof(address));
	if (!err && r.type == RTN_LOCAL)
		xs_finding(rows, "ok", name, NULL, "service address %s is configured on this host", address);
	else if (!err && r.type == RTN_UNICAST && !memcmp(&r.next, &s->addr, sizeof(s->addr)))
		xs_finding(rows, "warn", name, "ip addr add ADDRESS/32 (IPv6 /128) dev lo, or have it routed to this host",
			   "service address %s lies on the segment of %s and is not this host's: nobody answers for it", address, xs_dev_name(r.ifindex));
	else
		xs_finding(rows, "ok", name, NULL, "service address %s is not this host's: others must route it here", address);
}

void xs_health_services(json_t *rows, const char *(*name)(uint32_t id))
{
	uint32_t gen = XS_GEN(xs_control_read()), at;
	struct xs_service s;

	for (uint32_t id = 1; id < XS_MAX_SERVICES; id++) {
		at = gen * XS_MAX_SERVICES + id;
		if (!xs_map_get(XS_MAP_xs_services, &at, &s) && s.proto)
			check_service(rows, name(id), &s);
	}
}
