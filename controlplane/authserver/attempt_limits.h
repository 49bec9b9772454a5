// SPDX-License-Identifier: BSD-3-Clause
/*
 * attempt_limits - F-5: unanswered challenges to attempts by permanent identity, 5 a minute an IMSI and 20 a minute a
 * source
 * (/24 or /48 of the Calling-Station-Id). An answered challenge gives its token back, so that nobody who merely knows
 * an IMSI can lock its owner out.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_AUTHSERVER_ATTEMPT_LIMITS_H
#define KEDGE_AUTHSERVER_ATTEMPT_LIMITS_H

#include <netinet/in.h>

#include <uthash.h>

#include "subscriber_table.h"

enum { ATTEMPTS_PER_IMSI = 5, ATTEMPTS_PER_SOURCE = 20, ATTEMPTS_WINDOW_MS = 60000, ATTEMPT_SOURCES_MAX = 65536 };

struct attempt_source {
	UT_hash_handle hh;
	struct in6_addr prefix;
	struct attempt_bucket bucket;
};

struct attempt_limits {
	struct attempt_source *sources; /* oldest first */
};

/* The prefix that counts for this source; the whole of the address is not needed. */
struct in6_addr attempt_prefix(const struct in6_addr *address);

/* Takes a token of both, or of none and returns false. `source` may be NULL (unknown). */
bool attempt_begin(struct attempt_limits *limits, struct attempt_bucket *imsi, const struct in6_addr *source,
                   uint64_t now_ms);

/* The challenge was answered: the tokens come back. */
void attempt_answered(struct attempt_limits *limits, struct attempt_bucket *imsi, const struct in6_addr *source);

/* Frees all buckets. */
void attempt_limits_end(struct attempt_limits *limits);

#endif
