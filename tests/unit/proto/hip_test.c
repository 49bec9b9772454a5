// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"
#include "dns_name.h"
#include "hip.h"

/* A well-formed RSA key in RR form: exponent 65537, modulus of `bits` bits. */
static struct wire_view rsa_key(uint8_t *key, size_t bits)
{
	size_t octets = (bits + 7) / 8;

	memcpy(key, "\3\1\0\1", 4);
	memset(key + 4, 0x5a, octets);
	key[4] = (uint8_t)(bits % 8 ? 1u << (bits % 8 - 1) : 0xc1);
	key[3 + octets] |= 1;
	return (struct wire_view){key, 4 + octets};
}

/* The three records of RFC 8005 section 7 come out of the wire and go back to the same octets. */
static void records_of_rfc8005(void **state)
{
	json_t *root = vectors_load("hip_rr_rfc8005.json");

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint8_t rdata[512];
		uint8_t hit[HIT_OCTETS];
		uint8_t again[512];
		char path[64];
		char name[DNS_NAME_TEXT_OCTETS];
		struct hip_rr rr;
		struct wire_reader servers;
		struct wire_writer writer = wire_writer_of(again, sizeof(again));
		size_t octets;

		snprintf(path, sizeof(path), "cases/%zu/rdata", i);
		octets = vectors_hex(root, path, rdata, sizeof(rdata));
		snprintf(path, sizeof(path), "cases/%zu/hit", i);
		vectors_hex(root, path, hit, sizeof(hit));
		assert_true(hip_rr_read((struct wire_view){rdata, octets}, &rr));
		assert_octets(rr.hit, HIT_OCTETS, hit, HIT_OCTETS);
		assert_int_equal(rr.key_algorithm, HIP_KEY_RSA);
		assert_int_equal(rr.key.octets, 132);
		servers = wire_reader_of_view(rr.rendezvous_servers);
		for (size_t server = 0; server < i; server++) {
			snprintf(path, sizeof(path), "cases/%zu/rvs/%zu", i, server);
			dns_name_read(&servers, name);
			strcat(name, ".");
			assert_string_equal(name, vectors_text(root, path));
		}
		assert_true(wire_complete(&servers));
		hip_rr_write(&writer, &rr);
		assert_octets(again, wire_written(&writer), rdata, octets);
	}
	json_decref(root);
}

static void malformed_records_are_refused(void **state)
{
	json_t *root = vectors_load("hip_rr_rfc8005.json");
	uint8_t rdata[512];
	struct hip_rr rr;
	size_t octets = vectors_hex(root, "cases/1/rdata", rdata, sizeof(rdata));

	(void)state;
	/* every prefix but the one that ends behind the key */
	for (size_t prefix = 0; prefix < octets; prefix++)
		assert_int_equal(hip_rr_read((struct wire_view){rdata, prefix}, &rr), prefix == 4 + 16 + 132);
	rdata[0] = 15;
	assert_false(hip_rr_read((struct wire_view){rdata, octets}, &rr));
	rdata[0] = 16;
	memcpy(rdata + octets - 2, "\xc0\0", 2); /* names are never compressed, RFC 8005 section 5.6 */
	assert_false(hip_rr_read((struct wire_view){rdata, octets}, &rr));
	json_decref(root);
}

/* K-13, B-35: both forms of the ECDSA keys of the example bootstrap. */
static void forms_of_example_keys(void **state)
{
	static const char *const names[] = {"example: Host-Identity of the node", "example: Server-Host-Identity"};
	json_t *root = vectors_load("kedge_bootstrap.json");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		json_t *example = vectors_named(root, "cases", names[i]);
		uint8_t value[HIP_IDENTITY_VALUE_MAX];
		uint8_t host_id[HIP_HOST_ID_MAX];
		uint8_t written[HIP_IDENTITY_VALUE_MAX];
		size_t value_octets = vectors_hex(example, "output/avp_value", value, sizeof(value));
		size_t host_id_octets = vectors_hex(example, "input/hi_hostid_form", host_id, sizeof(host_id));
		struct hip_host_identity identity;
		struct hip_host_identity back;
		struct wire_writer writer = wire_writer_of(written, sizeof(written));

		assert_true(hip_identity_value_read((struct wire_view){value, value_octets}, &identity));
		assert_int_equal(hip_curve_of(&identity), HIP_CURVE_P256);
		hip_host_id_form_write(&writer, &identity);
		assert_octets(written, wire_written(&writer), host_id, host_id_octets);

		assert_true(
		        hip_host_id_form_read(HIP_ALGORITHM_ECDSA, (struct wire_view){host_id, host_id_octets}, &back));
		writer = wire_writer_of(written, sizeof(written));
		hip_identity_value_write(&writer, &back);
		assert_octets(written, wire_written(&writer), value, value_octets);
	}
	json_decref(root);
}

/* B-37: another pair of algorithm and suite, wrong lengths, RSA out of bounds. */
static void unacceptable_keys(void **state)
{
	uint8_t value[8 + HIP_KEY_MAX] = {HIP_KEY_ECDSA, HIP_SUITE_ECDSA_SHA384};
	uint8_t key[1024];
	struct hip_host_identity identity = {.key_algorithm = HIP_KEY_RSA};

	(void)state;
	assert_true(hip_identity_value_read((struct wire_view){value, 4 + 64}, &identity));
	assert_true(hip_identity_value_read((struct wire_view){value, 4 + 96}, &identity));
	assert_int_equal(hip_curve_of(&identity), HIP_CURVE_P384);
	assert_false(hip_identity_value_read((struct wire_view){value, 4 + 65}, &identity));
	assert_false(hip_identity_value_read((struct wire_view){value, 4}, &identity));
	assert_false(hip_identity_value_read((struct wire_view){value, 3}, &identity));
	value[3] = 1;
	assert_false(hip_identity_value_read((struct wire_view){value, 4 + 64}, &identity));
	value[3] = 0;
	value[1] = HIP_SUITE_RSA_SHA256;
	assert_false(hip_identity_value_read((struct wire_view){value, 4 + 64}, &identity));
	value[0] = 0;
	value[1] = 0;
	assert_false(hip_identity_value_read((struct wire_view){value, 4 + 64}, &identity));

	identity = (struct hip_host_identity){HIP_KEY_RSA, rsa_key(key, 2048)};
	assert_true(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 3072);
	assert_true(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 2041);
	assert_false(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 3073);
	assert_false(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 2048);
	key[3] = 0; /* even exponent */
	assert_false(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 2048);
	key[4 + 255] &= 0xfe; /* even modulus */
	assert_false(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 2048);
	key[1] = 0; /* leading zero: a second encoding of the same number */
	assert_false(hip_host_identity_is_acceptable(&identity));
	identity.key = rsa_key(key, 2048);
	key[0] = 0; /* three-octet exponent length */
	assert_false(hip_host_identity_is_acceptable(&identity));
	key[0] = 5;
	assert_false(hip_host_identity_is_acceptable(&identity));
	memcpy(key, "\1\1", 2); /* exponent 1; what follows is then the modulus */
	assert_false(hip_host_identity_is_acceptable(&identity));
}

static void host_id_form_names_its_curve(void **state)
{
	uint8_t form[2 + HIP_P384_OCTETS] = {0, HIP_CURVE_P384};
	uint8_t key[512];
	struct hip_host_identity identity;
	struct wire_writer writer = wire_writer_of(form, sizeof(form));

	(void)state;
	assert_true(hip_host_id_form_read(HIP_ALGORITHM_ECDSA, (struct wire_view){form, 2 + 96}, &identity));
	assert_false(hip_host_id_form_read(HIP_ALGORITHM_ECDSA, (struct wire_view){form, 2 + 64}, &identity));
	assert_false(hip_host_id_form_read(HIP_ALGORITHM_RSA, (struct wire_view){form, 2 + 96}, &identity));
	assert_false(hip_host_id_form_read(9, (struct wire_view){form, 2 + 96}, &identity));
	assert_true(hip_host_id_form_read(HIP_ALGORITHM_RSA, rsa_key(key, 2048), &identity));
	identity.key.octets--;
	hip_host_id_form_write(&writer, &identity);
	assert_true(writer.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(records_of_rfc8005),           cmocka_unit_test(malformed_records_are_refused),
	        cmocka_unit_test(forms_of_example_keys),        cmocka_unit_test(unacceptable_keys),
	        cmocka_unit_test(host_id_form_names_its_curve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
