// SPDX-License-Identifier: BSD-3-Clause
/* B-30, B-32, B-34, B-35, B-36. */
#include "bootstrap_avp.h"

#include <stdio.h>
#include <string.h>
#include "pana.h"
#include "vectors.h"

enum { VENDOR = 32473 };

struct message {
	uint8_t bytes[2048];
	struct wire_writer writer;
};

static void begin(struct message *message)
{
	message->writer = wire_writer_of(message->bytes, sizeof(message->bytes));
}

static void add(struct message *message, uint16_t code, const void *value, size_t octets)
{
	pana_avp_write(&message->writer, VENDOR, code, value, octets);
}

static const uint8_t id[16] = {1, 2, 3}, key[68] = {3, 2}, signature[66] = {0, 7};
static const uint8_t address6[20] = {2, 128, 0, 0, 0x20, 1, 0x0d, 0xb8}, address4[8] = {1, 32, 0, 0, 192, 0, 2, 1};

/* An AVP of each code with a valid value. */
static void add_valid(struct message *message, uint16_t code)
{
	static const uint8_t four[4] = {0, 0, 0, 1}, retry[4] = {0, 0, 1, 0}, secret[16] = {9},
	                     association[12] = {0, 0, 1};
	static const uint8_t assigned[24] = {2, 64, 0, 0, 0, 0, 0, 1, 0x20, 1};

	switch (code) {
	case BOOT_REQUEST_ID:
		add(message, code, id, sizeof(id));
		break;
	case BOOT_HOST_IDENTITY:
	case BOOT_SERVER_HOST_IDENTITY:
		add(message, code, key, sizeof(key));
		break;
	case BOOT_POP_SIGNATURE:
	case BOOT_SERVER_SIGNATURE:
		add(message, code, signature, sizeof(signature));
		break;
	case BOOT_DESIRED_FQDN:
	case BOOT_ASSIGNED_FQDN:
	case BOOT_RVS_NAME:
		add(message, code, "a.mob.example", 13);
		break;
	case BOOT_DESIRED_ADDRESS:
	case BOOT_MOBILITY_SERVER_ADDRESS:
		add(message, code, address6, sizeof(address6));
		break;
	case BOOT_SHARED_SECRET:
		add(message, code, secret, sizeof(secret));
		break;
	case BOOT_ASSIGNED_ADDRESS:
		add(message, code, assigned, sizeof(assigned));
		break;
	case BOOT_MOBILITY_SA:
		add(message, code, association, sizeof(association));
		break;
	case BOOT_RETRY_AFTER:
		add(message, code, retry, sizeof(retry));
		break;
	case BOOT_ERROR_TEXT:
		add(message, code, "text", 4);
		break;
	default: /* status, lifetime, services */
		add(message, code, four, sizeof(four));
	}
}

static void add_status(struct message *message, uint32_t status)
{
	pana_avp_write_u32(&message->writer, VENDOR, BOOT_STATUS, status);
}

static enum bootstrap_status read_request(struct message *message, struct bootstrap_avps *avps)
{
	return bootstrap_request_read(message->bytes, wire_written(&message->writer), VENDOR, avps);
}

static enum bootstrap_status read_answer(struct message *message, struct bootstrap_avps *avps)
{
	return bootstrap_answer_read(message->bytes, wire_written(&message->writer), VENDOR, avps);
}

static void the_published_request_is_read(void **state)
{
	json_t *vectors = vectors_load("kedge_bootstrap.json");
	json_t *request = vectors_named(vectors, "cases", "example: Boot AVPs of a full request");
	json_t *tbs = vectors_named(vectors, "cases", "example: TBS of the node");
	uint8_t plaintext[1024], expected[1024];
	size_t octets = vectors_hex(request, "output/plaintext", plaintext, sizeof(plaintext));
	struct bootstrap_avps avps;

	(void)state;
	assert_int_equal(bootstrap_request_read(plaintext, octets, VENDOR, &avps), BOOTSTRAP_OK);
	assert_int_equal(avps.message, BOOTSTRAP_REQUEST_FULL);
	assert_octets(avps.request_id, 16, expected, vectors_hex(request, "input/avps/0/value", expected, 1024));
	assert_int_equal(avps.services, 5);
	assert_octets(avps.host_identity.bytes, avps.host_identity.octets, expected,
	              vectors_hex(request, "input/avps/2/value", expected, 1024));
	assert_octets(avps.fqdn.bytes, avps.fqdn.octets, "matti.mob.example", 17);
	assert_int_equal(avps.addresses.count, 1);
	assert_int_equal(avps.addresses.at[0].family, BOOTSTRAP_IPV6);
	assert_int_equal(avps.addresses.at[0].prefix_length, 128);
	assert_octets(avps.shared_secret.bytes, avps.shared_secret.octets, expected,
	              vectors_hex(request, "input/avps/5/value", expected, 1024));
	assert_octets(avps.signature.bytes, avps.signature.octets, expected,
	              vectors_hex(tbs, "output/pop_signature_value", expected, 1024));
	json_decref(vectors);
}

static void the_published_answer_is_read_and_written(void **state)
{
	json_t *vectors = vectors_load("kedge_bootstrap.json");
	json_t *answer = vectors_named(vectors, "cases", "example: Boot AVPs of a final answer");
	json_t *tbs = vectors_named(vectors, "cases", "example: TBS of the server");
	uint8_t plaintext[1024], expected[1024];
	size_t octets = vectors_hex(answer, "output/plaintext", plaintext, sizeof(plaintext));
	struct bootstrap_avps avps;
	struct message message;

	(void)state;
	assert_int_equal(bootstrap_answer_read(plaintext, octets, VENDOR, &avps), BOOTSTRAP_OK);
	assert_int_equal(avps.message, BOOTSTRAP_ANSWER_GRANTED);
	assert_int_equal(avps.addresses.at[0].prefix_length, 64);
	assert_int_equal(avps.addresses.at[0].lifetime_s, 86400);
	assert_int_equal(avps.association.spi, 0x5eed1001);
	assert_int_equal(avps.association.algorithm, BOOTSTRAP_SA_HMAC_SHA1_96);
	assert_int_equal(avps.association.replay, BOOTSTRAP_REPLAY_SEQUENCE);
	assert_int_equal(avps.lease_lifetime_s, 86400);
	assert_octets(avps.rvs_name.bytes, avps.rvs_name.octets, "anchor1.mob.example", 19);
	/* A of K-11 is how we write it, too */
	begin(&message);
	bootstrap_avps_write(&message.writer, VENDOR, &avps);
	assert_octets(message.bytes, wire_written(&message.writer), expected,
	              vectors_hex(tbs, "input/A", expected, 1024));
	bootstrap_signature_write(&message.writer, VENDOR, BOOT_SERVER_SIGNATURE, 7, avps.signature.bytes + 2,
	                          avps.signature.octets - 2);
	assert_octets(message.bytes, wire_written(&message.writer), plaintext, octets);
	json_decref(vectors);
}

/* The columns of B-34: for each code, how often it may stand. */
static const uint16_t must[BOOTSTRAP_MESSAGES][12] = {
        [BOOTSTRAP_REQUEST_FULL] = {258, 259, 271},
        [BOOTSTRAP_REQUEST_POLL] = {258},
        [BOOTSTRAP_ANSWER_GRANTED] = {258, 271, 265, 267, 270, 272, 266, 268, 269},
        [BOOTSTRAP_ANSWER_PENDING] = {258, 274},
        [BOOTSTRAP_ANSWER_REFUSED] = {258},
};
static const uint16_t may[BOOTSTRAP_MESSAGES][6] = {
        [BOOTSTRAP_REQUEST_FULL] = {260, 261, 262, 263},
        [BOOTSTRAP_ANSWER_REFUSED] = {273, 274},
};
static const uint32_t status_of[BOOTSTRAP_MESSAGES] = {
        [BOOTSTRAP_ANSWER_PENDING] = BOOTSTRAP_PENDING,
        [BOOTSTRAP_ANSWER_REFUSED] = BOOTSTRAP_RATE_LIMITED,
};

static bool listed(const uint16_t *codes, size_t count, uint16_t code)
{
	for (size_t i = 0; i < count; i++)
		if (codes[i] == code)
			return true;
	return false;
}

/* A message of the column with all that must stand there, but `without`, and `more` once more. */
static enum bootstrap_status try_column(enum bootstrap_message column, uint16_t without, uint16_t more,
                                        struct bootstrap_avps *avps)
{
	struct message message;

	begin(&message);
	for (const uint16_t *code = must[column]; *code; code++)
		if (*code != without)
			add_valid(&message, *code);
	if (column >= BOOTSTRAP_ANSWER_GRANTED && without != BOOT_STATUS)
		add_status(&message, status_of[column]);
	if (more == BOOT_STATUS)
		add_status(&message, status_of[column]);
	else if (more)
		add_valid(&message, more);
	return column < BOOTSTRAP_ANSWER_GRANTED ? read_request(&message, avps) : read_answer(&message, avps);
}

static void occurrence_is_that_of_the_table(void **state)
{
	struct bootstrap_avps avps;

	(void)state;
	for (enum bootstrap_message column = 0; column < BOOTSTRAP_MESSAGES; column++) {
		assert_int_equal(try_column(column, 0, 0, &avps), BOOTSTRAP_OK);
		assert_int_equal(avps.message, column);
		for (const uint16_t *code = must[column]; *code; code++)
			if (column != BOOTSTRAP_REQUEST_POLL)
				assert_int_equal(try_column(column, *code, 0, &avps), BOOTSTRAP_MALFORMED);
		for (uint16_t code = BOOT_CODE_FIRST; code <= BOOT_CODE_LAST; code++) {
			enum bootstrap_status expected =
			        listed(may[column], 6, code) ? BOOTSTRAP_OK : BOOTSTRAP_MALFORMED;

			assert_int_equal(try_column(column, 0, code, &avps), expected);
		}
	}
}

/* B-34: without a valid id the answer names 0. */
static void the_id_is_known_even_when_the_rest_is_wrong(void **state)
{
	struct bootstrap_avps avps;
	struct message message;

	(void)state;
	begin(&message);
	add_valid(&message, BOOT_REQUEST_ID);
	add(&message, BOOT_SERVICE_TYPE, "abc", 3);
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_MALFORMED);
	assert_true(bootstrap_has(&avps, BOOT_REQUEST_ID));
	assert_memory_equal(avps.request_id, id, sizeof(id));
	begin(&message);
	add(&message, BOOT_REQUEST_ID, id, 15);
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_MALFORMED);
	assert_false(bootstrap_has(&avps, BOOT_REQUEST_ID));
	begin(&message);
	add_valid(&message, BOOT_REQUEST_ID);
	add_valid(&message, BOOT_REQUEST_ID);
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_MALFORMED);
	assert_false(bootstrap_has(&avps, BOOT_REQUEST_ID));
	begin(&message);
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_MALFORMED);
}

static enum bootstrap_status full_with(uint16_t code, const void *value, size_t octets)
{
	struct bootstrap_avps avps;
	struct message message;

	begin(&message);
	for (const uint16_t *at = must[BOOTSTRAP_REQUEST_FULL]; *at; at++)
		if (*at != code)
			add_valid(&message, *at);
	add(&message, code, value, octets);
	return read_request(&message, &avps);
}

/* B-36 and the values of table 1.4. */
static void wrong_values_are_malformed(void **state)
{
	static const uint8_t family3[20] = {3, 128}, long4[20] = {1, 32}, short6[8] = {2, 128}, plen64[20] = {2, 64},
	                     plen129[20] = {2, 129}, flags[20] = {2, 128, 0xff, 0xff}, reserved[68] = {3, 2, 0, 1};
	uint8_t large[300] = {0};

	(void)state;
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, address6, 20), BOOTSTRAP_OK);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, address4, 8), BOOTSTRAP_OK);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, flags, 20), BOOTSTRAP_OK);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, family3, 20), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, long4, 20), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, short6, 8), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, plen64, 20), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_DESIRED_ADDRESS, plen129, 20), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_SERVICE_TYPE, "\0\0\0\0\1", 5), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_SHARED_SECRET, large, 15), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_SHARED_SECRET, large, 16), BOOTSTRAP_OK);
	assert_int_equal(full_with(BOOT_SHARED_SECRET, large, 64), BOOTSTRAP_OK);
	assert_int_equal(full_with(BOOT_SHARED_SECRET, large, 65), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_HOST_IDENTITY, reserved, 68), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_HOST_IDENTITY, key, 3), BOOTSTRAP_MALFORMED);
	assert_int_equal(full_with(BOOT_POP_SIGNATURE, signature, 1), BOOTSTRAP_MALFORMED);
	/* a name that is too long or none is a name that is not authorised (B-35), not a malformed request */
	assert_int_equal(full_with(BOOT_DESIRED_FQDN, large, 300), BOOTSTRAP_OK);
	assert_int_equal(full_with(BOOT_DESIRED_FQDN, "", 0), BOOTSTRAP_OK);
}

/* B-34: 262 stands once a family. */
static void one_wished_address_a_family(void **state)
{
	struct bootstrap_avps avps;
	struct message message;

	(void)state;
	begin(&message);
	for (const uint16_t *at = must[BOOTSTRAP_REQUEST_FULL]; *at; at++)
		add_valid(&message, *at);
	add(&message, BOOT_DESIRED_ADDRESS, address4, sizeof(address4));
	add(&message, BOOT_DESIRED_ADDRESS, address6, sizeof(address6));
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_OK);
	assert_int_equal(avps.addresses.count, 2);
	add(&message, BOOT_DESIRED_ADDRESS, address6, sizeof(address6));
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_MALFORMED);
}

/* B-32: unknown is 212, known but in the wrong place 200. */
static void unknown_avps_are_unsupported(void **state)
{
	static const struct {
		uint32_t vendor;
		uint16_t code;
		enum bootstrap_status status;
	} cases[] = {
	        {VENDOR, 276, BOOTSTRAP_UNSUPPORTED}, {VENDOR, 277, BOOTSTRAP_UNSUPPORTED},
	        {VENDOR, 256, BOOTSTRAP_UNSUPPORTED}, {9, 271, BOOTSTRAP_UNSUPPORTED},
	        {0, 14, BOOTSTRAP_UNSUPPORTED},       {0, 0, BOOTSTRAP_UNSUPPORTED},
	        {VENDOR, 257, BOOTSTRAP_MALFORMED},   {0, PANA_NONCE, BOOTSTRAP_MALFORMED},
	        {0, PANA_AUTH, BOOTSTRAP_MALFORMED},  {0, 271, BOOTSTRAP_UNSUPPORTED},
	};
	struct bootstrap_avps avps;
	struct message message;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&message);
		for (const uint16_t *at = must[BOOTSTRAP_REQUEST_FULL]; *at; at++)
			add_valid(&message, *at);
		pana_avp_write(&message.writer, cases[i].vendor, cases[i].code, "abcd", 4);
		assert_int_equal(read_request(&message, &avps), cases[i].status);
		assert_true(bootstrap_has(&avps, BOOT_REQUEST_ID));
	}
}

/* B-30: complete AVPs with padding. */
static void every_truncation_is_malformed(void **state)
{
	struct bootstrap_avps avps;
	struct message message;
	size_t octets;

	(void)state;
	begin(&message);
	for (const uint16_t *at = must[BOOTSTRAP_REQUEST_FULL]; *at; at++)
		add_valid(&message, *at);
	add_valid(&message, BOOT_DESIRED_FQDN); /* 13 octets and 3 of padding */
	octets = wire_written(&message.writer);
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_OK);
	for (size_t cut = 1; cut < octets; cut++) {
		enum bootstrap_status status = bootstrap_request_read(message.bytes, octets - cut, VENDOR, &avps);

		/* the optional name may go as a whole, or all but the id */
		if (status == BOOTSTRAP_OK)
			assert_true(cut == 28 || avps.message == BOOTSTRAP_REQUEST_POLL);
		else
			assert_int_equal(status, BOOTSTRAP_MALFORMED);
	}
	message.bytes[octets - 1] = 1; /* padding that is not zero (B-3) */
	assert_int_equal(read_request(&message, &avps), BOOTSTRAP_MALFORMED);
}

/* B-34, as the node sees it: 266 and 268 need an IPv6 one, 269 and 275 follow the granted services, 274 goes with 210.
 */
static void an_answer_must_fit_its_services(void **state)
{
	static const struct {
		uint32_t services;
		bool association, rvs;
		enum bootstrap_status status;
	} cases[] = {
	        {1, true, false, BOOTSTRAP_OK}, {1, false, false, BOOTSTRAP_MALFORMED},
	        {4, false, true, BOOTSTRAP_OK}, {4, true, true, BOOTSTRAP_MALFORMED},
	        {5, true, true, BOOTSTRAP_OK},  {5, true, false, BOOTSTRAP_MALFORMED},
	        {2, true, false, BOOTSTRAP_OK}, {1, true, true, BOOTSTRAP_MALFORMED},
	};
	static const uint16_t always[] = {258, 265, 266, 267, 268, 270, 272};
	struct bootstrap_avps avps;
	struct message message;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin(&message);
		for (size_t at = 0; at < 7; at++)
			add_valid(&message, always[at]);
		add_status(&message, BOOTSTRAP_NAME_CHANGED);
		pana_avp_write_u32(&message.writer, VENDOR, BOOT_SERVICE_TYPE, cases[i].services);
		if (cases[i].association)
			add_valid(&message, BOOT_MOBILITY_SA);
		if (cases[i].rvs)
			add_valid(&message, BOOT_RVS_NAME);
		assert_int_equal(read_answer(&message, &avps), cases[i].status);
	}
	for (uint32_t status = 200; status <= 213; status++) {
		begin(&message);
		add_valid(&message, BOOT_REQUEST_ID);
		add_status(&message, status);
		add_valid(&message, BOOT_RETRY_AFTER);
		assert_int_equal(read_answer(&message, &avps),
		                 status == BOOTSTRAP_RATE_LIMITED ? BOOTSTRAP_OK : BOOTSTRAP_MALFORMED);
		assert_string_not_equal(bootstrap_status_name(status), "unknown");
	}
	begin(&message);
	add_valid(&message, BOOT_REQUEST_ID);
	add_status(&message, 99);
	assert_int_equal(read_answer(&message, &avps), BOOTSTRAP_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_published_request_is_read),
	        cmocka_unit_test(the_published_answer_is_read_and_written),
	        cmocka_unit_test(occurrence_is_that_of_the_table),
	        cmocka_unit_test(the_id_is_known_even_when_the_rest_is_wrong),
	        cmocka_unit_test(wrong_values_are_malformed),
	        cmocka_unit_test(one_wished_address_a_family),
	        cmocka_unit_test(unknown_avps_are_unsupported),
	        cmocka_unit_test(every_truncation_is_malformed),
	        cmocka_unit_test(an_answer_must_fit_its_services),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
