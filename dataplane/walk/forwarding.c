// SPDX-License-Identifier: BSD-3-Clause
#include "forwarding.h"

#include <errno.h>

#include "neighbour.h"

int forwarding_add_own(struct forwarding *forwarding, const struct in6_addr *address, uint8_t port)
{
	if (forwarding_own(forwarding, address) >= 0)
		return -EEXIST;
	if (forwarding->own_count == OWN_ADDRESSES_MAX)
		return -ENOSPC;
	forwarding->own_filter |= 1ull << (address->s6_addr[15] & 63);
	forwarding->own[forwarding->own_count] = (struct own_address){.address = *address, .port = port};
	return (int)forwarding->own_count++;
}

int forwarding_add_route(struct forwarding *forwarding, const struct in6_addr *prefix, unsigned length, uint8_t port,
                         const struct in6_addr *via)
{
	struct route made = {.prefix = *prefix, .length = (uint8_t)length, .port = port, .on_link = !via};
	unsigned at = 0;

	if (forwarding->route_count == ROUTES_MAX)
		return -ENOSPC;
	if (via)
		made.via = *via;
	in6_mask(&made.prefix, length);
	for (; at < forwarding->route_count && forwarding->routes[at].length >= length; at++)
		if (forwarding->routes[at].length == length &&
		    in6_is_equal(&forwarding->routes[at].prefix, &made.prefix))
			return -EEXIST;
	memmove(&forwarding->routes[at + 1], &forwarding->routes[at],
	        (forwarding->route_count - at) * sizeof(forwarding->routes[0]));
	forwarding->routes[at] = made;
	forwarding->route_count++;
	return 0;
}

int forwarding_finish(struct forwarding *forwarding)
{
	for (unsigned i = 0; i < forwarding->route_count; i++) {
		struct route *route = &forwarding->routes[i];

		if (route->on_link)
			continue;
		route->neighbour = neighbour_claim(forwarding->neighbours, &route->via, route->port, 0);
		if (!route->neighbour)
			return -ENOSPC;
		route->neighbour->pinned = true;
	}
	return 0;
}

uint16_t forwarding_route(const struct forwarding *forwarding, const struct in6_addr *destination)
{
	for (unsigned i = 0; i < forwarding->route_count; i++)
		if (in6_has_prefix(destination, &forwarding->routes[i].prefix, forwarding->routes[i].length))
			return (uint16_t)i;
	return NO_ROUTE;
}

uint16_t forwarding_inner_mtu(const struct forwarding *forwarding, uint16_t route)
{
	if (route == NO_ROUTE)
		return IPV6_MINIMUM_MTU;
	return (uint16_t)(forwarding->ports[forwarding->routes[route].port].mtu_bytes - IPV6_HEADER_OCTETS);
}
