// SPDX-License-Identifier: BSD-3-Clause
#include "binding_table.h"

#include <errno.h>

#include "extras.h"
#include "table_layout.h"

enum {
	SMALL_BINDINGS = 1 << 16, /* tables up to this size take four slots a binding: it is no memory */
	SMALL_SLOTS = 1024,
	GROUP_BITS_MIN = 6,
	GROUP_KEYS_MAX = 3,
};

static size_t square_root(size_t value)
{
	size_t root = 0;

	while ((root + 1) * (root + 1) <= value)
		root++;
	return root;
}

/* Segments fill unevenly, by a few times the root of their bindings. */
static size_t segment_slots(size_t bindings_max, size_t bindings)
{
	if (bindings_max <= SMALL_BINDINGS)
		return 4 * bindings + SMALL_SLOTS;
	return bindings + bindings / 7 + 4 * square_root(bindings);
}

static struct table_shape shape_of(size_t bindings_max)
{
	struct table_shape shape = {.group_bits = GROUP_BITS_MIN};
	size_t groups;

	while (((size_t)GROUP_KEYS_MAX << shape.group_bits) < bindings_max)
		shape.group_bits++;
	if (shape.group_bits > SEGMENT_GROUP_BITS)
		shape.segment_bits = shape.group_bits - SEGMENT_GROUP_BITS;
	groups = (size_t)1 << (shape.group_bits - shape.segment_bits);
	shape.rows =
	        (uint32_t)((segment_slots(bindings_max, (bindings_max >> shape.segment_bits) + 1) + BLOCK_SLOTS - 1) /
	                   BLOCK_SLOTS);
	shape.stash_blocks = (uint32_t)(bindings_max / 256 / BLOCK_SLOTS + 4);
	shape.parted = (uint32_t)(groups / GROUPS_A_PARTED);
	shape.colds = (uint32_t)(bindings_max + bindings_max / 128 + 1024);
	shape.side_chunks = shape.colds / SIDES_A_CHUNK + 1;
	return shape;
}

/* All arrays of a table, and how many elements each has. */
#define TABLE_ARRAYS(X)                                                                                                \
	X(slots, size.slots)                                                                                           \
	X(pilots, size.groups)                                                                                         \
	X(parted, size.parted)                                                                                         \
	X(cold_of, size.slots)                                                                                         \
	X(colds, size.colds)                                                                                           \
	X(side_chunks, size.side_chunks)                                                                               \
	X(blocks, size.blocks)                                                                                         \
	X(free_slots, size.blocks)                                                                                     \
	X(tags, size.slots)                                                                                            \
	X(parted_next, size.parted)                                                                                    \
	X(parted_members, size.parted)                                                                                 \
	X(parted_free, size.segments)                                                                                  \
	X(parted_used, size.segments)

struct table_size {
	size_t segments, groups, blocks, slots, parted, colds, side_chunks;
};

static struct table_size size_of(const struct table_shape *shape)
{
	struct table_size size = {.segments = (size_t)1 << shape->segment_bits,
	                          .groups = (size_t)1 << shape->group_bits,
	                          .colds = shape->colds,
	                          .side_chunks = shape->side_chunks};

	size.blocks = size.segments * shape->rows + shape->stash_blocks;
	size.slots = size.blocks * BLOCK_SLOTS;
	size.parted = size.segments * shape->parted;
	return size;
}

/* All arrays lie in one piece of memory, each from a cache line on: large pages are not left half empty many times. */
static size_t whole_lines(size_t octets)
{
	return (octets + CACHE_LINE_OCTETS - 1) / CACHE_LINE_OCTETS * CACHE_LINE_OCTETS;
}

size_t binding_table_octets(size_t bindings_max)
{
	struct table_shape shape = shape_of(bindings_max);
	struct table_size size = size_of(&shape);
	size_t octets = whole_lines(sizeof(struct binding_table));

#define OCTETS(field, count) octets += whole_lines((count) * sizeof(*((struct binding_table *)NULL)->field));
	TABLE_ARRAYS(OCTETS)
#undef OCTETS
	return octets;
}

int binding_table_new(const struct binding_table_options *options, struct binding_table **made)
{
	struct table_shape shape = shape_of(options->bindings_max);
	struct table_size size = size_of(&shape);
	uint8_t *at = options->memory.allocate(binding_table_octets(options->bindings_max));
	struct binding_table *table = (struct binding_table *)at;

	if (!table)
		return -ENOMEM;
	at += whole_lines(sizeof(*table));
	table->memory = options->memory;
	hash_key_make(options->secret, &table->key);
	table->qsbr = options->qsbr;
	table->bindings_max = options->bindings_max;
	table->shape = shape;
#define PLACE(field, count)                                                                                            \
	table->field = (void *)at;                                                                                     \
	at += whole_lines((count) * sizeof(*table->field));
	TABLE_ARRAYS(PLACE)
#undef PLACE
	memset(table->free_slots, BLOCK_SLOTS, size.blocks);
	*made = table;
	return 0;
}

void binding_table_free(struct binding_table *table)
{
	void (*release)(void *memory);

	if (!table)
		return;
	release = table->memory.release;
	extras_free(table);
	for (size_t i = 0; i < table->shape.side_chunks; i++)
		release(table->side_chunks[i]);
	release(table);
}

static inline void expect(const struct binding_table *table, struct binding_lookup *lookup, unsigned i, uint64_t hash)
{
	lookup->hashes[i] = hash;
	__builtin_prefetch(&table->pilots[group_of(table, hash)]);
}

static __attribute__((target("aes"))) void begin_by_aes(const struct binding_table *table,
                                                        struct binding_lookup *lookup)
{
	for (unsigned i = 0; i < lookup->count; i++)
		expect(table, lookup, i, hash_by_aes(&table->key, &lookup->keys[i].value));
}

static void begin_by_siphash(const struct binding_table *table, struct binding_lookup *lookup)
{
	for (unsigned i = 0; i < lookup->count; i++)
		expect(table, lookup, i, hash_by_siphash(&table->key, &lookup->keys[i].value));
}

void binding_lookup_begin(const struct binding_table *table, struct binding_lookup *lookup)
{
	if (table->key.has_aes)
		begin_by_aes(table, lookup);
	else
		begin_by_siphash(table, lookup);
}

/*
 * The slots of all keys, on their way into the cache. Keys of parted groups are set aside while the records of their
 * groups come.
 */
void binding_lookup_locate(const struct binding_table *table, struct binding_lookup *lookup)
{
	uint8_t parted[BINDING_LOOKUP_MAX];
	unsigned parted_count = 0;

	for (unsigned i = 0; i < lookup->count; i++) {
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
}

/* The pointer or NULL, without a branch: which of them is anybody's guess. */
static inline struct binding_entry *entry_if(bool right, struct binding_entry *entry)
{
	return (struct binding_entry *)((uintptr_t)entry & -(uintptr_t)right);
}

void binding_lookup_finish(struct binding_lookup *lookup)
{
	for (unsigned i = 0; i < lookup->count; i++)
		lookup->entries[i] = entry_if(key_is(lookup->entries[i], &lookup->keys[i].value), lookup->entries[i]);
}

void binding_table_lookup(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count,
                          struct binding_entry **restrict entries)
{
	struct binding_lookup lookup;

	lookup.count = count;
	for (unsigned i = 0; i < count; i++)
		lookup.keys[i].value = *keys[i];
	binding_lookup_begin(table, &lookup);
	binding_lookup_locate(table, &lookup);
	binding_lookup_finish(&lookup);
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
