// SPDX-License-Identifier: BSD-3-Clause
/* The card in software: vectors of TS 35.208 and TS 55.205, its files, and that no number is taken twice. */
#include "software_usim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "vectors.h"

struct card_folder {
	char folder[64];
	char key_file[96];
	char state_file[96];
	char error[KEY_FILE_ERROR_OCTETS];
	struct software_usim *card;
	struct usim usim;
	struct secret k;
	struct secret opc;
};

static const char keys_text[] = "465b5ce8b199b49faa5f0a2ee238a6bc\ncd63cb71954a9f4e48a5994e37a02baf\n";

static void write_keys(const struct card_folder *at, const char *text, mode_t mode)
{
	FILE *file = fopen(at->key_file, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(chmod(at->key_file, mode), 0);
}

static int insert(struct card_folder *at, const char *imsi)
{
	const struct software_usim_settings settings = {.imsi = imsi,
	                                                .mnc_digits = 2,
	                                                .iccid = "8900101",
	                                                .key_file = at->key_file,
	                                                .state_file = at->state_file};

	at->card = NULL;
	return software_usim_new(&settings, &at->card, &at->usim, at->error);
}

static int set_up(void **state)
{
	struct card_folder *at = calloc(1, sizeof(*at));

	strcpy(at->folder, "/tmp/kedge-card-XXXXXX");
	assert_non_null(mkdtemp(at->folder));
	snprintf(at->key_file, sizeof(at->key_file), "%s/keys", at->folder);
	snprintf(at->state_file, sizeof(at->state_file), "%s/state", at->folder);
	write_keys(at, keys_text, 0600);
	hex_decode("465b5ce8b199b49faa5f0a2ee238a6bc", secret_fill(&at->k, 16), 16);
	hex_decode("cd63cb71954a9f4e48a5994e37a02baf", secret_fill(&at->opc, 16), 16);
	*state = at;
	return 0;
}

static int tear_down(void **state)
{
	struct card_folder *at = *state;

	software_usim_free(at->card);
	unlink(at->key_file);
	unlink(at->state_file);
	rmdir(at->folder);
	free(at);
	return 0;
}

static enum aka_outcome ask(struct card_folder *at, uint64_t sqn, int expected)
{
	const uint8_t rand[16] = {1, 2, 3}, amf[2] = {0x80, 0};
	enum aka_outcome outcome = AKA_MAC_FAILURE;
	struct aka_vector vector = {0};
	struct aka_answer answer = {0};

	aka_vector_make(&at->k, &at->opc, rand, sqn, amf, &vector);
	assert_int_equal(at->usim.authenticate(at->usim.context, vector.rand, vector.autn, &outcome, &answer),
	                 expected);
	if (!expected && outcome == AKA_SUCCESS)
		assert_memory_equal(answer.res, vector.xres, sizeof(vector.xres));
	return outcome;
}

static void a_number_is_taken_once(void **state)
{
	struct card_folder *at = *state;

	assert_int_equal(insert(at, "001010000000001"), 0);
	assert_int_equal(ask(at, 64, 0), AKA_SUCCESS);
	assert_int_equal(ask(at, 64, 0), AKA_SYNCHRONISATION_FAILURE);
	assert_int_equal(ask(at, 96, 0), AKA_SUCCESS);
}

static void also_after_the_card_was_drawn(void **state)
{
	struct card_folder *at = *state;

	assert_int_equal(insert(at, "001010000000001"), 0);
	assert_int_equal(ask(at, 64, 0), AKA_SUCCESS);
	software_usim_free(at->card);
	assert_int_equal(insert(at, "001010000000001"), 0);
	assert_int_equal(ask(at, 64, 0), AKA_SYNCHRONISATION_FAILURE);
}

static void no_answer_without_a_store(void **state)
{
	struct card_folder *at = *state;
	char blocked[128];

	assert_int_equal(insert(at, "001010000000001"), 0);
	snprintf(blocked, sizeof(blocked), "%s.new",
	         at->state_file); /* a folder stands where the new state would be written */
	assert_int_equal(mkdir(blocked, 0700), 0);
	ask(at, 64, -EISDIR);
	rmdir(blocked);
	assert_int_equal(ask(at, 64, 0), AKA_SUCCESS); /* the number was not used up */
}

static void gsm_context(void **state) /* N-1, TS 55.205 */
{
	struct card_folder *at = *state;
	uint8_t rand[16], sres[4], kc[8], expected_sres[4], expected_kc[8];

	hex_decode("23553cbe9637a89d218ae64dae47bf35", rand, 16);
	assert_int_equal(insert(at, "001010000000001"), 0);
	assert_int_equal(at->usim.gsm(at->usim.context, rand, sres, kc), 0);
	assert_octets(sres, 4, expected_sres, hex_decode("46f8416a", expected_sres, 4));
	assert_octets(kc, 8, expected_kc, hex_decode("eae4be823af9a08b", expected_kc, 8));
}

static void keys_that_others_can_read(void **state)
{
	struct card_folder *at = *state;

	write_keys(at, keys_text, 0644);
	assert_int_equal(insert(at, "001010000000001"), -EACCES);
	assert_non_null(strstr(at->error, at->key_file));
}

static void keys_that_are_none(void **state)
{
	static const char *const wrong[] = {
	        "", "465b5ce8b199b49faa5f0a2ee238a6bc\n", "465b\ncd63\n",
	        "465b5ce8b199b49faa5f0a2ee238a6bx\ncd63cb71954a9f4e48a5994e37a02baf\n",
	        "465b5ce8b199b49faa5f0a2ee238a6bc\ncd63cb71954a9f4e48a5994e37a02baf\nmore\n"};
	struct card_folder *at = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		write_keys(at, wrong[i], 0600);
		assert_int_equal(insert(at, "001010000000001"), -EINVAL);
		assert_null(strstr(at->error, "465b"));
	}
}

static void state_of_another_card(void **state)
{
	struct card_folder *at = *state;

	assert_int_equal(insert(at, "001010000000001"), 0);
	assert_int_equal(ask(at, 64, 0), AKA_SUCCESS);
	software_usim_free(at->card);
	assert_int_equal(insert(at, "001010000000002"), -EINVAL);
}

static void state_that_is_none(void **state)
{
	struct card_folder *at = *state;
	FILE *file = fopen(at->state_file, "w");

	fputs("nonsense", file);
	fclose(file);
	assert_int_equal(insert(at, "001010000000001"), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(a_number_is_taken_once),    TEST(also_after_the_card_was_drawn),
	        TEST(no_answer_without_a_store), TEST(gsm_context),
	        TEST(keys_that_others_can_read), TEST(keys_that_are_none),
	        TEST(state_of_another_card),     TEST(state_that_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
