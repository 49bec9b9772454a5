// SPDX-License-Identifier: BSD-3-Clause
/*
 * fill - bindings for a replay: first one for each distinct inner address of the pcap that lies in a service prefix
 * (bound to the outer source where the pcap shows one, so that the source check passes), then synthetic keys up to N.
 */
#ifndef KEDGE_BENCH_FILL_H
#define KEDGE_BENCH_FILL_H

#include "pcap_frames.h"
#include "replay_world.h"

/* Returns the number of bindings in the table. */
size_t fill_bindings(struct world *world, const struct frames *frames, size_t wanted);

#endif
