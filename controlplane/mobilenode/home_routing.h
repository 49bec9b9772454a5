// SPDX-License-Identifier: BSD-3-Clause
/*
 * home_routing - which packets of the node take the tunnel: routing rules over the main table, which stays the access
 * networks' own (RFC 6275 11.3.1).
 *
 *	priority      from the home address           → tunnel, or nothing while there is no binding
 *	priority + 1  to the mobility server          → main: it is asked before there is a tunnel
 *	              from an address of the places   → main: a program that binds one means it (RFC 5014)
 *	priority + 2  all else, while a binding stands → tunnel; the kernel then takes the home address as source
 *
 * What a process that was killed left behind is removed first. Needs CAP_NET_ADMIN. Thread: one.
 */
#ifndef KEDGE_MOBILENODE_HOME_ROUTING_H
#define KEDGE_MOBILENODE_HOME_ROUTING_H

#include "movement.h"

struct home_routing_settings {
	uint32_t table;
	uint32_t priority; /* of the first rule */
	bool all_traffic;  /* no: only programs that bind the home address use the tunnel */
	struct in6_addr mobility_server;
};

struct home_routing {
	struct home_routing_settings settings;
	unsigned interface; /* of the tunnel */
	bool has_home;
	bool takes_all;
	struct in6_addr home_address;
	struct in6_addr exempt[MOVEMENT_PLACES_MAX];
	size_t exempt_count;
};

/* Each returns 0 or a negative errno of the kernel. */
int home_routing_start(struct home_routing *routing, const struct home_routing_settings *settings, unsigned interface);
int home_routing_home(struct home_routing *routing, const struct in6_addr *home_address);
int home_routing_places(struct home_routing *routing, const struct movement_place *places, size_t count);
int home_routing_bound(struct home_routing *routing, bool is_bound);

/* Removes all rules. */
void home_routing_end(struct home_routing *routing);

#endif
