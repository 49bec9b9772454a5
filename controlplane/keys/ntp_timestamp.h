// SPDX-License-Identifier: BSD-3-Clause
/*
 * ntp_timestamp - the time stamps of the mobility message replay protection option (RFC 4285 section 6, RFC 1305;
 * M-11): seconds since 1900 in the upper 32 bits, fractions in the lower ones. Pure; any thread.
 */
#ifndef KEDGE_KEYS_NTP_TIMESTAMP_H
#define KEDGE_KEYS_NTP_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { NTP_TIMESTAMP_WINDOW_MS = 7000 };

/* `unix_ms`: since 1970. What is finer than a millisecond is taken from `noise` (RFC 4285 6). */
uint64_t ntp_timestamp_of(uint64_t unix_ms, uint32_t noise);

/* Whether it lies within NTP_TIMESTAMP_WINDOW_MS of `unix_ms`, before or behind. */
bool ntp_timestamp_is_near(uint64_t timestamp, uint64_t unix_ms);

/* Whether `timestamp` is the later one, also across the turn of an era; everything is later than 0. */
bool ntp_timestamp_is_later(uint64_t timestamp, uint64_t than);

/* For an answer with status 144: the lower half of what came, the upper half of our own time. */
uint64_t ntp_timestamp_corrected(uint64_t timestamp, uint64_t unix_ms);

#endif
