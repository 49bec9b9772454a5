// SPDX-License-Identifier: BSD-3-Clause
/*
 * drop_memory - which packets of which subscriber a worker dropped last, by name and time, so that an operator can be
 * told why somebody's traffic does not arrive. A packet that is forwarded never comes here.
 *
 * A set of eight slots for the hash of a key; one slot for a key and a reason, counted up while it recurs, so that a
 * flood of one subscriber displaces nobody outside his set. The slot that was quiet for longest gives way. Drops that
 * belong to no key (foreign frames, own addresses) are only counted.
 *
 * Thread: one writer, a worker. Readers copy a slot between two loads of its sequence, and try again when it changed.
 */
#ifndef KEDGE_DATAPLANE_DROP_MEMORY_H
#define KEDGE_DATAPLANE_DROP_MEMORY_H

#include "drop.h"
#include "entry.h"

enum { DROP_MEMORY_SETS = 256, DROP_MEMORY_WAYS = 8, DROP_MEMORY_SLOTS = DROP_MEMORY_SETS * DROP_MEMORY_WAYS };

struct drop_slot {
	uint32_t sequence; /* odd while it is written; 0: never */
	uint32_t reason;   /* enum drop_reason */
	uint64_t packets;
	uint64_t last_ms;
	uint64_t key[2];
};

struct drop_memory {
	struct drop_slot slots[DROP_MEMORY_SETS][DROP_MEMORY_WAYS];
};

/* What a slot holds. `last_ms` is the walk's clock. */
struct drop_note {
	struct in6_addr key;
	enum drop_reason reason;
	uint64_t packets; /* since the slot was taken */
	uint64_t last_ms;
};

/* Worker: a packet of `key` was dropped. An unspecified key is no key. */
void drop_memory_add(struct drop_memory *memory, const struct in6_addr *key, enum drop_reason reason, uint64_t now_ms);

/* Any thread: the notes of one key; returns how many of `notes` are filled. */
unsigned drop_memory_of_key(const struct drop_memory *memory, const struct in6_addr *key,
                            struct drop_note notes[DROP_MEMORY_WAYS]);

/* Any thread: the note in slot 0 to DROP_MEMORY_SLOTS - 1; false when it is empty or being written all the time. */
bool drop_memory_at(const struct drop_memory *memory, unsigned slot, struct drop_note *note);

#endif
