// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The golden shims, each in a frame to its destination at its time: what must be accepted is, with what it says; what must be
 * refused is, for its reason. A vector's tenant and source are configured for it. */
#include <arpa/inet.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

static FILE *conf;
static uint32_t nth;		/* vectors so far: its source is 198.18.(100 + nth).0/24 */

static const char *text(json_t *v, const char *key)
{
	return json_string_value(json_object_get(v, key));
}

static uint32_t number(json_t *v, const char *key)
{
	return json_integer_value(json_object_get(v, key));
}

static bool is6(json_t *v)
{
	return strchr(text(v, "to"), ':');
}

static const char *source(json_t *v, uint32_t i)
{
	static char addr[64];

	snprintf(addr, sizeof(addr), is6(v) ? "2001:db8:%u::" : "198.18.%u.", 100 + i);
	return addr;
}

static void conf_tenant(json_t *v, uint32_t i)
{
	const char *key = text(v, "key");

	fprintf(conf, "  - {name: t%u, id: %u, sources: ['%s%s'], ", i, number(v, "tenant"), source(v, i), is6(v) ? "/48" : "0/24");
	if (key)
		fprintf(conf, "keys: [%s'hex:%s']", number(v, "epoch") ? "'-', " : "", key);
	fprintf(conf, "}\n");
}

static void conf_service(const char *name, const char *addr, uint32_t port, const char *proto)
{
	fprintf(conf, "  - {name: %s, address: '%s', port: %u, protocol: %s, pools: [%s], shim: required}\n", name, addr, port, proto,
		strchr(addr, ':') ? "six" : "four");
}

static void conf_make(json_t *all, char **out, size_t *len)
{
	static const char *const lists[] = { "long", "tcp_option" };
	uint32_t i = 0, n;
	json_t *v;

	conf = open_memstream(out, len);
	fprintf(conf, "xsteer: 1\nclasses:\n");
	for (n = 0; n < 16; n++)
		fprintf(conf, "  - {name: k%u, id: %u}\n", n, n);
	fprintf(conf, "tenants:\n  - {name: refused, id: 1, keys: ['hex:000102030405060708090a0b0c0d0e0f']}\n");
	for (int l = 0; l < 2; l++)
		json_array_foreach(json_object_get(all, lists[l]), n, v)
			conf_tenant(v, i++);
	fprintf(conf, "pools: [{name: four}, {name: six}]\ntargets:\n"
		"  - {name: v4, pool: four, address: 198.18.10.2, port: 8100}\n  - {name: v6, pool: six, address: '2001:db8:10::2', port: 8100}\nservices:\n");
	for (int udp = 0; udp < 2; udp++) {
		conf_service(udp ? "u0" : "s0", "198.18.0.10", 8000, udp ? "udp" : "tcp");
		conf_service(udp ? "u1" : "s1", "198.18.0.10", 8001, udp ? "udp" : "tcp");
		conf_service(udp ? "u2" : "s2", "198.18.0.11", 8000, udp ? "udp" : "tcp");
		conf_service(udp ? "u3" : "s3", "2001:db8::a", 443, udp ? "udp" : "tcp");
	}
	fclose(conf);
}

static void frame_words(json_t *v, bool tcp, const char *from, char *words, size_t size)
{
	char isn[40] = "";

	if (tcp)
		snprintf(isn, sizeof(isn), "syn seq=%u", number(v, "isn"));
	snprintf(words, size, "%s %s %s from=%s to=%s%s%s:%u rawshim=%s", is6(v) ? "ip6" : "ip", tcp ? "tcp" : "udp", isn, from,
		 is6(v) ? "[" : "", text(v, "to"), is6(v) ? "]" : "", number(v, "port"), text(v, "bytes"));
}

/* The deepest hash that is known, which keys the ring. */
static uint32_t deepest(json_t *v, bool tcp)
{
	json_t *h = json_object_get(v, "hashes");
	uint32_t hash = 0;

	if (tcp && number(v, "exp_a")) {
		hash = strtoul(text(v, "hash_a"), NULL, 16);
		if (!hash && number(v, "back"))
			hash = strtoul(text(v, "hash_b"), NULL, 16);
	}
	for (size_t i = json_array_size(h); !hash && i--; )
		hash = strtoul(json_string_value(json_array_get(h, i)), NULL, 16);
	return hash;
}

static void traced(json_t *v, bool tcp, const char *name, const char *words)
{
	uint32_t hash = deepest(v, tcp);
	struct xs_trace t = { 0 };
	struct result r;
	struct frame f;
	char why[200] = "";

	frame_make(&f, words, NULL, NULL);
	host_run(HOOK_DRY, &f, &r);
	if (!host_trace(&t) || t.reason != XS_R_PLACED || t.class != number(v, "class") || t.authentic != !!text(v, "key") ||
	    t.by_prefix != !!hash || (hash && t.hash != hash * 0x9e3779b1u))
		snprintf(why, sizeof(why), "reason %u, class %u, authentic %u, prefix %u, ring key %08x", t.reason, t.class, t.authentic, t.by_prefix, t.hash);
	say("vectors", name, why);
}

static void accepted(json_t *v, bool tcp, uint32_t i)
{
	char name[80], words[400], out[200], from[80];
	uint32_t flags = 1 + (text(v, "key") ? 2 : 0) + (deepest(v, tcp) ? 16 : 0);
	struct row row = { .name = name, .words = words, .reason = XS_R_PLACED, .out = out };

	words_now = number(v, "time");
	host_clock(true);
	snprintf(from, sizeof(from), is6(v) ? "[%s2]:7" : "%s2:7", source(v, i));
	frame_words(v, tcp, from, words, sizeof(words));
	snprintf(name, sizeof(name), "%s %u, dry", tcp ? "option" : "long form", i);
	traced(v, tcp, name, words);
	snprintf(name, sizeof(name), "%s %u", tcp ? "option" : "long form", i);
	snprintf(out, sizeof(out), "& to=%s:8100 =tenant:t%u =class:%u =flags:%u =request:%llx", is6(v) ? "[2001:db8:10::2]" : "198.18.10.2", i,
		 number(v, "class"), flags, tcp ? 0 : strtoull(text(v, "request_id"), NULL, 16));
	rows_one("vectors", &row);
}

static void refused(json_t *v, uint32_t i)
{
	bool tcp = !strcmp(text(v, "form"), "tcp_option");
	char name[120], words[400], from[80];
	struct row row = { .name = name, .words = words, .out = tcp ? "& answer rst ack ackno=78" : "& answer icmp=3:13,28" };

	for (enum xs_reason r = 1; r < XS_R_MAX; r++)
		if (!strcmp(text(v, "reason"), rows_reason(r)))
			row.reason = r;
	words_now = number(v, "now");
	host_clock(true);
	snprintf(from, sizeof(from), "198.18.50.2:%u", 100 + i);
	frame_words(v, tcp, from, words, sizeof(words));
	if (tcp && number(v, "isn") == 78)
		row.out = "& answer rst ack ackno=79";
	if (!tcp && strlen(text(v, "bytes")) < 2 * 28)
		row.out = "+refusals_limited";
	snprintf(name, sizeof(name), "%s: %s", text(v, "form"), text(v, "why"));
	rows_one("vectors", &row);
}

void vectors_run(const char *file)
{
	json_t *all = json_load_file(file, 0, NULL), *v;
	char *yaml = NULL;
	size_t len, n;

	if (!all)
		words_die(file, "cannot be read");
	conf_make(all, &yaml, &len);
	host_open(1024, yaml);
	json_array_foreach(json_object_get(all, "long"), n, v)
		accepted(v, false, nth++);
	json_array_foreach(json_object_get(all, "tcp_option"), n, v)
		accepted(v, true, nth++);
	json_array_foreach(json_object_get(all, "reject"), n, v)
		refused(v, n);
	host_close();
	json_decref(all);
	free(yaml);
}
