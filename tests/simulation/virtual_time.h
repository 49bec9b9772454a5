// SPDX-License-Identifier: BSD-3-Clause
/*
 * virtual_time - the clock, the dice and the schedule of a simulated world: events happen in the order of their times,
 * those of one time in the order in which they were scheduled. Everything that a world decides by chance it asks of the
 * one seeded generator, so that a seed replays exactly.
 */
#ifndef KEDGE_TESTS_VIRTUAL_TIME_H
#define KEDGE_TESTS_VIRTUAL_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "randomness.h"

/* `number` is what was given at scheduling, mostly a generation by which the receiver knows that it is out of date. */
typedef void virtual_event(void *context, uint64_t number, const uint8_t *bytes, size_t octets);

struct scheduled;

struct virtual_time {
	uint64_t now_ms; /* since the world began, from 1,000,000 on */
	uint64_t order;
	uint64_t happened; /* events so far */
	struct randomness_seeded dice;
	struct scheduled **heap;
	size_t count;
	size_t capacity;
};

void virtual_time_start(struct virtual_time *time, uint64_t seed);
void virtual_time_end(struct virtual_time *time);

/* Copies the octets (at most 65535; may be none). */
void virtual_time_schedule(struct virtual_time *time, uint64_t delay_ms, virtual_event *event, void *context,
                           uint64_t number, const void *bytes, size_t octets);

/* Lets the next event happen if it is due by `until_ms`; false when there is none, and then it is `until_ms`. */
bool virtual_time_step(struct virtual_time *time, uint64_t until_ms);

/* 0..sides-1. */
uint32_t virtual_roll(struct virtual_time *time, uint32_t sides);
bool virtual_chance(struct virtual_time *time, uint32_t percent);

#endif
