// SPDX-License-Identifier: BSD-3-Clause
#include "binding_index.h"

#include <stdlib.h>
#include <utlist.h>

#include "allocation.h"

enum { LIST_FIRST = 16 };

static uint64_t hash_of(const struct binding_key *key)
{
	return record_hash(key, sizeof(*key));
}

static bool has_key(const void *record, const void *key)
{
	return memcmp(&((const struct binding *)record)->key, key, sizeof(struct binding_key)) == 0;
}

static bool has_name(const void *record, const void *name)
{
	return strcmp(((const struct bound_subscriber *)record)->name, name) == 0;
}

struct binding *binding_index_find(const struct binding_index *index, const struct binding_key *key)
{
	return record_table_find(&index->by_key, hash_of(key), has_key, key);
}

struct binding *binding_index_next(const struct binding_index *index, const struct binding *after)
{
	return after ? record_table_next(&index->by_key, hash_of(&after->key), after)
	             : record_table_first(&index->by_key);
}

struct binding *binding_index_behind(const struct binding_index *index, const struct binding_key *key)
{
	return record_table_next(&index->by_key, hash_of(key), NULL);
}

struct bound_subscriber *binding_index_subscriber(const struct binding_index *index, const char *name)
{
	return record_table_find(&index->subscribers, record_hash(name, strlen(name)), has_name, name);
}

static struct bound_subscriber *subscriber_of(struct binding_index *index, const char *name, uint8_t shard)
{
	size_t octets = strlen(name);
	uint64_t hash = record_hash(name, octets);
	struct bound_subscriber *subscriber = record_table_find(&index->subscribers, hash, has_name, name);

	if (subscriber)
		return subscriber;
	subscriber = allocate(sizeof(*subscriber) + octets + 1);
	subscriber->shard = shard;
	memcpy(subscriber->name, name, octets);
	record_table_add(&index->subscribers, hash, subscriber);
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
	record_table_add(&index->by_key, hash_of(key), binding);
	DL_PREPEND2(binding->subscriber->bindings, binding, prev_of_subscriber, next_of_subscriber);
	list_append(&index->shards[shard], binding);
	return binding;
}

static void forget_timers(struct binding *binding)
{
	timer_disarm(&binding->expiry);
	timer_disarm(&binding->path_mtu_expiry);
}

void binding_index_remove(struct binding_index *index, struct binding *binding)
{
	struct bound_subscriber *subscriber = binding->subscriber;

	forget_timers(binding);
	record_table_remove(&index->by_key, hash_of(&binding->key), binding);
	DL_DELETE2(subscriber->bindings, binding, prev_of_subscriber, next_of_subscriber);
	list_remove(&index->shards[subscriber->shard], binding);
	if (!subscriber->bindings) {
		record_table_remove(&index->subscribers, record_hash(subscriber->name, strlen(subscriber->name)),
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

/* Each without a search: what millions are found by goes as a whole. */
void binding_index_clear(struct binding_index *index)
{
	for (unsigned shard = 0; shard < FEED_SHARDS; shard++) {
		struct binding_list *list = &index->shards[shard];

		for (size_t i = 0; i < list->count; i++) {
			struct bound_subscriber *subscriber = list->bindings[i]->subscriber;

			forget_timers(list->bindings[i]);
			DL_DELETE2(subscriber->bindings, list->bindings[i], prev_of_subscriber, next_of_subscriber);
			if (!subscriber->bindings)
				free(subscriber);
			free(list->bindings[i]->rates);
			free(list->bindings[i]);
		}
		free(list->bindings);
		*list = (struct binding_list){0};
	}
	record_table_clear(&index->by_key);
	record_table_clear(&index->subscribers);
}
