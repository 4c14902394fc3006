// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Bytes -> YAML document, by libfyaml; what it finds wrong is told in our words, with its place. */
#include <libfyaml.h>
#include <string.h>
#include "user/base/err.h"
#include "user/decide/value.h"

#define MAX_TEXT (16u << 20)

/* The document of the text, if it is the only one: what stands behind a second --- must not be passed over in silence. */
static struct fy_document *build(struct xs_conf *c, const struct fy_parse_cfg *cfg, const char *text, size_t len)
{
	struct fy_parser *p = fy_parser_create(cfg);
	struct fy_document *doc = NULL, *second;

	if (p && !fy_parser_set_string(p, text, len))
		doc = fy_parse_load_document(p);
	second = doc ? fy_parse_load_document(p) : NULL;
	if (second)
		xs_conf_mistake(c, fy_document_root(second), "leave the second --- out, or apply the documents one by one", "begins a second document");
	fy_document_destroy(second);
	if (doc && (second || fy_diag_got_error(cfg->diag))) {
		fy_document_destroy(doc);
		doc = NULL;
	}
	fy_parser_destroy(p);
	return doc;
}

/* One parser for all texts: no aliases (a small text could be a huge document), one document. */
static struct fy_document *parse(struct xs_conf *c, struct fy_diag *diag, const char *text, size_t len)
{
	struct fy_parse_cfg cfg = { .flags = FYPCF_COLLECT_DIAG, .diag = diag };
	struct fy_document *doc = NULL;
	struct fy_diag_error *e;
	void *at = NULL;
	char pos[256];

	if (len > MAX_TEXT)
		xs_refuse(c->name, "split it over instances", "longer than %u bytes", MAX_TEXT);
	else if (memchr(text, 0, len))
		xs_refuse(c->name, "save it as UTF-8 text", "has a NUL byte in it");
	else
		doc = build(c, &cfg, text, len);
	while (!doc && (e = fy_diag_errors_iterate(diag, &at))) {
		snprintf(pos, sizeof(pos), "%s:%d:%d", c->name, e->line, e->column);
		xs_refuse(pos, "mend the YAML there", "%s", e->msg);
		c->mistakes++;
	}
	if (!doc && !c->mistakes++ && len <= MAX_TEXT && !memchr(text, 0, len))
		xs_refuse(c->name, "write `xsteer: 1` and what follows", "is empty or no YAML");
	return doc;
}

/* Where libfyaml leaves its messages instead of printing them. */
static struct fy_diag *quiet_diag(void)
{
	struct fy_diag_cfg cfg;
	struct fy_diag *diag;

	fy_diag_cfg_default(&cfg);
	cfg.fp = NULL;
	diag = fy_diag_create(&cfg);
	if (diag)
		fy_diag_set_collect_errors(diag, true);
	return diag;
}

/* The document goes on with the messages, if there is one. */
static void drop_diag(struct fy_diag *diag, const struct fy_document *doc)
{
	if (doc)
		fy_diag_unref(diag);
	else if (diag)
		fy_diag_destroy(diag);
}

struct fy_document *xs_conf_value(const char *text)
{
	struct fy_diag *diag = quiet_diag();
	struct fy_parse_cfg cfg = { .flags = FYPCF_COLLECT_DIAG, .diag = diag };
	struct fy_document *doc = diag && *text ? fy_document_build_from_string(&cfg, text, FY_NT) : NULL;

	drop_diag(diag, doc);
	return doc;
}

struct fy_document *xs_conf_mapping(struct xs_conf *c, const char *text, size_t len)
{
	struct fy_diag *diag = quiet_diag();
	struct fy_document *doc = diag ? parse(c, diag, text, len) : NULL;

	drop_diag(diag, doc);
	if (doc && (!fy_document_root(doc) || !fy_node_is_mapping(fy_document_root(doc)))) {
		xs_conf_mistake(c, fy_document_root(doc), "write KEY: VALUE lines", "wants a mapping");
		fy_document_destroy(doc);
		doc = NULL;
	}
	return doc;
}
