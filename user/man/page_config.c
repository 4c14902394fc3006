// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* xsteer.yaml(5) */
#include <inttypes.h>
#include <stdlib.h>
#include "user/decide/model.h"
#include "user/man/page.h"
#include "user/man/roff.h"

static const char example[] =
#include "gen/example.yaml.h"
;

/* What a value looks like, by type. */
static const char *const types[] = {
	[XS_T_NAME] = "name", [XS_T_UINT] = "number", [XS_T_RATE] = "rate", [XS_T_US] = "duration", [XS_T_MS] = "duration",
	[XS_T_S] = "duration", [XS_T_ENUM] = "word", [XS_T_ADDR] = "address", [XS_T_PORT] = "port", [XS_T_REF] = "name",
	[XS_T_REFS] = "names", [XS_T_ZONES] = "names", [XS_T_HEX] = "hex", [XS_T_TEXT] = "text", [XS_T_UNTIL] = "time",
	[XS_T_SOURCES] = "list", [XS_T_KEYS] = "list", [XS_T_RATES] = "mapping", [XS_T_PRICE] = "mapping", [XS_T_SETS] = "list",
	[XS_T_PREFIX] = "mapping", [XS_T_PORTS] = "range", [XS_T_ADDRS] = "addresses",
};

static void head(FILE *to)
{
	xs_roff_head("XSTEER.YAML", "5", "xsteer.yaml", "the structure that xsteer steers by", to);
	fputs(".Sh DESCRIPTION\n", to);
	xs_roff_prose(
		"One YAML document (JSON is a part of YAML) that says all of the structure: what it lacks is taken out when it is "
		"applied, unless `xsteer apply --keep` is asked only to add and to change. It is applied as a whole or not at all; "
		"`xsteer apply --dry-run` prints what would change, and `xsteer show` prints what is there as a document that reads "
		"back to the same. Rows that a router feeds stay whatever a document says.\n\n"
		"The document is a mapping. Its first key is `xsteer: 1`, the version of this format. Each of the keys below holds a "
		"list of rows, a row being a mapping; rows refer to each other by name, in any order of the document. "
		"All keys are optional but those called required. "
		"The same keys are what `xsteer` `OBJECT set NAME` takes as words and what rows of `xsteer feed -` have.", to);
	fputs(".Ss Values\n.Bl -tag -width Ds\n.It name\n1 to 63 of A-Z, a-z, 0-9, point, underscore and hyphen;\n"
	      "the first is none of the last two.\n.It number, rate\nDigits, with\n.Cm k ,\n.Cm M\nor\n.Cm G\n"
	      "for thousands, millions and thousands of millions; a rate may end in\n.Cm /s .\n"
	      ".It duration\nA number and its unit, which is never left out:\n"
	      ".Cm us , ms , s , m , h\nor\n.Cm d .\n.It address\nIPv4 or IPv6; IPv6 wants quotes inside braces.\n"
	      ".It hex\nUp to 16 hexadecimal digits.\n"
	      ".It range\nFirst and last port:\n.Cm 61000-65535 .\n"
	      ".It time\nA duration from now, or unix seconds where the key says so.\n.El\n"
	      ".Ss site\n", to);
	xs_roff_prose("This host's own site, a mapping with the keys of a row of `sites`. Targets without a `site` stand there.", to);
}

static void words(const struct xs_field *f, FILE *to)
{
	const char *sep = "One of ";
	uint64_t n = f->most;

	for (uint64_t i = 0; n ? i < n : f->words[i] != NULL; i++) {
		if (!f->words[i])
			continue;
		fprintf(to, "%s%s", sep, f->words[i]);
		sep = ", ";
	}
	fputs(".\n", to);
}

/* The range of a number or duration, in the words a document would say it with. */
static void range(const struct xs_field *f, FILE *to)
{
	const char *unit = f->type == XS_T_US ? "us" : f->type == XS_T_MS ? "ms" : f->type == XS_T_S ? "s" : "";

	if (f->type > XS_T_S || f->type == XS_T_NAME)
		return;
	if (f->least && f->most)
		fprintf(to, "From %" PRIu64 "%s to %" PRIu64 "%s.\n", f->least, unit, f->most, unit);
	else if (f->most)
		fprintf(to, "At most %" PRIu64 "%s.\n", f->most, unit);
}

static void field(const struct xs_field *f, FILE *to)
{
	fprintf(to, ".It Cm %s : Ar %s%s\n", f->key, types[f->type], f->required ? " Pq required" : "");
	xs_roff_sentence(f->help, to);
	if (f->type == XS_T_REF || f->type == XS_T_REFS || f->type == XS_T_ZONES)
		fprintf(to, "Of a row of\n.Cm %s .\n", xs_kinds[f->ref].many);
	if (f->type == XS_T_ENUM)
		words(f, to);
	else
		range(f, to);
	if (f->def)
		fprintf(to, "Default:\n.Cm %s .\n", f->def);
}

static void kind(const struct xs_kind_info *k, FILE *to)
{
	fprintf(to, ".Ss %s\n", k->many);
	xs_roff_sentence(k->help, to);
	if (k->most > 1)
		fprintf(to, "There may be %u.\n", k->most);
	if (k == &xs_kinds[XS_K_SETTINGS])
		fputs("One mapping, no list.\n", to);
	if (k == &xs_kinds[XS_K_ZONE])
		fputs("A row may be written as its name alone.\n", to);
	fputs(".Bl -tag -width Ds\n", to);
	for (const struct xs_field *f = k->fields; f->key; f++)
		field(f, to);
	fputs(".El\n", to);
}

void xs_page_config(FILE *to)
{
	head(to);
	for (int k = 0; k < XS_K_MAX; k++)
		kind(&xs_kinds[k], to);
	fputs(".Sh FILES\n.Bl -tag -width Ds\n.It file:PATH\n"
	      "A key is read from the file when the document is applied;\n"
	      "a relative path begins at the directory of the document.\n"
	      ".Cm xsteer shim keygen\nmakes one.\n"
	      ".El\n.Sh EXAMPLES\n", to);
	xs_roff_literal(example, to);
	fputs(".Sh SEE ALSO\n.Xr xsteer 8\n", to);
}
