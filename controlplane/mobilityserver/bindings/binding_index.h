// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_index - the bindings by key, by subscriber and by shard.
 *
 * A key is an address with the bits of it that count; it belongs to one subscriber. The list of a shard can be
 * walked in pieces while bindings come and go (snapshots).
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_INDEX_H
#define KEDGE_MOBILITYSERVER_BINDING_INDEX_H

#include <stddef.h>

#include "bindings.h"
#include "feed.h"
#include "record_table.h"
#include "timer_wheel.h"

struct bound_subscriber;

struct binding {
	struct binding_key key;
	struct bindings *owner;
	struct bound_subscriber *subscriber;
	struct binding *next_of_subscriber;
	struct binding *prev_of_subscriber;
	size_t place; /* in the list of its shard */
	struct timer expiry;
	struct timer path_mtu_expiry;   /* armed while a learnt path MTU counts */
	uint16_t asked_inner_mtu_bytes; /* before anything was learnt */
	struct feed_row row;            /* its last change */
	struct feed_row *rates;         /* that stands behind it; NULL: none */
};

struct bound_subscriber {
	struct binding *bindings;
	uint8_t shard;
	char name[];
};

/*
 * The bindings of a shard, in no order that lasts. Who walks from the end to the beginning, and shortens his place to
 * `count` when that falls, meets each binding that was there when he began and is there still: what is removed is
 * replaced by the last one, and newcomers are added at the end.
 */
struct binding_list {
	struct binding **bindings;
	size_t count;
	size_t capacity;
};

struct binding_index {
	struct record_table by_key;
	struct record_table subscribers; /* by name */
	struct binding_list shards[FEED_SHARDS];
};

static inline size_t binding_index_count(const struct binding_index *index)
{
	return index->by_key.count;
}

struct binding *binding_index_find(const struct binding_index *index, const struct binding_key *key);
struct bound_subscriber *binding_index_subscriber(const struct binding_index *index, const char *name);

/* The binding behind `after` in an order that lasts (NULL: the first); NULL at the end. */
struct binding *binding_index_next(const struct binding_index *index, const struct binding *after);

/* The first binding behind this key in that order; the key need not be there (any more). */
struct binding *binding_index_behind(const struct binding_index *index, const struct binding_key *key);

/* Adds an empty binding; the key must not be there. The subscriber's shard is `shard`. */
struct binding *binding_index_add(struct binding_index *index, const struct binding_key *key, const char *subscriber,
                                  uint8_t shard);

/* The rows of its last change, encoded; returns their number. */
size_t binding_rows_write(struct wire_writer *writer, const struct binding *binding);
static inline size_t binding_rows(const struct binding *binding)
{
	return binding->rates ? 2 : 1;
}

/* Removes and frees it. */
void binding_index_remove(struct binding_index *index, struct binding *binding);
/* All of them. */
void binding_index_clear(struct binding_index *index);

#endif
