// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <arpa/inet.h>
#include <errno.h>
#include <langinfo.h>
#include <libsmartcols/libsmartcols.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "maps/abi.h"
#include "user/base/err.h"
#include "user/base/out.h"

bool xs_out_json(json_t *value)
{
	if (xs_env.json) {
		json_dumpf(value, stdout, (xs_env.pretty ? JSON_INDENT(2) : JSON_COMPACT) | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));	/* 0.3, not 0.29999999999999999 */
		putchar('\n');
	}
	json_decref(value);
	return xs_env.json;
}

char *xs_out_ns(char *buf, size_t size, unsigned long long ns)
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	double v = ns;
	int i = 0;

	for (; i < 3 && v >= 999.5; i++)	/* what would be rounded to 1000 belongs to the next unit */
		v /= 1000;
	snprintf(buf, size, v >= 999.5 ? "%.0f %s" : "%.3g %s", v, units[i]);
	return buf;
}

const char *xs_out_addr(const struct xs_addr *a, unsigned int port, char *buf, size_t size)
{
	char text[INET6_ADDRSTRLEN];
	bool v4 = xs_addr_is4(a);

	inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? (const void *)&a->w[3] : (const void *)a, text, sizeof(text));
	if (!port)
		snprintf(buf, size, "%s", text);
	else
		snprintf(buf, size, v4 ? "%s:%u" : "[%s]:%u", text, port);
	return buf;
}

const char *xs_out_bar(double share, int width)
{
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	static char buf[1024];
	bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	int n = (int)lrint((share < 0 ? 0 : share > 1 ? 1 : share) * width * 8);

	buf[0] = 0;
	for (int i = 0; i < n / 8 && strlen(buf) < sizeof(buf) - 8; i++)
		strcat(buf, utf8 ? "█" : "#");
	if (utf8)
		strcat(buf, eighths[n % 8]);
	return buf;
}

static void fmt_bytes(char *buf, size_t size, double v)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	int i = 0;

	for (; v >= 1024 && i < 4; i++)
		v /= 1024;
	snprintf(buf, size, i ? "%.1f %s" : "%.0f %s", v, units[i]);
}

/* 1234567 as 1,234,567; four digits are read without help */
static void fmt_count(char *buf, size_t size, long long v)
{
	char digits[32];
	int n = snprintf(digits, sizeof(digits), "%lld", v), first = v < 0;
	size_t used = 0;

	for (int i = 0; i < n && used + 2 < size; i++) {
		if (n - first > 4 && i > first && (n - i) % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = 0;
}

static void fmt_scalar(const json_t *v, enum xs_fmt fmt, char *buf, size_t size)
{
	static const unsigned long long scale[] = { [XS_FMT_NS] = 1, [XS_FMT_US] = 1000, [XS_FMT_MS] = 1000000, [XS_FMT_S] = 1000000000 };

	if (!v || json_is_null(v))
		snprintf(buf, size, "-");
	else if (json_is_boolean(v))
		snprintf(buf, size, json_is_true(v) ? "yes" : "no");
	else if (json_is_number(v) && fmt >= XS_FMT_NS && fmt <= XS_FMT_S)
		xs_out_ns(buf, size, (unsigned long long)(json_number_value(v) * scale[fmt]));
	else if (json_is_number(v) && fmt == XS_FMT_BYTES)
		fmt_bytes(buf, size, json_number_value(v));
	else if (json_is_integer(v) && fmt == XS_FMT_COUNT)
		fmt_count(buf, size, json_integer_value(v));
	else if (json_is_integer(v))
		snprintf(buf, size, "%lld", (long long)json_integer_value(v));
	else if (json_is_real(v))
		snprintf(buf, size, "%.4g", json_real_value(v));
	else if (json_is_string(v))
		snprintf(buf, size, "%s", json_string_value(v));
	else
		snprintf(buf, size, "{}");
}

static void fmt_value(const json_t *v, enum xs_fmt fmt, char *buf, size_t size)
{
	size_t i, used = 0;
	json_t *e;

	if (!json_is_array(v)) {
		fmt_scalar(v, fmt, buf, size);
		return;
	}
	snprintf(buf, size, "-");
	json_array_foreach(v, i, e) {
		if (i && used + 2 < size)
			used += snprintf(buf + used, size - used, ", ");
		fmt_scalar(e, fmt, buf + used, size - used);
		used = strlen(buf);
	}
}

/* The value of a key, dots leading into objects. */
static const json_t *find(const json_t *row, const char *key)
{
	const char *dot = strchr(key, '.');
	char head[64];

	if (!dot)
		return json_object_get(row, key);
	snprintf(head, sizeof(head), "%.*s", (int)(dot - key), key);
	return find(json_object_get(row, head), dot + 1);
}

static const char *state_color(const char *s)
{
	if (!strcmp(s, "up") || !strcmp(s, "ok") || !strcmp(s, "yes") || !strcmp(s, "established"))
		return "green";
	if (!strcmp(s, "draining") || !strcmp(s, "warn") || !strcmp(s, "half-open"))
		return "yellow";
	return !strcmp(s, "down") || !strcmp(s, "fail") ? "red" : NULL;
}

static int fill(struct libscols_table *t, const struct xs_col *cols, json_t *rows)
{
	struct libscols_line *line;
	char text[1024];
	size_t i, n;
	json_t *row;

	json_array_foreach(rows, i, row) {
		line = scols_table_new_line(t, NULL);
		n = 0;
		for (const struct xs_col *c = cols; line && c->key; c++) {
			if (!c->head)
				continue;
			fmt_value(find(row, c->key), c->fmt, text, sizeof(text));
			scols_line_set_data(line, n, text);
			if (c->fmt == XS_FMT_STATE && xs_env.color && state_color(text))
				scols_cell_set_color(scols_line_get_cell(line, n), state_color(text));
			n++;
		}
		if (!line)
			return -ENOMEM;
	}
	return 0;
}

static int print_table(const struct xs_col *cols, json_t *rows)
{
	struct libscols_table *t = scols_new_table();
	int err = t ? 0 : -ENOMEM;

	for (const struct xs_col *c = cols; !err && c->key; c++)
		if (c->head && !scols_table_new_column(t, c->head, 0, c->fmt >= XS_FMT_COUNT && c->fmt <= XS_FMT_BYTES ? SCOLS_FL_RIGHT : 0))
			err = -ENOMEM;
	if (!err) {
		scols_table_enable_colors(t, xs_env.color);
		if (!xs_env.width)
			scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
		scols_table_enable_nowrap(t, 1);
		err = fill(t, cols, rows) ?: scols_print_table(t);
	}
	scols_unref_table(t);
	return err ? xs_kernel(err, "output", NULL, "no table") : 0;
}

int xs_out_table(const struct xs_col *cols, json_t *rows, const char *empty)
{
	int err = 0;

	if (xs_env.json)
		return xs_out_json(rows), 0;
	if (json_array_size(rows))
		err = print_table(cols, rows);
	else if (empty)
		printf("%s\n", empty);
	json_decref(rows);
	return err;
}

int xs_out_object(const struct xs_col *cols, json_t *o)
{
	const char *key;
	char text[1024];
	json_t *v;

	if (xs_env.json)
		return xs_out_json(o), 0;
	if (cols) {
		for (; cols->key; cols++) {
			if (!cols->head || !find(o, cols->key))
				continue;
			fmt_value(find(o, cols->key), cols->fmt, text, sizeof(text));
			printf("%s: %s\n", cols->head, text);
		}
	} else {
		json_object_foreach(o, key, v) {
			fmt_value(v, XS_FMT_TEXT, text, sizeof(text));
			printf("%s: %s\n", key, text);
		}
	}
	json_decref(o);
	return 0;
}
