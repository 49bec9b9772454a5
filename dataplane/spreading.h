// SPDX-License-Identifier: BSD-3-Clause
/*
 * spreading - where a device has fewer queues than there are workers: whoever polls a queue keeps the frames of its own
 * flows and hands the others over by a ring a worker, by flow_spread_hash(), so that a flow stays in order; and whoever
 * has no queue to send by hands its frames to a worker that has one.
 *
 * Counted by whom it happens to: a frame is received where it is walked, and what the sender could not send is taken
 * off its `transmitted` again, as the one who handed it over has counted it; the sums are exact.
 *
 * Thread: a worker's; the rings have many producers and one consumer.
 */
#ifndef KEDGE_DATAPLANE_SPREADING_H
#define KEDGE_DATAPLANE_SPREADING_H

#include "dataplane.h"

/* Moves the worker's own frames to the front and hands the others over; how many are its own. */
unsigned spreading_share(struct worker *worker, unsigned port, struct rte_mbuf **frames, unsigned count);

/* Walks what others have handed over, and sends what others could not; how many there were. */
unsigned spreading_take(struct worker *worker, uint64_t now_ms);

/* port_transmit of a worker: by its own queue, or by another's. */
port_transmit spreading_send;

/* Frees what is left when the worker ends. */
void spreading_end(struct worker *worker);

#endif
