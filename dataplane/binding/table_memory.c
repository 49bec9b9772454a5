// SPDX-License-Identifier: BSD-3-Clause
#include "table_memory.h"

#include <errno.h>

#include "extras.h"

enum {
	SMALL_BINDINGS = 1 << 16, /* tables up to this size take four slots a binding: it is no memory */
	SMALL_SLOTS = 1024,
	GROUP_BITS_MIN = 6,
	GROUP_KEYS_MAX = 3,
	FIRST_ROWS_SHARE = 16, /* a table begins with so small a part of its rows */
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

/* Arrays that are there from the start, and how many elements each has. */
#define FIXED_ARRAYS(X)                                                                                                \
	X(pilots, size.groups)                                                                                         \
	X(parted, size.parted)                                                                                         \
	X(side_chunks, size.side_chunks)                                                                               \
	X(blocks, size.blocks)                                                                                         \
	X(occupied, size.blocks)                                                                                       \
	X(free_slots, size.blocks)                                                                                     \
	X(parted_next, size.parted)                                                                                    \
	X(parted_members, size.parted)                                                                                 \
	X(parted_free, size.segments)                                                                                  \
	X(parted_used, size.segments)

/* Arrays that grow. */
#define GROWING_ARRAYS(X)                                                                                              \
	X(slots, size.slots)                                                                                           \
	X(cold_of, size.slots)                                                                                         \
	X(tags, size.slots)                                                                                            \
	X(colds, size.colds)

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

static size_t whole(size_t octets, size_t unit)
{
	return (octets + unit - 1) / unit * unit;
}

/*
 * All arrays lie in one range of addresses, each from a cache line on, so that large pages are not left half empty many
 * times; only those that grow begin with a piece of memory. Returns the octets of the range.
 */
static size_t layout(const struct table_shape *shape, size_t piece, uint8_t *range, struct binding_table *table)
{
	struct table_size size = size_of(shape);
	size_t at = whole(sizeof(*table), CACHE_LINE_OCTETS);

#define PLACE(field, count)                                                                                            \
	table->field = (void *)(range + at);                                                                           \
	at += whole((count) * sizeof(*table->field), CACHE_LINE_OCTETS);
#define PLACE_GROWING(field, count)                                                                                    \
	at = whole(at, piece);                                                                                         \
	PLACE(field, count)
	FIXED_ARRAYS(PLACE)
	table->fixed_octets = whole(at, piece);
	GROWING_ARRAYS(PLACE_GROWING)
#undef PLACE_GROWING
#undef PLACE
	return whole(at, piece);
}

static size_t piece_octets(const struct table_memory *memory)
{
	return memory->piece_octets ? memory->piece_octets : CACHE_LINE_OCTETS;
}

size_t binding_table_octets(const struct table_memory *memory, size_t bindings_max)
{
	struct table_shape shape = shape_of(bindings_max);
	struct binding_table nowhere;

	return layout(&shape, piece_octets(memory), NULL, &nowhere);
}

size_t binding_table_octets_taken(const struct binding_table *table)
{
	return table->octets_taken;
}

size_t binding_table_octets_most(const struct binding_table *table)
{
	return binding_table_octets(&table->memory, table->bindings_max);
}

static int claim(struct binding_table *table, void *begin, size_t octets)
{
	int result = table->memory.claim && octets ? table->memory.claim(begin, octets) : 0;

	if (!result)
		table->octets_taken += octets;
	return result;
}

/* Sees to it that an array has memory for its first `octets`, of which it has *taken. */
static int reach(struct binding_table *table, void *array, size_t *taken, size_t octets)
{
	size_t wanted = whole(octets, piece_octets(&table->memory));
	int result;

	if (wanted <= *taken)
		return 0;
	result = claim(table, (uint8_t *)array + *taken, wanted - *taken);
	if (!result)
		*taken = wanted;
	return result;
}

int table_reach_cold(struct binding_table *table)
{
	if (table->colds_used == table->shape.colds)
		return -ENOSPC;
	return reach(table, table->colds, &table->taken.colds, (table->colds_used + 1) * sizeof(*table->colds));
}

/* The arrays with an element for each slot. */
struct slot_array {
	void *array;
	size_t *taken;
	size_t element;
};
enum { SLOT_ARRAYS = 3 };

static void list_slot_arrays(struct binding_table *table, struct slot_array arrays[SLOT_ARRAYS])
{
	arrays[0] = (struct slot_array){table->slots, &table->taken.slots, sizeof(*table->slots)};
	arrays[1] = (struct slot_array){table->cold_of, &table->taken.cold_of, sizeof(*table->cold_of)};
	arrays[2] = (struct slot_array){table->tags, &table->taken.tags, sizeof(*table->tags)};
}

/* Where the memory of the stash begins: behind all rows, with the piece in which the last of them end. */
static size_t stash_begin(const struct binding_table *table, size_t element)
{
	size_t piece = piece_octets(&table->memory);

	return (size_t)first_stash_block(table) * BLOCK_SLOTS * element / piece * piece;
}

static int claim_stash(struct binding_table *table)
{
	struct slot_array arrays[SLOT_ARRAYS];
	int result = 0;

	list_slot_arrays(table, arrays);
	for (unsigned i = 0; i < SLOT_ARRAYS && !result; i++) {
		size_t begin = stash_begin(table, arrays[i].element);
		size_t end = whole((size_t)table_blocks(table) * BLOCK_SLOTS * arrays[i].element,
		                   piece_octets(&table->memory));

		result = claim(table, (uint8_t *)arrays[i].array + begin, end - begin);
	}
	memset(&table->free_slots[first_stash_block(table)], BLOCK_SLOTS, table->shape.stash_blocks);
	return result;
}

/* Opens the rows below `rows`: their memory first, then their free slots. */
static int open_rows(struct binding_table *table, uint32_t rows)
{
	struct slot_array arrays[SLOT_ARRAYS];
	size_t slots = (size_t)block_in(table, 0, rows) * BLOCK_SLOTS;
	int result = 0;

	list_slot_arrays(table, arrays);
	for (unsigned i = 0; i < SLOT_ARRAYS && !result; i++) {
		size_t octets = slots * arrays[i].element, most = stash_begin(table, arrays[i].element);

		result = reach(table, arrays[i].array, arrays[i].taken, octets < most ? octets : most);
	}
	if (result)
		return result;
	for (uint32_t segment = 0; segment >> table->shape.segment_bits == 0; segment++)
		memset(&table->free_slots[by_segment(table, block_in(table, segment, table->open_rows))], BLOCK_SLOTS,
		       rows - table->open_rows);
	table->open_rows = rows;
	return 0;
}

bool table_should_grow(const struct binding_table *table)
{
	size_t taken = table->count + table->retirements[0].slot_count + table->retirements[1].slot_count;

	return table->open_rows < table->shape.rows &&
	       2 * taken > (size_t)block_in(table, 0, table->open_rows) * BLOCK_SLOTS;
}

/* Rows that take a piece of memory. */
static uint32_t rows_a_piece(const struct binding_table *table)
{
	size_t row = (BLOCK_SLOTS * sizeof(struct binding_entry)) << table->shape.segment_bits;
	size_t rows = piece_octets(&table->memory) / row;

	return rows ? (uint32_t)rows : 1;
}

int table_grow(struct binding_table *table)
{
	uint32_t left = table->shape.rows - table->open_rows, more = rows_a_piece(table);

	return left ? open_rows(table, table->open_rows + (more < left ? more : left)) : -ENOSPC;
}

/* Who may take all memory at once has all rows at once. */
static uint32_t first_rows(const struct binding_table *table)
{
	uint32_t rows = table->shape.rows, first = (uint32_t)whole(rows / FIRST_ROWS_SHARE + 1, rows_a_piece(table));

	return table->memory.piece_octets && first < rows ? first : rows;
}

/* Readers come by the pilots of empty groups, too. Returns -ENOMEM when there is no memory for a row to lead to. */
static int lead_into_open_rows(struct binding_table *table)
{
	for (uint32_t group = 0; group >> table->shape.group_bits == 0; group++) {
		unsigned step = 0;
		int result = 0;

		while (nth_of(spread_of(group, step), table->shape.rows) >= table->open_rows && !result)
			if (++step == PILOT_STEPS) {
				result = table_grow(table);
				step = 0;
			}
		if (result)
			return result;
		table->pilots[group] = (uint16_t)(step * BLOCK_SLOTS);
	}
	return 0;
}

static int take_first_memory(struct binding_table *table, uint8_t *range, struct binding_table **placed)
{
	int result = claim(table, range, table->fixed_octets);

	if (result)
		return result;
	*placed = memcpy(range, table, sizeof(*table));
	result = claim_stash(*placed);
	if (!result)
		result = open_rows(*placed, first_rows(*placed));
	return result ? result : lead_into_open_rows(*placed);
}

int binding_table_new(const struct binding_table_options *options, struct binding_table **made)
{
	struct binding_table table = {.shape = shape_of(options->bindings_max),
	                              .memory = options->memory,
	                              .qsbr = options->qsbr,
	                              .bindings_max = options->bindings_max};
	uint8_t *range = options->memory.allocate(binding_table_octets(&options->memory, options->bindings_max));
	int result;

	if (!range)
		return -ENOMEM;
	hash_key_make(options->secret, &table.key);
	(void)layout(&table.shape, piece_octets(&table.memory), range, &table);
	result = take_first_memory(&table, range, made);
	if (result)
		options->memory.release(range);
	return result;
}

void *table_take_memory(struct binding_table *table, size_t octets)
{
	void *memory = table->memory.allocate(octets);

	if (!memory || !claim(table, memory, octets))
		return memory;
	table->memory.release(memory);
	return NULL;
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
