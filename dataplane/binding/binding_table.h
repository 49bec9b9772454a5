// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_table - from key to entry: one writer (table_writer.h), any number of readers without a lock.
 *
 * Promises. A reader never misses a key that is present throughout its lookup, and never sees an entry half changed. An
 * entry that a lookup returned stays valid until the reader reports a quiescent state (rte_rcu_qsbr). The writer never
 * waits for a reader.
 *
 * How. Buckets of one cache line hold seven slots {tag of the hash, index of the entry} and the number of entries that
 * belong here, or to an earlier bucket, and lie in a later one; entries lie in an array and never move. A lookup looks
 * into the bucket of its hash and goes on to the next only while that number is not zero. A change that does not fit
 * one store makes a new entry and swings the slot to it.
 */
#ifndef KEDGE_DATAPLANE_BINDING_TABLE_H
#define KEDGE_DATAPLANE_BINDING_TABLE_H

#include <stddef.h>

#include "entry.h"
#include "keyed_hash.h"

struct rte_rcu_qsbr;
struct binding_table;

enum { BINDING_LOOKUP_MAX = 64 };

/* Zeroed memory, aligned to a cache line; huge pages in the daemon, plain ones in tests. */
struct table_memory {
	void *(*allocate)(size_t octets);
	void (*release)(void *memory);
};

struct binding_table_options {
	size_t bindings_max;
	struct hash_secret secret;
	struct rte_rcu_qsbr *qsbr; /* of the readers; outlives the table */
	struct table_memory memory;
};

/* Returns 0 and the table, or -ENOMEM. */
int binding_table_new(const struct binding_table_options *options, struct binding_table **table);
void binding_table_free(struct binding_table *table);

/* Octets of memory that a table for so many bindings takes, for the start-up report. */
size_t binding_table_octets(size_t bindings_max);

/*
 * Looks up `count` (≤ BINDING_LOOKUP_MAX) keys, all at a time: hash all, prefetch all, compare all. entries[i] becomes
 * the entry or NULL. Any reader.
 */
void binding_table_lookup(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count,
                          struct binding_entry **entries);

/* The cold record of an entry. Any reader. */
struct binding_cold *binding_table_cold(const struct binding_table *table, const struct binding_entry *entry);

/*
 * The side record of an entry, or NULL: a flag that points to it may have been cleared meanwhile. Any reader; valid
 * until its next quiescent state.
 */
struct binding_side *binding_table_side(const struct binding_table *table, const struct binding_entry *entry);

/* Writer: number of bindings present, and the most there can be. */
size_t binding_table_count(const struct binding_table *table);
size_t binding_table_capacity(const struct binding_table *table);

#endif
