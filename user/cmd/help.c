// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "user/base/err.h"
#include "user/base/opt.h"
#include "user/base/out.h"
#include "user/man/page.h"

static json_t *opts_json(const struct xs_opt *o)
{
	json_t *list = json_array(), *row;

	for (; o && o->name; o++) {
		row = json_pack("{s:s, s:s*, s:s, s:b, s:b}", "name", o->name, "value", o->filter && !o->arg ? "VALUE" : o->arg,
				"help", o->help, "filter", o->filter, "repeats", o->many);
		if (o->letter)
			json_object_set_new(row, "letter", json_stringn(&o->letter, 1));
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *cmd_json(const struct xs_cmd *c)
{
	static const char *const effects[] = { [XS_NONE] = "none", [XS_READS] = "reads", [XS_WRITES] = "writes" };

	return json_pack("{s:s*, s:s, s:s, s:s, s:s, s:s*, s:s*, s:o}", "object", c->object, "command", c->name, "args", c->args ?: "",
			 "effect", effects[c->effect], "help", c->brief, "text", c->text, "example", c->example, "options", opts_json(c->opts));
}

/* The records themselves: all, those of an object, or one. */
static int help_json(const char *object, const char *name)
{
	json_t *list = json_array();

	for (const struct xs_cmd *const *c = xs_cmds; *c; c++)
		if (!object || (!strcmp(object, (*c)->object ?: (*c)->name) && (!name || !strcmp(name, (*c)->name))))
			json_array_append_new(list, cmd_json(*c));
	xs_out_json(list);
	return 0;
}

/* A page as mdoc; on a terminal through man, so that a host with nothing but the program has its manual. */
static int page(void (*print)(FILE *to))
{
	FILE *to = xs_env.width ? popen("man -l -", "w") : stdout;
	int status = 0;

	if (!to)
		return xs_kernel(errno, "help", NULL, "cannot start man");
	print(to);
	if (to != stdout)
		status = pclose(to);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return xs_kernel(ENOENT, "man", "install man-db, or look at the source: xsteer help man | less", "cannot show the page");
	return 0;
}

static int help_run(const struct xs_call *call)
{
	const char *object = call->argc > 0 ? call->argv[0] : NULL, *name = call->argc > 1 ? call->argv[1] : NULL;
	const struct xs_cmd *c = object ? xs_cmd_find(object, name) : NULL;

	if (object && !name && !strcmp(object, "man"))
		return page(xs_page_program);
	if (object && !name && !strcmp(object, "config"))
		return page(xs_page_config);
	if (object && !c && (name || !xs_is_object(object))) {
		xs_cmd_unknown(xs_is_object(object) ? object : NULL, xs_is_object(object) ? name : object);
		return -EINVAL;
	}
	if (xs_env.json)
		return help_json(object, name);
	if (c)
		xs_help_cmd(c);
	else if (object)
		xs_help_object(object);
	else
		xs_help_all();
	return 0;
}

const struct xs_cmd cmd_help = {
	.name = "help",
	.args = "[OBJECT|COMMAND] [COMMAND]",
	.max_args = 2,
	.brief = "print what a command does and how it is used; man and config are the manual pages",
	.text = "With -j the records that help, completion and manual pages are made from. "
		"`xsteer help man` is xsteer(8), `xsteer help config` is xsteer.yaml(5): "
		"shown by man on a terminal, else printed as mdoc.",
	.example = "xsteer help target drain\nxsteer help config",
	.run = help_run,
};
