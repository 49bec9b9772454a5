// SPDX-License-Identifier: BSD-3-Clause
#include <arpa/inet.h>
#include <errno.h>

#include "service_prefix.h"
#include "vectors.h"

static struct in6_addr address(const char *text)
{
	struct in6_addr value;

	assert_int_equal(inet_pton(AF_INET6, text, &value), 1);
	return value;
}

static int add(struct service_prefixes *prefixes, const char *prefix, unsigned length, unsigned key_length)
{
	struct in6_addr value = address(prefix);

	return service_prefixes_add(prefixes, &value, length, key_length);
}

static void assert_key(const struct service_prefixes *prefixes, const char *of, const char *expected)
{
	struct in6_addr from = address(of), wanted = address(expected), key;
	const struct service_prefix *prefix = service_prefix_of(prefixes, &from);

	assert_non_null(prefix);
	service_prefix_key(prefix, &from, &key);
	assert_memory_equal(&key, &wanted, sizeof(key));
}

static void longest_prefix_makes_the_key(void **state)
{
	struct service_prefixes prefixes = {0};
	struct in6_addr foreign = address("2001:db8:ac::1");

	(void)state;
	assert_int_equal(add(&prefixes, "2001:db8:aa::", 48, 64), 0);
	assert_int_equal(add(&prefixes, "2001:db8:aa:ff00::", 56, 128), 0);
	assert_int_equal(add(&prefixes, "2001:db8:ab::", 48, 56), 0);
	assert_int_equal(add(&prefixes, "::ffff:203.0.113.0", 120, 128), 0);
	assert_int_equal(add(&prefixes, "2001:20::", 28, 128), 0);
	assert_key(&prefixes, "2001:db8:aa:1:2:3:4:5", "2001:db8:aa:1::");
	assert_key(&prefixes, "2001:db8:aa:ff01::7", "2001:db8:aa:ff01::7");
	assert_key(&prefixes, "2001:db8:ab:1234::7", "2001:db8:ab:1200::");
	assert_key(&prefixes, "::ffff:203.0.113.9", "::ffff:203.0.113.9");
	assert_key(&prefixes, "2001:2f::1", "2001:2f::1");
	assert_null(service_prefix_of(&prefixes, &foreign));
}

static void wrong_prefixes_are_refused(void **state)
{
	struct service_prefixes prefixes = {0};

	(void)state;
	assert_int_equal(add(&prefixes, "2001:db8:aa::1", 48, 64), -EINVAL);
	assert_int_equal(add(&prefixes, "2001:db8:aa::", 48, 47), -EINVAL);
	assert_int_equal(add(&prefixes, "2001:db8:aa::", 48, 129), -EINVAL);
	assert_int_equal(add(&prefixes, "2001:db8:aa::", 48, 64), 0);
	assert_int_equal(add(&prefixes, "2001:db8:aa::", 48, 128), -EEXIST);
	for (unsigned i = 1; i < SERVICE_PREFIXES_MAX; i++) {
		struct in6_addr prefix = address("2001:db8::");

		prefix.s6_addr[4] = (uint8_t)i;
		assert_int_equal(service_prefixes_add(&prefixes, &prefix, 40, 64), 0);
	}
	assert_int_equal(add(&prefixes, "3fff::", 48, 64), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(longest_prefix_makes_the_key),
	        cmocka_unit_test(wrong_prefixes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
