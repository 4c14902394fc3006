// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Placements from outside, one by one: each is a row of its own, and the word that names it changes as a whole. What is in use
 * is remembered from one call to the next for as long as nobody else has written: the control word tells. */
#include <errno.h>
#include <string.h>
#include "user/base/err.h"
#include "user/base/mapio.h"
#include "user/decide/model.h"

#define MOST_OLD 256

static struct xs_rules *rules;
static uint64_t rules_word;		/* control word when `rules` was true */
static uint32_t old[MOST_OLD], nold;	/* rows that no word names any more, before the grace period */

void xs_feed_close(void)
{
	xs_rules_close(rules);
	rules = NULL;
	nold = 0;
}

/* What is in use, as of now. Return: 0 or -errno, reported */
static int refresh(void)
{
	uint64_t word = xs_control_read();

	if (rules && word == rules_word && nold == MOST_OLD) {
		if (xs_rcu_sync())
			return xs_kernel(EIO, "feed", NULL, "no grace period");
		while (nold)
			xs_rules_free(rules, old[--nold]);
	}
	if (rules && word == rules_word)
		return 0;
	xs_feed_close();
	rules = xs_rules_open(XS_GEN(word));
	rules_word = word;
	return rules ? 0 : -EIO;
}

static int raise_revision(uint64_t *revision)
{
	*revision = XS_REVISION(rules_word) + 1;
	rules_word += 2;
	return xs_control_flip(rules_word);
}

/* The level must be asked for before the first rule of it is there. */
static int raise_level(const struct xs_rule_key *key)
{
	struct xs_levels l = { 0 };
	uint32_t bit = 1u << xs_rules_level(key);
	int err = xs_map_get(XS_MAP_xs_levels, &key->service, &l);

	if (err || l.fed & bit)
		return err;
	l.fed |= bit;
	return xs_map_set(XS_MAP_xs_levels, &key->service, &l);
}

static int set_word(const struct xs_rule_key *key, uint32_t row)
{
	struct xs_rule_word w = { 0 };
	uint32_t before;
	int err;

	xs_map_get(XS_MAP_xs_rules, key, &w);
	before = w.fed;
	w.fed = row;
	err = !row && !w.cfg[0] && !w.cfg[1] ? xs_map_del(XS_MAP_xs_rules, key) : xs_map_set(XS_MAP_xs_rules, key, &w);
	if (!err && before)
		old[nold++] = before;
	return err;
}

int xs_feed_set(const struct xs_model *m, const struct xs_r_placement *p, uint64_t *revision)
{
	struct xs_rules_want w = { .from = XS_FROM_FEED, .expires_s = p->expires_s, .member = p->member, .members = p->members };
	int row, err = refresh();

	if (err)
		return err;
	w.revision = XS_REVISION(rules_word) + 1;
	xs_rules_key(p, m, &w.key);
	row = xs_rules_row(rules, m, &w);
	if (row < 0)
		return row;
	err = raise_level(&w.key) ?: set_word(&w.key, row);
	if (err == -E2BIG && !xs_rules_clean(!XS_GEN(rules_word), m))	/* expired ones may fill it */
		err = set_word(&w.key, row);
	if (!err)
		return raise_revision(revision);
	xs_rules_free(rules, row);
	return err == -E2BIG ? xs_refuse(p->h.name, "delete some, or give them shorter lives", "no room for another placement") :
			       xs_kernel(err, "xs_rules", NULL, "cannot write a placement");
}

int xs_feed_delete(const struct xs_model *m, const struct xs_r_placement *p, uint64_t *revision)
{
	struct xs_rule_word w = { 0 };
	struct xs_rule_key key;
	int err = refresh();

	if (err)
		return err;
	xs_rules_key(p, m, &key);
	xs_map_get(XS_MAP_xs_rules, &key, &w);
	if (!w.fed)
		return xs_refuse(p->h.name, "see: xsteer placement list from feed", "no such placement was fed");
	err = set_word(&key, 0);
	return err ? xs_kernel(err, "xs_rules", NULL, "cannot delete a placement") : raise_revision(revision);
}

bool xs_fed_next(struct xs_rule_key *at, const struct xs_model *m, struct xs_r_placement *p)
{
	static const struct xs_rule_key first;
	struct xs_rule_word w;

	while (!xs_map_next(XS_MAP_xs_rules, memcmp(at, &first, sizeof(first)) ? at : NULL, at))
		if (!xs_map_get(XS_MAP_xs_rules, at, &w) && xs_rules_get(w.fed, m, p))
			return true;
	return false;
}
