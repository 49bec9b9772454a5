// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"
#include "vectors.h"

static void masks_imsis(void **state)
{
	char masked[LOG_MASKED_OCTETS];

	(void)state;
	assert_string_equal(log_mask_imsi("244070000000123", masked), "24407…123");
	assert_string_equal(log_mask_imsi("001012345", masked), "00101…345");
	assert_string_equal(log_mask_imsi("001016", masked), "00101…6");
	assert_string_equal(log_mask_imsi("matti@sonera.example", masked), "mat…");
}

static void a_limit_holds_back_and_tells_how_many(void **state)
{
	struct log_limit limit = {0};
	uint32_t held_back = 99;

	(void)state;
	for (int i = 0; i < 5; i++) {
		assert_true(log_limit_pass(&limit, 1000, &held_back));
		assert_int_equal(held_back, 0);
	}
	for (int i = 0; i < 3; i++)
		assert_false(log_limit_pass(&limit, 1500, &held_back));
	assert_true(log_limit_pass(&limit, 2000, &held_back));
	assert_int_equal(held_back, 3);
	assert_false(log_limit_pass(&limit, 2001, &held_back));
	for (int i = 0; i < 5; i++)
		assert_true(log_limit_pass(&limit, 1000000, &held_back));
	assert_false(log_limit_pass(&limit, 1000000, &held_back));
}

static void parses_levels(void **state)
{
	enum log_level level;

	(void)state;
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("loud", &level) < 0);
	assert_string_equal(log_level_name(LOG_LEVEL_WARNING), "warning");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(masks_imsis),
	        cmocka_unit_test(a_limit_holds_back_and_tells_how_many),
	        cmocka_unit_test(parses_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
