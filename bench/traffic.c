// SPDX-License-Identifier: BSD-3-Clause
#include "traffic.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "huge_memory.h"
#include "packet.h"

/* What a number is drawn for. */
enum purpose { FOR_KIND = 1, FOR_NODE, FOR_HIT, FOR_OTHER, FOR_SIZE, FOR_SPOOFED, FOR_STREAM };

/* Who is drawn: any node alike, or by Zipf's law from sums of 1/k, which are the same in all IEEE 754 arithmetic. */
struct popularity {
	uint32_t bindings;
	double *sums; /* NULL: uniform */
};

static int popularity_of(struct popularity *popularity, uint32_t bindings, bool is_zipf)
{
	double sum = 0;

	*popularity = (struct popularity){.bindings = bindings};
	if (!is_zipf)
		return 0;
	popularity->sums = huge_memory_map(bindings * sizeof(double));
	if (!popularity->sums)
		return -ENOMEM;
	for (uint32_t i = 0; i < bindings; i++)
		popularity->sums[i] = sum += 1.0 / (i + 1.0);
	return 0;
}

static uint32_t draw_node(const struct popularity *popularity, uint64_t drawn)
{
	uint32_t low = 0, high = popularity->bindings - 1;
	double wanted;

	if (!popularity->sums)
		return population_below(drawn, popularity->bindings);
	wanted = (double)(drawn >> 11) * 0x1p-53 * popularity->sums[high];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (popularity->sums[middle] < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint16_t draw_size(const struct mix *mix, uint64_t drawn)
{
	uint32_t weights = 0, chosen;
	unsigned i = 0;

	for (unsigned j = 0; j < mix->size_count; j++)
		weights += mix->sizes[j].weight;
	chosen = population_below(drawn, weights);
	while (chosen >= mix->sizes[i].weight)
		chosen -= mix->sizes[i++].weight;
	return mix->sizes[i].octets;
}

static struct traffic_packet draw_packet(const struct population *population, uint64_t seed, const struct mix *mix,
                                         const struct popularity *popularity, uint64_t place)
{
	uint32_t kind = population_below(population_draw(seed, FOR_KIND, place), MIX_SHARE_WHOLE);
	bool hits = population_below(population_draw(seed, FOR_HIT, place), MIX_SHARE_WHOLE) < mix->hits;
	uint64_t node = population_draw(seed, FOR_NODE, place);
	struct traffic_packet packet = {.inner_octets = draw_size(mix, population_draw(seed, FOR_SIZE, place)),
	                                .other = draw_node(popularity, population_draw(seed, FOR_OTHER, place))};

	if (hits)
		packet.node = draw_node(popularity, node);
	else
		packet.node =
		        population->bindings + population_below(node, (1ull << POPULATION_BITS) - population->bindings);
	packet.kind = kind < mix->uplink                  ? TRAFFIC_UPLINK
	              : kind < mix->uplink + mix->hairpin ? TRAFFIC_HAIRPIN
	                                                  : TRAFFIC_DOWNLINK;
	packet.is_spoofed = packet.kind != TRAFFIC_DOWNLINK &&
	                    population_below(population_draw(seed, FOR_SPOOFED, place), MIX_SHARE_WHOLE) < mix->spoofed;
	return packet;
}

int traffic_draw(struct traffic *traffic, const struct population *population, const struct mix *mix, unsigned stream,
                 size_t count)
{
	const uint64_t seed = population_draw(population->seed, FOR_STREAM, stream);
	struct popularity popularity;

	*traffic = (struct traffic){.population = *population, .count = count};
	traffic->packets = huge_memory_map(count * sizeof(*traffic->packets));
	if (!traffic->packets || popularity_of(&popularity, population->bindings, mix->is_zipf)) {
		traffic_free(traffic);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		traffic->packets[i] = draw_packet(population, seed, mix, &popularity, i);
	huge_memory_unmap(popularity.sums);
	return 0;
}

void traffic_free(struct traffic *traffic)
{
	huge_memory_unmap(traffic->packets);
	memset(traffic, 0, sizeof(*traffic));
}

uint16_t traffic_octets(const struct traffic_packet *packet)
{
	uint16_t outer = packet->kind == TRAFFIC_DOWNLINK ? 0 : IPV6_HEADER_OCTETS;

	return (uint16_t)(ETHERNET_OCTETS + outer + packet->inner_octets);
}

/* A header but for addresses, and these. All integers are written as one store each: this is part of what is timed. */
static uint8_t *write_ipv6(uint8_t *at, uint8_t next_header, size_t payload_octets, const uint64_t source[2],
                           const uint64_t destination[2])
{
	uint64_t words[5] = {htobe64(6ull << 60 | (uint64_t)payload_octets << 16 | (uint64_t)next_header << 8 |
	                             IP_HOP_LIMIT_DEFAULT),
	                     htobe64(source[0]), htobe64(source[1]), htobe64(destination[0]), htobe64(destination[1])};

	memcpy(at, words, sizeof(words));
	return at + sizeof(words);
}

size_t traffic_headers(const struct traffic *traffic, size_t place, uint8_t *room)
{
	/* the port and the gateway of scenario_default() */
	static const uint8_t ethernet[ETHERNET_OCTETS] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0xfe, 0x86, 0xdd};
	static const uint64_t correspondent[2] = {0x20010db8000c0000ull, 0x10};
	static const uint64_t service[2] = {0x20010db800010000ull, 1};
	const struct traffic_packet *packet = &traffic->packets[place];
	const uint64_t node[2] = {population_network(&traffic->population, packet->node), 7};
	uint64_t udp;
	uint8_t *at = room + ETHERNET_OCTETS;

	memcpy(room, ethernet, sizeof(ethernet));
	if (packet->kind == TRAFFIC_DOWNLINK) {
		at = write_ipv6(at, NEXT_HEADER_UDP, packet->inner_octets - (size_t)IPV6_HEADER_OCTETS, correspondent,
		                node);
	} else {
		uint32_t from = packet->is_spoofed ? packet->other : packet->node;
		const uint64_t access[2] = {POPULATION_ACCESS, population_access_host(from)};
		const uint64_t other[2] = {population_network(&traffic->population, packet->other), 7};

		at = write_ipv6(at, NEXT_HEADER_IPV6, packet->inner_octets, access, service);
		at = write_ipv6(at, NEXT_HEADER_UDP, packet->inner_octets - (size_t)IPV6_HEADER_OCTETS, node,
		                packet->kind == TRAFFIC_HAIRPIN ? other : correspondent);
	}
	/* ports that vary, so that flow labels do; no checksum is looked at on the way */
	udp = htobe64((1024 + (place & 0xfff)) << 48 | 443ull << 32 |
	              (uint64_t)(packet->inner_octets - IPV6_HEADER_OCTETS) << 16 | 0xffff);
	memcpy(at, &udp, sizeof(udp));
	return (size_t)(at + sizeof(udp) - room);
}
