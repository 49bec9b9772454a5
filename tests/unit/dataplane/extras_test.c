// SPDX-License-Identifier: BSD-3-Clause
/* What few bindings have: records that come and go without a reader seeing half of one, and meters. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_rcu_qsbr.h>

#include "extras.h"
#include "vectors.h"

static unsigned allocations;

static void *allocate(size_t octets)
{
	void *memory = aligned_alloc(64, (octets + 63) & ~(size_t)63);

	allocations++;
	return memory ? memset(memory, 0, octets) : NULL;
}

struct fixture {
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
	struct in6_addr key;
};

static void make(struct fixture *fixture)
{
	struct binding_table_options options = {
	        .bindings_max = 64, .secret = {{1, 2}}, .memory = {.allocate = allocate, .release = free}};
	struct binding_record record = {.key = {.s6_addr = {0x20, 1, 0x0d, 0xb8}},
	                                .care_of_address = {.s6_addr = {0x20, 1, 0x0d, 0xb8, 1}},
	                                .key_length = 64,
	                                .kind = FEED_TUNNEL_IP6_IN_IP6};

	fixture->qsbr = allocate(rte_rcu_qsbr_get_memsize(1));
	assert_int_equal(rte_rcu_qsbr_init(fixture->qsbr, 1), 0);
	assert_int_equal(rte_rcu_qsbr_thread_register(fixture->qsbr, 0), 0);
	rte_rcu_qsbr_thread_online(fixture->qsbr, 0);
	options.qsbr = fixture->qsbr;
	assert_int_equal(binding_table_new(&options, &fixture->table), 0);
	fixture->key = record.key;
	assert_int_equal(table_writer_set(fixture->table, &record, 0, 1000), 0);
}

static void unmake(struct fixture *fixture)
{
	binding_table_free(fixture->table);
	free(fixture->qsbr);
}

static uint16_t flags_of(struct fixture *fixture)
{
	return binding_traits_load(table_writer_find(fixture->table, &fixture->key)).flags & BINDING_EXTRA_FLAGS;
}

static struct binding_side *side_of(struct fixture *fixture)
{
	return binding_table_side(fixture->table, table_writer_find(fixture->table, &fixture->key));
}

static void extras_come_and_go(void **state)
{
	struct binding_extras_record record = {.own_weight = 1, .ways = 2, .weights = {3, 4}};
	struct fixture fixture;

	(void)state;
	make(&fixture);
	record.care_of[1].care_of_address.s6_addr[0] = 9;
	record.care_of[1].port = 4711;
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(flags_of(&fixture), BINDING_SEVERAL);
	assert_int_equal(side_of(&fixture)->ways->count, 2);
	assert_int_equal(side_of(&fixture)->ways->weights[1], 4);
	assert_int_equal((uint16_t)side_of(&fixture)->ways->list[1].expiry_and_port, 4711);
	assert_null(side_of(&fixture)->police);
	record.has_rates = true;
	record.ways = 0;
	record.up = (struct feed_rate){.octets_per_s = 1000, .burst_octets = 100};
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(flags_of(&fixture), BINDING_POLICED);
	assert_null(side_of(&fixture)->ways);
	record.has_rates = false;
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(flags_of(&fixture), 0);
	assert_null(side_of(&fixture));
	assert_int_equal(table_writer_withdraw(fixture.table, &fixture.key), 0);
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), -ENOENT);
	unmake(&fixture);
}

static uint64_t expiry_of(struct fixture *fixture)
{
	return binding_expiry_load(table_writer_find(fixture->table, &fixture->key));
}

/* RFC 5648 5.5: each care-of address has a lifetime of its own, and the binding that of the last. */
static void a_binding_lives_as_long_as_the_last_care_of_address(void **state)
{
	struct binding_extras_record record = {
	        .own_expiry_unix_ms = 5000,
	        .own_weight = 1,
	        .ways = 2,
	        .weights = {1, 1},
	        .care_of = {{.expiry_unix_ms = 9000}, {.expiry_unix_ms = 7000}},
	};
	struct fixture fixture;

	(void)state;
	make(&fixture);
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(expiry_of(&fixture), 9000);
	assert_int_equal(side_of(&fixture)->ways->own_expiry_unix_ms, 5000);
	record.ways = 0;
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(expiry_of(&fixture), 5000);
	unmake(&fixture);
}

static uint16_t mtu_of(struct fixture *fixture)
{
	struct binding_traits traits;

	memcpy(&traits, &side_of(fixture)->ways->list[0].traits, sizeof(traits));
	return traits.inner_mtu_bytes;
}

/* RFC 8201 5.3: what a worker has learnt of a way goes on while the feed says of it what it said before. */
static void what_was_learnt_of_a_way_outlives_a_refresh(void **state)
{
	struct binding_extras_record record = {.own_weight = 1,
	                                       .ways = 1,
	                                       .weights = {1},
	                                       .care_of = {{.kind = FEED_TUNNEL_IP6_IN_IP6, .inner_mtu_bytes = 1400}}};
	struct binding_ways *ways;
	struct fixture fixture;

	(void)state;
	make(&fixture);
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	ways = side_of(&fixture)->ways;
	ways->list[0].traits =
	        binding_traits_word((struct binding_traits){.kind = FEED_TUNNEL_IP6_IN_IP6, .inner_mtu_bytes = 1300});
	ways->lowered_s[0] = 77;
	record.care_of[0].expiry_unix_ms = 1; /* a refresh */
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(mtu_of(&fixture), 1300);
	assert_int_equal(side_of(&fixture)->ways->lowered_s[0], 77);
	record.care_of[0].inner_mtu_bytes = 1350; /* the owner knows better */
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	assert_int_equal(mtu_of(&fixture), 1350);
	assert_int_equal(side_of(&fixture)->ways->lowered_s[0], 0);
	unmake(&fixture);
}

/* A reader that holds the old record keeps it until its quiescent state; then memory is used again. */
static void a_record_that_is_read_stays(void **state)
{
	struct binding_extras_record record = {.own_weight = 1, .ways = 1, .weights = {5}};
	const struct binding_ways *seen;
	struct fixture fixture;
	unsigned before;

	(void)state;
	make(&fixture);
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	seen = side_of(&fixture)->ways;
	for (uint16_t weight = 100; weight < 110; weight++) {
		record.weights[0] = weight;
		assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
		assert_ptr_not_equal(side_of(&fixture)->ways, seen);
		assert_int_equal(seen->weights[0], 5);
	}
	before = allocations;
	for (unsigned i = 0; i < 10000; i++) {
		rte_rcu_qsbr_quiescent(fixture.qsbr, 0);
		assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1), 0);
	}
	assert_int_equal(allocations, before);
	unmake(&fixture);
}

/* A refresh does not fill the buckets, a change of the rate does; a withdrawn binding's memory comes back. */
static void meters_outlive_a_refresh(void **state)
{
	struct binding_extras_record record = {
	        .own_weight = 1, .has_rates = true, .down = {.octets_per_s = 1000, .burst_octets = 100}};
	struct fixture fixture;
	unsigned before;

	(void)state;
	make(&fixture);
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1000), 0);
	assert_true(policer_takes(&side_of(&fixture)->police->down, 1000, 100));
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1000), 0);
	assert_false(policer_takes(&side_of(&fixture)->police->down, 1000, 100));
	record.down.burst_octets = 200;
	assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1000), 0);
	assert_true(policer_takes(&side_of(&fixture)->police->down, 1000, 200));
	before = allocations;
	for (unsigned i = 0; i < 2000; i++) {
		struct binding_record again = {.key = fixture.key, .key_length = 64, .kind = FEED_TUNNEL_IP6_IN_IP6};

		assert_int_equal(table_writer_withdraw(fixture.table, &fixture.key), 0);
		rte_rcu_qsbr_quiescent(fixture.qsbr, 0);
		table_writer_reclaim(fixture.table, 1000, NULL, NULL);
		rte_rcu_qsbr_quiescent(fixture.qsbr, 0);
		table_writer_reclaim(fixture.table, 1000, NULL, NULL);
		assert_int_equal(table_writer_set(fixture.table, &again, 0, 1000), 0);
		assert_int_equal(table_writer_set_extras(fixture.table, &fixture.key, &record, 1000), 0);
	}
	assert_int_equal(allocations, before);
	unmake(&fixture);
}

/* RFC 2697 3: committed burst, then excess, then what the rate brings; over a second within one packet of the rate. */
static void a_meter_holds_its_rate(void **state)
{
	static const uint64_t rates[] = {1, 999, 8000, 125000, 12500000, 1250000000};
	struct policer policer;

	(void)state;
	policer_start(&policer, &(struct feed_rate){.octets_per_s = 8000, .burst_octets = 1000, .excess_octets = 500},
	              5000);
	assert_true(policer_takes(&policer, 5000, 1000));
	assert_true(policer_takes(&policer, 5000, 500)); /* yellow */
	assert_false(policer_takes(&policer, 5000, 1));
	assert_false(policer_takes(&policer, 5010, 81));
	assert_true(policer_takes(&policer, 5010, 80));
	assert_false(policer_takes(&policer, 5010, 1));
	assert_true(policer_takes(&policer, 5011, 8));
	assert_false(policer_takes(&policer, 4000, 1)); /* a clock that is behind brings nothing */
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct feed_rate rate = {.octets_per_s = rates[i], .burst_octets = 100000000};
		const uint32_t octets = rates[i] < 100000 ? 1 : 1500;
		uint64_t passed = 0;

		policer_start(&policer, &rate, 0);
		assert_true(policer_takes(&policer, 0, rate.burst_octets));
		for (uint64_t now_ms = 0; now_ms <= 2000; now_ms++)
			while (policer_takes(&policer, now_ms, octets))
				passed += octets;
		assert_true(passed <= 2 * rates[i] + octets);
		assert_true(passed + octets + rates[i] / 500 >= 2 * rates[i]);
	}
	policer_start(&policer, &(struct feed_rate){0}, 0);
	assert_true(policer_takes(&policer, 0, UINT32_MAX));
}

/* Who finds the meter taken goes by its last answer, and what it took is charged later. */
static void a_taken_meter_makes_nobody_wait(void **state)
{
	struct policer policer;

	(void)state;
	policer_start(&policer, &(struct feed_rate){.octets_per_s = 1000, .burst_octets = 1000}, 0);
	policer.busy = 1;
	assert_true(policer_takes(&policer, 0, 900));
	policer.busy = 0;
	assert_false(policer_takes(&policer, 0, 200));
	policer.busy = 1;
	assert_false(policer_takes(&policer, 0, 1));
	policer.busy = 0;
	assert_true(policer_takes(&policer, 0, 99));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_binding_lives_as_long_as_the_last_care_of_address),
	        cmocka_unit_test(what_was_learnt_of_a_way_outlives_a_refresh),
	        cmocka_unit_test(extras_come_and_go),
	        cmocka_unit_test(a_record_that_is_read_stays),
	        cmocka_unit_test(meters_outlive_a_refresh),
	        cmocka_unit_test(a_meter_holds_its_rate),
	        cmocka_unit_test(a_taken_meter_makes_nobody_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
