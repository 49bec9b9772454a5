// SPDX-License-Identifier: BSD-3-Clause
/*
 * ordinary - the short way of the ordinary packet: UDP or TCP in IPv6 without extension headers, whole, for or from a
 * node whose binding is of the ordinary kind, to a neighbour who is known.
 *
 * It makes no decision of its own. Each test here asks whether every step of the long way (classify.c, uplink.c,
 * downlink.c, route.c) would let the packet pass unasked; whatever is not sure of that is left alone, with not an octet
 * changed and nothing counted, and goes the long way. So a rule, flag or tunnel kind that is new there needs nothing
 * here unless it touches ordinary packets, and both ways give the same octets and counters: tests replay on both.
 *
 * Frames of one burst that go the short way leave before those that go the long one.
 *
 * While a burst is taken on its way, the lookups of the two behind it go on, a few keys between any two packets: all at
 * once they would be more than a processor can wait for at a time, and it would stand still until the first have come.
 */
#include "feed.h"
#include "flow_hash.h"
#include "neighbour.h"
#include "walk.h"

enum { ECN = 3, ECN_ECT0 = 2 };

/* Ethertype and version as they stand behind the link-layer addresses. */
#define NO_WAY                UINT32_MAX
#define ETHERTYPE_AND_VERSION ((uint32_t)ETHERTYPE_IPV6 << 16 | 6 << 12)

/* A next hop with everything that a frame to it needs, kept for the packets behind it. */
struct way {
	uint32_t route; /* NO_WAY: none yet */
	uint8_t port;
	uint16_t mtu_bytes;
	uint8_t ethernet[ETHERNET_OCTETS];
};

struct short_way {
	struct walk *walk;
	const struct forwarding *forwarding;
	struct burst *burst;
	uint64_t gone;         /* bit per frame of the burst */
	uint64_t outer_first;  /* of outer headers, host order: what is the same in all */
	uint64_t outer_copied; /* and the bits that are the inner header's */
	struct way way;
	unsigned encapsulated, decapsulated, node_to_node;
};

/* An IPv6 header in registers: its first eight octets in host order, the halves of its addresses as they stand. */
struct header {
	uint64_t first;
	uint64_t source[2];
	uint64_t destination[2];
};

static inline struct header load_header(const uint8_t *ip)
{
	struct header header = {.first = wire_load_u64(ip)};

	memcpy(&header.source[0], ip + 8, 8);
	memcpy(&header.source[1], ip + 16, 8);
	memcpy(&header.destination[0], ip + 24, 8);
	memcpy(&header.destination[1], ip + 32, 8);
	return header;
}

static inline unsigned class_of(const struct header *header)
{
	return (unsigned)(header->first >> 52) & 0xff;
}

static inline uint16_t payload_of(const struct header *header)
{
	return (uint16_t)(header->first >> 16);
}

static inline uint8_t next_header_of(const struct header *header)
{
	return (uint8_t)(header->first >> 8);
}

/* 2000::/3 and fc00::/7: what cannot be multicast, link-local, loopback, unspecified or mapped. */
static inline bool is_unicast(const uint64_t address[2])
{
	unsigned octet = (unsigned)(be64toh(address[0]) >> 56);

	return (octet & 0xe0) == 0x20 || (octet & 0xfe) == 0xfc;
}

static inline int own_of(const struct forwarding *forwarding, const uint64_t address[2])
{
	return forwarding_own_words(forwarding, address[0], address[1]);
}

static inline const struct service_prefix *prefix_of(const struct forwarding *forwarding, const uint64_t address[2])
{
	return service_prefix_of_words(&forwarding->prefixes, address[0], address[1]);
}

static inline void make_key(const struct service_prefix *prefix, const uint64_t address[2], struct shared_address *key)
{
	uint64_t words[2] = {address[0] & prefix->key_mask[0], address[1] & prefix->key_mask[1]};

	memcpy(key, words, sizeof(words));
}

static inline bool is_plain(const struct header *header)
{
	uint8_t next_header = next_header_of(header), hop_limit = (uint8_t)header->first;

	return (next_header == NEXT_HEADER_UDP || next_header == NEXT_HEADER_TCP) &&
	       payload_of(header) >= UDP_HEADER_OCTETS && hop_limit > 1;
}

/* What class_after_tunnel() of headers.c does not change (RFC 6040 4.2). */
static inline bool keeps_class(const struct forwarding *forwarding, const struct header *outer,
                               const struct header *inner)
{
	unsigned ecn = class_of(outer) & ECN;

	return ((class_of(outer) ^ class_of(inner)) & forwarding->marking.inner_taken) == 0 &&
	       (ecn == 0 || ecn == ECN_ECT0 || ecn == (class_of(inner) & ECN));
}

static inline bool reads_inner(const struct forwarding *forwarding, struct wire_reader *reader,
                               const struct header *outer, struct candidate *candidate, struct shared_address *key)
{
	struct wire_reader payload = wire_read_part(reader, payload_of(outer));
	const uint8_t *ip = wire_read_bytes(&payload, IPV6_HEADER_OCTETS);
	const struct service_prefix *prefix;
	struct header inner;

	if (!ip || next_header_of(outer) != NEXT_HEADER_IPV6)
		return false;
	inner = load_header(ip);
	if (inner.first >> 60 != 6 || payload_of(&inner) > wire_remaining(&payload) || !is_plain(&inner) ||
	    !keeps_class(forwarding, outer, &inner) || !is_unicast(inner.source) || !is_unicast(inner.destination) ||
	    own_of(forwarding, inner.source) >= 0 || own_of(forwarding, inner.destination) >= 0)
		return false;
	prefix = prefix_of(forwarding, inner.source);
	if (!prefix)
		return false;
	make_key(prefix, inner.source, key);
	candidate->ip += IPV6_HEADER_OCTETS;
	candidate->octets = (uint16_t)(IPV6_HEADER_OCTETS + payload_of(&inner));
	return true;
}

/* Whether a frame may be ordinary; fills the candidate. */
static inline bool reads_frame(const struct forwarding *forwarding, uint8_t port, const struct rte_mbuf *buffer,
                               struct candidate *candidate, struct shared_address *key)
{
	uint8_t *frame = rte_pktmbuf_mtod(buffer, uint8_t *);
	struct wire_reader reader = wire_reader_of(frame, rte_pktmbuf_data_len(buffer));
	const struct service_prefix *prefix;
	struct header header;

	if (!wire_read_bytes(&reader, ETHERNET_OCTETS + IPV6_HEADER_OCTETS) || buffer->nb_segs != 1 ||
	    memcmp(frame, forwarding->ports[port].link_address, LINK_ADDRESS_OCTETS) != 0 ||
	    (wire_load_u32(frame + 2 * LINK_ADDRESS_OCTETS) & 0xfffff000) != ETHERTYPE_AND_VERSION)
		return false;
	header = load_header(frame + ETHERNET_OCTETS);
	if (payload_of(&header) > wire_remaining(&reader) || !is_unicast(header.source) ||
	    prefix_of(forwarding, header.source))
		return false;
	candidate->ip = frame + ETHERNET_OCTETS;
	candidate->octets = (uint16_t)(IPV6_HEADER_OCTETS + payload_of(&header));
	candidate->up = NULL;
	candidate->is_inner = own_of(forwarding, header.destination) >= 0;
	if (candidate->is_inner)
		return reads_inner(forwarding, &reader, &header, candidate, key);
	prefix = prefix_of(forwarding, header.destination);
	if (!prefix || !is_plain(&header) || own_of(forwarding, header.source) >= 0)
		return false;
	make_key(prefix, header.destination, key);
	return true;
}

/* Whether the binding is there and asks for nothing but the tunnel. */
static bool is_ordinary(const struct walk *walk, const struct binding_entry *entry, struct binding_traits traits)
{
	return binding_expiry_load(entry) > walk->owner_clock_ms && traits.kind == FEED_TUNNEL_IP6_IN_IP6 &&
	       !(traits.flags & ~(BINDING_HAS_PREVIOUS | BINDING_MOVES));
}

/* Whether the next hop of a route is known and nothing is to be asked or noted about it (route.c). */
static bool finds_way(struct short_way *us, uint16_t route)
{
	const struct forwarding *forwarding = us->forwarding;
	const struct route *to = &forwarding->routes[route];
	struct way *way = &us->way;
	struct wire_writer writer = wire_writer_of(way->ethernet, ETHERNET_OCTETS);
	uint8_t link_address[LINK_ADDRESS_OCTETS];

	if (to->on_link || !neighbour_is_fresh(to->neighbour, us->walk->now_ms) ||
	    !neighbour_link_address(to->neighbour, link_address))
		return false;
	way->route = route;
	way->port = to->port;
	way->mtu_bytes = forwarding->ports[to->port].mtu_bytes;
	wire_write_bytes(&writer, link_address, LINK_ADDRESS_OCTETS);
	wire_write_bytes(&writer, forwarding->ports[to->port].link_address, LINK_ADDRESS_OCTETS);
	wire_write_u16(&writer, ETHERTYPE_IPV6);
	return true;
}

static inline bool knows_way(struct short_way *us, uint16_t route)
{
	return us->way.route == route || (route != NO_ROUTE && finds_way(us, route));
}

/* The packet, with `outer_octets` of header in front of it, goes to the port. */
static inline void leave(struct short_way *us, const struct candidate *candidate, uint16_t outer_octets)
{
	struct rte_mbuf *buffer = us->burst->frames[candidate->frame];
	uint8_t *frame = candidate->ip - outer_octets - ETHERNET_OCTETS;

	memcpy(frame, us->way.ethernet, ETHERNET_OCTETS);
	candidate->ip[7]--;
	buffer->data_off = (uint16_t)(frame - (uint8_t *)buffer->buf_addr);
	buffer->data_len = (uint16_t)(ETHERNET_OCTETS + outer_octets + candidate->octets);
	buffer->pkt_len = buffer->data_len;
	transmit_queue(us->walk, us->way.port, buffer);
	us->gone |= 1ull << candidate->frame;
}

static inline void into_tunnel(struct short_way *us, const struct candidate *candidate, struct binding_entry *entry)
{
	const struct forwarding *forwarding = us->forwarding;
	const struct rte_mbuf *buffer = us->burst->frames[candidate->frame];
	struct in6_addr care_of = shared_address_load(&entry->care_of_address);
	struct binding_traits traits = binding_traits_load(entry);
	uint8_t *outer = candidate->ip - IPV6_HEADER_OCTETS;
	uint64_t first, halves[4];
	uint32_t label, ports;

	/* what the binding carries is no more than the link of its route does */
	if (!is_ordinary(us->walk, entry, traits) || candidate->octets > traits.inner_mtu_bytes ||
	    !knows_way(us, traits.route) || outer < (uint8_t *)buffer->buf_addr + ETHERNET_OCTETS)
		return;
	first = wire_load_u64(candidate->ip);
	memcpy(halves, candidate->ip + 8, sizeof(halves));
	memcpy(&ports, candidate->ip + IPV6_HEADER_OCTETS, sizeof(ports));
	label = flow_label_of(flow_hash_of(forwarding->flow_secret, halves, (uint32_t)(first >> 32) & 0xfffff,
	                                   (uint8_t)(first >> 8), ports));
	wire_store_u64(outer, us->outer_first | (first & us->outer_copied) | (uint64_t)label << 32 |
	                              (uint64_t)candidate->octets << 16);
	memcpy(outer + 8, &forwarding->own[traits.own].address, sizeof(struct in6_addr));
	memcpy(outer + 24, &care_of, sizeof(care_of));
	leave(us, candidate, IPV6_HEADER_OCTETS);
	binding_count(&entry->down, candidate->octets);
	us->encapsulated++;
	if (candidate->up) {
		binding_count(&candidate->up->up, candidate->octets);
		us->decapsulated++;
		us->node_to_node++;
	}
}

/* True when the packet is for another node, whose key is made then. */
static inline bool out_of_tunnel(struct short_way *us, struct candidate *candidate, struct binding_entry *entry,
                                 struct shared_address *key)
{
	const struct forwarding *forwarding = us->forwarding;
	struct in6_addr care_of = shared_address_load(&entry->care_of_address), destination;
	/* after the address, as in uplink.c */
	struct binding_traits traits = binding_traits_load(entry);
	const struct service_prefix *prefix;

	memcpy(&destination, candidate->ip + 24, sizeof(destination));
	if (!is_ordinary(us->walk, entry, traits) ||
	    memcmp(&care_of, candidate->ip - IPV6_HEADER_OCTETS + 8, sizeof(care_of)) != 0)
		return false;
	prefix = service_prefix_of(&forwarding->prefixes, &destination);
	if (prefix) {
		uint64_t words[2];

		memcpy(words, &destination, sizeof(words));
		make_key(prefix, words, key);
		candidate->up = entry;
		return true;
	}
	if (!knows_way(us, forwarding_route(forwarding, &destination)) || candidate->octets > us->way.mtu_bytes)
		return false;
	leave(us, candidate, 0);
	binding_count(&entry->up, candidate->octets);
	us->decapsulated++;
	return false;
}

/* What is left of the burst, in its order. */
static void keep_others(struct burst *burst, uint64_t gone)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < burst->count && gone != (1ull << burst->count) - 1; i++)
		if (!(gone >> i & 1))
			burst->frames[kept++] = burst->frames[i];
	burst->count = kept;
}

void ordinary_read(const struct walk *walk, struct burst *burst)
{
	unsigned found = 0;

	for (unsigned i = 0; i < burst->count && i < 4; i++)
		rte_prefetch0(rte_pktmbuf_mtod(burst->frames[i], const void *));
	for (unsigned i = 0; i < burst->count; i++) {
		struct candidate *candidate = &burst->candidates[found];

		if (i + 4 < burst->count)
			rte_prefetch0(rte_pktmbuf_mtod(burst->frames[i + 4], const void *));
		candidate->frame = (uint8_t)i;
		found += reads_frame(walk->forwarding, burst->port, burst->frames[i], candidate,
		                     &burst->lookup.keys[found]);
	}
	binding_lookup_start(&burst->lookup, found);
}

/* Node to node: those that came out of a tunnel and go into another one are looked up once more. */
static void take_hairpins(struct short_way *us, unsigned count)
{
	struct burst *burst = us->burst;

	binding_lookup_start(&burst->lookup, count);
	binding_lookup_all(us->forwarding->table, &burst->lookup);
	for (unsigned i = 0; i < count; i++)
		if (burst->lookup.entries[i])
			into_tunnel(us, &burst->candidates[i], burst->lookup.entries[i]);
}

static struct short_way short_way_of(struct walk *walk, struct burst *burst)
{
	const struct tunnel_marking marking = walk->forwarding->marking;

	return (struct short_way){.walk = walk,
	                          .forwarding = walk->forwarding,
	                          .burst = burst,
	                          .outer_first = 6ull << 60 | (uint64_t)marking.outer_set << 52 |
	                                         NEXT_HEADER_IPV6 << 8 | walk->forwarding->hop_limit,
	                          .outer_copied = (uint64_t)(uint8_t)~marking.outer_cleared << 52,
	                          .way.route = NO_WAY};
}

void ordinary_finish(struct walk *walk, struct burst *burst, struct binding_lookup *next, struct binding_lookup *newest)
{
	struct short_way us = short_way_of(walk, burst);
	unsigned hairpins = 0;

	for (unsigned i = 0; i < burst->lookup.count; i++) {
		struct candidate *candidate = &burst->candidates[i];
		struct binding_entry *entry;

		if (i % LOOKUP_STEP == 0) {
			binding_lookup_finish(&burst->lookup, LOOKUP_STEP);
			binding_lookup_locate(us.forwarding->table, next, LOOKUP_STEP);
			binding_lookup_begin(us.forwarding->table, newest, LOOKUP_STEP);
		}
		entry = burst->lookup.entries[i];
		if (!entry)
			continue;
		if (!candidate->is_inner)
			into_tunnel(&us, candidate, entry);
		else if (out_of_tunnel(&us, candidate, entry, &burst->lookup.keys[hairpins]))
			burst->candidates[hairpins++] = *candidate;
	}
	if (hairpins)
		take_hairpins(&us, hairpins);
	counter_add(&walk->counters->encapsulated, us.encapsulated);
	counter_add(&walk->counters->decapsulated, us.decapsulated);
	counter_add(&walk->counters->node_to_node, us.node_to_node);
	keep_others(burst, us.gone);
}
