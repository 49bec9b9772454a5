// SPDX-License-Identifier: BSD-3-Clause
/*
 * timer_wheel - timers for pure cores: time is injected, nothing here reads a clock.
 *
 * A hierarchical wheel of four levels of 256 slots, 1 ms the finest: arming and disarming cost the same for ten timers
 * or ten million. Timers fire in the order of their due times, so a run with given events is the same each time.
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_RUNTIME_TIMER_WHEEL_H
#define KEDGE_RUNTIME_TIMER_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instant.h"

struct effects;
struct timer;

/* Called when the timer is due; it is disarmed already and may be armed again or freed with its owner. */
typedef void timer_function(struct timer *timer, const struct instant *now, struct effects *effects);

/* Lies inside its owner; zero-initialised means disarmed. */
struct timer {
	struct timer *next;
	struct timer *previous;
	timer_function *fire;
	uint64_t due_ms; /* monotonic */
};

/* The object of `type` that `timer` lies in as `member`. */
#define timer_owner(timer, type, member) ((type *)((char *)(timer)-offsetof(type, member)))

enum { TIMER_WHEEL_LEVELS = 4, TIMER_WHEEL_SLOTS = 256, TIMER_WHEEL_MOVES = 4096 };

struct timer_wheel {
	uint64_t at_ms;
	struct timer expired;
	struct timer moving; /* of a slot that the hand has reached, on their way to finer ones */
	struct timer beyond; /* further away than the highest level reaches (49 days) */
	struct timer slots[TIMER_WHEEL_LEVELS][TIMER_WHEEL_SLOTS];
	uint64_t occupied[TIMER_WHEEL_LEVELS][TIMER_WHEEL_SLOTS / 64];
};

void timer_wheel_start(struct timer_wheel *wheel, uint64_t now_monotonic_ms);

/* Arms (or re-arms) the timer for `due_monotonic_ms`; a past time fires at the next turn, never inside this call. */
void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t due_monotonic_ms, timer_function *fire);
void timer_disarm(struct timer *timer);
bool timer_is_armed(const struct timer *timer);

/*
 * The next timer that is due at `now_monotonic_ms`, disarmed; the caller calls its fire(). NULL when none is due, or
 * when more than TIMER_WHEEL_MOVES timers have to be moved before that is known: then timer_wheel_next_ms() is not
 * later than now, and the next turn goes on. So ten million timers of one second cost no long turn.
 */
struct timer *timer_wheel_pop(struct timer_wheel *wheel, uint64_t now_monotonic_ms);

/* No timer is due before this time (it may be a little early, never late); UINT64_MAX when none is armed. */
uint64_t timer_wheel_next_ms(const struct timer_wheel *wheel);

#endif
