// SPDX-License-Identifier: BSD-3-Clause
#include "forwarding.h"

#include <errno.h>

#include "neighbour.h"
#include "table_writer.h"

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

static uint8_t first_own(const struct forwarding *forwarding, bool is_ipv4)
{
	for (unsigned i = 0; i < forwarding->own_count; i++)
		if (IN6_IS_ADDR_V4MAPPED(&forwarding->own[i].address) == is_ipv4)
			return (uint8_t)i;
	return NO_OWN;
}

static bool has_ipv4_prefix(const struct service_prefixes *prefixes)
{
	static const struct in6_addr mapped = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
	bool has = false;

	for (unsigned i = 0; i < prefixes->count; i++)
		has |= prefixes->list[i].length >= MAPPED_PREFIX_BITS &&
		       memcmp(prefixes->list[i].value, &mapped, MAPPED_PREFIX_BITS / 8) == 0;
	return has;
}

int forwarding_finish(struct forwarding *forwarding)
{
	forwarding->tunnel_end_ipv6 = first_own(forwarding, false);
	forwarding->tunnel_end_ipv4 = first_own(forwarding, true);
	forwarding->serves_ipv4 = forwarding->tunnel_end_ipv4 != NO_OWN || has_ipv4_prefix(&forwarding->prefixes);
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
	/* ::/0 is no route for IPv4, though it holds the mapped form */
	unsigned shortest = IN6_IS_ADDR_V4MAPPED(destination) ? MAPPED_PREFIX_BITS : 0;

	for (unsigned i = 0; i < forwarding->route_count && forwarding->routes[i].length >= shortest; i++)
		if (in6_has_prefix(destination, &forwarding->routes[i].prefix, forwarding->routes[i].length))
			return (uint16_t)i;
	return NO_ROUTE;
}

uint16_t forwarding_inner_mtu(const struct forwarding *forwarding, uint16_t route, uint8_t kind)
{
	if (route == NO_ROUTE)
		return IPV6_MINIMUM_MTU;
	return (uint16_t)(forwarding->ports[forwarding->routes[route].port].mtu_bytes -
	                  tunnel_kind(kind)->outer_octets);
}

/* The kind, if it is one that key and care-of address allow. */
static uint8_t served_kind(const struct forwarding *forwarding, const struct binding_record *record)
{
	const struct tunnel_kind *tunnel = tunnel_kind(record->kind);
	bool inner_is_ipv4 = IN6_IS_ADDR_V4MAPPED(&record->key);
	bool outer_is_ipv4 = IN6_IS_ADDR_V4MAPPED(&record->care_of_address);
	uint8_t end = outer_is_ipv4 ? forwarding->tunnel_end_ipv4 : forwarding->tunnel_end_ipv6;

	return tunnel->inner_version == (inner_is_ipv4 ? 4 : 6) && tunnel->outer_version == (outer_is_ipv4 ? 4 : 6) &&
	                       end != NO_OWN
	               ? record->kind
	               : FEED_TUNNEL_NONE;
}

void forwarding_resolve(const struct forwarding *forwarding, uint16_t wanted_mtu, struct binding_record *record)
{
	const struct in6_addr *care_of = &record->care_of_address;
	uint16_t carries;

	record->kind = served_kind(forwarding, record);
	record->own = 0;
	if (record->kind)
		record->own = tunnel_kind(record->kind)->outer_version == 4 ? forwarding->tunnel_end_ipv4
		                                                            : forwarding->tunnel_end_ipv6;
	if (tunnel_kind(record->kind)->outer_version != 4)
		record->port = 0;
	record->route = forwarding_route(forwarding, care_of);
	carries = forwarding_inner_mtu(forwarding, record->route, record->kind);
	record->inner_mtu_bytes = wanted_mtu && wanted_mtu < carries ? wanted_mtu : carries;
	record->care_of_refused =
	        service_prefix_of(&forwarding->prefixes, care_of) || forwarding_own(forwarding, care_of) >= 0;
}
