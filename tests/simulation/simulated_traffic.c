// SPDX-License-Identifier: BSD-3-Clause
/*
 * What nodes and their correspondents say to each other through the data planes. A packet is as good as what the data
 * plane decides about it: who may speak as a home address, and who hears what is said to it.
 */
#include "simulated_world.h"

#include "ip.h"

static const char *owner_of(struct simulated_world *world, const struct in6_addr *home_address)
{
	const struct lease_model_tables *leases = mobility_process_leases(&world->mobility);

	for (size_t i = 0; i < leases->lease_count; i++) {
		if (in6_is_equal(&leases->leases[i].address, home_address))
			return leases->leases[i].subscriber;
	}
	return NULL;
}

static bool is_of(struct simulated_world *world, const struct simulated_node *node, const struct in6_addr *home_address)
{
	const char *owner = owner_of(world, home_address);

	return owner && strstr(owner, node->card->imsi);
}

/* No binding without authority: who speaks as an address has the SIM of its owner. */
static bool goes_up(struct simulated_world *world, const struct simulated_plane *plane,
                    const struct simulated_node *node, const struct in6_addr *as)
{
	if (!node->has_place || !simulated_plane_lets_up(plane, as, &node->place.address)) {
		world->traffic.up_dropped++;
		return false;
	}
	if (!is_of(world, node, as))
		simulated_world_break(world, "data plane %u lets %s speak as somebody else", plane->number, node->name);
	world->traffic.up++;
	return true;
}

/* And so has who hears what is said to it. Returns him; NULL: nobody does. */
static const struct simulated_node *goes_down(struct simulated_world *world, const struct simulated_plane *plane,
                                              const struct in6_addr *to)
{
	struct in6_addr care_of_address;

	if (simulated_plane_lets_down(plane, to, &care_of_address)) {
		for (size_t i = 0; i < WORLD_NODES; i++) {
			const struct simulated_node *node = &world->nodes[i];

			if (!simulated_node_is_at(node, &care_of_address))
				continue;
			if (!is_of(world, node, to))
				simulated_world_break(world, "data plane %u tells %s what is said to somebody else",
				                      plane->number, node->name);
			world->traffic.down++;
			return node;
		}
	}
	world->traffic.down_dropped++;
	return NULL;
}

void traffic_flows(struct simulated_world *world)
{
	for (uint32_t i = 0; i < WORLD_NODES; i++) {
		const struct simulated_plane *plane = &world->planes[virtual_roll(&world->time, WORLD_PLANES)];
		const struct simulated_node *node = &world->nodes[i];
		const struct promise *other = &world->promises[(i + 1) % WORLD_CARDS];

		if (node->is_tunnelling)
			goes_up(world, plane, node, &node->home_address);
		if (other->is_there && node->card != &world->cards[(i + 1) % WORLD_CARDS]) {
			world->traffic.spoofed++;
			goes_up(world, plane, node, &other->home_address);
		}
	}
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		if (world->promises[i].is_there)
			goes_down(world, &world->planes[virtual_roll(&world->time, WORLD_PLANES)],
			          &world->promises[i].home_address);
	}
}

void traffic_at_rest(struct simulated_world *world)
{
	for (unsigned i = 0; i < WORLD_PLANES; i++) {
		for (uint32_t j = 0; j < WORLD_CARDS; j++) {
			const struct simulated_node *node = &world->nodes[j];

			if (simulated_node_is_at_rest(node) &&
			    (!goes_up(world, &world->planes[i], node, &node->home_address) ||
			     goes_down(world, &world->planes[i], &node->home_address) != node))
				simulated_world_break(world, "data plane %u does not carry the traffic of %s", i,
				                      node->name);
		}
	}
}
