// SPDX-License-Identifier: BSD-3-Clause
#include "randomness.h"

#include <string.h>
#include "vectors.h"

static void a_seed_replays_and_seeds_differ(void **state)
{
	struct randomness_seeded a, b, c;
	uint8_t from_a[37], from_b[37], from_c[37];

	(void)state;
	randomness_fill(randomness_seeded_start(&a, 7), from_a, sizeof(from_a));
	randomness_fill(randomness_seeded_start(&b, 7), from_b, sizeof(from_b));
	randomness_fill(randomness_seeded_start(&c, 8), from_c, sizeof(from_c));
	assert_octets(from_a, sizeof(from_a), from_b, sizeof(from_b));
	assert_true(memcmp(from_a, from_c, sizeof(from_a)) != 0);
}

static void below_stays_below_and_reaches_all(void **state)
{
	struct randomness_seeded seeded;
	struct randomness *randomness = randomness_seeded_start(&seeded, 1);
	unsigned seen = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint32_t value = randomness_below(randomness, 7);

		assert_true(value < 7);
		seen |= 1u << value;
	}
	assert_int_equal(seen, 0x7f);
}

static void the_system_gives_octets(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	randomness_fill(randomness_system(), a, sizeof(a));
	randomness_fill(randomness_system(), b, sizeof(b));
	assert_true(memcmp(a, b, sizeof(a)) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_seed_replays_and_seeds_differ),
	        cmocka_unit_test(below_stays_below_and_reaches_all),
	        cmocka_unit_test(the_system_gives_octets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
