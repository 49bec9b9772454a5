// SPDX-License-Identifier: BSD-3-Clause
/*
 * refused_rows - bindings that the table could not take, kept until it can: it was full, or the key was still bound
 * with another shard. The newest row of each (key, shard), at most `rows_max` of them.
 *
 * Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_REFUSED_ROWS_H
#define KEDGE_DATAPLANE_REFUSED_ROWS_H

#include <netinet/in.h>

#include "feed.h"

struct refused_row;
struct refused_rows {
	struct refused_row *by_key;
	size_t rows_max;
};

size_t refused_rows_count(const struct refused_rows *rows);

/* The row of this key and shard, or NULL; holds until the next change. `named_in` may be written. */
struct refused_row *refused_rows_find(const struct refused_rows *rows, const struct in6_addr *key, uint8_t shard);
const struct feed_row *refused_row_feed(const struct refused_row *row);
uint32_t refused_row_named_in(const struct refused_row *row);
void refused_row_name(struct refused_row *row, uint32_t snapshot);

/* Keeps the row, in place of an older one of its key and shard. False when there are too many already. */
bool refused_rows_keep(struct refused_rows *rows, const struct feed_row *row, uint32_t named_in);

void refused_rows_drop(struct refused_rows *rows, struct refused_row *row);

/* The row that has waited longest since it was last postponed, or NULL; postponing puts it behind all others. */
struct refused_row *refused_rows_first(const struct refused_rows *rows);
void refused_rows_postpone(struct refused_rows *rows, struct refused_row *row);

/* Forgets the rows of a shard with a version ≤ `version` that `snapshot` did not name. */
void refused_rows_sweep(struct refused_rows *rows, uint8_t shard, struct feed_version version, uint32_t snapshot);

void refused_rows_clear(struct refused_rows *rows);

#endif
