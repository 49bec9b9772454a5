// SPDX-License-Identifier: BSD-3-Clause
/*
 * port - the links: DPDK devices started with what they can do, and what they could not do said (start-up report).
 *
 * Thread: the main core, before the workers start; port_send() is a worker's, on its own queue.
 */
#ifndef KEDGE_DATAPLANE_PORT_H
#define KEDGE_DATAPLANE_PORT_H

#include <rte_mempool.h>

#include "dataplane_configuration.h"

struct port {
	uint16_t device; /* DPDK's number */
	uint16_t queues; /* for receiving and for sending: one a worker, or one for all */
	char name[NAME_OCTETS];
	char driver[NAME_OCTETS];
};

/* Finds and starts the configured devices. Fills link addresses and MTUs of `forwarding`. 0, or negative with `error`.
 */
int ports_start(const struct dataplane_configuration *configuration, struct rte_mempool *pool, struct port *ports,
                struct forwarding *forwarding, char error[ERROR_OCTETS]);
void ports_stop(const struct port *ports, unsigned count);

/* Adds addresses, routes, service addresses and prefixes; then everything is resolved. 0, or negative with `error`. */
int ports_describe(const struct dataplane_configuration *configuration, struct forwarding *forwarding,
                   char error[ERROR_OCTETS]);

#endif
