// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_table - from key to entry: one writer (table_writer.h), any number of readers without a lock.
 *
 * Promises. A reader never misses a key that is present throughout its lookup, and never sees an entry half changed. An
 * entry that a lookup returned stays valid until the reader reports a quiescent state (rte_rcu_qsbr). The writer never
 * waits for a reader, and no call of the writer does more than a bounded slice of work.
 *
 * How. A displacement table. A keyed hash (keyed_hash.h) gives each key a group, of which there is one for two or three
 * keys, and each group has a pilot of 16 bits. Key and pilot give the slot: the pilot chooses a block of 64 slots in
 * the segment of the group, and by how much the places of the group's keys in it are rotated. The pilots are a few
 * megabytes that stay in the cache; the slot is the entry itself. So a lookup, hit or miss, touches one cold cache
 * line.
 *
 *   hash ─┬─ group ──▶ pilot ──▶ block ─┬─▶ slot: key, care-of address, port, MTU, route, expiry, counters
 *         └─ place in the block ────────┘
 *
 * Insert. Into the slot that the pilot gives, if it is free: the body first, the key last, one release store. If it is
 * taken, the writer looks for a pilot that puts all keys of the group on free slots: a block's free slots are one word
 * of its bitmap, so 64 pilots are tried at a time. The group's entries are copied, the pilot is published by one
 * release store, the old slots are retired. A reader that had read the old pilot finds the old slots as they were.
 *
 * Large groups. A group for which there is no pilot is parted: its pilot then is the number of a record with a pilot
 * for each of eight parts. A part for which there is none goes to the stash, a few blocks behind all segments that are
 * nearly empty. Both cost a load from the cache, no further cold line. Few keys left: one pilot again.
 *
 * Change. A new care-of address is one aligned 16-octet store in place. What must change together otherwise goes to a
 * new slot, like an entry that moves. Withdraw: the key is cleared, the slot retired.
 *
 * Retired slots become free when all readers have passed through a quiescent state (retirement.h); what workers still
 * counted there is passed on to where the entry is now, or reported with the withdrawn binding. A group never moves
 * back into a block where it still has retired slots: a key of theirs may have been withdrawn meanwhile.
 *
 * The cold record of a binding (entry.h) does not move: each slot has the number of its cold record, all copies of an
 * entry have the same. What few bindings have hangs behind it in a side record, made on demand.
 *
 * Growth. The arrays have their addresses from the start, as large as bindings_max asks for; memory is taken behind
 * them as bindings come (table_memory.h): when the table is half full, all segments get a further row of blocks.
 * Nothing is rebuilt or moved, and readers do not notice. About 147 octets a binding at ten million of ten, six slots
 * of seven in use. Segments are no larger than what keeps the search for a pilot in the cache.
 */
#ifndef KEDGE_DATAPLANE_BINDING_TABLE_H
#define KEDGE_DATAPLANE_BINDING_TABLE_H

#include <stddef.h>

#include "entry.h"
#include "keyed_hash.h"

struct rte_rcu_qsbr;
struct binding_table;

enum { BINDING_LOOKUP_MAX = 64 };

/*
 * Where the memory comes from. allocate() gives zeroed memory, aligned to a cache line. With `piece_octets` (a power of
 * two, the size of a page or more) it gives addresses, aligned to a piece, and memory behind them is taken in pieces as
 * bindings come: by claim(), which returns 0 or -ENOMEM, or by being touched if that is NULL. Huge pages in the daemon,
 * plain ones in tests.
 */
struct table_memory {
	void *(*allocate)(size_t octets);
	void (*release)(void *memory);
	int (*claim)(void *begin, size_t octets);
	size_t piece_octets;
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

/* Octets of memory that a table for so many bindings takes at most, without side records. */
size_t binding_table_octets(const struct table_memory *memory, size_t bindings_max);

/* Writer: octets of memory that a table has taken up to now, side records included; and the most without these. */
size_t binding_table_octets_taken(const struct binding_table *table);
size_t binding_table_octets_most(const struct binding_table *table);

/*
 * A lookup in stages. Each asks memory for what the next one reads, so whoever has other work to do between them (the
 * stages of other lookups, packets) does not wait for it: first the pilots come, then the slots.
 *
 *   `keys`, binding_lookup_start() → binding_lookup_begin() → binding_lookup_locate() → binding_lookup_finish() →
 * `entries`
 *
 * A stage goes on with `count` more keys at each call, up to all that there are. A few at a time, in turn with other
 * work, are best: a processor has some twenty lines of memory on their way at most, and what is behind a request for
 * one more waits, too.
 *
 * Any reader; from locate to the last use of an entry it reports no quiescent state. No key is the unspecified address,
 * which free slots have (service_prefixes_add() sees to it).
 */
struct binding_lookup {
	unsigned count;                    /* of keys, ≤ BINDING_LOOKUP_MAX */
	unsigned begun, located, finished; /* how many of them each stage has been at */
	struct shared_address keys[BINDING_LOOKUP_MAX];
	union {
		uint64_t hashes[BINDING_LOOKUP_MAX];               /* from begin to locate */
		struct binding_entry *entries[BINDING_LOOKUP_MAX]; /* of a key or NULL, after finish */
	};
} __attribute__((aligned(CACHE_LINE_OCTETS)));

/* `count` keys are to be looked up. */
static inline void binding_lookup_start(struct binding_lookup *lookup, unsigned count)
{
	lookup->count = count;
	lookup->begun = lookup->located = lookup->finished = 0;
}

void binding_lookup_begin(const struct binding_table *table, struct binding_lookup *lookup, unsigned count);
void binding_lookup_locate(const struct binding_table *table, struct binding_lookup *lookup, unsigned count);
void binding_lookup_finish(struct binding_lookup *lookup, unsigned count);

/* All stages for all keys. */
void binding_lookup_all(const struct binding_table *table, struct binding_lookup *lookup);

/* Looks up `count` (≤ BINDING_LOOKUP_MAX) keys at once, by the same stages. entries[i] becomes the entry or NULL. */
void binding_table_lookup(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count,
                          struct binding_entry **restrict entries);

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
