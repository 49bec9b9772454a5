// SPDX-License-Identifier: BSD-3-Clause
/*
 * walk_counters - what a worker counts. For every worker and for the main core, when nothing is under way between them:
 *
 *   received + injected + from_host + originated = transmitted + punted + to_host + consumed + Σ drops
 *
 * Thread: each block has one writer; others read it with relaxed loads.
 */
#ifndef KEDGE_DATAPLANE_WALK_COUNTERS_H
#define KEDGE_DATAPLANE_WALK_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "drop.h"

/* X(name, help); the first eight are the equation's. */
#define WALK_COUNTERS(X)                                                                                               \
	X(received, "packets that came by a port")                                                                     \
	X(injected, "packets that the control plane sent out here")                                                    \
	X(from_host, "packets of the host's kernel")                                                                   \
	X(originated, "errors, advertisements, solicitations, echo replies and further fragments made here")           \
	X(transmitted, "packets that left by a port")                                                                  \
	X(punted, "control packets handed to the control plane")                                                       \
	X(to_host, "packets for the host's kernel")                                                                    \
	X(consumed, "packets that were answered, told us something, or were put together with another")                \
	X(encapsulated, "packets put into a tunnel")                                                                   \
	X(fragmented, "packets put into a tunnel and sent in fragments, so that 1280 octets pass (M-19)")              \
	X(reassembled, "packets put together from their fragments")                                                    \
	X(decapsulated, "packets taken out of a tunnel")                                                               \
	X(node_to_node, "packets out of one tunnel into another")                                                      \
	X(forwarded_stale, "packets of bindings that have expired while no owner was heard")                           \
	X(previous_care_of, "packets from a care-of address just left")                                                \
	X(other_care_of, "packets from and to care-of addresses beside the first")                                     \
	X(errors_limited, "ICMPv6 errors not sent because of their rate")                                              \
	X(errors_relayed, "errors about outer packets that were told to the inner source (RFC 2473 8)")                \
	X(solicitations, "Neighbour Solicitations and ARP requests sent")                                              \
	X(path_mtu_learnt, "outer Packet Too Big, or fragmentation needed, that quoted a live binding")                \
	X(bursts, "polls that brought packets")                                                                        \
	X(idle_polls, "polls that brought none")

struct walk_counters {
#define X(name, help) uint64_t name;
	WALK_COUNTERS(X)
#undef X
	uint64_t drops[DROP_REASONS];
} __attribute__((aligned(64)));

/* The writer alone. */
static inline void counter_add(uint64_t *counter, uint64_t amount)
{
	__atomic_store_n(counter, *counter + amount, __ATOMIC_RELAXED);
}

/* Adds a copy of `from` to `sum`; any thread. */
void walk_counters_add(struct walk_counters *sum, const struct walk_counters *from);

/* Whether the equation holds. */
bool walk_counters_balance(const struct walk_counters *counters);

/* The counters with their names, in the order of WALK_COUNTERS; count of them. */
unsigned walk_counters_count(void);
const char *walk_counters_name(unsigned index);
const char *walk_counters_help(unsigned index);
uint64_t walk_counters_value(const struct walk_counters *counters, unsigned index);

#endif
