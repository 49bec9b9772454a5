// SPDX-License-Identifier: BSD-3-Clause
#include "walk_loop.h"

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_rcu_qsbr.h>

#include "flow_hash.h"

static unsigned make_burst(const struct loop *loop, size_t first, size_t left, struct rte_mbuf **buffers)
{
	const struct traffic *traffic = loop->traffic;
	unsigned count = left < BURST_MAX ? (unsigned)left : BURST_MAX;
	size_t place = first % traffic->count;

	if (rte_pktmbuf_alloc_bulk(loop->world->pool, buffers, count))
		rte_exit(EXIT_FAILURE, "no packet buffer: the walk keeps what it should free\n");
	for (unsigned i = 0; i < count; i++, place++) {
		if (place == traffic->count)
			place = 0;
		(void)traffic_headers(traffic, place, rte_pktmbuf_mtod(buffers[i], uint8_t *));
		buffers[i]->data_len = traffic_octets(&traffic->packets[place]);
		buffers[i]->pkt_len = buffers[i]->data_len;
	}
	return count;
}

uint64_t loop_worker(const struct loop *loop, size_t first, size_t count)
{
	struct world *world = loop->world;
	struct rte_mbuf *buffers[BURST_MAX];
	uint64_t begin = rte_rdtsc();

	for (size_t done = 0; done < count;) {
		unsigned injected = rte_ring_dequeue_burst(world->injected, (void **)buffers, BURST_MAX, NULL);

		if (injected)
			worker_inject(&world->walk, buffers, injected, world->start_ms);
		for (unsigned burst = 0; burst < TURN_BURSTS_MAX && done < count; burst++, done += BURST_MAX) {
			unsigned made = make_burst(loop, first + done, count - done, buffers);

			worker_take(&world->walk, buffers, made, 0, world->start_ms);
		}
		worker_drain(&world->walk);
		world_worker_turn(world);
	}
	return rte_rdtsc() - begin;
}

/* The outer packet of everything that the bare loop sends. */
struct bare_template {
	uint8_t octets[ETHERNET_OCTETS + IPV6_HEADER_OCTETS];
};

static struct bare_template make_template(const struct world *world)
{
	static const uint8_t gateway[LINK_ADDRESS_OCTETS] = {2, 0, 0, 0, 0, 0xfe};
	const struct ipv6_header header = {.source = world->forwarding.own[0].address,
	                                   .next_header = NEXT_HEADER_IPV6,
	                                   .hop_limit = IP_HOP_LIMIT_DEFAULT};
	struct bare_template made;
	struct wire_writer writer = wire_writer_of(made.octets, sizeof(made.octets));

	wire_write_bytes(&writer, gateway, sizeof(gateway));
	wire_write_bytes(&writer, world->forwarding.ports[0].link_address, LINK_ADDRESS_OCTETS);
	wire_write_u16(&writer, ETHERTYPE_IPV6);
	ipv6_header_write(&writer, &header);
	return made;
}

/* The outer header in front of the inner packet: the same octets as a worker's. */
static void bare_packet(const struct world *world, const struct bare_template *made, struct rte_mbuf *buffer,
                        const struct binding_entry *entry)
{
	uint8_t *inner = rte_pktmbuf_mtod(buffer, uint8_t *) + ETHERNET_OCTETS;
	uint8_t *frame = inner - sizeof(made->octets), *outer = frame + ETHERNET_OCTETS;
	uint64_t first = wire_load_u64(inner), halves[4], label;
	uint32_t ports;

	memcpy(halves, inner + 8, sizeof(halves));
	memcpy(&ports, inner + IPV6_HEADER_OCTETS, sizeof(ports));
	memcpy(frame, made->octets, sizeof(made->octets));
	label = flow_label_of(flow_hash_of(world->forwarding.flow_secret, halves, (uint32_t)(first >> 32) & 0xfffff,
	                                   (uint8_t)(first >> 8), ports));
	wire_store_u64(outer, (first & 0xfff0000000000000ull) | label << 32 |
	                              (uint64_t)(buffer->data_len - ETHERNET_OCTETS) << 16 | NEXT_HEADER_IPV6 << 8 |
	                              IP_HOP_LIMIT_DEFAULT);
	memcpy(outer + 24, &entry->care_of_address, sizeof(entry->care_of_address));
	inner[7]--;
	buffer->data_off = (uint16_t)(buffer->data_off - IPV6_HEADER_OCTETS);
	buffer->data_len = (uint16_t)(buffer->data_len + IPV6_HEADER_OCTETS);
	buffer->pkt_len = buffer->data_len;
}

/* A burst of the bare loop: in flight like a worker's (worker.h), as it is the same table that it waits for. */
struct bare_flight {
	unsigned count;
	struct rte_mbuf *buffers[BURST_MAX];
	struct binding_lookup lookup;
};

static void bare_read(const struct world *world, struct bare_flight *flight)
{
	for (unsigned i = 0; i < flight->count; i++) {
		struct in6_addr destination;
		const struct service_prefix *prefix;

		memcpy(&destination, rte_pktmbuf_mtod(flight->buffers[i], const uint8_t *) + ETHERNET_OCTETS + 24,
		       sizeof(destination));
		prefix = service_prefix_of(&world->forwarding.prefixes, &destination);
		if (prefix)
			service_prefix_key(prefix, &destination, &flight->lookup.keys[i].value);
	}
}

static void bare_finish(struct world *world, const struct bare_template *made, struct bare_flight *flight,
                        struct binding_lookup *next, struct binding_lookup *newest)
{
	for (unsigned i = 0; i < flight->count; i++) {
		if (i % LOOKUP_STEP == 0) {
			binding_lookup_finish(&flight->lookup, LOOKUP_STEP);
			binding_lookup_locate(world->table, next, LOOKUP_STEP);
			binding_lookup_begin(world->table, newest, LOOKUP_STEP);
		}
		if (flight->lookup.entries[i])
			bare_packet(world, made, flight->buffers[i], flight->lookup.entries[i]);
	}
	(void)world->walk.transmit(world->walk.transmit_context, 0, flight->buffers, (uint16_t)flight->count);
}

uint64_t loop_bare(const struct loop *loop, size_t first, size_t count)
{
	const struct bare_template made = make_template(loop->world);
	const size_t bursts = (count + BURST_MAX - 1) / BURST_MAX;
	struct bare_flight flights[BURSTS_IN_FLIGHT] = {0};
	uint64_t begin = rte_rdtsc();

	for (size_t n = 0; n < bursts + BURSTS_IN_FLIGHT - 1; n++) {
		struct bare_flight *newest = &flights[n % BURSTS_IN_FLIGHT];
		struct bare_flight *oldest = &flights[(n + 1) % BURSTS_IN_FLIGHT];
		struct bare_flight *next = &flights[(n + 2) % BURSTS_IN_FLIGHT];

		newest->count = 0;
		if (n < bursts)
			newest->count = make_burst(loop, first + n * BURST_MAX, count - n * BURST_MAX, newest->buffers);
		binding_lookup_start(&newest->lookup, newest->count);
		bare_read(loop->world, newest);
		if (n >= BURSTS_IN_FLIGHT - 1)
			bare_finish(loop->world, &made, oldest, &next->lookup, &newest->lookup);
		binding_lookup_locate(loop->world->table, &next->lookup, BURST_MAX);
		binding_lookup_begin(loop->world->table, &newest->lookup, BURST_MAX);
	}
	return rte_rdtsc() - begin;
}

uint64_t loop_generator(const struct loop *loop, size_t first, size_t count)
{
	struct rte_mbuf *buffers[BURST_MAX];
	uint64_t begin = rte_rdtsc();

	for (size_t done = 0; done < count; done += BURST_MAX) {
		unsigned burst = make_burst(loop, first + done, count - done, buffers);

		(void)loop->world->walk.transmit(loop->world->walk.transmit_context, 0, buffers, (uint16_t)burst);
	}
	return rte_rdtsc() - begin;
}

uint64_t loop_memory(const struct loop *loop, size_t first, size_t count, const uint64_t (*lines)[8], size_t line_count)
{
	uint64_t begin = rte_rdtsc(), sum = 0;

	for (size_t done = 0; done < count; done += BURST_MAX) {
		size_t places[BURST_MAX];

		for (unsigned i = 0; i < BURST_MAX; i++) {
			places[i] = population_below(
			        population_draw(loop->traffic->population.seed, 0, first + done + i), line_count);
			__builtin_prefetch(lines[places[i]]);
		}
		for (unsigned i = 0; i < BURST_MAX; i++)
			sum += lines[places[i]][0];
	}
	/* the sum is used, so that reading is */
	return rte_rdtsc() - begin + (sum == 1);
}
