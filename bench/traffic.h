// SPDX-License-Identifier: BSD-3-Clause
/*
 * traffic - the frames of a mix over a population, in the world of scenario_default(): drawn beforehand as a list of
 * twelve octets a packet, written when they are needed. Frames, too, are a function of seed and place alone.
 */
#ifndef KEDGE_BENCH_TRAFFIC_H
#define KEDGE_BENCH_TRAFFIC_H

#include <stddef.h>

#include "mix.h"
#include "population.h"

enum traffic_kind { TRAFFIC_DOWNLINK, TRAFFIC_UPLINK, TRAFFIC_HAIRPIN, TRAFFIC_KINDS };

enum { TRAFFIC_HEADERS_MAX = 14 + 2 * IPV6_HEADER_OCTETS + UDP_HEADER_OCTETS };

struct traffic_packet {
	uint32_t node;         /* the sender, downlink: the receiver */
	uint32_t other;        /* hairpin: the receiver; spoofed: whose care-of address it comes from */
	uint16_t inner_octets; /* of the inner IP packet */
	uint8_t kind;          /* enum traffic_kind */
	uint8_t is_spoofed;
};

struct traffic {
	struct population population;
	size_t count;
	struct traffic_packet *packets;
};

/* Draws `count` packets: others for each `stream`. Returns 0 or -ENOMEM. */
int traffic_draw(struct traffic *traffic, const struct population *population, const struct mix *mix, unsigned stream,
                 size_t count);
void traffic_free(struct traffic *traffic);

/* Octets of a packet's frame. */
uint16_t traffic_octets(const struct traffic_packet *packet);

/*
 * Writes the headers of the place-th packet's frame, at most TRAFFIC_HEADERS_MAX octets; what follows is payload, which
 * nobody looks at. Returns the octets written.
 */
size_t traffic_headers(const struct traffic *traffic, size_t place, uint8_t *room);

#endif
