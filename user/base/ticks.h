/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's jiffies, in which flow records keep their ages: user space has no clock that shows them. */
#ifndef XS_TICKS_H
#define XS_TICKS_H

#include <stdint.h>

/* xs_hz() - jiffies a second: the coarse clocks advance once a jiffy, and clock_getres() tells that length. Needs no privilege;
 * sysconf(_SC_CLK_TCK) is USER_HZ, another number */
uint32_t xs_hz(void);
/* xs_jiffies_now() - the low 32 bits of jiffies, as the packet path writes them. A test run of a program of two instructions
 * asks the kernel. Who may not run programs gets them counted from CLOCK_MONOTONIC, which is off by as much as ticks were lost */
uint32_t xs_jiffies_now(void);

#endif
