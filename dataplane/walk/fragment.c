// SPDX-License-Identifier: BSD-3-Clause
/*
 * fragment - an outer packet in pieces, where the path is too narrow for an inner packet of 1280 octets, which every
 * IPv6 link must carry (M-19, RFC 2473 7.1, RFC 8200 4.5). Off the ordinary way: only a packet that is larger than what
 * its binding's path carries comes here.
 */
#include "walk.h"

enum { FRAGMENT_HEADER_OCTETS = 8, FRAGMENTS_MAX = 8, FEISTEL_ROUNDS = 4 };

/*
 * The next identification: a counter through a permutation that the secret chooses, so that it comes again only after
 * 2^32 packets of this worker, and nobody guesses it from others (RFC 7739 5.3 names the dangers of one who can).
 */
uint32_t fragment_identification(struct walk *walk)
{
	uint32_t number = walk->fragmented_count++, left = number >> 16, right = number & 0xffff;

	for (unsigned round = 0; round < FEISTEL_ROUNDS; round++) {
		uint64_t mixed = (walk->fragment_secret ^ (uint64_t)round << 32 ^ right) * 0x9e3779b97f4a7c15ull;
		uint32_t next = left ^ (uint32_t)((mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ull >> 48);

		left = right;
		right = next;
	}
	return left << 16 | right;
}

/* IPv6 header and fragment header of a piece of `octets` octets that begins `offset` octets into the payload. */
static void write_headers(uint8_t *begin, const struct ipv6_header *whole, uint32_t identification, uint16_t offset,
                          uint16_t octets)
{
	struct wire_writer writer = wire_writer_of(begin, IPV6_HEADER_OCTETS + FRAGMENT_HEADER_OCTETS);
	struct ipv6_header header = *whole;
	bool more = offset + octets < whole->payload_octets;

	header.payload_octets = (uint16_t)(FRAGMENT_HEADER_OCTETS + octets);
	header.next_header = NEXT_HEADER_FRAGMENT;
	ipv6_header_write(&writer, &header);
	wire_write_u8(&writer, whole->next_header);
	wire_write_u8(&writer, 0);
	wire_write_u16(&writer, (uint16_t)(offset | more));
	wire_write_u32(&writer, identification);
}

/* A piece behind the first, in a buffer of its own; it leaves with what the burst gave rise to. */
static void send_piece(struct walk *walk, struct rte_mbuf *buffer, const struct packet *whole, uint32_t identification,
                       uint16_t offset, uint16_t octets)
{
	struct packet *piece = &walk->made[walk->made_count];

	*piece = (struct packet){.buffer = buffer, .port = NO_PORT, .route = whole->route, .is_own = true};
	piece->ip = rte_pktmbuf_mtod(buffer, uint8_t *);
	write_headers(piece->ip, &whole->header, identification, offset, octets);
	memcpy(piece->ip + IPV6_HEADER_OCTETS + FRAGMENT_HEADER_OCTETS, whole->ip + IPV6_HEADER_OCTETS + offset,
	       octets);
	made_finish(walk, piece, (size_t)IPV6_HEADER_OCTETS + FRAGMENT_HEADER_OCTETS + octets);
}

/* The first piece stays in the packet's buffer, which grows by the fragment header. */
static bool keep_first(struct packet *packet, uint32_t identification, uint16_t octets)
{
	const struct ipv6_header whole = packet->header;

	rte_pktmbuf_trim(packet->buffer, (uint16_t)(whole.payload_octets - octets));
	packet->octets = (uint16_t)(IPV6_HEADER_OCTETS + octets);
	if (!packet_room(packet, FRAGMENT_HEADER_OCTETS))
		return false;
	packet_grow(packet, FRAGMENT_HEADER_OCTETS);
	write_headers(packet->ip, &whole, identification, 0, octets);
	return true;
}

void fragment(struct walk *walk, struct packet *packet, uint16_t mtu_bytes)
{
	const uint16_t headers = IPV6_HEADER_OCTETS + FRAGMENT_HEADER_OCTETS;
	/* no path is narrower than the minimum (RFC 8200 5); pieces but the last are multiples of eight */
	const uint16_t room =
	        (uint16_t)(((mtu_bytes > IPV6_MINIMUM_MTU ? mtu_bytes : IPV6_MINIMUM_MTU) - headers) & ~7);
	struct rte_mbuf *buffers[FRAGMENTS_MAX];
	unsigned pieces = 1;
	uint32_t identification;

	(void)read_header(packet, packet->ip, packet->octets, 6);
	while (pieces * room < packet->header.payload_octets)
		pieces++;
	if (pieces == 1)
		return;
	if (pieces > FRAGMENTS_MAX || walk->made_count + pieces - 1 > MADE_MAX ||
	    rte_pktmbuf_alloc_bulk(walk->pool, buffers, pieces - 1)) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	identification = fragment_identification(walk);
	for (unsigned i = 1; i < pieces; i++) {
		uint16_t offset = (uint16_t)(i * room), left = (uint16_t)(packet->header.payload_octets - offset);

		send_piece(walk, buffers[i - 1], packet, identification, offset, left < room ? left : room);
	}
	counter_add(&walk->counters->fragmented, 1);
	if (!keep_first(packet, identification, room))
		packet_drop(walk, packet, DROP_no_buffer);
}
