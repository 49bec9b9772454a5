// SPDX-License-Identifier: BSD-3-Clause
/* F-5: unanswered challenges are bounded by subscriber and by source, and nobody can lock another out for long. */
#include "attempt_limits.h"

#include <arpa/inet.h>
#include <string.h>
#include "vectors.h"

static struct in6_addr address(const char *text)
{
	struct in6_addr found;

	assert_int_equal(inet_pton(AF_INET6, text, &found), 1);
	return found;
}

static void five_a_minute_for_one_imsi(void **state)
{
	struct attempt_limits limits = {0};
	struct attempt_bucket imsi = {0};
	uint64_t now_ms = 1000000;

	(void)state;
	for (int i = 0; i < ATTEMPTS_PER_IMSI; i++)
		assert_true(attempt_begin(&limits, &imsi, NULL, now_ms));
	assert_false(attempt_begin(&limits, &imsi, NULL, now_ms));
	assert_false(attempt_begin(&limits, &imsi, NULL, now_ms + 1000));
	assert_true(attempt_begin(&limits, &imsi, NULL, now_ms + ATTEMPTS_WINDOW_MS));
	attempt_limits_end(&limits);
}

static void an_answer_gives_its_token_back(void **state)
{
	struct attempt_limits limits = {0};
	struct attempt_bucket imsi = {0};
	const struct in6_addr source = address("2001:db8:1::1");

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_true(attempt_begin(&limits, &imsi, &source, 1000000));
		attempt_answered(&limits, &imsi, &source);
	}
	attempt_limits_end(&limits);
}

static void twenty_a_minute_for_one_source(void **state)
{
	struct attempt_limits limits = {0};
	const struct in6_addr source = address("2001:db8:1::1"), neighbour = address("2001:db8:1:ffff::2"),
	                      other = address("2001:db8:2::1");
	uint64_t now_ms = 1000000;

	(void)state;
	for (int i = 0; i < ATTEMPTS_PER_SOURCE; i++) {
		struct attempt_bucket imsi = {0}; /* each another subscriber */

		assert_true(attempt_begin(&limits, &imsi, &source, now_ms));
	}
	for (int i = 0; i < 3; i++) {
		struct attempt_bucket imsi = {0};

		assert_false(attempt_begin(&limits, &imsi, &neighbour, now_ms)); /* the same /48 */
		assert_true(attempt_begin(&limits, &imsi, &other, now_ms));
	}
	attempt_limits_end(&limits);
}

static void refused_by_the_source_costs_the_subscriber_nothing(void **state)
{
	struct attempt_limits limits = {0};
	struct attempt_bucket victim = {0};
	const struct in6_addr attacker = address("2001:db8:1::1"), home = address("2001:db8:2::1");

	(void)state;
	for (int i = 0; i < ATTEMPTS_PER_SOURCE; i++) {
		struct attempt_bucket imsi = {0};

		assert_true(attempt_begin(&limits, &imsi, &attacker, 1000000));
	}
	for (int i = 0; i < 100; i++)
		assert_false(attempt_begin(&limits, &victim, &attacker, 1000000));
	for (int i = 0; i < ATTEMPTS_PER_IMSI; i++)
		assert_true(attempt_begin(&limits, &victim, &home, 1000000));
	attempt_limits_end(&limits);
}

static void prefixes(void **state)
{
	const struct in6_addr ipv6 = address("2001:db8:1:2:3:4:5:6"), ipv4 = address("::ffff:192.0.2.77"),
	                      wide = address("2001:db8:1::"), lan = address("::ffff:192.0.2.0");
	struct in6_addr prefix;

	(void)state;
	prefix = attempt_prefix(&ipv6);
	assert_memory_equal(&prefix, &wide, sizeof(prefix));
	prefix = attempt_prefix(&ipv4);
	assert_memory_equal(&prefix, &lan, sizeof(prefix));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(five_a_minute_for_one_imsi),
	        cmocka_unit_test(an_answer_gives_its_token_back),
	        cmocka_unit_test(twenty_a_minute_for_one_source),
	        cmocka_unit_test(refused_by_the_source_costs_the_subscriber_nothing),
	        cmocka_unit_test(prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
