// SPDX-License-Identifier: BSD-3-Clause
/*
 * path_mtu - errors that routers send about our outer packets. They count only if they quote a packet of a live
 * binding: its care-of address (and port), our own address, its kind of tunnel, its home address inside (M-19). Too
 * big: the path's MTU is learnt (RFC 8201, RFC 1191). Unreachable: the inner source is told (RFC 2473 8). All others
 * change nothing, among them what a node's own kernel says of tunnels that it does not know (N-9).
 */
#include "icmp4.h"
#include "walk.h"

enum { IPV4_PATH_MTU_MIN = 576 }; /* RFC 791 3.2: every host takes this much; less is counted as this */

/* A tunnel packet of ours as far as an error quotes it. */
struct quoted {
	struct in6_addr own, care_of, inner_source, inner_destination;
	struct wire_view inner; /* from the inner header on */
	uint16_t outer_octets;  /* as its header says */
	uint16_t port;          /* UDP destination, 0 without UDP */
	uint8_t kind;           /* enum feed_tunnel_kind */
	uint8_t inner_version;
	uint8_t inner_protocol;
	bool is_cut;                  /* inner, and not the first piece */
	bool is_other_way;            /* to another care-of address of the binding than its first */
	struct binding_traits traits; /* of the way that it went */
};

static bool read_outer_ipv6(struct wire_reader *reader, struct quoted *quoted)
{
	struct ipv6_header outer;
	uint8_t protocol;

	ipv6_header_read(reader, &outer);
	protocol = outer.next_header;
	if (protocol == NEXT_HEADER_FRAGMENT) {
		protocol = wire_read_u8(reader);
		wire_skip(reader, 1);
		if (wire_read_u16(reader) >> 3)
			return false;
		wire_skip(reader, 4);
	}
	quoted->own = outer.source;
	quoted->care_of = outer.destination;
	quoted->outer_octets = (uint16_t)(IPV6_HEADER_OCTETS + outer.payload_octets);
	return !reader->failed && (protocol == NEXT_HEADER_IPV6 || protocol == NEXT_HEADER_IPV4);
}

static bool read_outer_ipv4(struct wire_reader *reader, struct quoted *quoted)
{
	struct ipv4_header outer;
	uint16_t source_port;

	ipv4_header_read(reader, &outer);
	source_port = wire_read_u16(reader);
	quoted->port = wire_read_u16(reader);
	wire_skip(reader, 4);
	quoted->own = outer.source;
	quoted->care_of = outer.destination;
	quoted->outer_octets = outer.total_octets;
	return !reader->failed && outer.protocol == NEXT_HEADER_UDP && !outer.fragment_offset &&
	       source_port == UDP_PORT_DSMIPV6;
}

/* Whether the error is about a tunnel's packet; any other of ours came from the host's kernel. */
static bool read_outer(struct wire_view view, uint8_t version, struct wire_reader *reader, struct quoted *quoted)
{
	*reader = wire_reader_of_view(view);
	*quoted = (struct quoted){0};
	return version == 4 ? read_outer_ipv4(reader, quoted) : read_outer_ipv6(reader, quoted);
}

/* The inner header; false where the router quoted less than that. */
static bool read_inner(struct wire_reader reader, uint8_t outer_version, struct quoted *quoted)
{
	struct wire_reader peek = reader;
	struct ipv4_header ipv4;
	struct ipv6_header ipv6;

	quoted->inner = (struct wire_view){.bytes = reader.at, .octets = wire_remaining(&reader)};
	quoted->inner_version = wire_read_u8(&peek) >> 4 == 4 ? 4 : 6;
	quoted->kind = tunnel_kind_of(quoted->inner_version, outer_version);
	if (quoted->inner_version == 4) {
		ipv4_header_read(&reader, &ipv4);
		quoted->inner_source = ipv4.source;
		quoted->inner_destination = ipv4.destination;
		quoted->inner_protocol = ipv4.protocol;
		quoted->is_cut = ipv4.fragment_offset;
	} else {
		ipv6_header_read(&reader, &ipv6);
		quoted->inner_source = ipv6.source;
		quoted->inner_destination = ipv6.destination;
		quoted->inner_protocol = ipv6.next_header;
	}
	return !reader.failed;
}

/* The live binding whose tunnel the quoted packet went into, and its key; NULL when there is none. */
static struct binding_entry *binding_of(const struct walk *walk, struct quoted *quoted, struct in6_addr *key)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct service_prefix *prefix = service_prefix_of(&forwarding->prefixes, &quoted->inner_destination);
	const struct in6_addr *keys[1] = {key};
	struct binding_entry *entry;
	struct in6_addr care_of;
	bool has_several;

	if (!prefix)
		return NULL;
	service_prefix_key(prefix, &quoted->inner_destination, key);
	binding_table_lookup(forwarding->table, keys, 1, &entry);
	if (!entry || binding_expiry_load(entry) <= walk->expiry_horizon_ms)
		return NULL;
	quoted->traits = binding_traits_load(entry);
	care_of = shared_address_load(&entry->care_of_address);
	has_several = quoted->traits.flags & BINDING_SEVERAL;
	if (quoted->traits.kind != quoted->kind || !in6_is_equal(&care_of, &quoted->care_of) ||
	    binding_port_load(entry) != quoted->port || (has_several && !way_own_is_alive(walk, entry))) {
		quoted->is_other_way = has_several && way_traits(walk, entry, quoted->kind, &quoted->care_of,
		                                                 quoted->port, &quoted->traits);
		if (!quoted->is_other_way)
			return NULL;
	}
	return in6_is_equal(&forwarding->own[quoted->traits.own].address, &quoted->own) ? entry : NULL;
}

/* Tells the inner source; as the quoted packet is cut short, its headers cannot be asked for more than their begin. */
static void tell_inner_source(struct walk *walk, const struct quoted *quoted, uint8_t type, uint8_t code,
                              uint32_t parameter)
{
	const size_t header_octets =
	        quoted->inner_version == 4 ? (size_t)(quoted->inner.bytes[0] & 0x0f) * 4 : (size_t)IPV6_HEADER_OCTETS;
	struct ip_packet offending = {
	        .version = quoted->inner_version,
	        .protocol = quoted->inner_protocol,
	        .source = quoted->inner_source,
	        .destination = quoted->inner_destination,
	        .fragment_offset = quoted->is_cut,
	        .payload = {quoted->inner.bytes + header_octets, quoted->inner.octets - header_octets},
	};

	icmp_tell(walk, &offending, quoted->inner, type, code, parameter);
}

/* RFC 8201 4: below 1280 it is never believed. A packet that was no larger than the MTU was not too big. */
static void learn(struct walk *walk, struct packet *packet, const struct quoted *quoted, const struct in6_addr *key,
                  const struct binding_entry *entry, uint32_t mtu_bytes)
{
	const uint8_t version = packet->version;
	const struct binding_traits traits = quoted->traits;
	uint16_t carried;

	if (!mtu_bytes || mtu_bytes >= quoted->outer_octets || (version == 6 && mtu_bytes < IPV6_MINIMUM_MTU)) {
		packet_drop(walk, packet, DROP_icmp_error_unmatched);
		return;
	}
	if (version == 4 && mtu_bytes < IPV4_PATH_MTU_MIN)
		mtu_bytes = IPV4_PATH_MTU_MIN;
	carried = forwarding_carried((uint16_t)mtu_bytes, traits.kind);
	counter_add(&walk->counters->path_mtu_learnt, 1);
	if (quoted->inner_version == 6 && forwarding_carried(quoted->outer_octets, traits.kind) > IPV6_MINIMUM_MTU)
		tell_inner_source(walk, quoted, ICMPV6_PACKET_TOO_BIG, 0,
		                  carried > IPV6_MINIMUM_MTU ? carried : IPV6_MINIMUM_MTU);
	if (quoted->is_other_way)
		way_lower_mtu(walk, entry, quoted->kind, &quoted->care_of, quoted->port, carried);
	if (carried < traits.inner_mtu_bytes)
		punt_path_mtu(walk, packet,
		              &(struct punt_note){.path_mtu_bytes = (uint16_t)mtu_bytes,
		                                  .port = quoted->port,
		                                  .tunnel_kind = quoted->kind,
		                                  .is_other_way = quoted->is_other_way,
		                                  .key = *key,
		                                  .care_of_address = quoted->care_of});
	else
		packet_consume(walk, packet); /* known already */
}

void outer_error(struct walk *walk, struct packet *packet, enum outer_trouble trouble, uint32_t mtu_bytes,
                 struct wire_view view)
{
	const enum drop_reason otherwise =
	        trouble == OUTER_TOO_BIG ? DROP_icmp_error_unmatched : DROP_icmp_error_ignored;
	struct binding_entry *entry = NULL;
	struct wire_reader reader;
	struct quoted quoted;
	struct in6_addr key;

	if (!read_outer(view, packet->version, &reader, &quoted)) {
		host_send(walk, packet, otherwise);
		return;
	}
	if (trouble != OUTER_OTHER && !packet->was_inside && read_inner(reader, packet->version, &quoted))
		entry = binding_of(walk, &quoted, &key);
	if (!entry) {
		packet_drop(walk, packet, otherwise);
	} else if (trouble == OUTER_TOO_BIG) {
		learn(walk, packet, &quoted, &key, entry, mtu_bytes);
	} else {
		tell_inner_source(walk, &quoted, ICMPV6_DESTINATION_UNREACHABLE, ICMPV6_UNREACHABLE_ADDRESS, 0);
		counter_add(&walk->counters->errors_relayed, 1);
		packet_consume(walk, packet);
	}
}
