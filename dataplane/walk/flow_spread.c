// SPDX-License-Identifier: BSD-3-Clause
#include "flow_spread.h"

#include "ip.h"
#include "packet.h"

enum { TUNNELS_MAX = 2, DSMIP_PORT = 4191 };

/* What was read of one header: the addresses, and what follows. */
struct layer {
	uint64_t addresses;
	uint8_t protocol;
	bool is_fragment;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
	return (hash ^ word) * 0x9e3779b97f4a7c15ull + (hash >> 29);
}

static uint64_t mix_octets(uint64_t hash, const uint8_t *octets, size_t count)
{
	uint64_t word;

	for (size_t i = 0; octets && i + sizeof(word) <= count; i += sizeof(word)) {
		memcpy(&word, octets + i, sizeof(word));
		hash = mix(hash, word);
	}
	return hash;
}

static bool read_ipv6(struct wire_reader *reader, struct layer *layer)
{
	const uint8_t *addresses;

	wire_skip(reader, 6);
	layer->protocol = wire_read_u8(reader);
	wire_skip(reader, 1);
	addresses = wire_read_bytes(reader, 2 * sizeof(struct in6_addr));
	layer->addresses = mix_octets(1, addresses, 2 * sizeof(struct in6_addr));
	layer->is_fragment = layer->protocol == NEXT_HEADER_FRAGMENT;
	return !reader->failed;
}

static bool read_ipv4(struct wire_reader *reader, struct layer *layer)
{
	uint8_t first = wire_read_u8(reader);
	const uint8_t *addresses;

	wire_skip(reader, 5);
	layer->is_fragment = (wire_read_u16(reader) & 0x3fff) != 0;
	wire_skip(reader, 1);
	layer->protocol = wire_read_u8(reader);
	wire_skip(reader, 2);
	addresses = wire_read_bytes(reader, 8);
	layer->addresses = mix_octets(1, addresses, 8);
	if ((first & 0x0f) > 5)
		wire_skip(reader, ((first & 0x0fu) - 5) * 4);
	return !reader->failed;
}

/* True when another IP header follows at the reader. */
static bool enter_tunnel(struct wire_reader *reader, const struct layer *layer, uint32_t *ports)
{
	struct wire_reader ahead = *reader;

	*ports = 0;
	if (layer->is_fragment)
		return false;
	if (layer->protocol == NEXT_HEADER_IPV6 || layer->protocol == NEXT_HEADER_IPV4)
		return true;
	if (layer->protocol != NEXT_HEADER_UDP && layer->protocol != NEXT_HEADER_TCP)
		return false;
	*ports = wire_read_u32(&ahead);
	if (layer->protocol != NEXT_HEADER_UDP || ((*ports & 0xffff) != DSMIP_PORT && *ports >> 16 != DSMIP_PORT))
		return false;
	wire_skip(reader, UDP_HEADER_OCTETS);
	return !reader->failed;
}

uint32_t flow_spread_hash(const uint8_t *frame, size_t octets)
{
	struct wire_reader reader = wire_reader_of(frame, octets);
	uint64_t hash = 0;

	wire_skip(&reader, ETHERNET_OCTETS);
	for (unsigned depth = 0; depth < TUNNELS_MAX; depth++) {
		struct wire_reader header = reader;
		struct layer layer;
		uint32_t ports;
		uint8_t version = wire_read_u8(&header) >> 4;

		if (!(version == 6 ? read_ipv6(&reader, &layer) : version == 4 && read_ipv4(&reader, &layer)))
			break;
		hash = layer.addresses;
		if (enter_tunnel(&reader, &layer, &ports))
			continue;
		hash = mix(hash, (uint64_t)ports << 8 | layer.protocol);
		break;
	}
	return (uint32_t)(hash >> 32);
}
