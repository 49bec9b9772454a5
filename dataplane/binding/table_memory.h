// SPDX-License-Identifier: BSD-3-Clause
/*
 * table_memory - the shape of a table, its arrays, and how they grow with the bindings (binding_table.h).
 *
 * The arrays have their places in one range of addresses from the start, as large as the most bindings ask for, so
 * readers need no look at where something lies today. What grows is how much of them may be used: all segments get
 * their next rows of blocks together, which lie side by side, and the cold records come in order. Pilots lead to the
 * blocks of all rows; those of rows that are not there yet have no free slot, so no search ends in one, and the pilots
 * of empty groups are made to lead into the first rows. So nothing moves when a table grows, and no reader notices.
 *
 * Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_TABLE_MEMORY_H
#define KEDGE_DATAPLANE_TABLE_MEMORY_H

#include "table_layout.h"

/* Whether the table is half full as it is, and may have more rows. */
bool table_should_grow(const struct binding_table *table);

/* More rows: one piece of memory of slots. Returns 0; -ENOSPC when it has all of them; -ENOMEM: nothing has changed. */
int table_grow(struct binding_table *table);

/* Memory for one more cold record than were ever used. Returns 0; -ENOSPC when there may be no more; -ENOMEM. */
int table_reach_cold(struct binding_table *table);

/* Zeroed memory beside the arrays, to be released with the table; or NULL. */
void *table_take_memory(struct binding_table *table, size_t octets);

#endif
