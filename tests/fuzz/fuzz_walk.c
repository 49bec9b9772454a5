// SPDX-License-Identifier: BSD-3-Clause
/*
 * Any octets as a frame, through the whole walk with bindings of all kinds in the table: the counters add up, and every
 * buffer is back, whatever came. Then as several frames one behind the other, so that what one leaves behind meets the
 * next (fragments, errors, time that passes): octets16, seconds8 since the last, the frame, again and again.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_rcu_qsbr.h>

#include "extras.h"
#include "feed.h"
#include "flow_spread.h"
#include "neighbour.h"
#include "table_writer.h"
#include "worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets);

enum { BUFFERS = 255, PUNTS = 64, REPORTS = 32, FRAME_MAX = 1600 };

static struct {
	struct forwarding forwarding;
	struct neighbour_table neighbours;
	struct expiry expiry;
	struct rte_rcu_qsbr *qsbr;
	struct rte_mempool *pool;
	struct rte_ring *punts;
	struct rte_ring *reports;
	struct watch watch;
	struct rte_ring *to_host;
	struct walk_counters counters;
	struct walk walk;
	uint64_t now_ms;
	bool started;
} world;

static void *allocate(size_t octets)
{
	void *memory = aligned_alloc(64, (octets + 63) & ~(size_t)63);

	if (!memory)
		abort();
	return memset(memory, 0, octets);
}

static uint16_t swallow(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	(void)context;
	(void)port;
	rte_pktmbuf_free_bulk(frames, count);
	return count;
}

static struct in6_addr address(const char *text)
{
	struct in6_addr value;

	if (inet_pton(AF_INET6, text, &value) != 1)
		abort();
	return value;
}

static void bind_node(uint8_t kind, const char *key, uint8_t key_length, const char *care_of, uint16_t port,
                      uint16_t inner_mtu_bytes)
{
	struct binding_record record = {.key = address(key),
	                                .care_of_address = address(care_of),
	                                .key_length = key_length,
	                                .kind = kind,
	                                .port = port,
	                                .care_of_unverified = kind == FEED_TUNNEL_IP6_IN_UDP4,
	                                .expiry_unix_ms = UINT64_MAX >> 17};

	forwarding_resolve(&world.forwarding, inner_mtu_bytes, &record);
	if (table_writer_set(world.forwarding.table, &record, 0, 1000))
		abort();
}

/* One more care-of address, and rates, for a binding. */
static void add_extras(uint8_t kind, const char *key, const char *care_of, uint16_t port)
{
	const struct feed_rate rate = {.octets_per_s = 1000000, .burst_octets = 3000};
	struct binding_extras_record record = {.own_expiry_unix_ms = UINT64_MAX >> 17,
	                                       .own_weight = 1,
	                                       .ways = 1,
	                                       .weights = {1},
	                                       .has_rates = true,
	                                       .up = rate,
	                                       .down = rate};
	struct binding_record *way = &record.care_of[0];
	struct in6_addr bound = address(key);

	*way = (struct binding_record){.key = bound,
	                               .care_of_address = address(care_of),
	                               .kind = kind,
	                               .port = port,
	                               .expiry_unix_ms = UINT64_MAX >> 17};
	forwarding_resolve(&world.forwarding, 1300, way);
	if (table_writer_set_extras(world.forwarding.table, &bound, &record, 0))
		abort();
}

/* Keys of other lengths, several care-of addresses, rates. */
static void bind_more(void)
{
	bind_node(FEED_TUNNEL_IP4_IN_UDP4, "::ffff:10.1.0.9", 128, "::ffff:203.0.113.7", 40002, 1400);
	bind_node(FEED_TUNNEL_IP6_IN_UDP4, "2001:db8:ab::9", 128, "::ffff:203.0.113.7", 40002, 1400);
	bind_node(FEED_TUNNEL_IP6_IN_IP6, "2001:db8:ac:100::", 56, "2001:db8:100::10", 0, 1400);
	add_extras(FEED_TUNNEL_IP6_IN_UDP4, "2001:db8:aa:1::", "::ffff:203.0.113.7", 40001);
	add_extras(FEED_TUNNEL_IP6_IN_UDP4, "2001:db8:ac:100::", "::ffff:203.0.113.7", 40002);
	add_extras(FEED_TUNNEL_IP4_IN_IP6, "::ffff:10.1.0.9", "2001:db8:100::30", 0);
}

/* The world of tests/pcap: cases.py and tunnel_cases.py, with one path that is too narrow for 1280 octets inside. */
static void make_forwarding(void)
{
	struct forwarding *forwarding = &world.forwarding;
	const struct in6_addr service = address("2001:db8:1::1"), service4 = address("::ffff:192.0.2.1");
	const struct in6_addr port = address("2001:db8:f3::2"), port4 = address("::ffff:198.18.0.2");
	const struct in6_addr gateway = address("2001:db8:f3::1"), gateway4 = address("::ffff:198.18.0.1");
	const struct in6_addr home = address("2001:db8:aa::"), home4 = address("::ffff:10.1.0.0"), any = {0};
	const struct in6_addr any4 = address("::ffff:0.0.0.0");
	const struct in6_addr other_service4 = address("::ffff:198.51.100.1"),
	                      other_port4 = address("::ffff:192.0.2.2");
	const struct in6_addr single = address("2001:db8:ab::"), wide = address("2001:db8:ac::");
	const uint8_t gateway_link[LINK_ADDRESS_OCTETS] = {2, 0, 0, 0, 0, 0xfe};
	struct binding_table_options options = {.bindings_max = 16,
	                                        .secret = {{7, 8}},
	                                        .qsbr = world.qsbr,
	                                        .memory = {.allocate = allocate, .release = free}};

	if (binding_table_new(&options, &forwarding->table))
		abort();
	forwarding->neighbours = &world.neighbours;
	forwarding->expiry = &world.expiry;
	forwarding->hop_limit = 64;
	forwarding->port_count = 1;
	forwarding->ports[0].mtu_bytes = 1500;
	memcpy(forwarding->ports[0].link_address, "\x02\0\0\0\0\x01", LINK_ADDRESS_OCTETS);
	(void)forwarding_add_own(forwarding, &service, NO_PORT);
	(void)forwarding_add_own(forwarding, &port, 0);
	(void)forwarding_add_own(forwarding, &service4, NO_PORT);
	(void)forwarding_add_own(forwarding, &port4, 0);
	(void)forwarding_add_own(forwarding, &other_service4, NO_PORT);
	(void)forwarding_add_own(forwarding, &other_port4, 0);
	(void)forwarding_add_route(forwarding, &port, 64, 0, NULL);
	(void)forwarding_add_route(forwarding, &any, 0, 0, &gateway);
	(void)forwarding_add_route(forwarding, &port4, MAPPED_PREFIX_BITS + 24, 0, NULL);
	(void)forwarding_add_route(forwarding, &any4, MAPPED_PREFIX_BITS, 0, &gateway4);
	(void)service_prefixes_add(&forwarding->prefixes, &home, 48, 64);
	(void)service_prefixes_add(&forwarding->prefixes, &home4, MAPPED_PREFIX_BITS + 16, MAPPED_PREFIX_BITS + 32);
	(void)service_prefixes_add(&forwarding->prefixes, &single, 48, 128);
	(void)service_prefixes_add(&forwarding->prefixes, &wide, 48, 56);
	if (forwarding_finish(forwarding))
		abort();
	neighbour_learn(&world.neighbours, neighbour_find(&world.neighbours, &gateway, 0), gateway_link, 1);
	neighbour_learn(&world.neighbours, neighbour_find(&world.neighbours, &gateway4, 0), gateway_link, 1);
	bind_node(FEED_TUNNEL_IP6_IN_IP6, "2001:db8:aa:1::", 64, "2001:db8:100::10", 0, 1400);
	bind_node(FEED_TUNNEL_IP6_IN_IP6, "2001:db8:aa:2::", 64, "2001:db8:100::20", 0, 1240);
	bind_node(FEED_TUNNEL_IP6_IN_UDP4, "2001:db8:aa:3::", 64, "::ffff:203.0.113.7", 40001, 1400);
	bind_node(FEED_TUNNEL_IP4_IN_UDP4, "::ffff:10.1.0.7", 128, "::ffff:203.0.113.7", 40001, 1000);
	bind_node(FEED_TUNNEL_IP4_IN_IP6, "::ffff:10.1.0.8", 128, "2001:db8:100::20", 0, 1240);
	bind_more();
}

static void start(void)
{
	char *arguments[] = {"fuzz_walk", "--no-huge", "--no-pci", "--no-telemetry",   "--no-shconf", "-m",
	                     "16",        "--lcores",  "0@0",      "--log-level=error"};
	struct walk_options options = {
	        .forwarding = &world.forwarding, .counters = &world.counters, .transmit = swallow, .workers = 1};

	if (rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments) < 0)
		abort();
	world.qsbr = allocate(rte_rcu_qsbr_get_memsize(1));
	if (rte_rcu_qsbr_init(world.qsbr, 1))
		abort();
	world.pool = rte_pktmbuf_pool_create("walk", BUFFERS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	world.punts = rte_ring_create("walk", PUNTS, SOCKET_ID_ANY, 0);
	world.reports = rte_ring_create("reports", REPORTS, SOCKET_ID_ANY, 0);
	world.to_host = rte_ring_create("host", PUNTS, SOCKET_ID_ANY, 0);
	make_forwarding();
	expiry_start(&world.expiry, 0, 0, 0);
	options.pool = world.pool;
	options.reassembler = reassembler_start(allocate(reassembler_octets()), BUFFERS / 2);
	options.punts = world.punts;
	options.watch = &world.watch;
	options.reports = world.reports;
	options.to_host = world.to_host;
	walk_start(&world.walk, &options);
	world.now_ms = 1000;
	world.started = true;
}

/* Everything out again, so that the equation and the pool can be looked at. */
static void check(void)
{
	struct walk_counters sum = {0};
	void *buffer;

	walk_stop(&world.walk);
	while (rte_ring_dequeue(world.punts, &buffer) == 0) {
		struct punt_note note;

		memcpy(&note, rte_pktmbuf_mtod((struct rte_mbuf *)buffer, uint8_t *), sizeof(note));
		/* a learnt path MTU was consumed by the worker; a packet is punted here */
		sum.punted += note.kind == PUNT_NOTE_PACKET;
		rte_pktmbuf_free((struct rte_mbuf *)buffer);
	}
	while (rte_ring_dequeue(world.reports, &buffer) == 0)
		rte_pktmbuf_free((struct rte_mbuf *)buffer);
	while (rte_ring_dequeue(world.to_host, &buffer) == 0) {
		sum.to_host++;
		rte_pktmbuf_free((struct rte_mbuf *)buffer);
	}
	walk_counters_add(&sum, &world.counters);
	if (!walk_counters_balance(&sum) || rte_mempool_avail_count(world.pool) != BUFFERS)
		abort();
	memset(&world.counters, 0, sizeof(world.counters));
}

/* The same walk with an operator who looks at it, and without. */
static void watch_every_second(uint64_t number)
{
	struct watch *watch = &world.watch;

	watch->active = number % 2 ? WATCH_CAPTURE | 1 : 0;
	watch->traces[0] = (struct watched_key){
	        .key = {.s6_addr = {0x20, 1, 0x0d, 0xb8, 0, 0xaa, 0, 1}}, .id = 1, .left = REPORTS};
	watch->capture = (struct capture_filter){.value = {0xb80d0120}, /* 2001:db8::/32 */
	                                         .mask = {0xffffffff},
	                                         .directions = WATCH_IN | WATCH_OUT | WATCH_DROP,
	                                         .reason = DROP_REASONS,
	                                         .snap_octets = WATCH_SNAP_MAX,
	                                         .left = REPORTS};
}

static struct rte_mbuf *frame_of(const uint8_t *bytes, size_t octets)
{
	struct rte_mbuf *frame = rte_pktmbuf_alloc(world.pool);
	char *room = frame ? rte_pktmbuf_append(frame, (uint16_t)octets) : NULL;

	if (!room)
		abort();
	if (octets)
		memcpy(room, bytes, octets);
	frame->port = 0;
	return frame;
}

/* The same octets from the link without a host port, with one, and from the host's kernel. */
static void try_frame(const uint8_t *bytes, size_t octets)
{
	struct rte_mbuf *frame;

	(void)flow_spread_hash(bytes, octets);
	for (unsigned with_host = 0; with_host < 2; with_host++) {
		world.forwarding.ports[0].has_host = with_host;
		frame = frame_of(bytes, octets);
		watch_every_second(world.now_ms);
		worker_burst(&world.walk, &frame, 1, 0, world.now_ms++);
		check();
	}
	frame = frame_of(bytes, octets);
	worker_from_host(&world.walk, &frame, 1, world.now_ms++);
	check();
}

static void try_sequence(const uint8_t *bytes, size_t octets)
{
	struct wire_reader reader = wire_reader_of(bytes, octets);

	world.forwarding.ports[0].has_host = false;
	while (wire_remaining(&reader)) {
		uint16_t frame_octets = wire_read_u16(&reader);
		struct rte_mbuf *frame;
		struct wire_view view;

		world.now_ms += 1 + 1000ull * wire_read_u8(&reader);
		view = wire_read_view(&reader, frame_octets);
		if (reader.failed || frame_octets > FRAME_MAX)
			break;
		frame = frame_of(view.bytes, view.octets);
		worker_burst(&world.walk, &frame, 1, 0, world.now_ms);
		worker_idle(&world.walk, world.now_ms);
	}
	check();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t octets)
{
	if (!world.started)
		start();
	if (octets <= FRAME_MAX)
		try_frame(bytes, octets);
	try_sequence(bytes, octets);
	return 0;
}
