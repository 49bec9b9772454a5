// SPDX-License-Identifier: BSD-3-Clause
/* E-13, E-14, TS 33.102 annex C. */
#include "sequence_number.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

static void secret_at(json_t *set, const char *path, struct secret *secret)
{
	uint8_t octets[16];

	secret_set(secret, octets, vectors_hex(set, path, octets, sizeof(octets)));
}

static struct secret key_of(uint8_t fill)
{
	struct secret key = {0};
	uint8_t octets[16];

	memset(octets, fill, sizeof(octets));
	secret_set(&key, octets, sizeof(octets));
	return key;
}

/* AUTS as osmo-hlr and libosmocore publish them: MAC-S right, SQN_MS found; a flipped bit is refused. */
static void published_auts_are_understood(void **state)
{
	json_t *root = vectors_load("aka_sqn_resync.json");
	json_t *set;
	size_t index;

	(void)state;
	json_array_foreach(vectors_at(root, "resync"), index, set)
	{
		struct secret k = {0}, opc = {0};
		uint8_t rand[16], auts[14], sqn[6];
		uint64_t sqn_ms = 0;

		secret_at(set, "k", &k);
		secret_at(set, "opc", &opc);
		vectors_hex(set, "rand", rand, sizeof(rand));
		vectors_hex(set, "auts", auts, sizeof(auts));
		vectors_hex(set, "sqn_ms", sqn, sizeof(sqn));
		assert_int_equal(auts_check(&k, &opc, rand, auts, &sqn_ms), 0);
		assert_true(sqn_ms == sqn_read(sqn));
		auts[13] ^= 1;
		assert_int_equal(auts_check(&k, &opc, rand, auts, &sqn_ms), -EBADMSG);
	}
	assert_int_equal(index, 3);
	json_decref(root);
}

static void published_vectors_are_made_again(void **state)
{
	json_t *root = vectors_load("aka_sqn_resync.json");
	struct secret k = {0}, opc = {0};
	json_t *set;
	size_t index;

	(void)state;
	secret_at(root, "vectors/k", &k);
	secret_at(root, "vectors/opc", &opc);
	json_array_foreach(vectors_at(root, "vectors/list"), index, set)
	{
		struct aka_vector vector = {0};
		uint8_t rand[16], amf[2], expected[16];

		vectors_hex(set, "rand", rand, sizeof(rand));
		vectors_hex(set, "amf", amf, sizeof(amf));
		aka_vector_make(&k, &opc, rand, (uint64_t)vectors_number(set, "sqn"), amf, &vector);
		assert_octets(vector.autn, 16, expected, vectors_hex(set, "autn", expected, 16));
		assert_octets(vector.xres, 8, expected, vectors_hex(set, "res", expected, 16));
		assert_octets(secret_bytes(&vector.ck), 16, expected, vectors_hex(set, "ck", expected, 16));
		assert_octets(secret_bytes(&vector.ik), 16, expected, vectors_hex(set, "ik", expected, 16));
	}
	assert_int_equal(index, 4);
	json_decref(root);
}

static void usim_answers_and_resynchronises(void **state)
{
	static const uint8_t rand[16] = {7}, amf[2] = {0x80, 0};
	const struct secret k = key_of(1), opc = key_of(2), other = key_of(3);
	struct sqn_window window = {.jump_limit = SQN_JUMP_LIMIT_DEFAULT};
	struct aka_vector vector = {0};
	struct aka_answer answer;
	uint64_t sqn_ms = 0;

	(void)state;
	aka_vector_make(&k, &opc, rand, sqn_of(100, 4), amf, &vector);
	assert_int_equal(aka_answer_make(&k, &opc, &window, rand, vector.autn, &answer), AKA_SUCCESS);
	assert_octets(answer.res, 8, vector.xres, 8);
	assert_true(secret_equal(&answer.ck, &vector.ck) && secret_equal(&answer.ik, &vector.ik));
	assert_octets(answer.amf, 2, amf, 2);
	assert_true(answer.sqn == sqn_of(100, 4));
	sqn_window_accept(&window, answer.sqn);
	/* the same again: AUTS with the highest SQN, and nothing else */
	assert_int_equal(aka_answer_make(&k, &opc, &window, rand, vector.autn, &answer), AKA_SYNCHRONISATION_FAILURE);
	assert_true(secret_is_empty(&answer.ck));
	assert_int_equal(auts_check(&k, &opc, rand, answer.auts, &sqn_ms), 0);
	assert_true(sqn_ms == sqn_of(100, 4));
	/* another K: MAC failure, no key, no RES */
	assert_int_equal(aka_answer_make(&other, &opc, &window, rand, vector.autn, &answer), AKA_MAC_FAILURE);
	assert_true(secret_is_empty(&answer.ck));
	assert_octets(answer.res, 8, "\0\0\0\0\0\0\0\0", 8);
}

static void window_is_kept_by_ind_and_bounded(void **state)
{
	struct sqn_window window = {.jump_limit = 1000};

	(void)state;
	sqn_window_accept(&window, sqn_of(50, 3));
	assert_false(sqn_window_accepts(&window, sqn_of(50, 3)));
	assert_false(sqn_window_accepts(&window, sqn_of(49, 3)));
	assert_true(sqn_window_accepts(&window, sqn_of(51, 3)));
	assert_true(sqn_window_accepts(&window, sqn_of(40, 4))); /* another IND has its own past */
	assert_true(sqn_window_accepts(&window, sqn_of(1050, 5)));
	assert_false(sqn_window_accepts(&window, sqn_of(1051, 5))); /* beyond the jump limit */
	assert_true(sqn_window_highest(&window) == sqn_of(50, 3));
}

/* E-14, TS 33.102 6.3.5: SQN_HE stays if the card would accept the next number, else it is the card's, up or down. */
static void resynchronisation_meets_the_card(void **state)
{
	(void)state;
	assert_true(sqn_after_resynchronisation(sqn_of(10, 4), sqn_of(99, 0)) == sqn_of(99, 4));
	assert_true(sqn_after_resynchronisation(sqn_of(99, 4), sqn_of(10, 0)) == sqn_of(99, 4));
	assert_true(sqn_after_resynchronisation(sqn_of(99, 4), sqn_of(99, 0)) == sqn_of(99, 4));
	assert_true(sqn_after_resynchronisation(sqn_of(99, 4), sqn_of(100, 0)) == sqn_of(100, 4));
	assert_true(sqn_after_resynchronisation(sqn_of(SQN_LEAD_MAX + 9, 4), sqn_of(10, 0)) ==
	            sqn_of(SQN_LEAD_MAX + 9, 4));
	assert_true(sqn_after_resynchronisation(sqn_of(SQN_LEAD_MAX + 10, 4), sqn_of(10, 0)) == sqn_of(10, 4));
	assert_true(sqn_after_resynchronisation(SQN_MAX, sqn_of(0, 0)) == sqn_of(0, sqn_ind(SQN_MAX)));
}

static void numbers_are_octets(void **state)
{
	uint8_t octets[6];

	(void)state;
	sqn_write(0xff9bb4d0b607, octets);
	assert_octets(octets, 6, "\xff\x9b\xb4\xd0\xb6\x07", 6);
	assert_true(sqn_read(octets) == 0xff9bb4d0b607);
	assert_true(sqn_of(sqn_seq(0xff9bb4d0b607), sqn_ind(0xff9bb4d0b607)) == 0xff9bb4d0b607);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published_auts_are_understood),    cmocka_unit_test(published_vectors_are_made_again),
	        cmocka_unit_test(usim_answers_and_resynchronises),  cmocka_unit_test(window_is_kept_by_ind_and_bounded),
	        cmocka_unit_test(resynchronisation_meets_the_card), cmocka_unit_test(numbers_are_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
