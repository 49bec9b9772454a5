// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_index - the bindings by key, by subscriber and by shard.
 *
 * A key is an address with the bits of it that count; it belongs to one subscriber. The list of a shard can be
 * walked in pieces while bindings come and go (snapshots). Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_INDEX_H
#define KEDGE_MOBILITYSERVER_BINDING_INDEX_H

#include <stddef.h>
#include <uthash.h>

#include "bindings.h"
#include "feed.h"
#include "timer_wheel.h"

struct bound_subscriber;

struct binding {
	UT_hash_handle by_key;
	struct binding_key key;
	struct bindings *owner;
	struct bound_subscriber *subscriber;
	struct binding *next_of_subscriber;
	struct binding *prev_of_subscriber;
	struct binding *next_of_shard;
	struct binding *prev_of_shard;
	struct timer expiry;
	struct feed_row row; /* its last change */
};

struct bound_subscriber {
	UT_hash_handle by_name;
	struct binding *bindings;
	uint8_t shard;
	char name[];
};

struct binding_index {
	struct binding *by_key;
	struct bound_subscriber *subscribers;
	struct binding *shards[FEED_SHARDS]; /* newest first, so that a walk under way sees no newcomer */
	size_t count;
	size_t shard_count[FEED_SHARDS];
};

struct binding *binding_index_find(const struct binding_index *index, const struct binding_key *key);
struct bound_subscriber *binding_index_subscriber(const struct binding_index *index, const char *name);

/* Adds an empty binding; the key must not be there. The subscriber's shard is `shard`. */
struct binding *binding_index_add(struct binding_index *index, const struct binding_key *key, const char *subscriber,
                                  uint8_t shard);

/* Removes and frees it. */
void binding_index_remove(struct binding_index *index, struct binding *binding);
void binding_index_clear(struct binding_index *index);

#endif
