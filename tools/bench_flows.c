// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Flows as clients and targets make them: SYN, SYN-ACK, ACK and a request go through the programs; nothing is written by hand.
 * Client i has address clients + i / PORTS and port FIRST_PORT + i % PORTS. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include "tools/bench.h"
#include "user/base/err.h"
#include "user/base/mapio.h"

enum { PORTS = 4096, FIRST_PORT = 20000 };
enum { CLIENTS = 1 << 24 };		/* of one set; the first BENCH_MANY are for flows that it has from the start */
enum { FLOODS = 256 };			/* of BENCH_CHUNK SYNs, at most, to fill a store */
enum { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16 };

struct bench_ends bench_ends_of(const struct bench_set *s, bool back)
{
	struct bench_ends to = { .src = bench_addr(s->clients), .dst = bench_addr(s->vip), .sport = 1, .dport = s->port };

	if (back)
		to = (struct bench_ends){ .src = bench_addr(s->targets), .dst = to.src, .sport = 1, .dport = 1 };
	return to;
}

static void fill(struct bench_set *s)
{
	__be32 vip = bench_addr(s->vip).w[3];

	for (uint32_t i = 0; i < s->to.n; i++)
		s->to.flow[i] = (struct bench_flow){ .saddr = htonl(ntohl(s->first.w[3]) + (s->base + i) / PORTS), .daddr = vip,
						     .sport = htons(FIRST_PORT + (s->base + i) % PORTS), .dport = htons(s->port) };
}

struct bench_set bench_flows_fresh(const struct bench_set *s, uint32_t n)
{
	static struct bench_flow to[BENCH_FLOWS], back[BENCH_FLOWS];
	static uint32_t next = BENCH_MANY;
	struct bench_set fresh = *s;

	if (next + n > CLIENTS)		/* the first ones have long been forgotten */
		next = BENCH_MANY;
	fresh.base = next;
	next += n;
	fresh.to = (struct bench_table){ to, n };
	fresh.back = (struct bench_table){ back, n };
	fill(&fresh);
	return fresh;
}

/* Send one frame for each of `n` flows and see that all take the exit. */
static int send_all(const struct bench_set *s, bool back, uint32_t first, struct bench_frame *f, enum xs_reason want)
{
	const struct bench_table t = { .flow = (back ? s->back : s->to).flow + first, .n = s->to.n < BENCH_CHUNK ? s->to.n : BENCH_CHUNK };
	struct bench_job j = { .hook = back && s->stack ? BENCH_TC : BENCH_XDP, .frame = f, .table = &t, .packets = t.n };
	uint64_t before[XS_R_MAX], after[XS_R_MAX];
	int err;

	j.prog = bench_host_prog(j.hook);
	j.dev = bench_host_dev(back);
	bench_reasons(before);
	err = bench_run(&j);
	if (err)
		return err;
	bench_reasons(after);
	for (enum xs_reason r = 0; r < XS_R_MAX; r++)
		if (r != want && after[r] != before[r])
			return xs_refuse(s->name, NULL, "%d frames left by %s, not %s", (int)(after[r] - before[r]), bench_reason(r), bench_reason(want));
	if (after[want] - before[want] != t.n)
		return xs_refuse(s->name, NULL, "not every frame left by %s", bench_reason(want));
	return 0;
}

/* Which flow of the set has this client? Return: to.n: none */
static uint32_t flow_of(const struct bench_set *s, uint16_t service, const struct xs_addr *client, __be16 cport)
{
	uint32_t i;

	if (service != s->service)
		return s->to.n;
	i = (ntohl(client->w[3]) - ntohl(s->first.w[3])) * PORTS + ntohs(cport) - FIRST_PORT - s->base;
	return i < s->to.n ? i : s->to.n;
}

/* Where did each flow go? Its half-open row says so; the reply's source is its target. */
static int learn_targets(const struct bench_set *s)
{
	uint32_t i, rows = xs_map_entries(XS_MAP_xs_halfs);
	const struct xs_line *l = xs_map_view(XS_MAP_xs_hlines, false);
	const struct xs_half *h = xs_map_view(XS_MAP_xs_halfs, false);
	static struct xs_target known[XS_MAX_TARGETS];
	struct xs_target *t;

	if (!l || !h)
		return -EINVAL;
	for (uint32_t n = 0; n < rows; n++) {
		i = l[n / XS_LINE_TAGS].tag[n % XS_LINE_TAGS] ? flow_of(s, h[n].service, &h[n].client, h[n].cport) : s->to.n;
		if (i == s->to.n)
			continue;
		t = &known[h[n].target % XS_MAX_TARGETS];
		if (!t->port && xs_map_get(XS_MAP_xs_targets, &(uint32_t){ h[n].target }, t))
			continue;
		s->back.flow[i] = (struct bench_flow){ .saddr = t->addr.w[3], .sport = t->port, .daddr = h[n].client.w[3], .dport = h[n].cport };
	}
	return 0;
}

static int see_records(const struct bench_set *s, uint8_t state)
{
	const struct xs_flow *f = xs_map_view(XS_MAP_xs_flows, false);
	uint32_t found = 0, rows = xs_map_entries(XS_MAP_xs_flows);

	for (uint32_t n = 0; f && n < rows; n++)
		found += f[n].state == state && flow_of(s, f[n].service, &f[n].client, f[n].cport) < s->to.n;
	return found == s->to.n ? 0 : xs_refuse(s->name, NULL, "%u of %u flows have a record in the right state", found, s->to.n);
}

void bench_flows_shuffle(const struct bench_set *s)
{
	struct bench_flow f;
	uint32_t k;

	srandom(1);
	for (uint32_t i = s->to.n - 1; i > 0; i--) {
		k = random() % (i + 1);
		f = s->to.flow[i], s->to.flow[i] = s->to.flow[k], s->to.flow[k] = f;
		f = s->back.flow[i], s->back.flow[i] = s->back.flow[k], s->back.flow[k] = f;
	}
}

static int open_tcp(const struct bench_set *s, uint32_t first, enum bench_stage stage)
{
	struct bench_ends to = bench_ends_of(s, false), back = bench_ends_of(s, true);
	struct bench_frame f;
	int err = 0;

	if (stage >= BENCH_ASKED) {
		bench_tcp(&f, &to, SYN, BENCH_ISN, 0, NULL, 0, 0);
		err = send_all(s, false, first, &f, XS_R_PLACED) ?: learn_targets(s);
	}
	if (!err && stage >= BENCH_ANSWERED) {
		bench_tcp(&f, &back, SYN | ACK, BENCH_TARGET_ISN, BENCH_ISN + 1, NULL, 0, 0);
		err = send_all(s, true, first, &f, XS_R_RETURNED);
	}
	if (!err && stage >= BENCH_OPEN) {
		bench_tcp(&f, &to, ACK, BENCH_ISN + 1, BENCH_TARGET_ISN + 1, NULL, 0, 0);
		err = send_all(s, false, first, &f, XS_R_STEERED);
	}
	return err;
}

static int make_tcp(const struct bench_set *s, uint32_t first)
{
	struct bench_ends to = bench_ends_of(s, false);
	struct bench_frame f;
	int err = open_tcp(s, first, BENCH_OPEN);

	bench_tcp(&f, &to, ACK | PSH, BENCH_ISN + 1, BENCH_TARGET_ISN + 1, NULL, 0, BENCH_PAYLOAD);
	return err ?: send_all(s, false, first, &f, XS_R_STEERED);
}

static int make_udp(const struct bench_set *s, uint32_t first)
{
	struct bench_ends to = bench_ends_of(s, false), back = bench_ends_of(s, true);
	static const uint8_t payload[BENCH_PAYLOAD];
	struct bench_frame f;
	int err;

	bench_udp(&f, &to, payload, sizeof(payload));
	err = send_all(s, false, first, &f, XS_R_PLACED) ?: learn_targets(s);
	if (err)
		return err;
	bench_udp(&f, &back, payload, sizeof(payload));
	return send_all(s, true, first, &f, XS_R_RETURNED);
}

static int prepare(struct bench_set *s)
{
	struct xs_service_key k = { .addr = bench_addr(s->vip), .port = htons(s->port), .proto = s->proto, .gen = XS_GEN(xs_control_read()) };

	if (xs_map_get(XS_MAP_xs_svc_index, &k, &s->service))
		return xs_refuse(s->name, NULL, "the service is not there");
	s->first = bench_addr(s->clients);
	s->to.n = s->back.n = s->n;
	s->to.flow = calloc(s->n ?: 1, sizeof(*s->to.flow));
	s->back.flow = calloc(s->n ?: 1, sizeof(*s->back.flow));
	if (!s->to.flow || !s->back.flow)
		return xs_kernel(ENOMEM, "bench", NULL, "no room for flows");
	fill(s);
	return 0;
}

int bench_flows_make(struct bench_set *s)
{
	int err = prepare(s);

	for (uint32_t i = 0; i < s->n && !err; i += BENCH_CHUNK)
		err = s->proto == IPPROTO_TCP ? make_tcp(s, i) : make_udp(s, i);
	return err ?: see_records(s, s->proto == IPPROTO_TCP ? XS_F_ESTABLISHED : XS_F_DATAGRAM);
}

int bench_flows_open(const struct bench_set *s, enum bench_stage stage)
{
	int err = 0;

	for (uint32_t i = 0; i < s->to.n && !err; i += BENCH_CHUNK)
		err = open_tcp(s, i, stage);
	return err;
}

int bench_flows_abort(const struct bench_set *s)
{
	struct bench_ends to = bench_ends_of(s, false);
	struct bench_frame f;
	int err = 0;

	bench_tcp(&f, &to, RST, BENCH_ISN + 1, 0, NULL, 0, 0);
	for (uint32_t i = 0; i < s->to.n && !err; i += BENCH_CHUNK)
		err = send_all(s, false, i, &f, XS_R_STEERED);
	return err;
}

int bench_flows_flood(const struct bench_set *s)
{
	struct bench_ends to = bench_ends_of(s, false);
	uint64_t evicted = bench_counter(XS_C_HALF_EVICTED), before;
	struct bench_set fresh;
	struct bench_frame f;
	int err = 0;

	bench_tcp(&f, &to, SYN, BENCH_ISN, 0, NULL, 0, 0);
	for (int n = 0; n < FLOODS && !err; n++) {
		fresh = bench_flows_fresh(s, BENCH_CHUNK);
		before = evicted;
		err = send_all(&fresh, false, 0, &f, XS_R_PLACED);
		evicted = bench_counter(XS_C_HALF_EVICTED);
		if (!err && (evicted - before) * 1000 >= BENCH_CHUNK * 999ULL)
			return 0;
	}
	return err ?: xs_refuse(s->name, NULL, "the half-open store does not fill");
}
