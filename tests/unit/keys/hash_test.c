// SPDX-License-Identifier: BSD-3-Clause
#include "hash.h"
#include "vectors.h"

/* Each vector twice: whole, and cut into two parts and an empty one. */
static void check_hmac(json_t *vector, enum hash_algorithm algorithm, const char *member)
{
	uint8_t key[256], data[256], expected[64], mac[HASH_MAX_OCTETS];
	size_t key_octets = vectors_hex(vector, "key", key, sizeof(key));
	size_t octets = vectors_hex(vector, "data", data, sizeof(data));
	size_t expected_octets = vectors_hex(vector, member, expected, sizeof(expected));
	const struct wire_view whole = hash_part(data, octets);
	const struct wire_view parts[] = {hash_part(data, octets / 2), hash_part(NULL, 0),
	                                  hash_part(data + octets / 2, octets - octets / 2)};

	hash_hmac(algorithm, hash_part(key, key_octets), &whole, 1, mac);
	assert_octets(mac, hash_octets(algorithm), expected, expected_octets);
	hash_hmac(algorithm, hash_part(key, key_octets), parts, 3, mac);
	assert_octets(mac, hash_octets(algorithm), expected, expected_octets);
}

static void rfc2202(void **state)
{
	json_t *file = vectors_load("hmac_rfc2202.json");
	json_t *vector;
	size_t index;

	(void)state;
	json_array_foreach(vectors_at(file, "hmac_sha1"), index, vector) check_hmac(vector, HASH_SHA1, "digest");
	assert_true(index > 3);
	json_decref(file);
}

static void rfc4231(void **state)
{
	json_t *file = vectors_load("hmac_rfc4231.json");
	json_t *vector;
	size_t index;

	(void)state;
	json_array_foreach(vectors_at(file, "cases"), index, vector)
	{
		check_hmac(vector, HASH_SHA256, "hmac_sha256");
		check_hmac(vector, HASH_SHA384, "hmac_sha384");
	}
	assert_true(index > 3);
	json_decref(file);
}

/* FIPS 180-2, appendix B.1 */
static void digests(void **state)
{
	const struct wire_view parts[] = {hash_text("a"), hash_text("bc")};
	uint8_t digest[HASH_MAX_OCTETS], expected[HASH_MAX_OCTETS];

	(void)state;
	hash_digest(HASH_SHA256, parts, 2, digest);
	hex_decode("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", expected, sizeof(expected));
	assert_octets(digest, 32, expected, 32);
	hash_digest(HASH_SHA1, parts, 2, digest);
	hex_decode("a9993e364706816aba3e25717850c26c9cd0d89d", expected, sizeof(expected));
	assert_octets(digest, 20, expected, 20);
	hash_digest(HASH_SHA1, NULL, 0, digest);
	hex_decode("da39a3ee5e6b4b0d3255bfef95601890afd80709", expected, sizeof(expected));
	assert_octets(digest, 20, expected, 20);
}

static void empty_key(void **state)
{
	uint8_t mac[HASH_MAX_OCTETS], expected[HASH_MAX_OCTETS];

	(void)state;
	hash_hmac(HASH_SHA256, hash_part(NULL, 0), NULL, 0, mac);
	hex_decode("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", expected, sizeof(expected));
	assert_octets(mac, 32, expected, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(rfc2202),
	        cmocka_unit_test(rfc4231),
	        cmocka_unit_test(digests),
	        cmocka_unit_test(empty_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
