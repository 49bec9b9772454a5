// SPDX-License-Identifier: BSD-3-Clause
/*
 * worker - polls, and takes each burst through the walk. The same functions serve NICs, replay and tests: frames in,
 * `now` as an argument, frames out through the walk's transmit function. They take no lock, allocate nothing but packet
 * buffers, log nothing, divide nothing and read no clock.
 *
 * Bursts in flight. What a worker waits for is memory: the pilot and the slot of each packet (binding_table.h). So a
 * burst goes by stages, each of which asks memory for what the next one reads, and up to BURSTS_IN_FLIGHT bursts are on
 * their way:
 *
 *   burst n + 2   frames read  │ then, a few keys of each at a time:  keys hashed, pilots asked for
 *   burst n + 1                │                                      slots asked for
 *   burst n                    │                                      compared; packets into and out of tunnels, sent
 *
 * All that others can see of a burst, its long way included, happens when it is finished, and bursts are finished in
 * the order in which they came: no packet overtakes one of an earlier burst. A turn of the poller ends with
 * worker_drain(): a burst with none behind it waits for nobody, and nothing is in flight when the quiescent state is
 * reported.
 *
 * Thread: one a worker.
 */
#ifndef KEDGE_DATAPLANE_WORKER_H
#define KEDGE_DATAPLANE_WORKER_H

#include "walk.h"

/* The most bursts that are taken from one queue in a turn. */
enum { TURN_BURSTS_MAX = 8 };

/*
 * A burst of at most BURST_MAX frames that came by `port`; their buffers are the walk's from here on. It is in flight
 * until BURSTS_IN_FLIGHT - 1 others have come after it, or worker_drain().
 */
void worker_take(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint8_t port, uint64_t now_ms);

/* Finishes what is in flight: before a quiescent state, and before any other function of these. */
void worker_drain(struct walk *walk);

/* A burst alone, all the way. */
void worker_burst(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint8_t port, uint64_t now_ms);

/* At most BURST_MAX IP packets that the control plane sends out here. */
void worker_inject(struct walk *walk, struct rte_mbuf **packets, unsigned count, uint64_t now_ms);

/* At most BURST_MAX frames of the host's kernel; buffer->port is the port whose twin they came out of. */
void worker_from_host(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint64_t now_ms);

/* Between bursts: packets that wait for a neighbour. */
void worker_idle(struct walk *walk, uint64_t now_ms);

#endif
