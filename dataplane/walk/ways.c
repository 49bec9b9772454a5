// SPDX-License-Identifier: BSD-3-Clause
/*
 * ways - several care-of addresses of one binding (RFC 5648): a flow goes by one of them, chosen by weight and the hash
 * of the inner flow, so that its packets stay in order; and a packet of the node may come from any of them.
 */
#include "extras.h"
#include "walk.h"

static const struct binding_ways *ways_of(const struct walk *walk, const struct binding_entry *entry)
{
	const struct binding_side *side = binding_table_side(walk->forwarding->table, entry);

	return side ? shared_acquire(&side->ways) : NULL;
}

static bool is_alive(const struct walk *walk, const struct binding_way *way)
{
	return way->expiry_and_port >> 16 > walk->expiry_horizon_ms;
}

static struct binding_traits traits_of(const struct binding_way *way)
{
	uint64_t word = shared_load(&way->traits);
	struct binding_traits traits;

	memcpy(&traits, &word, sizeof(traits));
	return traits;
}

/* What a way counts: nothing while it has expired, must not be tunnelled to, or is not verified (M-17). */
static uint32_t weight_of(const struct walk *walk, const struct binding_ways *ways, unsigned number, uint8_t version)
{
	const struct binding_way *way = &ways->list[number];
	struct binding_traits traits = traits_of(way);

	if (!is_alive(walk, way) || tunnel_kind(traits.kind)->inner_version != version ||
	    traits.flags & (BINDING_CARE_OF_UNVERIFIED | BINDING_CARE_OF_REFUSED))
		return 0;
	return ways->weights[number];
}

void way_choose(struct walk *walk, const struct packet *packet, struct tunnel_end *end)
{
	const struct binding_ways *ways = ways_of(walk, packet->entry);
	uint32_t weights[BINDING_WAYS_MAX], total, at;

	if (!ways)
		return;
	total = ways->own_weight;
	for (unsigned i = 0; i < ways->count; i++)
		total += weights[i] = weight_of(walk, ways, i, packet->version);
	/* the upper half of the hash: the lower one is the flow label's */
	at = (uint32_t)((flow_hash(walk, packet) >> 32) * total >> 32);
	if (at < ways->own_weight)
		return;
	at -= ways->own_weight;
	for (unsigned i = 0; i < ways->count; at -= weights[i++]) {
		if (at >= weights[i])
			continue;
		end->address = shared_address_load(&ways->list[i].address);
		end->port = (uint16_t)ways->list[i].expiry_and_port;
		end->traits = traits_of(&ways->list[i]);
		end->traits.flags |= binding_traits_load(packet->entry).flags & BINDING_POLICED;
		counter_add(&walk->counters->other_care_of, 1);
		return;
	}
}

/* The living one of this kind, address and port. */
static struct binding_way *find(const struct walk *walk, const struct binding_entry *entry, uint8_t kind,
                                const struct in6_addr *care_of, uint16_t port)
{
	struct binding_ways *ways = (struct binding_ways *)ways_of(walk, entry);

	for (unsigned i = 0; ways && i < ways->count; i++) {
		struct binding_way *way = &ways->list[i];
		struct in6_addr address = shared_address_load(&way->address);

		if (is_alive(walk, way) && traits_of(way).kind == kind && (uint16_t)way->expiry_and_port == port &&
		    in6_is_equal(&address, care_of))
			return way;
	}
	return NULL;
}

bool way_has_source(const struct walk *walk, const struct packet *packet)
{
	struct binding_way *way =
	        find(walk, packet->entry, packet->tunnel_kind, &packet->outer_source, packet->outer_port);
	uint64_t flag = binding_traits_word((struct binding_traits){.flags = BINDING_CARE_OF_UNVERIFIED});

	if (way && shared_load(&way->traits) & flag)
		__atomic_fetch_and(&way->traits, ~flag, __ATOMIC_RELAXED); /* M-17 */
	return way != NULL;
}

bool way_traits(const struct walk *walk, const struct binding_entry *entry, uint8_t kind,
                const struct in6_addr *care_of, uint16_t port, struct binding_traits *traits)
{
	const struct binding_way *way = find(walk, entry, kind, care_of, port);

	if (way)
		*traits = traits_of(way);
	return way != NULL;
}

void way_lower_mtu(const struct walk *walk, const struct binding_entry *entry, uint8_t kind,
                   const struct in6_addr *care_of, uint16_t port, uint16_t inner_mtu_bytes)
{
	struct binding_way *way = find(walk, entry, kind, care_of, port);
	uint64_t word = way ? shared_load(&way->traits) : 0;
	struct binding_traits traits;

	do {
		memcpy(&traits, &word, sizeof(traits));
		if (!way || traits.inner_mtu_bytes <= inner_mtu_bytes)
			return;
		traits.inner_mtu_bytes = inner_mtu_bytes;
	} while (!__atomic_compare_exchange_n(&way->traits, &word, binding_traits_word(traits), true, __ATOMIC_RELAXED,
	                                      __ATOMIC_RELAXED));
}
