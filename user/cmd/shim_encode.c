// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/base/text.h"
#include "user/cmd/shim_json.h"

static int print_bytes(const struct xs_shim_text *s)
{
	const uint8_t *key = s->has_key ? s->key : NULL;
	char hex[2 * XSTEER_LONG_MAX + 1];
	uint8_t bytes[XSTEER_LONG_MAX];
	int n;

	if (s->form == XS_FORM_LONG)
		n = xsteer_long_write(bytes, sizeof(bytes), &s->lng, key, &s->to);
	else
		n = xsteer_option_write(bytes, &s->opt, key, &s->to, s->isn, s->time ?: (uint32_t)time(NULL));
	if (n < 0)
		return xs_refuse("shim encode", NULL, "a value is out of range");
	xs_hex(bytes, n, hex);
	if (!xs_out_json(json_pack("{s:s}", "bytes", hex)))
		printf("%s\n", hex);
	return 0;
}

static int shim_encode_run(const struct xs_call *call)
{
	bool std = !strcmp(call->argv[0], "-");
	const char *name = std ? "standard input" : call->argv[0];
	struct xs_shim_text s;
	json_error_t e;
	json_t *j;
	FILE *f = std ? stdin : fopen(name, "re");
	int err;

	if (!f)
		return xs_refuse(name, "name a file that can be read, or - for standard input", "cannot be read: %m");
	j = json_loadf(f, JSON_REJECT_DUPLICATES, &e);
	if (!std)
		fclose(f);
	if (!j)
		return xs_refuse(name, "write one JSON object", "line %d: %s", e.line, e.text);
	err = xs_shim_from_json(j, name, &s) ?: print_bytes(&s);
	json_decref(j);
	return err;
}

const struct xs_cmd cmd_shim_encode = {
	.object = "shim",
	.name = "encode",
	.args = "FILE|-",
	.min_args = 1,
	.max_args = 1,
	.brief = "make a shim from a JSON object and print it as hex digits",
	.text =
"Keys of both forms: tenant (the only one that must be there), class, epoch (0 even, 1 odd key), time (unix seconds, default now), "
"key (32 hex digits or file:PATH; null or absent: no tag), and with a key the destination that the tag covers: to (address) and port.\n\n"
"Keys of the long form, for UDP payloads: exp0 (4..15; hash i covers 2^(exp0+i) tokens), hashes (up to 8 strings of 8 hex digits), "
"input_tokens, output_tokens, budget_ms, request_id (16 hex digits).\n\n"
"Keys of the TCP option: exp_a (0, or 5..19: hash A covers 2^exp_a tokens), hash_a, back (hash B lies that many levels above), hash_b, "
"quarter (0..3), and with a key isn, the sequence number of the SYN.\n\n"
"The form follows from the keys; \"form\": \"long\" or \"tcp_option\" says it where they leave it open. tagged, authentic, reason and "
"bytes, which `shim decode` prints, are passed over.",
	.example =
"  echo '{\"tenant\": 4211, \"class\": 1, \"key\": \"file:acme.key\", \"to\": \"198.18.0.10\", \"port\": 8000}' | xsteer shim encode -",
	.run = shim_encode_run,
};
