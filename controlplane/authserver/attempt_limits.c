// SPDX-License-Identifier: BSD-3-Clause
#include "attempt_limits.h"

#include <stdlib.h>
#include <string.h>

enum { IPV4_PREFIX_OCTETS = 12 + 3, IPV6_PREFIX_OCTETS = 6 };

struct in6_addr attempt_prefix(const struct in6_addr *address)
{
	size_t octets = IN6_IS_ADDR_V4MAPPED(address) ? IPV4_PREFIX_OCTETS : IPV6_PREFIX_OCTETS;
	struct in6_addr prefix = {0};

	memcpy(&prefix, address, octets);
	return prefix;
}

/* One token comes back each window/limit; the bucket holds `limit`. */
static void refill(struct attempt_bucket *bucket, uint32_t limit, uint64_t now_ms)
{
	uint64_t interval_ms = ATTEMPTS_WINDOW_MS / limit;
	uint64_t earned;

	if (!bucket->spent) {
		bucket->refilled_ms = now_ms;
		return;
	}
	earned = (now_ms - bucket->refilled_ms) / interval_ms;
	bucket->refilled_ms += earned * interval_ms;
	bucket->spent = earned >= bucket->spent ? 0 : bucket->spent - (uint32_t)earned;
	if (!bucket->spent)
		bucket->refilled_ms = now_ms;
}

static struct attempt_source *find_source(struct attempt_limits *limits, const struct in6_addr *prefix)
{
	struct attempt_source *source;

	HASH_FIND(hh, limits->sources, prefix, sizeof(*prefix), source);
	return source;
}

/* At the limit the oldest source is forgotten: its bucket has most likely refilled. */
static struct attempt_source *source_of(struct attempt_limits *limits, const struct in6_addr *address)
{
	struct in6_addr prefix = attempt_prefix(address);
	struct attempt_source *source = find_source(limits, &prefix);

	if (source)
		return source;
	if (HASH_COUNT(limits->sources) >= ATTEMPT_SOURCES_MAX) {
		source = limits->sources;
		HASH_DEL(limits->sources, source);
		free(source);
	}
	source = calloc(1, sizeof(*source));
	if (!source)
		return NULL;
	source->prefix = prefix;
	HASH_ADD(hh, limits->sources, prefix, sizeof(source->prefix), source);
	return source;
}

bool attempt_begin(struct attempt_limits *limits, struct attempt_bucket *imsi, const struct in6_addr *address,
                   uint64_t now_ms)
{
	struct attempt_source *source = address ? source_of(limits, address) : NULL;

	refill(imsi, ATTEMPTS_PER_IMSI, now_ms);
	if (source)
		refill(&source->bucket, ATTEMPTS_PER_SOURCE, now_ms);
	if (imsi->spent >= ATTEMPTS_PER_IMSI || (source && source->bucket.spent >= ATTEMPTS_PER_SOURCE))
		return false;
	imsi->spent++;
	if (source)
		source->bucket.spent++;
	return true;
}

void attempt_answered(struct attempt_limits *limits, struct attempt_bucket *imsi, const struct in6_addr *address)
{
	struct in6_addr prefix;
	struct attempt_source *source = NULL;

	if (address) {
		prefix = attempt_prefix(address);
		source = find_source(limits, &prefix);
	}
	if (imsi->spent)
		imsi->spent--;
	if (source && source->bucket.spent)
		source->bucket.spent--;
}

void attempt_limits_end(struct attempt_limits *limits)
{
	struct attempt_source *source, *following;

	HASH_ITER (hh, limits->sources, source, following) {
		HASH_DEL(limits->sources, source);
		free(source);
	}
}
