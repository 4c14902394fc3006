// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/tests/frames/rows.h"

const struct row direct_rows[] = {
	{ 0 },
};
