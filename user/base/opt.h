/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The command line: words -> record and call; and what help prints of the records. */
#ifndef XS_OPT_H
#define XS_OPT_H

#include <stdio.h>
#include "user/cmd.h"

/* Options that stand before the object, as rows: help and completion print them. */
extern const struct xs_opt xs_globals[];

/* xs_env_init() - terminal, colours, width; the default instance */
void xs_env_init(void);
/* xs_cmd_find() - the record of `object name` or of the verb `object`. Return: NULL if there is none */
const struct xs_cmd *xs_cmd_find(const char *object, const char *name);
/* xs_is_object() - whether some record has this object */
bool xs_is_object(const char *word);
/* xs_word_distance() - letters to change, add or leave out between two words (Levenshtein), up to 31 letters of each */
int xs_word_distance(const char *a, const char *b);
/* xs_first_of_object() - whether an entry of xs_cmds is the first one of its object: for walks over objects */
bool xs_first_of_object(const struct xs_cmd *const *entry);
/* xs_cmd_unknown() - report a word that is no command (of the object, if one is given), with the nearest one. Return: XS_EX_USAGE */
int xs_cmd_unknown(const char *object, const char *word);
/* xs_cmd_usage() - "xsteer target drain NAME [--wait]", on several lines where it is long; `column` is where it begins */
void xs_cmd_usage(const struct xs_cmd *cmd, int column, FILE *to);
/* xs_help_cmd(), xs_help_object(), xs_help_all() - what `help` prints, to standard output */
void xs_help_cmd(const struct xs_cmd *cmd);
void xs_help_object(const char *object);
void xs_help_all(void);

#endif
