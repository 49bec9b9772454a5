// SPDX-License-Identifier: BSD-3-Clause
#include "record_table.h"

#include <stdlib.h>
#include <string.h>

#include "allocation.h"

enum {
	HOMES_FIRST_LOG2 = 3,
	ROOM_FIRST = 8, /* places behind the last home */
	FULL_EIGHTHS = 6,
};

#define ODD_FACTOR 0x9e3779b97f4a7c15u

/* Both halves of the product: every bit of the result depends on all of `a`. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t record_hash(const void *name, size_t octets)
{
	const uint8_t *at = name;
	uint64_t hash = fold(octets + 1, ODD_FACTOR);
	uint64_t word;

	for (; octets >= sizeof(word); at += sizeof(word), octets -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		hash = fold(hash ^ word ^ 0xd6e8feb86659fd93u, ODD_FACTOR);
	}
	word = 0;
	memcpy(&word, at, octets);
	return fold(hash ^ word ^ 0xd6e8feb86659fd93u, ODD_FACTOR);
}

static unsigned part_of(uint64_t hash)
{
	return (unsigned)(hash >> (64 - RECORD_TABLE_PARTS_LOG2));
}

static uint32_t home_of(const struct record_part *part, uint64_t hash)
{
	return (uint32_t)(hash << RECORD_TABLE_PARTS_LOG2 >> (64 - part->homes_log2));
}

/* The first place, from its home on, that is empty or has no lower hash; the capacity if there is none. */
static uint32_t first_place(const struct record_part *part, uint64_t hash)
{
	uint32_t at = part->capacity ? home_of(part, hash) : 0;

	while (at < part->capacity && part->places[at].record && part->places[at].hash < hash)
		at++;
	return at;
}

static bool is_of(const struct record_part *part, uint32_t at, uint64_t hash)
{
	return at < part->capacity && part->places[at].record && part->places[at].hash == hash;
}

void *record_table_find(const struct record_table *table, uint64_t hash,
                        bool (*is)(const void *record, const void *wanted), const void *wanted)
{
	const struct record_part *part = &table->parts[part_of(hash)];

	for (uint32_t at = first_place(part, hash); is_of(part, at, hash); at++)
		if (is(part->places[at].record, wanted))
			return part->places[at].record;
	return NULL;
}

/* False when the run that it would push on reaches the end. */
static bool put(struct record_part *part, uint64_t hash, void *record)
{
	uint32_t at = first_place(part, hash);
	uint32_t end;

	while (is_of(part, at, hash))
		at++;
	for (end = at; end < part->capacity && part->places[end].record;)
		end++;
	if (end >= part->capacity)
		return false;
	memmove(&part->places[at + 1], &part->places[at], (end - at) * sizeof(*part->places));
	part->places[at] = (struct record_place){hash, record};
	part->count++;
	return true;
}

static void resize(struct record_part *part, uint32_t homes_log2, uint32_t room)
{
	struct record_part larger = {.homes_log2 = homes_log2, .capacity = ((uint32_t)1 << homes_log2) + room};

	larger.places = allocate(larger.capacity * sizeof(*larger.places));
	for (uint32_t i = 0; i < part->capacity; i++)
		if (part->places[i].record && !put(&larger, part->places[i].hash, part->places[i].record)) {
			/* many of one home, at the end: more room for them */
			free(larger.places);
			resize(part, homes_log2, room * 2);
			return;
		}
	free(part->places);
	*part = larger;
}

void record_table_add(struct record_table *table, uint64_t hash, void *record)
{
	struct record_part *part = &table->parts[part_of(hash)];
	uint32_t homes = (uint32_t)1 << part->homes_log2;

	if (!part->capacity)
		resize(part, HOMES_FIRST_LOG2, ROOM_FIRST);
	else if (part->count >= homes / 8 * FULL_EIGHTHS)
		resize(part, part->homes_log2 + 1, part->capacity - homes);
	while (!put(part, hash, record))
		resize(part, part->homes_log2, 2 * (part->capacity - ((uint32_t)1 << part->homes_log2)));
	table->count++;
}

/* What was pushed on comes back, up to the first that is at home. */
void record_table_remove(struct record_table *table, uint64_t hash, const void *record)
{
	struct record_part *part = &table->parts[part_of(hash)];
	uint32_t at = first_place(part, hash);
	uint32_t end;

	while (is_of(part, at, hash) && part->places[at].record != record)
		at++;
	if (!is_of(part, at, hash))
		return;
	for (end = at + 1;
	     end < part->capacity && part->places[end].record && home_of(part, part->places[end].hash) < end;)
		end++;
	memmove(&part->places[at], &part->places[at + 1], (end - 1 - at) * sizeof(*part->places));
	part->places[end - 1] = (struct record_place){0};
	part->count--;
	table->count--;
}

/* The first record at this place of the part or behind it, or of the parts that follow. */
static void *first_from(const struct record_table *table, unsigned number, uint32_t at)
{
	for (; number < RECORD_TABLE_PARTS; number++, at = 0) {
		const struct record_part *part = &table->parts[number];

		for (; part->count && at < part->capacity; at++)
			if (part->places[at].record)
				return part->places[at].record;
	}
	return NULL;
}

void *record_table_next(const struct record_table *table, uint64_t hash, const void *record)
{
	const struct record_part *part = &table->parts[part_of(hash)];
	uint32_t at = first_place(part, hash);

	while (is_of(part, at, hash) && part->places[at].record != record)
		at++;
	return first_from(table, part_of(hash), is_of(part, at, hash) ? at + 1 : at);
}

void *record_table_first(const struct record_table *table)
{
	return first_from(table, 0, 0);
}

void record_table_clear(struct record_table *table)
{
	for (unsigned i = 0; i < RECORD_TABLE_PARTS; i++)
		free(table->parts[i].places);
	memset(table, 0, sizeof(*table));
}
