// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* argv -> record -> exit class */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include "user/base/opt.h"

/* What did not arrive was not done: a full disk below `xsteer show > FILE` must not look like success. */
static int written(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	if (!status)
		fprintf(stderr, "xsteer: standard output: cannot be written: %s; make room, or write elsewhere\n", strerror(errno));
	return status ?: XS_EX_KERNEL;
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	xs_env_init();
	return written(xs_run(argc - 1, argv + 1));
}
