// SPDX-License-Identifier: BSD-3-Clause
/*
 * flow_spread - which flow a frame belongs to, as a number: the innermost addresses and ports that can be seen, as RSS
 * of the innermost header would take them, so that the flows of one tunnel spread over workers and each stays in order.
 * Of fragments only the addresses count, so that all of a packet meet in one place.
 *
 * Pure. Thread: any.
 */
#ifndef KEDGE_DATAPLANE_FLOW_SPREAD_H
#define KEDGE_DATAPLANE_FLOW_SPREAD_H

#include <stddef.h>
#include <stdint.h>

/* Of an Ethernet frame; what cannot be read hashes to 0. */
uint32_t flow_spread_hash(const uint8_t *frame, size_t octets);

#endif
