// SPDX-License-Identifier: BSD-3-Clause
#include "binding_table.h"

#include "table_layout.h"

static inline void expect(const struct binding_table *table, struct binding_lookup *lookup, unsigned i, uint64_t hash)
{
	lookup->hashes[i] = hash;
	__builtin_prefetch(&table->pilots[group_of(table, hash)]);
}

/* Where a stage that has been at `done` keys of a lookup is after so many more. */
static inline unsigned end_of(const struct binding_lookup *lookup, unsigned done, unsigned count)
{
	return count < lookup->count - done ? done + count : lookup->count;
}

static __attribute__((target("aes"))) void begin_by_aes(const struct binding_table *table,
                                                        struct binding_lookup *lookup, unsigned count)
{
	const unsigned end = end_of(lookup, lookup->begun, count);

	for (unsigned i = lookup->begun; i < end; i++)
		expect(table, lookup, i, hash_by_aes(&table->key, &lookup->keys[i].value));
	lookup->begun = end;
}

static void begin_by_siphash(const struct binding_table *table, struct binding_lookup *lookup, unsigned count)
{
	const unsigned end = end_of(lookup, lookup->begun, count);

	for (unsigned i = lookup->begun; i < end; i++)
		expect(table, lookup, i, hash_by_siphash(&table->key, &lookup->keys[i].value));
	lookup->begun = end;
}

void binding_lookup_begin(const struct binding_table *table, struct binding_lookup *lookup, unsigned count)
{
	if (table->key.has_aes)
		begin_by_aes(table, lookup, count);
	else
		begin_by_siphash(table, lookup, count);
}

/*
 * The slots of all keys, on their way into the cache. Keys of parted groups are set aside while the records of their
 * groups come.
 */
void binding_lookup_locate(const struct binding_table *table, struct binding_lookup *lookup, unsigned count)
{
	const unsigned end = end_of(lookup, lookup->located, count);
	uint8_t parted[BINDING_LOOKUP_MAX];
	unsigned parted_count = 0;

	for (unsigned i = lookup->located; i < end; i++) {
		uint64_t hash = lookup->hashes[i];
		uint32_t group = group_of(table, hash);
		uint16_t pilot = shared_acquire(&table->pilots[group]);

		if (__builtin_expect(pilot >= PILOT_PARTED, 0)) {
			__builtin_prefetch(parted_of(table, group, pilot));
			parted[parted_count++] = (uint8_t)i;
			continue;
		}
		lookup->entries[i] =
		        &table->slots[slot_in(segment_block(table, group, pilot / BLOCK_SLOTS), hash, pilot)];
		__builtin_prefetch(lookup->entries[i], 1);
	}
	for (unsigned j = 0; j < parted_count; j++) {
		unsigned i = parted[j];
		uint64_t hash = lookup->hashes[i];
		uint32_t group = group_of(table, hash);

		lookup->entries[i] = &table->slots[slot_by(table, group, hash, shared_acquire(&table->pilots[group]))];
		__builtin_prefetch(lookup->entries[i], 1);
	}
	lookup->located = end;
}

/* The pointer or NULL, without a branch: which of them is anybody's guess. */
static inline struct binding_entry *entry_if(bool right, struct binding_entry *entry)
{
	return (struct binding_entry *)((uintptr_t)entry & -(uintptr_t)right);
}

void binding_lookup_finish(struct binding_lookup *lookup, unsigned count)
{
	const unsigned end = end_of(lookup, lookup->finished, count);

	for (unsigned i = lookup->finished; i < end; i++)
		lookup->entries[i] = entry_if(key_is(lookup->entries[i], &lookup->keys[i].value), lookup->entries[i]);
	lookup->finished = end;
}

void binding_lookup_all(const struct binding_table *table, struct binding_lookup *lookup)
{
	binding_lookup_begin(table, lookup, lookup->count);
	binding_lookup_locate(table, lookup, lookup->count);
	binding_lookup_finish(lookup, lookup->count);
}

void binding_table_lookup(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count,
                          struct binding_entry **restrict entries)
{
	struct binding_lookup lookup;

	binding_lookup_start(&lookup, count);
	for (unsigned i = 0; i < count; i++)
		lookup.keys[i].value = *keys[i];
	binding_lookup_all(table, &lookup);
	memcpy(entries, lookup.entries, count * sizeof(*entries));
}

struct binding_cold *binding_table_cold(const struct binding_table *table, const struct binding_entry *entry)
{
	return &table->colds[table->cold_of[slot_number(table, entry)]];
}

struct binding_side *binding_table_side(const struct binding_table *table, const struct binding_entry *entry)
{
	uint32_t side = shared_acquire(&binding_table_cold(table, entry)->side);

	return side ? side_at(table, side - 1) : NULL;
}

size_t binding_table_count(const struct binding_table *table)
{
	return table->count;
}

size_t binding_table_capacity(const struct binding_table *table)
{
	return table->bindings_max;
}
