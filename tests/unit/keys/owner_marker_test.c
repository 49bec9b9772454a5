// SPDX-License-Identifier: BSD-3-Clause
#include "vectors.h"

#include <string.h>

#include "owner_marker.h"

/* D-1; the expected values were computed with Python's hmac. */
static void marker_of_each_kind_of_id(void **state)
{
	uint8_t bytes[32];
	struct secret key = {0};
	char marker[OWNER_MARKER_OCTETS];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	secret_set(&key, bytes, sizeof(bytes));
	assert_string_equal(owner_marker(&key, "001010000000001", 15, marker), "v1 2e2295720a5ab0a0a34aa0b4a817bbaf");
	assert_string_equal(owner_marker(&key, "home\0cui-7", 10, marker), "v1 aa2f1942ad57e14f0c82bb4dd994b9d4");
	assert_int_equal(strlen(marker), OWNER_MARKER_LENGTH);
	secret_wipe(&key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(marker_of_each_kind_of_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
