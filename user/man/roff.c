// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "gen/version.h"
#include "user/man/roff.h"

#define LINE 79
#define SLACK 8		/* for what a word has to escape */

void xs_roff_head(const char *title, const char *section, const char *name, const char *what, FILE *to)
{
	fprintf(to, ".\\\" Made by `xsteer help`; changes belong into the tables it is made from.\n");
	fprintf(to, ".Dd %s\n.Dt %s %s\n.Os xsteer %s\n.Sh NAME\n.Nm %s\n.Nd %s\n", XS_DATE, title, section, XS_VERSION, name, what);
}

/* One character, so that it comes out as it is. Return: bytes printed */
static int put_char(char c, bool literal, FILE *to)
{
	switch (c) {
	case '\\': return fprintf(to, "\\e");
	case '~': return fprintf(to, "\\(ti");
	case '^': return fprintf(to, "\\(ha");
	case '`': return fprintf(to, "\\(ga");
	case '\'': return fprintf(to, literal ? "\\(aq" : "'");
	case '-': return fprintf(to, literal ? "\\-" : "-");
	default: return fprintf(to, "%c", c);
	}
}

/* One word of prose. Backquotes begin and end bold, which may reach over several words: *bold goes on to the next.
 * Return: bytes printed */
static int put_word(const char *w, size_t n, bool first, bool *bold, FILE *to)
{
	int bytes = 0;

	if (first && (*w == '.' || *w == '\''))
		bytes += fprintf(to, "\\&");
	if (*bold)
		bytes += fprintf(to, "\\fB");
	for (size_t i = 0; i < n; i++) {
		if (w[i] == '`') {
			*bold = !*bold;
			bytes += fprintf(to, *bold ? "\\fB" : "\\fP");
		} else {
			if (w[i] == '(' && w[i + 1] == ')')	/* connect(): not for mandoc to find fault with */
				bytes += fprintf(to, "\\&");
			bytes += put_char(w[i], *bold, to);
		}
	}
	if (*bold)
		bytes += fprintf(to, "\\fP");
	return bytes;
}

static bool ends_sentence(const char *w, size_t n, const char *next)
{
	return strchr(".!?", w[n - 1]) && (isupper((unsigned char)*next) || *next == '`');
}

void xs_roff_text(const char *text, FILE *to)
{
	size_t col = 0, n;
	bool bold = false;

	for (const char *w = text + strspn(text, " \n"); *w; w += n, w += strspn(w, " \n")) {
		n = strcspn(w, " \n");
		if (col && col + 1 + n + SLACK > LINE) {
			fputc('\n', to);
			col = 0;
		} else if (col) {
			fputc(' ', to);
			col++;
		}
		col += put_word(w, n, !col, &bold, to);
		if (ends_sentence(w, n, w + n + strspn(w + n, " \n"))) {
			fputc('\n', to);
			col = 0;
		}
	}
	if (col)
		fputc('\n', to);
}

/* Whether each line begins with two blanks, which .Bd gives it, too. */
static bool indented(const char *text)
{
	size_t n;

	for (const char *line = text; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		if (n && strncmp(line, "  ", 2))
			return false;
	}
	return true;
}

void xs_roff_literal(const char *text, FILE *to)
{
	size_t strip = indented(text) ? 2 : 0, n;

	fputs(".Bd -literal -offset indent\n", to);
	for (const char *line = text; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		if (n > strip && (line[strip] == '.' || line[strip] == '\''))
			fputs("\\&", to);
		for (size_t i = strip; i < n; i++)
			put_char(line[i], true, to);
		fputc('\n', to);
	}
	fputs(".Ed\n", to);
}

/* Length of what belongs together: lines up to an empty one, either all beginning with a blank or none. */
static size_t block_len(const char *at)
{
	bool literal = *at == ' ' || *at == '\t';
	size_t n = 0;

	do {
		n += strcspn(at + n, "\n");
		n += at[n] == '\n';
	} while (at[n] && at[n] != '\n' && (at[n] == ' ' || at[n] == '\t') == literal);
	return n;
}

void xs_roff_prose(const char *text, FILE *to)
{
	bool first = true;
	char *block;
	size_t n;

	for (const char *at = text + strspn(text, "\n"); *at; at += n, at += strspn(at, "\n")) {
		n = block_len(at);
		block = strndup(at, n);
		if (!block)
			return;
		if (*at == ' ' || *at == '\t') {
			xs_roff_literal(block, to);
		} else {
			fputs(first ? "" : ".Pp\n", to);
			xs_roff_text(block, to);
		}
		first = false;
		free(block);
	}
}

void xs_roff_sentence(const char *text, FILE *to)
{
	char line[1024];
	size_t n;

	snprintf(line, sizeof(line) - 1, "%s", text);
	n = strlen(line);
	if (islower((unsigned char)line[0]) && (islower((unsigned char)line[1]) || line[1] == ' '))
		line[0] = toupper((unsigned char)line[0]);
	if (n && !strchr(".!?", line[n - 1]))
		strcat(line, ".");
	xs_roff_text(line, to);
}

void xs_roff_args(const char *args, FILE *to)
{
	size_t n;

	for (const char *w = args; *w; w += n, w += strspn(w, " ")) {
		n = strcspn(w, " ");
		if (*w == '[' && w[n - 1] == ']')
			fprintf(to, " Oo Ar %.*s Oc", (int)n - 2, w + 1);
		else
			fprintf(to, " Ar %.*s", (int)n, w);
	}
}

void xs_roff_opt(const struct xs_opt *o, bool bare, FILE *to)
{
	if (o->letter && !bare)
		fprintf(to, " Fl %c , ", o->letter);
	fprintf(to, o->filter ? " Cm %s" : " Fl -%s", o->name);
	if (o->arg || o->filter)
		fprintf(to, " Ar %s", o->arg ?: "VALUE");
}

void xs_roff_opts(const struct xs_opt *o, FILE *to)
{
	if (!o || !o->name)
		return;
	fputs(".Bl -tag -width Ds -compact\n", to);
	for (; o->name; o++) {
		fputs(".It", to);
		xs_roff_opt(o, false, to);
		fputc('\n', to);
		xs_roff_sentence(o->help, to);
	}
	fputs(".El\n", to);
}
