// SPDX-License-Identifier: BSD-3-Clause
#include "prf_plus.h"
#include "vectors.h"

/* K-1: the published vectors, in full and in every shorter length. */
static void published(void **state)
{
	static const struct {
		const char *name;
		enum hash_algorithm algorithm;
	} cases[] = {
	        {"prf_plus_sha256_old", HASH_SHA256},
	        {"prf_plus_sha256_1", HASH_SHA256},
	        {"prf_plus_sha384_1", HASH_SHA384},
	        {"sha1_self_computed", HASH_SHA1},
	};
	json_t *file = vectors_load("prf_plus_ikev2.json");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_t *vector = vectors_named(file, "cases", cases[i].name);
		uint8_t key[64], seed[64], expected[256], out[256];
		size_t key_octets = vectors_hex(vector, "key", key, sizeof(key));
		size_t seed_octets = vectors_hex(vector, "seed", seed, sizeof(seed));
		size_t octets = vectors_hex(vector, "out", expected, sizeof(expected));
		const struct wire_view parts[] = {hash_part(seed, 3), hash_part(seed + 3, seed_octets - 3)};

		for (size_t length = 0; length <= octets; length++) {
			memset(out, 0xee, sizeof(out));
			prf_plus(cases[i].algorithm, hash_part(key, key_octets), parts, 2, out, length);
			assert_octets(out, length, expected, length);
			assert_int_equal(out[length], 0xee);
		}
	}
	json_decref(file);
}

static void a_secret_may_derive_its_successor(void **state)
{
	const struct wire_view seed = hash_text("seed");
	struct secret separate = {0}, chained = {0};

	(void)state;
	secret_set(&chained, "0123456789abcdef", 16);
	prf_plus_secret(HASH_SHA256, hash_secret(&chained), &seed, 1, &separate, 64);
	prf_plus_secret(HASH_SHA256, hash_secret(&chained), &seed, 1, &chained, 64);
	assert_true(secret_equal(&separate, &chained));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(published),
	        cmocka_unit_test(a_secret_may_derive_its_successor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
