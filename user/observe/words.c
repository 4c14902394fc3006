// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/base/out.h"
#include "user/observe/words.h"

#define WORD(words, i) ((i) < sizeof(words) / sizeof((words)[0]) ? (words)[i] : "unknown")

static const char *const states[] = { "free", "half-open", "established", "closing", "datagram" };
static const struct { const char *name, *help; enum xs_verdict verdict; } reasons[] = {
#define X(id, name, act, help) { #name, help, XS_V_##act },
	XS_REASONS(X)
#undef X
};

const char *xs_level_word(unsigned int level)
{
	static const char *const words[] = { "prefix+tenant", "prefix", "tenant+class", "tenant", "class", "service" };

	return WORD(words, level);
}

const char *xs_way_word(unsigned int way)
{
	static const char *const words[] = { [XS_WAY_STACK] = "stack", [XS_WAY_DIRECT] = "direct" };

	return WORD(words, way);
}

const char *xs_state_word(unsigned int state)
{
	return WORD(states, state);
}

int xs_state_number(const char *word)
{
	for (int i = XS_F_HALF_OPEN; i <= XS_F_DATAGRAM; i++)
		if (!strcmp(word, states[i]))
			return i;
	return xs_usage(word, "half-open, established, closing or datagram", "no state of a flow");
}

const char *xs_reason_word(unsigned int reason)
{
	return reason < XS_R_MAX ? reasons[reason].name : "unknown";
}

const char *xs_reason_help(unsigned int reason)
{
	return reason < XS_R_MAX ? reasons[reason].help : "";
}

enum xs_verdict xs_reason_verdict(unsigned int reason)
{
	return reason < XS_R_MAX ? reasons[reason].verdict : XS_V_PASS;
}

const char *xs_verdict_word(enum xs_verdict verdict)
{
	static const char *const words[] = { [XS_V_PASS] = "pass", [XS_V_SEND] = "send", [XS_V_DROP] = "drop", [XS_V_REFUSE] = "refuse" };

	return WORD(words, verdict);
}

const char *xs_metric_word(unsigned int metric)
{
#define X(id, name, help) #name,
	static const char *const words[] = { XS_METRICS(X) };
#undef X

	return WORD(words, metric);
}

json_t *xs_name_json(enum xs_kind kind, unsigned int id)
{
	if (kind == XS_K_CLASS)
		return json_string(xs_class_name(id));
	return id ? json_string(xs_model_name(kind, id)) : json_null();
}

json_t *xs_addr_json(const struct xs_addr *addr, __be16 port)
{
	char text[64];

	return json_string(xs_out_addr(addr, ntohs(port), text, sizeof(text)));
}

void xs_put(json_t **object, const char *key, json_t *value)
{
	if (!*object) {
		json_decref(value);
	} else if (json_object_set_new(*object, key, value)) {
		json_decref(*object);
		*object = NULL;
	}
}

json_t *xs_rule_json(uint32_t row)
{
	static const char *const from[] = { "", "config", "feed", "pool" };
	struct xs_rule r;
	char prefix[16];
	json_t *j;

	if (!row || xs_map_get(XS_MAP_xs_rows, &row, &r) || !r.from)
		return json_null();
	j = json_pack("{s:s, s:I, s:o}", "from", WORD(from, r.from), "revision", (json_int_t)r.revision,
		      "service", xs_name_json(XS_K_SERVICE, r.key.service));
	if (r.key.tenant != XS_ANY)
		xs_put(&j, "tenant", xs_name_json(XS_K_TENANT, r.key.tenant));
	if (r.key.class != XS_ANY_CLASS)
		xs_put(&j, "class", xs_name_json(XS_K_CLASS, r.key.class));
	snprintf(prefix, sizeof(prefix), "%u:%08x", r.key.depth, r.key.hash);
	if (r.key.depth)
		xs_put(&j, "prefix", json_string(prefix));
	return j ?: json_null();
}

int xs_filter(const struct xs_call *call, enum xs_kind kind, int *id)
{
	const char *object = xs_kinds[kind].one, *name = xs_call_opt(call, object);
	struct xs_model *m;
	struct xs_row *r;
	char try[64];

	*id = -1;
	if (!name)
		return 0;
	m = xs_model_have();
	if (!m)
		return -EIO;
	r = xs_row_named(m, kind, name);
	if (!r && !strcmp(name, "-")) {
		*id = 0;
		return 0;
	}
	snprintf(try, sizeof(try), "see: xsteer %s list", object);
	if (!r)
		return xs_refuse(name, try, "no such %s", object);
	*id = kind == XS_K_CLASS ? ((struct xs_r_class *)r)->number : r->id;
	return 0;
}
