// SPDX-License-Identifier: BSD-3-Clause
#include "services.h"

#include "vectors.h"

/* B-40: the granted subset; empty is 212. */
static void the_granted_subset_is_what_all_three_allow(void **state)
{
	static const struct {
		uint32_t wished, subscribed, served, granted;
		enum services_reason reason;
	} cases[] = {
	        {SERVICE_MIP6, 1, 7, 1, SERVICES_AS_WISHED},
	        {SERVICE_MIP6 | SERVICE_HIP, 1, 7, 1, SERVICES_NOT_SUBSCRIBED},
	        {SERVICE_MIP6 | SERVICE_HIP, 5, 1, 1, SERVICES_NOT_SERVED},
	        {SERVICE_HIP, 1, 1, 0, SERVICES_NOT_SUBSCRIBED},
	        {0, 7, 7, 0, SERVICES_NONE_WISHED},
	        {0xfffffff8, 7, 7, 0, SERVICES_NONE_WISHED},
	        {0x1f, 7, 7, 7, SERVICES_AS_WISHED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct services_decision decision =
		        services_decide(cases[i].wished, cases[i].subscribed, cases[i].served);

		assert_int_equal(decision.granted, cases[i].granted);
		assert_int_equal(decision.reason, cases[i].reason);
		assert_string_not_equal(services_reason_text(decision.reason), "unknown");
	}
}

static void services_have_names(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(services_text(5, text), "mip6 hip");
	assert_string_equal(services_text(0, text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_granted_subset_is_what_all_three_allow),
	        cmocka_unit_test(services_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
