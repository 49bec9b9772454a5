// SPDX-License-Identifier: BSD-3-Clause
/*
 * A table takes memory as bindings come. Its addresses here are addresses alone until claimed, so whoever looks at what
 * is not there yet, reader or writer, does not survive it; and claims are refused when a test says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include <rte_rcu_qsbr.h>

#include "feed.h"
#include "table_memory.h"
#include "table_writer.h"
#include "vectors.h"

/* Large enough to have two segments and thousands of rows. */
enum { PAGE = 4096, BINDINGS_MAX = 65000, ENOUGH = SIZE_MAX >> 1, ABSENT = 1000000 };

static struct {
	size_t claims_left;
	size_t claims;
	size_t octets;
	const uint8_t *refused_below; /* claims there are */
	unsigned maps;
} memory_state;

static size_t *length_of(void *memory)
{
	return (size_t *)((uint8_t *)memory - PAGE);
}

/* A page in front says how long it is. */
static void *map(size_t octets)
{
	uint8_t *memory = mmap(NULL, octets + PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(memory != MAP_FAILED);
	assert_int_equal(mprotect(memory, PAGE, PROT_READ | PROT_WRITE), 0);
	*(size_t *)memory = octets + PAGE;
	memory_state.maps++;
	return memory + PAGE;
}

static void unmap(void *memory)
{
	if (!memory)
		return;
	memory_state.maps--;
	munmap(length_of(memory), *length_of(memory));
}

static int claim(void *begin, size_t octets)
{
	if (!memory_state.claims_left || (const uint8_t *)begin < memory_state.refused_below)
		return -ENOMEM;
	memory_state.claims_left--;
	memory_state.claims++;
	memory_state.octets += octets;
	return mprotect(begin, octets, PROT_READ | PROT_WRITE) ? -ENOMEM : 0;
}

struct fixture {
	struct rte_rcu_qsbr *qsbr;
	struct binding_table *table;
};

static int make_table(struct fixture *fixture)
{
	struct binding_table_options options = {
	        .bindings_max = BINDINGS_MAX,
	        .secret = {{1, 2}},
	        .qsbr = fixture->qsbr,
	        .memory = {.allocate = map, .release = unmap, .claim = claim, .piece_octets = PAGE}};

	return binding_table_new(&options, &fixture->table);
}

static void begin(struct fixture *fixture)
{
	size_t octets = (rte_rcu_qsbr_get_memsize(1) + 63) & ~(size_t)63;

	memset(&memory_state, 0, sizeof(memory_state));
	memory_state.claims_left = ENOUGH;
	fixture->qsbr = aligned_alloc(64, octets);
	assert_int_equal(rte_rcu_qsbr_init(fixture->qsbr, 1), 0);
	assert_int_equal(rte_rcu_qsbr_thread_register(fixture->qsbr, 0), 0);
	rte_rcu_qsbr_thread_online(fixture->qsbr, 0);
}

static void end(struct fixture *fixture)
{
	binding_table_free(fixture->table);
	free(fixture->qsbr);
	assert_int_equal(memory_state.maps, 0);
}

static struct in6_addr key_of(uint32_t number)
{
	struct in6_addr key = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};

	memcpy(&key.s6_addr[4], &number, sizeof(number));
	return key;
}

static int set(struct fixture *fixture, uint32_t number)
{
	struct binding_record record = {
	        .key = key_of(number), .key_length = 64, .kind = FEED_TUNNEL_IP6_IN_IP6, .inner_mtu_bytes = 1460};

	memset(&record.care_of_address, (int)(number % 200) + 1, sizeof(record.care_of_address));
	return table_writer_set(fixture->table, &record, 0, 1000);
}

static struct binding_entry *look_up(const struct fixture *fixture, uint32_t number)
{
	struct in6_addr key = key_of(number);
	const struct in6_addr *pointer = &key;
	struct binding_entry *entry;

	binding_table_lookup(fixture->table, &pointer, 1, &entry);
	return entry;
}

/* All keys below `count` are found, with what they were bound to, and those of nobody are not. */
static void check_all(const struct fixture *fixture, uint32_t count)
{
	for (uint32_t number = 0; number < count; number++) {
		const struct binding_entry *entry = look_up(fixture, number);

		assert_non_null(entry);
		assert_int_equal(shared_address_load(&entry->care_of_address).s6_addr[15], number % 200 + 1);
	}
	for (uint32_t number = 0; number < 1000; number++)
		assert_null(look_up(fixture, ABSENT + number));
}

static void quiesce(struct fixture *fixture)
{
	rte_rcu_qsbr_quiescent(fixture->qsbr, 0);
	(void)table_writer_reclaim(fixture->table, 1000, NULL, NULL);
}

static void memory_follows_the_bindings(void **state)
{
	struct fixture fixture;
	size_t first, before;
	uint32_t grown = 0;

	(void)state;
	begin(&fixture);
	assert_int_equal(make_table(&fixture), 0);
	first = before = binding_table_octets_taken(fixture.table);
	assert_true(first < binding_table_octets_most(fixture.table) / 4);
	for (uint32_t number = 0; number < BINDINGS_MAX; number++) {
		assert_int_equal(set(&fixture, number), 0);
		/* slots for twice the bindings, what each row has besides, and not more than a row too early */
		assert_true(binding_table_octets_taken(fixture.table) < first + number * 220 + 16 * PAGE);
		grown += binding_table_octets_taken(fixture.table) > before;
		before = binding_table_octets_taken(fixture.table);
		if (number % 64 == 0)
			quiesce(&fixture);
		if (number % 8000 == 0)
			check_all(&fixture, number);
	}
	check_all(&fixture, BINDINGS_MAX);
	assert_true(grown > 1000);
	assert_int_equal(memory_state.octets, binding_table_octets_taken(fixture.table));
	assert_true(binding_table_octets_taken(fixture.table) <= binding_table_octets_most(fixture.table));
	end(&fixture);
}

/* Refused by name when nothing is free any more; the others are as they were; later it goes on. */
static void without_memory_a_row_is_refused_and_harms_nobody(void **state)
{
	struct fixture fixture;
	uint32_t bound = 0;
	int result;

	(void)state;
	begin(&fixture);
	assert_int_equal(make_table(&fixture), 0);
	memory_state.claims_left = 300;
	while ((result = set(&fixture, bound)) == 0)
		bound++;
	assert_int_equal(result, -ENOMEM);
	assert_true(bound > 1000 && bound < BINDINGS_MAX);
	assert_int_equal(binding_table_count(fixture.table), bound);
	for (uint32_t number = bound; number < bound + 500; number++)
		assert_int_equal(set(&fixture, number), -ENOMEM);
	check_all(&fixture, bound);
	assert_int_equal(set(&fixture, 7), 0); /* a change of one that is there */
	memory_state.claims_left = ENOUGH;
	for (uint32_t number = bound; number < BINDINGS_MAX; number++)
		assert_int_equal(set(&fixture, number), 0);
	check_all(&fixture, BINDINGS_MAX);
	end(&fixture);
}

/* What is free serves on, however full it is, when more rows cannot be had. */
static void rows_that_cannot_be_had_are_done_without(void **state)
{
	struct fixture fixture;
	uint32_t bound = 0, slots;

	(void)state;
	begin(&fixture);
	assert_int_equal(make_table(&fixture), 0);
	memory_state.refused_below = (uint8_t *)fixture.table->colds;
	slots = (fixture.table->open_rows << fixture.table->shape.segment_bits) * BLOCK_SLOTS;
	while (set(&fixture, bound) == 0) {
		bound++;
		quiesce(&fixture);
	}
	assert_true(bound > slots * 8 / 10);
	check_all(&fixture, bound);
	memory_state.refused_below = NULL;
	assert_int_equal(set(&fixture, bound), 0);
	end(&fixture);
}

/* A table that cannot begin leaves nothing behind. */
static void without_memory_no_table_begins(void **state)
{
	struct fixture fixture = {0};
	size_t claims = 0;
	int result;

	(void)state;
	begin(&fixture);
	do {
		memory_state.claims_left = claims++;
		result = make_table(&fixture);
		assert_int_equal(memory_state.maps, result == 0);
		assert_true(result == 0 || result == -ENOMEM);
	} while (result);
	assert_true(claims > 4);
	end(&fixture);
}

/* What readers count in entries that move while the table grows. */
static void no_count_is_lost_by_growing(void **state)
{
	struct fixture fixture;
	struct binding_entry *entry;
	uint64_t counted = 0, found = 0;
	size_t cursor = 0;

	(void)state;
	begin(&fixture);
	assert_int_equal(make_table(&fixture), 0);
	for (uint32_t number = 0; number < BINDINGS_MAX / 2; number++) {
		assert_int_equal(set(&fixture, number), 0);
		for (uint32_t other = 0; other < 3; other++, counted++)
			binding_count(&look_up(&fixture, (number * 7919 + other) % (number + 1))->down, 100);
		if (number % 50 == 0)
			quiesce(&fixture);
	}
	while (table_writer_reclaim(fixture.table, 1000, NULL, NULL))
		rte_rcu_qsbr_quiescent(fixture.qsbr, 0);
	while ((entry = table_writer_next(fixture.table, &cursor))) {
		table_writer_drain(fixture.table, entry);
		found += binding_table_cold(fixture.table, entry)->totals.down_packets;
	}
	assert_int_equal(found, counted);
	end(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(memory_follows_the_bindings),
	        cmocka_unit_test(without_memory_a_row_is_refused_and_harms_nobody),
	        cmocka_unit_test(rows_that_cannot_be_had_are_done_without),
	        cmocka_unit_test(without_memory_no_table_begins),
	        cmocka_unit_test(no_count_is_lost_by_growing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
