// SPDX-License-Identifier: BSD-3-Clause
/*
 * update_rate - token buckets for Binding Updates (M-5, M-21): one each for a node's updates and answers, and one for
 * each source before its first HMAC is computed. Time is injected. Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_UPDATE_RATE_H
#define KEDGE_MOBILITYSERVER_UPDATE_RATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "randomness.h"

/* Zero-initialised is full. */
struct rate_bucket {
	uint64_t due_ms; /* when it would be full again */
};

/* Takes a token, of which there are `burst`, and one more each `interval_ms`. False when there is none. */
bool rate_bucket_take(struct rate_bucket *bucket, uint32_t burst, uint32_t interval_ms, uint64_t now_ms);

/*
 * Buckets of sources, by /64; a fixed number of them. Which sources share one hangs on a random key, so nobody can aim
 * at another's.
 */
enum { SOURCE_BUCKETS = 8192 };

struct source_rate {
	uint64_t key[3];
	struct rate_bucket buckets[SOURCE_BUCKETS];
};

void source_rate_start(struct source_rate *rate, struct randomness *randomness);
bool source_rate_take(struct source_rate *rate, const struct in6_addr *source, uint32_t burst, uint32_t interval_ms,
                      uint64_t now_ms);

#endif
