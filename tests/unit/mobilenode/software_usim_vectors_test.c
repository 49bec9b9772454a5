// SPDX-License-Identifier: BSD-3-Clause
/* The card in software against TS 35.208 and TS 55.205, what it tells and keeps (E-14), and damaged files. */
#include "software_usim.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "card_in_folder.h"
#include "vectors.h"

static const uint8_t amf[AKA_AMF_OCTETS] = {0x80, 0x00};

static int folder_start(void **state)
{
	static struct card_in_folder card;

	card_folder_make(&card);
	*state = &card;
	return 0;
}

static int folder_end(void **state)
{
	card_folder_remove(*state);
	return 0;
}

static int refused(struct card_in_folder *card, char error[KEY_FILE_ERROR_OCTETS])
{
	struct software_usim *made = NULL;
	struct usim usim;
	int result;

	error[0] = '\0';
	result = software_usim_new(&card->settings, &made, &usim, error);
	assert_null(made);
	if (result)
		assert_true(error[0]);
	return result;
}

static enum aka_outcome authenticate(struct card_in_folder *card, const struct aka_vector *vector,
                                     struct aka_answer *answer)
{
	enum aka_outcome outcome = AKA_MAC_FAILURE;

	assert_int_equal(card->usim.authenticate(card->usim.context, vector->rand, vector->autn, &outcome, answer), 0);
	return outcome;
}

static void answers_the_vector_of_ts35208(void **state)
{
	struct card_in_folder *card = *state;
	json_t *root = vectors_load("eap_aka_prime_rfc9048.json");
	struct aka_vector vector = {0};
	struct aka_answer answer = {0};
	uint8_t expected[16];

	card->settings.jump_limit = SQN_MAX;
	card_insert(card);
	vectors_hex(root, "cases/0/rand", vector.rand, sizeof(vector.rand));
	vectors_hex(root, "cases/0/autn", vector.autn, sizeof(vector.autn));
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SUCCESS);
	assert_octets(answer.res, sizeof(answer.res), expected,
	              vectors_hex(root, "cases/0/res", expected, sizeof(expected)));
	assert_octets(secret_bytes(&answer.ck), secret_octets(&answer.ck), expected,
	              vectors_hex(root, "cases/0/ck", expected, sizeof(expected)));
	assert_octets(secret_bytes(&answer.ik), secret_octets(&answer.ik), expected,
	              vectors_hex(root, "cases/0/ik", expected, sizeof(expected)));
	json_decref(root);
}

static void answers_the_gsm_vectors_of_ts55205(void **state)
{
	struct card_in_folder *card = *state;
	json_t *root = vectors_load("gsm_milenage_ts55205.json");
	json_t *set;
	size_t index;

	json_array_foreach(vectors_at(root, "sets"), index, set)
	{
		uint8_t rand[AKA_RAND_OCTETS], sres[GSM_SRES_OCTETS], kc[GSM_KC_OCTETS], expected[8];
		char keys[80];

		snprintf(keys, sizeof(keys), "%s\n%s\n", vectors_text(set, "ki"), vectors_text(set, "opc"));
		card_write_file(card->key_file, keys, strlen(keys), 0600);
		card_insert(card);
		vectors_hex(set, "rand", rand, sizeof(rand));
		assert_int_equal(card->usim.gsm(card->usim.context, rand, sres, kc), 0);
		assert_octets(sres, sizeof(sres), expected, vectors_hex(set, "sres1", expected, sizeof(expected)));
		assert_octets(kc, sizeof(kc), expected, vectors_hex(set, "kc", expected, sizeof(expected)));
		card_take_out(card);
	}
	assert_true(index > 0);
	json_decref(root);
}

static void what_is_no_pair_of_keys_is_refused(void **state)
{
	static const char *const texts[] = {
	        "",
	        CARD_K,
	        CARD_K "\n",
	        CARD_K CARD_OPC "\n",
	        CARD_K " " CARD_OPC "\n",
	        CARD_K "\n" CARD_OPC "00\n",
	        CARD_K "\n981d464c7c52eb6e5036234984ad0bc\n",
	        CARD_K "\n981d464c7c52eb6e5036234984ad0bcg\n",
	        CARD_K "\n" CARD_OPC "\n" CARD_OPC "\n", /* OP in a third line */
	};
	struct card_in_folder *card = *state;
	char error[KEY_FILE_ERROR_OCTETS], long_text[400];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		card_write_file(card->key_file, texts[i], strlen(texts[i]), 0600);
		assert_int_equal(refused(card, error), -EINVAL);
		assert_null(strstr(error, "5122250214"));
	}
	memset(long_text, '0', sizeof(long_text));
	card_write_file(card->key_file, long_text, sizeof(long_text), 0600);
	assert_int_equal(refused(card, error), -EINVAL);
}

/* TS 33.102 6.3.3 */
static void a_forged_token_is_refused_and_stores_nothing(void **state)
{
	struct card_in_folder *card = *state;
	struct aka_vector vector;
	struct aka_answer answer;

	card_insert(card);
	for (size_t i = 0; i < AKA_AUTN_OCTETS; i++) {
		card_vector(64, amf, 0x11, &vector);
		vector.autn[i] ^= 0x01;
		assert_int_equal(authenticate(card, &vector, &answer), AKA_MAC_FAILURE);
	}
	assert_int_equal(access(card->state_file, F_OK), -1);
}

/* E-14: AUTS carries the card's highest number, under MAC-S for this RAND. */
static void a_replay_is_answered_with_auts(void **state)
{
	struct card_in_folder *card = *state;
	struct secret k = {0}, opc = {0};
	struct aka_vector vector;
	struct aka_answer answer;
	uint8_t octets[AKA_K_OCTETS];
	uint64_t sqn_ms = 0;

	card_insert(card);
	card_vector(sqn_of(7, 3), amf, 0x11, &vector);
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SUCCESS);
	assert_octets(answer.res, sizeof(answer.res), vector.xres, sizeof(vector.xres));
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SYNCHRONISATION_FAILURE);
	secret_set(&k, octets, hex_decode(CARD_K, octets, sizeof(octets)));
	secret_set(&opc, octets, hex_decode(CARD_OPC, octets, sizeof(octets)));
	assert_int_equal(auts_check(&k, &opc, vector.rand, answer.auts, &sqn_ms), 0);
	assert_true(sqn_ms == sqn_of(7, 3));
}

static void a_jump_over_the_limit_is_a_synchronisation_failure(void **state)
{
	struct card_in_folder *card = *state;
	struct aka_vector vector;
	struct aka_answer answer;

	card->settings.jump_limit = 100;
	card_insert(card);
	card_vector(sqn_of(102, 0), amf, 0x11, &vector);
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SYNCHRONISATION_FAILURE);
	card_vector(sqn_of(99, 0), amf, 0x11, &vector);
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SUCCESS);
}

static void the_window_outlives_the_card(void **state)
{
	struct card_in_folder *card = *state;
	struct aka_vector first, other;
	struct aka_answer answer;
	struct stat status;

	card_insert(card);
	card_vector(sqn_of(7, 3), amf, 0x11, &first);
	card_vector(sqn_of(5, 4), amf, 0x22, &other);
	assert_int_equal(authenticate(card, &first, &answer), AKA_SUCCESS);
	assert_int_equal(stat(card->state_file, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	card_take_out(card);
	card_insert(card);
	assert_int_equal(authenticate(card, &first, &answer), AKA_SYNCHRONISATION_FAILURE);
	assert_int_equal(authenticate(card, &other, &answer), AKA_SUCCESS); /* its IND has a window of its own */
}

static void without_room_for_its_number_it_gives_no_answer(void **state)
{
	static const struct aka_answer nothing;
	struct card_in_folder *card = *state;
	struct aka_answer answer = {0};
	enum aka_outcome outcome;
	struct aka_vector vector;

	card_insert(card);
	card_vector(sqn_of(7, 3), amf, 0x11, &vector);
	card_disk_full(true);
	assert_true(card->usim.authenticate(card->usim.context, vector.rand, vector.autn, &outcome, &answer) < 0);
	card_disk_full(false);
	assert_memory_equal(&answer, &nothing, sizeof(answer));
	/* nothing was used up */
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SUCCESS);
}

static void a_foreign_or_damaged_window_is_refused(void **state)
{
	struct card_in_folder *card = *state;
	struct aka_vector vector;
	struct aka_answer answer;
	char error[KEY_FILE_ERROR_OCTETS];
	uint8_t octets[1024];
	size_t count;

	card_insert(card);
	card_vector(sqn_of(7, 3), amf, 0x11, &vector);
	assert_int_equal(authenticate(card, &vector, &answer), AKA_SUCCESS);
	count = card_read_file(card->state_file, octets, sizeof(octets));
	for (size_t prefix = 0; prefix < count; prefix++) {
		card_write_file(card->state_file, octets, prefix, 0600);
		assert_int_equal(refused(card, error), -EINVAL);
	}
	card_write_file(card->state_file, octets, count + 1, 0600);
	assert_int_equal(refused(card, error), -EFBIG);
	octets[3]++; /* a version that does not exist yet */
	card_write_file(card->state_file, octets, count, 0600);
	assert_int_equal(refused(card, error), -EINVAL);
	octets[3]--;
	card_write_file(card->state_file, octets, count, 0600);
	card->settings.imsi = "001010000000002";
	assert_int_equal(refused(card, error), -EINVAL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, folder_start, folder_end)
	const struct CMUnitTest tests[] = {
	        TEST(answers_the_vector_of_ts35208),          TEST(answers_the_gsm_vectors_of_ts55205),
	        TEST(what_is_no_pair_of_keys_is_refused),     TEST(a_forged_token_is_refused_and_stores_nothing),
	        TEST(a_replay_is_answered_with_auts),         TEST(a_jump_over_the_limit_is_a_synchronisation_failure),
	        TEST(the_window_outlives_the_card),           TEST(without_room_for_its_number_it_gives_no_answer),
	        TEST(a_foreign_or_damaged_window_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
