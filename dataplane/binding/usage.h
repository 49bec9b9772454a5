// SPDX-License-Identifier: BSD-3-Clause
/*
 * usage - moves what workers counted in the entries into 64-bit totals, a slice at a time, before the packed counters
 * (28 bits of packets, 36 of octets) can overflow, and hands totals that have grown to whoever reports them. An entry
 * that moves meanwhile may be missed: what it had counted is drained with its old slot, the copy next time.
 *
 * Thread: the writer's.
 */
#ifndef KEDGE_DATAPLANE_USAGE_H
#define KEDGE_DATAPLANE_USAGE_H

#include "table_writer.h"

enum { USAGE_SWEEP_MS = 1000 };

typedef void usage_report(void *context, const struct in6_addr *key, const struct binding_cold *cold);

struct usage {
	size_t cursor;
	uint64_t last_ms;
};

/* Looks at as many entries as the time since the last call asks for; all of them in USAGE_SWEEP_MS. */
void usage_sweep(struct usage *usage, struct binding_table *table, uint64_t now_ms, usage_report *report,
                 void *context);

#endif
