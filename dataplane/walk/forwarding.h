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
#include "tunnel_kind.h"

struct binding_record;
struct neighbour;
struct neighbour_table;

enum { PORTS_MAX = 8, OWN_ADDRESSES_MAX = 64, ROUTES_MAX = 64, NO_ROUTE = 0xffff, NO_PORT = 0xff, NO_OWN = 0xff };

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
	uint64_t own_filter; /* bit (last octet & 63) of each own address */
	struct own_address own[OWN_ADDRESSES_MAX];
	uint8_t tunnel_end_ipv6; /* index of the first own address of each family, or NO_OWN: it ends the tunnels */
	uint8_t tunnel_end_ipv4;
	bool serves_ipv4; /* has an IPv4 address or prefix */
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
	struct tunnel_marking marking;
	enum outer_dont_fragment outer_dont_fragment;
	bool udp_checksum; /* of UDP tunnels: computed, else 0 (RFC 768 "no checksum") */
	uint64_t flow_secret;
};

/* Adds an own address; port NO_PORT for a service address. Returns its index or -ENOSPC, -EEXIST. */
int forwarding_add_own(struct forwarding *forwarding, const struct in6_addr *address, uint8_t port);

/*
 * Adds a route; `via` NULL: on the link. Must come before forwarding_finish(). Returns 0, -ENOSPC or -EEXIST.
 */
int forwarding_add_route(struct forwarding *forwarding, const struct in6_addr *prefix, unsigned length, uint8_t port,
                         const struct in6_addr *via);

/* Finds the ends of the tunnels, and resolves the routers of the routes to neighbours that stay. Returns 0 or -ENOSPC.
 */
int forwarding_finish(struct forwarding *forwarding);

/* Whether this is one of our addresses, its halves as they stand in memory; its index or -1. */
static inline int forwarding_own_words(const struct forwarding *forwarding, uint64_t first, uint64_t last)
{
	const unsigned last_octet = (unsigned)(be64toh(last) & 63);

	if (!(forwarding->own_filter >> last_octet & 1))
		return -1;
	for (unsigned i = 0; i < forwarding->own_count; i++) {
		uint64_t words[2];

		memcpy(words, &forwarding->own[i].address, sizeof(words));
		if (words[0] == first && words[1] == last)
			return (int)i;
	}
	return -1;
}

static inline int forwarding_own(const struct forwarding *forwarding, const struct in6_addr *address)
{
	uint64_t words[2];

	memcpy(words, address, sizeof(words));
	return forwarding_own_words(forwarding, words[0], words[1]);
}

/* The route of the longest prefix of its family that holds the destination; its index or NO_ROUTE. */
uint16_t forwarding_route(const struct forwarding *forwarding, const struct in6_addr *destination);

/* Octets of the largest inner packet that one outer packet of `mtu_bytes` carries in a tunnel of this kind. */
static inline uint16_t forwarding_carried(uint16_t mtu_bytes, uint8_t kind)
{
	return (uint16_t)(mtu_bytes - tunnel_kind(kind)->outer_octets);
}

/* Octets of the largest inner packet that a tunnel of this kind (enum feed_tunnel_kind) over this route carries. */
uint16_t forwarding_inner_mtu(const struct forwarding *forwarding, uint16_t route, uint8_t kind);

/*
 * Fills in what a data plane finds out itself for a binding of the feed: route, own address, inner MTU (`wanted_mtu`
 * or, if that is 0 or larger, what the link allows), and whether the care-of address may be tunnelled to (M-18). A kind
 * that does not agree with the families of key and care-of address, or for which there is no own address, becomes
 * FEED_TUNNEL_NONE, and a port where there is no UDP 0.
 */
void forwarding_resolve(const struct forwarding *forwarding, uint16_t wanted_mtu, struct binding_record *record);

/* The address from which errors about packets of this IP version come: the end of tunnels; NULL if there is none. */
static inline const struct in6_addr *forwarding_error_source(const struct forwarding *forwarding, uint8_t version)
{
	uint8_t end = version == 4 ? forwarding->tunnel_end_ipv4 : forwarding->tunnel_end_ipv6;

	return end == NO_OWN ? NULL : &forwarding->own[end].address;
}

#endif
