// SPDX-License-Identifier: BSD-3-Clause
/*
 * table_layout - what the table's readers (binding_table.c) and its writer (table_writer.c, placement.c, retirement.c)
 * agree on; nobody else includes it but tests. binding_table.h explains it.
 */
#ifndef KEDGE_DATAPLANE_TABLE_LAYOUT_H
#define KEDGE_DATAPLANE_TABLE_LAYOUT_H

#include "binding_table.h"

enum {
	BLOCK_SLOTS = 64,                         /* one word of the writer's bitmap */
	SEGMENT_GROUP_BITS = 14,                  /* a segment's bitmap stays in the first-level cache */
	GROUPS_A_PARTED = 8,                      /* as many groups for each record of a parted one */
	GROUP_PARTS = 8,                          /* of a parted group */
	PILOT_STEPS = 896,                        /* blocks that a pilot can choose; times 64 rotations */
	STASH_STEPS = 1024 - PILOT_STEPS,         /* blocks of the stash that a pilot of a part can choose */
	PILOT_PARTED = PILOT_STEPS * BLOCK_SLOTS, /* a group's pilot from here on: number of its record */
	PARTED_MAX = STASH_STEPS * BLOCK_SLOTS,
	SIDES_A_CHUNK = 32768, /* most of a large page */
};

_Static_assert((1 << SEGMENT_GROUP_BITS) / GROUPS_A_PARTED <= PARTED_MAX,
               "a pilot can number each record of a segment");

#define NO_SLOT UINT32_MAX

/* The pilots of a group that is too large for one. */
struct parted_group {
	uint16_t pilots[GROUP_PARTS];
};

enum { RETIREMENTS = 2 };

/* What the writer knows of a block's retired slots, in one cache line. */
struct block {
	uint64_t retired[RETIREMENTS]; /* a bitmap: slots that left their group or lost their key */
	uint32_t next[RETIREMENTS];    /* number + 1 of the next in the retirement's list */
} __attribute__((aligned(32)));

_Static_assert(CACHE_LINE_OCTETS % sizeof(struct block) == 0, "no record lies in two cache lines");

/* What must wait for the readers' quiescent states. Two take turns: one fills while the other waits. */
struct retirement {
	uint32_t first_block;  /* number + 1, by block->next: those with a bit in `retired` */
	uint32_t first_parted; /* number + 1, by parted_next */
	uint32_t first_side;   /* number + 1, by side->next */
	uint32_t first_final;  /* number + 1, by cold->next: withdrawn bindings, reported when all else is done */
	uint32_t last_final;
	size_t slot_count;
	size_t final_count;
};

/* Numbers that follow from the most bindings that a table can hold. */
struct table_shape {
	unsigned group_bits;
	unsigned segment_bits;
	uint32_t rows; /* blocks of a segment */
	uint32_t stash_blocks;
	uint32_t parted; /* of a segment */
	uint32_t colds;
	uint32_t side_chunks;
};

/* Records of extras.c. */
struct extra;
struct extras_pool {
	struct extra *chunks;
	struct extra *free;
	struct extra *retired; /* in order of retirement */
	struct extra *last_retired;
};

struct binding_table {
	/* the readers', constant but for what the arrays hold */
	struct binding_entry *slots;
	uint16_t *pilots;
	struct parted_group *parted;
	struct hash_key key;
	struct table_shape shape;
	uint32_t *cold_of; /* for each slot: its cold record */
	struct binding_cold *colds;
	struct binding_side **side_chunks;

	/* the writer's alone */
	struct rte_rcu_qsbr *qsbr;
	struct table_memory memory;
	size_t bindings_max;
	size_t count;
	size_t octets_taken;
	size_t fixed_octets; /* of the arrays that do not grow (table_memory.h) */
	struct {
		size_t slots, cold_of, tags, colds; /* octets of these arrays that have memory, but for the stash */
	} taken;
	uint32_t open_rows; /* that may be used; the others' blocks have no free slot */
	struct block *blocks;
	uint64_t *occupied;      /* for each block a bitmap: slots that are not free */
	uint8_t *free_slots;     /* and the number of those that are; both with a segment's blocks side by side:
	                            by_segment() */
	uint8_t *tags;           /* for each occupied slot: low bits of its group */
	uint32_t *parted_next;   /* for each record of a parted group: number + 1 of the next in its list */
	uint8_t *parted_members; /* and the keys in it */
	uint32_t *parted_free;   /* for each segment: list of free records */
	uint32_t *parted_used;   /* and how many were ever taken */
	uint32_t free_colds;     /* list, number + 1, by cold->next */
	uint32_t colds_used;
	uint32_t free_sides; /* list, number + 1, by side->next */
	uint32_t sides_used;
	struct extras_pool extras;
	struct retirement retirements[RETIREMENTS];
	unsigned filling;     /* which of them fills */
	bool is_over;         /* the readers have let go of what the other one holds */
	uint64_t token;       /* of rte_rcu_qsbr_start(), when the other one was closed */
	uint32_t first_final; /* withdrawn bindings that wait for nothing but being reported */
	size_t final_count;
	unsigned changes; /* for the reclaiming on the way (table_writer.c) */
};

static inline uint64_t table_hash(const struct binding_table *table, const struct in6_addr *key)
{
	return hash_address(&table->key, key);
}

static inline uint32_t group_of(const struct binding_table *table, uint64_t hash)
{
	return (uint32_t)(hash >> (64 - table->shape.group_bits));
}

/*
 * Blocks are numbered row by row: the first blocks of all segments, the second ones of all, and so on; behind all rows
 * those of the stash.
 */
static inline uint32_t first_stash_block(const struct binding_table *table)
{
	return table->shape.rows << table->shape.segment_bits;
}

static inline uint32_t table_blocks(const struct binding_table *table)
{
	return first_stash_block(table) + table->shape.stash_blocks;
}

static inline uint32_t segment_of(uint32_t group)
{
	return group >> SEGMENT_GROUP_BITS;
}

static inline unsigned part_of(uint64_t hash)
{
	return hash & (GROUP_PARTS - 1);
}

static inline uint32_t nth_of(uint32_t spread, uint32_t count)
{
	return (uint32_t)(((uint64_t)spread * count) >> 32);
}

static inline uint32_t spread_of(uint32_t group, unsigned step)
{
	return group * 0x9e3779b1u + step * 0x85ebca6bu;
}

static inline uint32_t block_in(const struct binding_table *table, uint32_t segment, uint32_t row)
{
	return row << table->shape.segment_bits | segment;
}

/* The block of a group's keys under the pilots of one step: in the group's segment. */
static inline uint32_t segment_block(const struct binding_table *table, uint32_t group, unsigned step)
{
	return block_in(table, segment_of(group), nth_of(spread_of(group, step), table->shape.rows));
}

/* The same for steps behind PILOT_STEPS, too: those choose a block of the stash, behind all segments. */
static inline uint32_t any_block(const struct binding_table *table, uint32_t group, unsigned step)
{
	if (step < PILOT_STEPS)
		return segment_block(table, group, step);
	return first_stash_block(table) + nth_of(spread_of(group, step), table->shape.stash_blocks);
}

/* Where in the block a key lies, before the pilot rotates all of them. */
static inline unsigned key_offset(uint64_t hash, unsigned step)
{
	return ((uint32_t)hash * (step * 0xc2b2ae35u | 1)) >> 26;
}

static inline uint32_t slot_in(uint32_t block, uint64_t hash, uint16_t pilot)
{
	return block * BLOCK_SLOTS + (key_offset(hash, pilot / BLOCK_SLOTS) + pilot) % BLOCK_SLOTS;
}

/* The record of a parted group. */
static inline struct parted_group *parted_of(const struct binding_table *table, uint32_t group, uint16_t pilot)
{
	return &table->parted[segment_of(group) * (1u << SEGMENT_GROUP_BITS) / GROUPS_A_PARTED +
	                      (pilot - PILOT_PARTED)];
}

/* The slot of a key by the pilot of its group or part. */
static inline uint32_t pilot_slot(const struct binding_table *table, uint32_t group, uint64_t hash, uint16_t pilot)
{
	return slot_in(any_block(table, group, pilot / BLOCK_SLOTS), hash, pilot);
}

/*
 * The slot of a key by the pilot of its group. Any reader: what it loads here may change, but the slot that it leads to
 * stays as it is until the reader's next quiescent state.
 */
static inline uint32_t slot_by(const struct binding_table *table, uint32_t group, uint64_t hash, uint16_t pilot)
{
	if (__builtin_expect(pilot >= PILOT_PARTED, 0))
		return pilot_slot(table, group, hash,
		                  shared_acquire(&parted_of(table, group, pilot)->pilots[part_of(hash)]));
	return slot_in(segment_block(table, group, pilot / BLOCK_SLOTS), hash, pilot);
}

static inline struct shared_address *entry_key(struct binding_entry *entry)
{
	return (struct shared_address *)&entry->key;
}

static inline bool key_is(const struct binding_entry *entry, const struct in6_addr *key)
{
	return shared_address_is((const struct shared_address *)&entry->key, key);
}

static inline bool key_is_zero(const struct in6_addr *key)
{
	uint64_t words[2];

	memcpy(words, key, sizeof(words));
	return !(words[0] | words[1]);
}

/* The writer's: slots of a block that wait for readers, as a bitmap. */
static inline uint64_t block_retired_slots(const struct block *block)
{
	return block->retired[0] | block->retired[1];
}

/*
 * The writer's: the place of a block in arrays that have the blocks of a segment side by side, row by row, so that what
 * a search looks at stays in the first-level cache.
 */
static inline uint32_t by_segment(const struct binding_table *table, uint32_t block)
{
	uint32_t segment = block & ((1u << table->shape.segment_bits) - 1);

	if (block >= first_stash_block(table))
		return block;
	return segment * table->shape.rows + (block >> table->shape.segment_bits);
}

/* The writer's: slots of a block that hold an entry which readers find, as a bitmap. */
static inline uint64_t live_slots(const struct binding_table *table, uint32_t block)
{
	return table->occupied[by_segment(table, block)] & ~block_retired_slots(&table->blocks[block]);
}

static inline uint32_t slot_number(const struct binding_table *table, const struct binding_entry *entry)
{
	return (uint32_t)(entry - table->slots);
}

static inline struct binding_side *side_at(const struct binding_table *table, uint32_t number)
{
	return &shared_acquire(&table->side_chunks[number / SIDES_A_CHUNK])[number % SIDES_A_CHUNK];
}

#endif
