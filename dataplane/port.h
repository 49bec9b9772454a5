// SPDX-License-Identifier: BSD-3-Clause
/*
 * port - the links: DPDK devices made and started with what they can do; what they could not do is kept for the
 * start-up report (capability.h).
 *
 * Queues: as many as there are workers, else as many as the device has. Queue q is polled by one worker,
 * port_poller_of(); where there are fewer queues than workers, the pollers spread flows over all of them (spreading.h).
 *
 * Thread: the main core, before the workers start; constant from then on.
 */
#ifndef KEDGE_DATAPLANE_PORT_H
#define KEDGE_DATAPLANE_PORT_H

#include <rte_mempool.h>

#include "dataplane_configuration.h"

/* By what frames come to the one or the other queue. */
enum port_spread {
	SPREAD_ONE_QUEUE,
	SPREAD_BY_DRIVER,     /* the driver does not say how; af_packet: by the kernel's flow hash */
	SPREAD_RSS_OUTERMOST, /* all flows of a tunnel in one queue */
	SPREAD_RSS_INNERMOST,
};

struct port {
	uint16_t device; /* DPDK's number */
	uint16_t receive_queues;
	uint16_t transmit_queues;
	uint16_t queues_max; /* to receive by, that the device has */
	enum port_spread spread;
	bool is_virtual;
	bool grants_interrupts; /* asked for when `idle` wants them */
	int socket;             /* NUMA; SOCKET_ID_ANY: does not matter */
	char name[NAME_OCTETS];
	char driver[NAME_OCTETS];
};

/* The worker that polls a queue of the port of this index: with few queues, those of several ports lie apart. */
static inline unsigned port_poller_of(const struct port *port, unsigned index, unsigned queue, unsigned workers)
{
	return port->receive_queues >= workers ? queue : (queue + index) % workers;
}

/* Makes, finds and starts the configured devices. Fills link addresses and MTUs of `forwarding`. 0, or negative with a
 * sentence in `error`. */
int ports_start(const struct dataplane_configuration *configuration, struct rte_mempool *pool, struct port *ports,
                struct forwarding *forwarding, char error[ERROR_OCTETS]);
void ports_stop(const struct port *ports, unsigned count);

/* Adds addresses, routes, service addresses and prefixes; then everything is resolved. 0, or negative with `error`. */
int ports_describe(const struct dataplane_configuration *configuration, struct forwarding *forwarding,
                   char error[ERROR_OCTETS]);

#endif
