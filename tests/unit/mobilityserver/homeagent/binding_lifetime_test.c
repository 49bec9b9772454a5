// SPDX-License-Identifier: BSD-3-Clause
/* M-13, L-2; RFC 6275 10.3.1 */
#include "binding_lifetime.h"

#include "mobility_header.h"
#include "vectors.h"

static const struct instant now = {.monotonic_ms = 1000, .unix_ms = 1700000000000};

static struct granted_lifetime granted(uint16_t units, uint32_t policy_s, uint64_t association_ms, uint64_t valid_ms,
                                       uint64_t preferred_ms)
{
	const struct lifetime_bounds bounds = {
	        .requested_units = units,
	        .policy_max_s = policy_s,
	        .association_until_ms = association_ms ? now.unix_ms + association_ms : 0,
	        .prefix_valid_until_ms = valid_ms ? now.unix_ms + valid_ms : 0,
	        .prefix_preferred_until_ms = preferred_ms ? now.unix_ms + preferred_ms : 0,
	};

	return binding_lifetime_grant(&bounds, &now);
}

static void assert_duration(struct granted_lifetime lifetime, uint64_t duration_ms)
{
	assert_true(lifetime.until.monotonic_ms == now.monotonic_ms + duration_ms);
	assert_true(lifetime.until.unix_ms == now.unix_ms + duration_ms);
}

static void the_shortest_bound_holds_exactly(void **state)
{
	(void)state;
	assert_duration(granted(150, 0, 0, 0, 0), 600000);
	assert_duration(granted(150, 599, 0, 0, 0), 599000);
	assert_duration(granted(150, 3600, 1234567, 0, 0), 600000);
	assert_duration(granted(150, 3600, 123456, 0, 0), 123456);
	assert_duration(granted(150, 3600, 123456, 98765, 0), 98765);
	assert_duration(granted(65535, 0, 0, 0, 0), 262140000);
	/* the preferred lifetime shortens nothing */
	assert_duration(granted(150, 3600, 0, 0, 100000), 600000);
}

static void units_are_rounded_down_but_never_to_none(void **state)
{
	static const struct {
		uint64_t remaining_ms;
		uint16_t units;
	} cases[] = {{600000, 150}, {599999, 149}, {8000, 2}, {7999, 1}, {3999, 1}, {1, 1}, {0, 1}, {400000000, 65535}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct instant until = {now.monotonic_ms + cases[i].remaining_ms, 0};

		assert_int_equal(binding_lifetime_units(&until, &now), cases[i].units);
	}
}

static void status_1_tells_of_a_prefix_that_ends(void **state)
{
	(void)state;
	assert_int_equal(granted(150, 0, 0, 0, 0).status, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(granted(150, 0, 0, 700000, 700000).status, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(granted(150, 0, 0, 604000, 0).status, MOBILITY_STATUS_ACCEPTED);
	/* equal in whole units: it becomes invalid at the binding's end */
	assert_int_equal(granted(150, 0, 0, 603999, 0).status, MOBILITY_STATUS_ACCEPTED_PREFIX_DISCOVERY);
	assert_int_equal(granted(150, 0, 0, 300000, 0).status, MOBILITY_STATUS_ACCEPTED_PREFIX_DISCOVERY);
	/* deprecated within the binding, or already */
	assert_int_equal(granted(150, 0, 0, 0, 300000).status, MOBILITY_STATUS_ACCEPTED_PREFIX_DISCOVERY);
	assert_int_equal(granted(150, 0, 0, 700000, 1).status, MOBILITY_STATUS_ACCEPTED_PREFIX_DISCOVERY);
	/* a shorter bound ends before the prefix does */
	assert_int_equal(granted(150, 200, 0, 300000, 300000).status, MOBILITY_STATUS_ACCEPTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_shortest_bound_holds_exactly),
	        cmocka_unit_test(units_are_rounded_down_but_never_to_none),
	        cmocka_unit_test(status_1_tells_of_a_prefix_that_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
