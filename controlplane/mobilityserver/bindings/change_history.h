// SPDX-License-Identifier: BSD-3-Clause
/*
 * change_history - the last changes of all shards, for receivers that missed some (architecture.md 2): at least
 * `changes_max` of them, the oldest forgotten first, whichever shard they are of.
 *
 * Rows are kept encoded, in blocks of 64 that are made when needed. Finding a version costs the same for any of them.
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_CHANGE_HISTORY_H
#define KEDGE_MOBILITYSERVER_CHANGE_HISTORY_H

#include "feed.h"

struct change_history;

struct change_history *change_history_new(size_t changes_max);
void change_history_free(struct change_history *history);

/* The shard begins anew: `sequence` is its head, and nothing up to it is remembered. */
void change_history_reset(struct change_history *history, uint8_t shard, uint64_t sequence);

/* Appends the change of sequence head + 1: its row, and 0..FEED_EXTRA_ROWS_MAX extra rows behind it (feed.h). */
void change_history_append(struct change_history *history, uint8_t shard, const uint8_t *rows, size_t count);

/* The encoded row of this sequence, or NULL when it is forgotten or not there yet. Holds until the next append. */
const uint8_t *change_history_row(const struct change_history *history, uint8_t shard, uint64_t sequence);

/* The extra rows of a sequence whose row is there; their number in *count. Holds as long. */
const uint8_t *change_history_extras(const struct change_history *history, uint8_t shard, uint64_t sequence,
                                     size_t *count);

#endif
