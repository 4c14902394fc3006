// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/text.h"
#include "user/load/obj.h"
#include "user/observe/explain.h"
#include "user/observe/sources.h"
#include "user/observe/words.h"

/* The trace is per CPU, and the run was on one of them: the one that has a reason. A packet without one was a reply. */
static int read_trace(int fd, struct xs_trace *trace)
{
	struct xs_trace *all = calloc(xs_ncpus(), sizeof(*all));
	uint32_t zero = 0;
	int err = !all ? ENOMEM : bpf_map_lookup_elem(fd, &zero, all) ? errno : 0;

	*trace = (struct xs_trace){ 0 };
	for (int c = 0; c < xs_ncpus() && !err; c++)
		if (all[c].reason)
			*trace = all[c];
	free(all);
	return err ? xs_kernel(err, "explain", NULL, "the trace cannot be read") : 0;
}

int xs_explain_run(const struct xs_first *first, struct xs_trace *trace)
{
	uint8_t frame[XS_FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = xs_frame_first(frame, first), .repeat = 1);
	int prog = -1, fd = -1, err = xs_obj_load_dry(&prog, &fd);

	if (err)
		return err;
	if (bpf_prog_test_run_opts(prog, &run))
		err = xs_kernel(errno, "explain", "see: xsteer probe", "the program cannot be run");
	err = err ?: read_trace(fd, trace);
	close(prog);
	close(fd);
	return err;
}

static json_t *packet_json(const struct xs_first *f)
{
	char shim[2 * sizeof(f->shim) + 1];

	return json_pack("{s:s, s:o, s:o, s:o}", "protocol", f->udp ? "udp" : "tcp", "from", xs_addr_json(&f->from, htons(f->sport)),
			 "to", xs_addr_json(&f->to, htons(f->dport)), "shim", f->shim_len ? json_string(xs_hex(f->shim, f->shim_len, shim)) : json_null());
}

static const char *lost_words(const struct xs_candidate *k)
{
	uint32_t id = k->target;
	struct xs_tlive live = { 0 };

	switch (k->lost) {
	case XS_CHOSEN: return "chosen";
	case XS_LOST_ZONE: return "outside the tenant's zones";
	case XS_LOST_GONE: return "no longer configured";
	case XS_LOST_FAMILY: return "of the other address family";
	case XS_LOST_PORTS: return "no source port is free there";
	case XS_LOST_CONFLICT: return "the client's port is taken there by another service";
	}
	xs_map_get(XS_MAP_xs_tlive, &id, &live);
	return live.state == XS_T_DRAINING ? "draining" : "down";
}

static bool is_repeat(const struct xs_trace *t, uint32_t i)
{
	for (uint32_t k = 0; k < i; k++)
		if (t->candidate[k].target == t->candidate[i].target && t->candidate[k].set == t->candidate[i].set)
			return true;
	return false;
}

/* Each candidate once, in the order in which they were asked; the ring may name one again and again */
static json_t *candidates_json(const struct xs_trace *t)
{
	json_t *all = json_array(), *j;

	for (uint32_t i = 0; i < t->ncandidates && i < XS_TRACE_CANDIDATES && all; i++) {
		if (is_repeat(t, i))
			continue;
		j = json_pack("{s:o, s:i, s:b, s:s}", "target", xs_name_json(XS_K_TARGET, t->candidate[i].target), "set", t->candidate[i].set,
			      "chosen", t->candidate[i].lost == XS_CHOSEN, "why", lost_words(&t->candidate[i]));
		if (json_array_append_new(all, j))
			break;
	}
	return all;
}

/* Whose the packet is. One of a flow is its flow's, whatever the packet itself says: it was judged before the flow was found. */
static void put_who(json_t **j, const struct xs_trace *t)
{
	static const char *const who[] = { [XS_WHO_NOBODY] = "nobody", [XS_WHO_SHIM] = "shim", [XS_WHO_SOURCE] = "source prefix",
					   [XS_WHO_DEFAULT] = "default of the service" };
	bool of_flow = (t->flow || t->half) && (t->reason == XS_R_STEERED || !t->who), known = of_flow || t->who;
	uint32_t index = (t->half ?: t->flow) - 1;
	uint16_t tenant = t->tenant;
	uint8_t class = t->class;
	struct xs_flow flow;
	struct xs_half half;

	if (of_flow && t->half && !xs_map_get(XS_MAP_xs_halfs, &index, &half)) {
		tenant = half.tenant;
		class = half.class;
	} else if (of_flow && t->flow && !xs_map_get(XS_MAP_xs_flows, &index, &flow)) {
		tenant = flow.tenant;
		class = flow.class;
	}
	xs_put(j, "tenant", known ? xs_name_json(XS_K_TENANT, tenant) : json_null());
	xs_put(j, "class", known ? xs_name_json(XS_K_CLASS, class) : json_null());
	xs_put(j, "decided_by", json_string(of_flow ? "flow" : t->who <= XS_WHO_DEFAULT ? who[t->who] : "unknown"));
	xs_put(j, "authentic", json_boolean(t->authentic));
}

static void put_target(json_t **j, const struct xs_first *first, const struct xs_trace *t)
{
	struct xs_target to = { 0 };
	struct xs_flow flow = { 0 };
	struct xs_half half = { 0 };
	uint32_t id = t->target, index = (t->half ?: t->flow) - 1;

	if (!t->target || (t->reason != XS_R_PLACED && t->reason != XS_R_STEERED))
		return;
	xs_map_get(XS_MAP_xs_targets, &id, &to);
	if (t->half)
		xs_map_get(XS_MAP_xs_halfs, &index, &half);
	else if (t->flow)
		xs_map_get(XS_MAP_xs_flows, &index, &flow);
	xs_put(j, "target", xs_name_json(XS_K_TARGET, t->target));
	xs_put(j, "target_address", xs_addr_json(&to.addr, to.port));
	if (t->own)
		xs_put(j, "source", xs_source_json(t->own, t->own_port, &first->from));
	if (t->reason == XS_R_STEERED)
		xs_put(j, "flow_state", json_string(xs_state_word(t->half ? XS_F_HALF_OPEN : flow.state)));
	xs_put(j, "way", json_string(xs_way_word(t->reason != XS_R_STEERED ? to.way : t->half ? half.way : flow.way)));
}

json_t *xs_explain_json(const struct xs_first *first, const struct xs_trace *t)
{
	json_t *j = json_pack("{s:o, s:s, s:s, s:s}", "packet", packet_json(first), "reason", xs_reason_word(t->reason),
			      "action", xs_verdict_word(xs_reason_verdict(t->reason)), "help", xs_reason_help(t->reason));
	char hash[12];

	xs_put(&j, "service", xs_name_json(XS_K_SERVICE, t->service));
	if (t->service)
		put_who(&j, t);
	if (t->rule) {
		xs_put(&j, "level", json_string(xs_level_word(t->level)));
		xs_put(&j, "rule", xs_rule_json(t->rule));
	}
	if (t->rule && t->ncandidates) {
		snprintf(hash, sizeof(hash), "%08x", t->hash);
		xs_put(&j, "ring_by", json_string(t->by_prefix ? "prefix" : "flow"));
		xs_put(&j, "ring_key", json_string(hash));
		xs_put(&j, "candidates", candidates_json(t));
		xs_put(&j, "candidates_asked", json_integer(t->ncandidates));
	}
	put_target(&j, first, t);
	return j;
}
