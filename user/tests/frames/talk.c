// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A whole handshake, or a datagram and its answer, for rows that want a flow with a record. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include "user/base/mapio.h"
#include "user/tests/frames/build.h"
#include "user/tests/frames/rows.h"

struct talk {
	char client[64], service[64], target[64], seen[64];	/* seen: the client as the target sees it */
	bool v6, udp, direct;
	char *why;
	size_t size;
};

static void print_end(const struct xs_addr *a, uint16_t port, char *text, size_t size)
{
	char addr[INET6_ADDRSTRLEN];
	bool v4 = xs_addr_is4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *)&a->w[3] : a, addr, sizeof(addr));
	snprintf(text, size, v4 ? "%s:%u" : "[%s]:%u", addr, port);
}

/* One frame of it. Return: false and why, if it leaves for another reason than either of two, or counts something else */
static bool step(struct talk *t, enum hook hook, const char *what, const char *from, const char *to, enum xs_reason a, enum xs_reason b, bool record)
{
	char words[200];
	struct result r;
	struct frame f;

	snprintf(words, sizeof(words), "%s %s %s from=%s to=%s", t->v6 ? "ip6" : "ip", t->udp ? "udp pay=40" : "tcp", t->udp ? "" : what, from, to);
	frame_make(&f, words, NULL, NULL);
	host_run(hook, &f, &r);
	if ((r.reason == a || r.reason == b) && r.bumps[XS_C_FLOWS_CREATED] == record)
		return true;
	snprintf(t->why, t->size, "%s: reason %s, %d records made", t->udp ? "datagram" : what, rows_reason(r.reason), (int)r.bumps[XS_C_FLOWS_CREATED]);
	return false;
}

/* Where its half-open row leads. */
static bool find_target(struct talk *t, const struct end *client, const struct end *service, const char *target)
{
	const struct xs_flow *f = host_flow(client, service, NULL);
	const struct xs_row *row = f ? xs_row_id(host_model(), XS_K_TARGET, f->target) : NULL;
	uint32_t id = f ? f->target : 0;
	struct xs_target to;
	struct xs_own own;

	if (!row || f->state != XS_F_HALF_OPEN || xs_map_get(XS_MAP_xs_targets, &id, &to)) {
		snprintf(t->why, t->size, "no half-open row");
		return false;
	}
	if (*target && strcmp(target, row->name))
		snprintf(t->why, t->size, "it goes to %s", row->name);
	rows_set_target(row->name);
	print_end(&to.addr, ntohs(to.port), t->target, sizeof(t->target));
	snprintf(t->seen, sizeof(t->seen), "%s", t->client);
	if (f->own && f->own != XS_OWN_CLIENT && xs_map_get(XS_MAP_xs_owns, &(uint32_t){ f->own }, &own))
		snprintf(t->why, t->size, "its source is none");
	if (f->own)
		print_end(f->own == XS_OWN_CLIENT ? &f->client : &own.addr, ntohs(f->own_port), t->seen, sizeof(t->seen));
	t->direct = f->way == XS_WAY_DIRECT || (f->own && f->own != XS_OWN_CLIENT);
	return !*t->why;
}

static bool is_udp(const struct end *service)
{
	const struct xs_r_service *s;

	xs_each(s, host_model(), XS_K_SERVICE)
		if (!memcmp(&s->addr, &service->addr, sizeof(s->addr)) && s->port == htons(service->port))
			return s->proto == IPPROTO_UDP;
	return false;
}

void talk_open(const struct group *g, const char *from, const char *to, const char *target)
{
	struct end client = end_parse(from), service = end_parse(to);
	struct talk t = { .v6 = !xs_addr_is4(&client.addr), .udp = is_udp(&service) };
	char why[200] = "", name[100];
	const struct xs_flow *f;
	enum hook back;

	t.why = why;
	t.size = sizeof(why);
	print_end(&client.addr, client.port, t.client, sizeof(t.client));
	print_end(&service.addr, service.port, t.service, sizeof(t.service));
	snprintf(name, sizeof(name), "%s with %s: a flow", from, to);
	if (step(&t, HOOK_XDP, "syn mss", t.client, t.service, XS_R_PLACED, XS_R_STEERED, false) && find_target(&t, &client, &service, target)) {
		back = t.direct ? HOOK_XDP : HOOK_TC;
		if (step(&t, back, "syn ack mss seq=5000 ackno=1001", t.target, t.seen, XS_R_RETURNED, XS_R_RETURNED, t.udp) && !t.udp)
			step(&t, HOOK_XDP, "ack seq=1001 ackno=5001", t.client, t.service, XS_R_STEERED, XS_R_NO_ROUTE, true);
	}
	rows_set_source(t.seen);
	f = host_flow(&client, &service, NULL);
	if (!*why && (!f || f->state != (t.udp ? XS_F_DATAGRAM : XS_F_ESTABLISHED)))
		snprintf(why, sizeof(why), "no record");
	say(g->name, name, why);
}
