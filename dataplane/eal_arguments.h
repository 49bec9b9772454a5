// SPDX-License-Identifier: BSD-3-Clause
/*
 * eal_arguments - what DPDK is started with: memory, cores, and which PCI devices it may take. Virtual devices are made
 * later, one by one, so that each has its own sentence.
 *
 * Pure. Thread: any.
 */
#ifndef KEDGE_DATAPLANE_EAL_ARGUMENTS_H
#define KEDGE_DATAPLANE_EAL_ARGUMENTS_H

#include "dataplane_configuration.h"

enum { EAL_ARGUMENTS_MAX = 16 + PORTS_MAX, EAL_CORES_OCTETS = 1024 };

struct eal_arguments {
	int count;
	const char *list[EAL_ARGUMENTS_MAX + 1]; /* pointers into the rest; NULL behind the last */
	char cores[EAL_CORES_OCTETS];
	char memory[16];
	char prefix[NAME_OCTETS + 16];
	char devices[PORTS_MAX][DEVICE_OCTETS + 16];
};

/* `cores`: as capability_cores() has them. `megabytes`: of plain memory; 0: in huge pages. */
void eal_arguments_make(const struct dataplane_configuration *configuration, const char *cores, unsigned megabytes,
                        struct eal_arguments *arguments);

#endif
