// SPDX-License-Identifier: BSD-3-Clause
#include "change_history.h"
#include "vectors.h"

enum { CHANGES = 1000 };

static void append(struct change_history *history, uint8_t shard, uint64_t sequence)
{
	uint8_t row[FEED_ROW_OCTETS] = {0};

	wire_store_u32(row, (uint32_t)sequence);
	row[4] = shard;
	change_history_append(history, shard, row, 1);
}

static void assert_row(const struct change_history *history, uint8_t shard, uint64_t sequence)
{
	const uint8_t *row = change_history_row(history, shard, sequence);
	uint8_t expected[5];

	assert_non_null(row);
	wire_store_u32(expected, (uint32_t)sequence);
	expected[4] = shard;
	assert_octets(row, 5, expected, 5);
}

static void what_was_appended_is_found(void **state)
{
	struct change_history *history = change_history_new(CHANGES);

	(void)state;
	assert_null(change_history_row(history, 3, 0));
	assert_null(change_history_row(history, 3, 1));
	for (uint64_t sequence = 1; sequence <= 500; sequence++) {
		append(history, 3, sequence);
		if (sequence % 3 == 0)
			append(history, 200, sequence / 3);
	}
	for (uint64_t sequence = 1; sequence <= 500; sequence++)
		assert_row(history, 3, sequence);
	for (uint64_t sequence = 1; sequence <= 166; sequence++)
		assert_row(history, 200, sequence);
	assert_null(change_history_row(history, 3, 501));
	assert_null(change_history_row(history, 200, 167));
	change_history_free(history);
}

/* architecture.md 2: at least so many changes are remembered, wherever they fell; the oldest go first. */
static void the_oldest_are_forgotten_first(void **state)
{
	struct change_history *history = change_history_new(CHANGES);
	uint64_t first = 1;

	(void)state;
	append(history, 9, 1); /* a quiet shard, long ago */
	for (uint64_t sequence = 1; sequence <= 40000; sequence++)
		append(history, 3, sequence);
	assert_null(change_history_row(history, 9, 1));
	while (!change_history_row(history, 3, first))
		first++;
	assert_true(first > 1);
	assert_true(40000 - first + 1 >= CHANGES);
	for (uint64_t sequence = first; sequence <= 40000; sequence++)
		assert_row(history, 3, sequence);
	append(history, 9, 2); /* it goes on where it was */
	assert_null(change_history_row(history, 9, 1));
	assert_row(history, 9, 2);
	change_history_free(history);
}

/* Extra rows are found with the row that they stand behind, and forgotten with it. */
static void extra_rows_stay_with_their_row(void **state)
{
	struct change_history *history = change_history_new(CHANGES);
	uint8_t rows[3 * FEED_ROW_OCTETS];
	size_t count;

	(void)state;
	for (unsigned i = 1; i <= 10 * CHANGES; i++) {
		memset(rows, (int)i, sizeof(rows));
		change_history_append(history, 3, rows, 1 + i % 3);
	}
	for (unsigned i = 10 * CHANGES - CHANGES / 2; i <= 10 * CHANGES; i++) {
		const uint8_t *extras = change_history_extras(history, 3, i, &count);

		memset(rows, (int)i, sizeof(rows));
		assert_int_equal(count, i % 3);
		assert_octets(extras, count * FEED_ROW_OCTETS, rows, count * FEED_ROW_OCTETS);
	}
	change_history_free(history);
}

static void a_shard_begins_anew(void **state)
{
	struct change_history *history = change_history_new(CHANGES);

	(void)state;
	for (uint64_t sequence = 1; sequence <= 200; sequence++)
		append(history, 3, sequence);
	change_history_reset(history, 3, 7000);
	assert_null(change_history_row(history, 3, 200));
	assert_null(change_history_row(history, 3, 7000));
	append(history, 3, 7001);
	assert_row(history, 3, 7001);
	change_history_free(history);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_was_appended_is_found),
	        cmocka_unit_test(the_oldest_are_forgotten_first),
	        cmocka_unit_test(extra_rows_stay_with_their_row),
	        cmocka_unit_test(a_shard_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
