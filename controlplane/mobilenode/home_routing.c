// SPDX-License-Identifier: BSD-3-Clause
#include "home_routing.h"

#include <errno.h>

#include "ip.h"
#include "netlink.h"

enum { RULE_FROM_HOME, RULE_EXEMPT, RULE_ALL, RULES };

static uint32_t priority_of(const struct home_routing *routing, unsigned rule)
{
	return routing->settings.priority + rule;
}

static struct netlink_rule from_home(const struct home_routing *routing)
{
	return (struct netlink_rule){.source = &routing->home_address,
	                             .table = routing->settings.table,
	                             .priority = priority_of(routing, RULE_FROM_HOME)};
}

static struct netlink_rule from_place(const struct home_routing *routing, const struct in6_addr *address)
{
	return (struct netlink_rule){
	        .source = address, .table = NETLINK_TABLE_MAIN, .priority = priority_of(routing, RULE_EXEMPT)};
}

static struct netlink_rule for_all(const struct home_routing *routing)
{
	return (struct netlink_rule){.table = routing->settings.table, .priority = priority_of(routing, RULE_ALL)};
}

static void remove_all(const struct home_routing *routing)
{
	for (unsigned rule = 0; rule < RULES; rule++)
		netlink_rules_clear(priority_of(routing, rule));
}

int home_routing_start(struct home_routing *routing, const struct home_routing_settings *settings, unsigned interface)
{
	const struct netlink_rule to_server = {.destination = &settings->mobility_server,
	                                       .table = NETLINK_TABLE_MAIN,
	                                       .priority = settings->priority + RULE_EXEMPT};

	*routing = (struct home_routing){.settings = *settings, .interface = interface};
	remove_all(routing);
	return settings->all_traffic ? netlink_rule_add(&to_server) : 0;
}

int home_routing_home(struct home_routing *routing, const struct in6_addr *home_address)
{
	struct netlink_rule rule = from_home(routing);
	int result = 0;

	if (routing->has_home && !in6_is_equal(&routing->home_address, home_address))
		result = netlink_rule_delete(&rule);
	routing->home_address = *home_address;
	routing->has_home = true;
	rule = from_home(routing);
	if (!result)
		result = netlink_default_route_add(routing->interface, routing->settings.table);
	return result ? result : netlink_rule_add(&rule);
}

static bool holds(const struct movement_place *places, size_t count, const struct in6_addr *address)
{
	for (size_t i = 0; i < count; i++)
		if (in6_is_equal(&places[i].address, address))
			return true;
	return false;
}

int home_routing_places(struct home_routing *routing, const struct movement_place *places, size_t count)
{
	struct netlink_rule rule;
	size_t kept = 0;
	int result = 0;

	if (!routing->settings.all_traffic)
		return 0;
	/* the new ones first: a program that binds an address is never led elsewhere in between */
	for (size_t i = 0; i < count && !result; i++) {
		rule = from_place(routing, &places[i].address);
		result = netlink_rule_add(&rule);
	}
	for (size_t i = 0; i < routing->exempt_count && !result; i++) {
		rule = from_place(routing, &routing->exempt[i]);
		if (!holds(places, count, &routing->exempt[i]))
			result = netlink_rule_delete(&rule);
	}
	for (size_t i = 0; i < count && kept < MOVEMENT_PLACES_MAX; i++)
		routing->exempt[kept++] = places[i].address;
	routing->exempt_count = kept;
	return result;
}

int home_routing_bound(struct home_routing *routing, bool is_bound)
{
	struct netlink_rule rule = for_all(routing);
	int result;

	if (!routing->settings.all_traffic || routing->takes_all == is_bound)
		return 0;
	result = is_bound ? netlink_rule_add(&rule) : netlink_rule_delete(&rule);
	if (!result)
		routing->takes_all = is_bound;
	return result;
}

void home_routing_end(struct home_routing *routing)
{
	if (routing->interface)
		remove_all(routing);
	routing->interface = 0;
}
