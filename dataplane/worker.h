// SPDX-License-Identifier: BSD-3-Clause
/*
 * worker - polls, and takes each burst through the walk. The same function serves NICs, replay and tests: frames in,
 * `now` as an argument, frames out through the walk's transmit function. It takes no lock, allocates nothing but packet
 * buffers, logs nothing, divides nothing and reads no clock.
 *
 * Thread: one a worker.
 */
#ifndef KEDGE_DATAPLANE_WORKER_H
#define KEDGE_DATAPLANE_WORKER_H

#include "walk.h"

/* A burst of at most BURST_MAX frames that came by `port`; their buffers are the walk's from here on. */
void worker_burst(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint8_t port, uint64_t now_ms);

/* At most BURST_MAX IP packets that the control plane sends out here. */
void worker_inject(struct walk *walk, struct rte_mbuf **packets, unsigned count, uint64_t now_ms);

/* At most BURST_MAX frames of the host's kernel; buffer->port is the port whose twin they came out of. */
void worker_from_host(struct walk *walk, struct rte_mbuf **frames, unsigned count, uint64_t now_ms);

/* Between bursts: packets that wait for a neighbour. */
void worker_idle(struct walk *walk, uint64_t now_ms);

#endif
