// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `help` and --help print; all of it from the records. */
#include <string.h>
#include "user/base/opt.h"

#define LEFT 30		/* widest left column; what is longer has its help on the next line */

bool xs_first_of_object(const struct xs_cmd *const *entry)
{
	if (!(*entry)->object)
		return false;
	for (const struct xs_cmd *const *c = xs_cmds; c < entry; c++)
		if ((*c)->object && !strcmp((*c)->object, (*entry)->object))
			return false;
	return true;
}

/* Columns that help may fill: those of the terminal, but what is easy to read. */
static int margin(void)
{
	return xs_env.width > 40 && xs_env.width < 120 ? xs_env.width : 120;
}

/* A piece of usage; one that would pass the margin begins a line. */
static int piece(const char *text, int at, int indent, FILE *to)
{
	if (at + 1 + (int)strlen(text) > margin() && at > indent)
		return fprintf(to, "\n%*s%s", indent, "", text) - 1;
	return at + fprintf(to, " %s", text);
}

void xs_cmd_usage(const struct xs_cmd *cmd, int column, FILE *to)
{
	int indent = column + 7, at = column + fprintf(to, "xsteer %s%s%s", cmd->object ?: "", cmd->object ? " " : "", cmd->name);
	char text[128];

	if (cmd->args && *cmd->args)
		at = piece(cmd->args, at, indent, to);
	for (const struct xs_opt *o = cmd->opts; o && o->name; o++) {
		snprintf(text, sizeof(text), "[%s%s%s%s]%s", o->filter ? "" : "--", o->name, o->arg || o->filter ? " " : "",
			 o->arg ?: o->filter ? "VALUE" : "", o->many ? "..." : "");
		at = piece(text, at, indent, to);
	}
	fputc('\n', to);
}

/* A row of two columns. */
static void row(const char *left, int width, const char *right)
{
	if ((int)strlen(left) > width)
		printf("  %s\n  %*s  %s\n", left, width, "", right);
	else
		printf("  %-*s  %s\n", width, left, right);
}

static int wider(int width, const char *left)
{
	int n = strlen(left);

	return n > width && n <= LEFT ? n : width;
}

/* Left column of an option: "-i, --instance INSTANCE"; `key VALUE` of a filter */
static const char *opt_left(const struct xs_opt *o, char *buf, size_t size)
{
	int n = o->letter ? snprintf(buf, size, "-%c, ", o->letter) : 0;

	snprintf(buf + n, size - n, "%s%s%s%s", o->filter ? "" : "--", o->name, o->arg || o->filter ? " " : "",
		 o->arg ?: o->filter ? "VALUE" : "");
	return buf;
}

static void print_opts(const struct xs_opt *opts, bool filters, const char *title)
{
	char left[128];
	int width = 0;

	for (const struct xs_opt *o = opts; o && o->name; o++)
		if (o->filter == filters)
			width = wider(width ?: 1, opt_left(o, left, sizeof(left)));
	if (!width)
		return;
	printf("\n%s\n", title);
	for (const struct xs_opt *o = opts; o->name; o++)
		if (o->filter == filters)
			row(opt_left(o, left, sizeof(left)), width, o->help);
}

/* A line, broken at blanks where it passes the margin. */
static void print_wrapped(const char *line, int n)
{
	int cut;

	while (n > margin()) {
		for (cut = margin(); cut > 0 && line[cut] != ' '; cut--)
			;
		if (!cut)
			break;
		printf("%.*s\n", cut, line);
		line += cut + 1;
		n -= cut + 1;
	}
	printf("%.*s\n", n, line);
}

/* Text of a record: paragraphs, and lines that begin with a blank as they are. */
static void print_text(const char *text)
{
	for (int n; *text; text += n, text += *text == '\n') {
		n = strcspn(text, "\n");
		if (*text == ' ')
			printf("%.*s\n", n, text);
		else if (n || text[1])
			print_wrapped(text, n);
	}
}

/* Lines to type, each indented by two blanks whether the record has them or not. */
static void print_example(const char *text)
{
	for (int n; *text; text += n, text += *text == '\n') {
		text += strncmp(text, "  ", 2) ? 0 : 2;
		n = strcspn(text, "\n");
		printf("  %.*s\n", n, text);
	}
}

void xs_help_cmd(const struct xs_cmd *cmd)
{
	printf("%s%s%s: %s\n\nUsage: ", cmd->object ?: "", cmd->object ? " " : "", cmd->name, cmd->brief);
	xs_cmd_usage(cmd, 7, stdout);
	if (cmd->text) {
		putchar('\n');
		print_text(cmd->text);
	}
	print_opts(cmd->opts, true, "Filters:");
	print_opts(cmd->opts, false, "Options:");
	if (cmd->example) {
		printf("\nExample:\n");
		print_example(cmd->example);
	}
}

void xs_help_object(const char *object)
{
	char left[128];
	int width = 1;

	printf("Usage: xsteer %s COMMAND\n\nCommands:\n", object);
	for (int pass = 0; pass < 2; pass++)
		for (const struct xs_cmd *const *c = xs_cmds; *c; c++) {
			if (!(*c)->object || strcmp((*c)->object, object))
				continue;
			snprintf(left, sizeof(left), "%s%s%s", (*c)->name, (*c)->args && *(*c)->args ? " " : "", (*c)->args ?: "");
			width = wider(width, left);
			if (pass)
				row(left, width, (*c)->brief);
		}
	printf("\n`xsteer %s COMMAND --help` says more.\n", object);
}

/* "list, show, drain": the commands of an object */
static void join_names(const char *object, char *buf, size_t size)
{
	size_t used = 0;

	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if ((*c)->object && !strcmp((*c)->object, object) && used < size)
			used += snprintf(buf + used, size - used, "%s%s", used ? ", " : "", (*c)->name);
}

void xs_help_all(void)
{
	char names[512];
	int width = 1;

	printf("xsteer steers inference flows at the NIC.\n\nUsage: xsteer [OPTIONS] OBJECT COMMAND [ARGS]\n       xsteer [OPTIONS] COMMAND [ARGS]\n\nCommands:\n");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		width = wider(width, (*c)->object ?: (*c)->name);
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if (!(*c)->object)
			row((*c)->name, width, (*c)->brief);
	printf("\nObjects and their commands:\n");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++) {
		if (!xs_first_of_object(c))
			continue;
		join_names((*c)->object, names, sizeof(names));
		row((*c)->object, width, names);
	}
	print_opts(xs_globals, false, "Options, before the object:");
	printf("\nExit status: 0 done; 1 refused, nothing changed; 2 usage; 3 kernel or environment; 4 done in part.\n"
	       "`xsteer help COMMAND` and `xsteer COMMAND --help` say more; `xsteer help man` and `xsteer help config` all of it.\n");
}
