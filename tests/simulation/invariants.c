// SPDX-License-Identifier: BSD-3-Clause
/*
 * What must be true of the whole, whatever happens (architecture.md 6): no address or name with two owners; nothing
 * acknowledged is gone; no binding without authority; no withdrawn key comes back (simulated_plane.c); and at rest,
 * zone, store, index and data plane agree.
 */
#include <string.h>

#include "ip.h"
#include "owner_marker.h"
#include "simulated_world.h"

enum { TYPE_PTR = 12, TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_HIP = 55 };

static const struct lease_row *find_lease(const struct lease_model_tables *tables, const char *subscriber)
{
	for (size_t i = 0; i < tables->lease_count; i++) {
		if (strcmp(tables->leases[i].subscriber, subscriber) == 0)
			return &tables->leases[i];
	}
	return NULL;
}

static void subscriber_of(const struct sim_card *card, char key[SUBSCRIBER_KEY_OCTETS])
{
	struct subscriber_identity identity;

	if (subscriber_identity_from_imsi("home", card->imsi, &identity) || subscriber_key(&identity, key))
		key[0] = '\0';
}

/* B-47, A-1: name, address and HIT have one owner each. */
static void look_at_leases(struct simulated_world *world, const struct lease_model_tables *tables)
{
	for (size_t i = 0; i < tables->lease_count; i++) {
		const struct lease_row *a = &tables->leases[i];

		for (size_t j = i + 1; j < tables->lease_count; j++) {
			const struct lease_row *b = &tables->leases[j];

			if (strcmp(a->fqdn, b->fqdn) == 0 || in6_is_equal(&a->address, &b->address) ||
			    memcmp(a->identity.hit, b->identity.hit, HIT_OCTETS) == 0 ||
			    strcmp(a->subscriber, b->subscriber) == 0)
				simulated_world_break(world, "%s and %s share a name, an address or a key",
				                      a->subscriber, b->subscriber);
		}
	}
}

/* No binding without an association of the same subscriber, and none for an address that is leased to another. */
static void look_at_bindings(struct simulated_world *world, const struct lease_model_tables *leases,
                             const struct binding_model_tables *tables)
{
	for (size_t i = 0; i < tables->binding_count; i++) {
		const struct home_binding_row *binding = &tables->bindings[i];
		bool is_authorised = false;

		for (size_t j = 0; j < tables->association_count; j++)
			is_authorised |= tables->associations[j].spi == binding->spi &&
			                 strcmp(tables->associations[j].subscriber, binding->subscriber) == 0;
		if (!is_authorised)
			simulated_world_break(world, "the binding of %s stands under no association of his",
			                      binding->subscriber);
		for (size_t j = 0; j < leases->lease_count; j++) {
			if (in6_is_equal(&leases->leases[j].address, &binding->home_address) &&
			    strcmp(leases->leases[j].subscriber, binding->subscriber) != 0)
				simulated_world_break(world, "%s has bound the address of %s", binding->subscriber,
				                      leases->leases[j].subscriber);
		}
	}
}

struct zone_owner {
	struct simulated_world *world;
	const char *owner;
	const char *data;
};

/* An address of the home prefix under two names: both are one subscriber's (D-14), for a while. */
static void compare_owner(void *context, const char *owner, uint16_t type, const char *data)
{
	struct zone_owner *first = context;
	struct simulated_world *world = first->world;
	char marker_name[2][300];
	char markers[2][128];

	if (type != TYPE_AAAA || strcmp(data, first->data) != 0 || strcmp(owner, first->owner) == 0)
		return;
	snprintf(marker_name[0], sizeof(marker_name[0]), "_kedge.%s", first->owner);
	snprintf(marker_name[1], sizeof(marker_name[1]), "_kedge.%s", owner);
	snprintf(markers[0], sizeof(markers[0]), "%s", dns_model_text(world->dns, marker_name[0], TYPE_TXT));
	snprintf(markers[1], sizeof(markers[1]), "%s", dns_model_text(world->dns, marker_name[1], TYPE_TXT));
	if (strcmp(markers[0], markers[1]) != 0)
		simulated_world_break(world, "%s and %s of two owners show the address %s", first->owner, owner, data);
}

static void look_for_imsi(struct simulated_world *world, const char *owner, const char *data)
{
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		if (strstr(owner, world->cards[i].imsi) || strstr(data, world->cards[i].imsi))
			simulated_world_break(world, "%s tells an IMSI in the zone (P-2)", owner);
	}
}

static void look_at_record(void *context, const char *owner, uint16_t type, const char *data)
{
	struct simulated_world *world = context;
	struct zone_owner first = {world, owner, data};

	look_for_imsi(world, owner, data);
	if (type == TYPE_AAAA && strncmp(data, "2001:db8:aa:", 12) == 0)
		dns_model_each(world->dns, compare_owner, &first);
}

/* P-2: nothing that anybody on the way or in the zone can read holds an IMSI: no Binding Update, no record. */
void invariants_sent(struct simulated_world *world, const uint8_t *packet, size_t octets)
{
	struct ip_packet read;

	if (ip_packet_read(packet, octets, &read) || read.protocol != NEXT_HEADER_MOBILITY)
		return;
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		if (memmem(packet, octets, world->cards[i].imsi, strlen(world->cards[i].imsi)))
			simulated_world_break(world, "a Binding Update tells an IMSI (P-2)");
	}
}

void invariants_look(struct simulated_world *world)
{
	const struct lease_model_tables *leases;

	if (world->looked_at_commit == world->mobility.process.commits)
		return;
	world->looked_at_commit = world->mobility.process.commits;
	leases = mobility_process_leases(&world->mobility);
	look_at_leases(world, leases);
	look_at_bindings(world, leases, mobility_process_bindings(&world->mobility));
	dns_model_each(world->dns, look_at_record, world);
}

/* Nothing acknowledged is gone: the lease of which the node was told is durable, and so is its association. */
uint64_t invariants_granted(struct simulated_world *world, const struct simulated_node *node)
{
	const struct lease_model_tables *leases = mobility_process_leases(&world->mobility);
	const struct binding_model_tables *bindings = mobility_process_bindings(&world->mobility);
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	const struct lease_row *lease;
	bool is_associated = false;

	subscriber_of(node->card, subscriber);
	lease = find_lease(leases, subscriber);
	if (!lease || !in6_is_equal(&lease->address, &node->home_address)) {
		simulated_world_break(world, "%s was granted %s, and the store does not know it", node->name,
		                      node->fqdn);
		return 0;
	}
	for (size_t i = 0; i < bindings->association_count; i++)
		is_associated |= bindings->associations[i].spi == node->spi;
	if (!is_associated)
		simulated_world_break(world, "%s was told of an association that is not stored", node->name);
	return lease->version;
}

/* The acknowledged number is durable (M-9); so is the binding, unless a later message has changed it meanwhile. */
void invariants_bound(struct simulated_world *world, const struct simulated_node *node)
{
	const struct binding_model_tables *tables = mobility_process_bindings(&world->mobility);

	for (size_t i = 0; i < tables->association_count; i++) {
		const struct association_row *association = &tables->associations[i];

		if (association->spi != node->spi || association->state != ASSOCIATION_LIVE)
			continue;
		if (!association->has_number ||
		    (uint16_t)(association->last_number - node->acknowledged) > UINT16_MAX / 2)
			simulated_world_break(world, "%s's number %u was acknowledged and is not stored", node->name,
			                      node->acknowledged);
	}
}

/* At rest */

static void count_record(void *context, const char *owner, uint16_t type, const char *data)
{
	struct zone_owner *counted = context;
	struct simulated_world *world = counted->world;
	const struct lease_model_tables *leases = mobility_process_leases(&world->mobility);
	const char *name = owner;

	(void)data;
	if (strcmp(owner, "www.mob.example") == 0 || type == TYPE_PTR)
		return;
	if (strncmp(name, "_kedge.", 7) == 0)
		name += 7;
	for (size_t i = 0; i < leases->lease_count; i++) {
		if (strcmp(leases->leases[i].fqdn, name) == 0)
			return;
	}
	simulated_world_break(world, "%s stands in the zone and is nobody's", owner);
}

static void zone_holds(struct simulated_world *world, const struct lease_row *lease)
{
	char marker[OWNER_MARKER_OCTETS], quoted[OWNER_MARKER_OCTETS + 2], name[300], address[ENDPOINT_TEXT_OCTETS];
	struct subscriber_identity identity;
	uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS];

	subscriber_identity_from_key(lease->subscriber, &identity);
	owner_marker(&world->settings.owner_key, id, subscriber_owner_id(&identity, id), marker);
	snprintf(quoted, sizeof(quoted), "\"%s\"", marker);
	snprintf(name, sizeof(name), "_kedge.%s", lease->fqdn);
	if (strcmp(dns_model_text(world->dns, lease->fqdn, TYPE_AAAA), address_format(&lease->address, address)) != 0 ||
	    strcmp(dns_model_text(world->dns, name, TYPE_TXT), quoted) != 0 ||
	    dns_model_count(world->dns, lease->fqdn, TYPE_HIP) != 1)
		simulated_world_break(world, "the zone does not hold %s of %s as the store has it", lease->fqdn,
		                      lease->subscriber);
}

static void plane_agrees(struct simulated_world *world, const struct simulated_plane *plane)
{
	const struct binding_model_tables *tables = mobility_process_bindings(&world->mobility);

	if (simulated_plane_count(plane) != tables->binding_count)
		simulated_world_break(world, "data plane %u has %zu bindings, the store %zu", plane->number,
		                      simulated_plane_count(plane), tables->binding_count);
	for (size_t i = 0; i < tables->binding_count; i++) {
		struct in6_addr care_of_address;

		if (!simulated_plane_find(plane, &tables->bindings[i].key, &care_of_address) ||
		    !in6_is_equal(&care_of_address, &tables->bindings[i].care_of_address))
			simulated_world_break(world, "data plane %u does not tunnel the traffic of %s as it was bound",
			                      plane->number, tables->bindings[i].subscriber);
	}
}

void invariants_at_rest(struct simulated_world *world)
{
	const struct lease_model_tables *leases = mobility_process_leases(&world->mobility);
	struct zone_owner counted = {.world = world};

	for (size_t i = 0; i < leases->lease_count; i++)
		zone_holds(world, &leases->leases[i]);
	dns_model_each(world->dns, count_record, &counted);
	if (leases->saga_count)
		simulated_world_break(world, "%zu sagas are still under way", leases->saga_count);
	for (unsigned i = 0; i < WORLD_PLANES; i++)
		plane_agrees(world, &world->planes[i]);
	for (uint32_t i = 0; i < WORLD_CARDS; i++) {
		char subscriber[SUBSCRIBER_KEY_OCTETS];
		const struct lease_row *lease;

		if (!world->promises[i].is_there)
			continue;
		subscriber_of(&world->cards[i], subscriber);
		lease = find_lease(leases, subscriber);
		/* a later grant whose answer was lost may have changed the name; the address never */
		if (!lease || !in6_is_equal(&lease->address, &world->promises[i].home_address) ||
		    (lease->version == world->promises[i].version && strcmp(lease->fqdn, world->promises[i].fqdn) != 0))
			simulated_world_break(world, "%s was told %s; the store says %s", subscriber,
			                      world->promises[i].fqdn, lease ? lease->fqdn : "nothing");
	}
}
