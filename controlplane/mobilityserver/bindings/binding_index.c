// SPDX-License-Identifier: BSD-3-Clause
#include "binding_index.h"

#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"

struct binding *binding_index_find(const struct binding_index *index, const struct binding_key *key)
{
	struct binding *binding;

	HASH_FIND(by_key, index->by_key, key, sizeof(*key), binding);
	return binding;
}

struct bound_subscriber *binding_index_subscriber(const struct binding_index *index, const char *name)
{
	struct bound_subscriber *subscriber;

	HASH_FIND(by_name, index->subscribers, name, strlen(name), subscriber);
	return subscriber;
}

static struct bound_subscriber *subscriber_of(struct binding_index *index, const char *name, uint8_t shard)
{
	struct bound_subscriber *subscriber = binding_index_subscriber(index, name);
	size_t octets = strlen(name);

	if (subscriber)
		return subscriber;
	subscriber = allocate(sizeof(*subscriber) + octets + 1);
	subscriber->shard = shard;
	memcpy(subscriber->name, name, octets);
	HASH_ADD_KEYPTR(by_name, index->subscribers, subscriber->name, octets, subscriber);
	return subscriber;
}

struct binding *binding_index_add(struct binding_index *index, const struct binding_key *key, const char *name,
                                  uint8_t shard)
{
	struct binding *binding = allocate(sizeof(*binding));

	binding->key = *key;
	binding->subscriber = subscriber_of(index, name, shard);
	HASH_ADD(by_key, index->by_key, key, sizeof(binding->key), binding);
	DL_PREPEND2(binding->subscriber->bindings, binding, prev_of_subscriber, next_of_subscriber);
	DL_PREPEND2(index->shards[shard], binding, prev_of_shard, next_of_shard);
	index->count++;
	index->shard_count[shard]++;
	return binding;
}

void binding_index_remove(struct binding_index *index, struct binding *binding)
{
	struct bound_subscriber *subscriber = binding->subscriber;

	timer_disarm(&binding->expiry);
	HASH_DELETE(by_key, index->by_key, binding);
	DL_DELETE2(subscriber->bindings, binding, prev_of_subscriber, next_of_subscriber);
	DL_DELETE2(index->shards[subscriber->shard], binding, prev_of_shard, next_of_shard);
	index->count--;
	index->shard_count[subscriber->shard]--;
	if (!subscriber->bindings) {
		HASH_DELETE(by_name, index->subscribers, subscriber);
		free(subscriber);
	}
	free(binding);
}

void binding_index_clear(struct binding_index *index)
{
	while (index->by_key)
		binding_index_remove(index, index->by_key);
}
