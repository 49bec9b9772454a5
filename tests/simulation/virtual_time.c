// SPDX-License-Identifier: BSD-3-Clause
#include "virtual_time.h"

#include <stdlib.h>
#include <string.h>

enum { BEGIN_MS = 1000000 };

struct scheduled {
	uint64_t at_ms;
	uint64_t order;
	virtual_event *event;
	void *context;
	uint64_t number;
	size_t octets;
	uint8_t bytes[];
};

void virtual_time_start(struct virtual_time *time, uint64_t seed)
{
	*time = (struct virtual_time){.now_ms = BEGIN_MS};
	randomness_seeded_start(&time->dice, seed);
}

void virtual_time_end(struct virtual_time *time)
{
	while (time->count)
		free(time->heap[--time->count]);
	free(time->heap);
	time->heap = NULL;
}

static bool is_earlier(const struct scheduled *a, const struct scheduled *b)
{
	return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void swap(struct virtual_time *time, size_t a, size_t b)
{
	struct scheduled *kept = time->heap[a];

	time->heap[a] = time->heap[b];
	time->heap[b] = kept;
}

static void push(struct virtual_time *time, struct scheduled *scheduled)
{
	size_t at = time->count++;

	if (time->count > time->capacity) {
		time->capacity = time->capacity ? 2 * time->capacity : 64;
		time->heap = realloc(time->heap, time->capacity * sizeof(*time->heap));
		if (!time->heap)
			abort();
	}
	time->heap[at] = scheduled;
	while (at && is_earlier(time->heap[at], time->heap[(at - 1) / 2])) {
		swap(time, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

static struct scheduled *pop(struct virtual_time *time)
{
	struct scheduled *first = time->heap[0];
	size_t at = 0;

	time->heap[0] = time->heap[--time->count];
	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < time->count && is_earlier(time->heap[child + 1], time->heap[child]))
			child++;
		if (child >= time->count || !is_earlier(time->heap[child], time->heap[at]))
			return first;
		swap(time, at, child);
		at = child;
	}
}

void virtual_time_schedule(struct virtual_time *time, uint64_t delay_ms, virtual_event *event, void *context,
                           uint64_t number, const void *bytes, size_t octets)
{
	struct scheduled *scheduled = malloc(sizeof(*scheduled) + octets);

	if (!scheduled)
		abort();
	*scheduled = (struct scheduled){time->now_ms + delay_ms, time->order++, event, context, number, octets};
	if (octets)
		memcpy(scheduled->bytes, bytes, octets);
	push(time, scheduled);
}

bool virtual_time_step(struct virtual_time *time, uint64_t until_ms)
{
	struct scheduled *next;

	if (!time->count || time->heap[0]->at_ms > until_ms) {
		if (time->now_ms < until_ms)
			time->now_ms = until_ms;
		return false;
	}
	next = pop(time);
	time->now_ms = next->at_ms;
	time->happened++;
	next->event(next->context, next->number, next->bytes, next->octets);
	free(next);
	return true;
}

uint32_t virtual_roll(struct virtual_time *time, uint32_t sides)
{
	return randomness_below(&time->dice.randomness, sides);
}

bool virtual_chance(struct virtual_time *time, uint32_t percent)
{
	return virtual_roll(time, 100) < percent;
}
