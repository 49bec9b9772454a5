// SPDX-License-Identifier: BSD-3-Clause
#include "timer_wheel.h"

#include <stdlib.h>
#include "randomness.h"
#include "vectors.h"

enum { TIMERS = 2000, MANY = 100000 };

static void fire_nothing(struct timer *timer, const struct instant *now, struct effects *effects)
{
	(void)timer, (void)now, (void)effects;
}

static void fires_at_its_time_not_before(void **state)
{
	static struct timer_wheel wheel;
	static const uint64_t delays_ms[] = {1,     2,     255,      256,        257,       65535,
	                                     65536, 70000, 16777216, 4294967296, 5000000000};
	const uint64_t start_ms = 0x12345fffe0;

	(void)state;
	for (size_t i = 0; i < sizeof(delays_ms) / sizeof(delays_ms[0]); i++) {
		struct timer timer = {0};

		timer_wheel_start(&wheel, start_ms);
		timer_arm(&wheel, &timer, start_ms + delays_ms[i], fire_nothing);
		assert_null(timer_wheel_pop(&wheel, start_ms + delays_ms[i] - 1));
		assert_true(timer_is_armed(&timer));
		assert_true(timer_wheel_next_ms(&wheel) <= start_ms + delays_ms[i]);
		assert_ptr_equal(timer_wheel_pop(&wheel, start_ms + delays_ms[i]), &timer);
		assert_false(timer_is_armed(&timer));
		assert_true(timer_wheel_next_ms(&wheel) == UINT64_MAX);
	}
}

static void a_past_time_fires_at_the_next_turn(void **state)
{
	static struct timer_wheel wheel;
	struct timer timer = {0};

	(void)state;
	timer_wheel_start(&wheel, 5000);
	timer_arm(&wheel, &timer, 10, fire_nothing);
	assert_true(timer_is_armed(&timer));
	assert_ptr_equal(timer_wheel_pop(&wheel, 5000), &timer);
}

/* Against a plain search over all timers, with re-arming, disarming and uneven turns. */
static void agrees_with_a_sorted_list(void **state)
{
	static struct timer_wheel wheel;
	static struct timer timers[TIMERS];
	struct randomness_seeded seeded;
	struct randomness *randomness = randomness_seeded_start(&seeded, 42);
	uint64_t now_ms = 1000, last_ms = 0;
	size_t fired = 0, expected = 0;

	(void)state;
	timer_wheel_start(&wheel, now_ms);
	for (int round = 0; round < 3000; round++) {
		for (int i = 0; i < 5; i++) {
			struct timer *timer = &timers[randomness_below(randomness, TIMERS)];
			uint32_t magnitude = randomness_below(randomness, 24);

			if (randomness_below(randomness, 4) == 0)
				timer_disarm(timer);
			else
				timer_arm(&wheel, timer, now_ms + 1 + randomness_below(randomness, 1u << magnitude),
				          fire_nothing);
		}
		now_ms += 1 + randomness_below(randomness, 1u << randomness_below(randomness, 14));
		expected = 0;
		for (int i = 0; i < TIMERS; i++)
			expected += timer_is_armed(&timers[i]) && timers[i].due_ms <= now_ms;
		last_ms = 0;
		for (struct timer *timer; (timer = timer_wheel_pop(&wheel, now_ms)); expected--) {
			assert_true(timer->due_ms <= now_ms);
			assert_true(timer->due_ms >= last_ms);
			last_ms = timer->due_ms;
			fired++;
		}
		assert_int_equal(expected, 0);
	}
	assert_true(fired > 5000);
}

/* A call moves no more than TIMER_WHEEL_MOVES of them; all fire in order all the same. */
static void very_many_of_one_second_fire_in_turns(void **state)
{
	static struct timer_wheel wheel;
	static struct timer timers[MANY];
	const uint64_t start_ms = 1000, due_ms = 300000, now_ms = due_ms + 999;
	size_t fired = 0, turns = 0;
	uint64_t last_ms = 0;

	(void)state;
	timer_wheel_start(&wheel, start_ms);
	for (size_t i = 0; i < MANY; i++)
		timer_arm(&wheel, &timers[i], due_ms + i * 7 % 1000, fire_nothing);
	while (fired < MANY) {
		const struct timer *timer = timer_wheel_pop(&wheel, now_ms);

		if (!timer) {
			turns++;
			assert_true(timer_wheel_next_ms(&wheel) <= now_ms);
			continue;
		}
		assert_true(timer->due_ms >= last_ms && timer->due_ms <= now_ms);
		last_ms = timer->due_ms;
		fired++;
	}
	assert_in_range(turns, MANY / TIMER_WHEEL_MOVES - 1, MANY);
	assert_null(timer_wheel_pop(&wheel, now_ms));
	assert_true(timer_wheel_next_ms(&wheel) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(fires_at_its_time_not_before),
	        cmocka_unit_test(a_past_time_fires_at_the_next_turn),
	        cmocka_unit_test(agrees_with_a_sorted_list),
	        cmocka_unit_test(very_many_of_one_second_fire_in_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
