// SPDX-License-Identifier: BSD-3-Clause
#include "movement.h"

#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "ip.h"

struct seen_place {
	struct movement_place place;
	uint64_t since_ms;
};

struct movement {
	struct movement_settings settings;
	struct movement_outlet outlet;
	struct timer_wheel *timers;
	struct timer settle;
	struct seen_place seen[MOVEMENT_PLACES_MAX];
	size_t seen_count;
	bool has_current;
	struct movement_place current;
};

struct movement *movement_new(const struct movement_settings *settings, const struct movement_outlet *outlet,
                              struct timer_wheel *timers)
{
	struct movement *movement = allocate(sizeof(*movement));

	movement->settings = *settings;
	movement->outlet = *outlet;
	movement->timers = timers;
	return movement;
}

void movement_free(struct movement *movement)
{
	if (movement)
		timer_disarm(&movement->settle);
	free(movement);
}

static bool is_same(const struct movement_place *a, const struct movement_place *b)
{
	return a->interface == b->interface && in6_is_equal(&a->address, &b->address);
}

/* 0 is best; SIZE_MAX: not to be used. */
static size_t rank(const struct movement *movement, const struct movement_place *place)
{
	if (!movement->settings.interface_count)
		return place->metric;
	for (size_t i = 0; i < movement->settings.interface_count; i++) {
		if (strcmp(movement->settings.interfaces[i], place->name) == 0)
			return i;
	}
	return SIZE_MAX;
}

static const struct seen_place *find(const struct seen_place *seen, size_t count, const struct movement_place *place)
{
	for (size_t i = 0; i < count; i++) {
		if (is_same(&seen[i].place, place))
			return &seen[i];
	}
	return NULL;
}

static const struct seen_place *best(const struct movement *movement)
{
	const struct seen_place *found = NULL;
	size_t found_rank = SIZE_MAX;

	for (size_t i = 0; i < movement->seen_count; i++) {
		size_t its_rank = rank(movement, &movement->seen[i].place);

		if (its_rank < found_rank) {
			found = &movement->seen[i];
			found_rank = its_rank;
		}
	}
	return found;
}

static void choose(struct movement *movement, const struct instant *now, struct effects *effects);

static void settle_fired(struct timer *timer, const struct instant *now, struct effects *effects)
{
	choose(timer_owner(timer, struct movement, settle), now, effects);
}

static void choose(struct movement *movement, const struct instant *now, struct effects *effects)
{
	const struct movement_place *current = movement->has_current ? &movement->current : NULL;
	const struct seen_place *seen = best(movement);
	const struct seen_place *stays = current ? find(movement->seen, movement->seen_count, current) : NULL;

	timer_disarm(&movement->settle);
	if (stays && rank(movement, &seen->place) == rank(movement, &stays->place))
		return;
	if (stays && now->monotonic_ms - seen->since_ms < movement->settings.hysteresis_ms) {
		timer_arm(movement->timers, &movement->settle, seen->since_ms + movement->settings.hysteresis_ms,
		          settle_fired);
		return;
	}
	if (!seen && !current)
		return;
	movement->has_current = seen != NULL;
	if (seen)
		movement->current = seen->place;
	movement->outlet.moved(movement->outlet.context, seen ? &movement->current : NULL, now, effects);
}

void movement_places(struct movement *movement, const struct movement_place *places, size_t count,
                     const struct instant *now, struct effects *effects)
{
	struct seen_place before[MOVEMENT_PLACES_MAX];
	size_t before_count = movement->seen_count;

	memcpy(before, movement->seen, before_count * sizeof(before[0]));
	movement->seen_count = count < MOVEMENT_PLACES_MAX ? count : MOVEMENT_PLACES_MAX;
	for (size_t i = 0; i < movement->seen_count; i++) {
		const struct seen_place *old = find(before, before_count, &places[i]);

		movement->seen[i] = (struct seen_place){places[i], old ? old->since_ms : now->monotonic_ms};
	}
	choose(movement, now, effects);
}

const struct movement_place *movement_current(const struct movement *movement)
{
	return movement->has_current ? &movement->current : NULL;
}
