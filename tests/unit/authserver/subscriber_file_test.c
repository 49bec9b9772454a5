// SPDX-License-Identifier: BSD-3-Clause
/* What `subscriber import` takes, and that each mistake is named with its line and shows nothing secret. */
#include "subscriber_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "vectors.h"

#define K    "465b5ce8b199b49faa5f0a2ee238a6bc"
#define OPC  "cd63cb71954a9f4e48a5994e37a02baf"
#define GOOD "\"imsi\": \"001010000000001\", \"k\": \"" K "\", \"opc\": \"" OPC "\""

static int read_text(const char *text, struct subscriber_record **records, size_t *count, char *error)
{
	struct secret key = {0};

	memset(secret_fill(&key, 32), 1, 32);
	return subscriber_file_read("people.json", text, &key, randomness_system(), records, count, error);
}

static void defaults_are_those_of_the_page(void **state)
{
	struct subscriber_record *records = NULL;
	char error[SUBSCRIBER_FILE_ERROR_OCTETS] = "";
	size_t count = 0;

	(void)state;
	assert_int_equal(read_text("[{" GOOD "}]", &records, &count, error), 0);
	assert_int_equal(count, 1);
	assert_string_equal(records[0].imsi, "001010000000001");
	assert_int_equal(records[0].amf[0], 0x80);
	assert_false(records[0].barred);
	assert_false(records[0].name_consent); /* P-3 */
	assert_int_equal(records[0].services, 1);
	subscriber_file_free(records, count);
}

static void rates_are_bits_a_second(void **state)
{
	struct subscriber_record *records = NULL;
	char error[SUBSCRIBER_FILE_ERROR_OCTETS] = "";
	size_t count = 0;

	(void)state;
	assert_int_equal(read_text("[{" GOOD "}, {\"imsi\": \"001010000000002\", \"k\": \"" K "\", \"opc\": \"" OPC
	                           "\", \"ambr_down_bps\": 10000000000000, \"ambr_up_bps\": 1000}]",
	                           &records, &count, error),
	                 0);
	assert_int_equal(records[0].ambr_down_bps + records[0].ambr_up_bps, 0);
	assert_int_equal(records[1].ambr_down_bps, 10000000000000);
	assert_int_equal(records[1].ambr_up_bps, 1000);
	subscriber_file_free(records, count);
}

/* OP becomes OPc at once: TS 35.208, test set 1. */
static void op_stands_for_opc(void **state)
{
	struct subscriber_record *records = NULL;
	char error[SUBSCRIBER_FILE_ERROR_OCTETS] = "";
	struct secret key = {0}, k = {0}, opc = {0}, expected = {0};
	size_t count = 0;

	(void)state;
	memset(secret_fill(&key, 32), 1, 32);
	assert_int_equal(read_text("[{\"imsi\": \"001010000000001\", \"k\": \"" K "\", \"op\": "
	                           "\"cdc202d5123e20f62b6d676ac72cb318\"}]",
	                           &records, &count, error),
	                 0);
	assert_int_equal(key_unwrap(&key, "001010000000001", records[0].wrapped_keys, &k, &opc), 0);
	hex_decode(OPC, secret_fill(&expected, 16), 16);
	assert_true(secret_equal(&opc, &expected));
	subscriber_file_free(records, count);
}

static void mistakes_are_named_by_line(void **state)
{
	static const struct {
		const char *text;
		const char *place;
	} cases[] = {
	        {"[\n{" GOOD ",\n \"colour\": \"red\"}]", "people.json:"},
	        {"[{" GOOD "},\n{" GOOD "}]", "people.json:"}, /* an IMSI twice */
	        {"[{\"imsi\": \"0010\", \"k\": \"" K "\", \"opc\": \"" OPC "\"}]", "people.json:1"},
	        {"[{\"imsi\": \"001010000000001\", \"k\": \"465b\", \"opc\": \"" OPC "\"}]", "people.json:1"},
	        {"[{\"imsi\": \"001010000000001\", \"k\": \"" K "\"}]", "people.json:1"},
	        {"[{" GOOD ", \"barred\": \"perhaps\"}]", "people.json:1"},
	        {"[{" GOOD ", \"ambr_up_bps\": \"fast\"}]", "people.json:1"},
	        {"[{" GOOD ", \"ambr_up_bps\": -1}]", "people.json:1"},
	        {"[{" GOOD ", \"ambr_down_bps\": 64}]", "people.json:1"}, /* kbit/s were meant */
	        {"[{" GOOD ", \"ambr_down_bps\": 10000000000001}]", "people.json:1"},
	        {"[{" GOOD "}\n\n", "people.json:"},
	        {"{\"imsi\": 5}", "people.json:"},
	        {"", "people.json:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct subscriber_record *records = NULL;
		char error[SUBSCRIBER_FILE_ERROR_OCTETS] = "";
		size_t count = 0;

		assert_int_equal(read_text(cases[i].text, &records, &count, error), -EINVAL);
		if (strncmp(error, cases[i].place, strlen(cases[i].place)) != 0)
			fail_msg("case %zu: %s", i, error);
		assert_null(strstr(error, K));
		assert_null(strstr(error, OPC));
	}
}

/* Numbers where texts belong, and the other way round: the slips of who writes such a file by hand. */
static void each_member_refuses_other_kinds(void **state)
{
	static const char *const texts[] = {
	        "imsi", "k", "opc", "op", "amf", "algorithm", "name", "msisdn", "postal_address", "name_policy"};
	static const char *const others[] = {"methods", "services", "barred", "name_consent", "sqn"};
	static const char *const kinds[] = {"358401234567", "1.5", "true", "[1]", "{\"a\": 1}", "[\"\"]"};
	char file[512], error[SUBSCRIBER_FILE_ERROR_OCTETS];
	struct subscriber_record *records = NULL;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
			snprintf(file, sizeof(file), "[{\"%s\": %s}]", texts[i], kinds[kind]);
			assert_int_equal(read_text(file, &records, &count, error), -EINVAL);
			if (!strstr(error, texts[i]))
				fail_msg("%s: %s", file, error);
		}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(file, sizeof(file), "[{\"%s\": {}}]", others[i]);
		assert_int_equal(read_text(file, &records, &count, error), -EINVAL);
		if (!strstr(error, others[i]))
			fail_msg("%s: %s", file, error);
	}
}

static void keys_are_never_shown(void **state)
{
	struct subscriber_record *records = NULL;
	char error[SUBSCRIBER_FILE_ERROR_OCTETS] = "", *text;
	size_t count = 0;
	json_t *shown;

	(void)state;
	assert_int_equal(read_text("[{" GOOD "}]", &records, &count, error), 0);
	shown = subscriber_record_show(&records[0]);
	text = json_dumps(shown, 0);
	assert_null(strstr(text, "\"k\""));
	assert_null(strstr(text, "opc"));
	assert_null(strstr(text, K));
	free(text);
	json_decref(shown);
	subscriber_file_free(records, count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(defaults_are_those_of_the_page),
	        cmocka_unit_test(rates_are_bits_a_second),
	        cmocka_unit_test(op_stands_for_opc),
	        cmocka_unit_test(mistakes_are_named_by_line),
	        cmocka_unit_test(each_member_refuses_other_kinds),
	        cmocka_unit_test(keys_are_never_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
