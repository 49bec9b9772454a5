// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the pcap cases of tests/pcap cannot show of the walk: rates, full rings and queues, injected packets, a silent
 * owner, bursts. After each test the counters add up and every buffer is back.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include <rte_rcu_qsbr.h>

#include "arp.h"
#include "feed.h"
#include "neighbour.h"
#include "punt.h"
#include "table_writer.h"
#include "vectors.h"
#include "walk_fixture.h"
#include "worker.h"

static void errors_have_a_rate(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){.icmp_errors_per_s = 100});

	(void)state;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 1400, BURST_MAX, 1000);
	assert_int_equal(fixture->counters.drops[DROP_too_big], BURST_MAX);
	assert_int_equal(fixture->sent_count, 10); /* a tenth of a second at once */
	assert_int_equal(fixture->counters.errors_limited, BURST_MAX - 10);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 1400, BURST_MAX, 1050);
	assert_int_equal(fixture->sent_count, 15);
	fixture_end(fixture);
}

/* architecture.md 2: one class's flood does not starve the others, and a full ring is a drop with a name. */
static void punts_have_a_rate_a_class_and_a_bounded_ring(void **state)
{
	struct fixture *fixture =
	        fixture_make((struct forwarding_limits){.punt_mobility_per_s = 10, .punt_hip_per_s = 1000});

	(void)state;
	fixture_burst(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, 20, 1000);
	assert_int_equal(fixture->counters.drops[DROP_punt_rate_mobility], 12);
	assert_int_equal(fixture->counters.drops[DROP_punt_ring_full], 1); /* 7 go into a ring of 8 */
	fixture_take_punts(fixture);
	fixture_burst(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_HIP, 40, 5, 1000);
	fixture_take_punts(fixture);
	assert_int_equal(fixture->handed_over, 12);
	assert_int_equal(fixture->counters.drops[DROP_punt_rate_hip], 0);
	fixture_end(fixture);
}

/* They go as they came, from the outer header on, with class and time in front. */
static void punt_carries_the_whole_packet(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct rte_mbuf *punted;
	struct punt_note note;
	void *buffer = NULL;

	(void)state;
	fixture_burst(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, 1, 4711);
	assert_int_equal(rte_ring_dequeue(fixture->punts, &buffer), 0);
	punted = (struct rte_mbuf *)buffer;
	memcpy(&note, rte_pktmbuf_mtod(punted, uint8_t *), sizeof(note));
	assert_int_equal(note.kind, PUNT_NOTE_PACKET);
	assert_int_equal(note.packet_class, PUNT_CLASS_MOBILITY_HEADER);
	assert_int_equal(note.received_ms, 4711);
	assert_int_equal(rte_pktmbuf_data_len(punted), sizeof(note) + 56);
	assert_int_equal(rte_pktmbuf_mtod(punted, uint8_t *)[sizeof(note)] >> 4, 6);
	assert_int_equal(rte_ring_enqueue(fixture->punts, buffer), 0);
	fixture_end(fixture);
}

/* Out of the tunnel of the node, which is bound to an address that nothing has come from. */
static void uplink_of_node(struct fixture *fixture)
{
	const struct ipv6_header inner = {.source = fixture_address("2001:db8:aa:1::5"),
	                                  .destination = fixture_address("2001:db8:c::1"),
	                                  .payload_octets = 20,
	                                  .next_header = 59,
	                                  .hop_limit = 64};
	struct rte_mbuf *frame = fixture_frame(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_IPV6,
	                                       IPV6_HEADER_OCTETS + 20, true);
	struct wire_writer writer = wire_writer_of(
	        rte_pktmbuf_mtod(frame, uint8_t *) + ETHERNET_OCTETS + IPV6_HEADER_OCTETS, IPV6_HEADER_OCTETS);

	ipv6_header_write(&writer, &inner);
	worker_burst(&fixture->walk, &frame, 1, 0, 2000);
}

static bool node_is_verified(const struct fixture *fixture)
{
	const struct in6_addr key = fixture_address("2001:db8:aa:1::");
	const struct binding_entry *entry = table_writer_find(fixture->forwarding.table, &key);

	return !(binding_traits_load(entry).flags & BINDING_CARE_OF_UNVERIFIED);
}

/* M-17: the first packet from a new care-of address is told, once; where there is no room to, the next one tells it. */
static void a_verified_care_of_address_is_told_once(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct binding_record record = {.key = fixture_address("2001:db8:aa:1::"),
	                                .care_of_address = fixture_address("2001:db8:100::10"),
	                                .key_length = 64,
	                                .kind = FEED_TUNNEL_IP6_IN_IP6,
	                                .care_of_unverified = true,
	                                .expiry_unix_ms = UINT64_MAX >> 17};
	struct punt_note note;
	void *buffer = NULL;

	(void)state;
	assert_int_equal(table_writer_withdraw(fixture->forwarding.table, &record.key), 0);
	forwarding_resolve(&fixture->forwarding, 1400, &record);
	assert_int_equal(table_writer_set(fixture->forwarding.table, &record, 0, 1000), 0);
	fixture_burst(fixture, "2001:db8:100::10", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, RING - 1, 2000);
	uplink_of_node(fixture); /* the ring is full */
	assert_false(node_is_verified(fixture));
	fixture_take_punts(fixture);
	uplink_of_node(fixture);
	assert_true(node_is_verified(fixture));
	uplink_of_node(fixture);
	assert_int_equal(rte_ring_count(fixture->punts), 1);
	assert_int_equal(rte_ring_dequeue(fixture->punts, &buffer), 0);
	memcpy(&note, rte_pktmbuf_mtod((struct rte_mbuf *)buffer, const uint8_t *), sizeof(note));
	assert_int_equal(note.kind, PUNT_NOTE_VERIFIED);
	assert_true(in6_is_equal(&note.key, &record.key));
	assert_true(in6_is_equal(&note.care_of_address, &record.care_of_address));
	rte_pktmbuf_free((struct rte_mbuf *)buffer);
	assert_int_equal(fixture->counters.decapsulated, 3);
	fixture_end(fixture);
}

static void refused_transmit_is_a_drop_with_a_name(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture->port_is_full = true;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 100, BURST_MAX, 1000);
	assert_int_equal(fixture->counters.drops[DROP_transmit_refused], BURST_MAX);
	assert_int_equal(fixture->counters.transmitted, 0);
	fixture_end(fixture);
}

/* B-1, M-20: answers of the control plane leave by the route, or by the tunnel when they go to a home address. */
static void injected_packets_leave(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct rte_mbuf *packets[4];

	(void)state;
	packets[0] = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:100::10", 59, 20, false);
	packets[1] = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:aa:1::1", 59, 20, false);
	packets[2] = fixture_frame(fixture, "2001:db8:77::1", "2001:db8:100::10", 59, 20, false);
	packets[3] = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:100::10", 59, 20, false);
	rte_pktmbuf_trim(packets[3], 1);
	worker_inject(&fixture->walk, packets, 4, 1000);
	assert_int_equal(fixture->counters.injected, 4);
	assert_int_equal(fixture->counters.drops[DROP_inject_malformed], 2);
	assert_int_equal(fixture->sent_count, 2);
	assert_octets(fixture->sent[0], 6, fixture_gateway_link, 6);
	assert_int_equal(fixture->counters.encapsulated, 1);
	fixture_end(fixture);
}

/* architecture.md 3, "Without the control plane" */
static void expired_bindings_live_on_while_no_owner_is_heard(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture_bind(fixture, "2001:db8:aa:2::", "2001:db8:100::20", 5000);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:2::1", 59, 100, 1, 2000);
	expiry_tick(&fixture->expiry, 20000);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:2::1", 59, 100, 1, 20000);
	assert_int_equal(fixture->sent_count, 2);
	assert_int_equal(fixture->counters.forwarded_stale, 1);
	expiry_heard(&fixture->expiry, 20001, 20001);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:2::1", 59, 100, 1, 20001);
	assert_int_equal(fixture->counters.drops[DROP_destination_expired], 1);
	fixture_end(fixture);
}

/* RFC 4861 7.2.2: with nothing but idle polls, three questions a second apart, then the packet is given up. */
static void resolution_goes_on_while_idle(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct rte_mbuf *packet;

	(void)state;
	packet = fixture_frame(fixture, "2001:db8:1::1", "2001:db8:f3::77", 59, 20, false);
	worker_inject(&fixture->walk, &packet, 1, 10000);
	for (uint64_t now_ms = 10010; now_ms < 14000; now_ms += 10)
		worker_idle(&fixture->walk, now_ms);
	assert_int_equal(fixture->counters.solicitations, 3);
	assert_int_equal(fixture->sent_count, 3);
	assert_int_equal(fixture->sent[2][ETHERNET_OCTETS + IPV6_HEADER_OCTETS], ICMPV6_NEIGHBOUR_SOLICITATION);
	assert_int_equal(fixture->counters.drops[DROP_neighbour_unresolved], 1);
	fixture_end(fixture);
}

/* A router that was found once is asked again after a while, and forgotten if it stays silent; packets then wait. */
static void silent_router_is_asked_again(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	for (uint64_t now_ms = 100000; now_ms < 104500; now_ms += 500)
		fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 100, 1, now_ms);
	assert_true(fixture->counters.solicitations >= 4);
	assert_true(fixture->walk.pending_count > 0);
	fixture_end(fixture);
}

/* All counts of the bindings are the workers' (one thread here; the threads test has several). */
static void binding_counts_what_is_forwarded(void **state)
{
	struct in6_addr key = fixture_address("2001:db8:aa:1::");
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct binding_entry *entry = table_writer_find(fixture->forwarding.table, &key);

	(void)state;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 60, BURST_MAX, 1000);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 1400, 1, 1000); /* too big */
	table_writer_drain(fixture->forwarding.table, entry);
	assert_int_equal(binding_table_cold(fixture->forwarding.table, entry)->totals.down_packets, BURST_MAX);
	assert_int_equal(binding_table_cold(fixture->forwarding.table, entry)->totals.down_octets, BURST_MAX * 100);
	fixture_end(fixture);
}

static void no_buffer_for_answers_is_no_crash(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	static struct rte_mbuf *hoard[BUFFERS];
	unsigned held = BUFFERS - BURST_MAX;

	(void)state;
	assert_int_equal(rte_pktmbuf_alloc_bulk(fixture->pool, hoard, held), 0);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 59, 1400, BURST_MAX, 1000);
	rte_pktmbuf_free_bulk(hoard, held);
	assert_int_equal(fixture->counters.received, BURST_MAX);
	fixture_end(fixture);
}

/* architecture.md 3: what is for us and not mobility control is the host's; a full queue is a drop with a name. */
static void host_gets_what_is_for_us(void **state)
{
	static const uint8_t TCP = 6;
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:1::1", TCP, 20, 1, 1000);
	assert_int_equal(fixture->counters.drops[DROP_local_unserved], 1);
	fixture->forwarding.ports[0].has_host = true;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:1::1", TCP, 20, 1, 1000);
	fixture_take_host_frames(fixture);
	assert_int_equal(fixture->host_got, 1);
	assert_octets(fixture->host_frame, 6, fixture_own_link, 6);
	assert_int_equal(fixture->host_frame[ETHERNET_OCTETS + 6], TCP);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:1::1", NEXT_HEADER_MOBILITY, 16, 1, 1000);
	assert_int_equal(rte_ring_count(fixture->to_host), 0);
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:f3::2", TCP, 20, 20, 1000);
	assert_int_equal(fixture->counters.drops[DROP_host_queue_full], 13); /* 7 go into a ring of 8 */
	fixture_end(fixture);
}

/* What was put together here is larger than the twin's MTU: it goes there in pieces. */
static void host_gets_large_packets_in_pieces(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture->forwarding.ports[0].has_host = true;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:1::1", 59, 1900, 1, 1000);
	assert_int_equal(fixture->counters.originated, 1);
	fixture_take_host_frames(fixture);
	assert_int_equal(fixture->host_got, 2);
	assert_int_equal(fixture->host_frame[ETHERNET_OCTETS + 6], NEXT_HEADER_FRAGMENT);
	fixture_end(fixture);
}

/* OSPF, router advertisements, a link-local session: the link's talk is the host's, too. */
static void host_hears_the_link(void **state)
{
	struct in6_addr link_local = fixture_address("fe80::2");
	static const uint8_t OSPF = 89;
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture->forwarding.ports[0].has_host = true;
	fixture->forwarding.ports[0].link_local = link_local;
	fixture_burst(fixture, "fe80::1", "ff02::5", OSPF, 20, 1, 1000);
	fixture_take_host_frames(fixture);
	assert_int_equal(fixture->host_frame[0], 0x33);
	assert_int_equal(fixture->host_frame[5], 5);
	fixture_burst(fixture, "fe80::1", "fe80::2", OSPF, 20, 1, 1000);
	fixture_take_host_frames(fixture);
	assert_int_equal(fixture->host_got, 2);
	fixture_burst(fixture, "fe80::1", "fe80::3", OSPF, 20, 1, 1000);
	assert_int_equal(fixture->counters.drops[DROP_destination_foreign], 1);
	fixture_end(fixture);
}

static void from_host(struct fixture *fixture, const char *source, const char *destination, uint8_t protocol)
{
	struct rte_mbuf *frame = fixture_frame(fixture, source, destination, protocol, 20, true);

	frame->port = 0;
	worker_from_host(&fixture->walk, &frame, 1, 1000);
}

/* As if it stood on the link: no hop is counted. But only from our own addresses. */
static void host_sends_by_the_walks_routes(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture->forwarding.ports[0].has_host = true;
	from_host(fixture, "2001:db8:f3::2", "2001:db8:c::1", 59);
	assert_int_equal(fixture->sent_count, 1);
	assert_octets(fixture->sent[0], 6, fixture_gateway_link, 6);
	assert_octets(fixture->sent[0] + 6, 6, fixture_own_link, 6);
	assert_int_equal(fixture->sent[0][ETHERNET_OCTETS + 7], 64);
	from_host(fixture, "2001:db8:1::1", "2001:db8:aa:1::1", 59);
	assert_int_equal(fixture->counters.encapsulated, 1);
	from_host(fixture, "2001:db8:f3::2", "ff02::5", 89);
	assert_int_equal(fixture->sent[2][0], 0x33);
	from_host(fixture, "2001:db8:c::9", "2001:db8:c::1", 59);
	from_host(fixture, "2001:db8:aa:1::1", "2001:db8:c::1", 59);
	assert_int_equal(fixture->counters.drops[DROP_host_source_foreign], 2);
	from_host(fixture, "2001:db8:f3::2", "2001:db8:1::1", 59);
	assert_int_equal(fixture->counters.drops[DROP_host_destination_refused], 1);
	assert_int_equal(fixture->counters.from_host, 6);
	fixture_end(fixture);
}

static void solicit_from_host(struct fixture *fixture, const char *source, const char *target)
{
	struct icmp6_neighbour asked = {.source = fixture_address(source), .target = fixture_address(target)};
	struct rte_mbuf *frame = rte_pktmbuf_alloc(fixture->pool);
	uint8_t *octets = (uint8_t *)rte_pktmbuf_append(frame, ETHERNET_OCTETS + NEIGHBOUR_PACKET_OCTETS);
	struct wire_writer writer = wire_writer_of(octets, ETHERNET_OCTETS + NEIGHBOUR_PACKET_OCTETS);

	icmp6_solicited_node(&asked.target, &asked.destination);
	wire_write_bytes(&writer, fixture_gateway_link, sizeof(fixture_gateway_link));
	wire_write_bytes(&writer, fixture_own_link, sizeof(fixture_own_link));
	wire_write_u16(&writer, ETHERTYPE_IPV6);
	/* the checksum is computed from the packet's own beginning */
	writer = wire_writer_of(octets + ETHERNET_OCTETS, NEIGHBOUR_PACKET_OCTETS);
	rte_pktmbuf_trim(frame, (uint16_t)(NEIGHBOUR_PACKET_OCTETS - icmp6_neighbour_write(&writer, &asked)));
	frame->port = 0;
	worker_from_host(&fixture->walk, &frame, 1, 1000);
}

/* RFC 4861 between kernel and walk: everybody is reached through us; our own addresses and their detection stay silent.
 */
static void host_finds_every_neighbour_here(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});

	(void)state;
	fixture->forwarding.ports[0].has_host = true;
	solicit_from_host(fixture, "2001:db8:f3::2", "2001:db8:f3::1");
	fixture_take_host_frames(fixture);
	assert_int_equal(fixture->host_got, 1);
	assert_int_equal(fixture->host_frame[ETHERNET_OCTETS + IPV6_HEADER_OCTETS], ICMPV6_NEIGHBOUR_ADVERTISEMENT);
	solicit_from_host(fixture, "::", "2001:db8:f3::2");
	solicit_from_host(fixture, "2001:db8:f3::2", "2001:db8:1::1");
	assert_int_equal(rte_ring_count(fixture->to_host), 0);
	assert_int_equal(fixture->counters.consumed, 3);
	assert_int_equal(fixture->sent_count, 0);
	fixture_end(fixture);
}

/* The short way takes what is ordinary, in a burst of both kinds, and leaves the others as they came. */
static void short_way_takes_the_ordinary_alone(void **state)
{
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	struct burst both = {.count = BURST_MAX};
	struct binding_lookup nothing = {0};

	(void)state;
	fixture_burst(fixture, "2001:db8:c::1", "2001:db8:aa:1::1", 17, 60, 1,
	              1000); /* notes that the router is in use */
	fixture->sent_count = 0;
	for (unsigned i = 0; i < BURST_MAX; i++)
		both.frames[i] =
		        fixture_frame(fixture, "2001:db8:c::1", i % 2 ? "2001:db8:aa:1::1" : "2001:db8:aa:9999::1",
		                      i == 3 ? 59 : 17, i == 5 ? 1400 : 60, true);
	ordinary_read(&fixture->walk, &both);
	binding_lookup_begin(fixture->forwarding.table, &both.lookup, BURST_MAX);
	binding_lookup_locate(fixture->forwarding.table, &both.lookup, BURST_MAX);
	ordinary_finish(&fixture->walk, &both, &nothing, &nothing);
	assert_int_equal(both.count, BURST_MAX / 2 + 2); /* unbound ones, no UDP, too big */
	assert_int_equal(rte_pktmbuf_mtod(both.frames[0], const uint8_t *)[ETHERNET_OCTETS + 7], 64);
	assert_int_equal(fixture->counters.encapsulated, 1 + BURST_MAX - both.count);
	fixture->counters.received += BURST_MAX - both.count;
	worker_burst(&fixture->walk, both.frames, both.count, 0, 1000);
	assert_int_equal(fixture->counters.drops[DROP_destination_unbound], BURST_MAX / 2);
	assert_int_equal(fixture->counters.drops[DROP_too_big], 1);
	assert_int_equal(fixture->counters.encapsulated, BURST_MAX / 2);
	fixture_end(fixture);
}

static struct rte_mbuf *arp_frame(struct fixture *fixture, const char *sender, const char *target)
{
	struct arp_packet asked = {
	        .operation = ARP_REQUEST, .sender = fixture_address(sender), .target = fixture_address(target)};
	struct rte_mbuf *frame = rte_pktmbuf_alloc(fixture->pool);
	enum { OCTETS = ETHERNET_OCTETS + ARP_OCTETS };
	struct wire_writer writer = wire_writer_of(rte_pktmbuf_append(frame, OCTETS), OCTETS);

	memcpy(asked.sender_link, fixture_own_link, sizeof(fixture_own_link));
	wire_write_bytes(&writer, fixture_gateway_link, sizeof(fixture_gateway_link));
	wire_write_bytes(&writer, fixture_own_link, sizeof(fixture_own_link));
	wire_write_u16(&writer, ETHERTYPE_ARP);
	arp_write(&writer, &asked);
	assert_int_equal(wire_written(&writer), OCTETS);
	frame->port = 0;
	return frame;
}

/* RFC 826, RFC 5227: the same for IPv4, once it is served. */
static void host_finds_every_ipv4_neighbour_here(void **state)
{
	struct in6_addr own = fixture_address("::ffff:203.0.113.10");
	struct fixture *fixture = fixture_make((struct forwarding_limits){0});
	static const char *const targets[] = {"::ffff:203.0.113.9", "::ffff:203.0.113.10", "::ffff:203.0.113.9"};

	(void)state;
	fixture->forwarding.ports[0].has_host = true;
	assert_true(forwarding_add_own(&fixture->forwarding, &own, 0) >= 0);
	for (unsigned i = 0; i < 3; i++) {
		struct rte_mbuf *frame = arp_frame(fixture, "::ffff:203.0.113.10", targets[i]);

		fixture->forwarding.serves_ipv4 = i < 2;
		worker_from_host(&fixture->walk, &frame, 1, 1000);
	}
	fixture_take_host_frames(fixture);
	assert_int_equal(fixture->host_got, 1);
	assert_int_equal(fixture->host_frame[ETHERNET_OCTETS + 7], ARP_REPLY);
	assert_int_equal(fixture->counters.consumed, 2);
	assert_int_equal(fixture->counters.drops[DROP_ipv4_unserved], 1);
	fixture_end(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(errors_have_a_rate),
	        cmocka_unit_test(punts_have_a_rate_a_class_and_a_bounded_ring),
	        cmocka_unit_test(punt_carries_the_whole_packet),
	        cmocka_unit_test(a_verified_care_of_address_is_told_once),
	        cmocka_unit_test(refused_transmit_is_a_drop_with_a_name),
	        cmocka_unit_test(injected_packets_leave),
	        cmocka_unit_test(expired_bindings_live_on_while_no_owner_is_heard),
	        cmocka_unit_test(resolution_goes_on_while_idle),
	        cmocka_unit_test(silent_router_is_asked_again),
	        cmocka_unit_test(binding_counts_what_is_forwarded),
	        cmocka_unit_test(no_buffer_for_answers_is_no_crash),
	        cmocka_unit_test(host_gets_what_is_for_us),
	        cmocka_unit_test(host_gets_large_packets_in_pieces),
	        cmocka_unit_test(host_hears_the_link),
	        cmocka_unit_test(host_sends_by_the_walks_routes),
	        cmocka_unit_test(host_finds_every_neighbour_here),
	        cmocka_unit_test(host_finds_every_ipv4_neighbour_here),
	        cmocka_unit_test(short_way_takes_the_ordinary_alone),
	};

	if (fixture_start_dpdk() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
