// SPDX-License-Identifier: BSD-3-Clause
#include "tombstones.h"

#include <stdio.h>
#include <stdlib.h>
#include <uthash.h>

struct tombstone {
	UT_hash_handle hh;
	struct in6_addr key;
	struct feed_version version;
};

static struct tombstone *find(const struct tombstones *tombstones, const struct in6_addr *key)
{
	struct tombstone *tombstone;

	HASH_FIND(hh, tombstones->by_key, key, sizeof(*key), tombstone);
	return tombstone;
}

size_t tombstones_add(struct tombstones *tombstones, const struct in6_addr *key, struct feed_version version)
{
	struct tombstone *tombstone = find(tombstones, key);

	if (tombstone) {
		if (feed_version_compare(version, tombstone->version) > 0)
			tombstone->version = version;
		return 0;
	}
	tombstone = calloc(1, sizeof(*tombstone));
	if (!tombstone) {
		/* going on without it could bring a withdrawn key back */
		fprintf(stderr, "error: out of memory\n");
		abort();
	}
	tombstone->key = *key;
	tombstone->version = version;
	HASH_ADD(hh, tombstones->by_key, key, sizeof(tombstone->key), tombstone);
	return 1;
}

struct feed_version tombstones_find(const struct tombstones *tombstones, const struct in6_addr *key)
{
	const struct tombstone *tombstone = find(tombstones, key);

	return tombstone ? tombstone->version : (struct feed_version){0};
}

size_t tombstones_count(const struct tombstones *tombstones)
{
	return HASH_COUNT(tombstones->by_key);
}

size_t tombstones_forget(struct tombstones *tombstones, size_t budget)
{
	size_t forgotten = 0;

	for (; tombstones->by_key && forgotten < budget; forgotten++) {
		struct tombstone *tombstone = tombstones->by_key;

		HASH_DEL(tombstones->by_key, tombstone);
		free(tombstone);
	}
	return forgotten;
}
