// SPDX-License-Identifier: BSD-3-Clause
/*
 * forwarding - what all workers share: own addresses, service prefixes, routes, neighbours, table, limits. Built before
 * they start and constant from then on, except for what table, expiry and neighbours say of themselves.
 */
#ifndef KEDGE_DATAPLANE_FORWARDING_H
#define KEDGE_DATAPLANE_FORWARDING_H

#include "binding_table.h"
#include "expiry.h"
#include "ip.h"
#include "icmp6.h"
#include "service_prefix.h"

struct neighbour;
struct neighbour_table;

enum { PORTS_MAX = 8, OWN_ADDRESSES_MAX = 64, ROUTES_MAX = 64, NO_ROUTE = 0xffff, NO_PORT = 0xff };

struct own_address {
	struct in6_addr address;
	uint8_t port; /* NO_PORT: a service address, on no link */
};

struct forwarding_port {
	uint8_t link_address[LINK_ADDRESS_OCTETS];
	uint16_t mtu_bytes;
	bool has_host;              /* a twin interface in the host's kernel */
	struct in6_addr link_local; /* source of solicitations for link-local neighbours */
};

struct route {
	struct in6_addr prefix;
	uint8_t length;
	uint8_t port;
	bool on_link;                /* the next hop is the destination itself */
	struct in6_addr via;         /* else this router */
	struct neighbour *neighbour; /* of `via` */
};

/* Packets a second; 0 does not limit. Divided among the workers. */
struct forwarding_limits {
	uint32_t punt_pana_per_s;
	uint32_t punt_mobility_per_s;
	uint32_t punt_hip_per_s;
	uint32_t icmp_errors_per_s;
	uint32_t echo_replies_per_s;
};

struct forwarding {
	struct service_prefixes prefixes;
	unsigned own_count;
	uint64_t own_filter;                       /* bit (last octet & 63) of each own address */
	struct own_address own[OWN_ADDRESSES_MAX]; /* [0] ends tunnels */
	unsigned port_count;
	struct forwarding_port ports[PORTS_MAX];
	uint8_t host_port; /* whose twin, if it has one, gets what came by a port without */
	unsigned route_count;
	struct route routes[ROUTES_MAX]; /* longest prefix first */
	struct neighbour_table *neighbours;
	struct binding_table *table;
	struct expiry *expiry;
	struct forwarding_limits limits;
	uint32_t handover_grace_ms;
	uint8_t hop_limit; /* of outer headers and of what is made here */
	uint64_t flow_secret;
};

/* Adds an own address; port NO_PORT for a service address. Returns its index or -ENOSPC, -EEXIST. */
int forwarding_add_own(struct forwarding *forwarding, const struct in6_addr *address, uint8_t port);

/*
 * Adds a route; `via` NULL: on the link. Must come before forwarding_finish(). Returns 0, -ENOSPC or -EEXIST.
 */
int forwarding_add_route(struct forwarding *forwarding, const struct in6_addr *prefix, unsigned length, uint8_t port,
                         const struct in6_addr *via);

/* Resolves the routers of the routes to neighbours that stay. Returns 0 or -ENOSPC. */
int forwarding_finish(struct forwarding *forwarding);

/* Whether this is one of our addresses; its index or -1. */
static inline int forwarding_own(const struct forwarding *forwarding, const struct in6_addr *address)
{
	if (!(forwarding->own_filter >> (address->s6_addr[15] & 63) & 1))
		return -1;
	for (unsigned i = 0; i < forwarding->own_count; i++)
		if (in6_is_equal(&forwarding->own[i].address, address))
			return (int)i;
	return -1;
}

/* The route of the longest prefix that holds the destination; its index or NO_ROUTE. */
uint16_t forwarding_route(const struct forwarding *forwarding, const struct in6_addr *destination);

/* Octets of the largest inner packet that an IPv6 tunnel over this route carries. */
uint16_t forwarding_inner_mtu(const struct forwarding *forwarding, uint16_t route);

#endif
