// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>
#include <string.h>

#include <rte_rcu_qsbr.h>

#include "neighbour.h"
#include "vectors.h"

static const uint8_t link_a[6] = {2, 0, 0, 0, 0, 0xa}, link_b[6] = {2, 0, 0, 0, 0, 0xb};

static struct in6_addr address_of(unsigned number)
{
	return (struct in6_addr){
	        .s6_addr = {0x20, 0x01, 0x0d, 0xb8, [14] = (uint8_t)(number >> 8), [15] = (uint8_t)number}};
}

static struct neighbour_table *make(void)
{
	struct neighbour_table *table = calloc(1, sizeof(*table));

	assert_non_null(table);
	return table;
}

static struct rte_rcu_qsbr *make_qsbr(void)
{
	size_t octets = rte_rcu_qsbr_get_memsize(1);
	struct rte_rcu_qsbr *qsbr = aligned_alloc(64, octets);

	assert_int_equal(rte_rcu_qsbr_init(qsbr, 1), 0);
	assert_int_equal(rte_rcu_qsbr_thread_register(qsbr, 0), 0);
	rte_rcu_qsbr_thread_online(qsbr, 0);
	return qsbr;
}

/* RFC 4861 7.2.2: one question a second while nothing is known; a port is part of who somebody is. */
static void unknown_neighbour_is_asked_once_a_second(void **state)
{
	struct neighbour_table *table = make();
	struct in6_addr address = address_of(1);
	struct neighbour *neighbour = neighbour_claim(table, &address, 2, 5000);
	uint8_t found[6];

	(void)state;
	assert_non_null(neighbour);
	assert_ptr_equal(neighbour_claim(table, &address, 2, 5000), neighbour);
	assert_ptr_not_equal(neighbour_claim(table, &address, 3, 5000), neighbour);
	assert_false(neighbour_link_address(neighbour, found));
	assert_true(neighbour_use(neighbour, 5000));
	assert_false(neighbour_use(neighbour, 5999));
	assert_true(neighbour_use(neighbour, 6000));
	neighbour_learn(table, neighbour, link_a, 6100);
	assert_true(neighbour_link_address(neighbour, found));
	assert_octets(found, 6, link_a, 6);
	assert_false(neighbour_use(neighbour, 6100 + NEIGHBOUR_REACHABLE_MS - 1));
	free(table);
}

/* RFC 4861 7.3: it is asked again after a while, used meanwhile, and unknown after three questions without an answer.
 */
static void silent_neighbour_becomes_unknown(void **state)
{
	struct neighbour_table *table = make();
	struct in6_addr address = address_of(1);
	struct neighbour *neighbour = neighbour_claim(table, &address, 0, 0);
	uint64_t now_ms = NEIGHBOUR_REACHABLE_MS + 1000;
	uint8_t found[6];

	(void)state;
	neighbour_learn(table, neighbour, link_a, 1000);
	for (int i = 0; i < NEIGHBOUR_SOLICITATIONS_MAX; i++, now_ms += NEIGHBOUR_RETRANSMIT_MS) {
		assert_true(neighbour_use(neighbour, now_ms));
		assert_true(neighbour_link_address(neighbour, found));
	}
	assert_true(neighbour_use(neighbour, now_ms));
	assert_false(neighbour_link_address(neighbour, found));
	neighbour_learn(table, neighbour, link_b, now_ms);
	assert_true(neighbour_link_address(neighbour, found));
	assert_octets(found, 6, link_b, 6);
	free(table);
}

/* Whoever sends to all addresses of a link fills the table, until what never answered is forgotten. */
static void who_is_not_used_is_forgotten_after_a_grace_period(void **state)
{
	struct neighbour_table *table = make();
	struct rte_rcu_qsbr *qsbr = make_qsbr();
	struct in6_addr router = address_of(1), address;
	struct neighbour *pinned = neighbour_claim(table, &router, 0, 0);
	unsigned refused = 0;

	(void)state;
	pinned->pinned = true;
	for (unsigned i = 2; i < 4 * NEIGHBOURS_MAX; i++) {
		address = address_of(i);
		refused += !neighbour_claim(table, &address, 0, 0);
	}
	assert_true(refused > 0);
	neighbour_age(table, qsbr, NEIGHBOUR_FAILED_MS);
	assert_null(neighbour_find(table, &address, 0));
	assert_ptr_equal(neighbour_find(table, &router, 0), pinned);
	neighbour_age(table, qsbr, NEIGHBOUR_FAILED_MS); /* a reader may still hold them */
	for (unsigned i = 0, still = 0; i < NEIGHBOURS_MAX; i++) {
		still += neighbour_state(&table->slots[i]) == NEIGHBOUR_FREE;
		assert_true(still < NEIGHBOURS_MAX / 2);
	}
	rte_rcu_qsbr_quiescent(qsbr, 0);
	neighbour_age(table, qsbr, NEIGHBOUR_FAILED_MS);
	address = address_of(77);
	assert_non_null(neighbour_claim(table, &address, 0, 0));
	for (unsigned i = 0, taken = 0; i < NEIGHBOURS_MAX; i++) {
		taken += neighbour_state(&table->slots[i]) != NEIGHBOUR_FREE;
		assert_true(taken <= 2);
	}
	free(table);
	free(qsbr);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(unknown_neighbour_is_asked_once_a_second),
	        cmocka_unit_test(silent_neighbour_becomes_unknown),
	        cmocka_unit_test(who_is_not_used_is_forgotten_after_a_grace_period),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
