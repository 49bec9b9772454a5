// SPDX-License-Identifier: BSD-3-Clause
/*
 * host_port - the twin of a port: an interface of the host's kernel (net_tap, or virtio_user where there is vhost-net)
 * with the port's link-layer address, MTU and addresses, so that what is for us and not mobility control reaches the
 * kernel, and SSH or a routing daemon speak from it as if they stood on the port's link. It goes with the process.
 *
 * Thread: the main core's. Workers meet it through rings, so that its system calls are never theirs.
 */
#ifndef KEDGE_DATAPLANE_HOST_PORT_H
#define KEDGE_DATAPLANE_HOST_PORT_H

#include <rte_mempool.h>

#include "dataplane_configuration.h"

struct host_port {
	bool is_there;
	uint16_t device; /* DPDK's number */
	unsigned interface_index;
	const char *driver; /* "net_tap" or "net_virtio_user" */
	const char *why;    /* it is not net_virtio_user, which copies less; "" when it is */
};

/*
 * Makes the twins that the configuration names, after the ports have started, and gives the first one the service
 * addresses. Sets has_host and host_port of `forwarding`. 0, or negative errno with `error`.
 */
int host_ports_start(const struct dataplane_configuration *configuration, struct rte_mempool *pool, int netlink,
                     struct host_port *hosts, struct forwarding *forwarding, char error[ERROR_OCTETS]);
void host_ports_stop(const struct host_port *hosts, unsigned count);

/* Whether any port has a twin. */
bool host_ports_wanted(const struct dataplane_configuration *configuration);

#endif
