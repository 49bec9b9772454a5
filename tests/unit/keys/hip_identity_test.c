// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"

#include <arpa/inet.h>
#include <errno.h>

#include "hip_identity.h"

/* K-13, suite 2: the tags of the example bootstrap's keys. */
static void tags_of_example_keys(void **state)
{
	static const char *const names[] = {"example: Host-Identity of the node", "example: Server-Host-Identity"};
	json_t *root = vectors_load("kedge_bootstrap.json");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		json_t *example = vectors_named(root, "cases", names[i]);
		uint8_t value[HIP_IDENTITY_VALUE_MAX];
		size_t octets = vectors_hex(example, "output/avp_value", value, sizeof(value));
		struct hip_host_identity identity;
		struct in6_addr tag;
		char text[INET6_ADDRSTRLEN];

		assert_true(hip_identity_value_read((struct wire_view){value, octets}, &identity));
		assert_int_equal(hip_identity_tag(&identity, &tag), 0);
		assert_string_equal(inet_ntop(AF_INET6, &tag, text, sizeof(text)), vectors_text(example, "output/hit"));
		assert_true(hip_identity_is_tag(&tag));
	}
	json_decref(root);
}

/* K-13, suite 1: SHA-256 over the RSA key, which has one form only; the tag was computed with Python's hashlib. */
static void tag_of_rsa_key(void **state)
{
	uint8_t key[4 + 256];
	uint8_t expected[16];
	struct hip_host_identity identity = {HIP_KEY_RSA, {key, sizeof(key)}};
	struct in6_addr tag;

	(void)state;
	memset(key, 0x5a, sizeof(key));
	memcpy(key, "\3\1\0\1\xc1", 5);
	key[sizeof(key) - 1] = 0x5b;
	assert_int_equal(hip_identity_tag(&identity, &tag), 0);
	hex_decode("20010021ee228b34fe393dea34d63288", expected, sizeof(expected));
	assert_octets(&tag, sizeof(tag), expected, sizeof(expected));
}

static void unacceptable_key_has_no_tag(void **state)
{
	uint8_t key[HIP_P256_OCTETS] = {0};
	struct hip_host_identity identity = {HIP_KEY_ECDSA, {key, sizeof(key) - 1}};
	struct in6_addr tag;

	(void)state;
	assert_int_equal(hip_identity_tag(&identity, &tag), -EKEYREJECTED);
}

/* RFC 7343: 2001:20::/28, not ORCHIDv1's 2001:10::/28. */
static void tags_are_told_from_addresses(void **state)
{
	struct in6_addr address;

	(void)state;
	inet_pton(AF_INET6, "2001:2f:ffff::1", &address);
	assert_true(hip_identity_is_tag(&address));
	inet_pton(AF_INET6, "2001:10::1", &address);
	assert_false(hip_identity_is_tag(&address));
	inet_pton(AF_INET6, "2001:db8::1", &address);
	assert_false(hip_identity_is_tag(&address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tags_of_example_keys),
	        cmocka_unit_test(tag_of_rsa_key),
	        cmocka_unit_test(unacceptable_key_has_no_tag),
	        cmocka_unit_test(tags_are_told_from_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
