// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* argv -> record -> exit class */
#include <locale.h>
#include "user/base/opt.h"

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	xs_env_init();
	return xs_run(argc - 1, argv + 1);
}
