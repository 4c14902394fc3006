/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Frames by chance, from a seed: as the rows have them, made of words, mutated, answered, random. */
#ifndef XS_TEST_STORM_FRAMES_H
#define XS_TEST_STORM_FRAMES_H

#include "user/tests/frames/host.h"

/* chance() - 0..n-1, the same for the same seed */
uint32_t chance(uint32_t n);
void chance_seed(uint64_t seed);
/* frames_open() - make the frames that the rows describe */
void frames_open(void);
/* frames_next() - the next frame, and the hook it is for */
enum hook frames_next(struct frame *f);
/* frames_steered() - this frame came out on its way to a target: one may answer it */
void frames_steered(const struct frame *out);

#endif
