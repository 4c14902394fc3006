// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Every key of a configuration: one row here, and parser, printer, diff, lists, `set`, range errors and man page follow. */
#include "user/decide/model.h"

#define AT(st, member) .off = offsetof(struct st, member), .size = sizeof(((struct st *)0)->member)
#define NAME(st) { .key = "name", .type = XS_T_NAME, AT(st, h.name), .required = true, .help = "how everything else calls it" }

static const char *const overflow_words[] = { "queue", "spill", "shed", NULL };
static const char *const return_words[] = { "direct", "tunnel", NULL };
static const char *const hash_words[] = { "tokens", "text", NULL };
static const char *const bool_words[] = { "false", "true", NULL };
static const char *const via_words[] = { "nat", "fullnat", "l2", "ipip", "gue", "geneve", NULL };
static const char *const shim_words[] = { "none", "optional", "required", NULL };
static const char *const refuse_words[] = { "reset", "silent", NULL };
static const char *const unknown_words[] = { "default", "refuse", NULL };
static const char *const proto_words[] = { [6] = "tcp", [17] = "udp", [18] = NULL };

#define SET(key_, type_, member, least_, most_, def_, help_) \
	{ .key = key_, .type = type_, AT(xs_r_settings, s.member), .least = least_, .most = most_, .def = def_, .help = help_ }
static const struct xs_field settings_fields[] = {
	SET("tcp_idle", XS_T_S, tcp_idle_s, 1, 864000, "3600s", "forget an established connection after this silence"),
	SET("tcp_syn", XS_T_S, tcp_syn_s, 1, 600, "10s", "forget a handshake that does not end"),
	SET("tcp_closed", XS_T_S, tcp_closed_s, 1, 600, "5s", "forget a connection after FIN or RST"),
	SET("udp_idle", XS_T_S, udp_idle_s, 1, 86400, "60s", "forget a datagram conversation after this silence"),
	SET("shim_window", XS_T_S, shim_window_s, 1, 3600, "30s", "how old or how early a long shim may be"),
	SET("refusals", XS_T_UINT, refusals, 0, 1000000, "1000", "resets and ICMP errors a second and CPU"),
	SET("write_gap", XS_T_US, write_gap_us, 1, 1000000, "200us", "response segments closer than this are one write"),
	{ 0 },
};
static const struct xs_field zone_fields[] = { NAME(xs_r_zone), { 0 } };
static const struct xs_field site_fields[] = {
	NAME(xs_r_site),
	{ .key = "id", .type = XS_T_UINT, AT(xs_r_site, number), .least = 1, .most = 65535, .required = true, .help = "number of the site on the wire" },
	{ .key = "zone", .type = XS_T_REF, AT(xs_r_site, zone), .ref = XS_K_ZONE, .help = "jurisdiction of its targets" },
	{ .key = "endpoint", .type = XS_T_ADDR, AT(xs_r_site, endpoint), .help = "where tunnels to it end" },
	{ .key = "rtt", .type = XS_T_US, AT(xs_r_site, rtt_us), .most = 60000000, .help = "round trip to it" },
	{ .key = "return", .type = XS_T_ENUM, AT(xs_r_site, ret), .def = "direct", .words = return_words, .help = "which way its replies go" },
	{ .key = "key", .type = XS_T_TEXT, AT(xs_r_site, key), .help = "key of the site pair: file:PATH" },
	{ .key = "fullnat", .type = XS_T_ADDRS, AT(xs_r_site, own),
	  .help = "of this host's own site: up to 16 source addresses for targets with `via: fullnat`, which send their replies there; this host's, or routed to it. Those of the device that a target is behind go before others" },
	{ .key = "fullnat_ports", .type = XS_T_PORTS, AT(xs_r_site, port), .def = "61000-65535",
	  .help = "of this host's own site: source ports for them, and for flows of two services that meet at one target; keep them off this host's sockets (net.ipv4.ip_local_reserved_ports)" },
	{ 0 },
};
static const struct xs_field class_fields[] = {
	NAME(xs_r_class),
	{ .key = "id", .type = XS_T_UINT, AT(xs_r_class, number), .most = 15, .required = true, .help = "number in the shim, 0..15" },
	{ .key = "ttft", .type = XS_T_MS, AT(xs_r_class, ttft_ms), .most = 3600000, .help = "time to first token that the class promises" },
	{ .key = "overflow", .type = XS_T_ENUM, AT(xs_r_class, overflow), .def = "queue", .words = overflow_words, .help = "when no target keeps it" },
	{ .key = "money", .type = XS_T_MS, AT(xs_r_class, money_ms), .most = 3600000, .help = "time that one cent is worth" },
	{ 0 },
};
static const struct xs_field pool_fields[] = {
	NAME(xs_r_pool),
	{ .key = "hash", .type = XS_T_ENUM, AT(xs_r_pool, hash), .def = "tokens", .words = hash_words, .help = "what prefix hashes cover" },
	{ .key = "share_prefixes", .type = XS_T_ENUM, AT(xs_r_pool, share), .def = "false", .words = bool_words, .help = "tenants share its cache" },
	{ 0 },
};
static const struct xs_field tenant_fields[] = {
	NAME(xs_r_tenant),
	{ .key = "id", .type = XS_T_UINT, AT(xs_r_tenant, number), .least = 1, .most = 0xffffffff, .required = true, .help = "number in the shim" },
	{ .key = "sources", .type = XS_T_SOURCES, AT(xs_r_tenant, src), .ref = XS_K_CLASS, .help = "its source prefixes: CIDR or {prefix: CIDR, class: NAME}" },
	{ .key = "zones", .type = XS_T_ZONES, AT(xs_r_tenant, zones), .ref = XS_K_ZONE, .help = "where its requests may go; without it anywhere" },
	{ .key = "keys", .type = XS_T_KEYS, AT(xs_r_tenant, ref), .help = "even and odd epoch: file:PATH or hex:DIGITS, - for none" },
	{ .key = "salt", .type = XS_T_HEX, AT(xs_r_tenant, salt), .help = "seed of its prefix hashes" },
	{ .key = "rate", .type = XS_T_RATES, AT(xs_r_tenant, requests), .help = "{requests: N/s, tokens: N/s, burst: N}; burst: requests at once, by default a tenth of a second's" },
	{ 0 },
};
static const struct xs_field target_fields[] = {
	NAME(xs_r_target),
	{ .key = "pool", .type = XS_T_REF, AT(xs_r_target, pool), .ref = XS_K_POOL, .required = true, .help = "pool it serves in" },
	{ .key = "site", .type = XS_T_REF, AT(xs_r_target, site), .ref = XS_K_SITE, .help = "where it stands; without it this host's site" },
	{ .key = "address", .type = XS_T_ADDR, AT(xs_r_target, addr), .help = "its address" },
	{ .key = "port", .type = XS_T_PORT, AT(xs_r_target, port), .least = 1, .most = 65535, .help = "its port" },
	{ .key = "via", .type = XS_T_ENUM, AT(xs_r_target, via), .def = "nat", .words = via_words, .help = "how packets reach it: nat rewrites their destination, fullnat the source as well, so that replies come back whatever routes the target has; there is no other so far" },
	{ .key = "prefill", .type = XS_T_RATE, AT(xs_r_target, prefill), .most = 1000000000, .help = "tokens/s it reads prompts at" },
	{ .key = "cache", .type = XS_T_UINT, AT(xs_r_target, cache), .most = 1000000000000, .help = "tokens its prefix cache holds" },
	{ .key = "price", .type = XS_T_PRICE, AT(xs_r_target, price_in), .help = "{in: X, out: Y} for a million tokens" },
	{ 0 },
};
static const struct xs_field service_fields[] = {
	NAME(xs_r_service),
	{ .key = "address", .type = XS_T_ADDR, AT(xs_r_service, addr), .required = true, .help = "virtual address" },
	{ .key = "port", .type = XS_T_PORT, AT(xs_r_service, port), .least = 1, .most = 65535, .required = true, .help = "virtual port" },
	{ .key = "protocol", .type = XS_T_ENUM, AT(xs_r_service, proto), .def = "tcp", .words = proto_words, .most = 18, .help = "what clients speak to it" },
	{ .key = "pools", .type = XS_T_REFS, AT(xs_r_service, pools), .ref = XS_K_POOL, .required = true, .help = "pools whose targets serve it" },
	{ .key = "shim", .type = XS_T_ENUM, AT(xs_r_service, shim), .def = "optional", .words = shim_words, .help = "what it demands of the first packet" },
	{ .key = "refuse", .type = XS_T_ENUM, AT(xs_r_service, refuse), .def = "reset", .words = refuse_words, .help = "how a refused client learns of it" },
	{ .key = "first_token", .type = XS_T_UINT, AT(xs_r_service, first_token), .least = 1, .most = 100, .def = "2", .help = "the Nth response write carries the first token" },
	{ .key = "strip", .type = XS_T_ENUM, AT(xs_r_service, strip), .def = "false", .words = bool_words, .help = "remove the UDP shim before delivery" },
	{ .key = "unknown", .type = XS_T_ENUM, AT(xs_r_service, unknown), .def = "default", .words = unknown_words, .help = "clients without a tenant, shims without a configured class" },
	{ .key = "default_tenant", .type = XS_T_REF, AT(xs_r_service, default_tenant), .ref = XS_K_TENANT, .help = "tenant of clients whose tenant nothing says" },
	{ .key = "default_class", .type = XS_T_REF, AT(xs_r_service, default_class), .ref = XS_K_CLASS, .help = "class of clients whose class nothing says" },
	{ 0 },
};
static const struct xs_field placement_fields[] = {
	{ .key = "service", .type = XS_T_REF, AT(xs_r_placement, service), .ref = XS_K_SERVICE, .required = true, .help = "service it is for" },
	{ .key = "tenant", .type = XS_T_REF, AT(xs_r_placement, tenant), .ref = XS_K_TENANT, .help = "tenant it is for; without it any" },
	{ .key = "class", .type = XS_T_REF, AT(xs_r_placement, class), .ref = XS_K_CLASS, .help = "class it is for; without it any" },
	{ .key = "prefix", .type = XS_T_PREFIX, AT(xs_r_placement, hash), .help = "{depth: K, hash: HEX}: prompts whose first 2^K tokens have this hash" },
	{ .key = "targets", .type = XS_T_SETS, AT(xs_r_placement, member), .ref = XS_K_TARGET, .least = 0, .required = true, .help = "names or {name: N, weight: W}" },
	{ .key = "then", .type = XS_T_SETS, AT(xs_r_placement, member), .ref = XS_K_TARGET, .least = 1, .help = "lists of targets to fall back on, in order" },
	{ .key = "ttl", .type = XS_T_UNTIL, AT(xs_r_placement, expires_s), .least = 1, .most = 315360000, .help = "how long it holds; shown as expires_at" },
	{ .key = "expires_at", .type = XS_T_UNTIL, AT(xs_r_placement, expires_s), .most = 0, .help = "unix time until which it holds" },
	{ 0 },
};

const struct xs_kind_info xs_kinds[XS_K_MAX] = {
	[XS_K_SETTINGS] = { "settings", "settings", sizeof(struct xs_r_settings), 1, settings_fields, "timeouts and limits of the instance" },
	[XS_K_ZONE] = { "zone", "zones", sizeof(struct xs_r_zone), XS_MAX_ZONES, zone_fields, "a jurisdiction" },
	[XS_K_SITE] = { "site", "sites", sizeof(struct xs_r_site), XS_MAX_SITES, site_fields, "a place that runs targets" },
	[XS_K_CLASS] = { "class", "classes", sizeof(struct xs_r_class), XS_MAX_CLASSES, class_fields, "an SLO class" },
	[XS_K_POOL] = { "pool", "pools", sizeof(struct xs_r_pool), XS_MAX_POOLS, pool_fields, "targets that serve one model" },
	[XS_K_TENANT] = { "tenant", "tenants", sizeof(struct xs_r_tenant), XS_MAX_TENANTS - 1, tenant_fields, "who pays" },
	[XS_K_TARGET] = { "target", "targets", sizeof(struct xs_r_target), XS_MAX_TARGETS - 1, target_fields, "an accelerator endpoint" },
	[XS_K_SERVICE] = { "service", "services", sizeof(struct xs_r_service), XS_MAX_SERVICES - 1, service_fields, "a virtual address that clients use" },
	[XS_K_PLACEMENT] = { "placement", "placements", sizeof(struct xs_r_placement), 8192, placement_fields, "a decision: these targets for these requests" },
};
