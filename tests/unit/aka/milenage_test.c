// SPDX-License-Identifier: BSD-3-Clause
#include "milenage.h"

#include "vectors.h"

static void secret_at(json_t *set, const char *path, struct secret *secret)
{
	uint8_t octets[16];

	secret_set(secret, octets, vectors_hex(set, path, octets, sizeof(octets)));
}

static void assert_hex(json_t *set, const char *path, const void *octets, size_t count)
{
	uint8_t expected[64];

	assert_octets(octets, count, expected, vectors_hex(set, path, expected, sizeof(expected)));
}

static void check_set(json_t *set)
{
	struct secret k = {0}, op = {0}, opc = {0};
	struct milenage_result result = {0};
	uint8_t rand[16], sqn[6], amf[2], mac_a[8], mac_s[8];

	secret_at(set, "k", &k);
	secret_at(set, "op", &op);
	vectors_hex(set, "rand", rand, sizeof(rand));
	vectors_hex(set, "sqn", sqn, sizeof(sqn));
	vectors_hex(set, "amf", amf, sizeof(amf));
	milenage_opc(&k, &op, &opc);
	assert_hex(set, "opc", secret_bytes(&opc), secret_octets(&opc));
	milenage_f1(&k, &opc, rand, sqn, amf, mac_a, mac_s);
	assert_hex(set, "f1_mac_a", mac_a, sizeof(mac_a));
	assert_hex(set, "f1star_mac_s", mac_s, sizeof(mac_s));
	milenage_f2345(&k, &opc, rand, &result);
	assert_hex(set, "f2_res", result.res, sizeof(result.res));
	assert_hex(set, "f3_ck", secret_bytes(&result.ck), secret_octets(&result.ck));
	assert_hex(set, "f4_ik", secret_bytes(&result.ik), secret_octets(&result.ik));
	assert_hex(set, "f5_ak", result.ak, sizeof(result.ak));
	assert_hex(set, "f5star_ak", result.ak_star, sizeof(result.ak_star));
}

static void conformance_sets_of_ts_35208(void **state)
{
	json_t *root = vectors_load("milenage_ts35208.json");
	json_t *set;
	size_t index;

	(void)state;
	json_array_foreach(vectors_at(root, "sets"), index, set) check_set(set);
	assert_int_equal(index, 20);
	check_set(vectors_at(root, "ts35207_extra/0"));
	json_decref(root);
}

static void gsm_sets_of_ts_55205(void **state)
{
	json_t *root = vectors_load("gsm_milenage_ts55205.json");
	json_t *set;
	size_t index;

	(void)state;
	json_array_foreach(vectors_at(root, "sets"), index, set)
	{
		struct secret k = {0}, opc = {0};
		uint8_t rand[16], sres[4], kc[8];

		secret_at(set, "ki", &k);
		secret_at(set, "opc", &opc);
		vectors_hex(set, "rand", rand, sizeof(rand));
		milenage_gsm(&k, &opc, rand, sres, kc);
		assert_hex(set, "sres1", sres, sizeof(sres));
		assert_hex(set, "kc", kc, sizeof(kc));
	}
	assert_int_equal(index, 19);
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(conformance_sets_of_ts_35208),
	        cmocka_unit_test(gsm_sets_of_ts_55205),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
