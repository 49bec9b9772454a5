// SPDX-License-Identifier: BSD-3-Clause
/*
 * netlink - what the node reads and writes of the kernel's addresses, routes and rules (rtnetlink(7)).
 *
 * Requests wait for the kernel's answer, which comes at once. Thread: one.
 */
#ifndef KEDGE_MOBILENODE_NETLINK_H
#define KEDGE_MOBILENODE_NETLINK_H

#include <netinet/in.h>

#include "movement.h"

/* A socket that becomes readable when links, IPv6 addresses or IPv6 routes change. Returns it or a negative errno. */
int netlink_watch_open(void);

/* Reads all that has come. Returns true when something changed (also when notifications were lost). */
bool netlink_watch_drain(int watch);

/* Fills `places` (room for MOVEMENT_PLACES_MAX), leaving out interface `without`. Returns 0 or a negative errno. */
int netlink_places(unsigned without, struct movement_place *places, size_t *count);

/* Each returns 0 or a negative errno; what is there already (or gone already) is right. */
int netlink_link_up(unsigned interface, unsigned mtu_bytes);
int netlink_address_add(unsigned interface, const struct in6_addr *address, unsigned prefix_length);
int netlink_default_route_add(unsigned interface, uint32_t table);

enum { NETLINK_TABLE_MAIN = 254 };

/* Packets from `source` to `destination` (NULL: any) are routed by `table`; the lowest priority is asked first. */
struct netlink_rule {
	const struct in6_addr *source;
	const struct in6_addr *destination;
	uint32_t table;
	uint32_t priority;
};

int netlink_rule_add(const struct netlink_rule *rule);
int netlink_rule_delete(const struct netlink_rule *rule);

/* Removes all rules of this priority. */
void netlink_rules_clear(uint32_t priority);

#endif
