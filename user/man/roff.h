/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* mdoc(7) out of the texts that help prints: escaped, wrapped, a new line for each sentence. */
#ifndef XS_ROFF_H
#define XS_ROFF_H

#include <stdio.h>
#include "user/cmd.h"

/* xs_roff_head() - .Dd to the end of NAME */
void xs_roff_head(const char *title, const char *section, const char *name, const char *what, FILE *to);
/* xs_roff_text() - one paragraph; `words` in backquotes in bold */
void xs_roff_text(const char *text, FILE *to);
/* xs_roff_prose() - paragraphs parted by empty lines; lines that begin with a blank stay as they are */
void xs_roff_prose(const char *text, FILE *to);
/* xs_roff_literal() - lines as they are, indented */
void xs_roff_literal(const char *text, FILE *to);
/* xs_roff_sentence() - what help says in lower case and without a full stop, with both */
void xs_roff_sentence(const char *text, FILE *to);
/* xs_roff_args() - usage words ("NAME [FILE|-] DEV...") as arguments of the macro line that is open */
void xs_roff_args(const char *args, FILE *to);
/* xs_roff_opt() - an option or a filter as arguments of the macro line that is open; bare: without its short form */
void xs_roff_opt(const struct xs_opt *o, bool bare, FILE *to);
/* xs_roff_opts() - a list of options with their help */
void xs_roff_opts(const struct xs_opt *o, FILE *to);

#endif
