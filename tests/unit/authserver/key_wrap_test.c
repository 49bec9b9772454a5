// SPDX-License-Identifier: BSD-3-Clause
/* S-10: K and OPc at rest open under their key and their subscriber alone. */
#include "key_wrap.h"

#include <errno.h>
#include <string.h>
#include "vectors.h"

static struct secret filled(int octet, size_t octets)
{
	struct secret secret = {0};

	memset(secret_fill(&secret, octets), octet, octets);
	return secret;
}

static void only_its_key_and_subscriber_open_it(void **state)
{
	const struct secret key = filled(1, 32), other_key = filled(2, 32), k = filled(3, 16), opc = filled(4, 16);
	uint8_t wrapped[WRAPPED_KEYS_OCTETS], again[WRAPPED_KEYS_OCTETS];
	struct secret found_k = {0}, found_opc = {0};

	(void)state;
	key_wrap(&key, "001010000000001", &k, &opc, randomness_system(), wrapped);
	key_wrap(&key, "001010000000001", &k, &opc, randomness_system(), again);
	assert_memory_not_equal(wrapped, again, sizeof(wrapped));
	assert_int_equal(key_unwrap(&key, "001010000000001", wrapped, &found_k, &found_opc), 0);
	assert_true(secret_equal(&found_k, &k) && secret_equal(&found_opc, &opc));
	assert_int_equal(key_unwrap(&key, "001010000000002", wrapped, &found_k, &found_opc), -EBADMSG);
	assert_int_equal(key_unwrap(&other_key, "001010000000001", wrapped, &found_k, &found_opc), -EBADMSG);
}

static void each_changed_octet_shows(void **state)
{
	const struct secret key = filled(1, 32), k = filled(3, 16), opc = filled(4, 16);
	uint8_t wrapped[WRAPPED_KEYS_OCTETS];
	struct secret found_k = {0}, found_opc = {0};

	(void)state;
	key_wrap(&key, "001010000000001", &k, &opc, randomness_system(), wrapped);
	for (size_t i = 0; i < sizeof(wrapped); i++) {
		wrapped[i] ^= 0x10;
		assert_int_equal(key_unwrap(&key, "001010000000001", wrapped, &found_k, &found_opc), -EBADMSG);
		wrapped[i] ^= 0x10;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(only_its_key_and_subscriber_open_it),
	        cmocka_unit_test(each_changed_octet_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
