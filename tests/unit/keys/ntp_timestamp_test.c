// SPDX-License-Identifier: BSD-3-Clause
/* The time stamps of RFC 4285 section 6 (M-11): their form, the window, what is newer, and what a 144 tells. */
#include "ntp_timestamp.h"

#include "vectors.h"

enum { SECOND = 1000 };
#define NOW_MS UINT64_C(1700000000000)

static void their_form(void **state)
{
	(void)state;
	assert_true(ntp_timestamp_of(0, 0) == UINT64_C(2208988800) << 32); /* RFC 5905: 1970 */
	assert_true(ntp_timestamp_of(NOW_MS, 0) == UINT64_C(0xe8fe6f8000000000));
	assert_true(ntp_timestamp_of(NOW_MS + 500, 0) == UINT64_C(0xe8fe6f8080000000));
	assert_true(ntp_timestamp_of(NOW_MS + 123, 0) == UINT64_C(0xe8fe6f801f7ced91));
	assert_true(ntp_timestamp_of(NOW_MS + 123, UINT32_MAX) < ntp_timestamp_of(NOW_MS + 124, 0));
	assert_true(ntp_timestamp_of(UINT64_C(2085978496000), 0) == 0); /* 2036: the next era begins */
}

static void the_window(void **state)
{
	(void)state;
	assert_true(ntp_timestamp_is_near(ntp_timestamp_of(NOW_MS + 7 * SECOND, 0), NOW_MS));
	assert_true(ntp_timestamp_is_near(ntp_timestamp_of(NOW_MS - 7 * SECOND, 0), NOW_MS));
	assert_false(ntp_timestamp_is_near(ntp_timestamp_of(NOW_MS + 7 * SECOND + 1, 0), NOW_MS));
	assert_false(ntp_timestamp_is_near(ntp_timestamp_of(NOW_MS - 7 * SECOND - 1, 0), NOW_MS));
	assert_false(ntp_timestamp_is_near(0, NOW_MS));
	assert_false(ntp_timestamp_is_near(UINT64_MAX, NOW_MS));
	assert_true(ntp_timestamp_is_near(ntp_timestamp_of(UINT64_C(2085978499000), 0), UINT64_C(2085978495000)));
}

static void what_is_later(void **state)
{
	(void)state;
	assert_true(ntp_timestamp_is_later(1, 0));
	assert_true(ntp_timestamp_is_later(2, 1));
	assert_false(ntp_timestamp_is_later(1, 1));
	assert_false(ntp_timestamp_is_later(1, 2));
	assert_true(ntp_timestamp_is_later(5, UINT64_MAX - 5)); /* across the turn of an era */
}

static void what_is_told(void **state)
{
	(void)state;
	assert_true(ntp_timestamp_corrected(UINT64_C(0x1111111122222222), NOW_MS + 999) ==
	            UINT64_C(0xe8fe6f8022222222));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(their_form),
	        cmocka_unit_test(the_window),
	        cmocka_unit_test(what_is_later),
	        cmocka_unit_test(what_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
