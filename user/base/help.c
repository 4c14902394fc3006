// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `help` and --help print; all of it from the records. */
#include <string.h>
#include "user/base/opt.h"

void xs_cmd_usage(const struct xs_cmd *cmd, FILE *to)
{
	fprintf(to, "xsteer %s%s%s", cmd->object ?: "", cmd->object ? " " : "", cmd->name);
	if (cmd->args && *cmd->args)
		fprintf(to, " %s", cmd->args);
	for (const struct xs_opt *o = cmd->opts; o && o->name; o++)
		fprintf(to, o->filter ? " [%s %s]" : o->arg ? " [--%s %s]" : " [--%s]", o->name, o->arg ?: "VALUE");
	fputc('\n', to);
}

static void print_opts(const struct xs_opt *o, const char *title)
{
	char left[64];

	if (!o || !o->name)
		return;
	printf("\n%s\n", title);
	for (; o->name; o++) {
		int n = o->letter ? snprintf(left, sizeof(left), "-%c, ", o->letter) : 0;

		snprintf(left + n, sizeof(left) - n, "%s%s%s%s", o->filter ? "" : "--", o->name, o->arg || o->filter ? " " : "",
			 o->arg ?: o->filter ? "VALUE" : "");
		printf("  %-28s %s\n", left, o->help);
	}
}

void xs_help_cmd(const struct xs_cmd *cmd)
{
	printf("%s\n\nUsage: ", cmd->brief);
	xs_cmd_usage(cmd, stdout);
	if (cmd->text)
		printf("\n%s\n", cmd->text);
	print_opts(cmd->opts, "Options:");
	if (cmd->example)
		printf("\nExample:\n%s\n", cmd->example);
}

void xs_help_object(const char *object)
{
	printf("Usage: xsteer %s COMMAND\n\n", object);
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if ((*c)->object && !strcmp((*c)->object, object))
			printf("  %-10s %-28s %s\n", (*c)->name, (*c)->args ?: "", (*c)->brief);
	printf("\n`xsteer %s COMMAND --help` says more.\n", object);
}

void xs_help_all(void)
{
	printf("xsteer steers inference flows at the NIC.\n\nUsage: xsteer [OPTIONS] OBJECT COMMAND [ARGS]\n       xsteer [OPTIONS] COMMAND [ARGS]\n\n");
	for (const struct xs_cmd *const *c = xs_cmds; *c; c++) {
		char word[64];

		if (!(*c)->object) {
			printf("  %-22s %s\n", (*c)->name, (*c)->brief);
			continue;
		}
		snprintf(word, sizeof(word), "%s %s", (*c)->object, (*c)->name);
		printf("  %-22s %s\n", word, (*c)->brief);
	}
	print_opts(xs_globals, "Options:");
	printf("\nExit status: 0 done; 1 refused, nothing changed; 2 usage; 3 kernel or environment; 4 done in part.\n"
	       "`xsteer help COMMAND` or `xsteer COMMAND --help` says more; xsteer(8) has all of it.\n");
}
