// SPDX-License-Identifier: BSD-3-Clause
#include "binding_index.h"

#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"

enum { PART_SHIFT = 52, LIST_FIRST = 16 };
_Static_assert(BINDING_INDEX_PARTS == 1 << (64 - PART_SHIFT), "the upper bits of a hash choose the part");

/* FNV-1a, and one more multiplication, since the upper bits choose. */
static unsigned part_of(const void *octets, size_t count)
{
	const uint8_t *at = octets;
	uint64_t hash = 0xcbf29ce484222325;

	while (count--)
		hash = (hash ^ *at++) * 0x100000001b3;
	return (unsigned)(((hash ^ hash >> 32) * 0x9e3779b97f4a7c15) >> PART_SHIFT);
}

struct binding *binding_index_find(const struct binding_index *index, const struct binding_key *key)
{
	struct binding *binding;

	HASH_FIND(by_key, index->by_key[part_of(key, sizeof(*key))], key, sizeof(*key), binding);
	return binding;
}

static struct binding *first_from(const struct binding_index *index, unsigned part)
{
	for (; part < BINDING_INDEX_PARTS; part++)
		if (index->by_key[part])
			return index->by_key[part];
	return NULL;
}

struct binding *binding_index_next(const struct binding_index *index, const struct binding *after)
{
	if (!after)
		return first_from(index, 0);
	return after->by_key.next ? after->by_key.next : binding_index_behind(index, &after->key);
}

struct binding *binding_index_behind(const struct binding_index *index, const struct binding_key *key)
{
	return first_from(index, part_of(key, sizeof(*key)) + 1);
}

struct bound_subscriber *binding_index_subscriber(const struct binding_index *index, const char *name)
{
	struct bound_subscriber *subscriber;

	HASH_FIND(by_name, index->subscribers[part_of(name, strlen(name))], name, strlen(name), subscriber);
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
	HASH_ADD_KEYPTR(by_name, index->subscribers[part_of(name, octets)], subscriber->name, octets, subscriber);
	return subscriber;
}

static void list_append(struct binding_list *list, struct binding *binding)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity + list->capacity / 2 : LIST_FIRST;
		list->bindings = allocated(realloc(list->bindings, list->capacity * sizeof(struct binding *)));
	}
	binding->place = list->count;
	list->bindings[list->count++] = binding;
}

static void list_remove(struct binding_list *list, const struct binding *binding)
{
	struct binding *last = list->bindings[--list->count];

	list->bindings[binding->place] = last;
	last->place = binding->place;
}

struct binding *binding_index_add(struct binding_index *index, const struct binding_key *key, const char *name,
                                  uint8_t shard)
{
	struct binding *binding = allocate(sizeof(*binding));

	binding->key = *key;
	binding->subscriber = subscriber_of(index, name, shard);
	HASH_ADD(by_key, index->by_key[part_of(key, sizeof(*key))], key, sizeof(binding->key), binding);
	DL_PREPEND2(binding->subscriber->bindings, binding, prev_of_subscriber, next_of_subscriber);
	list_append(&index->shards[shard], binding);
	index->count++;
	return binding;
}

void binding_index_remove(struct binding_index *index, struct binding *binding)
{
	struct bound_subscriber *subscriber = binding->subscriber;

	timer_disarm(&binding->expiry);
	timer_disarm(&binding->path_mtu_expiry);
	HASH_DELETE(by_key, index->by_key[part_of(&binding->key, sizeof(binding->key))], binding);
	DL_DELETE2(subscriber->bindings, binding, prev_of_subscriber, next_of_subscriber);
	list_remove(&index->shards[subscriber->shard], binding);
	index->count--;
	if (!subscriber->bindings) {
		HASH_DELETE(by_name, index->subscribers[part_of(subscriber->name, strlen(subscriber->name))],
		            subscriber);
		free(subscriber);
	}
	free(binding->rates);
	free(binding);
}

size_t binding_rows_write(struct wire_writer *writer, const struct binding *binding)
{
	feed_row_write(writer, &binding->row);
	if (binding->rates)
		feed_row_write(writer, binding->rates);
	return binding_rows(binding);
}

void binding_index_clear(struct binding_index *index)
{
	for (unsigned part = 0; part < BINDING_INDEX_PARTS; part++)
		while (index->by_key[part])
			binding_index_remove(index, index->by_key[part]);
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++) {
		free(index->shards[shard].bindings);
		index->shards[shard] = (struct binding_list){0};
	}
}
