// SPDX-License-Identifier: BSD-3-Clause
#include "pana_keys.h"
#include "vectors.h"

enum { VENDOR = 32473 };

static struct fixture {
	json_t *file;
	uint8_t i_par[256], i_pan[256], pac_nonce[32], paa_nonce[32];
	struct secret msk;
	struct pana_key_input input;
	struct pana_keys keys;
} fixture;

static int setup(void **state)
{
	json_t *start, *key;
	uint8_t msk[64];

	*state = &fixture;
	fixture.file = vectors_load("kedge_bootstrap.json");
	start = vectors_named(fixture.file, "cases", "example: I_PAR and I_PAN");
	key = vectors_named(fixture.file, "cases", "example: PANA_AUTH_KEY");
	secret_set(&fixture.msk, msk, vectors_hex(key, "input/msk", msk, sizeof(msk)));
	fixture.input = (struct pana_key_input){
	        .prf = PANA_PRF_HMAC_SHA2_256,
	        .integrity = PANA_INTEGRITY_HMAC_SHA2_256_128,
	        .i_par = {fixture.i_par, vectors_hex(start, "input/I_PAR", fixture.i_par, sizeof(fixture.i_par))},
	        .i_pan = {fixture.i_pan, vectors_hex(start, "input/I_PAN", fixture.i_pan, sizeof(fixture.i_pan))},
	        .pac_nonce = {fixture.pac_nonce, vectors_hex(key, "input/pac_nonce", fixture.pac_nonce, 32)},
	        .paa_nonce = {fixture.paa_nonce, vectors_hex(key, "input/paa_nonce", fixture.paa_nonce, 32)},
	        .key_id = 1,
	};
	pana_keys_derive(&fixture.keys, &fixture.msk, &fixture.input);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	json_decref(fixture.file);
	return 0;
}

static void check_key(const char *name, const struct secret *key)
{
	uint8_t expected[64];
	size_t octets =
	        vectors_hex(vectors_named(fixture.file, "cases", name), "output/key", expected, sizeof(expected));

	assert_octets(secret_bytes(key), secret_octets(key), expected, octets);
}

/* K-5 */
static void published_keys(void **state)
{
	(void)state;
	check_key("example: PANA_AUTH_KEY", &fixture.keys.authentication);
	check_key("example: PANA_PAC_ENCR_KEY", &fixture.keys.pac_encryption);
	check_key("example: PANA_PAA_ENCR_KEY", &fixture.keys.paa_encryption);
}

/* K-5: every octet of what enters changes every key. */
static void all_input_enters(void **state)
{
	uint8_t *inputs[] = {fixture.i_par, fixture.i_pan, fixture.pac_nonce, fixture.paa_nonce};
	struct pana_keys keys;
	struct pana_key_input input = fixture.input;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		inputs[i][13] ^= 1;
		pana_keys_derive(&keys, &fixture.msk, &fixture.input);
		inputs[i][13] ^= 1;
		assert_false(secret_equal(&keys.authentication, &fixture.keys.authentication));
		assert_false(secret_equal(&keys.pac_encryption, &fixture.keys.pac_encryption));
		assert_false(secret_equal(&keys.paa_encryption, &fixture.keys.paa_encryption));
	}
	input.key_id = 2;
	pana_keys_derive(&keys, &fixture.msk, &input);
	assert_false(secret_equal(&keys.authentication, &fixture.keys.authentication));
}

/* B-29, B-30, K-5: the published messages: AUTH right, each plaintext under its own key and the PNR's number. */
static void check_message(const char *member, const char *plaintext_case, enum pana_direction direction)
{
	json_t *wire = vectors_named(fixture.file, "cases", "example: PNR and PNA on the wire");
	json_t *boot = vectors_named(fixture.file, "cases", plaintext_case);
	uint8_t octets[1024], expected[1024], plaintext[1024];
	size_t count = vectors_hex(wire, member, octets, sizeof(octets));
	size_t expected_octets = vectors_hex(boot, "output/plaintext", expected, sizeof(expected));
	struct pana_message message;
	struct wire_view encap;

	assert_int_equal(pana_message_read(octets, count, VENDOR, &message), PANA_FAULT_VALID);
	assert_true(pana_auth_verify(&fixture.keys, &message));
	encap = pana_message_value(&message, PANA_ENCRYPTION_ENCAP);
	pana_encap_crypt(&fixture.keys, direction, message.session_id, message.sequence_number, encap.bytes, plaintext,
	                 encap.octets);
	assert_octets(plaintext, encap.octets, expected, expected_octets);

	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	uint8_t *value;

	pana_message_begin(&writer, message.kind, message.session_id, message.sequence_number);
	value = pana_avp_write_space(&writer, 0, PANA_ENCRYPTION_ENCAP, expected_octets);
	pana_encap_crypt(&fixture.keys, direction, message.session_id, message.sequence_number, expected, value,
	                 expected_octets);
	count = pana_message_end_with_auth(&writer, pana_auth_octets(fixture.keys.integrity));
	pana_auth_set(&fixture.keys, plaintext, count);
	assert_octets(plaintext, count, octets, message.octets.octets);

	for (size_t at = 0; at < count; at++) {
		octets[at] ^= 0x04;
		if (pana_message_read(octets, count, VENDOR, &message) == PANA_FAULT_VALID)
			assert_false(pana_auth_verify(&fixture.keys, &message));
		octets[at] ^= 0x04;
	}
}

static void published_request(void **state)
{
	(void)state;
	check_message("output/pnr", "example: Boot AVPs of a full request", PANA_FROM_PAC);
}

static void published_answer(void **state)
{
	(void)state;
	check_message("output/pna", "example: Boot AVPs of a final answer", PANA_FROM_PAA);
}

/* RFC 6786 4.1: an empty Encap encrypts to nothing; a long one crosses many counter blocks in either piece size. */
static void counter_mode(void **state)
{
	uint8_t plain[1000], whole[1000], again[1000];

	(void)state;
	memset(plain, 7, sizeof(plain));
	pana_encap_crypt(&fixture.keys, PANA_FROM_PAC, 1, 2, plain, whole, 0);
	pana_encap_crypt(&fixture.keys, PANA_FROM_PAC, 1, 2, plain, whole, sizeof(plain));
	memcpy(again, whole, sizeof(again));
	pana_encap_crypt(&fixture.keys, PANA_FROM_PAC, 1, 2, again, again, sizeof(again));
	assert_octets(again, sizeof(again), plain, sizeof(plain));
	pana_encap_crypt(&fixture.keys, PANA_FROM_PAC, 1, 3, plain, again, sizeof(plain));
	assert_memory_not_equal(again, whole, 16);
	pana_encap_crypt(&fixture.keys, PANA_FROM_PAA, 1, 2, plain, again, sizeof(plain));
	assert_memory_not_equal(again, whole, 16);
}

/* B-14: room for SHA-1: AUTH of 20 octets; an AUTH of the other length is wrong. */
static void sha1(void **state)
{
	struct pana_key_input input = fixture.input;
	struct pana_keys keys;
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_message message;
	size_t octets;

	(void)state;
	input.prf = PANA_PRF_HMAC_SHA1;
	input.integrity = PANA_INTEGRITY_HMAC_SHA1_160;
	pana_keys_derive(&keys, &fixture.msk, &input);
	assert_int_equal(secret_octets(&keys.authentication), 20);
	pana_message_begin(&writer, PANA_PNR_PING, 1, 2);
	octets = pana_message_end_with_auth(&writer, pana_auth_octets(keys.integrity));
	pana_auth_set(&keys, buffer, octets);
	assert_int_equal(pana_message_read(buffer, octets, VENDOR, &message), PANA_FAULT_VALID);
	assert_true(pana_auth_verify(&keys, &message));
	assert_false(pana_auth_verify(&fixture.keys, &message));
	pana_keys_wipe(&keys);
	assert_false(pana_keys_are_set(&keys));
	assert_false(pana_auth_verify(&keys, &message));
}

static void no_auth_is_wrong(void **state)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_message message;
	size_t octets;

	(void)state;
	pana_message_begin(&writer, PANA_PNR_PING, 1, 2);
	octets = pana_message_end(&writer);
	assert_int_equal(pana_message_read(buffer, octets, VENDOR, &message), PANA_FAULT_VALID);
	assert_false(pana_auth_verify(&fixture.keys, &message));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published_keys),    cmocka_unit_test(all_input_enters),
	        cmocka_unit_test(published_request), cmocka_unit_test(published_answer),
	        cmocka_unit_test(counter_mode),      cmocka_unit_test(sha1),
	        cmocka_unit_test(no_auth_is_wrong),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
