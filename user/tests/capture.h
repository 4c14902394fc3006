/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the code under test prints, errors and children's output with it, as a string. */
#ifndef XS_CAPTURE_H
#define XS_CAPTURE_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int capture_out = -1, capture_err = -1;
static FILE *capture_file;
static char capture_text[1 << 20];

static inline void capture_begin(void)
{
	fflush(stdout);
	fflush(stderr);
	capture_out = dup(STDOUT_FILENO);
	capture_err = dup(STDERR_FILENO);
	capture_file = tmpfile();
	dup2(fileno(capture_file), STDOUT_FILENO);
	dup2(fileno(capture_file), STDERR_FILENO);
}

/* Return: what was printed since capture_begin(), valid until the next one */
static inline const char *capture_end(void)
{
	size_t n;

	fflush(stdout);
	fflush(stderr);
	dup2(capture_out, STDOUT_FILENO);
	dup2(capture_err, STDERR_FILENO);
	close(capture_out);
	close(capture_err);
	rewind(capture_file);
	n = fread(capture_text, 1, sizeof(capture_text) - 1, capture_file);
	capture_text[n] = 0;
	fclose(capture_file);
	return capture_text;
}

#endif
