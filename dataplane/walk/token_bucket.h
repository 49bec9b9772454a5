// SPDX-License-Identifier: BSD-3-Clause
/*
 * token_bucket - so many a second, with a burst. Rate 0 does not limit. Thread: its owner's, but that any may set
 * another rate.
 */
#ifndef KEDGE_DATAPLANE_TOKEN_BUCKET_H
#define KEDGE_DATAPLANE_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct token_bucket {
	uint32_t rate_per_s; /* these two by relaxed stores and loads */
	uint32_t burst;
	uint64_t millitokens;
	uint64_t last_ms;
};

static inline struct token_bucket token_bucket_of(uint32_t rate_per_s, uint32_t burst)
{
	return (struct token_bucket){.rate_per_s = rate_per_s, .burst = burst, .millitokens = (uint64_t)burst * 1000};
}

static inline void token_bucket_set(struct token_bucket *bucket, struct token_bucket other)
{
	__atomic_store_n(&bucket->burst, other.burst, __ATOMIC_RELAXED);
	__atomic_store_n(&bucket->rate_per_s, other.rate_per_s, __ATOMIC_RELAXED);
}

static inline bool token_bucket_take(struct token_bucket *bucket, uint64_t now_ms)
{
	const uint64_t full = (uint64_t)__atomic_load_n(&bucket->burst, __ATOMIC_RELAXED) * 1000;
	const uint32_t rate_per_s = __atomic_load_n(&bucket->rate_per_s, __ATOMIC_RELAXED);

	if (!rate_per_s)
		return true;
	if (now_ms > bucket->last_ms) {
		uint64_t passed_ms = now_ms - bucket->last_ms;

		/* a long pause fills it; the product cannot overflow below that */
		if (passed_ms > full)
			bucket->millitokens = full;
		else
			bucket->millitokens += passed_ms * rate_per_s;
		if (bucket->millitokens > full)
			bucket->millitokens = full;
		bucket->last_ms = now_ms;
	}
	if (bucket->millitokens < 1000)
		return false;
	bucket->millitokens -= 1000;
	return true;
}

#endif
