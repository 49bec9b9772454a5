// SPDX-License-Identifier: BSD-3-Clause
#include "instant.h"

#include <time.h>

static uint64_t milliseconds_of(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

struct instant instant_now(void)
{
	return (struct instant){
	        .monotonic_ms = milliseconds_of(CLOCK_MONOTONIC),
	        .unix_ms = milliseconds_of(CLOCK_REALTIME),
	};
}
