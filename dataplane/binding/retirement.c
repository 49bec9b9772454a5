// SPDX-License-Identifier: BSD-3-Clause
#include "retirement.h"

#include <rte_rcu_qsbr.h>

#include "extras.h"
#include "table_layout.h"

enum { SLOTS_AT_A_TIME = 32 };

static struct retirement *filling(struct binding_table *table)
{
	return &table->retirements[table->filling];
}

void retire_slot(struct binding_table *table, uint32_t slot)
{
	struct block *block = &table->blocks[slot / BLOCK_SLOTS];
	uint64_t *retired = &block->retired[table->filling];

	if (!*retired) {
		block->next[table->filling] = filling(table)->first_block;
		filling(table)->first_block = slot / BLOCK_SLOTS + 1;
	}
	*retired |= 1ull << slot % BLOCK_SLOTS;
	filling(table)->slot_count++;
}

void retire_parted(struct binding_table *table, uint32_t parted)
{
	table->parted_next[parted] = filling(table)->first_parted;
	filling(table)->first_parted = parted + 1;
}

void retire_side(struct binding_table *table, uint32_t side)
{
	side_at(table, side)->next = filling(table)->first_side;
	filling(table)->first_side = side + 1;
}

void retire_cold(struct binding_table *table, struct binding_cold *cold)
{
	struct retirement *retirement = filling(table);

	cold->next = retirement->first_final;
	retirement->first_final = (uint32_t)(cold - table->colds) + 1;
	if (!retirement->last_final)
		retirement->last_final = retirement->first_final;
	retirement->final_count++;
}

static bool holds_anything(const struct retirement *retirement)
{
	return retirement->first_block || retirement->first_parted || retirement->first_side || retirement->first_final;
}

/* M-17: what a worker that had the old copy learnt of a care-of address that is still the binding's. */
static void pass_on_verified(struct binding_entry *entry, const struct binding_entry *old)
{
	uint64_t flag = binding_traits_word((struct binding_traits){.flags = BINDING_CARE_OF_UNVERIFIED});
	struct in6_addr care_of = shared_address_load(&old->care_of_address);

	if (!(shared_load(&old->traits) & flag) && shared_load(&entry->traits) & flag &&
	    shared_address_is(&entry->care_of_address, &care_of))
		__atomic_fetch_and(&entry->traits, ~flag, __ATOMIC_RELAXED);
}

static void pass_on_count(uint64_t *to, uint64_t *from)
{
	uint64_t counted = __atomic_exchange_n(from, 0, __ATOMIC_RELAXED);

	if (counted)
		__atomic_fetch_add(to, counted, __ATOMIC_RELAXED);
}

/* What workers left in an old copy goes to the entry as it is now, as if they had counted there. */
static void pass_on(struct binding_table *table, struct binding_entry *old)
{
	const struct binding_cold *cold = binding_table_cold(table, old);
	struct binding_entry *entry;

	if (cold->slot == NO_SLOT) {
		table_writer_drain(table, old);
		return;
	}
	entry = &table->slots[cold->slot];
	pass_on_verified(entry, old);
	pass_on_count(&entry->up, &old->up);
	pass_on_count(&entry->down, &old->down);
}

/* Nobody looks at the slot any more. */
static void free_slot(struct binding_table *table, uint32_t slot)
{
	static const struct in6_addr none;
	struct binding_entry *entry = &table->slots[slot];
	uint32_t place = by_segment(table, slot / BLOCK_SLOTS);

	pass_on(table, entry);
	shared_address_store(entry_key(entry), &none);
	table->occupied[place] &= ~(1ull << slot % BLOCK_SLOTS);
	table->free_slots[place]++;
}

/* Takes up to `most` slots out of the retirement that waits; what freeing them looks at first is fetched. */
static unsigned take_retired(struct binding_table *table, uint32_t *slots, unsigned most)
{
	const unsigned waiting = !table->filling;
	struct retirement *retirement = &table->retirements[waiting];
	unsigned count = 0;

	while (count < most && retirement->first_block) {
		uint32_t number = retirement->first_block - 1;
		struct block *block = &table->blocks[number];
		uint64_t *retired = &block->retired[waiting];

		for (; count < most && *retired; *retired &= *retired - 1) {
			uint32_t slot = number * BLOCK_SLOTS + (uint32_t)__builtin_ctzll(*retired);

			__builtin_prefetch(&table->slots[slot], 1);
			__builtin_prefetch(&table->cold_of[slot]);
			slots[count++] = slot;
		}
		if (!*retired)
			retirement->first_block = block->next[waiting];
	}
	retirement->slot_count -= count;
	return count;
}

/* Some at a time, so that the memory brings what they look at side by side: cold records, then present entries. */
static void free_slots(struct binding_table *table, size_t *budget)
{
	uint32_t slots[SLOTS_AT_A_TIME];
	unsigned count;

	do {
		count = take_retired(table, slots, *budget < SLOTS_AT_A_TIME ? (unsigned)*budget : SLOTS_AT_A_TIME);
		for (unsigned i = 0; i < count; i++)
			__builtin_prefetch(&table->colds[table->cold_of[slots[i]]]);
		for (unsigned i = 0; i < count; i++) {
			uint32_t present = table->colds[table->cold_of[slots[i]]].slot;

			if (present != NO_SLOT)
				__builtin_prefetch(&table->slots[present], 1);
		}
		for (unsigned i = 0; i < count; i++)
			free_slot(table, slots[i]);
		*budget -= count;
	} while (count == SLOTS_AT_A_TIME);
}

static void free_records(struct binding_table *table, struct retirement *retirement, size_t *budget)
{
	for (; *budget && retirement->first_parted; --*budget) {
		uint32_t parted = retirement->first_parted - 1, segment = parted / table->shape.parted;

		retirement->first_parted = table->parted_next[parted];
		table->parted_next[parted] = table->parted_free[segment];
		table->parted_free[segment] = parted + 1;
	}
	for (; *budget && retirement->first_side; --*budget) {
		struct binding_side *side = side_at(table, retirement->first_side - 1);
		uint32_t number = retirement->first_side;

		retirement->first_side = side->next;
		extras_let_go(table, side);
		side->next = table->free_sides;
		table->free_sides = number;
	}
}

/* All slots of these bindings are free. */
static void hand_on_finals(struct binding_table *table, struct retirement *retirement)
{
	if (!retirement->first_final)
		return;
	table->colds[retirement->last_final - 1].next = table->first_final;
	table->first_final = retirement->first_final;
	table->final_count += retirement->final_count;
	retirement->first_final = retirement->last_final = 0;
	retirement->final_count = 0;
}

bool retirement_advance(struct binding_table *table, size_t *budget)
{
	while (*budget) {
		struct retirement *waiting = &table->retirements[!table->filling];

		if (holds_anything(waiting)) {
			if (!table->is_over && rte_rcu_qsbr_check(table->qsbr, table->token, false) != 1)
				return false;
			table->is_over = true;
			free_slots(table, budget);
			free_records(table, waiting, budget);
			if (!waiting->first_block && !waiting->first_parted && !waiting->first_side)
				hand_on_finals(table, waiting);
		} else if (holds_anything(filling(table))) {
			table->filling = !table->filling;
			table->token = rte_rcu_qsbr_start(table->qsbr);
			table->is_over = false;
		} else {
			return false;
		}
	}
	return true;
}

void retirement_report(struct binding_table *table, size_t *budget, table_final_usage *final_usage, void *context)
{
	for (; *budget && table->first_final; --*budget) {
		struct binding_cold *cold = &table->colds[table->first_final - 1];
		uint32_t number = table->first_final;

		table->first_final = cold->next;
		table->final_count--;
		if (final_usage)
			final_usage(context, &cold->withdrawn_key, cold);
		if (cold->side) {
			extras_let_go(table, side_at(table, cold->side - 1));
			side_at(table, cold->side - 1)->next = table->free_sides;
			table->free_sides = cold->side;
		}
		cold->next = table->free_colds;
		table->free_colds = number;
	}
}

size_t retirement_waiting(const struct binding_table *table)
{
	const struct retirement *both = table->retirements;
	size_t slots = both[0].slot_count + both[1].slot_count;

	return slots ? slots : both[0].final_count + both[1].final_count + table->final_count;
}
