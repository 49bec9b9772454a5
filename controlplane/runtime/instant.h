// SPDX-License-Identifier: BSD-3-Clause
/*
 * instant - one reading of the clocks. A core never reads a clock: it is told `now` with each event.
 */
#ifndef KEDGE_RUNTIME_INSTANT_H
#define KEDGE_RUNTIME_INSTANT_H

#include <stdint.h>

struct instant {
	uint64_t monotonic_ms; /* for intervals and timers; never goes back, starts anywhere */
	uint64_t unix_ms;      /* since 1970, for what others see or what outlives the process; may jump */
};

/* Reads both clocks. Only loops (and main functions) call it. */
struct instant instant_now(void);

#endif
