// SPDX-License-Identifier: BSD-3-Clause
/*
 * reassemble - fragments for one of our addresses become the packet that they were (RFC 8200 4.5, RFC 791 3.2), which
 * then takes the walk from its begin, as if it had come whole.
 *
 * Memory is bounded by its shape: a keyed hash of the source chooses one of 64 sets, a set has eight places and a
 * number of pieces. So whoever floods us crowds out at most what shares his set. A first fragment of a tunnelled packet
 * shows at once whether its inner source is bound to its outer one; all others (not the first, control packets) have
 * two places of the eight, so that forged sources, which reach all sets, never crowd out those that have shown it.
 * Where room is short the oldest goes.
 *
 * This is not rte_ip_frag: that refuses newcomers while it is full, for a minute, whoever filled it; frees pieces
 * without a reason that could be counted; takes overlapping pieces until their sizes disagree (RFC 5722 wants all of
 * them gone); needs the fragment header right behind the fixed one; and its hash is linear.
 */
#include "keyed_hash.h"
#include "walk.h"

enum {
	SETS = 64,
	WAYS = 8,
	UNPROVEN_WAYS = 2,
	PIECES_MAX = 8, /* of one packet */
	SET_PIECES_MIN = 2,
	SET_PIECES_MAX = 2 * PIECES_MAX,
	REASSEMBLY_MS = 60000,
	LOOK_AGAIN_MS = 100,
	FRAGMENT_HEADER_OCTETS = 8,
	PAYLOAD_LENGTH_AT = 4, /* in the IPv6 header */
	TOTAL_LENGTH_AT = 2,   /* in the IPv4 header */
};
enum { ECN_NOT_CAPABLE = 1, ECN_CAPABLE = 2, ECN_MARKED = 4 }; /* what the pieces' ECN fields said */

struct piece {
	struct rte_mbuf *buffer; /* holds the fragment alone, from its IP header on */
	uint16_t begin, end;     /* octets of the fragmentable part */
	uint16_t head_octets;    /* of the headers that stay in front of the whole packet */
	uint16_t data_offset;
	uint8_t port;
};

/* One packet on its way to be whole; free if it has no pieces and refuses none. */
struct reassembly {
	struct in6_addr source, destination;
	uint64_t since_ms;
	uint32_t identification;
	uint16_t whole_octets; /* of the fragmentable part; 0 until the last fragment has come */
	uint16_t held_octets;
	uint16_t named_at; /* in the first piece: where the next header field is that names the fragment header */
	uint8_t protocol;  /* IPv4 alone: part of what identifies a packet */
	uint8_t count;
	uint8_t ecn;
	bool was_inside;
	bool proven;
	bool refuses; /* pieces that are still to come */
	struct piece pieces[PIECES_MAX];
};

struct reassembly_set {
	unsigned pieces;
	struct reassembly ways[WAYS];
};

struct reassembler {
	unsigned set_pieces_max;
	struct reassembly_set sets[SETS];
};

size_t reassembler_octets(void)
{
	return sizeof(struct reassembler);
}

struct reassembler *reassembler_start(void *memory, unsigned pieces_max)
{
	struct reassembler *reassembler = (struct reassembler *)memory;
	unsigned share = pieces_max / SETS;

	memset(reassembler, 0, sizeof(*reassembler));
	reassembler->set_pieces_max = share < SET_PIECES_MIN   ? SET_PIECES_MIN
	                              : share > SET_PIECES_MAX ? SET_PIECES_MAX
	                                                       : share;
	return reassembler;
}

static bool is_free(const struct reassembly *reassembly)
{
	return !reassembly->count && !reassembly->refuses;
}

static struct packet packet_of(const struct reassembly *reassembly, const struct piece *piece)
{
	uint8_t *ip = rte_pktmbuf_mtod(piece->buffer, uint8_t *);

	return (struct packet){
	        .buffer = piece->buffer,
	        .ip = ip,
	        .version = ip[0] >> 4,
	        .octets = rte_pktmbuf_data_len(piece->buffer),
	        .port = piece->port,
	        .route = NO_ROUTE,
	        .was_inside = reassembly->was_inside,
	};
}

/* All pieces go, for this reason each. */
static void drop_pieces(struct walk *walk, struct reassembly_set *set, struct reassembly *reassembly,
                        enum drop_reason reason)
{
	for (unsigned i = 0; i < reassembly->count; i++) {
		struct packet packet = packet_of(reassembly, &reassembly->pieces[i]);

		packet_drop(walk, &packet, reason);
	}
	set->pieces -= reassembly->count;
	reassembly->count = 0;
	reassembly->refuses = false;
}

/* Nothing of this packet is good any more, also not what is still to come. */
static void refuse(struct walk *walk, struct reassembly_set *set, struct reassembly *reassembly, struct packet *packet,
                   enum drop_reason reason)
{
	drop_pieces(walk, set, reassembly, reason);
	reassembly->refuses = true;
	packet_drop(walk, packet, reason);
}

/* RFC 8200 4.5: the source is told if the first piece is here. */
static void time_out(struct walk *walk, struct reassembly_set *set, struct reassembly *reassembly)
{
	for (unsigned i = 0; i < reassembly->count; i++) {
		struct packet packet = packet_of(reassembly, &reassembly->pieces[i]);

		if (reassembly->pieces[i].begin == 0)
			icmp_error(walk, &packet, ICMPV6_TIME_EXCEEDED, ICMPV6_REASSEMBLY_TIME_EXCEEDED, 0,
			           DROP_reassembly_time_out);
		else
			packet_drop(walk, &packet, DROP_reassembly_time_out);
	}
	set->pieces -= reassembly->count;
	reassembly->count = 0;
	reassembly->refuses = false;
}

void reassemble_time_out(struct walk *walk)
{
	uint64_t oldest_ms = UINT64_MAX;

	walk->reassembly_due_ms = UINT64_MAX;
	for (unsigned i = 0; i < SETS * WAYS; i++) {
		struct reassembly_set *set = &walk->reassembler->sets[i / WAYS];
		struct reassembly *reassembly = &set->ways[i % WAYS];

		if (is_free(reassembly))
			continue;
		if (walk->now_ms >= reassembly->since_ms + REASSEMBLY_MS)
			time_out(walk, set, reassembly);
		else if (reassembly->since_ms < oldest_ms)
			oldest_ms = reassembly->since_ms;
	}
	if (oldest_ms == UINT64_MAX)
		return;
	walk->reassembly_due_ms = oldest_ms + REASSEMBLY_MS;
	if (walk->reassembly_due_ms < walk->now_ms + LOOK_AGAIN_MS)
		walk->reassembly_due_ms = walk->now_ms + LOOK_AGAIN_MS;
}

void reassemble_stop(struct walk *walk)
{
	for (unsigned i = 0; walk->reassembler && i < SETS * WAYS; i++) {
		struct reassembly_set *set = &walk->reassembler->sets[i / WAYS];

		drop_pieces(walk, set, &set->ways[i % WAYS], DROP_reassembly_time_out);
	}
	walk->reassembly_due_ms = UINT64_MAX;
}

/* The inner source of a first fragment of a tunnelled packet, and what the uplink asks of it; false when it is none. */
static bool read_inner_source(const struct ip_packet *parsed, struct in6_addr *source, struct packet *tunnelled)
{
	struct wire_reader reader = wire_reader_of_view(parsed->payload), peek;
	struct ipv4_header ipv4;
	struct ipv6_header ipv6;

	if (parsed->fragment_offset)
		return false;
	if (parsed->version == 4) {
		tunnelled->outer_port = wire_read_u16(&reader);
		if (parsed->protocol != NEXT_HEADER_UDP || wire_read_u16(&reader) != UDP_PORT_DSMIPV6)
			return false;
		wire_skip(&reader, 4);
	} else if (parsed->protocol != NEXT_HEADER_IPV6 && parsed->protocol != NEXT_HEADER_IPV4) {
		return false;
	}
	peek = reader;
	tunnelled->version = wire_read_u8(&peek) >> 4 == 4 ? 4 : 6;
	if (tunnelled->version == 4) {
		ipv4_header_read(&reader, &ipv4);
		*source = ipv4.source;
	} else {
		ipv6_header_read(&reader, &ipv6);
		*source = ipv6.source;
	}
	tunnelled->tunnel_kind = tunnel_kind_of(tunnelled->version, parsed->version);
	tunnelled->outer_source = parsed->source;
	return !reader.failed;
}

/* Whether this is the first fragment of a tunnelled packet whose inner source is bound to where it comes from. */
static bool is_proven(const struct walk *walk, const struct packet *packet, const struct ip_packet *parsed)
{
	const struct forwarding *forwarding = walk->forwarding;
	const struct service_prefix *prefix;
	struct packet tunnelled = {0};
	struct in6_addr source, key;
	const struct in6_addr *keys[1] = {&key};

	if (packet->was_inside)
		return true;
	if (!read_inner_source(parsed, &source, &tunnelled))
		return false;
	prefix = service_prefix_of(&forwarding->prefixes, &source);
	if (!prefix)
		return false;
	service_prefix_key(prefix, &source, &key);
	binding_table_lookup(forwarding->table, keys, 1, &tunnelled.entry);
	return tunnelled.entry && binding_expiry_load(tunnelled.entry) > walk->expiry_horizon_ms &&
	       uplink_is_bound(walk, &tunnelled);
}

/* A place for a packet that begins now; NULL when those who have it are better. */
static struct reassembly *make_room(struct walk *walk, struct reassembly_set *set, bool proven)
{
	struct reassembly *vacant = NULL, *oldest = NULL, *unproven = NULL;
	unsigned unproven_count = 0;

	for (unsigned i = 0; i < WAYS; i++) {
		struct reassembly *one = &set->ways[i];

		if (is_free(one)) {
			vacant = one;
			continue;
		}
		if (!oldest || one->since_ms < oldest->since_ms)
			oldest = one;
		if (one->proven)
			continue;
		unproven_count++;
		if (!unproven || one->since_ms < unproven->since_ms)
			unproven = one;
	}
	if (!proven && unproven_count >= UNPROVEN_WAYS)
		vacant = unproven;
	else if (!vacant)
		vacant = unproven ? unproven : proven ? oldest : NULL;
	if (vacant)
		drop_pieces(walk, set, vacant, DROP_reassembly_crowded_out);
	return vacant;
}

static bool is_of(const struct reassembly *reassembly, const struct packet *packet, const struct ip_packet *parsed)
{
	return !is_free(reassembly) && reassembly->identification == parsed->fragment_identification &&
	       reassembly->was_inside == packet->was_inside &&
	       (parsed->version == 6 || reassembly->protocol == parsed->protocol) &&
	       in6_is_equal(&reassembly->source, &parsed->source) &&
	       in6_is_equal(&reassembly->destination, &parsed->destination);
}

static struct reassembly *find_or_begin(struct walk *walk, struct reassembly_set *set, const struct packet *packet,
                                        const struct ip_packet *parsed)
{
	bool proven = is_proven(walk, packet, parsed);
	struct reassembly *reassembly;

	for (unsigned i = 0; i < WAYS; i++) {
		reassembly = &set->ways[i];
		if (!is_of(reassembly, packet, parsed))
			continue;
		if (walk->now_ms < reassembly->since_ms + REASSEMBLY_MS) {
			reassembly->proven |= proven;
			return reassembly;
		}
		time_out(walk, set, reassembly);
	}
	reassembly = make_room(walk, set, proven);
	if (!reassembly)
		return NULL;
	*reassembly = (struct reassembly){
	        .source = parsed->source,
	        .destination = parsed->destination,
	        .since_ms = walk->now_ms,
	        .identification = parsed->fragment_identification,
	        .protocol = parsed->protocol,
	        .was_inside = packet->was_inside,
	        .proven = proven,
	};
	if (walk->reassembly_due_ms == UINT64_MAX)
		walk->reassembly_due_ms = walk->now_ms + REASSEMBLY_MS;
	return reassembly;
}

/* Pieces of others make room for one more of this packet; false when there are no others. */
static bool make_room_for_piece(struct walk *walk, struct reassembly_set *set, const struct reassembly *reassembly)
{
	while (set->pieces >= walk->reassembler->set_pieces_max) {
		struct reassembly *oldest = NULL;

		for (unsigned i = 0; i < WAYS; i++) {
			struct reassembly *one = &set->ways[i];

			if (one != reassembly && one->count && (!oldest || one->since_ms < oldest->since_ms))
				oldest = one;
		}
		if (!oldest)
			return false;
		drop_pieces(walk, set, oldest, DROP_reassembly_crowded_out);
	}
	return true;
}

enum fit { FITS, IS_HERE, OVERLAPS };

static enum fit fit_of(const struct reassembly *reassembly, uint16_t begin, uint16_t end, bool is_last)
{
	const uint16_t whole = reassembly->whole_octets;

	for (unsigned i = 0; i < reassembly->count; i++) {
		const struct piece *piece = &reassembly->pieces[i];

		if (piece->begin == begin && piece->end == end)
			return IS_HERE;
		if (begin < piece->end && piece->begin < end)
			return OVERLAPS;
		if (is_last && piece->end > end)
			return OVERLAPS;
	}
	return whole && (end > whole || is_last) ? OVERLAPS : FITS;
}

static uint8_t ecn_of(uint8_t traffic_class)
{
	uint8_t field = traffic_class & 3;

	return field == 3 ? ECN_MARKED : field ? ECN_CAPABLE : ECN_NOT_CAPABLE;
}

/* Makes the first piece's headers those of the whole packet; the fragment header of IPv6 goes. */
static void mend_headers(const struct reassembly *reassembly, const struct piece *first)
{
	const uint16_t octets = (uint16_t)(first->head_octets + reassembly->whole_octets), head = first->head_octets;
	uint8_t *ip = rte_pktmbuf_mtod(first->buffer, uint8_t *);

	if (ip[0] >> 4 == 4) {
		wire_store_u16(ip + TOTAL_LENGTH_AT, octets);
		wire_store_u16(ip + IPV4_FRAGMENT_AT, 0);
		if (reassembly->ecn & ECN_MARKED)
			ip[IPV4_CLASS_AT] |= 3;
		wire_store_u16(ip + IPV4_CHECKSUM_AT, 0);
		wire_store_u16(ip + IPV4_CHECKSUM_AT, wire_checksum_end(wire_checksum_add(0, ip, head)));
		return;
	}
	ip[reassembly->named_at] = ip[head];
	wire_store_u16(ip + PAYLOAD_LENGTH_AT, (uint16_t)(octets - IPV6_HEADER_OCTETS));
	if (reassembly->ecn & ECN_MARKED)
		ip[1] |= 0x30;
	memmove(ip + FRAGMENT_HEADER_OCTETS, ip, head);
	(void)rte_pktmbuf_adj(first->buffer, FRAGMENT_HEADER_OCTETS);
}

/* The first piece grows by the others. False when it has no room. */
static bool join(const struct reassembly *reassembly, const struct piece *first)
{
	/* in their order; there are no holes, as nothing overlaps and the sizes add up */
	for (uint16_t reached = first->end; reached < reassembly->whole_octets;) {
		const struct piece *next = reassembly->pieces;
		char *room;

		while (next->begin != reached)
			next++;
		reached = next->end;
		room = rte_pktmbuf_append(first->buffer, (uint16_t)(next->end - next->begin));
		if (!room)
			return false;
		memcpy(room, rte_pktmbuf_mtod_offset(next->buffer, char *, next->data_offset), next->end - next->begin);
	}
	mend_headers(reassembly, first);
	return true;
}

/* All pieces are here: the whole packet begins its walk at the end of the burst. */
static void finish(struct walk *walk, struct reassembly_set *set, struct reassembly *reassembly)
{
	struct piece *first = reassembly->pieces;
	struct packet whole;

	while (first->begin)
		first++;
	if ((reassembly->ecn & ECN_MARKED) && (reassembly->ecn & ECN_NOT_CAPABLE)) { /* RFC 3168 5.3 */
		drop_pieces(walk, set, reassembly, DROP_fragment_ecn_mixed);
		return;
	}
	if (!join(reassembly, first)) {
		drop_pieces(walk, set, reassembly, DROP_reassembly_too_big);
		return;
	}
	for (unsigned i = 0; i < reassembly->count; i++)
		if (&reassembly->pieces[i] != first)
			rte_pktmbuf_free(reassembly->pieces[i].buffer);
	counter_add(&walk->counters->consumed, reassembly->count - 1u);
	counter_add(&walk->counters->reassembled, 1);
	set->pieces -= reassembly->count;
	reassembly->count = 0;
	whole = packet_of(reassembly, first);
	if (walk->made_count == MADE_MAX)
		packet_drop(walk, &whole, DROP_no_buffer);
	else
		walk->made[walk->made_count++] = whole;
}

/* The checks of RFC 8200 4.5 that one fragment alone can fail; true when it did. */
static bool is_refused(struct walk *walk, struct packet *packet, const struct ip_packet *parsed, size_t head_octets,
                       size_t data_octets)
{
	const size_t end = parsed->fragment_offset + data_octets;
	const bool is_tunnelled = parsed->protocol == NEXT_HEADER_IPV6;

	const bool is_ipv4 = parsed->version == 4; /* which demands no answers */

	if (!data_octets ||
	    (is_ipv4 && ((parsed->more_fragments && data_octets % 8) || end + head_octets > UINT16_MAX))) {
		packet_drop(walk, packet, DROP_fragment_malformed);
	} else if (is_ipv4) {
		return false;
	} else if (parsed->more_fragments && data_octets % 8) {
		icmp_error(walk, packet, ICMPV6_PARAMETER_PROBLEM, 0, PAYLOAD_LENGTH_AT, DROP_fragment_malformed);
	} else if (end + head_octets - IPV6_HEADER_OCTETS > UINT16_MAX) {
		icmp_error(walk, packet, ICMPV6_PARAMETER_PROBLEM, 0, (uint32_t)parsed->fragment_header_offset + 2,
		           DROP_fragment_malformed);
	} else if (!parsed->fragment_offset &&
	           parsed->payload.octets < (is_tunnelled ? (size_t)IPV6_HEADER_OCTETS : UDP_HEADER_OCTETS)) {
		icmp_error(walk, packet, ICMPV6_PARAMETER_PROBLEM, ICMPV6_INCOMPLETE_HEADERS, 0,
		           DROP_fragment_malformed);
	} else {
		return false;
	}
	return true;
}

unsigned reassembler_set(const struct walk *walk, const struct in6_addr *source)
{
	const struct hash_secret secret = {{walk->fragment_secret, walk->forwarding->flow_secret}};
	uint64_t words[2];

	memcpy(words, source, sizeof(words));
	return (unsigned)(keyed_hash(secret, words[0], words[1]) % SETS);
}

void reassemble(struct walk *walk, struct packet *packet, const struct ip_packet *parsed)
{
	const size_t head_octets = parsed->version == 4 ? parsed->payload_offset : parsed->fragment_header_offset;
	const size_t data_offset = parsed->version == 4 ? head_octets : head_octets + FRAGMENT_HEADER_OCTETS;
	const size_t data_octets = packet->octets - data_offset;
	const uint16_t begin = parsed->fragment_offset, end = (uint16_t)(begin + data_octets);
	struct reassembly_set *set;
	struct reassembly *reassembly;
	enum fit fit;

	packet_count_up(packet); /* from inside a tunnel: each piece is the subscriber's packet */
	if (!walk->reassembler) {
		packet_drop(walk, packet, DROP_fragment_unserved);
		return;
	}
	if (is_refused(walk, packet, parsed, head_octets, data_octets))
		return;
	set = &walk->reassembler->sets[reassembler_set(walk, &parsed->source)];
	reassembly = find_or_begin(walk, set, packet, parsed);
	if (!reassembly) {
		packet_drop(walk, packet, DROP_reassembly_crowded_out);
		return;
	}
	fit = fit_of(reassembly, begin, end, !parsed->more_fragments);
	if (reassembly->refuses || fit == OVERLAPS) {
		refuse(walk, set, reassembly, packet, DROP_fragment_overlap);
	} else if (fit == IS_HERE) {
		packet_drop(walk, packet, DROP_fragment_duplicate);
	} else if (reassembly->count == PIECES_MAX || !make_room_for_piece(walk, set, reassembly)) {
		refuse(walk, set, reassembly, packet, DROP_fragment_too_many);
	} else {
		packet_trim(packet);
		reassembly->pieces[reassembly->count++] = (struct piece){.buffer = packet->buffer,
		                                                         .begin = begin,
		                                                         .end = end,
		                                                         .head_octets = (uint16_t)head_octets,
		                                                         .data_offset = (uint16_t)data_offset,
		                                                         .port = packet->port};
		packet->step = STEP_DONE;
		set->pieces++;
		reassembly->ecn |= ecn_of(parsed->traffic_class);
		reassembly->held_octets = (uint16_t)(reassembly->held_octets + end - begin);
		if (!begin)
			reassembly->named_at = (uint16_t)parsed->fragment_named_at;
		if (!parsed->more_fragments)
			reassembly->whole_octets = end;
		if (reassembly->held_octets == reassembly->whole_octets)
			finish(walk, set, reassembly);
	}
}
