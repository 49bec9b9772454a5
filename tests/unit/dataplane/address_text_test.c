// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "address_text.h"
#include "vectors.h"

static void same_again(const char *text)
{
	char again[PREFIX_TEXT_OCTETS];
	struct in6_addr address;
	uint8_t length;

	if (strchr(text, '/')) {
		assert_true(prefix_from_text(text, &address, &length));
		assert_string_equal(prefix_to_text(&address, length, again), text);
	} else {
		assert_true(address_from_text(text, &address));
		assert_string_equal(address_to_text(&address, again), text);
	}
}

static void both_families_come_back(void **state)
{
	(void)state;
	same_again("2001:db8::1");
	same_again("::");
	same_again("192.0.2.1");
	same_again("2001:db8:aa::/48");
	same_again("::/0");
	same_again("10.0.0.0/8");
	same_again("0.0.0.0/0");
	same_again("192.0.2.7/32");
	same_again("2001:db8::1/128");
}

/* An IPv4 address is its mapped form, and its lengths are 96 more. */
static void ipv4_is_mapped(void **state)
{
	struct in6_addr address;
	uint8_t length;

	(void)state;
	assert_true(prefix_from_text("198.51.100.0/24", &address, &length));
	assert_true(IN6_IS_ADDR_V4MAPPED(&address));
	assert_int_equal(address.s6_addr[12], 198);
	assert_int_equal(length, 120);
}

static void what_is_none_is_refused(void **state)
{
	static const char *const wrong[] = {"",         "2001:db8::1", "2001:db8::/129", "10.0.0.0/33",
	                                    "10.0.0/8", "10.0.0.0/",   "10.0.0.0/-1",    "10.0.0.0/8x",
	                                    "/8",       "::1/0x1",     "10.0.0.0 /8",    "2001:db8::/48/",
	                                    "host/8"};
	struct in6_addr address;
	uint8_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(prefix_from_text(wrong[i], &address, &length));
	assert_false(address_from_text("", &address));
	assert_false(address_from_text("10.0.0.256", &address));
	assert_false(address_from_text("10.0.0.0/8", &address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(both_families_come_back),
	        cmocka_unit_test(ipv4_is_mapped),
	        cmocka_unit_test(what_is_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
