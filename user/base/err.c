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

static void say_json(const char *kind, const char *object, const char *what, const char *try, FILE *to)
{
	json_t *j = json_pack("{s:{s:s, s:s, s:s*}}", kind, "object", object, "what", what, "try", try);
	char *text = j ? json_dumps(j, xs_env.pretty ? JSON_INDENT(2) : JSON_COMPACT) : NULL;

	fprintf(to, "%s\n", text ?: "{\"error\":{\"what\":\"no memory, or text that is no UTF-8\"}}");
	free(text);
	json_decref(j);
}

static void say(const char *kind, const char *object, const char *try, const char *what)
{
	size_t used;

	if (quiet) {	/* one after the other, so that several mistakes are all told */
		used = strlen(quiet);
		snprintf(quiet + used, quiet_size - used, "%s%s: %s%s%s", used ? "\n" : "", object, what, try ? "; " : "", try ?: "");
		return;
	}
	fflush(stdout);
	if (xs_env.json)
		say_json(kind, object, what, try, !strcmp(kind, "error") ? stdout : stderr);
	else
		fprintf(stderr, "xsteer: %s%s: %s%s%s\n", !strcmp(kind, "warning") ? "warning: " : "", object, what, try ? "; " : "", try ?: "");
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
