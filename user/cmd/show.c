// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include "user/base/err.h"
#include "user/base/out.h"
#include "user/decide/model.h"

/* Fed placements as comments: apply would make configured ones of them. */
static void print_fed(const struct xs_model *m, FILE *to)
{
	struct xs_rule_key at = { 0 };
	struct xs_r_placement p;
	bool any = false;

	while (xs_fed_next(&at, m, &p)) {
		fprintf(to, "%s#  - ", any ? "" : "# from a feed, not part of this text:\n");
		xs_row_print(XS_K_PLACEMENT, &p, m, to);
		fputc('\n', to);
		any = true;
	}
}

static int print_json(const struct xs_model *m)
{
	size_t size;
	char *text = NULL, *json = NULL;
	FILE *to = open_memstream(&text, &size);
	struct fy_document *doc;
	json_t *v;

	if (!to)
		return xs_kernel(ENOMEM, "show", NULL, "no memory");
	xs_conf_print(m, to);
	fclose(to);
	doc = fy_document_build_from_string(NULL, text, size);
	json = doc ? fy_emit_document_to_string(doc, FYECF_MODE_JSON_ONELINE) : NULL;
	v = json ? json_loads(json, 0, NULL) : NULL;
	if (v)
		xs_out_json(v);
	fy_document_destroy(doc);
	free(json);
	free(text);
	return v ? 0 : xs_kernel(ENOMEM, "show", NULL, "cannot be made JSON");
}

static int show_run(const struct xs_call *call)
{
	const struct xs_model *m = xs_model_have();

	if (!m)
		return -EIO;
	if (xs_env.json)
		return print_json(m);
	xs_conf_print(m, stdout);
	print_fed(m, stdout);
	return 0;
}

const struct xs_cmd cmd_show = {
	.name = "show", .effect = XS_READS, .max_args = 0, .run = show_run,
	.brief = "print the structure of the instance as text that apply reads back to the same",
	.text = "With -j the same document as JSON, which apply reads, too.",
};
