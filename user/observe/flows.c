// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/text.h"
#include "user/decide/value.h"
#include "user/observe/flows.h"
#include "user/observe/sources.h"
#include "user/observe/words.h"

static int client_parse(const char *text, struct xs_flow_match *m)
{
	const char *wrong;

	m->bits = 128;
	if (strchr(text, '/'))
		wrong = xs_cidr_parse(text, &m->client, &m->bits);
	else
		wrong = xs_addr_parse(text, &m->client) ? xs_addr_port_parse(text, &m->client, &m->cport) : NULL;
	return wrong ? xs_usage(text, "write ADDR, ADDR:PORT, [ADDR]:PORT or ADDR/BITS", "no client: %s", wrong) : 0;
}

int xs_flow_match_parse(const struct xs_call *call, struct xs_flow_match *m)
{
	const char *client = xs_call_opt(call, "client"), *state = xs_call_opt(call, "state");
	int err;

	*m = (struct xs_flow_match){ .state = state ? xs_state_number(state) : -1, .expired = xs_call_opt(call, "all") };
	if (state && m->state < 0)
		return m->state;
	err = xs_filter(call, XS_K_SERVICE, &m->service) ?: xs_filter(call, XS_K_TENANT, &m->tenant) ?:
	      xs_filter(call, XS_K_CLASS, &m->class) ?: xs_filter(call, XS_K_TARGET, &m->target);
	return err ?: client ? client_parse(client, m) : 0;
}

static bool same_prefix(const struct xs_addr *a, const struct xs_addr *b, unsigned int bits)
{
	const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
	unsigned int whole = bits / 8, rest = bits % 8;

	return !memcmp(x, y, whole) && (!rest || !((x[whole] ^ y[whole]) >> (8 - rest)));
}

static bool is(int want, int have)
{
	return want < 0 || want == have;
}

bool xs_flow_match(const struct xs_flow_match *m, const struct xs_seen *s)
{
	const struct xs_flow *f = &s->flow;

	return is(m->service, f->service) && is(m->tenant, f->tenant) && is(m->class, f->class) && is(m->target, f->target) &&
	       is(m->state, f->state) && (m->expired || !s->expired) && (!m->cport || m->cport == ntohs(f->cport)) &&
	       same_prefix(&m->client, &f->client, m->bits);
}

/* A duration that 0 means "not measured" for */
static json_t *us_json(uint32_t us)
{
	return us ? json_integer(us) : json_null();
}

static json_t *count_json(uint64_t packets, uint64_t bytes)
{
	return json_pack("{s:I, s:I}", "packets", (json_int_t)packets, "bytes", (json_int_t)bytes);
}

json_t *xs_flow_json(const struct xs_seen *s)
{
	const struct xs_flow *f = &s->flow;
	const struct xs_times *t = &s->back.times;
	json_t *j = json_object();

	xs_put(&j, "client", xs_addr_json(&f->client, f->cport));
	xs_put(&j, "service", xs_name_json(XS_K_SERVICE, f->service));
	xs_put(&j, "tenant", xs_name_json(XS_K_TENANT, f->tenant));
	xs_put(&j, "class", xs_name_json(XS_K_CLASS, f->class));
	xs_put(&j, "target", xs_name_json(XS_K_TARGET, f->target));
	if (f->own)
		xs_put(&j, "source", xs_source_json(f->own, f->own_port, &f->client));
	xs_put(&j, "state", json_string(xs_state_word(f->state)));
	xs_put(&j, "expired", json_boolean(s->expired));
	xs_put(&j, "way", json_string(xs_way_word(f->way)));
	xs_put(&j, "age_ms", json_integer(s->age_ms));
	xs_put(&j, "idle_ms", json_integer(s->idle_ms));
	xs_put(&j, "to_target", count_json(f->packets, f->bytes));
	xs_put(&j, "to_client", count_json(s->back.packets, s->back.bytes));
	xs_put(&j, "requests_seen", json_integer(t->requests));
	/* A record is one placement: a datagram that is placed anew begins it anew. */
	xs_put(&j, "requests_placed", json_integer(t->requests ? 1 : 0));
	xs_put(&j, "ttft_us", us_json(t->ttft_us));
	return j;
}

/* Who the flow said it was, and how it came to its target */
static void put_placement(json_t **j, const struct xs_flow *f)
{
	uint32_t service = XS_GEN(xs_control_read()) * XS_MAX_SERVICES + f->service, target = f->target;
	struct xs_service s = { 0 };
	struct xs_target t = { 0 };
	json_t *rule = xs_rule_json(f->rule);

	xs_map_get(XS_MAP_xs_services, &service, &s);
	xs_map_get(XS_MAP_xs_targets, &target, &t);
	xs_put(j, "service_address", s.proto ? xs_addr_json(&s.addr, s.port) : json_null());
	xs_put(j, "protocol", json_string(f->state == XS_F_DATAGRAM ? "udp" : "tcp"));
	xs_put(j, "target_address", t.port ? xs_addr_json(&t.addr, t.port) : json_null());
	xs_put(j, "shim", json_boolean(f->flags & XS_FF_SHIM));
	xs_put(j, "authentic", json_boolean(f->flags & XS_FF_TAGGED));
	xs_put(j, "by_prefix", json_boolean(f->flags & XS_FF_PREFIX));
	xs_put(j, "moved", json_boolean(f->flags & XS_FF_MOVED));
	xs_put(j, "level", json_string(xs_level_word(f->level)));
	xs_put(j, "set", json_integer(f->set));
	xs_put(j, "rule", rule);
}

json_t *xs_flow_full_json(const struct xs_seen *s)
{
	const struct xs_times *t = &s->back.times;
	json_t *j = xs_flow_json(s);
	char id[20];

	put_placement(&j, &s->flow);
	xs_put(&j, "handshake_us", us_json(t->handshake_us));
	xs_put(&j, "ttfb_us", us_json(t->ttfb_us));
	xs_put(&j, "duration_us", us_json(t->duration_us));
	xs_put(&j, "writes", json_integer(t->writes));
	snprintf(id, sizeof(id), "%016" PRIx64, (uint64_t)t->request_id);
	xs_put(&j, "request_id", t->request_id ? json_string(id) : json_null());
	xs_put(&j, "closed_by_client", json_boolean(s->flow.flags & XS_FF_FIN_CLIENT));
	xs_put(&j, "closed_by_target", json_boolean(s->back.flags & XS_FF_FIN_TARGET));
	return j;
}
