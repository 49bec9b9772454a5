// SPDX-License-Identifier: BSD-3-Clause
/*
 * extra_rows - the rows behind a set row (proto/feed.h): gathered until the next row, then given to the table together.
 * A set row without them takes away what the binding had. Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_EXTRA_ROWS_H
#define KEDGE_DATAPLANE_EXTRA_ROWS_H

#include "extras.h"

struct extra_rows {
	bool is_open; /* the set row was applied */
	bool had_some;
	uint16_t own_weight;
	uint64_t own_expiry_unix_ms;
	struct feed_row before; /* the last one of the same change */
	struct binding_extras_record record;
};

/* A set row was applied; `had_some`: its binding has extras already. */
void extra_rows_begin(struct extra_rows *extras, const struct feed_row *row, bool had_some);

/*
 * An extra row; `care_of` is it as a record, resolved, when it is of a care-of address. False when it belongs to no row
 * that was applied, or is one too many.
 */
bool extra_rows_add(struct extra_rows *extras, const struct feed_row *row, const struct binding_record *care_of);

/* No more extra rows of this change. Returns 0 or -ENOMEM: then the binding has the extras that it had. */
int extra_rows_end(struct extra_rows *extras, struct binding_table *table, uint64_t now_ms);

#endif
