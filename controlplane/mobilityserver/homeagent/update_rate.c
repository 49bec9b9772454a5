// SPDX-License-Identifier: BSD-3-Clause
#include "update_rate.h"

#include "wire.h"

enum { PREFIX_WORDS = 2, BUCKET_BITS = 13 };

bool rate_bucket_take(struct rate_bucket *bucket, uint32_t burst, uint32_t interval_ms, uint64_t now_ms)
{
	uint64_t from_ms = bucket->due_ms > now_ms ? bucket->due_ms : now_ms;

	if (from_ms - now_ms > (uint64_t)(burst - 1) * interval_ms)
		return false;
	bucket->due_ms = from_ms + interval_ms;
	return true;
}

void source_rate_start(struct source_rate *rate, struct randomness *randomness)
{
	memset(rate, 0, sizeof(*rate));
	randomness_fill(randomness, rate->key, sizeof(rate->key));
}

bool source_rate_take(struct source_rate *rate, const struct in6_addr *source, uint32_t burst, uint32_t interval_ms,
                      uint64_t now_ms)
{
	/* of IPv6 the /64; of IPv4 the address, which stands behind the other half */
	bool is_ipv4 = IN6_IS_ADDR_V4MAPPED(source);
	struct wire_reader reader = wire_reader_of(source->s6_addr + (is_ipv4 ? 8 : 0), 8);
	uint64_t hash = rate->key[PREFIX_WORDS];

	/* multilinear hashing: two different prefixes meet with probability 2^-13, whatever is known of either */
	for (int i = 0; i < PREFIX_WORDS; i++)
		hash += rate->key[i] * wire_read_u32(&reader);
	return rate_bucket_take(&rate->buckets[hash >> (64 - BUCKET_BITS)], burst, interval_ms, now_ms);
}
