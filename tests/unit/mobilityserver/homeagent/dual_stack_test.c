// SPDX-License-Identifier: BSD-3-Clause
/* Binding Updates from IPv4 networks, in UDP: M-22 to M-26, M-4, M-8, M-12. RFC 5555 4.2, 4.5. */
#include "home_world.h"
#include "ip.h"
#include "vectors.h"

enum { ALL_ONES = 0xffffffff, NAT_REFRESH_S = 110, NAT_UNITS_MAX = 30, F = 0x8000, UNITS = 150 };

#define BELIEVED "::ffff:192.0.2.7" /* of option 32 */
#define NAT      "::ffff:198.51.100.1"

static struct home_world world;
static struct node node;

static int start(void **state)
{
	(void)state;
	world_start(&world);
	node = node_of(0);
	node.mac_care_of_address = address_of(BELIEVED);
	return world_associate(&world, &node, 7200);
}

static int end(void **state)
{
	(void)state;
	world_end(&world);
	return 0;
}

static const struct home_agent_counters *counters(void)
{
	return home_agent_counters(world.agent);
}

static struct update update_of(uint16_t sequence, const char *source, uint16_t port)
{
	return (struct update){.sequence = sequence, .lifetime_units = UNITS, .udp_source = source, .udp_port = port};
}

static struct acknowledged exchange(uint16_t sequence, const char *source, uint16_t port, uint8_t status)
{
	const struct update update = update_of(sequence, source, port);

	return world_exchange(&world, &node, &update, status);
}

static void assert_bound_in_udp(const char *care_of_address, uint16_t port)
{
	struct binding_view view;

	assert_bound_to(&world, &node, care_of_address);
	assert_true(world_bound(&world, &node, &view));
	assert_int_equal(view.row->port, port);
	assert_int_equal(view.row->tunnel_kind, FEED_TUNNEL_IP6_IN_UDP4);
	assert_int_equal(view.row->inner_mtu_bytes, 1500 - 28);
}

/* M-23, M-24: without a NAT nothing needs to be kept alive. */
static void an_update_in_udp_is_bound_to_source_and_port(void **state)
{
	struct in6_addr source = address_of(BELIEVED);
	struct acknowledged acknowledged = exchange(1, BELIEVED, 40001, MOBILITY_STATUS_ACCEPTED);

	(void)state;
	assert_int_equal(acknowledged.port, 40001);
	assert_true(in6_is_equal(&acknowledged.outer_destination, &source));
	assert_int_equal(acknowledged.nat_flags, F);
	assert_int_equal(acknowledged.nat_refresh_s, ALL_ONES);
	assert_int_equal(acknowledged.lifetime_units, UNITS);
	assert_true(acknowledged.not_before.epoch && acknowledged.not_before.sequence);
	assert_bound_in_udp(BELIEVED, 40001);
	assert_int_equal(counters()->behind_nat, 0);
}

/* M-23 to M-25: what the NAT made of it is bound, and answered, for two minutes at most. */
static void a_nat_is_told_and_bound(void **state)
{
	struct in6_addr nat = address_of(NAT);
	struct acknowledged acknowledged = exchange(1, NAT, 1024, MOBILITY_STATUS_ACCEPTED);

	(void)state;
	assert_int_equal(acknowledged.port, 1024);
	assert_true(in6_is_equal(&acknowledged.outer_destination, &nat));
	assert_int_equal(acknowledged.nat_flags, F);
	assert_int_equal(acknowledged.nat_refresh_s, NAT_REFRESH_S);
	assert_int_equal(acknowledged.lifetime_units, NAT_UNITS_MAX);
	assert_bound_in_udp(NAT, 1024);
	acknowledged = exchange(2, NAT, 1025, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(acknowledged.port, 1025);
	assert_bound_in_udp(NAT, 1025);
	assert_int_equal(counters()->behind_nat, 2);
	world_pass(&world, 121000);
	assert_bound_to(&world, &node, NULL);
}

/* Two nodes behind one address of a NAT differ by their ports alone (M-23). */
static void two_nodes_share_a_nat(void **state)
{
	struct node other = node_of(1);
	const struct update update = update_of(9, NAT, 2000);
	struct binding_view view;

	(void)state;
	other.mac_care_of_address = address_of(BELIEVED);
	assert_int_equal(world_associate(&world, &other, 7200), 0);
	exchange(1, NAT, 1024, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(world_exchange(&world, &other, &update, MOBILITY_STATUS_ACCEPTED).port, 2000);
	assert_bound_in_udp(NAT, 1024);
	assert_true(world_bound(&world, &other, &view));
	assert_int_equal(view.row->port, 2000);
}

/* M-25, M-12: refused with 129, and what is bound stays; to give a binding up is always permitted. */
static void without_permission_a_nat_is_129(void **state)
{
	struct update update = update_of(3, NAT, 1024);

	(void)state;
	world.options.nat_permitted = false;
	world_restart(&world);
	exchange(1, BELIEVED, 40001, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(exchange(2, NAT, 1024, MOBILITY_STATUS_PROHIBITED).port, 1024);
	assert_int_equal(counters()->nat_refused, 1);
	assert_bound_in_udp(BELIEVED, 40001);
	update.lifetime_units = 0;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	assert_bound_to(&world, &node, NULL);
}

static void without_the_service_it_is_129(void **state)
{
	(void)state;
	node.spi++;
	node.services = 1;
	assert_int_equal(world_associate(&world, &node, 7200), 0);
	exchange(1, BELIEVED, 40001, MOBILITY_STATUS_PROHIBITED);
	assert_int_equal(counters()->not_dual_stack, 1);
	assert_bound_to(&world, &node, NULL);
}

/* M-8: octets that were recorded, sent from elsewhere: the node gets its answer again, and nothing moves. */
static void a_recorded_update_from_elsewhere_moves_nothing(void **state)
{
	const struct update replayed = update_of(1, "::ffff:203.0.113.99", 7);

	(void)state;
	exchange(1, BELIEVED, 40001, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(world_exchange(&world, &node, &replayed, MOBILITY_STATUS_ACCEPTED).port, 40001);
	assert_bound_in_udp(BELIEVED, 40001);
	exchange(2, BELIEVED, 40001, MOBILITY_STATUS_ACCEPTED);
	world_exchange(&world, &node, &replayed, MOBILITY_STATUS_SEQUENCE);
	assert_bound_in_udp(BELIEVED, 40001);
}

/* M-22: a home address option, a missing option 32, a source that nobody has: no update of ours. */
static void what_is_not_of_this_form_is_silent(void **state)
{
	struct update updates[] = {update_of(1, BELIEVED, 1), update_of(1, BELIEVED, 1),
	                           update_of(1, "::ffff:127.0.0.1", 1), update_of(1, "::ffff:0.0.0.0", 1)};

	(void)state;
	updates[0].with_home_address = true;
	updates[1].without_ipv4 = true;
	for (size_t i = 0; i < sizeof(updates) / sizeof(updates[0]); i++)
		world_send(&world, &node, &updates[i]);
	world_assert_silence(&world);
	assert_int_equal(counters()->malformed, 4);
	assert_bound_to(&world, &node, NULL);
}

/* RFC 6275 9.2 tells the sender of an unknown type, but in UDP the inner source may be anybody. */
static void an_unknown_type_in_udp_is_silent(void **state)
{
	const struct update update = update_of(1, BELIEVED, 1);
	uint8_t octets[512];
	size_t length = update_packet(&node, &update, octets, sizeof(octets));

	(void)state;
	octets[IPV4_HEADER_OCTETS + 6] = octets[IPV4_HEADER_OCTETS + 7] = 0; /* no checksum of UDP */
	octets[IPV4_HEADER_OCTETS + UDP_HEADER_OCTETS + IPV6_HEADER_OCTETS + 2] = 99;
	world_send_octets(&world, octets, length);
	assert_int_equal(counters()->malformed, 1);
	world_assert_silence(&world);
}

static void one_cut_short_is_silent(void **state)
{
	const struct update update = update_of(1, BELIEVED, 1);
	uint8_t octets[512];
	size_t length = update_packet(&node, &update, octets, sizeof(octets));

	(void)state;
	for (size_t cut = 0; cut < length; cut++)
		world_send_octets(&world, octets, cut);
	assert_int_equal(counters()->malformed, length);
	octets[21] ^= 1; /* to another port */
	world_send_octets(&world, octets, length);
	assert_int_equal(counters()->malformed, length + 1);
	world_assert_silence(&world);
}

/* M-26: no lease has an IPv4 home address; the binding of the IPv6 one stands. */
static void an_ipv4_home_address_is_refused_alone(void **state)
{
	static const uint8_t any[6] = {32 << 2}, some[6] = {32 << 2, 0, 198, 18, 0, 7};
	struct update update = update_of(1, BELIEVED, 40001);

	(void)state;
	update.ipv4_home_address = any;
	assert_int_equal(world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED).ipv4_status,
	                 MOBILITY_IPV4_NOT_AVAILABLE);
	update.sequence++;
	update.ipv4_home_address = some;
	assert_int_equal(world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED).ipv4_status,
	                 MOBILITY_IPV4_INCORRECT);
	assert_bound_in_udp(BELIEVED, 40001);
}

/* M-9 */
static void the_port_outlives_a_crash(void **state)
{
	(void)state;
	exchange(1, NAT, 1024, MOBILITY_STATUS_ACCEPTED);
	world_restart(&world);
	assert_bound_in_udp(NAT, 1024);
	exchange(1, NAT, 1024, MOBILITY_STATUS_SEQUENCE);
}

/* M-20: back in an IPv6 network the answer goes natively again. */
static void families_may_change(void **state)
{
	struct binding_view view;

	(void)state;
	exchange(1, NAT, 1024, MOBILITY_STATUS_ACCEPTED);
	node.mac_care_of_address = in6addr_any;
	assert_int_equal(world_exchange(&world, &node, &(struct update){.sequence = 2, .lifetime_units = UNITS},
	                                MOBILITY_STATUS_ACCEPTED)
	                         .port,
	                 0);
	assert_true(world_bound(&world, &node, &view));
	assert_int_equal(view.row->tunnel_kind, FEED_TUNNEL_IP6_IN_IP6);
	assert_int_equal(view.row->port, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, end)
	        RULE(an_update_in_udp_is_bound_to_source_and_port),
	        RULE(a_nat_is_told_and_bound),
	        RULE(two_nodes_share_a_nat),
	        RULE(without_permission_a_nat_is_129),
	        RULE(without_the_service_it_is_129),
	        RULE(a_recorded_update_from_elsewhere_moves_nothing),
	        RULE(what_is_not_of_this_form_is_silent),
	        RULE(an_unknown_type_in_udp_is_silent),
	        RULE(one_cut_short_is_silent),
	        RULE(an_ipv4_home_address_is_refused_alone),
	        RULE(the_port_outlives_a_crash),
	        RULE(families_may_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
