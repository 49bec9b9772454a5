// SPDX-License-Identifier: BSD-3-Clause
#include "extra_rows.h"

void extra_rows_begin(struct extra_rows *extras, const struct feed_row *row, bool had_some)
{
	extras->is_open = true;
	extras->had_some = had_some;
	extras->before = *row;
	extras->own_weight = feed_row_weight(row);
	extras->own_expiry_unix_ms = row->expiry_unix_ms;
	extras->record.ways = 0;
	extras->record.has_rates = false;
}

bool extra_rows_add(struct extra_rows *extras, const struct feed_row *row, const struct binding_record *care_of)
{
	struct binding_extras_record *record = &extras->record;

	if (!extras->is_open || !feed_row_follows(row, &extras->before))
		return false;
	extras->before = *row;
	if (row->operation == FEED_RATES) {
		record->has_rates = true;
		record->up = row->up;
		record->down = row->down;
		return true;
	}
	if (record->ways == BINDING_WAYS_MAX)
		return false;
	record->care_of[record->ways] = *care_of;
	record->weights[record->ways++] = feed_row_weight(row);
	return true;
}

int extra_rows_end(struct extra_rows *extras, struct binding_table *table, uint64_t now_ms)
{
	const struct binding_extras_record *record = &extras->record;
	struct in6_addr key;

	if (!extras->is_open)
		return 0;
	extras->is_open = false;
	if (!extras->had_some && !record->ways && !record->has_rates)
		return 0;
	extras->record.own_weight = extras->own_weight;
	extras->record.own_expiry_unix_ms = extras->own_expiry_unix_ms;
	memcpy(&key, extras->before.key, sizeof(key));
	return table_writer_set_extras(table, &key, record, now_ms);
}
