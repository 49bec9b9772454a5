// SPDX-License-Identifier: BSD-3-Clause
/*
 * punting - control packets on their way to the control plane: a token bucket a class before the ring, so that a flood
 * costs no more than a look, and never the feed. They go as they came, with their outer header.
 */
#include "punt.h"
#include "walk.h"

enum { PANA_PORT = 716, HIP_PORT = 10500 };

bool punt_class_of(uint8_t protocol, struct wire_view payload, uint8_t *packet_class)
{
	struct wire_reader reader = wire_reader_of_view(payload);
	uint16_t port;

	switch (protocol) {
	case NEXT_HEADER_UDP:
		wire_skip(&reader, 2);
		port = wire_read_u16(&reader);
		*packet_class = port == PANA_PORT ? PUNT_CLASS_PANA : PUNT_CLASS_HIP; /* H-12 */
		return port == PANA_PORT || port == HIP_PORT;
	case NEXT_HEADER_MOBILITY:
		*packet_class = PUNT_CLASS_MOBILITY_HEADER;
		return true;
	case NEXT_HEADER_HIP:
		*packet_class = PUNT_CLASS_HIP;
		return true;
	default:
		return false;
	}
}

static bool take_token(struct walk *walk, uint8_t packet_class, enum drop_reason *otherwise)
{
	switch (packet_class) {
	case PUNT_CLASS_PANA:
		*otherwise = DROP_punt_rate_pana;
		return token_bucket_take(&walk->punt_pana, walk->now_ms);
	case PUNT_CLASS_MOBILITY_HEADER:
		*otherwise = DROP_punt_rate_mobility;
		return token_bucket_take(&walk->punt_mobility, walk->now_ms);
	default:
		*otherwise = DROP_punt_rate_hip;
		return token_bucket_take(&walk->punt_hip, walk->now_ms);
	}
}

static void hand_over(struct walk *walk, struct packet *packet)
{
	struct punt_note note = {
	        .kind = PUNT_NOTE_PACKET, .packet_class = packet->punt_class, .received_ms = walk->now_ms};
	enum drop_reason otherwise;
	char *place;

	if (!take_token(walk, packet->punt_class, &otherwise)) {
		packet_drop(walk, packet, otherwise);
		return;
	}
	if (packet->octets > PUNT_PACKET_MAX) {
		packet_drop(walk, packet, DROP_punt_oversize);
		return;
	}
	packet_trim(packet);
	place = rte_pktmbuf_prepend(packet->buffer, sizeof(note));
	if (!place) {
		packet_drop(walk, packet, DROP_no_buffer);
		return;
	}
	memcpy(place, &note, sizeof(note));
	if (rte_ring_enqueue(walk->punts, packet->buffer)) {
		packet_drop(walk, packet, DROP_punt_ring_full);
		return;
	}
	/* it counts as punted, or as dropped, where it leaves: at the main core */
	packet_count_up(packet);
	packet->step = STEP_DONE;
}

void punt(struct walk *walk, struct packet *packet, uint8_t packet_class)
{
	packet->punt_class = packet_class;
	packet->step = STEP_LOCAL;
	if (walk->watching & WATCH_TRACES && !packet->trace && watch_control(walk, packet))
		watch_step(walk, packet, true, hand_over);
	else
		hand_over(walk, packet);
}

/* Without a packet behind it. False: no buffer, or no room. */
static bool hand_note(struct walk *walk, const struct punt_note *note)
{
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(walk->pool);
	char *place = buffer ? rte_pktmbuf_append(buffer, sizeof(*note)) : NULL;

	if (place)
		memcpy(place, note, sizeof(*note));
	if (place && rte_ring_enqueue(walk->punts, buffer) == 0)
		return true;
	rte_pktmbuf_free(buffer);
	return false;
}

void punt_path_mtu(struct walk *walk, struct packet *packet, const struct punt_note *learnt)
{
	struct punt_note note = *learnt;

	note.kind = PUNT_NOTE_PATH_MTU;
	note.received_ms = walk->now_ms;
	/* without a buffer or room the next Packet Too Big tells it again */
	(void)hand_note(walk, &note);
	packet_consume(walk, packet);
}

bool punt_verified(struct walk *walk, const struct in6_addr *key, const struct in6_addr *care_of_address)
{
	const struct punt_note note = {.kind = PUNT_NOTE_VERIFIED,
	                               .received_ms = walk->now_ms,
	                               .key = *key,
	                               .care_of_address = *care_of_address};

	return hand_note(walk, &note);
}
