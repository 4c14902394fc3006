// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/base/text.h"
#include "user/observe/flows.h"

static const struct xs_opt opts[] = {
	{ .name = "service", .arg = "NAME", .filter = true, .help = "the flow to this service, where the client's port has several" },
	{ 0 },
};

static const struct xs_col cols[] = {
	{ "client", "client", XS_FMT_TEXT }, { "service", "service", XS_FMT_TEXT }, { "service_address", "service address", XS_FMT_TEXT },
	{ "protocol", "protocol", XS_FMT_TEXT }, { "tenant", "tenant", XS_FMT_TEXT }, { "class", "class", XS_FMT_TEXT },
	{ "shim", "shim", XS_FMT_TEXT }, { "authentic", "authentic", XS_FMT_TEXT }, { "request_id", "request id", XS_FMT_TEXT },
	{ "target", "target", XS_FMT_TEXT }, { "target_address", "target address", XS_FMT_TEXT }, { "source", "seen by it as", XS_FMT_TEXT }, { "way", "way", XS_FMT_TEXT },
	{ "level", "placed by rule of level", XS_FMT_TEXT }, { "rule.from", "rule from", XS_FMT_TEXT },
	{ "rule.prefix", "rule for prefix", XS_FMT_TEXT }, { "rule.tenant", "rule for tenant", XS_FMT_TEXT },
	{ "rule.class", "rule for class", XS_FMT_TEXT }, { "set", "set of the rule", XS_FMT_TEXT }, { "by_prefix", "by prefix", XS_FMT_TEXT },
	{ "moved", "moved", XS_FMT_TEXT }, { "state", "state", XS_FMT_TEXT }, { "expired", "expired", XS_FMT_TEXT },
	{ "closed_by_client", "closed by client", XS_FMT_TEXT }, { "closed_by_target", "closed by target", XS_FMT_TEXT },
	{ "age_ms", "age", XS_FMT_MS }, { "idle_ms", "idle", XS_FMT_MS },
	{ "to_target.packets", "packets to target", XS_FMT_COUNT }, { "to_target.bytes", "bytes to target", XS_FMT_BYTES },
	{ "to_client.packets", "packets to client", XS_FMT_COUNT }, { "to_client.bytes", "bytes to client", XS_FMT_BYTES },
	{ "requests_seen", "requests seen", XS_FMT_COUNT }, { "requests_placed", "requests placed", XS_FMT_COUNT },
	{ "handshake_us", "handshake", XS_FMT_US }, { "ttfb_us", "time to first byte", XS_FMT_US },
	{ "ttft_us", "time to first token", XS_FMT_US }, { "duration_us", "duration", XS_FMT_US }, { "writes", "response writes", XS_FMT_COUNT },
	{ 0 },
};

struct pick {
	struct xs_flow_match match;
	struct xs_seen best;
	uint16_t other;		/* service of another one */
	bool found;
};

/* A flow before one that has moved away, then the one in use before one that is over, then the younger one. */
static bool better(const struct xs_seen *a, const struct xs_seen *b)
{
	bool a_moved = a->flow.flags & XS_FF_MOVED, b_moved = b->flow.flags & XS_FF_MOVED;

	if (a_moved != b_moved)
		return !a_moved;
	return a->expired != b->expired ? !a->expired : a->age_ms < b->age_ms;
}

static int look(const struct xs_seen *s, void *arg)
{
	struct pick *p = arg;

	if (!xs_flow_match(&p->match, s))
		return 0;
	if (p->found && s->flow.service != p->best.flow.service)
		p->other = s->flow.service;
	if (!p->found || better(s, &p->best))
		p->best = *s;
	p->found = true;
	return 0;
}

static int run(const struct xs_call *call)
{
	struct pick p = { 0 };
	const char *client = call->argv[0], *wrong;
	int err = xs_flow_match_parse(call, &p.match);

	if (err)
		return err;
	wrong = xs_addr_port_parse(client, &p.match.client, &p.match.cport);
	if (wrong)
		return xs_usage(client, "write ADDR:PORT or [ADDR]:PORT", "no client: %s", wrong);
	p.match.bits = 128;
	p.match.expired = true;
	err = xs_snap_flows(look, &p);
	if (err)
		return err;
	if (!p.found)
		return xs_refuse(client, "see: xsteer flow list", "no flow of this client and port");
	if (p.other)
		return xs_refuse(client, "add: service NAME", "has flows to several services");
	return xs_out_object(cols, xs_flow_full_json(&p.best));
}

const struct xs_cmd cmd_flow_show = {
	.object = "flow", .name = "show", .effect = XS_READS, .args = "CLIENT:PORT", .min_args = 1, .max_args = 1,
	.brief = "one flow in full", .opts = opts, .run = run,
	.text = "Says who asked (tenant, class, and whether an authentic shim said so), which rule placed the flow (set 0 is the rule's first\n"
		"choice, 1 and above are its fallbacks), where it went, and how its last request fared. The rule is shown as it is now.",
	.example = "  xsteer flow show 198.18.1.2:40312",
};
