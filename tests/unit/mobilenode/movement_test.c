// SPDX-License-Identifier: BSD-3-Clause
/* N-3: which address is the care-of address, and when it changes. */
#include "movement.h"

#include <stdlib.h>
#include <string.h>
#include "vectors.h"

enum { CELLULAR = 2, WLAN = 3, HYSTERESIS_MS = 100 };

struct world {
	struct timer_wheel timers;
	struct instant now;
	struct effects *effects;
	struct movement *movement;
	struct movement_settings settings;
	unsigned moves;
	unsigned at; /* interface; 0: nowhere */
};

static void moved(void *context, const struct movement_place *place, const struct instant *now, struct effects *effects)
{
	struct world *world = context;

	(void)now;
	(void)effects;
	world->moves++;
	world->at = place ? place->interface : 0;
}

static void begin(struct world *world)
{
	const struct movement_outlet outlet = {world, moved};

	world->movement = movement_new(&world->settings, &outlet, &world->timers);
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->now.monotonic_ms = 1000;
	world->settings.hysteresis_ms = HYSTERESIS_MS;
	timer_wheel_start(&world->timers, world->now.monotonic_ms);
	world->effects = effects_new();
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	movement_free(world->movement);
	effects_free(world->effects);
	free(world);
	return 0;
}

static struct movement_place place(unsigned interface, uint32_t metric)
{
	struct movement_place place = {.interface = interface, .metric = metric, .prefix_length = 64};

	strcpy(place.name, interface == WLAN ? "wlan0" : "cellular0");
	place.address.s6_addr[0] = 0x20;
	place.address.s6_addr[15] = (uint8_t)interface;
	return place;
}

static void see(struct world *world, const struct movement_place *places, size_t count)
{
	movement_places(world->movement, places, count, &world->now, world->effects);
}

static void pass(struct world *world, uint64_t ms)
{
	struct timer *timer;

	world->now.monotonic_ms += ms;
	while ((timer = timer_wheel_pop(&world->timers, world->now.monotonic_ms)))
		timer->fire(timer, &world->now, world->effects);
}

static void the_best_default_route_wins(void **state)
{
	struct world *world = *state;
	const struct movement_place both[] = {place(CELLULAR, 512), place(WLAN, 256)};

	begin(world);
	see(world, both, 2);
	assert_int_equal(world->at, WLAN);
	assert_int_equal(world->moves, 1);
	see(world, both, 2);
	assert_int_equal(world->moves, 1);
}

static void a_better_one_must_stand_for_a_while(void **state)
{
	struct world *world = *state;
	const struct movement_place both[] = {place(CELLULAR, 512), place(WLAN, 256)};

	begin(world);
	see(world, both, 1);
	see(world, both, 2);
	assert_int_equal(world->at, CELLULAR);
	pass(world, HYSTERESIS_MS - 1);
	assert_int_equal(world->at, CELLULAR);
	pass(world, 1);
	assert_int_equal(world->at, WLAN);
}

static void one_that_flickers_is_not_taken(void **state)
{
	struct world *world = *state;
	const struct movement_place both[] = {place(CELLULAR, 512), place(WLAN, 256)};

	begin(world);
	see(world, both, 1);
	for (int i = 0; i < 5; i++) {
		see(world, both, 2);
		pass(world, HYSTERESIS_MS / 2);
		see(world, both, 1);
		pass(world, HYSTERESIS_MS / 2);
	}
	assert_int_equal(world->at, CELLULAR);
	assert_int_equal(world->moves, 1);
}

static void a_lost_one_is_left_at_once(void **state)
{
	struct world *world = *state;
	const struct movement_place both[] = {place(CELLULAR, 512), place(WLAN, 256)};

	begin(world);
	see(world, both, 1);
	see(world, &both[1], 1);
	assert_int_equal(world->at, WLAN);
	see(world, NULL, 0);
	assert_int_equal(world->at, 0);
	assert_null(movement_current(world->movement));
	see(world, both, 1);
	assert_int_equal(world->at, CELLULAR);
}

static void configured_order_beats_metrics(void **state)
{
	struct world *world = *state;
	const struct movement_place both[] = {place(CELLULAR, 512), place(WLAN, 256)};

	strcpy(world->settings.interfaces[0], "cellular0");
	world->settings.interface_count = 1;
	begin(world);
	see(world, &both[1], 1);
	assert_int_equal(world->moves, 0); /* not one of those to use */
	see(world, both, 2);
	assert_int_equal(world->at, CELLULAR);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        TEST(the_best_default_route_wins),    TEST(a_better_one_must_stand_for_a_while),
	        TEST(one_that_flickers_is_not_taken), TEST(a_lost_one_is_left_at_once),
	        TEST(configured_order_beats_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
