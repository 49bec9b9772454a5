// SPDX-License-Identifier: BSD-3-Clause
#include "secret.h"
#include "vectors.h"

static void sets_compares_and_wipes(void **state)
{
	static const struct secret empty;
	struct secret a = {0}, b = {0};

	(void)state;
	assert_true(secret_is_empty(&a));
	secret_set(&a, "sixteen octets !", 16);
	secret_set(&b, "sixteen octets !", 16);
	assert_true(secret_equal(&a, &b));
	assert_octets(secret_bytes(&a), secret_octets(&a), "sixteen octets !", 16);
	secret_set(&b, "sixteen octets ?", 16);
	assert_false(secret_equal(&a, &b));
	secret_set(&b, "sixteen octets", 14);
	assert_false(secret_equal(&a, &b));
	secret_wipe(&a);
	assert_octets(&a, sizeof(a), &empty, sizeof(empty));
}

static void a_shorter_value_leaves_nothing_of_the_longer(void **state)
{
	struct secret a = {0}, b = {0};

	(void)state;
	secret_set(&a, "a long secret value", 19);
	secret_set(&a, "short", 5);
	secret_set(&b, "short", 5);
	assert_octets(&a, sizeof(a), &b, sizeof(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sets_compares_and_wipes),
	        cmocka_unit_test(a_shorter_value_leaves_nothing_of_the_longer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
