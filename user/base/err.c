// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/err.h"

static enum xs_exit last;
static char *quiet;
static size_t quiet_size;
static json_t *pending;		/* with -j: what has been said so far */

enum xs_exit xs_class(void)
{
	return last;
}

void xs_class_clear(void)
{
	last = XS_EX_OK;
}

void xs_quiet(char *buf, size_t size)
{
	quiet = buf;
	quiet_size = size;
	if (buf && size)
		*buf = 0;
}

/* Length of the UTF-8 character at s, 0: there is none. Long forms of short ones and surrogates are refused, too. */
static size_t utf8_at(const unsigned char *s)
{
	size_t n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) || (*s == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Makes the text one line of UTF-8: what people typed is part of it, perhaps cut in the midst of a character. */
static char *clean(char *text)
{
	size_t n;

	for (unsigned char *s = (unsigned char *)text; s && *s; s += n ?: 1) {
		n = utf8_at(s);
		if (!n || *s < 0x20 || *s == 0x7f)
			*s = '?';
	}
	return text;
}

static json_t *said_json(const char *object, const char *what, const char *try)
{
	char *o = clean(strdup(object)), *w = clean(strdup(what)), *t = try ? clean(strdup(try)) : NULL;
	json_t *j = json_pack("{s:s, s:s, s:s*}", "object", o, "what", w, "try", t);

	free(o);
	free(w);
	free(t);
	return j;
}

static void print_json(json_t *j, FILE *to)
{
	if (!j || json_dumpf(j, to, xs_env.pretty ? JSON_INDENT(2) : JSON_COMPACT))
		fprintf(to, "{\"error\":{\"object\":\"xsteer\",\"what\":\"no memory\"}}");
	fputc('\n', to);
	json_decref(j);
}

void xs_errors_end(void)
{
	json_t *j = pending;

	pending = NULL;
	if (j)
		print_json(j, stdout);
}

/* Errors are one object in the end, however many there are. */
static void keep_json(json_t *said)
{
	static bool registered;
	json_t *more;

	if (!registered)
		registered = !atexit(xs_errors_end);
	if (!pending) {
		pending = json_pack("{s:o}", "error", said);
		return;
	}
	more = json_object_get(pending, "more");
	if (!more)
		json_object_set_new(pending, "more", more = json_array());
	json_array_append_new(more, said);
}

static void say(const char *kind, const char *object, const char *try, const char *what)
{
	char *line = NULL;
	size_t used;

	if (xs_env.json && !quiet) {
		if (!strcmp(kind, "error"))
			keep_json(said_json(object, what, try));
		else
			print_json(json_pack("{s:o}", kind, said_json(object, what, try)), stderr);
		return;
	}
	if (asprintf(&line, "%s: %s%s%s", object, what, try ? "; " : "", try ?: "") < 0)
		line = NULL;
	if (quiet) {	/* one after the other, so that several mistakes are all told */
		used = strlen(quiet);
		snprintf(quiet + used, quiet_size - used, "%s%s", used ? "\n" : "", clean(line) ?: "no memory");
		clean(strrchr(quiet, '\n') ? strrchr(quiet, '\n') + 1 : quiet);	/* it may have been cut */
	} else {
		fflush(stdout);
		fprintf(stderr, "xsteer: %s%s\n", !strcmp(kind, "warning") ? "warning: " : "", clean(line) ?: "no memory");
	}
	free(line);
}

/* What to try where the caller knows no better. */
static const char *remedy(int err)
{
	switch (err) {
	case EPERM:
	case EACCES: return "run as root";
	case ENOMEM: return "free memory, or load with smaller tables";
	case ENOSPC: return "make room there";
	case ENOENT:
	case ENOTDIR: return "is the directory there?";
	case EEXIST: return "choose another name, or remove it first";
	default: return "see dmesg and xsteer doctor";
	}
}

/* Formats and says it; keeps the class. */
#define SAY(kind, class, tail) do { \
	char text[1024]; \
	va_list ap; \
	va_start(ap, what); \
	vsnprintf(text, sizeof(text), what, ap); \
	va_end(ap); \
	tail; \
	say(kind, object, try, text); \
	if ((class) != XS_EX_OK) \
		last = class; \
} while (0)

int xs_refuse(const char *object, const char *try, const char *what, ...)
{
	SAY("error", XS_EX_REFUSED, (void)0);
	return -EINVAL;
}

int xs_usage(const char *object, const char *try, const char *what, ...)
{
	SAY("error", XS_EX_USAGE, (void)0);
	return -EINVAL;
}

int xs_kernel(int err, const char *object, const char *try, const char *what, ...)
{
	err = abs(err) ?: EIO;
	try = try ?: remedy(err);
	SAY("error", XS_EX_KERNEL, snprintf(text + strlen(text), sizeof(text) - strlen(text), ": %s", strerror(err)));
	return -err;
}

int xs_partial(const char *object, const char *try, const char *what, ...)
{
	SAY("error", XS_EX_PARTIAL, (void)0);
	return -EIO;
}

void xs_warn(const char *object, const char *try, const char *what, ...)
{
	SAY("warning", XS_EX_OK, (void)0);
}
