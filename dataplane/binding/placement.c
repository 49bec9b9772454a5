// SPDX-License-Identifier: BSD-3-Clause
#include "placement.h"

#include <emmintrin.h>
#include <errno.h>

#include "retirement.h"

enum { JOINED_MEMBERS_MAX = 4, PARTED_MEMBERS_MAX = UINT8_MAX, BLOCKS_AT_A_TIME = 8 };

/* Keys that share a pilot. */
struct members {
	unsigned count;
	uint32_t slots[BLOCK_SLOTS];
	uint64_t hashes[BLOCK_SLOTS + 1]; /* and one for who comes to them */
};

static bool is_taken(const struct binding_table *table, uint32_t slot)
{
	return table->occupied[by_segment(table, slot / BLOCK_SLOTS)] >> slot % BLOCK_SLOTS & 1;
}

static void take(struct binding_table *table, uint32_t slot, uint32_t group)
{
	uint32_t place = by_segment(table, slot / BLOCK_SLOTS);

	table->occupied[place] |= 1ull << slot % BLOCK_SLOTS;
	table->free_slots[place]--;
	table->tags[slot] = (uint8_t)group;
}

/* Slots of the block that may be this group's, whatever their state. */
static uint64_t tagged(const struct binding_table *table, uint32_t block, uint32_t group)
{
	const __m128i *tags = (const __m128i *)&table->tags[(size_t)block * BLOCK_SLOTS];
	const __m128i wanted = _mm_set1_epi8((char)group);
	uint64_t alike = 0;

	for (unsigned i = 0; i < BLOCK_SLOTS / 16; i++)
		alike |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_load_si128(&tags[i]), wanted))
		         << (i * 16);
	return alike;
}

static bool has_left_copies(const struct binding_table *table, uint32_t block, uint32_t group)
{
	uint64_t retired = block_retired_slots(&table->blocks[block]);

	return retired && retired & tagged(table, block, group);
}

/* Adds the group's keys in the block of this pilot, but for the one at `except`; of one part, if `part` is one. */
static void gather(const struct binding_table *table, uint32_t group, unsigned part, uint16_t pilot, uint32_t except,
                   struct members *members)
{
	uint32_t first = any_block(table, group, pilot / BLOCK_SLOTS) * BLOCK_SLOTS;
	uint32_t block = first / BLOCK_SLOTS;
	uint64_t likely = tagged(table, block, group) & live_slots(table, block);

	for (uint64_t left = likely; left; left &= left - 1)
		__builtin_prefetch(&table->slots[first + (uint32_t)__builtin_ctzll(left)]);
	for (; likely && members->count < BLOCK_SLOTS; likely &= likely - 1) {
		uint32_t slot = first + (uint32_t)__builtin_ctzll(likely);
		uint64_t hash;

		if (slot == except)
			continue;
		hash = table_hash(table, &table->slots[slot].key);
		if (group_of(table, hash) != group || (part < GROUP_PARTS && part_of(hash) != part))
			continue;
		members->slots[members->count] = slot;
		members->hashes[members->count++] = hash;
	}
}

/* Slots of the block to which a key with this hash would go that may have to make room for it, as a bitmap. */
static uint64_t likely_members(const struct binding_table *table, uint64_t hash, uint32_t *block)
{
	uint32_t group = group_of(table, hash), slot = slot_by(table, group, hash, table->pilots[group]);

	*block = slot / BLOCK_SLOTS;
	return is_taken(table, slot) ? tagged(table, *block, group) & live_slots(table, *block) : 0;
}

void placement_expect(const struct binding_table *table, uint64_t hash)
{
	uint32_t block;

	for (uint64_t likely = likely_members(table, hash, &block); likely; likely &= likely - 1) {
		uint32_t member = block * BLOCK_SLOTS + (uint32_t)__builtin_ctzll(likely);

		__builtin_prefetch(&table->slots[member]);
		__builtin_prefetch(&table->cold_of[member]);
	}
}

void placement_expect_colds(const struct binding_table *table, uint64_t hash)
{
	uint32_t block;

	for (uint64_t likely = likely_members(table, hash, &block); likely; likely &= likely - 1) {
		uint32_t member = block * BLOCK_SLOTS + (uint32_t)__builtin_ctzll(likely);

		__builtin_prefetch(&table->colds[table->cold_of[member]], 1);
	}
}

static uint64_t rotate_right(uint64_t word, unsigned bits)
{
	return word >> bits | word << (-bits & 63);
}

/*
 * Rotations by which all keys fall on free slots of the block, as a bitmap. No branch: nobody could guess which key is
 * the first that finds no room.
 */
static inline uint64_t free_rotations(uint64_t taken, const uint64_t *hashes, unsigned count, unsigned step)
{
	uint64_t seen = 0, barred = 0, alike = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned offset = key_offset(hashes[i], step);

		alike |= seen >> offset;
		seen |= 1ull << offset;
		barred |= rotate_right(taken, offset);
	}
	return alike & 1 ? 0 : ~barred;
}

/*
 * A pilot of this step that puts so many keys of a group on free slots of the block, or -ENOSPC. No good are blocks in
 * which copies that the group left behind still wait for readers: the key of a copy may have been withdrawn meanwhile,
 * and must not be found again because the new pilot happens to lead there.
 */
static int try_block(const struct binding_table *table, uint32_t group, const uint64_t *hashes, unsigned count,
                     unsigned step, uint32_t block)
{
	uint64_t rotations = free_rotations(table->occupied[by_segment(table, block)], hashes, count, step);

	if (!rotations || has_left_copies(table, block, group))
		return -ENOSPC;
	return (int)(step * BLOCK_SLOTS + (unsigned)__builtin_ctzll(rotations));
}

/*
 * A pilot of a step from *first on in whose block so many keys of a group have room, or -ENOSPC; *first becomes the
 * step where to go on. Blocks with fewer than `free_min` free slots are passed by: that takes no more than their
 * numbers, which stay in the cache, and no branch, as nobody could guess which they are. Others are fetched some at a
 * time.
 */
static int search_some(const struct binding_table *table, uint32_t group, const uint64_t *hashes, unsigned count,
                       unsigned *first, uint8_t free_min)
{
	const uint8_t *free_slots = &table->free_slots[segment_of(group) * table->shape.rows];
	const uint32_t rows = table->shape.rows;
	uint16_t steps[BLOCKS_AT_A_TIME + 1];
	unsigned found = 0, step = *first;

	for (; step < PILOT_STEPS && found < BLOCKS_AT_A_TIME; step++) {
		steps[found] = (uint16_t)step;
		found += free_slots[nth_of(spread_of(group, step), rows)] >= free_min;
	}
	*first = step;
	for (unsigned i = 0; i < found; i++)
		__builtin_prefetch(&table->occupied[by_segment(table, segment_block(table, group, steps[i]))]);
	for (unsigned i = 0; i < found; i++) {
		uint32_t block = segment_block(table, group, steps[i]);
		int pilot = try_block(table, group, hashes, count, steps[i], block);

		if (pilot >= 0)
			return pilot;
	}
	return -ENOSPC;
}

static int search_with(const struct binding_table *table, uint32_t group, const uint64_t *hashes, unsigned count,
                       uint8_t free_min)
{
	int pilot = -ENOSPC;

	for (unsigned step = 0; step < PILOT_STEPS && pilot < 0;)
		pilot = search_some(table, group, hashes, count, &step, free_min);
	return pilot;
}

/*
 * For so many keys, how many free slots make a block worth a try: below, most tries are in vain, and a group for which
 * none of the others does is better parted.
 */
static const uint8_t free_slots_worth_a_try[] = {0, 1, 4, 6, 9, 11, 12, 13};

static int search(const struct binding_table *table, uint32_t group, const uint64_t *hashes, unsigned count)
{
	const unsigned last = sizeof(free_slots_worth_a_try) - 1;

	return search_with(table, group, hashes, count, free_slots_worth_a_try[count < last ? count : last]);
}

/* For a part: there is nothing after it but the stash. */
static int search_everywhere(const struct binding_table *table, uint32_t group, const uint64_t *hashes, unsigned count)
{
	int pilot = search(table, group, hashes, count);

	if (pilot < 0)
		pilot = search_with(table, group, hashes, count, (uint8_t)count);
	for (unsigned step = PILOT_STEPS; step < PILOT_STEPS + STASH_STEPS && pilot < 0; step++)
		pilot = try_block(table, group, hashes, count, step, any_block(table, group, step));
	return pilot;
}

/* Gives each part of the group a pilot of its own, all of them the present one at first. Returns false without room. */
static bool part(struct binding_table *table, uint32_t group, unsigned count)
{
	uint32_t segment = segment_of(group), first = segment * table->shape.parted, number;
	uint16_t pilot = table->pilots[group];

	if (table->parted_free[segment]) {
		number = table->parted_free[segment] - 1;
		table->parted_free[segment] = table->parted_next[number];
	} else if (table->parted_used[segment] < table->shape.parted) {
		number = first + table->parted_used[segment]++;
	} else {
		return false;
	}
	for (unsigned i = 0; i < GROUP_PARTS; i++)
		shared_store(&table->parted[number].pilots[i], pilot);
	table->parted_members[number] = (uint8_t)count;
	shared_release(&table->pilots[group], (uint16_t)(PILOT_PARTED + number - first));
	return true;
}

static uint32_t parted_number(const struct binding_table *table, uint32_t group)
{
	return segment_of(group) * table->shape.parted + table->pilots[group] - PILOT_PARTED;
}

static bool is_parted(const struct binding_table *table, uint32_t group)
{
	return table->pilots[group] >= PILOT_PARTED;
}

/* Takes the slots to which `pilot` brings the members. */
static void take_for(struct binding_table *table, uint32_t group, const struct members *members, uint16_t pilot,
                     struct placement *placement)
{
	placement->pilot = pilot;
	placement->count = members->count;
	for (unsigned i = 0; i < members->count; i++) {
		uint32_t slot = pilot_slot(table, group, members->hashes[i], pilot);

		__builtin_prefetch(&table->slots[slot], 1);
		__builtin_prefetch(&table->cold_of[slot], 1);
		__builtin_prefetch(&table->colds[table->cold_of[members->slots[i]]], 1);
		take(table, slot, group);
		placement->old_slots[i] = members->slots[i];
		placement->new_slots[i] = slot;
	}
}

int placement_begin(struct binding_table *table, uint64_t hash, uint32_t present, struct placement *placement)
{
	uint32_t group = group_of(table, hash);

	placement->present = present;
	for (;;) {
		bool parted = is_parted(table, group);
		uint32_t slot;
		struct members members;
		int pilot;

		if (parted && table->parted_members[parted_number(table, group)] == PARTED_MEMBERS_MAX)
			return -ENOSPC;
		placement->where = parted ? &table->parted[parted_number(table, group)].pilots[part_of(hash)]
		                          : &table->pilots[group];
		slot = pilot_slot(table, group, hash, *placement->where);
		members.count = 0;
		if (present == NO_SLOT && !is_taken(table, slot)) {
			placement->where = NULL;
			placement->count = 0;
			placement->slot = slot;
			break;
		}
		gather(table, group, parted ? part_of(hash) : GROUP_PARTS, *placement->where, present, &members);
		members.hashes[members.count] = hash;
		if (members.count == BLOCK_SLOTS)
			return -ENOSPC;
		pilot = parted ? search_everywhere(table, group, members.hashes, members.count + 1)
		               : search(table, group, members.hashes, members.count + 1);
		if (pilot < 0 && !parted) {
			if (part(table, group, members.count + (present != NO_SLOT)))
				continue;
			pilot = search_with(table, group, members.hashes, members.count + 1,
			                    (uint8_t)(members.count + 1));
		}
		if (pilot < 0)
			return -ENOSPC;
		placement->slot = pilot_slot(table, group, hash, (uint16_t)pilot);
		take_for(table, group, &members, (uint16_t)pilot, placement);
		break;
	}
	take(table, placement->slot, group);
	if (present == NO_SLOT && is_parted(table, group))
		table->parted_members[parted_number(table, group)]++;
	return 0;
}

/* A copy for those who come by the new pilot; workers go on counting in both. */
static void move(struct binding_table *table, uint32_t from, uint32_t to)
{
	const struct binding_entry *old = &table->slots[from];
	struct binding_entry *entry = &table->slots[to];
	struct in6_addr care_of = shared_address_load(&old->care_of_address);

	table->cold_of[to] = table->cold_of[from];
	table->colds[table->cold_of[to]].slot = to;
	shared_address_store(&entry->care_of_address, &care_of);
	shared_store(&entry->down, 0);
	shared_store(&entry->up, 0);
	shared_store(&entry->expiry_and_port, shared_load(&old->expiry_and_port));
	shared_store(&entry->traits, shared_load(&old->traits));
	shared_address_store(entry_key(entry), &old->key);
}

void placement_publish(struct binding_table *table, const struct placement *placement)
{
	for (unsigned i = 0; i < placement->count; i++)
		move(table, placement->old_slots[i], placement->new_slots[i]);
	if (placement->where)
		shared_release(placement->where, placement->pilot);
	for (unsigned i = 0; i < placement->count; i++)
		retire_slot(table, placement->old_slots[i]);
	if (placement->present != NO_SLOT)
		retire_slot(table, placement->present);
}

/* Brings the few keys that are left of a parted group under one pilot again. */
static void join(struct binding_table *table, uint32_t group)
{
	uint32_t number = parted_number(table, group);
	struct placement placement = {.present = NO_SLOT, .where = &table->pilots[group]};
	struct members members = {0};
	int pilot;

	for (unsigned i = 0; i < GROUP_PARTS; i++)
		gather(table, group, i, table->parted[number].pilots[i], NO_SLOT, &members);
	pilot = search(table, group, members.hashes, members.count);
	if (pilot < 0)
		return;
	take_for(table, group, &members, (uint16_t)pilot, &placement);
	placement_publish(table, &placement);
	retire_parted(table, number);
}

void placement_shrink(struct binding_table *table, uint64_t hash)
{
	uint32_t group = group_of(table, hash);

	if (is_parted(table, group) && --table->parted_members[parted_number(table, group)] <= JOINED_MEMBERS_MAX)
		join(table, group);
}
