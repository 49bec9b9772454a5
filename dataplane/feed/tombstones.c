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

void tombstones_add(struct tombstones *tombstones, const struct in6_addr *key, struct feed_version version)
{
	struct tombstone *tombstone = find(tombstones, key);

	if (tombstone) {
		if (feed_version_compare(version, tombstone->version) > 0)
			tombstone->version = version;
		return;
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
}

struct feed_version tombstones_find(const struct tombstones *tombstones, const struct in6_addr *key)
{
	const struct tombstone *tombstone = find(tombstones, key);

	return tombstone ? tombstone->version : (struct feed_version){0};
}

void tombstones_clear(struct tombstones *tombstones)
{
	struct tombstone *tombstone, *following;

	HASH_ITER (hh, tombstones->by_key, tombstone, following) {
		HASH_DEL(tombstones->by_key, tombstone);
		free(tombstone);
	}
}
