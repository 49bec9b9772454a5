// SPDX-License-Identifier: BSD-3-Clause
/*
 * huge_memory - zeroed memory in large pages where the machine has them: reserved 2 MB pages, else transparent ones,
 * else plain ones. What a benchmark got decides half of its figures, so it can be asked.
 */
#ifndef KEDGE_BENCH_HUGE_MEMORY_H
#define KEDGE_BENCH_HUGE_MEMORY_H

#include <stddef.h>

#include "binding_table.h"

/* NULL without memory. Aligned to a cache line, and to a large page for whole ones. */
void *huge_memory_map(size_t octets);
void huge_memory_unmap(void *memory);

/* The same as the table wants it. */
extern const struct table_memory huge_table_memory;

/* Octets of this process that lie in large pages now, reserved or transparent, and all that it has in memory. */
struct huge_memory_share {
	size_t reserved_octets;
	size_t transparent_octets;
	size_t resident_octets; /* reserved ones included */
};
struct huge_memory_share huge_memory_share(void);

#endif
