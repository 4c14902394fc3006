/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The structure as people say it: rows by kind, plain data, so that the whole of it is stored in a map as it stands. Fields are
 * described once, in fields tables; parser, printer, diff, `set`, lists and man page walk those. */
#ifndef XS_MODEL_H
#define XS_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include "maps/maps.h"

/* In the order of parsing: a row refers only to kinds before its own. */
enum xs_kind { XS_K_SETTINGS, XS_K_ZONE, XS_K_SITE, XS_K_CLASS, XS_K_POOL, XS_K_TENANT, XS_K_TARGET, XS_K_SERVICE, XS_K_PLACEMENT, XS_K_MAX };

/* Every row begins with this. id is dense from 1; inc counts the lives of an id. */
struct xs_row {
	char name[XS_NAME_LEN];
	uint16_t id, inc;
	uint32_t line;			/* of the text it came from, 0: none */
};

struct xs_r_settings { struct xs_row h; struct xs_settings s; };
struct xs_r_zone { struct xs_row h; };
struct xs_r_site {
	struct xs_row h;
	struct xs_addr endpoint;
	uint32_t rtt_us;
	uint16_t number, zone;
	uint8_t local, ret;
	char key[128];
	struct xs_addr own[XS_OWN_MOST];		/* source addresses; all zero: no more */
	uint16_t port[2];				/* first and last source port */
};
struct xs_r_class { struct xs_row h; uint32_t ttft_ms, money_ms; uint8_t number, overflow; };
struct xs_r_pool { struct xs_row h; uint8_t hash, share; };

#define XS_TENANT_SOURCES 32
struct xs_src { struct xs_addr addr; uint8_t bits, class, used; };	/* bits: of the mapped address */
struct xs_r_tenant {
	struct xs_row h;
	uint32_t number, burst;
	uint64_t zones, salt, requests, tokens;		/* zones 0: anywhere; rates a second, 0: none */
	char ref[2][256];				/* where the keys come from, even and odd; "" none */
	uint8_t key[2][16];
	struct xs_src src[XS_TENANT_SOURCES];
};
struct xs_r_target {
	struct xs_row h;
	struct xs_addr addr;
	uint32_t prefill;				/* tokens/s */
	uint64_t cache;					/* tokens */
	double price_in, price_out;			/* a million tokens */
	__be16 port;
	uint16_t pool, site;
	uint8_t via;
};
#define XS_SERVICE_POOLS 8
struct xs_r_service {
	struct xs_row h;
	struct xs_addr addr;
	__be16 port;
	uint16_t pools[XS_SERVICE_POOLS];
	uint16_t default_tenant, default_class;		/* ids; class rows have ids, too */
	uint8_t proto, shim, refuse, unknown, strip, first_token;
};
#define XS_PLACEMENT_MEMBERS 64
struct xs_member { uint16_t target; uint8_t set, pad; uint32_t weight; };
struct xs_r_placement {
	struct xs_row h;				/* the name is made from what it is for */
	uint16_t service, tenant, class, members;	/* ids, 0: any */
	uint32_t hash;
	uint8_t depth, from;				/* enum xs_source_kind */
	uint64_t expires_s;				/* unix time, 0: never */
	struct xs_member member[XS_PLACEMENT_MEMBERS];
};

struct xs_vec { void *rows; uint32_t n, cap, size; };

struct xs_model {
	struct xs_vec kind[XS_K_MAX];
	uint64_t revision;
};

enum xs_ftype {
	XS_T_NAME, XS_T_UINT, XS_T_RATE, XS_T_US, XS_T_MS, XS_T_S, XS_T_ENUM, XS_T_ADDR, XS_T_PORT, XS_T_REF, XS_T_REFS, XS_T_ZONES,
	XS_T_HEX, XS_T_TEXT, XS_T_PORTS, XS_T_UNTIL,
	XS_T_SOURCES, XS_T_KEYS, XS_T_RATES, XS_T_PRICE, XS_T_SETS, XS_T_PREFIX, XS_T_ADDRS,	/* of more than one value */
};

struct xs_field {
	const char *key;
	enum xs_ftype type;
	uint16_t off, size;
	uint64_t least, most;
	const char *def;		/* as text; NULL: nothing, and printed only when set */
	const char *const *words;	/* of an enum, ends with NULL; the index is the value */
	enum xs_kind ref;
	bool required;
	const char *help;
};

/* A kind: how it is called, its rows' size, how many there may be, its fields (ends with a row without key). */
struct xs_kind_info {
	const char *one, *many;		/* "target", "targets": object of the CLI and key of the document */
	uint32_t size, most;
	const struct xs_field *fields;
	const char *help;
};
extern const struct xs_kind_info xs_kinds[XS_K_MAX];

/* rows.c: the model as a container */
void xs_model_init(struct xs_model *m);
void xs_model_free(struct xs_model *m);
int xs_model_copy(struct xs_model *to, const struct xs_model *from);
/* xs_row_add() - a new row with the defaults of its kind. Return: NULL: no memory */
void *xs_row_add(struct xs_model *m, enum xs_kind k);
void xs_row_remove(struct xs_model *m, enum xs_kind k, uint32_t index);
void *xs_row_at(const struct xs_model *m, enum xs_kind k, uint32_t index);
/* xs_row_index() - place of the row of this name, the number of rows if there is none */
uint32_t xs_row_index(const struct xs_model *m, enum xs_kind k, const char *name);
void *xs_row_named(const struct xs_model *m, enum xs_kind k, const char *name);
void *xs_row_id(const struct xs_model *m, enum xs_kind k, uint16_t id);
#define xs_each(row, m, k) \
	for (uint32_t row##_i = 0; row##_i < (m)->kind[k].n && ((row) = xs_row_at(m, k, row##_i)); row##_i++)
/* xs_row_identify() - give a row the id that `have` has for the same thing (by name; services by address, targets by all that makes
 * them the one they are, placements by what they are for), else the next free one. busy may be NULL. Return: 0 or -ENOSPC */
struct xs_busy;
int xs_row_identify(const struct xs_model *have, struct xs_model *want, enum xs_kind k, void *row, const struct xs_busy *busy);
/* xs_row_renumber() - let placements follow a service or target to its new id */
void xs_row_renumber(struct xs_model *m, enum xs_kind k, uint16_t from, uint16_t to);
/* xs_model_load(), xs_model_store() - from and to the blobs of a generation. Errors reported */
int xs_model_load(struct xs_model *m, uint32_t gen);
int xs_model_store(const struct xs_model *m, uint32_t gen);
/* xs_model_have() - the model of the running instance, loaded once a process. Return: NULL: reported */
struct xs_model *xs_model_have(void);
/* xs_model_name() - name of a row of the running instance, "#3" where there is none. Valid until the next few calls */
const char *xs_model_name(enum xs_kind k, uint16_t id);
/* xs_class_number(), xs_class_id() - class rows have dense ids beside their number */
const char *xs_class_name(uint8_t number);

/* value.c, lists.c: text -> field */
struct fy_node;
/* xs_field_parse() - a node into the row's field. @dir: where file: references begin. Return: NULL, or what is wrong (static text) */
const char *xs_field_parse(const struct xs_field *f, struct fy_node *node, void *row, struct xs_model *m, const char *dir);
/* xs_field_parse_text() - the same for a field of one value, from a word */
const char *xs_field_parse_text(const struct xs_field *f, const char *text, void *row, struct xs_model *m);
const struct xs_field *xs_field_named(enum xs_kind k, const char *key);

/* print.c: field -> text */
/* xs_field_print() - as YAML in flow style. Return: false, and nothing printed, if it has its default */
bool xs_field_print(const struct xs_field *f, const void *row, const struct xs_model *m, FILE *to);
/* xs_field_text() - the same into memory the caller frees; "" for a default; NULL: no memory */
char *xs_field_text(const struct xs_field *f, const void *row, const struct xs_model *m);
/* xs_row_print() - {name: gpu0, pool: ...} */
void xs_row_print(enum xs_kind k, const void *row, const struct xs_model *m, FILE *to);
/* xs_conf_print() - the whole model; xs_conf_read() reads it back to the same */
void xs_conf_print(const struct xs_model *m, FILE *to);
/* xs_row_json() - a row with typed values, durations named by their unit; a new reference. @text: composite values as text */
struct json_t;
struct json_t *xs_row_json(enum xs_kind k, const void *row, const struct xs_model *m, bool text);
/* xs_field_json_key() - "ttft_ms" for a duration called ttft; valid until the next call */
const char *xs_field_json_key(const struct xs_field *f);
/* xs_placement_name() - "chat/acme/interactive/10:00c0ffee", with * for any; long ones end in a hash of what was cut */
void xs_placement_name(const struct xs_model *m, struct xs_r_placement *p);
/* xs_placement_sets() - how many sets its members are in, first choice included */
uint8_t xs_placement_sets(const struct xs_r_placement *p);

/* conf.c: text -> model */
/* Ids and slots that must not be given to something new, because flows or fed rules refer to them. */
struct xs_busy { uint8_t target[XS_MAX_TARGETS], service[XS_MAX_SERVICES], tenant[XS_MAX_TENANTS], own[XS_MAX_OWNS]; };

/* What reading needs beside the text. */
struct xs_conf {
	const char *name;		/* of the text, for messages: "x.yaml" */
	const char *dir;		/* where file: references begin, NULL: here */
	const struct xs_model *have;	/* the running structure: who keeps which id */
	struct xs_model *want;		/* what the text says, added to what stands there */
	const struct xs_busy *busy;	/* may be NULL */
	bool words;			/* no text but words of a command line: places in it say nothing */
	bool merge;			/* rows change the rows of their name; else they replace them */
	int mistakes;			/* reported so far */
};
/* xs_conf_read() - a whole document. @keep: start from what is running. Every mistake is reported, up to 20. Return: 0 or -errno */
int xs_conf_read(struct xs_conf *c, const char *text, size_t len, bool keep);
/* xs_conf_row() - one row of a kind from a mapping, into want. Return: the row, or NULL: reported */
void *xs_conf_row(struct xs_conf *c, enum xs_kind k, struct fy_node *map);
/* xs_conf_mapping() - parse one mapping in flow style (a row of the feed is JSON). Free with fy_document_destroy(). NULL: reported */
struct fy_document;
struct fy_document *xs_conf_mapping(struct xs_conf *c, const char *text, size_t len);

/* xs_conf_value() - a value in flow style; free with fy_document_destroy(). Return: NULL: it is none, not reported */
struct fy_document *xs_conf_value(const char *text);

/* check.c: what is wrong with a model as a whole. @name: of the text. Return: 0 or -EINVAL, all reported */
int xs_model_check(const struct xs_model *m, const char *name);
/* xs_placement_check() - one placement, of the text or of a feed. Return: 0 or -EINVAL, reported */
int xs_placement_check(const struct xs_model *m, const struct xs_r_placement *p, const char *name);

/* ring.c */
/* xs_ring_size() - slots for these weights: a prime, at least 100 a target and weight unit, at most 65537 */
uint32_t xs_ring_size(const uint32_t *weight, uint32_t n);
/* xs_ring_fill() - Maglev (Eisenbud et al., NSDI 2016): slot -> index of the member; the same on every host for the same names */
int xs_ring_fill(uint16_t *slot, uint32_t slots, const char *const *name, const uint32_t *weight, uint32_t n);

/* plan.c */
/* xs_plan_make() - what apply would do: [{op: add|change|delete, kind, name, key, from, to}] */
struct json_t;
struct json_t *xs_plan_make(const struct xs_model *have, const struct xs_model *want);
/* xs_plan_print() - a line each: "+ target gpu2", "~ target gpu0: port 8000 -> 8001" */
void xs_plan_print(struct json_t *plan);

/* apply.c */
/* xs_apply() - make `want` the structure of the running instance, all or nothing. Return: 0 or -errno, reported */
int xs_apply(const struct xs_model *have, struct xs_model *want);
/* xs_busy_ids() - the ids that flows and fed rules refer to; free() it. NULL: no memory. Without open maps: none */
struct xs_busy *xs_busy_ids(void);

/* rules.c: rows of xs_rows and the sets they point at. The places in use are those that the words of xs_rules lead to, so
 * that a writer that was killed leaves nothing behind. */
struct xs_rules;
/* A word of xs_rules with its key. */
struct xs_rules_word { struct xs_rule_key key; struct xs_rule_word word; };
/* What a row is to hold. */
struct xs_rules_want {
	struct xs_rule_key key;
	enum xs_source_kind from;
	uint64_t expires_s;		/* unix time, 0: never */
	uint64_t revision;
	const struct xs_member *member;	/* by set */
	uint32_t members;
};
/* xs_rules_open() - find out what is in use in generation gen; waits for a grace period first. NULL: reported */
struct xs_rules *xs_rules_open(uint32_t gen);
void xs_rules_close(struct xs_rules *r);
/* xs_rules_words() - all words as they were at open. Return: the first of *n */
const struct xs_rules_word *xs_rules_words(const struct xs_rules *r, uint32_t *n);
/* xs_rules_row() - write a row, and the sets that no row has yet, into free places. Return: row number, negative: reported */
int xs_rules_row(struct xs_rules *r, const struct xs_model *m, const struct xs_rules_want *w);
/* xs_rules_free() - the row is no longer named by any word, and a grace period has passed since */
void xs_rules_free(struct xs_rules *r, uint32_t row);
/* xs_rules_key() - what a placement is for, in ids; xs_rules_level() - how specific that is */
void xs_rules_key(const struct xs_r_placement *p, const struct xs_model *m, struct xs_rule_key *key);
enum xs_level xs_rules_level(const struct xs_rule_key *key);
/* xs_rules_get() - a live row as a placement. Return: false: no such row, or none that the model can name */
bool xs_rules_get(uint32_t row, const struct xs_model *m, struct xs_r_placement *p);

/* xs_rules_clean() - take generation gen, which no packet reads, out of every word; with a model also the fed rules that mean
 * nothing in it or have expired. Return: 0 or -errno */
int xs_rules_clean(uint32_t gen, const struct xs_model *m);

/* feed.c: placements from outside; the caller holds the instance's lock. Return: 0 with the new revision, or -errno, reported */
int xs_feed_set(const struct xs_model *m, const struct xs_r_placement *p, uint64_t *revision);
int xs_feed_delete(const struct xs_model *m, const struct xs_r_placement *p, uint64_t *revision);
void xs_feed_close(void);
/* xs_fed_next() - the next fed placement; *at all zero: the first. Return: false: no more */
bool xs_fed_next(struct xs_rule_key *at, const struct xs_model *m, struct xs_r_placement *p);

#endif
