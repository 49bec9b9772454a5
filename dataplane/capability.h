// SPDX-License-Identifier: BSD-3-Clause
/*
 * capability - what this machine gives and what it does not: memory, CPUs, queues, hashes, interrupts. What is needed
 * and not there is refused in one sentence; what can be done without is done without, and said.
 *
 * Thread: the main core, before the workers start.
 */
#ifndef KEDGE_DATAPLANE_CAPABILITY_H
#define KEDGE_DATAPLANE_CAPABILITY_H

#include "dataplane.h"

/* Megabytes that DPDK needs for packets, rings and its own. */
unsigned capability_packet_megabytes(const struct dataplane_configuration *configuration);

/*
 * Whether huge pages are used: `memory: auto` takes them when enough are free. 0, or -ENOMEM with `error` when they are
 * insisted on and not there.
 */
int capability_choose_memory(const struct dataplane_configuration *configuration, bool *huge_pages,
                             char error[ERROR_OCTETS]);

/* "0@0,1@1,2@1": the main core first, workers on the CPUs behind it; on a small machine several share one. */
void capability_cores(unsigned workers, char *text, size_t octets);

/* The start-up report: what was found (notice) and what it falls short of (warning). */
void capability_report(struct dataplane *dataplane);

/* "RSS of the innermost header". */
const char *capability_spread_name(enum port_spread spread);

#endif
