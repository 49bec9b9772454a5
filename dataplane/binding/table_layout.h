// SPDX-License-Identifier: BSD-3-Clause
/* table_layout - what binding_table.c and table_writer.c agree on; nobody else includes it. */
#ifndef KEDGE_DATAPLANE_TABLE_LAYOUT_H
#define KEDGE_DATAPLANE_TABLE_LAYOUT_H

#include "binding_table.h"

enum { BUCKET_SLOTS = 7 };

/* A slot: tag16 << 48 | index + 1; 0 is empty. */
struct bucket {
	uint64_t slots[BUCKET_SLOTS];
	uint64_t passed_by; /* entries of this or an earlier bucket that lie in a later one */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct bucket) == CACHE_LINE_OCTETS, "a bucket is one cache line");

struct retired_entry {
	uint64_t token; /* of rte_rcu_qsbr_start() */
	uint32_t index;
};

struct binding_table {
	struct bucket *buckets;
	struct binding_entry *entries;
	struct binding_cold *colds;
	struct binding_side *sides;
	struct hash_secret secret;
	uint64_t bucket_mask;

	/* the writer's alone */
	struct rte_rcu_qsbr *qsbr;
	struct table_memory memory;
	size_t bindings_max;
	size_t entry_count;
	size_t count;
	size_t used; /* entries [used, entry_count) were never taken */
	uint32_t *free_indexes;
	size_t free_count;
	struct retired_entry *retired; /* a ring in order of retirement */
	size_t retired_first;
	size_t retired_count;
	bool *live; /* for each entry */
};

static inline uint64_t table_hash(const struct binding_table *table, const struct in6_addr *key)
{
	uint64_t words[2];

	memcpy(words, key, sizeof(words));
	return keyed_hash(table->secret, words[0], words[1]);
}

static inline uint64_t slot_of(uint64_t hash, uint32_t index)
{
	return (hash >> 48) << 48 | ((uint64_t)index + 1);
}

static inline bool slot_has_tag(uint64_t slot, uint64_t hash)
{
	return slot && slot >> 48 == hash >> 48;
}

static inline uint32_t slot_index(uint64_t slot)
{
	return (uint32_t)slot - 1;
}

static inline bool key_is(const struct binding_entry *entry, const struct in6_addr *key)
{
	uint64_t a[2], b[2];

	memcpy(a, &entry->key, sizeof(a));
	memcpy(b, key, sizeof(b));
	return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
}

/* Entries beside the live ones: for copies and withdrawals that wait for their grace period. */
static inline size_t table_spare_entries(size_t bindings_max)
{
	return bindings_max / 16 + 1024;
}

#endif
