// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/base/text.h"
#include "user/decide/model.h"
#include "user/observe/explain.h"
#include "user/shim/xsteer_shim.h"

#define CLIENT_PORT 49152	/* where --from names none */

static const struct xs_opt opts[] = {
	{ .name = "to", .arg = "ADDR:PORT", .help = "where the client sends: the address of a service" },
	{ .name = "from", .arg = "ADDR[:PORT]", .help = "the client, 192.0.2.1:49152 or [2001:db8::1]:49152 by default" },
	{ .name = "tcp", .help = "a SYN; the default, but where only a UDP service is at the address" },
	{ .name = "udp", .help = "a datagram" },
	{ .name = "shim", .arg = "HEX", .help = "bytes of a shim: the TCP option with its kind and length, or a long form" },
	{ .name = "isn", .arg = "N", .help = "initial sequence number of the SYN, 0 by default: the tag of an option covers it" },
	{ .name = "tenant", .arg = "NAME", .help = "make a shim of this tenant (name or number), tagged with its key if it has one" },
	{ .name = "class", .arg = "NAME", .help = "class in this shim (name or number), 0 by default" },
	{ .name = "prefix", .arg = "DEPTH:HASH", .help = "prefix in this shim: exponent of its tokens, and eight hex digits" },
	{ 0 },
};

static const struct xs_col cols[] = {
	{ "packet.protocol", "protocol", XS_FMT_TEXT }, { "packet.from", "from", XS_FMT_TEXT }, { "packet.to", "to", XS_FMT_TEXT },
	{ "packet.shim", "shim", XS_FMT_TEXT }, { "reason", "reason", XS_FMT_TEXT }, { "action", "action", XS_FMT_TEXT },
	{ "help", "meaning", XS_FMT_TEXT }, { "service", "service", XS_FMT_TEXT }, { "tenant", "tenant", XS_FMT_TEXT },
	{ "class", "class", XS_FMT_TEXT }, { "decided_by", "tenant and class by", XS_FMT_TEXT }, { "authentic", "authentic", XS_FMT_TEXT },
	{ "level", "rule of level", XS_FMT_TEXT }, { "rule.from", "rule from", XS_FMT_TEXT }, { "rule.revision", "rule of revision", XS_FMT_TEXT },
	{ "rule.tenant", "rule for tenant", XS_FMT_TEXT }, { "rule.class", "rule for class", XS_FMT_TEXT },
	{ "rule.prefix", "rule for prefix", XS_FMT_TEXT }, { "ring_by", "ring keyed by", XS_FMT_TEXT }, { "ring_key", "ring key", XS_FMT_TEXT },
	{ "target", "target", XS_FMT_TEXT }, { "target_address", "target address", XS_FMT_TEXT }, { "source", "seen by it as", XS_FMT_TEXT }, { "way", "way", XS_FMT_TEXT },
	{ "flow_state", "its flow is", XS_FMT_TEXT },
	{ 0 },
};

static const struct xs_col candidate_cols[] = {
	{ "target", "CANDIDATE", XS_FMT_TEXT }, { "set", "SET", XS_FMT_TEXT }, { "why", "WHY", XS_FMT_TEXT }, { 0 },
};

/* What --tenant, --class and --prefix ask for. */
struct want {
	uint32_t tenant, hash;
	uint8_t class, depth, epoch;
	bool has_key;
	uint8_t key[16];
};

static bool number(const char *word, unsigned long most, uint32_t *n)
{
	char *end;
	unsigned long v = strtoul(word, &end, 0);

	*n = v;
	return *word >= '0' && *word <= '9' && !*end && v <= most;
}

static int addresses(const struct xs_call *call, struct xs_first *f)
{
	const char *to = xs_call_opt(call, "to"), *from = xs_call_opt(call, "from"), *wrong;

	if (!to)
		return xs_usage("explain", "give --to ADDR:PORT", "where does the client send?");
	wrong = xs_addr_port_parse(to, &f->to, &f->dport);
	if (wrong)
		return xs_usage(to, "write ADDR:PORT or [ADDR]:PORT", "no destination: %s", wrong);
	f->sport = CLIENT_PORT;
	if (!from)
		from = xs_addr_is4(&f->to) ? "192.0.2.1" : "2001:db8::1";
	if (xs_addr_parse(from, &f->from) && (wrong = xs_addr_port_parse(from, &f->from, &f->sport)))
		return xs_usage(from, "write ADDR, ADDR:PORT or [ADDR]:PORT", "no client: %s", wrong);
	if (xs_addr_is4(&f->from) != xs_addr_is4(&f->to))
		return xs_usage(from, "give both of one family", "client and service cannot meet");
	return 0;
}

static int protocol(const struct xs_call *call, struct xs_first *f)
{
	bool tcp = xs_call_opt(call, "tcp"), udp = xs_call_opt(call, "udp"), found[2] = { false, false };
	struct xs_model *m = xs_model_have();
	struct xs_r_service *s;

	if (!m)
		return -EIO;
	if (tcp && udp)
		return xs_usage("--udp", "give one of both", "a packet is either TCP or UDP");
	xs_each(s, m, XS_K_SERVICE)
		if (!memcmp(&s->addr, &f->to, sizeof(s->addr)) && s->port == htons(f->dport))
			found[s->proto == IPPROTO_UDP] = true;
	f->udp = udp || (!tcp && found[1] && !found[0]);
	return 0;
}

/* The tenant's number and a key of it that the packet path would accept; an unknown number has none */
static int tenant(const char *word, struct want *w)
{
	struct xs_model *m = xs_model_have();
	struct xs_r_tenant *t = xs_row_named(m, XS_K_TENANT, word), *row;
	uint32_t at = XS_GEN(xs_control_read()) * XS_MAX_TENANTS;
	struct xs_tenant live = { 0 };
	struct xs_keys keys;
	int err;

	if (number(word, UINT32_MAX, &w->tenant))
		xs_each(row, m, XS_K_TENANT)
			if (!t && row->number == w->tenant)
				t = row;
	if (!t)
		return w->tenant ? 0 : xs_refuse(word, "see: xsteer tenant list", "no such tenant");
	w->tenant = t->number;
	at += t->h.id;
	err = xs_map_get(XS_MAP_xs_tenants, &at, &live) ?: xs_map_get(XS_MAP_xs_keys, &at, &keys);
	if (err)
		return xs_kernel(err, word, "run as root", "the tenant's key cannot be read");
	w->has_key = live.keys;
	w->epoch = !(live.keys & 1);
	memcpy(w->key, keys.key[w->epoch], sizeof(w->key));
	explicit_bzero(&keys, sizeof(keys));
	return 0;
}

static int class(const char *word, struct want *w)
{
	struct xs_r_class *c = xs_row_named(xs_model_have(), XS_K_CLASS, word);
	uint32_t n;

	if (!c && !number(word, XS_MAX_CLASSES - 1, &n))
		return xs_refuse(word, "see: xsteer class list", "no such class");
	w->class = c ? c->number : n;
	return 0;
}

static int prefix(const char *word, bool udp, struct want *w)
{
	unsigned int depth, least = udp ? 4 : 5, most = udp ? 22 : 19;
	int end = 0;

	if (sscanf(word, "%u:%8x%n", &depth, &w->hash, &end) != 2 || word[end] || depth < least || depth > most)
		return xs_usage(word, "write DEPTH:HASH as in 9:1a2b3c4d", "no prefix: a %s says depths of %u to %u and 32 bits of hash",
				udp ? "long form" : "TCP option", least, most);
	w->depth = depth;
	return 0;
}

/* A shim as an honest client would write it, now and for this destination */
static int write_shim(const struct want *w, struct xs_first *f)
{
	struct xsteer_option opt = { .stamp = { .tenant = w->tenant, .slo_class = w->class, .exp_a = w->depth, .hash_a = w->hash }, .epoch = w->epoch };
	struct xsteer_long lng = { .tenant = w->tenant, .slo_class = w->class, .epoch = w->epoch, .n = w->depth ? 1 : 0 };
	const uint8_t *key = w->has_key ? w->key : NULL;
	struct xsteer_dest dest = { .port = f->dport };
	int n;

	memcpy(dest.addr, &f->to, sizeof(dest.addr));
	if (w->depth > 15) {	/* exp0 has four bits: hashes below this depth are said to be unknown */
		lng.exp0 = 15;
		lng.n = w->depth - 14;
	} else {
		lng.exp0 = w->depth;
	}
	if (lng.n)
		lng.hash[lng.n - 1] = w->hash;
	if (!f->udp && w->tenant > UINT16_MAX)
		return xs_refuse("explain", "give --udp", "tenants above 65535 need the long form");
	n = f->udp ? xsteer_long_write(f->shim, sizeof(f->shim), &lng, key, &dest) :
		     xsteer_option_write(f->shim, &opt, key, &dest, f->isn, time(NULL));
	if (n < 0)
		return xs_refuse("explain", NULL, "no shim can say this");
	f->shim_len = n;
	return 0;
}

static int given_shim(const char *hex, struct xs_first *f)
{
	int n = xs_unhex(hex, f->shim, f->udp ? sizeof(f->shim) : 40);

	if (n < 0)
		return xs_usage("--shim", "give the hex digits that `xsteer shim encode` prints",
				n == -E2BIG ? "longer than there is room for" : "not an even number of hex digits");
	f->shim_len = f->udp ? n : (n + 3) / 4 * 4;	/* options end on a whole word; what is left is 0, the end of the list */
	return 0;
}

static int shim(const struct xs_call *call, struct xs_first *f)
{
	const char *hex = xs_call_opt(call, "shim"), *t = xs_call_opt(call, "tenant"), *c = xs_call_opt(call, "class"),
		   *p = xs_call_opt(call, "prefix"), *isn = xs_call_opt(call, "isn");
	struct want w = { 0 };
	int err;

	if (isn && !number(isn, UINT32_MAX, &f->isn))
		return xs_usage(isn, "give a number of 32 bits", "no sequence number");
	if (hex && (t || c || p))
		return xs_usage("--shim", "give either, not both", "--tenant, --class and --prefix make a shim themselves");
	if (hex)
		return given_shim(hex, f);
	if (!t)
		return c || p ? xs_usage(c ? "--class" : "--prefix", "give --tenant", "a shim names a tenant, too") : 0;
	err = tenant(t, &w) ?: c ? class(c, &w) : 0;
	err = err ?: p ? prefix(p, f->udp, &w) : 0;
	err = err ?: write_shim(&w, f);
	explicit_bzero(&w, sizeof(w));
	return err;
}

static int print(json_t *j)
{
	json_t *candidates = json_incref(json_object_get(j, "candidates"));
	int err = xs_out_object(cols, j);

	if (!err && !xs_env.json && json_array_size(candidates)) {
		printf("\n");
		return xs_out_table(candidate_cols, candidates, NULL);
	}
	json_decref(candidates);
	return err;
}

static int run(const struct xs_call *call)
{
	struct xs_first f = { 0 };
	struct xs_trace t;
	int err = addresses(call, &f) ?: protocol(call, &f) ?: shim(call, &f) ?: xs_explain_run(&f, &t);

	return err ?: print(xs_explain_json(&f, &t));
}

const struct xs_cmd cmd_explain = {
	.name = "explain", .effect = XS_READS, .args = "", .brief = "what would become of a first packet, and why", .opts = opts, .run = run,
	.text = "Makes the packet and gives it to the real XDP program, loaded a second time with the switch that lets it decide and trace only:\n"
		"no flow, no count, nothing sent. Says who decided tenant and class, which rule placed it, every candidate that was asked (set 0 is\n"
		"the rule's first choice, 1 and above its fallbacks) and the one chosen. A connection that is there already decides for its own packets.\n"
		"Whether the flow table has room, and routes, are found out by real packets only. Exit status 0 whatever the answer.",
	.example = "  xsteer explain --to 198.18.0.10:8000 --from 198.18.1.7\n"
		   "  xsteer -p explain --to 198.18.0.10:8000 --tenant acme --class interactive --prefix 9:1a2b3c4d",
};
