// SPDX-License-Identifier: BSD-3-Clause
#include "usage.h"

static bool has_counted(const struct binding_entry *entry)
{
	return shared_load(&entry->up) || shared_load(&entry->down);
}

void usage_sweep(struct usage *usage, struct binding_table *table, uint64_t now_ms, usage_report *report, void *context)
{
	uint64_t passed_ms = now_ms - usage->last_ms;
	size_t count = binding_table_count(table), wanted;
	struct binding_entry *entry;

	if (passed_ms == 0)
		return;
	usage->last_ms = now_ms;
	wanted = passed_ms >= USAGE_SWEEP_MS ? count : count * passed_ms / USAGE_SWEEP_MS + 1;
	for (; wanted && (entry = table_writer_sweep(table, &usage->cursor)); wanted--) {
		table_writer_forget_previous(table, entry, now_ms);
		if (!has_counted(entry))
			continue;
		table_writer_drain(table, entry);
		if (report)
			report(context, &entry->key, binding_table_cold(table, entry));
	}
	if (wanted)
		usage->cursor = 0;
}
