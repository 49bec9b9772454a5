// SPDX-License-Identifier: BSD-3-Clause
/* S-4, E-12, E-13, E-14: which sequence numbers leave the authentication centre, and when. */
#include "authentication_centre.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

enum { IND = 4 };

static const char IMSI[] = "001010000000001";

struct home {
	struct secret wrap_key, k, opc;
	struct randomness_seeded seeded;
	struct subscriber_table table;
	struct authentication_centre centre;
	struct instant now;
	struct effects *step;
	/* the last answer */
	unsigned answers;
	int result;
	struct aka_vector vector;
	uint64_t sqn;
};

static void answered(void *core, uint64_t token, int result, const struct aka_vector *vector, const struct instant *now,
                     struct effects *effects)
{
	struct home *home = core;
	struct milenage_result opened;
	uint8_t octets[AKA_SQN_OCTETS];

	(void)token, (void)now, (void)effects;
	home->answers++;
	home->result = result;
	assert_true((vector == NULL) == (result != 0));
	if (!vector)
		return;
	home->vector = *vector;
	milenage_f2345(&home->k, &home->opc, vector->rand, &opened);
	for (int i = 0; i < AKA_SQN_OCTETS; i++)
		octets[i] = vector->autn[i] ^ opened.ak[i];
	home->sqn = sqn_read(octets);
}

/* The process begins, with what the disk holds. */
static void begin(struct home *home, uint64_t seq_ceiling)
{
	struct subscriber_record record = {.amf = {0x80, 0}, .methods = METHOD_AKA_PRIME, .seq_ceiling = seq_ceiling};

	randomness_seeded_start(&home->seeded, 1);
	memcpy(record.imsi, IMSI, sizeof(IMSI));
	key_wrap(&home->wrap_key, IMSI, &home->k, &home->opc, &home->seeded.randomness, record.wrapped_keys);
	subscriber_table_start(&home->table, &home->wrap_key, &home->seeded.randomness);
	subscriber_table_loaded(&home->table, &record);
	authentication_centre_start(&home->centre, &home->table, &home->seeded.randomness, IND);
	home->step = effects_new();
}

static void end(struct home *home)
{
	authentication_centre_end(&home->centre);
	subscriber_table_end(&home->table);
	effects_free(home->step);
}

static int setup(void **state)
{
	static struct home home;

	memset(&home, 0, sizeof(home));
	memset(secret_fill(&home.wrap_key, KEY_WRAP_KEY_OCTETS), 7, KEY_WRAP_KEY_OCTETS);
	memset(secret_fill(&home.k, AKA_K_OCTETS), 1, AKA_K_OCTETS);
	memset(secret_fill(&home.opc, AKA_K_OCTETS), 2, AKA_K_OCTETS);
	begin(&home, 0);
	*state = &home;
	return 0;
}

static int teardown(void **state)
{
	end(*state);
	return 0;
}

static void ask(struct home *home, bool separation_bit)
{
	authentication_centre_vector(&home->centre, IMSI, separation_bit, answered, home, 1, &home->now, home->step);
}

/* The one block that the step wants stored. */
static struct subscriber_ceiling_row stored_row(const struct home *home)
{
	struct subscriber_ceiling_row row;
	struct effect_store store;

	assert_int_equal(effects_count(home->step, EFFECT_STORE), 1);
	assert_true(effects_store_at(home->step, 0, &store));
	assert_int_equal(store.operation, SUBSCRIBER_STORE_CEILING);
	assert_int_equal(store.octets, sizeof(row));
	memcpy(&row, store.row, sizeof(row));
	assert_string_equal(row.imsi, IMSI);
	return row;
}

static uint64_t stored_ceiling(const struct home *home)
{
	return stored_row(home).seq_ceiling;
}

/* The disk has answered; what the callbacks want goes into the next step. */
static void disk_answers(struct home *home, int result)
{
	struct effects *more = effects_new();

	effects_call_durable(home->step, result, &home->now, more);
	effects_free(home->step);
	home->step = more;
}

/* S-4, E-13 */
static void no_vector_leaves_before_its_block_is_durable(void **state)
{
	struct home *home = *state;

	ask(home, true);
	assert_int_equal(home->answers, 0);
	assert_int_equal(stored_ceiling(home), SEQ_BLOCK);
	disk_answers(home, 0);
	assert_int_equal(home->answers, 1);
	assert_int_equal(home->sqn, sqn_of(1, IND));
	for (uint64_t seq = 2; seq <= SEQ_BLOCK; seq++) {
		ask(home, true);
		assert_int_equal(home->sqn, sqn_of(seq, IND));
	}
	assert_int_equal(effects_count(home->step, EFFECT_STORE), 0);
	ask(home, true);
	assert_int_equal(home->answers, SEQ_BLOCK);
	assert_int_equal(stored_ceiling(home), 2 * SEQ_BLOCK);
}

/* S-4, S-5: a full disk costs the vector, not the number's freshness. */
static void a_failed_store_gives_no_vector(void **state)
{
	struct home *home = *state;

	ask(home, true);
	disk_answers(home, -ENOSPC);
	assert_int_equal(home->answers, 1);
	assert_int_equal(home->result, -ENOSPC);
	assert_int_equal(home->centre.counters.vectors, 0);
	assert_int_equal(home->centre.counters.blocks_failed, 1);
	ask(home, true);
	assert_int_equal(home->answers, 1);
	assert_int_equal(stored_ceiling(home), SEQ_BLOCK);
	disk_answers(home, 0);
	assert_int_equal(home->result, 0);
	assert_int_equal(home->sqn, sqn_of(1, IND));
}

/* S-4: what a crash left of a block is skipped. */
static void after_a_crash_the_rest_of_the_block_is_skipped(void **state)
{
	struct home *home = *state;
	uint64_t ceiling;

	ask(home, true);
	ceiling = stored_ceiling(home);
	disk_answers(home, 0);
	end(home);
	begin(home, ceiling);
	ask(home, true);
	disk_answers(home, 0);
	assert_int_equal(home->sqn, sqn_of(ceiling + 1, IND));
}

/* S-4: one block serves all who wait for it, and each gets a number of his own. */
static void those_who_wait_share_one_block(void **state)
{
	struct home *home = *state;
	uint64_t first;

	ask(home, true);
	ask(home, true);
	assert_int_equal(stored_ceiling(home), SEQ_BLOCK);
	disk_answers(home, 0);
	assert_int_equal(home->answers, 2);
	first = home->sqn;
	ask(home, true);
	assert_true(home->sqn > first);
	assert_int_equal(home->centre.counters.vectors, 3);
}

static void the_separation_bit_is_of_aka_prime_alone(void **state) /* E-12 */
{
	struct home *home = *state;

	ask(home, true);
	disk_answers(home, 0);
	assert_int_equal(home->vector.autn[AKA_SQN_OCTETS] & 0x80, 0x80);
	ask(home, false);
	assert_int_equal(home->vector.autn[AKA_SQN_OCTETS] & 0x80, 0);
}

/* The AUTS of a card that has accepted `seq` under our IND. */
static void auts_of_card(struct home *home, uint64_t seq, uint8_t auts[AKA_AUTS_OCTETS])
{
	struct sqn_window window = {.jump_limit = SQN_JUMP_LIMIT_DEFAULT};
	struct aka_answer answer;

	window.seq[IND] = seq;
	assert_int_equal(aka_answer_make(&home->k, &home->opc, &window, home->vector.rand, home->vector.autn, &answer),
	                 AKA_SYNCHRONISATION_FAILURE);
	memcpy(auts, answer.auts, AKA_AUTS_OCTETS);
}

static int resynchronise(struct home *home, const uint8_t rand[AKA_RAND_OCTETS], const uint8_t auts[AKA_AUTS_OCTETS])
{
	return authentication_centre_resynchronise(&home->centre, IMSI, rand, auts);
}

/* E-14, S-4: the number after a resynchronisation is durable, too, before it leaves. */
static void a_resynchronisation_goes_behind_the_card(void **state)
{
	struct home *home = *state;
	uint8_t auts[AKA_AUTS_OCTETS];

	ask(home, true);
	disk_answers(home, 0);
	auts_of_card(home, 5000, auts);
	assert_int_equal(resynchronise(home, home->vector.rand, auts), 0);
	ask(home, true);
	assert_int_equal(home->answers, 1);
	assert_int_equal(stored_ceiling(home), 5000 + SEQ_BLOCK);
	disk_answers(home, 0);
	assert_int_equal(home->sqn, sqn_of(5001, IND));
}

/* E-14: numbers that no card would take (a mistaken import) come down by a right AUTS, on the disk, too; once. */
static void a_home_far_ahead_comes_back_to_the_card(void **state)
{
	struct home *home = *state;
	uint8_t auts[AKA_AUTS_OCTETS];

	end(home);
	begin(home, UINT64_C(1) << 40);
	ask(home, true);
	assert_false(stored_row(home).resynchronised);
	disk_answers(home, 0);
	auts_of_card(home, 100, auts);
	assert_int_equal(resynchronise(home, home->vector.rand, auts), 0);
	ask(home, true);
	assert_int_equal(stored_ceiling(home), 100 + SEQ_BLOCK);
	assert_true(stored_row(home).resynchronised);
	disk_answers(home, 0);
	assert_int_equal(home->sqn, sqn_of(101, IND));
	while (home->sqn < sqn_of(100 + SEQ_BLOCK, IND))
		ask(home, true);
	ask(home, true);
	assert_false(stored_row(home).resynchronised);
}

/* E-14: an AUTS counts for the RAND of its challenge alone; a wrong or replayed one moves nothing. */
static void a_wrong_or_replayed_auts_moves_nothing(void **state)
{
	struct home *home = *state;
	uint8_t auts[AKA_AUTS_OCTETS], changed[AKA_AUTS_OCTETS], rand[AKA_RAND_OCTETS];

	ask(home, true);
	disk_answers(home, 0);
	memcpy(rand, home->vector.rand, sizeof(rand));
	auts_of_card(home, 5000, auts);
	for (size_t i = 0; i < sizeof(auts); i++) {
		memcpy(changed, auts, sizeof(changed));
		changed[i] ^= 1;
		assert_int_equal(resynchronise(home, rand, changed), -EBADMSG);
	}
	ask(home, true);
	assert_int_equal(resynchronise(home, home->vector.rand, auts), -EBADMSG);
	assert_int_equal(home->sqn, sqn_of(2, IND));
	assert_int_equal(home->centre.counters.resynchronisations, 0);
	assert_int_equal(home->centre.counters.resynchronisations_wrong, AKA_AUTS_OCTETS + 1);
	ask(home, true);
	assert_int_equal(home->sqn, sqn_of(3, IND));
}

/* E-14: SQN_HE stays where the card would accept its next number anyway. */
static void an_auts_that_is_no_longer_needed_moves_nothing(void **state)
{
	struct home *home = *state;
	uint8_t auts[AKA_AUTS_OCTETS], rand[AKA_RAND_OCTETS];

	ask(home, true);
	disk_answers(home, 0);
	memcpy(rand, home->vector.rand, sizeof(rand));
	auts_of_card(home, 5, auts);
	while (home->sqn < sqn_of(10, IND))
		ask(home, true);
	assert_int_equal(resynchronise(home, rand, auts), 0);
	ask(home, true);
	assert_int_equal(home->sqn, sqn_of(11, IND));
}

/* S-4, E-14: a block that was on its way when the card turned out to be ahead lies too low. */
static void a_block_overtaken_by_a_resynchronisation_is_not_used(void **state)
{
	struct home *home = *state;
	uint8_t auts[AKA_AUTS_OCTETS];
	unsigned answers;

	ask(home, true);
	disk_answers(home, 0);
	auts_of_card(home, 5000, auts);
	for (uint64_t seq = 2; seq <= SEQ_BLOCK; seq++)
		ask(home, true);
	answers = home->answers;
	auts_of_card(home, 5000, auts);
	ask(home, true); /* its block is on its way */
	assert_int_equal(resynchronise(home, home->vector.rand, auts), 0);
	disk_answers(home, 0);
	assert_int_equal(home->answers, answers);
	assert_int_equal(stored_ceiling(home), 5000 + SEQ_BLOCK);
	disk_answers(home, 0);
	assert_int_equal(home->answers, answers + 1);
	assert_int_equal(home->sqn, sqn_of(5001, IND));
}

static void an_unknown_subscriber_has_no_vector(void **state)
{
	struct home *home = *state;

	authentication_centre_vector(&home->centre, "001010000000099", true, answered, home, 1, &home->now, home->step);
	assert_int_equal(home->answers, 1);
	assert_int_equal(home->result, -ENOENT);
	assert_true(effects_is_empty(home->step));
}

/* S-10: under another key file nothing is made up. */
static void keys_that_do_not_open_give_no_vector(void **state)
{
	struct home *home = *state;

	memset(secret_fill(&home->wrap_key, KEY_WRAP_KEY_OCTETS), 8, KEY_WRAP_KEY_OCTETS);
	ask(home, true);
	disk_answers(home, 0);
	assert_int_equal(home->result, -EBADMSG);
	assert_int_equal(home->centre.counters.keys_unreadable, 1);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	        EACH(no_vector_leaves_before_its_block_is_durable),
	        EACH(a_failed_store_gives_no_vector),
	        EACH(after_a_crash_the_rest_of_the_block_is_skipped),
	        EACH(those_who_wait_share_one_block),
	        EACH(the_separation_bit_is_of_aka_prime_alone),
	        EACH(a_resynchronisation_goes_behind_the_card),
	        EACH(a_home_far_ahead_comes_back_to_the_card),
	        EACH(a_wrong_or_replayed_auts_moves_nothing),
	        EACH(an_auts_that_is_no_longer_needed_moves_nothing),
	        EACH(a_block_overtaken_by_a_resynchronisation_is_not_used),
	        EACH(an_unknown_subscriber_has_no_vector),
	        EACH(keys_that_do_not_open_give_no_vector),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
