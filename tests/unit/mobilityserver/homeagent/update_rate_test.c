// SPDX-License-Identifier: BSD-3-Clause
/* M-5, M-21 */
#include "update_rate.h"

#include "vectors.h"

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
	struct rate_bucket bucket = {0};
	unsigned taken = 0;

	(void)state;
	for (int i = 0; i < 10; i++)
		taken += rate_bucket_take(&bucket, 3, 333, 50000);
	assert_int_equal(taken, 3);
	assert_false(rate_bucket_take(&bucket, 3, 333, 50332));
	assert_true(rate_bucket_take(&bucket, 3, 333, 50333));
	assert_false(rate_bucket_take(&bucket, 3, 333, 50334));
	for (uint64_t now_ms = 60000, i = 0; i < 10000; i++)
		taken += rate_bucket_take(&bucket, 3, 333, now_ms + i);
	assert_in_range(taken, 3 + 3 + 29, 3 + 3 + 31);
}

static void one_source_does_not_take_from_another(void **state)
{
	static struct source_rate rate;
	struct randomness_seeded seeded;
	struct in6_addr flooder = {{{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1}}};
	unsigned refused = 0;

	(void)state;
	source_rate_start(&rate, randomness_seeded_start(&seeded, 3));
	for (unsigned i = 0; i < 1000; i++) {
		flooder.s6_addr[15] = (uint8_t)i; /* within its /64 */
		source_rate_take(&rate, &flooder, 100, 20, 5000);
	}
	assert_false(source_rate_take(&rate, &flooder, 100, 20, 5000));
	for (unsigned i = 0; i < 1000; i++) {
		struct in6_addr other = {{{0x20, 0x01, 0x0d, 0xb8, 0, 1, (uint8_t)(i >> 8), (uint8_t)i}}};

		refused += !source_rate_take(&rate, &other, 100, 20, 5000);
	}
	assert_in_range(refused, 0, 3); /* who shares the bucket by chance */
}

/* IPv4 addresses, mapped, have one /64 together; each has a bucket of its own (M-22). */
static void one_ipv4_source_does_not_take_from_another(void **state)
{
	static struct source_rate rate;
	struct randomness_seeded seeded;
	struct in6_addr flooder = {{{[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = 7}}};
	unsigned refused = 0;

	(void)state;
	source_rate_start(&rate, randomness_seeded_start(&seeded, 3));
	for (unsigned i = 0; i < 1000; i++)
		source_rate_take(&rate, &flooder, 100, 20, 5000);
	assert_false(source_rate_take(&rate, &flooder, 100, 20, 5000));
	for (unsigned i = 0; i < 1000; i++) {
		struct in6_addr other = {{{[10] = 0xff,
		                           [11] = 0xff,
		                           [12] = 198,
		                           [13] = 18,
		                           [14] = (uint8_t)(i >> 8),
		                           [15] = (uint8_t)i}}};

		refused += !source_rate_take(&rate, &other, 100, 20, 5000);
	}
	assert_in_range(refused, 0, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
	        cmocka_unit_test(one_source_does_not_take_from_another),
	        cmocka_unit_test(one_ipv4_source_does_not_take_from_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
