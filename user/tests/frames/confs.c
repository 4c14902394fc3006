// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Configurations that the rows run under. Names of ends and keys of tenants: words.c. */
#include <string.h>
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

#define KEYS "keys: ['hex:000102030405060708090a0b0c0d0e0f', 'hex:101112131415161718191a1b1c1d1e1f']"
#define EURO_KEYS "keys: ['hex:202122232425262728292a2b2c2d2e2f']"
#define HEAD HEAD_WITH("refusals: 1000")
#define HEAD_WITH(setting) TOP(setting) TENANTS REST
#define TOP(setting) TOP_AT(setting, "")
#define TOP_AT(setting, site) \
	"xsteer: 1\n" \
	"settings: {tcp_idle: 100s, tcp_syn: 10s, tcp_closed: 5s, udp_idle: 60s, " setting "}\n" \
	"zones: [eu, us]\n" \
	"site: {name: here, id: 1, zone: eu" site "}\n" \
	"sites: [{name: there, id: 2, zone: us, endpoint: 198.18.99.1}]\n"
#define TENANTS \
	"tenants:\n" \
	"  - {name: acme, id: 4211, sources: [198.18.1.0/24, '2001:db8:1::/48', {prefix: 198.18.1.128/25, class: batch}], " KEYS "}\n" \
	"  - {name: plain, id: 77, sources: [198.18.2.0/24, '2001:db8:2::/48']}\n" \
	"  - {name: euro, id: 88, sources: [198.18.3.0/24], zones: [eu], " EURO_KEYS "}\n"
#define REST \
	"classes:\n" \
	"  - {name: interactive, id: 1}\n" \
	"  - {name: batch, id: 2}\n" \
	"pools: [{name: one}, {name: one6}, {name: many}, {name: zoned}, {name: hollow}, {name: done}, {name: done6}, {name: dmany}, {name: both}]\n"

#define TARGETS TARGETS_VIA("")
#define TARGETS_VIA(via) \
	"targets:\n" \
	"  - {name: a, pool: one, address: 198.18.10.2, port: 8100" via "}\n" \
	"  - {name: a6, pool: one6, address: '2001:db8:10::2', port: 8100" via "}\n" \
	"  - {name: b, pool: many, address: 198.18.11.2, port: 8100}\n" \
	"  - {name: e, pool: many, address: 198.18.12.2, port: 8100}\n" \
	"  - {name: f, pool: many, address: 198.18.13.2, port: 8100}\n" \
	"  - {name: z1, pool: zoned, address: 198.18.14.2, port: 8100, site: here}\n" \
	"  - {name: z2, pool: zoned, address: 198.18.15.2, port: 8100, site: there}\n" \
	"  - {name: da, pool: done, address: 198.18.10.2, port: 9100" via "}\n" \
	"  - {name: da6, pool: done6, address: '2001:db8:10::2', port: 9100" via "}\n" \
	"  - {name: db, pool: dmany, address: 198.18.11.2, port: 9100" via "}\n" \
	"  - {name: dc, pool: dmany, address: 198.18.12.2, port: 9100" via "}\n" \
	"  - {name: m4, pool: both, address: 198.18.16.2, port: 8100}\n" \
	"  - {name: m6, pool: both, address: '2001:db8:16::2', port: 8100}\n"

#define SERVICES \
	"services:\n" \
	"  - {name: chat, address: 198.18.0.10, port: 8000, pools: [one], shim: optional}\n" \
	"  - {name: chat6, address: '2001:db8::a', port: 8000, pools: [one6], shim: optional}\n" \
	"  - {name: must, address: 198.18.0.10, port: 8001, pools: [one], shim: required}\n" \
	"  - {name: none, address: 198.18.0.10, port: 8002, pools: [one], shim: none}\n" \
	"  - {name: quiet, address: 198.18.0.10, port: 8003, pools: [one], shim: required, refuse: silent}\n" \
	"  - {name: many, address: 198.18.0.10, port: 8004, pools: [many], shim: optional}\n" \
	"  - {name: strict, address: 198.18.0.10, port: 8005, pools: [one], shim: optional, unknown: refuse}\n" \
	"  - {name: empty, address: 198.18.0.10, port: 8006, pools: [hollow]}\n" \
	"  - {name: zoned, address: 198.18.0.10, port: 8007, pools: [zoned]}\n" \
	"  - {name: deflt, address: 198.18.0.10, port: 8008, pools: [one], default_tenant: plain, default_class: batch}\n" \
	"  - {name: mix, address: 198.18.0.12, port: 8000, pools: [both]}\n" \
	"  - {name: mix6, address: '2001:db8::c', port: 8000, pools: [both]}\n" \
	"  - {name: cross, address: '2001:db8::d', port: 8000, pools: [one]}\n" \
	"  - {name: twin, address: 198.18.0.11, port: 8000, pools: [one]}\n" \
	"  - {name: dgram, address: 198.18.0.10, port: 9000, protocol: udp, pools: [done], shim: optional}\n" \
	"  - {name: dgram6, address: '2001:db8::a', port: 9000, protocol: udp, pools: [done6], shim: optional}\n" \
	"  - {name: dmust, address: 198.18.0.10, port: 9001, protocol: udp, pools: [done], shim: required}\n" \
	"  - {name: dmust6, address: '2001:db8::a', port: 9001, protocol: udp, pools: [done6], shim: required}\n" \
	"  - {name: dstrip, address: 198.18.0.10, port: 9002, protocol: udp, pools: [done], shim: optional, strip: true}\n" \
	"  - {name: dstrip6, address: '2001:db8::a', port: 9002, protocol: udp, pools: [done6], shim: optional, strip: true}\n" \
	"  - {name: dmany, address: 198.18.0.10, port: 9003, protocol: udp, pools: [dmany], shim: optional}\n" \
	"  - {name: dquiet, address: 198.18.0.10, port: 9004, protocol: udp, pools: [done], shim: required, refuse: silent}\n" \
	"  - {name: dnone, address: 198.18.0.10, port: 9005, protocol: udp, pools: [done], shim: none}\n"

static const struct conf confs[] = {
	{ "base", HEAD TARGETS SERVICES },
	{ "levels", HEAD TARGETS SERVICES
	  "placements:\n"
	  "  - {service: many, targets: [b]}\n"
	  "  - {service: many, class: batch, targets: [e]}\n"
	  "  - {service: many, tenant: acme, targets: [f]}\n"
	  "  - {service: many, tenant: acme, class: batch, targets: [b], then: [[e], [f]]}\n"
	  "  - {service: many, prefix: {depth: 9, hash: 0badcafe}, targets: [e]}\n"
	  "  - {service: many, tenant: acme, prefix: {depth: 9, hash: 0badcafe}, targets: [f]}\n"
	  "  - {service: zoned, tenant: acme, targets: [z2]}\n"
	  "  - {service: zoned, tenant: euro, class: batch, targets: [z2]}\n" },
	{ "brief", HEAD TARGETS SERVICES
	  "placements:\n"
	  "  - {service: many, targets: [b]}\n"
	  "  - {service: many, tenant: acme, targets: [f], ttl: 300s}\n"
	  "  - {service: zoned, targets: [z2], ttl: 300s}\n" },
	{ "shade", TOP("refusals: 1000") TENANTS		/* 1101 is 77 and 1024: both are guessed to be one of them */
	  "  - {name: shade, id: 1101, sources: [198.18.4.0/24]}\n"
	  REST TARGETS SERVICES },
	{ "rate", TOP("refusals: 1000")
	  "tenants:\n"
	  "  - {name: acme, id: 4211, sources: [198.18.1.0/24], " KEYS ", rate: {requests: 1/s, burst: 100}}\n"
	  "  - {name: plain, id: 77, sources: [198.18.2.0/24], rate: {tokens: 100/s, burst: 2000}}\n"
	  "  - {name: euro, id: 88, " EURO_KEYS ", rate: {requests: 1/s, tokens: 1k/s, burst: 10}}\n"
	  REST TARGETS SERVICES },
	{ "pace", TOP("refusals: 0")
	  "tenants:\n"
	  "  - {name: acme, id: 4211, sources: [198.18.1.0/24], " KEYS ", rate: {requests: 2k/s, burst: 1k}}\n"
	  "  - {name: euro, id: 88, " EURO_KEYS ", rate: {tokens: 2M/s, burst: 1M}}\n"
	  "  - {name: plain, id: 77, sources: [198.18.2.0/24], rate: {requests: 2k/s}}\n"
	  REST TARGETS SERVICES },
	{ "few", HEAD_WITH("refusals: 2") TARGETS SERVICES },
	{ "gone", HEAD
	  "targets:\n"
	  "  - {name: a, pool: one, address: 198.18.10.2, port: 8100}\n"
	  "  - {name: b, pool: many, address: 198.18.11.2, port: 8100}\n"
	  "services:\n"
	  "  - {name: chat, address: 198.18.0.10, port: 8000, pools: [one], shim: optional}\n"
	  "  - {name: many, address: 198.18.0.10, port: 8004, pools: [many], shim: optional}\n" },
	{ "pairs", HEAD TARGETS SERVICES
	  "  - {name: other, address: 198.18.0.11, port: 8020, pools: [many]}\n"
	  "  - {name: third, address: 198.18.0.11, port: 8021, pools: [many]}\n"
	  "placements:\n"
	  "  - {service: many, targets: [b, e]}\n"
	  "  - {service: other, targets: [b, e]}\n"
	  "  - {service: third, targets: [e, b]}\n" },
	{ "own", TOP_AT("refusals: 1000", ", fullnat: [198.18.10.1, 198.18.10.11, '2001:db8:10::1'], fullnat_ports: 20000-65535") TENANTS REST
	  TARGETS_VIA(", via: fullnat") SERVICES },
	{ "scarce", TOP_AT("refusals: 1000", ", fullnat: [198.18.10.1], fullnat_ports: 61000-61000")
	  REST
	  "targets:\n"
	  "  - {name: a, pool: one, address: 198.18.10.2, port: 8100}\n"
	  "  - {name: b, pool: many, address: 198.18.11.2, port: 8100, via: fullnat}\n"
	  "services:\n"
	  "  - {name: chat, address: 198.18.0.10, port: 8000, pools: [one]}\n"
	  "  - {name: none, address: 198.18.0.10, port: 8002, pools: [one]}\n"
	  "  - {name: twin, address: 198.18.0.11, port: 8000, pools: [one]}\n"
	  "  - {name: many, address: 198.18.0.10, port: 8004, pools: [many]}\n" },
	{ "ways", HEAD TARGETS SERVICES
	  "  - {name: nob, address: 198.18.0.11, port: 8010, pools: [many]}\n"
	  "  - {name: noe, address: 198.18.0.11, port: 8011, pools: [many]}\n"
	  "  - {name: nof, address: 198.18.0.11, port: 8012, pools: [many]}\n"
	  "placements:\n"
	  "  - {service: nob, targets: [b]}\n"
	  "  - {service: noe, targets: [e]}\n"
	  "  - {service: nof, targets: [f]}\n" },
};

const char *conf_named(const char *name)
{
	for (size_t i = 0; i < sizeof(confs) / sizeof(confs[0]); i++)
		if (!strcmp(confs[i].name, name))
			return confs[i].text;
	words_die(name, "no such configuration");
}
