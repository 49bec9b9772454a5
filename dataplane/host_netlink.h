// SPDX-License-Identifier: BSD-3-Clause
/*
 * host_netlink - what the data plane asks of the host's kernel about its host ports: link, addresses, routes
 * (rtnetlink, RFC 3549). Each call waits for the kernel's own acknowledgement, which comes at once.
 *
 * Needs CAP_NET_ADMIN. Thread: the main core's, which keeps that right.
 */
#ifndef KEDGE_DATAPLANE_HOST_NETLINK_H
#define KEDGE_DATAPLANE_HOST_NETLINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	/* Routes that are announced carry this as their protocol (linux/rtnetlink.h), so that a routing daemon can tell
	 * them from others: 107, "k". */
	HOST_ROUTE_ANNOUNCED_PROTOCOL = 107,
	HOST_ROUTE_STATIC_PROTOCOL = 4, /* RTPROTO_STATIC: ours, and nobody else's business */
	HOST_ROUTE_ANNOUNCED_METRIC = 1024,
	HOST_ROUTE_LAST_METRIC = 4096, /* of a default route that is taken only if the host has no other */
};

/* Returns a descriptor, or negative errno. */
int host_netlink_open(void);

/* Sets link-layer address and MTU of an interface and brings it up. 0 or negative errno. */
int host_netlink_link_up(int netlink, unsigned interface_index, const uint8_t link_address[6], uint32_t mtu_bytes);

/*
 * Gives an interface an address without duplicate address detection, as the data plane answers for it. A length of 128
 * brings no route. 0 or negative errno; -EEXIST is none.
 */
int host_netlink_address_add(int netlink, unsigned interface_index, const struct in6_addr *address, uint8_t length);

struct host_route {
	struct in6_addr prefix;
	uint8_t length;
	unsigned interface_index;
	const struct in6_addr *via; /* NULL: on the link */
	uint32_t metric;
	uint8_t protocol;
};

/* Sets a route, or removes it. 0 or negative errno; a route that is there, or gone, already is no error. */
int host_netlink_route_set(int netlink, const struct host_route *route);
int host_netlink_route_remove(int netlink, const struct host_route *route);

#endif
