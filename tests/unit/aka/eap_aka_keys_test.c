// SPDX-License-Identifier: BSD-3-Clause
/* K-4, E-5, E-11 against RFC 9048, RFC 4187, FIPS 186-2 and hostapd's transcripts. */
#include "eap_aka_keys.h"

#include <string.h>
#include "vectors.h"

static void secret_at(json_t *set, const char *path, struct secret *secret)
{
	uint8_t octets[64];

	secret_set(secret, octets, vectors_hex(set, path, octets, sizeof(octets)));
}

static void assert_secret(json_t *set, const char *path, const struct secret *secret)
{
	uint8_t expected[64];

	assert_octets(secret_bytes(secret), secret_octets(secret), expected,
	              vectors_hex(set, path, expected, sizeof(expected)));
}

static void aka_prime_of_rfc9048(void **state)
{
	json_t *root = vectors_load("eap_aka_prime_rfc9048.json");
	json_t *set;
	size_t index;

	(void)state;
	json_array_foreach(vectors_at(root, "cases"), index, set)
	{
		const char *identity = vectors_text(set, "identity_ascii");
		const char *name = vectors_text(set, "network_name_ascii");
		struct secret ck = {0}, ik = {0}, ck_prime = {0}, ik_prime = {0};
		struct eap_aka_keys keys = {0};
		uint8_t autn[16];

		secret_at(set, "ck", &ck);
		secret_at(set, "ik", &ik);
		vectors_hex(set, "autn", autn, sizeof(autn));
		eap_aka_prime_cipher_keys(&ck, &ik, name, strlen(name), autn, &ck_prime, &ik_prime);
		assert_secret(set, "ck_prime", &ck_prime);
		assert_secret(set, "ik_prime", &ik_prime);
		eap_aka_prime_keys(&ck_prime, &ik_prime, identity, strlen(identity), &keys);
		assert_secret(set, "k_encr", &keys.k_encr);
		assert_secret(set, "k_aut", &keys.k_aut);
		assert_secret(set, "k_re", &keys.k_re);
		assert_secret(set, "msk", &keys.msk);
		assert_secret(set, "emsk", &keys.emsk);
	}
	assert_int_equal(index, 4);
	json_decref(root);
}

static void aka_of_rfc4187(void **state)
{
	json_t *root = vectors_load("eap_aka_rfc4187.json");
	json_t *set = vectors_at(root, "cases/0");
	const char *identity = vectors_text(set, "identity_ascii");
	struct secret ck = {0}, ik = {0};
	struct eap_aka_keys keys = {0};

	(void)state;
	secret_at(set, "ck", &ck);
	secret_at(set, "ik", &ik);
	eap_aka_keys(&ck, &ik, identity, strlen(identity), &keys);
	assert_secret(set, "k_encr", &keys.k_encr);
	assert_secret(set, "k_aut", &keys.k_aut);
	assert_secret(set, "msk", &keys.msk);
	assert_secret(set, "emsk", &keys.emsk);
	assert_true(secret_is_empty(&keys.k_re));
	json_decref(root);
}

static void prf_of_fips186_2(void **state)
{
	json_t *root = vectors_load("fips186_2_prf.json");
	uint8_t xkey[20], out[40], expected[40];

	(void)state;
	vectors_hex(root, "cases/0/xkey", xkey, sizeof(xkey));
	fips186_2_prf(xkey, out, sizeof(out));
	assert_octets(out, sizeof(out), expected, vectors_hex(root, "cases/0/out", expected, sizeof(expected)));
	json_decref(root);
}

/*
 * The full authentication of each transcript: the challenge that was answered verifies under the keys that hostapd
 * logged, and so does the answer; AT_CHECKCODE is the digest of the identity rounds before it.
 */
static void macs_and_checkcodes_of_hostapd(void **state)
{
	json_t *root = vectors_load("eap_radius_transcripts_hostapd.json");
	const char *name;
	json_t *run;

	(void)state;
	json_object_foreach(vectors_at(root, "runs"), name, run)
	{
		static struct eap_aka_checkcode checkcode;
		struct eap_aka_keys keys = {.method = strchr(name, '\'') ? EAP_TYPE_AKA_PRIME : EAP_TYPE_AKA};
		unsigned macs = 0, codes = 0, fulls = 0;
		json_t *message;
		size_t index;

		memset(&checkcode, 0, sizeof(checkcode));
		secret_at(run, "k_aut", &keys.k_aut);
		json_array_foreach(vectors_at(run, "transcript"), index, message)
		{
			uint8_t octets[2048];
			struct eap_aka_message aka;
			struct eap_packet packet;

			assert_int_equal(eap_read(octets, vectors_hex(message, "eap", octets, sizeof(octets)), &packet),
			                 0);
			if (packet.code == EAP_SUCCESS)
				fulls++;
			if (packet.type != keys.method || fulls)
				continue;
			assert_int_equal(eap_aka_read(packet.data.bytes, packet.data.octets, &aka), 0);
			if (aka.subtype == EAP_AKA_IDENTITY)
				eap_aka_checkcode_add(&checkcode, packet.octets.bytes, packet.octets.octets);
			if (!aka.mac.bytes || !eap_aka_mac_right(&keys, packet.octets, aka.mac))
				continue;
			macs++;
			codes += aka.checkcode.bytes && eap_aka_checkcode_right(&checkcode, keys.method, aka.checkcode);
			octets[packet.octets.octets - 1] ^= 1;
			assert_false(eap_aka_mac_right(&keys, packet.octets, aka.mac));
		}
		if (macs < 2)
			fail_msg("%s: only %u MACs verify", name, macs);
		if (codes < 2)
			fail_msg("%s: only %u checkcodes are right", name, codes);
	}
	json_decref(root);
}

static void an_overflown_checkcode_equals_nothing(void **state)
{
	static struct eap_aka_checkcode checkcode;
	uint8_t digest[CHECKCODE_OCTETS_MAX];
	size_t octets;

	(void)state;
	assert_true(
	        eap_aka_checkcode_right(&checkcode, EAP_TYPE_AKA_PRIME, (struct wire_view){(const uint8_t *)"", 0}));
	assert_false(eap_aka_checkcode_right(&checkcode, EAP_TYPE_AKA_PRIME, (struct wire_view){NULL, 0}));
	for (int i = 0; i <= CHECKCODE_PACKETS_MAX; i++)
		eap_aka_checkcode_add(&checkcode, "packet", 6);
	octets = eap_aka_checkcode_digest(&checkcode, EAP_TYPE_AKA_PRIME, digest);
	assert_int_equal(octets, 32);
	assert_false(eap_aka_checkcode_right(&checkcode, EAP_TYPE_AKA_PRIME, (struct wire_view){digest, octets}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(aka_prime_of_rfc9048),
	        cmocka_unit_test(aka_of_rfc4187),
	        cmocka_unit_test(prf_of_fips186_2),
	        cmocka_unit_test(macs_and_checkcodes_of_hostapd),
	        cmocka_unit_test(an_overflown_checkcode_equals_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
