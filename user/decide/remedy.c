// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What to try against a mistake in a configuration, from the tables of kinds and fields and from what is there. */
#include <inttypes.h>
#include <string.h>
#include "user/base/opt.h"
#include "user/decide/value.h"

static char text[512];

/* Keeps the nearer of two words to what was typed. */
static void nearer(const char *typed, const char *word, const char **best, int *least)
{
	int d = xs_word_distance(typed, word);

	if (d < *least && d < (int)strlen(word)) {
		*least = d;
		*best = word;
	}
}

static const char *did_you_mean(const char *word)
{
	snprintf(text, sizeof(text), "did you mean %s?", word);
	return text;
}

const char *xs_key_remedy(enum xs_kind k, const char *typed)
{
	const char *best = NULL;
	int least = 4, n;

	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++)
		nearer(typed, f->key, &best, &least);
	if (best)
		return did_you_mean(best);
	n = snprintf(text, sizeof(text), "known are:");
	for (const struct xs_field *f = xs_kinds[k].fields; f->key; f++)
		n += snprintf(text + n, sizeof(text) - n, " %s", f->key);
	return text;
}

/* Nothing is called so: the row that was meant, or where to add it. */
static const char *name_remedy(enum xs_kind k, const char *typed, const struct xs_model *m)
{
	const struct xs_row *r;
	const char *best = NULL;
	int least = 3;

	xs_each(r, m, k)
		nearer(typed, r->name, &best, &least);
	if (best)
		return did_you_mean(best);
	snprintf(text, sizeof(text), "add it to %s:, or name one that is there", xs_kinds[k].many);
	return text;
}

static const char *word_remedy(const struct xs_field *f, const char *typed)
{
	int n = f->most ? (int)f->most : 0, least = 4;
	const char *best = NULL;

	for (int i = 0; n ? i < n : f->words[i] != NULL; i++)
		if (f->words[i])
			nearer(typed, f->words[i], &best, &least);
	return best ? did_you_mean(best) : "choose one of these";
}

static const char *number_remedy(const struct xs_field *f, const char *what, const char *unit)
{
	if (f->most)
		snprintf(text, sizeof(text), "write %s from %" PRIu64 "%s to %" PRIu64 "%s", what, f->least, unit, f->most, unit);
	else
		snprintf(text, sizeof(text), "write %s", what);
	return text;
}

const char *xs_field_remedy(const struct xs_field *f, const char *err, const struct xs_model *m)
{
	const char *quote = strchr(err, '"');
	char typed[64] = "";

	if (quote)
		snprintf(typed, sizeof(typed), "%.*s", (int)strcspn(quote + 1, "\""), quote + 1);
	if (!strncmp(err, "no ", 3) && strstr(err, " is called \""))
		return name_remedy(f->ref, typed, m);
	switch (f->type) {
	case XS_T_NAME: return "choose a name like gpu-0";
	case XS_T_ADDR: return "write 198.18.0.10 or \"2001:db8::10\"";
	case XS_T_UINT:
	case XS_T_PORT: return number_remedy(f, "a whole number", "");
	case XS_T_RATE: return number_remedy(f, "a rate", "/s");
	case XS_T_US: return number_remedy(f, "a duration", "us");
	case XS_T_MS: return number_remedy(f, "a duration", "ms");
	case XS_T_S: return number_remedy(f, "a duration", "s");
	case XS_T_ENUM: return word_remedy(f, typed);
	case XS_T_ZONES: return "name some, or leave the key out: then its requests may go anywhere";
	default:
		snprintf(text, sizeof(text), "%s%s", f->help[0] == '{' ? "write " : "", f->help);
		return text;
	}
}
