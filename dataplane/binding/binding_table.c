// SPDX-License-Identifier: BSD-3-Clause
#include "binding_table.h"

#include <errno.h>
#include <stdlib.h>

#include "table_layout.h"

static size_t bucket_count(size_t bindings_max)
{
	size_t buckets = 1;

	/* four of seven slots filled at the most: one bucket in twelve overflows */
	while (buckets * 4 < bindings_max)
		buckets *= 2;
	return buckets;
}

size_t binding_table_octets(size_t bindings_max)
{
	size_t entries = bindings_max + table_spare_entries(bindings_max);

	return sizeof(struct binding_table) + bucket_count(bindings_max) * sizeof(struct bucket) +
	       entries * (sizeof(struct binding_entry) + sizeof(struct binding_cold) + sizeof(struct binding_side) +
	                  sizeof(uint32_t) + sizeof(struct retired_entry) + sizeof(bool));
}

int binding_table_new(const struct binding_table_options *options, struct binding_table **made)
{
	size_t buckets = bucket_count(options->bindings_max);
	size_t entries = options->bindings_max + table_spare_entries(options->bindings_max);
	struct binding_table *table = options->memory.allocate(sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->memory = options->memory;
	table->secret = options->secret;
	table->qsbr = options->qsbr;
	table->bindings_max = options->bindings_max;
	table->bucket_mask = buckets - 1;
	table->entry_count = entries;
	table->buckets = options->memory.allocate(buckets * sizeof(*table->buckets));
	table->entries = options->memory.allocate(entries * sizeof(*table->entries));
	table->colds = options->memory.allocate(entries * sizeof(*table->colds));
	table->sides = options->memory.allocate(entries * sizeof(*table->sides));
	table->live = options->memory.allocate(entries * sizeof(*table->live));
	table->free_indexes = options->memory.allocate(entries * sizeof(*table->free_indexes));
	table->retired = options->memory.allocate(entries * sizeof(*table->retired));
	if (!table->buckets || !table->entries || !table->colds || !table->sides || !table->live ||
	    !table->free_indexes || !table->retired) {
		binding_table_free(table);
		return -ENOMEM;
	}
	*made = table;
	return 0;
}

void binding_table_free(struct binding_table *table)
{
	void (*release)(void *memory);

	if (!table)
		return;
	release = table->memory.release;
	release(table->buckets);
	release(table->entries);
	release(table->colds);
	release(table->sides);
	release(table->live);
	release(table->free_indexes);
	release(table->retired);
	release(table);
}

/* The entry of a key, bucket by bucket. */
static struct binding_entry *search(const struct binding_table *table, const struct in6_addr *key, uint64_t hash)
{
	for (uint64_t step = 0; step <= table->bucket_mask; step++) {
		struct bucket *bucket = &table->buckets[(hash + step) & table->bucket_mask];

		for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t slot = shared_acquire(&bucket->slots[i]);

			if (slot_has_tag(slot, hash) && key_is(&table->entries[slot_index(slot)], key))
				return &table->entries[slot_index(slot)];
		}
		if (!shared_acquire(&bucket->passed_by))
			break;
	}
	return NULL;
}

/* The first slot of the key's own bucket with its tag: nearly always the right one. */
static struct binding_entry *guess(const struct binding_table *table, uint64_t hash)
{
	struct bucket *bucket = &table->buckets[hash & table->bucket_mask];

	for (unsigned i = 0; i < BUCKET_SLOTS; i++) {
		uint64_t slot = shared_acquire(&bucket->slots[i]);

		if (slot_has_tag(slot, hash))
			return &table->entries[slot_index(slot)];
	}
	return NULL;
}

void binding_table_lookup(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count,
                          struct binding_entry **entries)
{
	uint64_t hashes[BINDING_LOOKUP_MAX];

	for (unsigned i = 0; i < count; i++) {
		hashes[i] = table_hash(table, keys[i]);
		__builtin_prefetch(&table->buckets[hashes[i] & table->bucket_mask]);
	}
	for (unsigned i = 0; i < count; i++) {
		entries[i] = guess(table, hashes[i]);
		if (entries[i])
			__builtin_prefetch(entries[i], 1);
	}
	for (unsigned i = 0; i < count; i++)
		if (!entries[i] || !key_is(entries[i], keys[i]))
			entries[i] = search(table, keys[i], hashes[i]);
}

struct binding_cold *binding_table_cold(const struct binding_table *table, const struct binding_entry *entry)
{
	return &table->colds[entry - table->entries];
}

struct binding_side *binding_table_side(const struct binding_table *table, const struct binding_entry *entry)
{
	return &table->sides[entry - table->entries];
}

size_t binding_table_count(const struct binding_table *table)
{
	return table->count;
}

size_t binding_table_capacity(const struct binding_table *table)
{
	return table->bindings_max;
}
