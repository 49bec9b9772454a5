// SPDX-License-Identifier: BSD-3-Clause
/* E-9: what is malformed, unknown below 128, or padded with anything but zeros is told apart from what may be skipped.
 */
#include "eap_aka.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

static void every_message_of_hostapd_reads(void **state)
{
	json_t *root = vectors_load("eap_radius_transcripts_hostapd.json");
	unsigned seen[16] = {0};
	const char *name;
	json_t *run;

	(void)state;
	json_object_foreach(vectors_at(root, "runs"), name, run)
	{
		json_t *message;
		size_t index;

		json_array_foreach(vectors_at(run, "transcript"), index, message)
		{
			uint8_t octets[2048];
			size_t length = vectors_hex(message, "eap", octets, sizeof(octets));
			struct eap_aka_message aka;

			if (length < 6 || (octets[4] != 23 && octets[4] != 50))
				continue;
			assert_int_equal(eap_aka_read(octets + 5, length - 5, &aka), 0);
			assert_int_equal(aka.skipped, 0);
			seen[aka.subtype]++;
			if (aka.subtype == EAP_AKA_CHALLENGE)
				assert_non_null(aka.mac.bytes);
			if (aka.subtype == EAP_AKA_SYNCHRONIZATION_FAILURE)
				assert_int_equal(aka.auts.octets, EAP_AKA_AUTS_OCTETS);
		}
	}
	assert_true(seen[EAP_AKA_CHALLENGE] >= 4);
	assert_true(seen[EAP_AKA_SYNCHRONIZATION_FAILURE] >= 2);
	assert_true(seen[EAP_AKA_IDENTITY] >= 2);
	assert_true(seen[EAP_AKA_REAUTHENTICATION] >= 2);
	json_decref(root);
}

static void writes_what_it_reads(void **state)
{
	static const uint8_t rand[16] = {1}, autn[16] = {2}, auts[14] = {3}, res[8] = {4}, digest[32] = {5};
	uint8_t octets[512];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));
	struct eap_aka_message aka;
	size_t mac;

	(void)state;
	eap_aka_begin(&writer, EAP_AKA_CHALLENGE);
	eap_aka_write_rand(&writer, rand);
	eap_aka_write_autn(&writer, autn);
	eap_aka_write_res(&writer, res, sizeof(res));
	eap_aka_write_auts(&writer, auts);
	eap_aka_write_identity(&writer, "0555", 4);
	eap_aka_write_kdf_input(&writer, "kedge:ha.mob.example", 20);
	eap_aka_write_kdf(&writer, 1);
	eap_aka_write_kdf(&writer, 2);
	eap_aka_write_checkcode(&writer, digest, sizeof(digest));
	eap_aka_write_flag(&writer, AT_RESULT_IND);
	eap_aka_write_flag(&writer, AT_ANY_ID_REQ);
	eap_aka_write_u16(&writer, AT_BIDDING, EAP_AKA_BIDDING_D);
	eap_aka_write_u16(&writer, AT_NOTIFICATION, EAP_AKA_NOTIFICATION_SUCCESS);
	eap_aka_write_u16(&writer, AT_CLIENT_ERROR_CODE, 0);
	mac = eap_aka_write_mac(&writer);
	assert_int_equal(eap_aka_read(octets, wire_written(&writer), &aka), 0);
	assert_octets(aka.rand.bytes, aka.rand.octets, rand, 16);
	assert_octets(aka.autn.bytes, aka.autn.octets, autn, 16);
	assert_octets(aka.res.bytes, aka.res.octets, res, 8);
	assert_int_equal(aka.res_bits, 64);
	assert_octets(aka.auts.bytes, aka.auts.octets, auts, 14);
	assert_octets(aka.identity.bytes, aka.identity.octets, "0555", 4);
	assert_octets(aka.kdf_input.bytes, aka.kdf_input.octets, "kedge:ha.mob.example", 20);
	assert_int_equal(aka.kdf_count, 2);
	assert_int_equal(aka.kdfs[1], 2);
	assert_octets(aka.checkcode.bytes, aka.checkcode.octets, digest, 32);
	assert_true(aka.result_ind && aka.any_id_req && aka.has_bidding && aka.has_notification &&
	            aka.has_client_error_code);
	assert_int_equal(aka.bidding, EAP_AKA_BIDDING_D);
	assert_ptr_equal(aka.mac.bytes, octets + mac);
}

/* The identity request of hostapd's transcript: 05 0000 | AT_ANY_ID_REQ. */
static void writes_hostapds_identity_request(void **state)
{
	uint8_t octets[16], expected[16];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));

	(void)state;
	eap_aka_begin(&writer, EAP_AKA_IDENTITY);
	eap_aka_write_flag(&writer, AT_ANY_ID_REQ);
	assert_octets(octets, wire_written(&writer), expected,
	              hex_decode("0500000d010000", expected, sizeof(expected)));
}

static void tells_malformed_from_unknown(void **state)
{
	static const struct {
		const char *hex;
		int result;
	} cases[] = {
	        {"", -EBADMSG},
	        {"0100", -EBADMSG},
	        {"010000", 0},
	        {"010000 0c00", -EBADMSG},      /* length 0 */
	        {"010000 0c02 8000", -EBADMSG}, /* past the end */
	        {"010000 0c01 8000", 0},
	        {"010000 0c01 8000 0c01 8000", -EBADMSG}, /* twice */
	        {"010000 0c02 8000 00000000", -EBADMSG},  /* too long for its layout */
	        {"010000 7f01 0000", -ENOTSUP},           /* unknown, not skippable */
	        {"010000 c801 0000", 0},                  /* unknown, skippable */
	        {"010000 1301 0001", -ENOTSUP},           /* AT_COUNTER belongs into AT_ENCR_DATA */
	        {"010000 0e02 0003 30353500", 0},
	        {"010000 0e02 0003 30353501", -EBADMSG},          /* padding not zero */
	        {"010000 0e03 0003 30353500 00000000", -EBADMSG}, /* a unit of padding too many */
	        {"010000 0e02 0005 30353500", -EBADMSG},          /* longer than the attribute */
	        {"010000 0e01 0000", -EBADMSG},                   /* an empty identity */
	        {"010000 0303 0040 0102030405060708", 0},
	        {"010000 0303 0018 0102030405060708", -EBADMSG},                         /* RES of 24 bits */
	        {"010000 0306 0088 0102030405060708091011121314151617000000", -EBADMSG}, /* RES of 17 octets */
	        {"010000 0b05 0000 000102030405060708090a0b0c0d0e0f", 0},
	        {"010000 0b04 0000 000102030405060708090a0b", -EBADMSG}, /* a MAC of 12 */
	        {"010000 8601 0000", 0},                                 /* AT_CHECKCODE without a digest */
	        {"010000 0d01 0000 0d01 0000", -EBADMSG},
	};
	struct eap_aka_message aka;
	uint8_t octets[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = hex_decode(cases[i].hex, octets, sizeof(octets));
		int result = eap_aka_read(octets, length, &aka);

		if (result != cases[i].result)
			fail_msg("%s: %d, expected %d", cases[i].hex, result, cases[i].result);
	}
	hex_decode("010000 8601 0000", octets, sizeof(octets));
	assert_int_equal(eap_aka_read(octets, 7, &aka), 0);
	assert_non_null(aka.checkcode.bytes);
	assert_int_equal(aka.checkcode.octets, 0);
}

static void encrypted_padding_must_be_zeros(void **state)
{
	struct eap_aka_message aka;
	uint8_t octets[16];

	(void)state;
	assert_int_equal(
	        eap_aka_read_encrypted(octets, hex_decode("13010001 0603 00000000000000000000", octets, 16), &aka), 0);
	assert_true(aka.has_counter);
	assert_int_equal(aka.counter, 1);
	assert_int_equal(
	        eap_aka_read_encrypted(octets, hex_decode("13010001 0603 00000000000000000001", octets, 16), &aka),
	        -EBADMSG);
}

static void a_writer_that_is_too_small_fails(void **state)
{
	uint8_t octets[8];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));

	(void)state;
	eap_aka_begin(&writer, EAP_AKA_CHALLENGE);
	assert_int_equal(eap_aka_write_mac(&writer), 0);
	assert_int_equal(wire_written(&writer), 0);
	writer = wire_writer_of(octets, sizeof(octets));
	eap_aka_write_res(&writer, "123", 3);
	assert_true(writer.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_message_of_hostapd_reads),   cmocka_unit_test(writes_what_it_reads),
	        cmocka_unit_test(writes_hostapds_identity_request), cmocka_unit_test(tells_malformed_from_unknown),
	        cmocka_unit_test(encrypted_padding_must_be_zeros),  cmocka_unit_test(a_writer_that_is_too_small_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
