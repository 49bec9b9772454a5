// SPDX-License-Identifier: BSD-3-Clause
#include "ntp_timestamp.h"

#define SECONDS_1900_TO_1970 UINT64_C(2208988800)

/* A millisecond is a little less than 2^22 of these fractions. */
enum { MILLISECOND_NOISE_MASK = (1 << 22) - 1 };

uint64_t ntp_timestamp_of(uint64_t unix_ms, uint32_t noise)
{
	uint64_t seconds = unix_ms / 1000 + SECONDS_1900_TO_1970;
	uint64_t fraction = ((unix_ms % 1000) << 32) / 1000;

	return (seconds << 32) + fraction + (noise & MILLISECOND_NOISE_MASK);
}

bool ntp_timestamp_is_near(uint64_t timestamp, uint64_t unix_ms)
{
	/* modulo 2^64, so that the turn of the era in 2036 is no edge */
	int64_t ahead = (int64_t)(timestamp - ntp_timestamp_of(unix_ms, 0));
	const int64_t window = ((int64_t)NTP_TIMESTAMP_WINDOW_MS << 32) / 1000;

	return ahead >= -window && ahead <= window;
}

bool ntp_timestamp_is_later(uint64_t timestamp, uint64_t than)
{
	return !than || (int64_t)(timestamp - than) > 0;
}

uint64_t ntp_timestamp_corrected(uint64_t timestamp, uint64_t unix_ms)
{
	return (ntp_timestamp_of(unix_ms, 0) & UINT64_C(0xffffffff00000000)) | (timestamp & UINT32_MAX);
}
