// SPDX-License-Identifier: BSD-3-Clause
#include "walk_fixture.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_rcu_qsbr.h>

#include "feed.h"
#include "table_writer.h"
#include "vectors.h"

const uint8_t fixture_own_link[LINK_ADDRESS_OCTETS] = {2, 0, 0, 0, 0, 1};
const uint8_t fixture_gateway_link[LINK_ADDRESS_OCTETS] = {2, 0, 0, 0, 0, 0xfe};

struct in6_addr fixture_address(const char *text)
{
	struct in6_addr value;

	assert_int_equal(inet_pton(AF_INET6, text, &value), 1);
	return value;
}

void *fixture_allocate(size_t octets)
{
	void *memory = aligned_alloc(64, (octets + 63) & ~(size_t)63);

	return memory ? memset(memory, 0, octets) : NULL;
}

static uint16_t send_frames(void *context, unsigned port, struct rte_mbuf **frames, uint16_t count)
{
	struct fixture *fixture = (struct fixture *)context;

	assert_int_equal(port, 0);
	if (fixture->port_is_full)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		uint16_t octets = rte_pktmbuf_data_len(frames[i]);

		if (fixture->sent_count < SENT_MAX)
			memcpy(fixture->sent[fixture->sent_count], rte_pktmbuf_mtod(frames[i], uint8_t *),
			       octets < 128 ? octets : 128);
		fixture->sent_count++;
	}
	rte_pktmbuf_free_bulk(frames, count);
	return count;
}

void fixture_bind(struct fixture *fixture, const char *key, const char *care_of, uint64_t expiry_ms)
{
	struct binding_record record = {.key = fixture_address(key),
	                                .care_of_address = fixture_address(care_of),
	                                .key_length = 64,
	                                .kind = FEED_TUNNEL_IP6_IN_IP6,
	                                .expiry_unix_ms = expiry_ms};

	forwarding_resolve(&fixture->forwarding, 1400, &record);
	assert_int_equal(table_writer_set(fixture->forwarding.table, &record, 0, 1000), 0);
}

/* One port, one node; `limits` are those of the test. */
struct fixture *fixture_make(struct forwarding_limits limits)
{
	struct fixture *fixture = fixture_allocate(sizeof(*fixture));
	struct forwarding *forwarding = &fixture->forwarding;
	struct in6_addr service = fixture_address("2001:db8:1::1"), port = fixture_address("2001:db8:f3::2"),
	                any = fixture_address("::");
	struct in6_addr gateway = fixture_address("2001:db8:f3::1"), home = fixture_address("2001:db8:aa::");
	struct binding_table_options options = {
	        .bindings_max = 64, .secret = {{5, 6}}, .memory = {.allocate = fixture_allocate, .release = free}};
	struct walk_options walk_options = {.forwarding = forwarding,
	                                    .counters = &fixture->counters,
	                                    .transmit = send_frames,
	                                    .transmit_context = fixture,
	                                    .workers = 1};

	fixture->qsbr = fixture_allocate(rte_rcu_qsbr_get_memsize(1));
	assert_int_equal(rte_rcu_qsbr_init(fixture->qsbr, 1), 0);
	options.qsbr = fixture->qsbr;
	assert_int_equal(binding_table_new(&options, &forwarding->table), 0);
	forwarding->neighbours = &fixture->neighbours;
	forwarding->expiry = &fixture->expiry;
	forwarding->hop_limit = 64;
	forwarding->limits = limits;
	forwarding->port_count = 1;
	forwarding->ports[0].mtu_bytes = 1500;
	memcpy(forwarding->ports[0].link_address, fixture_own_link, sizeof(fixture_own_link));
	assert_int_equal(forwarding_add_own(forwarding, &service, NO_PORT), 0);
	assert_int_equal(forwarding_add_own(forwarding, &port, 0), 1);
	assert_int_equal(forwarding_add_route(forwarding, &port, 64, 0, NULL), 0);
	assert_int_equal(forwarding_add_route(forwarding, &any, 0, 0, &gateway), 0);
	assert_int_equal(service_prefixes_add(&forwarding->prefixes, &home, 48, 64), 0);
	assert_int_equal(forwarding_finish(forwarding), 0);
	neighbour_learn(&fixture->neighbours, neighbour_find(&fixture->neighbours, &gateway, 0), fixture_gateway_link,
	                1);
	expiry_start(&fixture->expiry, 0, 0, 60000);
	fixture->pool = rte_pktmbuf_pool_create("walk", BUFFERS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	fixture->punts = rte_ring_create("walk", RING, SOCKET_ID_ANY, 0);
	fixture->to_host = rte_ring_create("host", RING, SOCKET_ID_ANY, 0);
	assert_non_null(fixture->to_host);
	assert_non_null(fixture->pool);
	assert_non_null(fixture->punts);
	fixture->reassembly = fixture_allocate(reassembler_octets());
	walk_options.reassembler = reassembler_start(fixture->reassembly, BUFFERS / 2);
	walk_options.pool = fixture->pool;
	walk_options.punts = fixture->punts;
	walk_options.to_host = fixture->to_host;
	walk_start(&fixture->walk, &walk_options);
	fixture_bind(fixture, "2001:db8:aa:1::", "2001:db8:100::10", UINT64_MAX >> 17);
	return fixture;
}

void fixture_take_punts(struct fixture *fixture)
{
	void *buffer;

	while (rte_ring_dequeue(fixture->punts, &buffer) == 0) {
		fixture->handed_over++;
		rte_pktmbuf_free((struct rte_mbuf *)buffer);
	}
}

void fixture_take_host_frames(struct fixture *fixture)
{
	void *buffer;

	while (rte_ring_dequeue(fixture->to_host, &buffer) == 0) {
		struct rte_mbuf *frame = (struct rte_mbuf *)buffer;

		assert_int_equal(frame->port, 0);
		memcpy(fixture->host_frame, rte_pktmbuf_mtod(frame, uint8_t *),
		       RTE_MIN(rte_pktmbuf_data_len(frame), sizeof(fixture->host_frame)));
		fixture->host_got++;
		rte_pktmbuf_free(frame);
	}
}

void fixture_end(struct fixture *fixture)
{
	struct walk_counters sum = {0};

	walk_stop(&fixture->walk);
	fixture_take_punts(fixture);
	fixture_take_host_frames(fixture);
	walk_counters_add(&sum, &fixture->counters);
	sum.punted += fixture->handed_over;
	sum.to_host += fixture->host_got;
	assert_true(walk_counters_balance(&sum));
	assert_int_equal(rte_mempool_avail_count(fixture->pool), BUFFERS);
	rte_mempool_free(fixture->pool);
	rte_ring_free(fixture->punts);
	rte_ring_free(fixture->to_host);
	free(fixture->reassembly);
	binding_table_free(fixture->forwarding.table);
	free(fixture->qsbr);
	free(fixture);
}

struct rte_mbuf *fixture_frame(struct fixture *fixture, const char *source, const char *destination, uint8_t protocol,
                               size_t payload_octets, bool with_ethernet)
{
	struct ipv6_header header = {.source = fixture_address(source),
	                             .destination = fixture_address(destination),
	                             .payload_octets = (uint16_t)payload_octets,
	                             .next_header = protocol,
	                             .hop_limit = 64};
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(fixture->pool);
	size_t octets = (with_ethernet ? ETHERNET_OCTETS : 0) + IPV6_HEADER_OCTETS + payload_octets;
	struct wire_writer writer = wire_writer_of(rte_pktmbuf_append(buffer, (uint16_t)octets), octets);

	if (with_ethernet) {
		wire_write_bytes(&writer, fixture_own_link, sizeof(fixture_own_link));
		wire_write_bytes(&writer, fixture_gateway_link, sizeof(fixture_gateway_link));
		wire_write_u16(&writer, ETHERTYPE_IPV6);
	}
	ipv6_header_write(&writer, &header);
	wire_write_zeros(&writer, payload_octets);
	assert_int_equal(wire_written(&writer), octets);
	return buffer;
}

/* `count` like frames in one burst. */
void fixture_burst(struct fixture *fixture, const char *source, const char *destination, uint8_t protocol,
                   size_t payload_octets, unsigned count, uint64_t now_ms)
{
	struct rte_mbuf *frames[BURST_MAX];

	for (unsigned i = 0; i < count; i++)
		frames[i] = fixture_frame(fixture, source, destination, protocol, payload_octets, true);
	worker_burst(&fixture->walk, frames, count, 0, now_ms);
}

int fixture_start_dpdk(void)
{
	char *arguments[] = {"walk_test", "--no-huge", "--no-pci", "--no-telemetry",   "--no-shconf", "-m",
	                     "16",        "--lcores",  "0@0",      "--log-level=error"};

	return rte_eal_init((int)(sizeof(arguments) / sizeof(arguments[0])), arguments);
}
