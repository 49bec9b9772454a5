// SPDX-License-Identifier: BSD-3-Clause
#include "neighbour.h"

#include <string.h>

#include <rte_rcu_qsbr.h>

#include "ip.h"

enum { PROBES = 16 };

static uint64_t link_word(enum neighbour_state state, const uint8_t link_address[6])
{
	uint64_t word = 0;

	if (link_address)
		memcpy(&word, link_address, 6);
	return (uint64_t)state << 48 | word;
}

bool neighbour_link_address(const struct neighbour *neighbour, uint8_t link_address[6])
{
	uint64_t word = __atomic_load_n(&neighbour->link, __ATOMIC_ACQUIRE);

	memcpy(link_address, &word, 6);
	return word >> 48 == NEIGHBOUR_RESOLVED;
}

static unsigned first_slot(const struct in6_addr *address, uint8_t port)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	return (unsigned)((((words[0] ^ port) * 0x9e3779b97f4a7c15ull + words[1]) * 0xc2b2ae3d27d4eb4full) >> 54);
}

struct neighbour *neighbour_find(struct neighbour_table *table, const struct in6_addr *address, uint8_t port)
{
	unsigned first = first_slot(address, port);

	for (unsigned i = 0; i < PROBES; i++) {
		struct neighbour *slot = &table->slots[(first + i) % NEIGHBOURS_MAX];
		enum neighbour_state state = neighbour_state(slot);

		if ((state == NEIGHBOUR_INCOMPLETE || state == NEIGHBOUR_RESOLVED) && slot->port == port &&
		    in6_is_equal(&slot->address, address))
			return slot;
	}
	return NULL;
}

struct neighbour *neighbour_claim(struct neighbour_table *table, const struct in6_addr *address, uint8_t port,
                                  uint64_t now_ms)
{
	struct neighbour *found = neighbour_find(table, address, port);
	unsigned first = first_slot(address, port);

	for (unsigned i = 0; i < PROBES && !found; i++) {
		struct neighbour *slot = &table->slots[(first + i) % NEIGHBOURS_MAX];
		uint64_t free_word = 0;

		if (!__atomic_compare_exchange_n(&slot->link, &free_word, link_word(NEIGHBOUR_CLAIMING, NULL), false,
		                                 __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			continue;
		slot->address = *address;
		slot->port = port;
		slot->pinned = false;
		__atomic_store_n(&slot->unanswered, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->confirmed_ms, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->solicited_ms, 0, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->used_ms, now_ms, __ATOMIC_RELAXED);
		__atomic_store_n(&slot->link, link_word(NEIGHBOUR_INCOMPLETE, NULL), __ATOMIC_RELEASE);
		found = slot;
	}
	return found;
}

void neighbour_learn(struct neighbour_table *table, struct neighbour *neighbour, const uint8_t link_address[6],
                     uint64_t now_ms)
{
	__atomic_store_n(&neighbour->confirmed_ms, now_ms, __ATOMIC_RELAXED);
	__atomic_store_n(&neighbour->unanswered, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&neighbour->link, link_word(NEIGHBOUR_RESOLVED, link_address), __ATOMIC_RELEASE);
	__atomic_fetch_add(&table->generation, 1, __ATOMIC_RELEASE);
}

/* One worker a second gets true. */
static bool take_turn(struct neighbour *neighbour, uint64_t now_ms)
{
	uint64_t last_ms = __atomic_load_n(&neighbour->solicited_ms, __ATOMIC_RELAXED);

	if (last_ms && now_ms < last_ms + NEIGHBOUR_RETRANSMIT_MS)
		return false;
	return __atomic_compare_exchange_n(&neighbour->solicited_ms, &last_ms, now_ms ? now_ms : 1, false,
	                                   __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

bool neighbour_use(struct neighbour *neighbour, uint64_t now_ms)
{
	enum neighbour_state state = neighbour_state(neighbour);
	uint64_t confirmed_ms = __atomic_load_n(&neighbour->confirmed_ms, __ATOMIC_RELAXED);

	if (now_ms >= __atomic_load_n(&neighbour->used_ms, __ATOMIC_RELAXED) + NEIGHBOUR_USED_MS)
		__atomic_store_n(&neighbour->used_ms, now_ms, __ATOMIC_RELAXED);
	if (state == NEIGHBOUR_RESOLVED && now_ms < confirmed_ms + NEIGHBOUR_REACHABLE_MS)
		return false;
	if (!take_turn(neighbour, now_ms))
		return false;
	if (__atomic_add_fetch(&neighbour->unanswered, 1, __ATOMIC_RELAXED) > NEIGHBOUR_SOLICITATIONS_MAX &&
	    state == NEIGHBOUR_RESOLVED)
		__atomic_store_n(&neighbour->link, link_word(NEIGHBOUR_INCOMPLETE, NULL), __ATOMIC_RELEASE);
	return true;
}

static void age(struct neighbour *slot, struct rte_rcu_qsbr *qsbr, uint64_t now_ms)
{
	enum neighbour_state state = neighbour_state(slot);
	uint64_t idle_ms = now_ms - __atomic_load_n(&slot->used_ms, __ATOMIC_RELAXED);
	uint64_t patience_ms = state == NEIGHBOUR_RESOLVED ? NEIGHBOUR_IDLE_MS : NEIGHBOUR_FAILED_MS;

	if (state == NEIGHBOUR_LEAVING) {
		if (rte_rcu_qsbr_check(qsbr, slot->token, false) == 1)
			__atomic_store_n(&slot->link, 0, __ATOMIC_RELEASE);
		return;
	}
	if (state < NEIGHBOUR_INCOMPLETE || slot->pinned || idle_ms < patience_ms)
		return;
	__atomic_store_n(&slot->link, link_word(NEIGHBOUR_LEAVING, NULL), __ATOMIC_RELEASE);
	slot->token = rte_rcu_qsbr_start(qsbr);
}

void neighbour_age(struct neighbour_table *table, struct rte_rcu_qsbr *qsbr, uint64_t now_ms)
{
	for (unsigned i = 0; i < NEIGHBOURS_MAX; i++)
		age(&table->slots[i], qsbr, now_ms);
}
