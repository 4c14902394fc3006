// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Text -> model -> text, every kind of mistake with its place and remedy, plans, and the properties of rings. No kernel. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "user/base/err.h"
#include "user/decide/model.h"

static const char whole[] =
	"xsteer: 1\n"
	"settings: {tcp_idle: 600s}\n"
	"site: {name: fra, id: 7, zone: eu-de, fullnat: [198.18.10.1, \"2001:db8:10::1\"], fullnat_ports: 7000-7999}\n"
	"zones: [eu-de, eu-fr, us]\n"
	"tenants:\n"
	"  - {name: acme, id: 4211, sources: [198.18.1.0/24, {prefix: \"2001:db8:1::/48\", class: batch}], zones: [eu-de, eu-fr],"
	" keys: [\"hex:000102030405060708090a0b0c0d0e0f\"], salt: \"00000000000000ff\", rate: {requests: 200/s, tokens: 2M/s, burst: 400}}\n"
	"  - {name: zeta, id: 70000}\n"
	"classes:\n"
	"  - {name: interactive, id: 1, ttft: 250ms, overflow: spill, money: 200ms}\n"
	"  - {name: batch, id: 2, overflow: queue}\n"
	"sites:\n"
	"  - {name: metro, id: 8, zone: eu-fr, endpoint: 198.18.2.1, rtt: 9ms, return: tunnel, key: \"file:metro.key\"}\n"
	"pools:\n"
	"  - {name: llama70b, hash: text, share_prefixes: true}\n"
	"targets:\n"
	"  - {name: gpu0, pool: llama70b, address: 198.18.10.2, port: 8000, via: nat, prefill: 8000/s, cache: 470k, price: {in: 0.3, out: 1.2}}\n"
	"  - {name: gpu1, pool: llama70b, address: \"2001:db8:11::2\", port: 8000, site: metro, via: fullnat}\n"
	"services:\n"
	"  - {name: chat, address: 198.18.0.10, port: 8000, protocol: tcp, pools: [llama70b], shim: required, refuse: silent, first_token: 3}\n"
	"  - {name: embed, address: \"2001:db8::10\", port: 53, protocol: udp, pools: [llama70b], strip: true, default_tenant: zeta, default_class: batch, unknown: refuse}\n"
	"placements:\n"
	"  - {service: chat, tenant: acme, class: interactive, targets: [{name: gpu0, weight: 2}, gpu1], then: [[gpu1], [gpu0]], expires_at: 4000000000}\n"
	"  - {service: chat, tenant: acme, prefix: {depth: 10, hash: \"00c0ffee\"}, targets: [gpu1]}\n"
	"  - {service: chat, targets: [gpu0]}\n";

struct run {
	struct xs_model have, want;
	char said[8192];
	int err;
};

/* Reads a text over what is running. */
static void read_text(struct run *r, const char *text, bool keep)
{
	struct xs_conf c = { .name = "x.yaml", .have = &r->have, .want = &r->want };

	xs_quiet(r->said, sizeof(r->said));
	xs_model_init(&r->want);
	r->err = xs_conf_read(&c, text, strlen(text), keep) ?: xs_model_check(&r->want, c.name);
	xs_quiet(NULL, 0);
}

static void start(struct run *r)
{
	memset(r, 0, sizeof(*r));
	xs_model_init(&r->have);
	xs_model_init(&r->want);
}

static void end(struct run *r)
{
	xs_model_free(&r->have);
	xs_model_free(&r->want);
}

static char *print(const struct xs_model *m)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	xs_conf_print(m, to);
	fclose(to);
	return text;
}

/* What is printed reads back to the same, and prints the same again. */
static void round_trip(void **state)
{
	struct run a, b;
	char *one, *two;
	json_t *plan;

	start(&a);
	start(&b);
	read_text(&a, whole, false);
	assert_string_equal(a.said, "");
	assert_int_equal(a.err, 0);
	one = print(&a.want);
	read_text(&b, one, false);
	assert_string_equal(b.said, "");
	two = print(&b.want);
	assert_string_equal(one, two);
	assert_non_null(strstr(one, "rate: {requests: 200/s, tokens: 2000000/s, burst: 400}"));
	assert_non_null(strstr(one, "targets: [{name: gpu0, weight: 2}, gpu1], then: [[gpu1], [gpu0]], expires_at: 4000000000"));
	assert_non_null(strstr(one, "settings: {tcp_idle: 600s}"));
	assert_non_null(strstr(one, "fullnat: [198.18.10.1, \"2001:db8:10::1\"], fullnat_ports: 7000-7999"));
	plan = xs_plan_make(&a.want, &b.want);
	assert_int_equal(json_array_size(plan), 0);
	json_decref(plan);
	free(one);
	free(two);
	end(&a);
	end(&b);
}

/* Each mistake: what stands instead of a piece of the whole text, and what must be said of it. */
static const struct mistake { const char *from, *to, *said; } mistakes[] = {
	{ "xsteer: 1\n", "xsteer: 2\n", "x.yaml:1:9: xsteer: the version of the format is not 1; begin with `xsteer: 1`" },
	{ "xsteer: 1\n", "", "x.yaml:1:1: xsteer: the version of the format is not 1" },
	{ "settings: {", "settings: {tcp_idel: 3s, ", "x.yaml:2:12: settings has no key \"tcp_idel\"; did you mean tcp_idle?" },
	{ "tcp_idle: 600s", "tcp_idle: 600", "tcp_idle: \"600\" needs a unit: us, ms, s, m, h or d" },
	{ "tcp_idle: 600s", "tcp_idle: 90000000s", "is out of range, 1..864000" },
	{ "tcp_idle: 600s", "tcp_idle: -1s", "tcp_idle: \"-1s\" is no duration" },
	{ "site: {name: fra, id: 7", "site: {name: fra, id: 8", "x.yaml:12: site metro: id: 8 belongs to site fra" },
	{ "zones: [eu-de, eu-fr, us]", "zones: [eu-de, eu-fr, us, us]", "a second zone is called \"us\"" },
	{ "zones: [eu-de, eu-fr], keys", "zones: [eu-de, mars], keys", "x.yaml:6:112: zones: no zone is called \"mars\"" },
	{ "id: 4211", "id: 0", "id: 0 is out of range, 1..4294967295" },
	{ "id: 4211", "id: 70000", "tenant zeta: id: 70000 belongs to tenant acme; give each its own number" },
	{ "198.18.1.0/24", "198.18.1.1/24", "\"198.18.1.1/24\" has bits set behind its length" },
	{ "198.18.1.0/24", "198.18.1.0/33", "the length is 0..32" },
	{ "198.18.1.0/24", "198.18.1.0", "is no prefix; write 198.18.1.0/24" },
	{ "{name: zeta, id: 70000}", "{name: zeta, id: 70000, sources: [198.18.1.0/24]}", "tenant zeta: sources: prefix 1 is also one of tenant acme; a prefix names one tenant" },
	{ "0a0b0c0d0e0f", "0a0b0c0d0e", "keys: hex: takes 32 hex digits; make them with: xsteer shim keygen" },
	{ "hex:0001", "file:/nonexistent/key", "keys: file:/nonexistent/key02030405060708090a0b0c0d0e0f: No such file or directory" },
	{ "hex:0001", "plain:0001", "keys: is no reference to a key; write file:PATH or hex:DIGITS" },
	{ "requests: 200/s", "requests: 200/m", "unknown unit" },
	{ "rate: {requests", "rate: {request", "no such key \"request\"; known are requests, tokens, burst" },
	{ "id: 1, ttft", "id: 16, ttft", "id: 16 is out of range, 0..15" },
	{ "id: 1, ttft", "id: 2, ttft", "class batch: id: 2 belongs to class interactive" },
	{ "overflow: spill", "overflow: drown", "overflow: \"drown\" is none of queue spill shed" },
	{ "pool: llama70b, address: 198", "pool: llama, address: 198", "pool: no pool is called \"llama\"" },
	{ "pool: llama70b, address: 198", "address: 198", "x.yaml:16:6: target lacks the key \"pool\"" },
	{ "address: 198.18.10.2", "address: 198.18.10.256", "address: \"198.18.10.256\" is no IPv4 or IPv6 address" },
	{ "address: 198.18.10.2", "address: 198.18.0.10", "target gpu0: address and port are those of service chat: requests would go in a circle" },
	{ "address: 198.18.10.2, port: 8000", "address: 198.18.10.2", "target gpu0: delivery by nat needs address and port; give both" },
	{ "via: nat", "via: ipip", "target gpu0: via: only nat and fullnat are there so far; leave it out" },
	{ "port: 8000, via", "port: 80000, via", "port: 80000 is out of range, 1..65535" },
	{ "name: gpu1", "name: gpu0", "a second target is called \"gpu0\"; choose another name" },
	{ "name: gpu1, pool", "name: \"gpu 1\", pool", "\"gpu 1\" is no name" },
	{ "shim: required", "shim: maybe", "shim: \"maybe\" is none of none optional required" },
	{ "protocol: tcp", "protocol: tcp, strip: true", "service chat: strip: only datagrams carry a shim that can be removed" },
	{ "name: embed, address: \"2001:db8::10\", port: 53, protocol: udp", "name: embed, address: 198.18.0.10, port: 8000, protocol: tcp",
	  "service embed: address, port and protocol are those of service chat" },
	{ "services:", "service:", "x.yaml:18:1: no such key \"service\"; known are: xsteer settings site zones" },
	{ "targets: [gpu1]}", "targets: []}", "targets: names no target" },
	{ "targets: [gpu1]}", "targets: [gpu9]}", "no target is called \"gpu9\"" },
	{ "targets: [gpu1]}", "targets: [gpu1, gpu1]}", "a target stands twice in one list; give it a weight" },
	{ "weight: 2", "weight: 0", "a weight is 1..100" },
	{ "then: [[gpu1], [gpu0]]", "then: [gpu1, gpu0]", "then: wants lists of targets" },
	{ "then: [[gpu1], [gpu0]]", "then: [[gpu1], [gpu0], [gpu1], [gpu0]]", "too many lists, at most 3" },
	{ "prefix: {depth: 10", "class: batch, prefix: {depth: 10", "a placement is for a prefix or for a class, not both" },
	{ "prefix: {depth: 10", "prefix: {depth: 30", "a depth is the exponent of a power of two of tokens" },
	{ "prefix: {depth: 10, hash: \"00c0ffee\"}", "prefix: {depth: 10}", "prefix: wants both depth and hash" },
	{ "{service: chat, targets: [gpu0]}", "{targets: [gpu0]}", "placement lacks the key \"service\"" },
	{ "{service: chat, targets: [gpu0]}", "{service: chat, tenant: acme, class: interactive, targets: [gpu0]}", "a second placement is called \"chat/acme/interactive\"; join them" },
	{ "expires_at: 4000000000", "ttl: 0s", "ttl: 0 is out of range" },
	{ "targets: [gpu0]}\n", "targets: [gpu0}\n", "x.yaml:24:" },
	{ "pools: [llama70b], shim", "pools: llama70b: shim", "x.yaml:19:" },
	{ "198.18.10.1, \"2001:db8:10::1\"", "198.18.10.1", "x.yaml:17: target gpu1: via: fullnat wants a source address of this host's own, and site names none of IPv6; add one to this host's site" },
	{ "fullnat: [198.18.10.1,", "fullnat: [198.18.10.1, 198.18.10.1,", "site fra: fullnat: 198.18.10.1 stands there twice" },
	{ "fullnat: [198.18.10.1,", "fullnat: [198.18.10.2,", "x.yaml:3: site fra: fullnat: 198.18.10.2 is the address of target gpu0; name an address of this host" },
	{ "fullnat: [198.18.10.1,", "fullnat: [198.18.10.300,", "fullnat: \"198.18.10.300\" is no IPv4 or IPv6 address" },
	{ "fullnat: [198.18.10.1,", "fullnat: [1.0.0.1, 1.0.0.2, 1.0.0.3, 1.0.0.4, 1.0.0.5, 1.0.0.6, 1.0.0.7, 1.0.0.8, 1.0.0.9, 1.0.0.10, 1.0.0.11, 1.0.0.12,"
	  " 1.0.0.13, 1.0.0.14, 1.0.0.15, 1.0.0.16,", "fullnat: too many, at most 16" },
	{ "198.18.10.1, \"2001:db8:10::1\"], fullnat_ports: 7000-7999", "198.18.0.10, \"2001:db8:10::1\"], fullnat_ports: 7000-8000",
	  "site fra: fullnat: 198.18.0.10 has service chat on one of the source ports; choose other fullnat_ports" },
	{ "fullnat: [198.18.10.1,", "fullnat: [127.0.0.1,", "site fra: fullnat: 127.0.0.1 is a loopback address" },
	{ "7000-7999", "7999-7000", "fullnat_ports: \"7999-7000\" is no range of ports from 1024 to 65535; write 61000-65535" },
	{ "7000-7999", "80-7999", "is no range of ports from 1024 to 65535" },
	{ "7000-7999", "7000", "is no range of ports from 1024 to 65535" },
	{ "rtt: 9ms", "rtt: 9ms, fullnat: [198.18.10.9]", "site metro: fullnat: source addresses are those of this host, and this is another site; write it under `site:`" },
	{ "zones: [eu-de, eu-fr, us]", "zones: &z [eu-de, eu-fr, us, *z]", "x.yaml:4:31: an alias (*NAME) is not followed; write out what it stands for" },
	{ "xsteer: 1\n", "xsteer: 1\n---\nxsteer: 1\n", "x.yaml:3:1: begins a second document; leave the second --- out" },
	{ "targets: [gpu0]}\n", "targets: [gpu0]}\n--- [\n", "x.yaml:" },
	{ "id: 1, ttft", "id: 1.5, ttft", "id: \"1.5\" is no whole number; write a whole number from 0 to 15" },
	{ "id: 1, ttft", "id: 0x1, ttft", "id: \"0x1\"" },
	{ "weight: 2", "weight: 1.5", "\"1.5\" is no whole number" },
	{ "tcp_idle: 600s", "tcp_idle: 1.5s", "tcp_idle: \"1.5s\" is finer than can be kept; write a duration from 1s to 864000s" },
	{ "id: 1, ttft", "ttft", "x.yaml:9:6: class lacks the key \"id\"; add it: number in the shim, 0..15" },
	{ "overflow: spill", "overflow: spil", "overflow: \"spil\" is none of queue spill shed; did you mean spill?" },
	{ "overflow: spill", "overflow: ", "x.yaml:9:45: overflow: " },
	{ "targets: [gpu1]}", "targets: []}", "x.yaml:23:" },
	{ "pool: llama70b, address: 198", "pool: lama70b, address: 198", "no pool is called \"lama70b\"; did you mean llama70b?" },
	{ "targets: [gpu1]}", "targets: [tpu-zebra]}", "no target is called \"tpu-zebra\"; add it to targets:, or name one that is there" },
	{ "pools: [llama70b], shim", "pools: [], shim", "pools: names no pool" },
	{ "zones: [eu-de, eu-fr], keys", "zones: [], keys", "zones: an empty list would be no limit; name some, or leave the key out" },
	{ "address: 198.18.10.2", "address: 0.0.0.0", "target gpu0: address: 0.0.0.0 names no host; give one" },
	{ "address: 198.18.10.2", "address: 127.0.0.1", "target gpu0: address: 127.0.0.1 is a loopback address" },
	{ "\"2001:db8:11::2\"", "\"fe80::2\"", "target gpu1: address: fe80::2 is link-local" },
	{ "\"2001:db8::10\"", "\"ff02::1\"", "service embed: address: ff02::1 is a multicast" },
	{ "address: 198.18.0.10, port: 8000, protocol", "address: 255.255.255.255, port: 8000, protocol", "service chat: address: 255.255.255.255 is a multicast or broadcast address; name the address" },
	{ "placements:\n", "placements: 7\nfoo:\n", "wants a list" },
};

static void every_mistake(void **state)
{
	char *text, *at;
	int failed = 0;
	struct run r;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct mistake *m = &mistakes[i];

		start(&r);
		at = strstr(whole, m->from);
		assert_non_null(at);
		assert_true(asprintf(&text, "%.*s%s%s", (int)(at - whole), whole, m->to, at + strlen(m->from)) > 0);
		read_text(&r, text, false);
		if (r.err == 0 || !strstr(r.said, m->said)) {
			print_error("mistake %zu: wanted \"%s\", said \"%s\"\n", i, m->said, r.said);
			failed++;
		}
		free(text);
		end(&r);
	}
	assert_int_equal(failed, 0);
}

/* Text that is no configuration at all must be refused and must not crash: every cut, and every byte replaced. */
static void broken_texts(void **state)
{
	static const char odd[] = { 0x01, '{', '}', '[', ']', ':', '-', '"', '\'', '*', '&', '!', '\t', '\xff' };
	size_t len = strlen(whole);
	char *text = strdup(whole);
	struct run r;

	for (size_t i = 0; i < len; i += 7) {
		start(&r);
		text[i] = odd[i / 7 % sizeof(odd)];
		read_text(&r, text, false);
		text[i] = whole[i];
		end(&r);
		start(&r);
		text[i] = 0;
		read_text(&r, text, false);
		assert_true(i < 10 ? r.err != 0 : true);
		text[i] = whole[i];
		end(&r);
	}
	free(text);
}

/* The twenty-first mistake is counted, not told. */
static void many_mistakes(void **state)
{
	char text[4096] = "xsteer: 1\n", *at = text + strlen(text);
	struct run r;

	for (int i = 0; i < 30; i++)
		at += sprintf(at, "bad%d: 1\n", i);
	start(&r);
	read_text(&r, text, false);
	assert_non_null(strstr(r.said, "\"bad19\""));
	assert_null(strstr(r.said, "\"bad20\""));
	assert_non_null(strstr(r.said, "and 10 more"));
	end(&r);
}

static const char *op_of(json_t *plan, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(plan, i), key)) ?: "";
}

/* Ids stay with what keeps its name; a target that moves gets a new one, and placements follow it. */
static void ids(void **state)
{
	static const char moved[] = "xsteer: 1\ntargets:\n  - {name: gpu0, pool: llama70b, address: 198.18.10.9, port: 8000}\n";
	const struct xs_r_placement *p;
	struct run r;
	uint16_t id0, id1;
	json_t *plan;

	start(&r);
	read_text(&r, whole, false);
	xs_model_copy(&r.have, &r.want);
	id0 = ((struct xs_row *)xs_row_named(&r.have, XS_K_TARGET, "gpu0"))->id;
	id1 = ((struct xs_row *)xs_row_named(&r.have, XS_K_TARGET, "gpu1"))->id;
	xs_model_free(&r.want);
	read_text(&r, moved, true);
	assert_string_equal(r.said, "");
	assert_int_not_equal(((struct xs_row *)xs_row_named(&r.want, XS_K_TARGET, "gpu0"))->id, id0);
	assert_int_equal(((struct xs_row *)xs_row_named(&r.want, XS_K_TARGET, "gpu1"))->id, id1);
	p = xs_row_named(&r.want, XS_K_PLACEMENT, "chat");
	assert_int_equal(p->member[0].target, ((struct xs_row *)xs_row_named(&r.want, XS_K_TARGET, "gpu0"))->id);
	plan = xs_plan_make(&r.have, &r.want);
	assert_string_equal(op_of(plan, 0, "op"), "change");
	assert_string_equal(op_of(plan, 0, "key"), "address");
	assert_string_equal(op_of(plan, 0, "to"), "198.18.10.9");
	json_decref(plan);
	end(&r);
}

/* What the text lacks goes, and only that. */
static void plan_deletes(void **state)
{
	struct run r;
	json_t *plan;
	char *text;

	start(&r);
	read_text(&r, whole, false);
	xs_model_copy(&r.have, &r.want);
	xs_model_free(&r.want);
	text = strdup(whole);
	*strstr(text, "  - {service: chat, targets: [gpu0]}") = 0;
	read_text(&r, text, false);
	plan = xs_plan_make(&r.have, &r.want);
	assert_int_equal(json_array_size(plan), 1);
	assert_string_equal(op_of(plan, 0, "op"), "delete");
	assert_string_equal(op_of(plan, 0, "name"), "chat");
	json_decref(plan);
	free(text);
	end(&r);
}

#define MEMBERS 40

/* Shares follow the weights within a few percent; taking one member out moves few of the others' slots. */
static void rings(void **state)
{
	static uint16_t before[70000], after[70000];
	const char *name[MEMBERS];
	char text[MEMBERS][16];
	uint32_t weight[MEMBERS], share[MEMBERS] = { 0 }, slots, moved = 0;

	for (int i = 0; i < MEMBERS; i++) {
		snprintf(text[i], sizeof(text[i]), "gpu%d", i);
		name[i] = text[i];
		weight[i] = 1 + i % 3;
	}
	slots = xs_ring_size(weight, MEMBERS);
	assert_true(slots >= 100 * MEMBERS && slots <= 65537);
	for (uint32_t d = 2; d * d <= slots; d++)
		assert_int_not_equal(slots % d, 0);
	assert_int_equal(xs_ring_fill(before, slots, name, weight, MEMBERS), 0);
	for (uint32_t i = 0; i < slots; i++)
		share[before[i]]++;
	for (int i = 0; i < MEMBERS; i++)
		assert_true(share[i] >= 90 * weight[i] && share[i] <= 110 * weight[i]);
	assert_int_equal(xs_ring_fill(after, slots, name, weight, MEMBERS - 1), 0);
	for (uint32_t i = 0; i < slots; i++)
		moved += before[i] != MEMBERS - 1 && before[i] != after[i];
	assert_true(moved < slots / 8);
}

/* The ring is the same for the same names in whatever order ids were given: the index is what differs. */
static void ring_of_one(void **state)
{
	const char *name[] = { "gpu0" };
	uint32_t weight[] = { 7 };
	uint16_t slot[8] = { 9 };

	assert_int_equal(xs_ring_size(weight, 1), 1);
	assert_int_equal(xs_ring_fill(slot, 1, name, weight, 1), 0);
	assert_int_equal(slot[0], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip), cmocka_unit_test(every_mistake), cmocka_unit_test(broken_texts), cmocka_unit_test(many_mistakes),
		cmocka_unit_test(ids), cmocka_unit_test(plan_deletes), cmocka_unit_test(rings), cmocka_unit_test(ring_of_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
