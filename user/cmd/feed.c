// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A router drives the maps through a pipe: a row a line in, an answer a line out. The lock is held for one row at a time. */
#include <errno.h>
#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/cmd/live.h"

#define MOST_LINE (1u << 20)

/* Which instance the open maps belong to: it may be unloaded while the router goes on. */
static bool same_instance(ino_t *ino)
{
	struct stat s;

	if (stat(xs_pin_path(NULL), &s))
		return false;
	*ino = *ino ?: s.st_ino;
	return *ino == s.st_ino;
}

/* Takes a key out of the mapping. Return: malloc'ed text, NULL: it is not there */
static char *take(struct fy_document *doc, const char *key)
{
	struct fy_node *map = fy_document_root(doc), *name = fy_node_build_from_string(doc, key, FY_NT), *v;
	char *text = NULL;

	v = name ? fy_node_mapping_remove_by_key(map, name) : NULL;
	if (v && fy_node_is_scalar(v))
		text = strdup(fy_node_get_scalar0(v));
	fy_node_free(v);
	return text;
}

/* A row of any kind but placement: the whole structure is applied with it. */
static int change_row(struct xs_conf *c, enum xs_kind k, bool delete, struct fy_document *doc, uint64_t *revision)
{
	struct fy_node *name = fy_node_mapping_lookup_by_string(fy_document_root(doc), "name", FY_NT);
	struct xs_busy *busy = xs_busy_ids();
	struct xs_model want;
	uint32_t at;
	int err = busy ? xs_model_copy(&want, c->have) : -ENOMEM;

	if (err)
		return err;
	c->want = &want;
	c->busy = busy;
	c->merge = true;
	if (!delete) {
		err = xs_conf_row(c, k, fy_document_root(doc)) ? 0 : -EINVAL;
	} else {
		at = xs_row_index(&want, k, name && fy_node_is_scalar(name) ? fy_node_get_scalar0(name) : "");
		if (at == want.kind[k].n)
			err = xs_refuse(c->name, "give its name", "no such %s", xs_kinds[k].one);
		else
			xs_row_remove(&want, k, at);
	}
	err = err ?: xs_model_check(&want, NULL) ?: xs_apply(c->have, &want);
	*revision = want.revision;
	xs_model_free(&want);
	free(busy);
	return err;
}

/* What a placement is for names it; its targets need not be said. */
static int delete_placement(struct xs_conf *c, struct fy_document *doc, uint64_t *revision)
{
	static const char *const keys[] = { "service", "tenant", "class", "prefix" };
	struct xs_model *m = (struct xs_model *)c->have;
	struct xs_r_placement p = { 0 };
	const char *wrong;
	struct fy_node *v;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		v = fy_node_mapping_lookup_by_string(fy_document_root(doc), keys[i], FY_NT);
		wrong = v ? xs_field_parse(xs_field_named(XS_K_PLACEMENT, keys[i]), v, &p, m, NULL) : NULL;
		if (wrong)
			return xs_refuse(c->name, "say what the placement is for", "%s: %s", keys[i], wrong);
	}
	if (!p.service)
		return xs_refuse(c->name, "say what the placement is for", "lacks the key \"service\"");
	xs_placement_name(m, &p);
	return xs_feed_delete(m, &p, revision);
}

/* A placement goes into a row of its own. */
static int set_placement(struct xs_conf *c, struct fy_document *doc, uint64_t *revision)
{
	struct xs_r_placement *p;
	struct xs_model want;
	int err = xs_model_copy(&want, c->have);

	if (err)
		return err;
	want.kind[XS_K_PLACEMENT].n = 0;	/* it replaces none of the configured ones */
	c->want = &want;
	p = xs_conf_row(c, XS_K_PLACEMENT, fy_document_root(doc));
	err = !p ? -EINVAL : xs_placement_check(&want, p, NULL) ?: xs_feed_set(&want, p, revision);
	xs_model_free(&want);
	return err;
}

static int change_state(struct xs_conf *c, const char *op, struct fy_document *doc, uint64_t *revision)
{
	static const char *const ops[] = { [XS_T_UP] = "up", [XS_T_DRAINING] = "drain", [XS_T_DOWN] = "down" };
	struct xs_tlive *live = xs_map_view(XS_MAP_xs_tlive, true);
	char *name = take(doc, "name");
	const struct xs_row *t = name ? xs_row_named(c->have, XS_K_TARGET, name) : NULL;
	int err = t && live ? 0 : xs_refuse(c->name, "give the name of a target", "no such target");

	free(name);
	for (int s = XS_T_UP; !err && s <= XS_T_DOWN; s++)
		if (!strcmp(op, ops[s]))
			__atomic_store_n(&live[t->id].state, s, __ATOMIC_SEQ_CST);
	*revision = c->have->revision;
	return err;
}

static enum xs_kind kind_named(const char *one)
{
	int k = 0;

	while (k < XS_K_MAX && (k == XS_K_SETTINGS || strcmp(xs_kinds[k].one, one)))
		k++;
	return k;
}

static int do_row(struct xs_conf *c, const char *op, const char *kind, struct fy_document *doc, uint64_t *revision)
{
	enum xs_kind k = kind ? kind_named(kind) : XS_K_MAX;
	bool delete = op && !strcmp(op, "delete");

	if (k == XS_K_MAX)
		return xs_refuse(c->name, "give \"kind\": placement, target, service, tenant, class, site, zone or pool", kind ? "no such kind" : "lacks the key \"kind\"");
	if (op && k == XS_K_TARGET && (!strcmp(op, "up") || !strcmp(op, "drain") || !strcmp(op, "down")))
		return change_state(c, op, doc, revision);
	if (!op || (!delete && strcmp(op, "set")))
		return xs_refuse(c->name, "give \"op\": set or delete, for targets also up, drain or down", op ? "no such op" : "lacks the key \"op\"");
	if (k != XS_K_PLACEMENT)
		return change_row(c, k, delete, doc, revision);
	return delete ? delete_placement(c, doc, revision) : set_placement(c, doc, revision);
}

static int do_line(const char *line, size_t len, unsigned long number, uint64_t *revision)
{
	char name[32], *op = NULL, *kind = NULL;
	struct xs_conf c = { .name = name, .have = xs_model_have() };
	struct fy_document *doc;
	int err;

	snprintf(name, sizeof(name), "row %lu", number);
	if (!c.have)
		return -EIO;
	doc = xs_conf_mapping(&c, line, len);
	if (!doc)
		return -EINVAL;
	op = take(doc, "op");
	kind = take(doc, "kind");
	err = do_row(&c, op, kind, doc, revision);
	free(op);
	free(kind);
	fy_document_destroy(doc);
	return err;
}

static void answer(int err, uint64_t revision, const char *said)
{
	json_t *a = err ? json_pack("{s:b, s:s}", "ok", 0, "error", *said ? said : "failed") : json_pack("{s:b, s:I}", "ok", 1, "revision", (json_int_t)revision);

	json_dumpf(a, stdout, JSON_COMPACT);
	fputc('\n', stdout);
	fflush(stdout);
	json_decref(a);
}

static int feed_run(const struct xs_call *call)
{
	static char said[8192];
	unsigned long number = 0, failed = 0;
	uint64_t revision = 0;
	FILE *in = strcmp(call->argv[0], "-") ? fopen(call->argv[0], "r") : stdin;
	char *line = NULL;
	size_t room = 0;
	ino_t ino = 0;
	ssize_t len;
	int err;

	if (!in)
		return xs_refuse(call->argv[0], "name a file that can be read, or - for standard input", "%m");
	while ((len = getline(&line, &room, in)) > 0) {
		number++;
		if (strspn(line, " \t\r\n") == (size_t)len)
			continue;
		xs_quiet(said, sizeof(said));
		err = len > (ssize_t)MOST_LINE ? xs_refuse("row", "a row is one placement", "longer than %u bytes", MOST_LINE) : xs_instance_lock();
		if (!err && !same_instance(&ino))
			err = xs_refuse(xs_env.instance, "start the feed again", "the instance was unloaded");
		else if (!err)
			err = do_line(line, len, number, &revision);
		xs_instance_unlock();
		xs_quiet(NULL, 0);
		answer(err, revision, said);
		failed += err != 0;
	}
	xs_feed_close();
	free(line);
	if (in != stdin)
		fclose(in);
	return !failed ? 0 : failed < number ? xs_partial("feed", "their answers say why", "%lu of %lu rows were refused", failed, number) :
	       xs_refuse("feed", "the answers say why", "every row was refused");
}

const struct xs_cmd cmd_feed = {
	.name = "feed", .effect = XS_READS, .args = "-|FILE", .min_args = 1, .max_args = 1, .run = feed_run,
	.brief = "take placements from a router: JSON rows in, an answer a line out",
	.text = "Each row is a JSON object on a line of its own with \"op\" (set, delete; for targets also up, drain, down), \"kind\" and the "
		"keys that the kind has in a configuration. It is checked as apply checks, takes effect at once and as a whole, and is answered: "
		"{\"ok\": true, \"revision\": 7} or {\"ok\": false, \"error\": \"...\"}. A fed placement goes before the configured one of the same "
		"service, tenant, class and prefix; when its ttl is over, that one or the next less specific one counts again.",
	.example = "  echo '{\"op\": \"set\", \"kind\": \"placement\", \"service\": \"chat\", \"tenant\": \"acme\", \"targets\": [\"gpu1\"], \"ttl\": \"300s\"}' | xsteer feed -",
};
