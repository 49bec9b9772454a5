// SPDX-License-Identifier: BSD-3-Clause
/* When a data plane may attract traffic (architecture.md 3), and when a worker is called dead. */
#include "vectors.h"

#include "announcement.h"

static struct announcement made(void)
{
	return (struct announcement){.withdraw_after_ms = 1000};
}

static void not_in_sync_is_not_announced(void **state)
{
	struct announcement announcement = made();
	struct announcement_facts facts = {0};

	(void)state;
	assert_int_equal(announcement_judge(&announcement, &facts, 5), OBSTACLE_OUT_OF_SYNC);
	facts.in_sync = true;
	assert_int_equal(announcement_judge(&announcement, &facts, 6), OBSTACLE_NONE);
}

static void short_gaps_do_not_turn_the_network_around(void **state)
{
	struct announcement announcement = made();
	struct announcement_facts facts = {.in_sync = true};

	(void)state;
	assert_int_equal(announcement_judge(&announcement, &facts, 100), OBSTACLE_NONE);
	facts.in_sync = false;
	assert_int_equal(announcement_judge(&announcement, &facts, 1100), OBSTACLE_NONE);
	assert_int_equal(announcement_judge(&announcement, &facts, 1101), OBSTACLE_OUT_OF_SYNC);
	facts.in_sync = true;
	assert_int_equal(announcement_judge(&announcement, &facts, 1102), OBSTACLE_NONE);
}

/* Once withdrawn, only a whole table brings it back. */
static void out_of_sync_stays_until_in_sync(void **state)
{
	struct announcement announcement = made();
	struct announcement_facts facts = {.in_sync = true};

	(void)state;
	announcement_judge(&announcement, &facts, 100);
	facts.in_sync = false;
	for (uint64_t now_ms = 1101; now_ms < 100000; now_ms += 500)
		assert_int_equal(announcement_judge(&announcement, &facts, now_ms), OBSTACLE_OUT_OF_SYNC);
}

static void every_other_obstacle_withdraws_at_once(void **state)
{
	const struct {
		struct announcement_facts facts;
		enum announcement_obstacle obstacle;
	} cases[] = {
	        {{.in_sync = true, .drained = true}, OBSTACLE_DRAINED},
	        {{.in_sync = true, .worker_stands = true}, OBSTACLE_WORKER_STANDS},
	        {{.in_sync = true, .ending = true}, OBSTACLE_ENDING},
	        {{.in_sync = true, .ending = true, .drained = true, .worker_stands = true}, OBSTACLE_ENDING},
	        {{.drained = true}, OBSTACLE_DRAINED},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct announcement announcement = made();
		const struct announcement_facts good = {.in_sync = true};

		assert_int_equal(announcement_judge(&announcement, &good, 1), OBSTACLE_NONE);
		assert_int_equal(announcement_judge(&announcement, &cases[i].facts, 2), cases[i].obstacle);
		assert_int_equal(announcement_judge(&announcement, &good, 3), OBSTACLE_NONE);
	}
}

static void worker_without_turns_stands(void **state)
{
	struct heartbeat heartbeat = {0};
	uint64_t now_ms = 1000;

	(void)state;
	assert_false(heartbeat_look(&heartbeat, 1, now_ms));
	for (unsigned passed = 0; passed < HEARTBEAT_PATIENCE_MS - 10; passed += 10)
		assert_false(heartbeat_look(&heartbeat, 1, now_ms += 10));
	assert_true(heartbeat_look(&heartbeat, 1, now_ms += 10));
	assert_true(heartbeat_look(&heartbeat, 1, now_ms += 10));
	assert_false(heartbeat_look(&heartbeat, 2, now_ms += 10));
}

/* The whole process was stopped: the watcher has seen nothing either. */
static void pause_of_the_watcher_is_no_death(void **state)
{
	struct heartbeat heartbeat = {0};

	(void)state;
	assert_false(heartbeat_look(&heartbeat, 7, 1000));
	assert_false(heartbeat_look(&heartbeat, 7, 60000));
	assert_int_equal(heartbeat.still_ms, HEARTBEAT_STEP_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(not_in_sync_is_not_announced),
	        cmocka_unit_test(short_gaps_do_not_turn_the_network_around),
	        cmocka_unit_test(out_of_sync_stays_until_in_sync),
	        cmocka_unit_test(every_other_obstacle_withdraws_at_once),
	        cmocka_unit_test(worker_without_turns_stands),
	        cmocka_unit_test(pause_of_the_watcher_is_no_death),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
