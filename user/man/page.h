/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The man pages, as mdoc, printed from the same rows that the program works by. */
#ifndef XS_PAGE_H
#define XS_PAGE_H

#include <stdio.h>

/* xs_page_program() - xsteer(8): commands, options, reasons, counters, maps, files, exit status */
void xs_page_program(FILE *to);
/* xs_page_config() - xsteer.yaml(5): every kind of row and its keys */
void xs_page_config(FILE *to);

#endif
