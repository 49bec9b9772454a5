// SPDX-License-Identifier: BSD-3-Clause
/* Binding Updates, one rule after the other (protocols.md 4): acceptance, statuses, lifetimes, de-registration, rates.
 */
#include "home_world.h"

#include "ip.h"
#include "vectors.h"

static struct home_world world;
static struct node node;

static int start(void **state)
{
	(void)state;
	world_start(&world);
	node = node_of(0);
	assert_int_equal(world_associate(&world, &node, 7200), 0);
	world_assert_silence(&world);
	return 0;
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

/* M-20, M-13, architecture.md 2: answered under its SPI, after the row was published, not before its version */
static void a_registration_is_bound_and_acknowledged(void **state)
{
	const struct update update = {.sequence = 4660, .lifetime_units = 150};
	const struct binding_model_tables *tables = store_model_tables(world.store, BINDING_STORE_PORT);
	struct acknowledged acknowledged;
	struct binding_view view;

	(void)state;
	acknowledged = world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
	assert_int_equal(acknowledged.sequence, 4660);
	assert_int_equal(acknowledged.lifetime_units, 150);
	assert_true(in6_is_equal(&acknowledged.destination, &node.care_of_address));
	assert_true(acknowledged.has_routing_header);
	assert_true(acknowledged.not_before.epoch == 1 && acknowledged.not_before.sequence == 1);
	assert_int_equal(acknowledged.shard, subscriber_shard(node.subscriber));
	assert_int_equal(world.published_at_injection, 1);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	assert_true(world_bound(&world, &node, &view));
	assert_int_equal(view.row->key_length, 64);
	assert_int_equal(view.row->inner_mtu_bytes, 1460);
	assert_int_equal(view.row->flags, FEED_FLAG_CARE_OF_UNVERIFIED);
	assert_true(view.row->expiry_unix_ms == world.now.unix_ms + 600000);
	assert_int_equal(tables->binding_count, 1);
	assert_int_equal(tables->associations[0].last_number, 4660); /* M-9 */
	assert_int_equal(counters()->accepted, 1);
}

/* M-20: whatever A says */
static void an_update_without_a_is_acknowledged_too(void **state)
{
	const struct update update = {.sequence = 1,
	                              .lifetime_units = 150,
	                              .flags = MOBILITY_FLAG_HOME_REGISTRATION | MOBILITY_FLAG_KEY_MANAGEMENT};

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_ACCEPTED);
}

/* M-1 */
static void other_than_home_registrations_are_silent(void **state)
{
	const struct update without_h = {.sequence = 9, .lifetime_units = 150, .flags = MOBILITY_FLAG_ACKNOWLEDGE};
	const struct update nonces = {.sequence = 9, .lifetime_units = 150, .with_nonce_indices = true};

	(void)state;
	world_send(&world, &node, &nonces);
	world_assert_silence(&world);
	assert_int_equal(counters()->not_home_registration, 1);
	world_send(&world, &node, &without_h);
	world_assert_silence(&world);
	assert_int_equal(counters()->not_home_registration, 2);
	node.home_address = address_of("ff02::1");
	world_send(&world, &node, &(struct update){.sequence = 9, .lifetime_units = 150});
	world_assert_silence(&world);
	assert_int_equal(counters()->not_home_registration, 3);
}

/* M-2 */
static void a_wrong_checksum_is_silent(void **state)
{
	const struct update update = {.sequence = 9, .lifetime_units = 150, .wrong_checksum = true};

	(void)state;
	world_send(&world, &node, &update);
	world_assert_silence(&world);
	assert_int_equal(counters()->checksum, 1);
	assert_bound_to(&world, &node, NULL);
	world_exchange(&world, &node, &(struct update){.sequence = 9, .lifetime_units = 150}, 0); /* not used up */
}

/* M-2, M-3: RFC 4285's option, once, of the node and the home agent, and last */
static void without_authentication_there_is_silence(void **state)
{
	const struct update without = {.sequence = 9, .lifetime_units = 150, .without_authentication = true};
	const struct update of_aaa = {.sequence = 9, .lifetime_units = 150, .authentication_subtype = 2};
	const struct update not_last = {.sequence = 9, .lifetime_units = 150, .option_behind = true};

	(void)state;
	world_send(&world, &node, &without);
	world_send(&world, &node, &of_aaa);
	world_send(&world, &node, &not_last);
	world_assert_silence(&world);
	assert_int_equal(counters()->unauthenticated, 3);
}

/* M-2, M-7: unknown SPI and another's home address are silent and counted apart */
static void who_is_not_known_is_told_nothing(void **state)
{
	const struct update update = {.sequence = 9, .lifetime_units = 150};
	struct node other = node_of(1);

	(void)state;
	world_send(&world, &other, &update);
	world_assert_silence(&world);
	assert_int_equal(counters()->unknown_spi, 1);
	other.spi = node.spi;
	world_send(&world, &other, &update);
	world_assert_silence(&world);
	assert_int_equal(counters()->unknown_spi, 1);
	assert_int_equal(counters()->foreign_home_address, 1);
	world_send(&world, &node,
	           &(struct update){.sequence = 9, .lifetime_units = 150, .home_agent = "2001:db8:1::2"});
	world_assert_silence(&world);
	assert_int_equal(counters()->foreign_home_agent, 1);
}

/* M-2, M-5, M-12, RFC 4285 5.1.1 */
static void a_wrong_mac_is_146_once_a_second(void **state)
{
	const struct update good = {.sequence = 1, .lifetime_units = 150};
	const struct update forged = {.sequence = 2, .lifetime_units = 0, .wrong_mac = true};
	struct acknowledged acknowledged;

	(void)state;
	world_exchange(&world, &node, &good, 0);
	acknowledged = world_exchange(&world, &node, &forged, MOBILITY_STATUS_AUTHENTICATION_FAILED);
	assert_int_equal(acknowledged.sequence, 2);
	assert_int_equal(acknowledged.not_before.epoch, 0);
	for (int i = 0; i < 5; i++)
		world_send(&world, &node, &forged);
	world_assert_silence(&world);
	world_pass(&world, 999);
	world_send(&world, &node, &forged);
	world_assert_silence(&world);
	world_pass(&world, 1);
	world_exchange(&world, &node, &forged, MOBILITY_STATUS_AUTHENTICATION_FAILED);
	assert_int_equal(counters()->mac, 8);
	assert_int_equal(counters()->answers_withheld, 6);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_exchange(&world, &node, &(struct update){.sequence = 2, .lifetime_units = 150},
	               0); /* number not used up */
}

/* M-6 */
static void a_wrong_or_missing_nai_is_as_a_wrong_mac(void **state)
{
	const struct update without = {.sequence = 1, .lifetime_units = 150, .without_nai = true};
	struct node misnamed = node;

	(void)state;
	world_exchange(&world, &node, &without, MOBILITY_STATUS_AUTHENTICATION_FAILED);
	world_pass(&world, 1000);
	misnamed.nai = "maija@sonera.example";
	world_send(&world, &misnamed, &(struct update){.sequence = 1, .lifetime_units = 150});
	assert_int_equal(world_acknowledged(&world, &node).status, MOBILITY_STATUS_AUTHENTICATION_FAILED);
	assert_int_equal(counters()->nai, 2);
	assert_bound_to(&world, &node, NULL);
}

/* M-2, M-8: 135 with the last number; modulo 2^16 */
static void old_numbers_are_135_with_the_last_one(void **state)
{
	static const struct {
		uint16_t sequence;
		uint8_t status;
		uint16_t answered;
	} steps[] = {
	        {65534, 0, 65534}, {65534 - 1, 135, 65534}, {65535, 0, 65535}, {1, 0, 1}, {65535, 135, 1},
	        {0, 135, 1},       {32769, 135, 1},         {2, 0, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const struct update update = {.sequence = steps[i].sequence, .lifetime_units = 150};

		assert_int_equal(world_exchange(&world, &node, &update, steps[i].status).sequence, steps[i].answered);
		world_pass(&world, 1000);
	}
	assert_int_equal(counters()->sequence, 4);
}

/* M-8: an octet-identical update gets the same acknowledgement, octet for octet, and does nothing */
static void a_repeated_update_is_answered_alike(void **state)
{
	const struct update update = {.sequence = 7, .lifetime_units = 150};
	uint8_t packet[512];
	size_t octets = update_packet(&node, &update, packet, sizeof(packet));
	struct injected first;

	(void)state;
	world_send_octets(&world, packet, octets);
	first = world.injected[0];
	world.injected_count = 0;
	world_pass(&world, 2500);
	world_send_octets(&world, packet, octets);
	assert_int_equal(world.injected_count, 1);
	assert_octets(world.injected[0].packet, world.injected[0].octets, first.packet, first.octets);
	assert_int_equal(counters()->repeated, 1);
	assert_int_equal(counters()->accepted, 1);
	assert_int_equal(world.published, 1);
	/* the same number with other content is not a repetition */
	world.injected_count = 0;
	world_exchange(&world, &node, &(struct update){.sequence = 7, .lifetime_units = 151}, 135);
}

/* M-8: every update that passed MAC and sequence uses up its number, refused or not */
static void a_refused_update_uses_up_its_number(void **state)
{
	const struct update refused = {.sequence = 7, .lifetime_units = 0};
	const struct binding_model_tables *tables = store_model_tables(world.store, BINDING_STORE_PORT);

	(void)state;
	world_exchange(&world, &node, &refused, MOBILITY_STATUS_NOT_HOME_AGENT);
	assert_int_equal(tables->associations[0].last_number, 7);
	world_exchange(&world, &node, &(struct update){.sequence = 7, .lifetime_units = 150}, 135);
	world_exchange(&world, &node, &(struct update){.sequence = 8, .lifetime_units = 150}, 0);
}

/* L-3: beyond half of the number space old updates would be new again */
static void the_number_space_of_an_association_ends(void **state)
{
	uint16_t sequence = 100;

	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = sequence, .lifetime_units = 150}, 0);
	for (int i = 0; i < 4; i++) {
		world_pass(&world, 1000);
		sequence += 8000;
		world_exchange(&world, &node, &(struct update){.sequence = sequence, .lifetime_units = 150}, 0);
	}
	world_pass(&world, 1000);
	sequence = 100 + 32768;
	world_exchange(&world, &node, &(struct update){.sequence = sequence, .lifetime_units = 150},
	               MOBILITY_STATUS_PROHIBITED);
	assert_int_equal(counters()->exhausted, 1);
	assert_bound_to(&world, &node, "2001:db8:c::77");
}

/* M-4: both options that name a care-of address */
static void two_care_of_options_are_128(void **state)
{
	const struct update update = {.sequence = 1,
	                              .lifetime_units = 150,
	                              .with_alternate = true,
	                              .with_ipv4 = true,
	                              .alternate = node.care_of_address};

	(void)state;
	world_exchange(&world, &node, &update, MOBILITY_STATUS_REASON_UNSPECIFIED);
	assert_int_equal(counters()->both_care_of_options, 1);
}

/* 132 */
static void a_home_address_outside_the_home_prefixes_is_132(void **state)
{
	struct node stray = node_of(1);

	(void)state;
	stray.home_address = address_of("2001:db8:bb:1::1234");
	assert_int_equal(world_associate(&world, &stray, 7200), 0);
	world_exchange(&world, &stray, &(struct update){.sequence = 1, .lifetime_units = 150},
	               MOBILITY_STATUS_NOT_HOME_SUBNET);
}

/* M-16, M-18, M-12 */
static void a_care_of_address_that_may_not_be_is_174(void **state)
{
	static const char *const wrong[] = {
	        "2001:db8:aa:9::1", /* in a home prefix */
	        "2001:db8:1::77",   /* in a service prefix */
	        HOME_AGENT_ADDRESS, /* ours */
	        "2001:db8:2::1",    /* another home agent's tunnel end */
	        "fd00::1",          /* not global */
	        "fec0::1",
	};
	const struct update good = {.sequence = 1, .lifetime_units = 150};
	struct update update = {.sequence = 2, .lifetime_units = 150, .with_alternate = true};

	(void)state;
	world_exchange(&world, &node, &good, 0);
	world.options.alternate_care_of_free = false;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct node moved = node;

		moved.care_of_address = address_of(wrong[i]);
		update.alternate = moved.care_of_address;
		world_pass(&world, 1000);
		world_exchange(&world, &moved, &update, MOBILITY_STATUS_CARE_OF_ADDRESS);
		update.sequence++;
		assert_bound_to(&world, &node, "2001:db8:c::77");
	}
	/* the alternate one is not the source */
	update.alternate = address_of("2001:db8:d::1");
	node.mac_care_of_address = update.alternate;
	world_pass(&world, 1000);
	world_exchange(&world, &node, &update, MOBILITY_STATUS_CARE_OF_ADDRESS);
	assert_int_equal(counters()->care_of_address, 7);
	/* an IPv4 care-of address needs DSMIPv6 */
	node.mac_care_of_address = address_of("::ffff:192.0.2.7");
	update = (struct update){.sequence = 40, .lifetime_units = 150, .with_ipv4 = true};
	world_exchange(&world, &node, &update, MOBILITY_STATUS_CARE_OF_ADDRESS);
	assert_bound_to(&world, &node, "2001:db8:c::77");
}

/* M-4, M-16: the alternate care-of address is under the MAC and is the one that is bound */
static void the_alternate_care_of_address_is_bound(void **state)
{
	struct update update = {
	        .sequence = 1, .lifetime_units = 150, .with_alternate = true, .alternate = node.care_of_address};

	(void)state;
	world_exchange(&world, &node, &update, 0);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_end(&world);
	world_start(&world);
	world.options.alternate_care_of_free = true;
	world_restart(&world);
	assert_int_equal(world_associate(&world, &node, 7200), 0);
	update.alternate = address_of("2001:db8:d::1");
	node.mac_care_of_address = update.alternate;
	world_exchange(&world, &node, &update, 0);
	assert_bound_to(&world, &node, "2001:db8:d::1");
}

/* 130: no room */
static void a_full_table_is_130(void **state)
{
	const struct update update = {.sequence = 1, .lifetime_units = 150};

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct node other = node_of(i);

		if (i > 0)
			assert_int_equal(world_associate(&world, &other, 7200), 0);
		world_exchange(&world, &other, &update, i < 3 ? 0 : MOBILITY_STATUS_INSUFFICIENT_RESOURCES);
	}
	/* who has a binding keeps it and may move */
	world_exchange(&world, &node, &(struct update){.sequence = 2, .lifetime_units = 150}, 0);
}

/* M-13: the shortest bound, exactly; the acknowledgement says what remains, rounded down */
static void a_binding_ends_with_its_shortest_bound(void **state)
{
	const struct update update = {.sequence = 1, .lifetime_units = 65535};
	struct node brief = node_of(1);
	struct binding_view view;

	(void)state;
	assert_int_equal(world_exchange(&world, &node, &update, 0).lifetime_units, 900); /* policy: an hour */
	assert_int_equal(world_associate(&world, &brief, 62), 0);
	assert_int_equal(world_exchange(&world, &brief, &update, 0).lifetime_units, 15); /* L-2 */
	world_pass(&world, 61999);
	assert_true(world_bound(&world, &brief, &view));
	world_pass(&world, 1);
	assert_false(world_bound(&world, &brief, &view));
	assert_int_equal(counters()->expired, 1);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	/* and its association is dead: silence, not 133 */
	world_send(&world, &brief, &(struct update){.sequence = 2, .lifetime_units = 150});
	world_assert_silence(&world);
	assert_int_equal(counters()->dead_association, 1);
}

static void a_refresh_lengthens_the_binding(void **state)
{
	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 10}, 0);
	world_pass(&world, 30000);
	world_exchange(&world, &node, &(struct update){.sequence = 2, .lifetime_units = 10}, 0);
	world_pass(&world, 39999);
	assert_bound_to(&world, &node, "2001:db8:c::77");
	world_pass(&world, 1);
	assert_bound_to(&world, &node, NULL);
	/* M-8: the number outlives the binding */
	world_exchange(&world, &node, &(struct update){.sequence = 2, .lifetime_units = 11}, 135);
	world_exchange(&world, &node, &(struct update){.sequence = 3, .lifetime_units = 10}, 0);
}

/* M-14, M-8 */
static void deregistration_withdraws_at_once(void **state)
{
	const struct binding_model_tables *tables = store_model_tables(world.store, BINDING_STORE_PORT);
	struct acknowledged acknowledged;

	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
	acknowledged = world_exchange(&world, &node, &(struct update){.sequence = 2, .lifetime_units = 0}, 0);
	assert_int_equal(acknowledged.lifetime_units, 0);
	assert_true(acknowledged.not_before.sequence == 2); /* not before it is withdrawn */
	assert_bound_to(&world, &node, NULL);
	assert_int_equal(tables->binding_count, 0);
	assert_int_equal(counters()->deregistered, 1);
	/* the delayed update from the visited link */
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 151}, 135);
	assert_bound_to(&world, &node, NULL);
	world_exchange(&world, &node, &(struct update){.sequence = 3, .lifetime_units = 0},
	               MOBILITY_STATUS_NOT_HOME_AGENT);
}

/* M-13, M-14: at home, without home address option; the answer goes to the home address without routing header */
static void a_node_at_home_deregisters(void **state)
{
	struct acknowledged acknowledged;

	(void)state;
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 150}, 0);
	acknowledged = world_exchange(&world, &node,
	                              &(struct update){.sequence = 2, .lifetime_units = 150, .at_home = true}, 0);
	assert_true(in6_is_equal(&acknowledged.destination, &node.home_address));
	assert_false(acknowledged.has_routing_header);
	assert_int_equal(acknowledged.lifetime_units, 0);
	assert_bound_to(&world, &node, NULL);
}

/* M-21: three a second of one node; sequence decides, not time */
static void a_node_sends_three_a_second(void **state)
{
	unsigned answered;

	(void)state;
	for (uint16_t i = 1; i <= 10; i++)
		world_send(&world, &node, &(struct update){.sequence = i, .lifetime_units = 150});
	answered = (unsigned)world.injected_count;
	assert_int_equal(answered, 3);
	assert_int_equal(counters()->rate_of_node, 7);
	world.injected_count = 0;
	world_pass(&world, 1000);
	world_exchange(&world, &node, &(struct update){.sequence = 11, .lifetime_units = 150}, 0);
}

/* M-21: reordered after a handover: the newer number stays */
static void a_late_update_does_not_move_the_binding_back(void **state)
{
	struct node moved = node;

	(void)state;
	moved.care_of_address = address_of("2001:db8:d::78");
	world_exchange(&world, &moved, &(struct update){.sequence = 2, .lifetime_units = 150}, 0);
	world_exchange(&world, &node, &(struct update){.sequence = 1, .lifetime_units = 150}, 135);
	assert_bound_to(&world, &node, "2001:db8:d::78");
}

/* M-5, M-21: each of a thousand forged and a thousand replayed updates counts in one line and changes nothing */
static void floods_are_counted_by_name_and_change_nothing(void **state)
{
	const struct update forged = {.sequence = 9, .lifetime_units = 150, .wrong_mac = true};
	uint8_t replayed[512];
	size_t octets;
	struct node moved = node;

	(void)state;
	octets = update_packet(&node, &(struct update){.sequence = 1, .lifetime_units = 150}, replayed,
	                       sizeof(replayed));
	world_send_octets(&world, replayed, octets);
	world_acknowledged(&world, &node);
	moved.care_of_address = address_of("2001:db8:d::78");
	world_exchange(&world, &moved, &(struct update){.sequence = 2, .lifetime_units = 150}, 0);
	for (int i = 0; i < 1000; i++) {
		world_send(&world, &moved, &forged);
		world_send_octets(&world, replayed, octets);
		world_pass(&world, 5);
		assert_true(world.injected_count < 40); /* 146 once, 135 three times a second */
	}
	assert_int_equal(counters()->mac + counters()->sequence + counters()->rate_of_source, 2000);
	assert_true(counters()->mac > 0 && counters()->sequence > 0 && counters()->rate_of_source > 0);
	assert_int_equal(counters()->accepted, 2);
	assert_int_equal(world.published, 2);
	assert_bound_to(&world, &node, "2001:db8:d::78");
	world.injected_count = 0;
	world_exchange(&world, &moved, &(struct update){.sequence = 3, .lifetime_units = 150}, 0); /* not locked out */
}

/* RFC 6275 9.2 and what is no Binding Update at all */
static void foreign_packets_change_nothing(void **state)
{
	static const uint8_t unknown[8] = {59, 0, 99};
	static const uint8_t refresh_request[8] = {59, 0, 0};
	struct mobility_packet packet = {.source = node.care_of_address,
	                                 .destination = address_of(HOME_AGENT_ADDRESS),
	                                 .message = {unknown, sizeof(unknown)}};
	struct ip_packet read;
	struct mobility_header header;
	uint8_t octets[512];
	struct wire_writer writer = wire_writer_of(octets, sizeof(octets));
	size_t length = mobility_packet_write(&writer, &packet);

	(void)state;
	world_send_octets(&world, octets, length);
	assert_int_equal(ip_packet_read(world.injected[0].packet, world.injected[0].octets, &read), 0);
	assert_int_equal(mobility_header_read(read.payload.bytes, read.payload.octets, &header), 0);
	assert_int_equal(header.type, MOBILITY_BINDING_ERROR);
	assert_int_equal(header.binding_error.status, MOBILITY_ERROR_UNKNOWN_TYPE);
	assert_true(in6_is_equal(&read.destination, &node.care_of_address));
	world.injected_count = 0;
	packet.message = (struct wire_view){refresh_request, sizeof(refresh_request)};
	writer = wire_writer_of(octets, sizeof(octets));
	world_send_octets(&world, octets, mobility_packet_write(&writer, &packet));
	assert_int_equal(counters()->other_messages, 1);
	length = update_packet(&node, &(struct update){.sequence = 1, .lifetime_units = 150}, octets, sizeof(octets));
	for (size_t cut = 0; cut < length; cut++)
		world_send_octets(&world, octets, cut);
	assert_int_equal(counters()->malformed, length);
	world_assert_silence(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define RULE(name) cmocka_unit_test_setup_teardown(name, start, end)
	        RULE(a_registration_is_bound_and_acknowledged),
	        RULE(an_update_without_a_is_acknowledged_too),
	        RULE(other_than_home_registrations_are_silent),
	        RULE(a_wrong_checksum_is_silent),
	        RULE(without_authentication_there_is_silence),
	        RULE(who_is_not_known_is_told_nothing),
	        RULE(a_wrong_mac_is_146_once_a_second),
	        RULE(a_wrong_or_missing_nai_is_as_a_wrong_mac),
	        RULE(old_numbers_are_135_with_the_last_one),
	        RULE(a_repeated_update_is_answered_alike),
	        RULE(a_refused_update_uses_up_its_number),
	        RULE(the_number_space_of_an_association_ends),
	        RULE(two_care_of_options_are_128),
	        RULE(a_home_address_outside_the_home_prefixes_is_132),
	        RULE(a_care_of_address_that_may_not_be_is_174),
	        RULE(the_alternate_care_of_address_is_bound),
	        RULE(a_full_table_is_130),
	        RULE(a_binding_ends_with_its_shortest_bound),
	        RULE(a_refresh_lengthens_the_binding),
	        RULE(deregistration_withdraws_at_once),
	        RULE(a_node_at_home_deregisters),
	        RULE(a_node_sends_three_a_second),
	        RULE(a_late_update_does_not_move_the_binding_back),
	        RULE(floods_are_counted_by_name_and_change_nothing),
	        RULE(foreign_packets_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
