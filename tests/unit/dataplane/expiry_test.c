// SPDX-License-Identifier: BSD-3-Clause
#include "expiry.h"
#include "vectors.h"

/* architecture.md 3, "Without the control plane" */
static void clock_stands_still_while_no_owner_is_heard(void **state)
{
	struct expiry expiry;

	(void)state;
	expiry_start(&expiry, 1000, 0, 60000);
	expiry_heard(&expiry, 1700000000000ull, 1000);
	assert_int_equal(expiry_horizon(&expiry, 1500), 1700000000500ull);
	expiry_tick(&expiry, 4000);
	assert_true(expiry_owner_is_heard(&expiry, 4000));
	assert_int_equal(expiry_horizon(&expiry, 4000), 1700000003000ull);
	expiry_tick(&expiry, 14000);
	assert_false(expiry_owner_is_heard(&expiry, 14000));
	assert_int_equal(expiry_horizon(&expiry, 14000), 1700000003000ull);
	assert_int_equal(expiry_owner_clock(&expiry, 14000), 1700000013000ull);
	expiry_tick(&expiry, 64000);
	assert_int_equal(expiry_horizon(&expiry, 64000), 1700000003000ull);
	expiry_tick(&expiry, 64001); /* the grace is over */
	assert_int_equal(expiry_horizon(&expiry, 64001), 1700000063001ull);
	expiry_heard(&expiry, 1700000064000ull, 64100);
	assert_int_equal(expiry_horizon(&expiry, 64100), 1700000064000ull);
}

static void no_grace_means_no_suspension(void **state)
{
	struct expiry expiry;

	(void)state;
	expiry_start(&expiry, 0, 0, 0);
	expiry_tick(&expiry, 100000);
	assert_int_equal(expiry_horizon(&expiry, 100000), 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(clock_stands_still_while_no_owner_is_heard),
	        cmocka_unit_test(no_grace_means_no_suspension),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
