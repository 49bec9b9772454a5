// SPDX-License-Identifier: BSD-3-Clause
/* What a worker remembers of its drops: for each key and reason, in bounded memory. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "drop_memory.h"
#include "vectors.h"

static struct in6_addr key_of(uint64_t number)
{
	struct in6_addr key = {.s6_addr = {0x20, 0x01, 0x0d, 0xb8}};

	memcpy(&key.s6_addr[8], &number, sizeof(number));
	return key;
}

static struct drop_memory *memory_new(void)
{
	struct drop_memory *memory = calloc(1, sizeof(*memory));

	assert_non_null(memory);
	return memory;
}

static void a_drop_that_recurs_is_one_note(void **state)
{
	struct drop_memory *memory = memory_new();
	struct in6_addr key = key_of(1), other = key_of(2);
	struct drop_note notes[DROP_MEMORY_WAYS];

	(void)state;
	drop_memory_add(memory, &key, DROP_too_big, 10);
	drop_memory_add(memory, &key, DROP_care_of_mismatch, 15);
	drop_memory_add(memory, &key, DROP_too_big, 20);
	assert_int_equal(drop_memory_of_key(memory, &other, notes), 0);
	assert_int_equal(drop_memory_of_key(memory, &key, notes), 2);
	for (unsigned i = 0; i < 2; i++) {
		bool is_too_big = notes[i].reason == DROP_too_big;

		assert_int_equal(notes[i].packets, is_too_big ? 2 : 1);
		assert_int_equal(notes[i].last_ms, is_too_big ? 20 : 15);
		assert_memory_equal(&notes[i].key, &key, sizeof(key));
	}
	free(memory);
}

static void drops_of_nobody_are_not_kept(void **state)
{
	struct drop_memory *memory = memory_new();
	struct in6_addr none = {0};
	struct drop_note note;

	(void)state;
	drop_memory_add(memory, &none, DROP_frame_foreign, 10);
	for (unsigned slot = 0; slot < DROP_MEMORY_SLOTS; slot++)
		assert_false(drop_memory_at(memory, slot, &note));
	free(memory);
}

static void what_was_quiet_for_longest_gives_way(void **state)
{
	struct drop_memory *memory = memory_new();
	struct in6_addr key = key_of(1);
	struct drop_note notes[DROP_MEMORY_WAYS];
	unsigned count;

	(void)state;
	for (unsigned reason = 0; reason < DROP_MEMORY_WAYS; reason++)
		drop_memory_add(memory, &key, (enum drop_reason)reason, 100 + reason);
	drop_memory_add(memory, &key, (enum drop_reason)0, 200);
	drop_memory_add(memory, &key, (enum drop_reason)DROP_MEMORY_WAYS, 201);
	count = drop_memory_of_key(memory, &key, notes);
	assert_int_equal(count, DROP_MEMORY_WAYS);
	for (unsigned i = 0; i < count; i++)
		assert_int_not_equal(notes[i].reason, 1);
	free(memory);
}

static void a_flood_of_one_leaves_the_others(void **state)
{
	struct drop_memory *memory = memory_new();
	struct drop_note note, notes[DROP_MEMORY_WAYS];
	struct in6_addr flooding = key_of(7);
	unsigned seen = 0;

	(void)state;
	for (uint64_t number = 100; number < 300; number++) {
		struct in6_addr key = key_of(number);

		drop_memory_add(memory, &key, DROP_destination_expired, 5);
	}
	for (unsigned i = 0; i < 100000; i++)
		drop_memory_add(memory, &flooding, DROP_credit_used_up, 1000 + i);
	assert_int_equal(drop_memory_of_key(memory, &flooding, notes), 1);
	assert_int_equal(notes[0].packets, 100000);
	for (unsigned slot = 0; slot < DROP_MEMORY_SLOTS; slot++)
		seen += drop_memory_at(memory, slot, &note) && note.reason == DROP_destination_expired;
	assert_true(seen >= 199);
	free(memory);
}

/* A reader sees notes that were written whole: key, time and reason belong together. */
struct race {
	struct drop_memory *memory;
	bool stop;
	uint64_t reads;
};

static void *read_all_the_time(void *context)
{
	struct race *race = context;

	while (!shared_load(&race->stop))
		for (unsigned slot = 0; slot < DROP_MEMORY_SLOTS; slot++) {
			struct drop_note note;
			uint64_t number;

			if (!drop_memory_at(race->memory, slot, &note))
				continue;
			memcpy(&number, &note.key.s6_addr[8], sizeof(number));
			if (note.last_ms != number || (uint64_t)note.reason != number % DROP_REASONS)
				return (void *)"torn";
			race->reads++;
		}
	return NULL;
}

static void readers_see_whole_notes(void **state)
{
	struct race race = {.memory = memory_new()};
	pthread_t reader;
	void *fault;

	(void)state;
	assert_int_equal(pthread_create(&reader, NULL, read_all_the_time, &race), 0);
	for (uint64_t number = 1; number < 3000000; number++) {
		struct in6_addr key = key_of(number);

		drop_memory_add(race.memory, &key, (enum drop_reason)(number % DROP_REASONS), number);
	}
	shared_store(&race.stop, true);
	pthread_join(reader, &fault);
	assert_null(fault);
	free(race.memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_drop_that_recurs_is_one_note),
	        cmocka_unit_test(drops_of_nobody_are_not_kept),
	        cmocka_unit_test(what_was_quiet_for_longest_gives_way),
	        cmocka_unit_test(a_flood_of_one_leaves_the_others),
	        cmocka_unit_test(readers_see_whole_notes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
