// SPDX-License-Identifier: BSD-3-Clause
#include "table_writer.h"

#include <errno.h>

#include "placement.h"
#include "retirement.h"
#include "table_memory.h"

/* Changes reclaim on the way, so that a table does not run out of slots because nobody else does. */
enum { CHANGES_A_RECLAIM = 32, RECLAIM_ON_THE_WAY = 192 };

static struct binding_entry *find(const struct binding_table *table, const struct in6_addr *key, uint64_t hash)
{
	uint32_t group = group_of(table, hash);
	struct binding_entry *entry = &table->slots[slot_by(table, group, hash, table->pilots[group])];

	return key_is(entry, key) && !key_is_zero(key) ? entry : NULL;
}

struct binding_entry *table_writer_find(const struct binding_table *table, const struct in6_addr *key)
{
	return find(table, key, table_hash(table, key));
}

void table_writer_expect(const struct binding_table *table, const struct in6_addr *const *keys, unsigned count)
{
	struct binding_entry *entries[BINDING_LOOKUP_MAX];
	uint64_t hashes[BINDING_LOOKUP_MAX];

	binding_table_lookup(table, keys, count, entries);
	for (unsigned i = 0; i < count; i++) {
		uint32_t group, slot;

		hashes[i] = table_hash(table, keys[i]);
		group = group_of(table, hashes[i]);
		slot = slot_by(table, group, hashes[i], table->pilots[group]);
		__builtin_prefetch(entries[i] ? (const void *)&table->cold_of[slot]
		                              : &table->tags[slot / BLOCK_SLOTS * BLOCK_SLOTS]);
		__builtin_prefetch(&table->blocks[slot / BLOCK_SLOTS], 1);
	}
	for (unsigned i = 0; i < count; i++)
		if (entries[i])
			__builtin_prefetch(binding_table_cold(table, entries[i]), 1);
		else
			placement_expect(table, hashes[i]);
	for (unsigned i = 0; i < count; i++)
		if (!entries[i])
			placement_expect_colds(table, hashes[i]);
}

/* A cold record that nobody holds. Returns 0, -ENOSPC or -ENOMEM. */
static int take_cold(struct binding_table *table, struct binding_cold **cold)
{
	int result = table->free_colds ? 0 : table_reach_cold(table);

	if (result)
		return result;
	if (!table->free_colds) {
		*cold = &table->colds[table->colds_used++];
		return 0;
	}
	*cold = &table->colds[table->free_colds - 1];
	table->free_colds = (*cold)->next;
	if (table->free_colds)
		__builtin_prefetch(&table->colds[table->free_colds - 1], 1);
	return 0;
}

static void give_back_cold(struct binding_table *table, struct binding_cold *cold)
{
	cold->slot = NO_SLOT;
	cold->next = table->free_colds;
	table->free_colds = (uint32_t)(cold - table->colds) + 1;
}

/* The number of a side record that nobody holds, or UINT32_MAX. */
static uint32_t take_side(struct binding_table *table)
{
	uint32_t number = table->free_sides - 1;
	struct binding_side *chunk;

	if (table->free_sides) {
		table->free_sides = side_at(table, number)->next;
		return number;
	}
	if (table->sides_used % SIDES_A_CHUNK == 0) {
		if (table->sides_used / SIDES_A_CHUNK == table->shape.side_chunks)
			return UINT32_MAX;
		chunk = table_take_memory(table, SIDES_A_CHUNK * sizeof(*chunk));
		if (!chunk)
			return UINT32_MAX;
		shared_release(&table->side_chunks[table->sides_used / SIDES_A_CHUNK], chunk);
	}
	return table->sides_used++;
}

struct binding_side *table_writer_side(struct binding_table *table, struct binding_entry *entry)
{
	struct binding_cold *cold = binding_table_cold(table, entry);
	struct binding_side *side;
	uint32_t number;

	if (cold->side)
		return side_at(table, cold->side - 1);
	number = take_side(table);
	if (number == UINT32_MAX)
		return NULL;
	side = side_at(table, number);
	memset(side, 0, sizeof(*side));
	shared_release(&cold->side, number + 1);
	return side;
}

void table_writer_drop_side(struct binding_table *table, struct binding_entry *entry)
{
	struct binding_cold *cold = binding_table_cold(table, entry);

	if (!cold->side || binding_traits_load(entry).flags & BINDING_SIDE_FLAGS)
		return;
	retire_side(table, cold->side - 1);
	shared_release(&cold->side, 0);
}

void table_writer_forget_previous(struct binding_table *table, struct binding_entry *entry, uint64_t now_ms)
{
	uint64_t flag = binding_traits_word((struct binding_traits){.flags = BINDING_HAS_PREVIOUS});
	struct binding_cold *cold;

	if (!(shared_load(&entry->traits) & flag))
		return;
	cold = binding_table_cold(table, entry);
	if (cold->side && side_at(table, cold->side - 1)->previous_until_and_port >> 16 > now_ms)
		return;
	__atomic_fetch_and(&entry->traits, ~flag, __ATOMIC_RELAXED);
	table_writer_drop_side(table, entry);
}

struct binding_traits binding_traits_of(const struct binding_record *record)
{
	return (struct binding_traits){
	        .inner_mtu_bytes = record->inner_mtu_bytes,
	        .route = record->route,
	        .own = record->own,
	        .kind = record->kind,
	        .flags = (uint16_t)((record->care_of_unverified ? BINDING_CARE_OF_UNVERIFIED : 0) |
	                            (record->care_of_refused ? BINDING_CARE_OF_REFUSED : 0))};
}

static void stamp(struct binding_cold *cold, const struct binding_record *record, uint64_t now_ms)
{
	cold->sequence = record->sequence;
	cold->epoch = record->epoch;
	cold->named_in = record->named_in;
	cold->shard = record->shard;
	cold->key_length = record->key_length;
	cold->changed_s = (uint32_t)(now_ms / 1000);
}

/* Fills a free slot: the key last, so that whoever finds it finds all. */
static void fill(struct binding_table *table, uint32_t slot, struct binding_cold *cold,
                 const struct binding_record *record, struct binding_traits traits)
{
	struct binding_entry *entry = &table->slots[slot];

	table->cold_of[slot] = (uint32_t)(cold - table->colds);
	cold->slot = slot;
	shared_address_store(&entry->care_of_address, &record->care_of_address);
	shared_store(&entry->down, 0);
	shared_store(&entry->up, 0);
	shared_store(&entry->expiry_and_port, record->expiry_unix_ms << 16 | record->port);
	shared_store(&entry->traits, binding_traits_word(traits));
	shared_address_store(entry_key(entry), &record->key);
}

/* A place, if need be in rows that the table has to get first. Returns 0, -ENOSPC or -ENOMEM. */
static int place(struct binding_table *table, uint64_t hash, uint32_t present, struct placement *placement)
{
	int result, grown = 0;

	if (table_should_grow(table))
		(void)table_grow(table); /* without memory for it there is still room */
	while ((result = placement_begin(table, hash, present, placement)) == -ENOSPC && !grown)
		grown = table_grow(table);
	return result ? grown : 0;
}

static int insert(struct binding_table *table, const struct binding_record *record, uint64_t hash, uint64_t now_ms)
{
	struct placement placement;
	struct binding_cold *cold;
	int result;

	if (table->count >= table->bindings_max)
		return -ENOSPC;
	result = take_cold(table, &cold);
	if (result)
		return result;
	result = place(table, hash, NO_SLOT, &placement);
	if (result) {
		give_back_cold(table, cold);
		return result;
	}
	memset(cold, 0, sizeof(*cold));
	shared_store(&cold->credit_octets, CARE_OF_CREDIT_OCTETS);
	stamp(cold, record, now_ms);
	fill(table, placement.slot, cold, record, binding_traits_of(record));
	placement_publish(table, &placement);
	table->count++;
	return 0;
}

/*
 * The address that the node leaves is good for some time yet. It is in place before the new one, so that a reader that
 * sees the new one finds it. Without memory for it the grace is lost, not the change. Returns the flag to set.
 */
static uint16_t keep_previous(struct binding_table *table, struct binding_entry *entry, uint64_t until_ms)
{
	struct binding_side *side = table_writer_side(table, entry);
	struct in6_addr care_of = shared_address_load(&entry->care_of_address);

	if (!side)
		return 0;
	shared_release(&side->previous_until_and_port, 0);
	shared_address_store(&side->previous_care_of, &care_of);
	shared_release(&side->previous_until_and_port, until_ms << 16 | binding_port_load(entry));
	return BINDING_HAS_PREVIOUS;
}

/* The next number of a care-of address, in the flags: see binding_call_verified(). */
static uint16_t next_move(uint16_t flags)
{
	return (uint16_t)((flags & ~BINDING_MOVES) | ((flags + BINDING_MOVE) & BINDING_MOVES));
}

/* The UDP port is part of the care-of address. */
static bool care_of_stays(const struct binding_entry *entry, const struct binding_record *record)
{
	return shared_address_is(&entry->care_of_address, &record->care_of_address) &&
	       binding_port_load(entry) == record->port;
}

/* A new slot for the entry, for a change of several fields. */
static int replace(struct binding_table *table, struct binding_entry *entry, uint64_t hash,
                   const struct binding_record *record, struct binding_traits traits, uint64_t now_ms,
                   uint32_t grace_ms)
{
	struct binding_cold *cold = binding_table_cold(table, entry);
	struct placement placement;
	int result = place(table, hash, slot_number(table, entry), &placement);

	if (result)
		return result;
	if (!care_of_stays(entry, record)) {
		traits.flags |= keep_previous(table, entry, now_ms + grace_ms);
		traits.flags = next_move(traits.flags);
		shared_store(&cold->credit_octets, CARE_OF_CREDIT_OCTETS);
	}
	stamp(cold, record, now_ms);
	fill(table, placement.slot, cold, record, traits);
	placement_publish(table, &placement);
	return 0;
}

/*
 * A new care-of address with all else the same: one store, in place. Its flags follow, with the number of the address,
 * so that no worker calls it verified because of the old one; BINDING_HAS_PREVIOUS comes before.
 */
static void move_in_place(struct binding_table *table, struct binding_entry *entry, const struct binding_record *record,
                          struct binding_traits traits, uint64_t now_ms, uint32_t grace_ms)
{
	struct binding_cold *cold = binding_table_cold(table, entry);
	uint16_t previous = keep_previous(table, entry, now_ms + grace_ms);

	if (previous && !(traits.flags & previous))
		__atomic_fetch_or(&entry->traits, binding_traits_word((struct binding_traits){.flags = previous}),
		                  __ATOMIC_RELAXED);
	traits.flags = next_move(traits.flags | previous);
	if (record->care_of_unverified)
		shared_store(&cold->credit_octets, CARE_OF_CREDIT_OCTETS);
	shared_store(&entry->expiry_and_port, record->expiry_unix_ms << 16 | record->port);
	shared_address_store(&entry->care_of_address, &record->care_of_address);
	shared_release(&entry->traits, binding_traits_word(traits));
}

/* What the new record asks for, with what is known of a care-of address that stays (feed.h, M-17). */
static struct binding_traits wanted_traits(const struct binding_entry *old, const struct binding_record *record,
                                           bool stays)
{
	struct binding_traits traits = binding_traits_of(record), before = binding_traits_load(old);

	traits.flags |= before.flags & BINDING_KEPT_FLAGS;
	if (stays && !(before.flags & BINDING_CARE_OF_UNVERIFIED))
		traits.flags &= (uint16_t)~BINDING_CARE_OF_UNVERIFIED;
	return traits;
}

/* Whether two sets of traits differ in nothing but what the care-of address brings with it. */
static bool fits_in_place(struct binding_traits a, struct binding_traits b)
{
	const uint16_t free_flags = BINDING_CARE_OF_UNVERIFIED | BINDING_HAS_PREVIOUS | BINDING_MOVES;

	a.flags &= (uint16_t)~free_flags;
	b.flags &= (uint16_t)~free_flags;
	return binding_traits_word(a) == binding_traits_word(b);
}

static int change(struct binding_table *table, struct binding_entry *entry, uint64_t hash,
                  const struct binding_record *record, uint64_t now_ms, uint32_t grace_ms)
{
	struct binding_cold *cold = binding_table_cold(table, entry);
	bool stays = care_of_stays(entry, record);
	struct binding_traits traits = wanted_traits(entry, record, stays);

	if (cold->shard != record->shard)
		return -EEXIST;
	if (binding_port_load(entry) != record->port || (!stays && !fits_in_place(traits, binding_traits_load(entry))))
		return replace(table, entry, hash, record, traits, now_ms, grace_ms);
	if (stays) {
		shared_store(&entry->expiry_and_port, record->expiry_unix_ms << 16 | record->port);
		shared_store(&entry->traits, binding_traits_word(traits));
	} else {
		move_in_place(table, entry, record, traits, now_ms, grace_ms);
	}
	stamp(cold, record, now_ms);
	return 0;
}

static void reclaim_on_the_way(struct binding_table *table)
{
	size_t budget = RECLAIM_ON_THE_WAY;

	if (++table->changes % CHANGES_A_RECLAIM == 0)
		(void)retirement_advance(table, &budget);
}

int table_writer_set(struct binding_table *table, const struct binding_record *record, uint64_t now_ms,
                     uint32_t grace_ms)
{
	uint64_t hash = table_hash(table, &record->key);
	struct binding_entry *entry = find(table, &record->key, hash);

	if (key_is_zero(&record->key))
		return -EINVAL;
	reclaim_on_the_way(table);
	return entry ? change(table, entry, hash, record, now_ms, grace_ms) : insert(table, record, hash, now_ms);
}

void table_writer_lower_mtu(struct binding_entry *entry, uint16_t inner_mtu_bytes)
{
	struct binding_traits traits = binding_traits_load(entry);

	if (inner_mtu_bytes >= traits.inner_mtu_bytes)
		return;
	traits.inner_mtu_bytes = inner_mtu_bytes;
	shared_store(&entry->traits, binding_traits_word(traits));
}

int table_writer_withdraw(struct binding_table *table, const struct in6_addr *key)
{
	static const struct in6_addr none;
	uint64_t hash = table_hash(table, key);
	struct binding_entry *entry = find(table, key, hash);
	struct binding_cold *cold;

	if (!entry)
		return -ENOENT;
	cold = binding_table_cold(table, entry);
	cold->slot = NO_SLOT;
	cold->withdrawn_key = entry->key;
	shared_address_store(entry_key(entry), &none);
	retire_slot(table, slot_number(table, entry));
	retire_cold(table, cold);
	table->count--;
	placement_shrink(table, hash);
	reclaim_on_the_way(table);
	return 0;
}

static void drain(uint64_t *counter, uint64_t *packets, uint64_t *octets)
{
	uint64_t seen = __atomic_exchange_n(counter, 0, __ATOMIC_RELAXED);

	*packets += seen >> BINDING_COUNTER_OCTET_BITS;
	*octets += seen & ((1ull << BINDING_COUNTER_OCTET_BITS) - 1);
}

void table_writer_drain(struct binding_table *table, struct binding_entry *entry)
{
	struct binding_totals *totals = &binding_table_cold(table, entry)->totals;

	drain(&entry->up, &totals->up_packets, &totals->up_octets);
	drain(&entry->down, &totals->down_packets, &totals->down_octets);
}

size_t table_writer_reclaim(struct binding_table *table, size_t budget, table_final_usage *final_usage, void *context)
{
	(void)retirement_advance(table, &budget);
	retirement_report(table, &budget, final_usage, context);
	return retirement_waiting(table);
}

struct binding_entry *table_writer_next(const struct binding_table *table, size_t *cursor)
{
	while (*cursor < table->colds_used) {
		const struct binding_cold *cold = &table->colds[(*cursor)++];

		if (cold->slot != NO_SLOT)
			return &table->slots[cold->slot];
	}
	return NULL;
}

size_t table_writer_extent(const struct binding_table *table)
{
	return table->colds_used;
}

struct binding_entry *table_writer_sweep(const struct binding_table *table, size_t *cursor)
{
	size_t slots = (size_t)table_blocks(table) * BLOCK_SLOTS;

	while (*cursor < slots) {
		uint32_t block = (uint32_t)(*cursor / BLOCK_SLOTS);
		uint64_t live = live_slots(table, block) >> *cursor % BLOCK_SLOTS;

		if (!live) {
			*cursor = ((size_t)block + 1) * BLOCK_SLOTS;
			continue;
		}
		*cursor += (unsigned)__builtin_ctzll(live) + 1;
		return &table->slots[*cursor - 1];
	}
	return NULL;
}
