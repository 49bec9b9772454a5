// SPDX-License-Identifier: BSD-3-Clause
/* token_bucket - so many a second, with a burst. Rate 0 does not limit. Thread: its owner's. */
#ifndef KEDGE_DATAPLANE_TOKEN_BUCKET_H
#define KEDGE_DATAPLANE_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct token_bucket {
	uint32_t rate_per_s;
	uint32_t burst;
	uint64_t millitokens;
	uint64_t last_ms;
};

static inline struct token_bucket token_bucket_of(uint32_t rate_per_s, uint32_t burst)
{
	return (struct token_bucket){.rate_per_s = rate_per_s, .burst = burst, .millitokens = (uint64_t)burst * 1000};
}

static inline bool token_bucket_take(struct token_bucket *bucket, uint64_t now_ms)
{
	const uint64_t full = (uint64_t)bucket->burst * 1000;

	if (!bucket->rate_per_s)
		return true;
	if (now_ms > bucket->last_ms) {
		uint64_t passed_ms = now_ms - bucket->last_ms;

		/* a long pause fills it; the product cannot overflow below that */
		if (passed_ms > full)
			bucket->millitokens = full;
		else
			bucket->millitokens += passed_ms * bucket->rate_per_s;
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
