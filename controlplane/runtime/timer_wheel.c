// SPDX-License-Identifier: BSD-3-Clause
#include "timer_wheel.h"

#include <stddef.h>

enum { LEVEL_BITS = 8, SLOT_MASK = TIMER_WHEEL_SLOTS - 1, WHEEL_BITS = LEVEL_BITS * TIMER_WHEEL_LEVELS };

static void list_start(struct timer *head)
{
	head->next = head->previous = head;
}

static bool list_is_empty(const struct timer *head)
{
	return head->next == head;
}

static void list_append(struct timer *head, struct timer *timer)
{
	timer->previous = head->previous;
	timer->next = head;
	head->previous->next = timer;
	head->previous = timer;
}

void timer_wheel_start(struct timer_wheel *wheel, uint64_t now_monotonic_ms)
{
	*wheel = (struct timer_wheel){.at_ms = now_monotonic_ms};
	list_start(&wheel->expired);
	list_start(&wheel->beyond);
	list_start(&wheel->moving);
	for (int level = 0; level < TIMER_WHEEL_LEVELS; level++)
		for (int slot = 0; slot < TIMER_WHEEL_SLOTS; slot++)
			list_start(&wheel->slots[level][slot]);
}

/* The level is that of the highest octet in which due and present time differ: so a slot is always ahead of its hand.
 */
static void place(struct timer_wheel *wheel, struct timer *timer)
{
	uint64_t differing = timer->due_ms ^ wheel->at_ms;
	int level, slot;

	if (timer->due_ms <= wheel->at_ms) {
		list_append(&wheel->expired, timer);
		return;
	}
	if (differing >> WHEEL_BITS) {
		list_append(&wheel->beyond, timer);
		return;
	}
	level = (63 - __builtin_clzll(differing)) / LEVEL_BITS;
	slot = (int)(timer->due_ms >> (LEVEL_BITS * level)) & SLOT_MASK;
	wheel->occupied[level][slot / 64] |= 1ull << (slot % 64);
	list_append(&wheel->slots[level][slot], timer);
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t due_monotonic_ms, timer_function *fire)
{
	timer_disarm(timer);
	timer->due_ms = due_monotonic_ms;
	timer->fire = fire;
	place(wheel, timer);
}

void timer_disarm(struct timer *timer)
{
	if (!timer->next)
		return;
	timer->previous->next = timer->next;
	timer->next->previous = timer->previous;
	timer->next = timer->previous = NULL;
}

bool timer_is_armed(const struct timer *timer)
{
	return timer->next != NULL;
}

/* The first marked slot behind the hand of this level, or -1. A mark may be stale: disarming does not clear it. */
static int next_slot(const struct timer_wheel *wheel, int level)
{
	int slot = ((int)(wheel->at_ms >> (LEVEL_BITS * level)) & SLOT_MASK) + 1;

	for (; slot < TIMER_WHEEL_SLOTS; slot = (slot / 64 + 1) * 64) {
		uint64_t marks = wheel->occupied[level][slot / 64] >> (slot % 64);

		if (marks)
			return slot + __builtin_ctzll(marks);
	}
	return -1;
}

static uint64_t slot_begin_ms(const struct timer_wheel *wheel, int level, int slot)
{
	uint64_t block = wheel->at_ms >> (LEVEL_BITS * (level + 1)) << (LEVEL_BITS * (level + 1));

	return block | (uint64_t)slot << (LEVEL_BITS * level);
}

static uint64_t beyond_begin_ms(const struct timer_wheel *wheel)
{
	return ((wheel->at_ms >> WHEEL_BITS) + 1) << WHEEL_BITS;
}

/* Puts the timers of a slot on the way to where they belong now; the hand stays until all have arrived. */
static void move_all(struct timer_wheel *wheel, struct timer *head)
{
	if (list_is_empty(head))
		return;
	wheel->moving = *head;
	wheel->moving.next->previous = wheel->moving.previous->next = &wheel->moving;
	list_start(head);
}

static void move_some(struct timer_wheel *wheel, unsigned *budget)
{
	for (; *budget && !list_is_empty(&wheel->moving); --*budget) {
		struct timer *timer = wheel->moving.next;

		timer_disarm(timer);
		place(wheel, timer);
	}
}

/* Moves the hand to the next marked slot if that is not after `now_ms`; false when there is none. */
static bool turn(struct timer_wheel *wheel, uint64_t now_ms)
{
	for (int level = 0; level < TIMER_WHEEL_LEVELS; level++) {
		int slot = next_slot(wheel, level);
		uint64_t begin_ms;

		if (slot < 0)
			continue;
		begin_ms = slot_begin_ms(wheel, level, slot);
		if (begin_ms > now_ms)
			return false;
		wheel->at_ms = begin_ms;
		wheel->occupied[level][slot / 64] &= ~(1ull << (slot % 64));
		move_all(wheel, &wheel->slots[level][slot]);
		return true;
	}
	if (!list_is_empty(&wheel->beyond) && beyond_begin_ms(wheel) <= now_ms) {
		wheel->at_ms = beyond_begin_ms(wheel);
		move_all(wheel, &wheel->beyond);
		return true;
	}
	return false;
}

struct timer *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_monotonic_ms)
{
	unsigned budget = TIMER_WHEEL_MOVES;
	struct timer *timer;

	while (list_is_empty(&wheel->expired)) {
		move_some(wheel, &budget);
		if (!list_is_empty(&wheel->expired))
			break;
		if (!list_is_empty(&wheel->moving))
			return NULL;
		if (!turn(wheel, now_monotonic_ms)) {
			if (now_monotonic_ms > wheel->at_ms)
				wheel->at_ms = now_monotonic_ms;
			return NULL;
		}
	}
	timer = wheel->expired.next;
	timer_disarm(timer);
	return timer;
}

uint64_t timer_wheel_next_ms(const struct timer_wheel *wheel)
{
	if (!list_is_empty(&wheel->expired) || !list_is_empty(&wheel->moving))
		return wheel->at_ms;
	for (int level = 0; level < TIMER_WHEEL_LEVELS; level++) {
		int slot = next_slot(wheel, level);

		if (slot >= 0)
			return slot_begin_ms(wheel, level, slot);
	}
	return list_is_empty(&wheel->beyond) ? UINT64_MAX : beyond_begin_ms(wheel);
}
