// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/base/text.h"
#include "user/cmd/shim_json.h"

#define BYTES_MOST 65535	/* of a datagram that may follow the shim */

/* What else the call says: key, destination, sequence number, time of arrival. */
static int take_options(const struct xs_call *call, struct xs_shim_text *s)
{
	const char *key = xs_call_opt(call, "key"), *to = xs_call_opt(call, "to"), *err = NULL;
	const struct { const char *name; uint32_t *to; } numbers[] = { { "isn", &s->isn }, { "time", &s->time } };
	struct xs_addr addr;

	if (key && strchr(key, ':'))
		err = xs_key_read(key, NULL, s->key);
	else if (key && xs_unhex(key, s->key, sizeof(s->key)) != sizeof(s->key))
		err = "must have 32 hex digits";
	if (err)
		return xs_usage("--key", "give the tenant's key of the shim's epoch", "%s", err);
	err = to ? xs_addr_port_parse(to, &addr, &s->to.port) : NULL;
	if (err)
		return xs_usage("--to", NULL, "%s", err);
	if (to)
		memcpy(s->to.addr, &addr, sizeof(s->to.addr));
	for (int i = 0; i < 2; i++) {
		const char *text = xs_call_opt(call, numbers[i].name);
		char *end = NULL;
		unsigned long n = text ? strtoul(text, &end, 0) : 0;

		if (text && (!isdigit((unsigned char)*text) || *end || n > UINT32_MAX))
			return xs_usage(numbers[i].name, NULL, "\"%.40s\" is no number of 32 bits", text);
		*numbers[i].to = n;
	}
	s->has_key = key;
	s->has_to = to;
	s->has_isn = xs_call_opt(call, "isn");
	return 0;
}

/* Bytes that are no shim. The object with the reason is printed in any case; the error's line beside it goes to people. */
static int no_shim(enum xsteer_finding f)
{
	const char *what = f == XSTEER_NO_SHIM ? "no shim: neither a long form nor a TCP option of this kind"
					       : "malformed: wrong version, length or layout, a critical flag, or cut short";
	json_t *j = json_pack("{s:s}", "reason", xsteer_finding_name(f));

	if (xs_env.json) {
		json_object_set_new(j, "error", json_pack("{s:s, s:s}", "object", "shim decode", "what", what));
		xs_out_json(j);
		return -EINVAL;
	}
	json_dumpf(j, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(j);
	return xs_refuse("shim decode", NULL, "%s", what);
}

/* Whether the tag is right. Age is judged only where a time was given: a captured shim is usually looked at later. */
static int judge(const struct xs_shim_text *s, const uint8_t *b, size_t len, bool tagged, json_t *j)
{
	enum xsteer_finding f = XSTEER_UNAUTHENTIC;

	if (!s->has_key)
		return json_object_set_new(j, "authentic", json_null());
	if (tagged && !s->has_to)
		return xs_usage("--to", "say where it was sent: --to ADDR:PORT", "is missing; the tag covers the destination");
	if (tagged && s->form == XS_FORM_OPTION && !s->has_isn)
		return xs_usage("--isn", NULL, "is missing; the tag covers the sequence number of the SYN");
	if (tagged && s->form == XS_FORM_LONG)
		f = xsteer_long_check(b, len, s->key, &s->to, s->time, s->time ? XSTEER_WINDOW_S : UINT32_MAX);
	else if (tagged)
		f = xsteer_option_check(b, len, s->key, &s->to, s->isn, s->time ?: (uint32_t)time(NULL));
	json_object_set_new(j, "authentic", json_boolean(f != XSTEER_UNAUTHENTIC));
	if (f != XSTEER_OK)
		json_object_set_new(j, "reason", json_string(xsteer_finding_name(f)));
	return 0;
}

static int decode(struct xs_shim_text *s, const uint8_t *b, size_t len)
{
	char hex[2 * XSTEER_LONG_MAX + 1];
	enum xsteer_finding f;
	bool option = len && b[0] == 253, tagged;
	size_t used;
	json_t *j;
	int err;

	s->form = option ? XS_FORM_OPTION : XS_FORM_LONG;
	f = option ? xsteer_option_read(&s->opt, b, len) : xsteer_long_read(&s->lng, b, len);
	if (f != XSTEER_OK)
		return no_shim(f);
	tagged = option ? s->opt.tagged : s->lng.tagged;
	used = option ? XSTEER_OPTION_SIZE : xsteer_long_size(&s->lng);
	j = xs_shim_to_json(s);
	json_object_set_new(j, "tagged", json_boolean(tagged));
	err = judge(s, b, len, tagged, j);
	json_object_set_new(j, "bytes", json_string(xs_hex(b, used, hex)));
	if (!err && !xs_env.json) {
		json_dumpf(j, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (!err) {
		xs_out_json(json_incref(j));
	}
	json_decref(j);
	return err;
}

static int shim_decode_run(const struct xs_call *call)
{
	struct xs_shim_text s = { 0 };
	const char *hex = call->argv[0];
	uint8_t *b = malloc(strlen(hex) / 2 + 1);
	int err = take_options(call, &s), n;

	if (!b || err) {
		free(b);
		return err ?: xs_kernel(ENOMEM, "shim decode", NULL, "no memory");
	}
	n = xs_unhex(hex, b, BYTES_MOST);
	if (n < 0)
		err = xs_usage("shim decode", "give the bytes as pairs of hex digits", n == -E2BIG ? "more than a datagram holds" : "not hex digits");
	else
		err = decode(&s, b, n);
	free(b);
	return err;
}

static const struct xs_opt opts[] = {
	{ .name = "key", .arg = "HEX", .help = "check the tag under this key: 32 hex digits, or file:PATH" },
	{ .name = "to", .arg = "ADDR:PORT", .help = "where it was sent: the tag covers it" },
	{ .name = "isn", .arg = "N", .help = "sequence number of the SYN: the tag of an option covers it" },
	{ .name = "time", .arg = "T", .help = "unix time when it arrived; without it options are judged by now, long forms not by age" },
	{ 0 },
};

const struct xs_cmd cmd_shim_decode = {
	.object = "shim",
	.name = "decode",
	.args = "HEX",
	.min_args = 1,
	.max_args = 1,
	.brief = "take a shim apart and check its tag",
	.text =
"HEX are the bytes from the start of a UDP payload, or of a SYN's option from its kind (fd) on; what follows the shim may follow. The answer "
"is a JSON object that `shim encode` reads. authentic is true or false, or null where no key was given. A shim with a wrong tag, without "
"a tag though a key was given, or outside the window has the reason it would be refused for, too.\n\n"
"Bytes that are no shim, or a malformed one, give an object with that reason alone, and exit status 1.",
	.example =
"  xsteer shim decode --key file:acme.key --to 198.18.0.10:8000 --isn 2809378538 fd1458535b99763b27a732d5d208fffaec17e92c",
	.opts = opts,
	.run = shim_decode_run,
};
