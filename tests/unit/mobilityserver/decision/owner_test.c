// SPDX-License-Identifier: BSD-3-Clause
/* D-1 and the {hash} of operation.md 2. */
#include "owner.h"

#include <string.h>
#include "vectors.h"

/* Expected values were computed with Python's hmac and base64 modules. */
static void digest_and_label_are_the_published_formula(void **state)
{
	struct subscriber_identity identity;
	struct secret key = {.octets = 0};
	uint8_t bytes[32], digest[OWNER_DIGEST_OCTETS], expected[OWNER_DIGEST_OCTETS];
	char label[OWNER_LABEL_CHARACTERS + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	secret_set(&key, bytes, sizeof(bytes));
	subscriber_identity_from_imsi("home", "001010000000001", &identity);
	owner_digest(&key, &identity, digest);
	hex_decode("2e2295720a5ab0a0a34aa0b4a817bbafe4eb79e12d5a5cffd26eb8ecbcd95e0a", expected, sizeof(expected));
	assert_octets(digest, sizeof(digest), expected, sizeof(expected));
	owner_label(&key, &identity, label);
	assert_string_equal(label, "fyrjk4qklk");
}

static void a_derived_key_is_no_marker(void **state)
{
	struct secret owner = {.octets = 0}, one = {.octets = 0}, other = {.octets = 0};

	(void)state;
	secret_set(&owner, "0123456789abcdef0123456789abcdef", 32);
	owner_derived_key(&owner, "RFC 7217", &one);
	owner_derived_key(&owner, "RFC 7218", &other);
	assert_int_equal(secret_octets(&one), 32);
	assert_false(secret_equal(&one, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(digest_and_label_are_the_published_formula),
	        cmocka_unit_test(a_derived_key_is_no_marker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
