// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/tests/frames/rows.h"
void vectors_run(const char *file)
{
}
