// SPDX-License-Identifier: BSD-3-Clause
/*
 * placement - finds slots: for a key, and for those of its group that must move because of it (binding_table.h).
 *
 * Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_PLACEMENT_H
#define KEDGE_DATAPLANE_PLACEMENT_H

#include "table_layout.h"

/* Where a key goes, and what is to be published then. */
struct placement {
	uint32_t slot;    /* the key's; taken, but its key is not yet there */
	uint32_t present; /* the slot that the key had before, or NO_SLOT */
	uint16_t *where;  /* the pilot that changes, or NULL */
	uint16_t pilot;
	unsigned count; /* others of the group, which move */
	uint32_t old_slots[BLOCK_SLOTS];
	uint32_t new_slots[BLOCK_SLOTS];
};

/*
 * Finds and takes a slot for the key with this hash, another one than `present` (NO_SLOT if the key is not there yet).
 * Returns 0, or -ENOSPC: then nothing has changed for any reader. The caller fills the slot, key last, and publishes.
 */
int placement_begin(struct binding_table *table, uint64_t hash, uint32_t present, struct placement *placement);

/*
 * A key with this hash, which is not there, is about to come: fetches what its group has in the cache, after its tags
 * and its block; then, when that is there, their cold records.
 */
void placement_expect(const struct binding_table *table, uint64_t hash);
void placement_expect_colds(const struct binding_table *table, uint64_t hash);

/* Moves the others, publishes the pilot and retires the old slots. */
void placement_publish(struct binding_table *table, const struct placement *placement);

/* A key with this hash has gone: its group may do with less. */
void placement_shrink(struct binding_table *table, uint64_t hash);

#endif
