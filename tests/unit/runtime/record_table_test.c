// SPDX-License-Identifier: BSD-3-Clause
#include "record_table.h"

#include <stdlib.h>
#include <string.h>

#include "vectors.h"

enum { RECORDS = 60000, STEPS = 400000, ONE_HOME = 500, MANY = 1000000 };

struct record {
	uint64_t hash;
	uint32_t number;
	bool is_there;
};

static struct record_table table;

static uint64_t random_state = 42;

static uint64_t draw(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

static bool is(const void *record, const void *wanted)
{
	return ((const struct record *)record)->number == *(const uint32_t *)wanted;
}

static struct record *find(const struct record *record)
{
	return record_table_find(&table, record->hash, is, &record->number);
}

/* The order: every record once, hashes never falling, places before homes never empty (a search would end there). */
static void assert_walk_meets(const struct record *records, size_t count)
{
	const struct record *record = record_table_first(&table), *before = NULL;
	size_t there = 0, met = 0;

	for (size_t i = 0; i < count; i++)
		there += records[i].is_there;
	assert_int_equal(table.count, there);
	for (; record; before = record, record = record_table_next(&table, record->hash, record)) {
		assert_true(record->is_there);
		assert_true(!before || before->hash <= record->hash);
		assert_ptr_equal(find(record), record);
		met++;
	}
	assert_int_equal(met, there);
}

static void toggle(struct record *record)
{
	if (record->is_there)
		record_table_remove(&table, record->hash, record);
	else
		record_table_add(&table, record->hash, record);
	record->is_there = !record->is_there;
}

static void holds_what_comes_and_goes(void **state)
{
	struct record *records = test_calloc(RECORDS, sizeof(*records));

	(void)state;
	for (uint32_t i = 0; i < RECORDS; i++) {
		records[i].number = i;
		records[i].hash = record_hash(&i, sizeof(i));
	}
	assert_null(record_table_first(&table));
	assert_null(find(&records[0]));
	for (unsigned i = 0; i < STEPS; i++) {
		struct record *record = &records[draw() % (i < STEPS / 2 ? RECORDS : RECORDS / 4)];

		assert_ptr_equal(find(record), record->is_there ? record : NULL);
		toggle(record);
		assert_ptr_equal(find(record), record->is_there ? record : NULL);
	}
	assert_walk_meets(records, RECORDS);
	for (unsigned i = 0; i < RECORDS; i++)
		if (records[i].is_there)
			toggle(&records[i]);
	assert_int_equal(table.count, 0);
	assert_null(record_table_first(&table));
	record_table_clear(&table);
	test_free(records);
}

/* Records of one hash, at the very end of a part, and neighbours that they push on. */
static void holds_many_of_one_hash(void **state)
{
	struct record *records = test_calloc(ONE_HOME, sizeof(*records));

	(void)state;
	for (uint32_t i = 0; i < ONE_HOME; i++)
		records[i] = (struct record){UINT64_MAX - (i % 5 == 0) - ((uint64_t)(i % 7 == 0) << 40), i, false};
	for (unsigned i = 0; i < ONE_HOME; i++)
		toggle(&records[i]);
	assert_walk_meets(records, ONE_HOME);
	/* room behind the last home, not ever more homes */
	assert_true(table.parts[RECORD_TABLE_PARTS - 1].capacity < 8 * ONE_HOME);
	for (unsigned i = 0; i < ONE_HOME; i += 2)
		toggle(&records[i]);
	assert_walk_meets(records, ONE_HOME);
	record_table_clear(&table);
	test_free(records);
}

/* Whoever knows the hash of one that has gone goes on behind it: nothing is met twice, nothing that stays is missed. */
static void a_walk_goes_on_behind_what_has_gone(void **state)
{
	struct record *records = test_calloc(RECORDS, sizeof(*records));
	struct record *record;
	size_t met = 0, stay = 0;

	(void)state;
	for (uint32_t i = 0; i < RECORDS; i++) {
		records[i] = (struct record){record_hash(&i, sizeof(i)), i, false};
		if (i % 2)
			toggle(&records[i]);
	}
	record = record_table_first(&table);
	while (record) {
		uint64_t hash = record->hash;

		met++;
		toggle(record); /* goes */
		for (unsigned i = 0; i < 2; i++) {
			struct record *newcomer = &records[draw() % RECORDS / 2 * 2];

			if (newcomer->hash < hash && !newcomer->is_there)
				toggle(newcomer);
		}
		record = record_table_next(&table, hash, NULL);
		assert_true(!record || record->hash > hash);
	}
	for (unsigned i = 1; i < RECORDS; i += 2)
		stay += records[i].is_there;
	assert_int_equal(stay, 0);
	assert_int_equal(met, RECORDS / 2);
	record_table_clear(&table);
	test_free(records);
}

/* What an insertion moves at most are the places of one part, so no turn of a loop is long; and empty ones are few. */
static void a_million_lie_in_small_parts(void **state)
{
	struct record *records = test_calloc(MANY, sizeof(*records));
	size_t places = 0;

	(void)state;
	for (uint32_t i = 0; i < MANY; i++) {
		records[i] = (struct record){record_hash(&i, sizeof(i)), i, false};
		toggle(&records[i]);
	}
	for (unsigned part = 0; part < RECORD_TABLE_PARTS; part++) {
		assert_true(table.parts[part].capacity <= 4 * MANY / RECORD_TABLE_PARTS);
		places += table.parts[part].capacity;
	}
	assert_true(places <= 3 * (size_t)MANY);
	for (uint32_t i = 0; i < MANY; i += 1000)
		assert_ptr_equal(find(&records[i]), &records[i]);
	record_table_clear(&table);
	test_free(records);
}

static void a_hash_depends_on_each_octet_and_the_length(void **state)
{
	static const char text[] = "subscriber-of-the-home-network";
	char changed[sizeof(text)];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++) {
		memcpy(changed, text, sizeof(text));
		changed[i] ^= 1;
		assert_true(record_hash(changed, sizeof(changed)) != record_hash(text, sizeof(text)));
		assert_true(record_hash(text, i) != record_hash(text, i + 1));
	}
	assert_true(record_hash("\0", 1) != record_hash("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(holds_what_comes_and_goes),
	        cmocka_unit_test(holds_many_of_one_hash),
	        cmocka_unit_test(a_walk_goes_on_behind_what_has_gone),
	        cmocka_unit_test(a_million_lie_in_small_parts),
	        cmocka_unit_test(a_hash_depends_on_each_octet_and_the_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
