// SPDX-License-Identifier: BSD-3-Clause
/*
 * ways - several care-of addresses of one binding (RFC 5648): a flow goes by one of them, chosen by weight and the hash
 * of the inner flow, so that its packets stay in order; and a packet of the node may come from any of them. Each has a
 * lifetime and a path MTU of its own.
 */
#include "extras.h"
#include "walk.h"

enum { PATH_MTU_LIFETIME_S = 600 }; /* RFC 8201 5.3 */

static struct binding_ways *ways_of(const struct walk *walk, const struct binding_entry *entry)
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

/* What a way counts while it is alive and may be tunnelled to. */
static uint32_t weight_of(const struct walk *walk, const struct binding_ways *ways, unsigned number, uint8_t version,
                          uint16_t refused)
{
	const struct binding_way *way = &ways->list[number];
	struct binding_traits traits = traits_of(way);

	if (!is_alive(walk, way) || tunnel_kind(traits.kind)->inner_version != version || traits.flags & refused)
		return 0;
	return ways->weights[number];
}

/* The weights in the order of the ways, behind them that of the entry's own; their sum. */
static uint32_t weigh(const struct walk *walk, const struct binding_ways *ways, uint8_t version, uint16_t refused,
                      uint32_t weights[BINDING_WAYS_MAX + 1])
{
	uint32_t total = 0;

	for (unsigned i = 0; i < ways->count; i++)
		total += weights[i] = weight_of(walk, ways, i, version, refused);
	weights[ways->count] = ways->own_expiry_unix_ms > walk->expiry_horizon_ms ? ways->own_weight : 0;
	return total + weights[ways->count];
}

/* A change of the inner MTU alone, to this one if `is_lower` is what it makes. */
static bool change_mtu(struct binding_way *way, uint16_t inner_mtu_bytes, bool is_lower)
{
	uint64_t word = shared_load(&way->traits);
	struct binding_traits traits;

	do {
		memcpy(&traits, &word, sizeof(traits));
		if (is_lower ? traits.inner_mtu_bytes <= inner_mtu_bytes : traits.inner_mtu_bytes >= inner_mtu_bytes)
			return false;
		traits.inner_mtu_bytes = inner_mtu_bytes;
	} while (!__atomic_compare_exchange_n(&way->traits, &word, binding_traits_word(traits), true, __ATOMIC_RELAXED,
	                                      __ATOMIC_RELAXED));
	return true;
}

/* RFC 8201 5.3: what was learnt long ago is forgotten, so that a path that carries more again is found. */
static void forget_old_mtu(const struct walk *walk, struct binding_ways *ways, unsigned number)
{
	uint32_t lowered_s = shared_load(&ways->lowered_s[number]);

	if (!lowered_s || walk->now_ms / 1000 < (uint64_t)lowered_s + PATH_MTU_LIFETIME_S)
		return;
	/* of several workers one; what another one learns meanwhile is learnt again with its next packet */
	if (__atomic_compare_exchange_n(&ways->lowered_s[number], &lowered_s, 0, false, __ATOMIC_RELAXED,
	                                __ATOMIC_RELAXED))
		(void)change_mtu(&ways->list[number], ways->fed_mtu_bytes[number], false);
}

void way_choose(struct walk *walk, const struct packet *packet, struct tunnel_end *end)
{
	struct binding_ways *ways = ways_of(walk, packet->entry);
	uint32_t weights[BINDING_WAYS_MAX + 1], total, at;
	unsigned chosen = 0;

	if (!ways)
		return;
	/* one that is not verified gets nothing while there are others (M-17) */
	total = weigh(walk, ways, packet->version, BINDING_CARE_OF_UNVERIFIED | BINDING_CARE_OF_REFUSED, weights);
	if (!total)
		total = weigh(walk, ways, packet->version, 0, weights);
	/* the upper half of the hash: the lower one is the flow label's */
	at = (uint32_t)((flow_hash(walk, packet) >> 32) * total >> 32);
	while (chosen < ways->count && at >= weights[chosen])
		at -= weights[chosen++];
	if (chosen == ways->count)
		return;
	forget_old_mtu(walk, ways, chosen);
	end->address = shared_address_load(&ways->list[chosen].address);
	end->port = (uint16_t)ways->list[chosen].expiry_and_port;
	end->traits = traits_of(&ways->list[chosen]);
	end->traits.flags |= binding_traits_load(packet->entry).flags & BINDING_POLICED;
	counter_add(&walk->counters->other_care_of, 1);
}

bool way_own_is_alive(const struct walk *walk, const struct binding_entry *entry)
{
	const struct binding_ways *ways = ways_of(walk, entry);

	return !ways || ways->own_expiry_unix_ms > walk->expiry_horizon_ms;
}

/* The living one of this kind, address and port. */
static struct binding_way *find(const struct walk *walk, const struct binding_entry *entry, uint8_t kind,
                                const struct in6_addr *care_of, uint16_t port)
{
	struct binding_ways *ways = ways_of(walk, entry);

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
	struct binding_ways *ways = ways_of(walk, entry);
	struct binding_way *way = find(walk, entry, kind, care_of, port);

	/* 0 would stand for "nothing learnt" */
	if (way && change_mtu(way, inner_mtu_bytes, true))
		shared_store(&ways->lowered_s[way - ways->list], (uint32_t)(walk->now_ms / 1000) | 1);
}
