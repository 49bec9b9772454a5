// SPDX-License-Identifier: BSD-3-Clause
#include "announcing.h"

#include <string.h>

#include "address_text.h"
#include "host_netlink.h"

enum { RETRY_MS = 1000 };

static unsigned routes_count(const struct dataplane *dataplane)
{
	return dataplane->configuration.service_prefix_count + dataplane->configuration.service_address_count;
}

/* Home prefixes first, then service addresses, on the first host port. */
static struct host_route route_of(const struct dataplane *dataplane, unsigned index)
{
	const struct dataplane_configuration *configuration = &dataplane->configuration;
	struct host_route route = {
	        .interface_index = dataplane->hosts[dataplane->forwarding.host_port].interface_index,
	        .metric = HOST_ROUTE_ANNOUNCED_METRIC,
	        .protocol = HOST_ROUTE_ANNOUNCED_PROTOCOL,
	};

	if (index < configuration->service_prefix_count) {
		route.prefix = configuration->service_prefixes[index].prefix.address;
		route.length = configuration->service_prefixes[index].prefix.length;
	} else {
		route.prefix = configuration->service_addresses[index - configuration->service_prefix_count];
		route.length = 128;
	}
	return route;
}

/* 0, or the first error; the others are tried all the same. */
static int change_routes(const struct dataplane *dataplane, bool announce)
{
	int first = 0;

	for (unsigned i = 0; i < routes_count(dataplane); i++) {
		const struct host_route route = route_of(dataplane, i);
		int result = announce ? host_netlink_route_set(dataplane->netlink, &route)
		                      : host_netlink_route_remove(dataplane->netlink, &route);

		if (result && !first)
			first = result;
	}
	return first;
}

static bool worker_stands(struct dataplane *dataplane, uint64_t now_ms)
{
	bool any = false;

	for (unsigned i = 0; i < dataplane->worker_count; i++) {
		const struct worker *worker = dataplane->workers[i];
		uint64_t turns = __atomic_load_n(&worker->turns, __ATOMIC_RELAXED);

		any |= heartbeat_look(&dataplane->heartbeats[i], turns, now_ms);
	}
	return any;
}

void announcing_watch(struct dataplane *dataplane, uint64_t now_ms)
{
	const struct announcement_facts facts = {
	        .ending = dataplane->ending,
	        .drained = dataplane->drained,
	        .worker_stands = worker_stands(dataplane, now_ms),
	        .in_sync = feed_receiver_in_sync(dataplane->receiver),
	};
	enum announcement_obstacle obstacle = announcement_judge(&dataplane->announcement, &facts, now_ms);
	bool announce = obstacle == OBSTACLE_NONE;
	int result;

	dataplane->obstacle = obstacle;
	if (dataplane->netlink < 0 || announce == dataplane->is_announced || now_ms < dataplane->announce_again_ms)
		return;
	result = change_routes(dataplane, announce);
	if (result) {
		plane_log(&dataplane->log, PLANE_LOG_ERROR, "routes on the host port: %s", strerror(-result));
		dataplane->announce_again_ms = now_ms + RETRY_MS;
		return;
	}
	dataplane->is_announced = announce;
	if (!announce)
		dataplane->withdrawn_ms = now_ms;
	plane_log(&dataplane->log, PLANE_LOG_NOTICE, "home prefixes %s%s",
	          announce ? "announced" : "withdrawn: ", announce ? "" : announcement_obstacle_name(obstacle));
}

bool announcing_may_end(const struct dataplane *dataplane, uint64_t now_ms)
{
	return dataplane->netlink < 0 ||
	       (!dataplane->is_announced &&
	        (!dataplane->withdrawn_ms || now_ms >= dataplane->withdrawn_ms + ANNOUNCING_LINGER_MS));
}

json_t *announcing_show(const struct dataplane *dataplane)
{
	json_t *routes = json_array();
	char text[PREFIX_TEXT_OCTETS];

	for (unsigned i = 0; i < routes_count(dataplane) && dataplane->netlink >= 0; i++) {
		const struct host_route route = route_of(dataplane, i);

		json_array_append_new(routes, json_string(prefix_to_text(&route.prefix, route.length, text)));
	}
	return json_pack("{s:b, s:s, s:b, s:o}", "announced", dataplane->is_announced, "obstacle",
	                 dataplane->netlink < 0 ? "no host port" : announcement_obstacle_name(dataplane->obstacle),
	                 "drained", dataplane->drained, "routes", routes);
}
