// SPDX-License-Identifier: BSD-3-Clause
#include "table_writer.h"

#include <errno.h>

#include <rte_rcu_qsbr.h>

#include "table_layout.h"

/* Where a key's slot is, and the buckets passed on the way there. */
struct place {
	uint64_t hash;
	uint64_t step;
	unsigned slot;
};

static struct bucket *bucket_at(const struct binding_table *table, uint64_t hash, uint64_t step)
{
	return &table->buckets[(hash + step) & table->bucket_mask];
}

static bool find_place(const struct binding_table *table, const struct in6_addr *key, struct place *place)
{
	place->hash = table_hash(table, key);
	for (place->step = 0; place->step <= table->bucket_mask; place->step++) {
		struct bucket *bucket = bucket_at(table, place->hash, place->step);

		for (place->slot = 0; place->slot < BUCKET_SLOTS; place->slot++) {
			uint64_t slot = bucket->slots[place->slot];

			if (slot_has_tag(slot, place->hash) && key_is(&table->entries[slot_index(slot)], key))
				return true;
		}
		if (!bucket->passed_by)
			return false;
	}
	return false;
}

static bool find_room(const struct binding_table *table, uint64_t hash, struct place *place)
{
	place->hash = hash;
	for (place->step = 0; place->step <= table->bucket_mask; place->step++) {
		struct bucket *bucket = bucket_at(table, hash, place->step);

		for (place->slot = 0; place->slot < BUCKET_SLOTS; place->slot++)
			if (!bucket->slots[place->slot])
				return true;
	}
	return false;
}

static struct binding_entry *entry_at(const struct binding_table *table, const struct place *place)
{
	return &table->entries[slot_index(bucket_at(table, place->hash, place->step)->slots[place->slot])];
}

struct binding_entry *table_writer_find(const struct binding_table *table, const struct in6_addr *key)
{
	struct place place;

	return find_place(table, key, &place) ? entry_at(table, &place) : NULL;
}

/* An entry that nobody holds, or NULL. */
static struct binding_entry *take_entry(struct binding_table *table)
{
	if (table->free_count)
		return &table->entries[table->free_indexes[--table->free_count]];
	if (table->used < table->entry_count)
		return &table->entries[table->used++];
	return NULL;
}

static void retire(struct binding_table *table, const struct binding_entry *entry)
{
	size_t last = (table->retired_first + table->retired_count++) % table->entry_count;

	table->retired[last] = (struct retired_entry){.token = rte_rcu_qsbr_start(table->qsbr),
	                                              .index = (uint32_t)(entry - table->entries)};
	table->live[entry - table->entries] = false;
}

static struct binding_traits traits_of(const struct binding_record *record)
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

/* Fills an entry that no reader knows. */
static void fill(struct binding_table *table, struct binding_entry *entry, const struct binding_record *record,
                 struct binding_traits traits)
{
	struct binding_cold *cold = binding_table_cold(table, entry);

	memset(cold, 0, sizeof(*cold));
	memset(binding_table_side(table, entry), 0, sizeof(struct binding_side));
	table->live[entry - table->entries] = true;
	cold->credit_octets = CARE_OF_CREDIT_OCTETS;
	entry->key = record->key;
	shared_address_store(&entry->care_of_address, &record->care_of_address);
	shared_store(&entry->down, 0);
	shared_store(&entry->up, 0);
	shared_store(&entry->expiry_and_port, record->expiry_unix_ms << 16 | record->port);
	shared_store(&entry->traits, binding_traits_word(traits));
}

/* The previous address first: a reader that sees the new one finds the old one there. */
static void set_previous(struct binding_side *side, const struct in6_addr *previous, uint64_t until_and_port)
{
	shared_release(&side->previous_until_and_port, 0);
	shared_address_store(&side->previous_care_of, previous);
	shared_release(&side->previous_until_and_port, until_and_port);
}

static int insert(struct binding_table *table, const struct binding_record *record, uint64_t now_ms)
{
	struct binding_entry *entry;
	struct place place;

	if (table->count >= table->bindings_max || !find_room(table, table_hash(table, &record->key), &place))
		return -ENOSPC;
	entry = take_entry(table);
	if (!entry)
		return -ENOSPC;
	fill(table, entry, record, traits_of(record));
	stamp(binding_table_cold(table, entry), record, now_ms);
	for (uint64_t step = 0; step < place.step; step++) {
		struct bucket *passed = bucket_at(table, place.hash, step);

		shared_release(&passed->passed_by, passed->passed_by + 1);
	}
	shared_release(&bucket_at(table, place.hash, place.step)->slots[place.slot],
	               slot_of(place.hash, (uint32_t)(entry - table->entries)));
	table->count++;
	return 0;
}

/* A new entry in place of the old one, for a change of several fields. */
static int replace(struct binding_table *table, const struct place *place, const struct binding_record *record,
                   struct binding_traits traits, uint64_t now_ms, uint32_t grace_ms)
{
	struct binding_entry *old = entry_at(table, place);
	struct binding_cold *old_cold = binding_table_cold(table, old);
	struct in6_addr old_care_of = shared_address_load(&old->care_of_address);
	uint16_t old_port = binding_port_load(old);
	bool moved =
	        memcmp(&old_care_of, &record->care_of_address, sizeof(old_care_of)) != 0 || old_port != record->port;
	struct binding_entry *entry = take_entry(table);
	struct binding_cold *cold;

	if (!entry)
		return -ENOSPC;
	if (moved)
		traits.flags |= BINDING_HAS_PREVIOUS;
	fill(table, entry, record, traits);
	cold = binding_table_cold(table, entry);
	stamp(cold, record, now_ms);
	if (moved) {
		set_previous(binding_table_side(table, entry), &old_care_of, (now_ms + grace_ms) << 16 | old_port);
	} else {
		const struct binding_side *old_side = binding_table_side(table, old);
		struct in6_addr previous = shared_address_load(&old_side->previous_care_of);

		set_previous(binding_table_side(table, entry), &previous, old_side->previous_until_and_port);
		cold->credit_octets = shared_load(&old_cold->credit_octets);
	}
	table_writer_drain(table, old);
	cold->totals = old_cold->totals;
	memset(&old_cold->totals, 0, sizeof(old_cold->totals));
	old_cold->successor = (uint32_t)(entry - table->entries) + 1;
	shared_release(&bucket_at(table, place->hash, place->step)->slots[place->slot],
	               slot_of(place->hash, (uint32_t)(entry - table->entries)));
	retire(table, old);
	return 0;
}

/* What the new record asks for, with what is known of a care-of address that stays (feed.h, M-17). */
static struct binding_traits wanted_traits(const struct binding_entry *old, const struct binding_record *record,
                                           bool care_of_stays)
{
	struct binding_traits traits = traits_of(record), before = binding_traits_load(old);

	traits.flags |= before.flags & BINDING_HAS_PREVIOUS;
	if (care_of_stays && !(before.flags & BINDING_CARE_OF_UNVERIFIED))
		traits.flags &= (uint16_t)~BINDING_CARE_OF_UNVERIFIED;
	return traits;
}

static int change(struct binding_table *table, const struct place *place, const struct binding_record *record,
                  uint64_t now_ms, uint32_t grace_ms)
{
	struct binding_entry *entry = entry_at(table, place);
	struct binding_cold *cold = binding_table_cold(table, entry);
	struct in6_addr care_of = shared_address_load(&entry->care_of_address);
	bool care_of_stays = memcmp(&care_of, &record->care_of_address, sizeof(care_of)) == 0 &&
	                     binding_port_load(entry) == record->port;
	struct binding_traits traits = wanted_traits(entry, record, care_of_stays);
	struct binding_traits moved = traits;

	if (cold->shard != record->shard)
		return -EEXIST;
	moved.flags |= BINDING_HAS_PREVIOUS;
	if (binding_port_load(entry) != record->port)
		return replace(table, place, record, traits, now_ms, grace_ms);
	if (!care_of_stays) {
		/* one store changes the tunnel's end, if nothing else that belongs to it changes, and no worker can
		 * be about to call the new address verified because of the old one */
		if (record->care_of_unverified || binding_traits_word(moved) != shared_load(&entry->traits))
			return replace(table, place, record, traits, now_ms, grace_ms);
		set_previous(binding_table_side(table, entry), &care_of, (now_ms + grace_ms) << 16 | record->port);
		shared_store(&entry->expiry_and_port, record->expiry_unix_ms << 16 | record->port);
		shared_address_store(&entry->care_of_address, &record->care_of_address);
	} else {
		shared_store(&entry->expiry_and_port, record->expiry_unix_ms << 16 | record->port);
		shared_store(&entry->traits, binding_traits_word(traits));
	}
	stamp(cold, record, now_ms);
	return 0;
}

int table_writer_set(struct binding_table *table, const struct binding_record *record, uint64_t now_ms,
                     uint32_t grace_ms)
{
	struct place place;

	if (!find_place(table, &record->key, &place))
		return insert(table, record, now_ms);
	return change(table, &place, record, now_ms, grace_ms);
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
	struct binding_entry *entry;
	struct place place;

	if (!find_place(table, key, &place))
		return -ENOENT;
	entry = entry_at(table, &place);
	shared_release(&bucket_at(table, place.hash, place.step)->slots[place.slot], 0);
	for (uint64_t step = 0; step < place.step; step++) {
		struct bucket *passed = bucket_at(table, place.hash, step);

		shared_release(&passed->passed_by, passed->passed_by - 1);
	}
	table->count--;
	retire(table, entry);
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

static void add_totals(struct binding_totals *to, const struct binding_totals *from)
{
	to->up_packets += from->up_packets;
	to->up_octets += from->up_octets;
	to->down_packets += from->down_packets;
	to->down_octets += from->down_octets;
}

size_t table_writer_reclaim(struct binding_table *table, size_t budget, table_final_usage *final_usage, void *context)
{
	for (; budget && table->retired_count; budget--) {
		struct retired_entry *first = &table->retired[table->retired_first];
		struct binding_entry *entry = &table->entries[first->index];
		struct binding_cold *cold = &table->colds[first->index];

		if (rte_rcu_qsbr_check(table->qsbr, first->token, false) != 1)
			break;
		table_writer_drain(table, entry);
		/* a successor was retired later, if at all, so it is still there */
		if (cold->successor)
			add_totals(&table->colds[cold->successor - 1].totals, &cold->totals);
		else if (final_usage)
			final_usage(context, &entry->key, cold);
		table->free_indexes[table->free_count++] = first->index;
		table->retired_first = (table->retired_first + 1) % table->entry_count;
		table->retired_count--;
	}
	return table->retired_count;
}

struct binding_entry *table_writer_next(const struct binding_table *table, size_t *cursor)
{
	while (*cursor < table->used) {
		struct binding_entry *entry = &table->entries[(*cursor)++];

		if (table->live[*cursor - 1])
			return entry;
	}
	return NULL;
}

size_t table_writer_extent(const struct binding_table *table)
{
	return table->used;
}
