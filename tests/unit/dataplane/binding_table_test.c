// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_rcu_qsbr.h>

#include "feed.h"
#include "table_layout.h"
#include "table_writer.h"
#include "usage.h"
#include "vectors.h"

static void *allocate(size_t octets)
{
	void *memory = aligned_alloc(64, (octets + 63) & ~(size_t)63);

	return memory ? memset(memory, 0, octets) : NULL;
}

static const struct table_memory memory = {.allocate = allocate, .release = free};

struct fixture {
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
};

static void make(struct fixture *fixture, size_t bindings_max)
{
	struct binding_table_options options = {.bindings_max = bindings_max, .secret = {{1, 2}}, .memory = memory};

	fixture->qsbr = allocate(rte_rcu_qsbr_get_memsize(1));
	assert_int_equal(rte_rcu_qsbr_init(fixture->qsbr, 1), 0);
	assert_int_equal(rte_rcu_qsbr_thread_register(fixture->qsbr, 0), 0);
	rte_rcu_qsbr_thread_online(fixture->qsbr, 0);
	options.qsbr = fixture->qsbr;
	assert_int_equal(binding_table_new(&options, &fixture->table), 0);
}

static void unmake(struct fixture *fixture)
{
	binding_table_free(fixture->table);
	free(fixture->qsbr);
}

static struct in6_addr key_of(uint32_t number)
{
	struct in6_addr key = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};

	memcpy(&key.s6_addr[4], &number, sizeof(number));
	return key;
}

static struct binding_record record_of(uint32_t number, uint8_t care_of)
{
	struct binding_record record = {.key = key_of(number),
	                                .key_length = 64,
	                                .shard = 3,
	                                .kind = FEED_TUNNEL_IP6_IN_IP6,
	                                .inner_mtu_bytes = 1460,
	                                .expiry_unix_ms = 1700000000000ull + number,
	                                .epoch = 1,
	                                .sequence = number + 1};

	memset(&record.care_of_address, care_of, sizeof(record.care_of_address));
	return record;
}

static struct binding_entry *look_up(const struct binding_table *table, uint32_t number)
{
	struct in6_addr key = key_of(number);
	const struct in6_addr *keys[1] = {&key};
	struct binding_entry *entry;

	binding_table_lookup(table, keys, 1, &entry);
	return entry;
}

/* Of 00 01 … 0f under the key 00 01 … 0f, by a Python SipHash that gives the published SipHash-2-4. */
static void hash_is_siphash_1_3(void **state)
{
	struct hash_secret secret = {{0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull}};

	(void)state;
	assert_true(keyed_hash(secret, 0x0706050403020100ull, 0x0f0e0d0c0b0a0908ull) == 0xcc4fdd1a7d908b66ull);
}

static void every_binding_is_found_and_no_other(void **state)
{
	enum { COUNT = 20000 };
	struct binding_entry *entries[BINDING_LOOKUP_MAX];
	const struct in6_addr *pointers[BINDING_LOOKUP_MAX];
	struct in6_addr keys[BINDING_LOOKUP_MAX];
	struct fixture fixture;

	(void)state;
	make(&fixture, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct binding_record record = record_of(i, (uint8_t)i);

		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	}
	assert_int_equal(binding_table_count(fixture.table), COUNT);
	for (uint32_t i = 0; i < COUNT; i += BINDING_LOOKUP_MAX / 2) {
		for (unsigned j = 0; j < BINDING_LOOKUP_MAX; j++) {
			keys[j] = key_of(j % 2 ? i + j / 2 : COUNT + i + j);
			pointers[j] = &keys[j];
		}
		binding_table_lookup(fixture.table, pointers, BINDING_LOOKUP_MAX, entries);
		for (unsigned j = 0; j < BINDING_LOOKUP_MAX; j++) {
			if (j % 2) {
				assert_non_null(entries[j]);
				assert_memory_equal(&entries[j]->key, &keys[j], 16);
				assert_int_equal(binding_expiry_load(entries[j]), 1700000000000ull + i + j / 2);
			} else {
				assert_null(entries[j]);
			}
		}
	}
	unmake(&fixture);
}

static void full_table_refuses_and_harms_nobody(void **state)
{
	enum { COUNT = 1000 };
	struct binding_record record;
	struct fixture fixture;

	(void)state;
	make(&fixture, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		record = record_of(i, 1);
		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	}
	record = record_of(COUNT, 1);
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), -ENOSPC);
	record = record_of(7, 2); /* a change needs no room */
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	for (uint32_t i = 0; i < COUNT; i++)
		assert_non_null(look_up(fixture.table, i));
	record = record_of(5, 1);
	assert_int_equal(table_writer_withdraw(fixture.table, &record.key), 0);
	assert_int_equal(table_writer_withdraw(fixture.table, &record.key), -ENOENT);
	record = record_of(COUNT, 1);
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	unmake(&fixture);
}

/* */
static void key_of_another_shard_is_refused(void **state)
{
	struct binding_record record = record_of(1, 1), other = record_of(1, 9);
	struct fixture fixture;
	struct in6_addr care_of;

	(void)state;
	make(&fixture, 16);
	other.shard = 4;
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	assert_int_equal(table_writer_set(fixture.table, &other, 0, 0), -EEXIST);
	care_of = shared_address_load(&look_up(fixture.table, 1)->care_of_address);
	assert_memory_equal(&care_of, &record.care_of_address, 16);
	unmake(&fixture);
}

static void second_move_stays_in_place_and_keeps_the_previous_address(void **state)
{
	struct binding_record record = record_of(1, 1);
	struct binding_entry *first, *second;
	struct binding_side *side;
	struct fixture fixture;
	struct in6_addr previous;

	(void)state;
	make(&fixture, 16);
	assert_int_equal(table_writer_set(fixture.table, &record, 100, 1000), 0);
	record = record_of(1, 2); /* the first move sets a flag, too: a new entry */
	assert_int_equal(table_writer_set(fixture.table, &record, 200, 1000), 0);
	first = look_up(fixture.table, 1);
	record = record_of(1, 3);
	assert_int_equal(table_writer_set(fixture.table, &record, 300, 1000), 0);
	second = look_up(fixture.table, 1);
	assert_ptr_equal(first, second);
	side = binding_table_side(fixture.table, second);
	previous = shared_address_load(&side->previous_care_of);
	assert_int_equal(previous.s6_addr[0], 2);
	assert_int_equal(side->previous_until_and_port >> 16, 1300);
	assert_true(binding_traits_load(second).flags & BINDING_HAS_PREVIOUS);
	record.expiry_unix_ms++; /* a refresh is no move */
	assert_int_equal(table_writer_set(fixture.table, &record, 400, 1000), 0);
	assert_int_equal(side->previous_until_and_port >> 16, 1300);
	unmake(&fixture);
}

/* M-17: a new care-of address begins with a credit; one that is known goes on with what is known of it */
static void unverified_addresses_get_credit(void **state)
{
	struct binding_record record = record_of(1, 1);
	struct binding_entry *entry;
	struct fixture fixture;

	(void)state;
	make(&fixture, 16);
	record.care_of_unverified = true;
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	entry = look_up(fixture.table, 1);
	assert_true(binding_traits_load(entry).flags & BINDING_CARE_OF_UNVERIFIED);
	binding_table_cold(fixture.table, entry)->credit_octets = 17;
	record.inner_mtu_bytes = 1300;
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	entry = look_up(fixture.table, 1);
	assert_int_equal(binding_table_cold(fixture.table, entry)->credit_octets, 17);
	entry->traits &= ~binding_traits_word((struct binding_traits){.flags = BINDING_CARE_OF_UNVERIFIED});
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	entry = look_up(fixture.table, 1);
	assert_false(binding_traits_load(entry).flags & BINDING_CARE_OF_UNVERIFIED);
	record.care_of_address.s6_addr[0] = 0x77;
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	entry = look_up(fixture.table, 1);
	assert_true(binding_traits_load(entry).flags & BINDING_CARE_OF_UNVERIFIED);
	assert_int_equal(binding_table_cold(fixture.table, entry)->credit_octets, CARE_OF_CREDIT_OCTETS);
	unmake(&fixture);
}

struct final {
	unsigned calls;
	struct binding_totals totals;
};

static void keep_final(void *context, const struct in6_addr *key, const struct binding_cold *cold)
{
	struct final *final = (struct final *)context;

	(void)key;
	final->calls++;
	final->totals = cold->totals;
}

/* What a reader counts in an entry that was replaced meanwhile is not lost, nor what it counts after a withdrawal. */
static void no_count_is_lost(void **state)
{
	struct binding_record record = record_of(1, 1);
	struct binding_entry *entries[3];
	struct final final = {0};
	struct fixture fixture;

	(void)state;
	make(&fixture, 16);
	for (int i = 0; i < 3; i++) {
		record.port++;
		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
		entries[i] = look_up(fixture.table, 1);
		binding_count(&entries[i]->down, 100);
	}
	assert_int_equal(table_writer_withdraw(fixture.table, &record.key), 0);
	assert_null(look_up(fixture.table, 1));
	for (int i = 0; i < 3; i++)
		binding_count(&entries[i]->up, 10);
	assert_int_equal(table_writer_reclaim(fixture.table, 100, keep_final, &final), 3);
	assert_int_equal(final.calls, 0);
	rte_rcu_qsbr_quiescent(fixture.qsbr, 0);
	assert_int_equal(table_writer_reclaim(fixture.table, 1, keep_final, &final), 2);
	assert_int_equal(table_writer_reclaim(fixture.table, 100, keep_final, &final), 0);
	assert_int_equal(final.calls, 1);
	assert_int_equal(final.totals.down_packets, 3);
	assert_int_equal(final.totals.down_octets, 300);
	assert_int_equal(final.totals.up_packets, 3);
	assert_int_equal(final.totals.up_octets, 30);
	unmake(&fixture);
}

/* Keys that the hash brings into one group, more than a pilot can serve. */
static void crowded_group_is_parted_and_joined(void **state)
{
	enum { CROWD = 40 };
	struct binding_record record;
	struct fixture fixture;
	uint32_t numbers[CROWD], found = 0, group = 0;

	(void)state;
	make(&fixture, 1000);
	for (uint32_t number = 0; found < CROWD; number++) {
		struct in6_addr key = key_of(number);
		uint32_t its = group_of(fixture.table, table_hash(fixture.table, &key));

		if (!found)
			group = its;
		if (its == group)
			numbers[found++] = number;
	}
	for (unsigned i = 0; i < CROWD; i++) {
		record = record_of(numbers[i], 1);
		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
		for (unsigned j = 0; j < CROWD; j++)
			assert_int_equal(look_up(fixture.table, numbers[j]) != NULL, j <= i);
	}
	assert_true(fixture.table->pilots[group] >= PILOT_PARTED);
	for (unsigned i = 0; i < CROWD; i++) {
		record = record_of(numbers[i], 1);
		assert_int_equal(table_writer_withdraw(fixture.table, &record.key), 0);
		for (unsigned j = 0; j < CROWD; j++)
			assert_int_equal(look_up(fixture.table, numbers[j]) != NULL, j > i);
	}
	assert_true(fixture.table->pilots[group] < PILOT_PARTED);
	unmake(&fixture);
}

/* A reader that never rests keeps all retired slots: in the end changes are refused, and nobody is harmed. */
static void stalled_reader_harms_nobody(void **state)
{
	enum { COUNT = 70000 };
	uint32_t refused = 0, rounds = 0;
	struct binding_record record;
	struct fixture fixture;

	(void)state;
	make(&fixture, COUNT);
	for (uint32_t i = 0; i < COUNT / 2; i++) {
		record = record_of(i, 1);
		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	}
	for (uint32_t i = 0; !refused; i = (i + 1) % (COUNT / 2), rounds++) {
		record = record_of(i, 1);
		record.port = (uint16_t)(1 + rounds); /* each change takes a new slot */
		refused += table_writer_set(fixture.table, &record, 0, 0) == -ENOSPC;
	}
	for (uint32_t i = 0; i < COUNT; i++)
		assert_int_equal(look_up(fixture.table, i) != NULL, i < COUNT / 2);
	assert_int_equal(binding_table_count(fixture.table), COUNT / 2);
	for (uint32_t i = 0; i < COUNT; i++) {
		record = record_of(i, 1);
		rte_rcu_qsbr_quiescent(fixture.qsbr, 0);
		(void)table_writer_reclaim(fixture.table, 1000, NULL, NULL);
		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	}
	for (uint32_t i = 0; i < COUNT; i++)
		assert_non_null(look_up(fixture.table, i));
	unmake(&fixture);
}

/* As when millions expire in one second: what is taken back at a time is what the caller asks for. */
static void withdrawing_all_stays_in_slices(void **state)
{
	enum { COUNT = 20000, SLICE = 50 };
	struct final final = {0};
	struct fixture fixture;
	unsigned before = 0, turns = 0;

	(void)state;
	make(&fixture, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct binding_record record = record_of(i, 1);

		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		struct in6_addr key = key_of(i);

		assert_int_equal(table_writer_withdraw(fixture.table, &key), 0);
	}
	rte_rcu_qsbr_thread_offline(fixture.qsbr, 0);
	for (; table_writer_reclaim(fixture.table, SLICE, keep_final, &final); turns++) {
		assert_true(final.calls - before <= SLICE);
		before = final.calls;
	}
	assert_int_equal(final.calls, COUNT);
	assert_true(turns >= COUNT / SLICE);
	unmake(&fixture);
}

/* Its grace over, a previous address gives its side record back; until then it is there. */
static void previous_address_is_forgotten(void **state)
{
	struct binding_record record = record_of(1, 1);
	struct binding_entry *entry;
	struct fixture fixture;

	(void)state;
	make(&fixture, 16);
	assert_int_equal(table_writer_set(fixture.table, &record, 100, 1000), 0);
	record = record_of(1, 2);
	assert_int_equal(table_writer_set(fixture.table, &record, 200, 1000), 0);
	entry = look_up(fixture.table, 1);
	table_writer_forget_previous(fixture.table, entry, 1199);
	assert_non_null(binding_table_side(fixture.table, entry));
	table_writer_forget_previous(fixture.table, entry, 1200);
	assert_null(binding_table_side(fixture.table, entry));
	assert_false(binding_traits_load(entry).flags & BINDING_HAS_PREVIOUS);
	unmake(&fixture);
}

/* M-17: a worker that checked the old address does not call the new one verified. */
static void verification_is_of_one_address(void **state)
{
	struct binding_record record = record_of(1, 1);
	struct binding_traits before;
	struct binding_entry *entry;
	struct fixture fixture;

	(void)state;
	make(&fixture, 16);
	record.care_of_unverified = true;
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 1000), 0);
	entry = look_up(fixture.table, 1);
	before = binding_traits_load(entry);
	record.care_of_address.s6_addr[0] = 0x77;
	assert_int_equal(table_writer_set(fixture.table, &record, 0, 1000), 0);
	assert_ptr_equal(look_up(fixture.table, 1), entry);
	binding_call_verified(entry, before);
	assert_true(binding_traits_load(entry).flags & BINDING_CARE_OF_UNVERIFIED);
	binding_call_verified(entry, binding_traits_load(entry));
	assert_false(binding_traits_load(entry).flags & BINDING_CARE_OF_UNVERIFIED);
	unmake(&fixture);
}

static void count_reports(void *context, const struct in6_addr *key, const struct binding_cold *cold)
{
	(void)key;
	(void)cold;
	(*(unsigned *)context)++;
}

static void sweep_drains_in_slices(void **state)
{
	enum { COUNT = 1000 };
	struct usage usage = {0};
	struct fixture fixture;
	unsigned reports = 0;

	(void)state;
	make(&fixture, COUNT);
	for (uint32_t i = 0; i < COUNT; i++) {
		struct binding_record record = record_of(i, 1);

		assert_int_equal(table_writer_set(fixture.table, &record, 0, 0), 0);
	}
	for (uint32_t i = 0; i < COUNT; i++)
		binding_count(&look_up(fixture.table, i)->up, 50);
	usage_sweep(&usage, fixture.table, 100, count_reports, &reports);
	assert_in_range(reports, 100, 102);
	for (uint64_t now_ms = 200; now_ms <= 1000; now_ms += 100)
		usage_sweep(&usage, fixture.table, now_ms, count_reports, &reports);
	assert_int_equal(reports, COUNT);
	usage_sweep(&usage, fixture.table, 5000, count_reports, &reports);
	assert_int_equal(reports, COUNT);
	assert_int_equal(binding_table_cold(fixture.table, look_up(fixture.table, 999))->totals.up_octets, 50);
	unmake(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(hash_is_siphash_1_3),
	        cmocka_unit_test(every_binding_is_found_and_no_other),
	        cmocka_unit_test(full_table_refuses_and_harms_nobody),
	        cmocka_unit_test(key_of_another_shard_is_refused),
	        cmocka_unit_test(second_move_stays_in_place_and_keeps_the_previous_address),
	        cmocka_unit_test(unverified_addresses_get_credit),
	        cmocka_unit_test(no_count_is_lost),
	        cmocka_unit_test(sweep_drains_in_slices),
	        cmocka_unit_test(crowded_group_is_parted_and_joined),
	        cmocka_unit_test(stalled_reader_harms_nobody),
	        cmocka_unit_test(withdrawing_all_stays_in_slices),
	        cmocka_unit_test(previous_address_is_forgotten),
	        cmocka_unit_test(verification_is_of_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
