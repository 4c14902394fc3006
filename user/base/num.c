// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "user/base/num.h"

static char wrong[256];

#define WRONG(...) (snprintf(wrong, sizeof(wrong), __VA_ARGS__), wrong)

/* Rounds what is whole but for the error of the arithmetic. Return: false: it is not, 1.5 is no number of things */
static bool whole(double d, uint64_t *v)
{
	*v = (uint64_t)(d + 0.5);
	return fabs(d - (double)*v) <= 1e-9 + 1e-13 * d;
}

/* strtod() without what it knows beyond digits and a point: 0x10, 1e3 */
static double digits(const char *s, char **end)
{
	double d = strtod(s, end);

	return strspn(s, "0123456789.") == (size_t)(*end - s) ? d : (*end = (char *)s, 0);
}

const char *xs_num_parse(const char *s, const char *tail, uint64_t *v)
{
	double d, scale = 1;
	char *end;

	errno = 0;
	if (!isdigit((unsigned char)*s))
		return WRONG("\"%.40s\" is no number", s);
	d = digits(s, &end);
	if (*end == 'k' || *end == 'M' || *end == 'G') {
		scale = *end == 'k' ? 1e3 : *end == 'M' ? 1e6 : 1e9;
		end++;
	}
	if (*end && strcmp(end, tail))
		return WRONG("\"%.40s\": unknown unit, k, M, G%s%s are known", s, *tail ? " and " : "", tail);
	d *= scale;
	if (errno || d > 1.8e19)
		return WRONG("\"%.40s\" is too large", s);
	return whole(d, v) ? NULL : WRONG("\"%.40s\" is no whole number", s);
}

const char *xs_duration_parse(const char *s, double unit_ns, uint64_t *v)
{
	static const struct { const char *name; double ns; } units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 } };
	char *end;
	double d;

	if (!isdigit((unsigned char)*s))
		return WRONG("\"%.40s\" is no duration; write 250ms, 30s, 5m", s);
	d = digits(s, &end);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (!strcmp(end, units[i].name)) {
			d *= units[i].ns / unit_ns;
			return d > 1.8e19 ? WRONG("\"%.40s\" is too long", s) : whole(d, v) ? NULL : WRONG("\"%.40s\" is finer than can be kept", s);
		}
	return WRONG("\"%.40s\" needs a unit: us, ms, s, m, h or d", s);
}
