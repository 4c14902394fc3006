// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "user/tests/frames/host.h"
void host_devices(void)
{
}
