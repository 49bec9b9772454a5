// SPDX-License-Identifier: BSD-3-Clause
/* The first exchange and its limits: cookies, offers, replays, floods. */
#include "pana_world.h"

#include "pana_session.h"

static struct pana_world world;
static struct pana_node node;

static int setup(void **state)
{
	(void)state;
	world_start(&world);
	node_start(&world, &node, "2001:db8:2::77", 50000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_stop(&world);
	return 0;
}

static const struct pana_agent_counters *counters(void)
{
	return pana_agent_counters(world.agent);
}

static void send_pci(uint32_t capability)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PCI, 0, 0);
	if (capability)
		pana_avp_write_u32(&writer, WORLD_VENDOR, PANA_MOB_CAPABILITY, capability);
	node_send(&world, &node, &writer, NULL);
}

static void send_pan_start(uint32_t prf, uint32_t integrity, uint32_t encryption, uint32_t capability)
{
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAN_START, node.session_id, node.first_number);
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, prf);
	pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, integrity);
	if (encryption)
		pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, encryption);
	if (capability)
		pana_avp_write_u32(&writer, WORLD_VENDOR, PANA_MOB_CAPABILITY, capability);
	node_send(&world, &node, &writer, NULL);
}

/* Takes a PAR(S) for `node` without answering it. */
static void take_start(void)
{
	struct pana_message message;

	world_sent_as(&world, PANA_PAR_START, &message);
	node.session_id = message.session_id;
	node.first_number = message.sequence_number;
}

/* B-7, B-8: without Mob-Capability or without POP nothing is answered; PAR(S) tells our own bits, whatever was sent. */
static void capability(void **state)
{
	struct pana_message message;

	(void)state;
	send_pci(0);
	send_pci(0x0f);
	assert_int_equal(counters()->initiations_without_capability, 2);
	world_nothing_sent(&world);
	send_pci(0xfffffff0);
	world_sent_as(&world, PANA_PAR_START, &message);
	assert_int_equal(pana_message_u32(&message, PANA_MOB_CAPABILITY), 0x1f);
	/* B-14, no SHA-1 among the offers */
	assert_false(pana_message_offers(&message, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA1));
	assert_true(pana_message_offers(&message, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR));
}

/* B-10: PAR(S) is a function of cookie and template; nothing is kept, nothing repeated by a timer. */
static void stateless(void **state)
{
	const struct sent_message *first, *second;

	(void)state;
	send_pci(0x1f);
	send_pci(0x1f);
	first = world_sent(&world);
	second = world_sent(&world);
	assert_octets(first->bytes, first->octets, second->bytes, second->octets);
	world_advance(&world, 300000);
	world_nothing_sent(&world);
	assert_int_equal(counters()->sessions, 0);
}

/* F-3: at most three times the received octets, counted with IP and UDP headers. */
static void amplification(void **state)
{
	const struct sent_message *sent;

	(void)state;
	send_pci(0x1f);
	sent = world_sent(&world);
	assert_true(40 + 8 + sent->octets <= 3 * (40 + 8 + PANA_HEADER_OCTETS + 16));
}

/* B-11, B-13: a device that restarts behind its port gets another session, four at most; the old ones are untouched. */
static void restarts_behind_one_port(void **state)
{
	struct pana_node first;
	uint8_t ping[WORLD_MESSAGE_MAX];
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	first = node;
	for (int i = 0; i < 3; i++) {
		uint32_t before = node.session_id;

		node_begins(&world, &node);
		world_sent(&world);
		assert_int_not_equal(node.session_id, before);
		assert_int_equal(counters()->sessions, i + 2);
	}
	send_pci(0x1f);
	assert_int_equal(counters()->initiations_without_cookie, 1);
	world_nothing_sent(&world);
	octets = node_ping(&first, NULL, 0, ping);
	world_receive(&world, &first.address, 'a', ping, octets);
	world_sent(&world);
	/* the half-open ones die, what they used up is free again two epochs later */
	world_advance(&world, 62000);
	world.sent_taken = world.sent_count;
	send_pci(0x1f);
	take_start();
}

/* B-12: a replayed PAN(S) makes no second session, not even when the first one has died. */
static void replayed_start(void **state)
{
	(void)state;
	node_begins(&world, &node);
	world_sent(&world);
	world_receive(&world, &node.address, 'a', node.i_pan, node.i_pan_octets);
	world_advance(&world, 15000);
	assert_int_equal(counters()->authentications_expired, 1);
	world.sent_taken = world.sent_count;
	world_receive(&world, &node.address, 'a', node.i_pan, node.i_pan_octets);
	assert_int_equal(counters()->starts_repeated, 2);
	assert_int_equal(counters()->sessions, 1);
	world_nothing_sent(&world);
}

/* B-12: current and previous epoch. */
static void epochs(void **state)
{
	(void)state;
	world_advance(&world, 29000);
	send_pci(0x1f);
	take_start();
	world_advance(&world, 30000);
	send_pan_start(5, 12, 1, 0x1f);
	assert_int_equal(counters()->sessions, 1);
	world_sent(&world);
	node.address.port++;
	send_pci(0x1f);
	take_start();
	world_advance(&world, 32000);
	world.sent_taken = world.sent_count;
	send_pan_start(5, 12, 1, 0x1f);
	assert_int_equal(counters()->sessions, 1);
	assert_int_equal(counters()->starts_forged, 1);
}

/* B-10, B-12: another template after a reload; the one before counts for two epochs, and enters I_PAR as it was. */
static void another_template(void **state)
{
	struct pana_message message;

	(void)state;
	send_pci(0x1f);
	take_start();
	pana_agent_set_capability(world.agent, PANA_CAPABILITY_MIP6, &world.now);
	send_pan_start(5, 12, 1, 0x1f);
	assert_int_equal(counters()->sessions, 1);
	world_sent(&world);
	node_start(&world, &node, "2001:db8:2::78", 50000);
	node_begins(&world, &node);
	assert_int_equal(pana_message_read(node.i_par, node.i_par_octets, WORLD_VENDOR, &message), PANA_FAULT_VALID);
	assert_int_equal(pana_message_u32(&message, PANA_MOB_CAPABILITY), 0x11);
	node_answers_identity(&world, &node, NULL);
	node_is_accepted(&world, &node);
	node_takes_completion(&world, &node); /* its AUTH is right only if both have the same I_PAR */
}

static void template_before_last_is_old(void **state)
{
	(void)state;
	send_pci(0x1f);
	take_start();
	pana_agent_set_capability(world.agent, PANA_CAPABILITY_MIP6, &world.now);
	pana_agent_set_capability(world.agent, PANA_CAPABILITY_HIP, &world.now);
	send_pan_start(5, 12, 1, 0x1f);
	assert_int_equal(counters()->starts_forged, 1);
}

/* B-14: exactly what was offered. A stripped Encryption-Algorithm or Mob-Capability is no PAN(S) for us. */
static void other_algorithms(void **state)
{
	static const uint32_t cases[][4] = {
	        {2, 12, 1, 0x1f}, {5, 7, 1, 0x1f}, {5, 12, 0, 0x1f}, {5, 12, 2, 0x1f}, {5, 12, 1, 0}, {5, 12, 1, 0x0f},
	};
	size_t count = sizeof(cases) / sizeof(*cases);

	(void)state;
	send_pci(0x1f);
	take_start();
	for (size_t i = 0; i < count; i++)
		send_pan_start(cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
	assert_int_equal(counters()->starts_refused_algorithms, count);
	world_nothing_sent(&world);
	send_pan_start(5, 12, 1, 0x1f);
	assert_int_equal(counters()->sessions, 1);
}

/* B-10: a cookie counts for its address, port, Session Identifier and number alone. */
static void forged_starts(void **state)
{
	struct pana_node right;

	(void)state;
	send_pci(0x1f);
	take_start();
	right = node;
	node.address.port++;
	send_pan_start(5, 12, 1, 0x1f);
	node = right;
	node.address.address.s6_addr[15]++;
	send_pan_start(5, 12, 1, 0x1f);
	node = right;
	node.session_id++;
	send_pan_start(5, 12, 1, 0x1f);
	node = right;
	node.first_number++;
	send_pan_start(5, 12, 1, 0x1f);
	node = right;
	assert_int_equal(counters()->starts_forged, 4);
	assert_int_equal(counters()->sessions, 0);
}

/* F-4, F-1: three sendings of PAR x+1, ten seconds. */
static void silent_after_start(void **state)
{
	(void)state;
	node_begins(&world, &node);
	world_advance(&world, 9900);
	assert_int_equal(world.sent_count, 1 + 3);
	assert_int_equal(counters()->authentications_expired, 0);
	world_advance(&world, 200);
	assert_int_equal(counters()->authentications_expired, 1);
	world_advance(&world, 100000);
	assert_int_equal(world.sent_count, 1 + 3);
	assert_int_equal(world.abandoned_count, 0);
}

static void node_on(struct pana_node *other, unsigned network, unsigned host, uint16_t port)
{
	char address[64];

	snprintf(address, sizeof(address), "2001:db8:%x:%x::1", network, host);
	node_start(&world, other, address, port);
}

/* F-1: eight half-open sessions a source; a ninth displaces the oldest of the identity stage. */
static void half_open_per_source(void **state)
{
	struct pana_node nodes[9];

	(void)state;
	for (uint16_t i = 0; i < 9; i++) {
		node_on(&nodes[i], 7, 7, (uint16_t)(1000 + i));
		nodes[i].address.address.s6_addr[12] = (uint8_t)i; /* one /64 */
		node_begins(&world, &nodes[i]);
		world.sent_taken = world.sent_count;
	}
	assert_int_equal(counters()->half_open_displaced, 1);
	send_pci(0x1f); /* another source is not concerned */
	take_start();
	send_pan_start(5, 12, 1, 0x1f);
	assert_int_equal(counters()->half_open_displaced, 1);
	assert_int_equal(counters()->sessions, 10);
}

/* F-1: who is past the identity stage is not displaced; then the new one is refused. */
static void half_open_in_the_method(void **state)
{
	struct pana_node nodes[9];

	(void)state;
	for (uint16_t i = 0; i < 8; i++) {
		node_on(&nodes[i], 7, 7, (uint16_t)(1000 + i));
		node_begins(&world, &nodes[i]);
		node_answers_identity(&world, &nodes[i], NULL);
	}
	node_on(&nodes[8], 7, 7, 2000);
	node_begins(&world, &nodes[8]);
	assert_int_equal(counters()->half_open_refused, 1);
	world_nothing_sent(&world);
	/* one ends its authentication: there is room again */
	node_is_accepted(&world, &nodes[7]);
	node_takes_completion(&world, &nodes[7]);
	node_completes(&world, &nodes[7]);
	node_begins(&world, &nodes[8]);
	world_sent(&world);
	assert_int_equal(counters()->half_open_refused, 1);
}

/* F-1: 64 a /48, and the configured number in total. */
static void half_open_per_network_and_in_total(void **state)
{
	struct pana_node other;

	(void)state;
	for (unsigned i = 0; i < 65; i++) {
		node_on(&other, 7, i, 1000);
		node_begins(&world, &other);
		world.sent_taken = world.sent_count;
	}
	assert_int_equal(counters()->half_open_displaced, 1);
	for (unsigned i = 0; i < 1000 - 64; i++) {
		node_on(&other, 0x100 + i, 0, 1000);
		node_begins(&world, &other);
		world.sent_taken = world.sent_count = 0;
	}
	assert_int_equal(counters()->half_open_displaced, 1);
	node_on(&other, 0x9000, 0, 1000);
	node_begins(&world, &other);
	assert_int_equal(counters()->half_open_displaced, 2);
	world_advance(&world, 10000);
	assert_int_equal(counters()->authentications_expired, 1000);
}

/* F-3: a hundred PAR(S) a second for a /48, whatever the host; other networks are not concerned. */
static void start_rate(void **state)
{
	struct pana_node other;

	(void)state;
	for (unsigned i = 0; i < 250; i++) {
		node_on(&other, 9, i, (uint16_t)(1 + i));
		node_sends_pci(&world, &other);
	}
	assert_int_equal(counters()->starts, 100);
	assert_int_equal(counters()->initiations_over_rate, 150);
	send_pci(0x1f);
	assert_int_equal(counters()->starts, 101);
	world_advance(&world, 500);
	for (unsigned i = 0; i < 250; i++)
		node_sends_pci(&world, &other);
	assert_int_equal(counters()->starts, 151);
}

/* Whatever is no PANA message to us changes nothing and is counted by its name. */
static void not_for_us(void **state)
{
	static const uint8_t nothing[60];
	struct punt_route route = {.octets = 1};
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct endpoint link_local = {.port = 7};

	(void)state;
	pana_agent_packet(world.agent, &route, (struct wire_view){nothing, sizeof(nothing)}, &world.now, world.effects);
	pana_agent_packet(world.agent, &route, (struct wire_view){nothing, 0}, &world.now, world.effects);
	assert_int_equal(counters()->not_pana, 2);
	pana_message_begin(&writer, PANA_PCI, 0, 0);
	pana_avp_write_u32(&writer, WORLD_VENDOR, PANA_MOB_CAPABILITY, 0x1f);
	pana_message_end(&writer);
	assert_int_equal(address_parse("fe80::1", &link_local.address), 0);
	world_receive(&world, &link_local, 'a', buffer, wire_written(&writer));
	assert_int_equal(counters()->not_pana, 3);
	world_receive(&world, &node.address, 'a', buffer, 15);
	assert_int_equal(counters()->invalid[PANA_FAULT_TRUNCATED], 1);
	world_receive(&world, &node.address, 'a', buffer, wire_written(&writer) - 1);
	assert_int_equal(counters()->invalid[PANA_FAULT_LENGTH], 1);
	writer = wire_writer_of(buffer, sizeof(buffer));
	pana_message_begin(&writer, PANA_PNR_PING, 0x1234, 5);
	node_send(&world, &node, &writer, NULL);
	assert_int_equal(counters()->unknown_session, 1);
	writer = wire_writer_of(buffer, sizeof(buffer));
	pana_message_begin(&writer, PANA_PNR_REAUTHENTICATION, 0x1234, 6);
	node_send(&world, &node, &writer, NULL);
	assert_int_equal(counters()->unknown_session, 2);
	world_nothing_sent(&world);
}

/* IPv4 goes the same way. */
static void over_ipv4(void **state)
{
	(void)state;
	assert_int_equal(address_parse("198.51.100.1", &world.service_address), 0);
	node_start(&world, &node, "192.0.2.7", 50000);
	node_authenticates(&world, &node);
	assert_int_equal(counters()->authentications_succeeded, 1);
}

static size_t remembered_starts(void)
{
	size_t count = 0;

	for (const struct consumed_start *at = world.agent->consumed_oldest; at; at = at->next)
		count++;
	return count;
}

/* B-12: identifiers that were taken are forgotten a few with each message, however many end at once. */
static void taken_identifiers_are_forgotten_in_pieces(void **state)
{
	enum { STARTS = 200, AT_ONCE = 16 };
	struct pana_node one;

	(void)state;
	for (int i = 0; i < STARTS; i++) {
		char address[32];

		snprintf(address, sizeof(address), "2001:db8:%x::77", i + 0x100);
		node_start(&world, &one, address, 50000);
		node_begins(&world, &one);
		world_sent(&world); /* PAR with nonce */
	}
	assert_int_equal(remembered_starts(), STARTS);
	world_advance(&world, 62000);
	for (size_t left = STARTS; left; left = left > AT_ONCE ? left - AT_ONCE : 0) {
		assert_int_equal(remembered_starts(), left);
		send_pci(PANA_CAPABILITY_POP);
	}
	assert_int_equal(remembered_starts(), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(capability),
	        TEST(stateless),
	        TEST(amplification),
	        TEST(restarts_behind_one_port),
	        TEST(replayed_start),
	        TEST(epochs),
	        TEST(another_template),
	        TEST(template_before_last_is_old),
	        TEST(other_algorithms),
	        TEST(forged_starts),
	        TEST(silent_after_start),
	        TEST(half_open_per_source),
	        TEST(half_open_in_the_method),
	        TEST(half_open_per_network_and_in_total),
	        TEST(start_rate),
	        TEST(not_for_us),
	        TEST(over_ipv4),
	        TEST(taken_identifiers_are_forgotten_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
