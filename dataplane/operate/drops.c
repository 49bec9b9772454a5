// SPDX-License-Identifier: BSD-3-Clause
/* drops - what was dropped last, and whose packets they were. */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "plane_operator.h"

struct gathered {
	size_t count;
	struct drop_note notes[]; /* room for all that the workers remember */
};

static void gather_key(const struct dataplane *dataplane, const struct in6_addr *key, struct gathered *gathered)
{
	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		struct drop_note notes[DROP_MEMORY_WAYS];
		unsigned count = drop_memory_of_key(&dataplane->workers[i]->walk.dropped, key, notes);

		for (unsigned j = 0; j < count; j++)
			gathered->notes[gathered->count++] = notes[j];
	}
}

static void gather_all(const struct dataplane *dataplane, struct gathered *gathered)
{
	for (unsigned i = 0; i < dataplane->worker_count; i++)
		for (unsigned slot = 0; slot < DROP_MEMORY_SLOTS; slot++) {
			struct drop_note *note = &gathered->notes[gathered->count];

			gathered->count += drop_memory_at(&dataplane->workers[i]->walk.dropped, slot, note);
		}
}

static int by_key_and_reason(const void *a, const void *b)
{
	const struct drop_note *left = a, *right = b;
	int order = memcmp(&left->key, &right->key, sizeof(left->key));

	return order ? order : (int)left->reason - (int)right->reason;
}

static int newest_first(const void *a, const void *b)
{
	const struct drop_note *left = a, *right = b;

	return (left->last_ms < right->last_ms) - (left->last_ms > right->last_ms);
}

/* Workers have a memory each; the same key and reason are one note. */
static void merge(struct gathered *gathered)
{
	size_t kept = 0;

	qsort(gathered->notes, gathered->count, sizeof(gathered->notes[0]), by_key_and_reason);
	for (size_t i = 0; i < gathered->count; i++) {
		const struct drop_note *note = &gathered->notes[i];
		struct drop_note *before = kept ? &gathered->notes[kept - 1] : NULL;

		if (!before || by_key_and_reason(before, note)) {
			gathered->notes[kept++] = *note;
			continue;
		}
		before->packets += note->packets;
		before->last_ms = note->last_ms > before->last_ms ? note->last_ms : before->last_ms;
	}
	gathered->count = kept;
	qsort(gathered->notes, gathered->count, sizeof(gathered->notes[0]), newest_first);
}

static json_t *row_of(const struct dataplane *dataplane, const struct drop_note *note, uint64_t now_ms)
{
	char text[KEY_TEXT_OCTETS];

	return json_pack("{s:s, s:s, s:o, s:o, s:o, s:s}", "key", plane_key_text(dataplane, &note->key, text), "reason",
	                 drop_name(note->reason), "packets", plane_number(note->packets), "last",
	                 plane_time(dataplane, note->last_ms), "age_s",
	                 plane_number(now_ms > note->last_ms ? (now_ms - note->last_ms) / 1000 : 0), "meaning",
	                 drop_help(note->reason));
}

json_t *plane_last_drops(const struct dataplane *dataplane, const struct in6_addr *key, size_t limit)
{
	size_t room = (size_t)dataplane->worker_count * (key ? DROP_MEMORY_WAYS : DROP_MEMORY_SLOTS);
	struct gathered *gathered = malloc(sizeof(*gathered) + room * sizeof(gathered->notes[0]));
	uint64_t now_ms = dataplane_ms_of(dataplane, rte_rdtsc());
	json_t *rows = json_array();

	if (!gathered)
		return rows;
	gathered->count = 0;
	if (key)
		gather_key(dataplane, key, gathered);
	else
		gather_all(dataplane, gathered);
	merge(gathered);
	for (size_t i = 0; i < gathered->count && i < limit; i++)
		json_array_append_new(rows, row_of(dataplane, &gathered->notes[i], now_ms));
	free(gathered);
	return rows;
}

PLANE_RUN(plane_drops)
{
	const struct dataplane *dataplane = context;
	struct in6_addr address, key;
	json_int_t limit;
	uint8_t length;
	bool given;

	if (!plane_limit(arguments, &limit, error) || !plane_address(arguments, &given, &address, error))
		return NULL;
	if (given && !plane_key_of(dataplane, &address, &key, &length)) {
		*error = command_error("not-found", "the address is in no service prefix");
		return NULL;
	}
	return json_pack("{s:o}", "rows", plane_last_drops(dataplane, given ? &key : NULL, (size_t)limit));
}
