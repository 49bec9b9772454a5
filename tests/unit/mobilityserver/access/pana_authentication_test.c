// SPDX-License-Identifier: BSD-3-Clause
/* EAP carried by PAR and PAN: nonces, repeats, refusals, time. */
#include "pana_world.h"

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

/* A PAN, or PAR of the node's own, with what is given. */
static void say(enum pana_kind kind, uint32_t number, const void *nonce, size_t nonce_octets, const void *eap,
                size_t eap_octets)
{
	uint8_t buffer[1300];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, kind, node.session_id, number);
	if (nonce)
		pana_avp_write(&writer, 0, PANA_NONCE, nonce, nonce_octets);
	if (eap)
		pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, eap_octets);
	node_send(&world, &node, &writer, NULL);
}

/* After node_begins(): takes PAR x+1 and keeps what it says. */
static void take_first_request(void)
{
	struct pana_message message;

	world_sent_as(&world, PANA_PAR, &message);
	assert_int_equal(message.sequence_number, node.first_number + 1);
	node.paa_number = message.sequence_number;
	memcpy(node.paa_nonce, pana_message_value(&message, PANA_NONCE).bytes, 32);
	node.eap_identifier = pana_message_value(&message, PANA_EAP_PAYLOAD).bytes[1];
}

static size_t identity_response(uint8_t identifier, uint8_t packet[16])
{
	const uint8_t octets[] = {EAP_RESPONSE, identifier, 0, 8, EAP_TYPE_IDENTITY, 'a', '@', 'b'};

	memcpy(packet, octets, sizeof(octets));
	return sizeof(octets);
}

static void relay_requests(uint8_t identifier)
{
	const uint8_t request[] = {EAP_REQUEST, identifier, 0, 6, 50, 5};

	pana_agent_eap_request(world.agent, world.eap.conversation, (struct wire_view){request, sizeof(request)},
	                       &world.now, world.effects);
	world_advance(&world, 0);
}

/* B-18: one nonce of each side, in the first PAR and PAN; not our own, not later. */
static void nonces(void **state)
{
	uint8_t eap[16];
	size_t octets;
	static const uint8_t method[] = {EAP_RESPONSE, 42, 0, 6, 50, 5};

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	octets = identity_response(node.eap_identifier, eap);
	say(PANA_PAN, node.paa_number, NULL, 0, eap, octets);
	assert_int_equal(counters()->nonce_missing, 1);
	say(PANA_PAN, node.paa_number, node.paa_nonce, 32, eap, octets);
	assert_int_equal(counters()->nonce_refused, 1);
	say(PANA_PAN, node.paa_number, node.pac_nonce, 15, eap, octets);
	assert_int_equal(counters()->invalid[PANA_FAULT_AVP_LENGTH], 1);
	assert_int_equal(world.eap_count, 0);
	say(PANA_PAN, node.paa_number, node.pac_nonce, 16, eap, octets);
	assert_int_equal(world.eap_count, 1);
	relay_requests(42);
	{
		struct pana_message message;

		world_sent_as(&world, PANA_PAR, &message);
		assert_false(pana_message_has(&message, PANA_NONCE));
		say(PANA_PAN, message.sequence_number, node.pac_nonce, 32, method, sizeof(method));
		assert_int_equal(counters()->nonce_refused, 2);
		assert_int_equal(world.eap_count, 1);
		say(PANA_PAN, message.sequence_number, NULL, 0, method, sizeof(method));
		assert_int_equal(world.eap_count, 2);
		assert_false(world.eap.is_first);
	}
}

/* F-2, RFC 3748: a response to the last request, and first of all an identity. */
static void eap_that_is_no_answer(void **state)
{
	const struct {
		uint8_t code, identifier_offset, length, type;
	} cases[] = {
	        {EAP_REQUEST, 0, 6, EAP_TYPE_IDENTITY},  {EAP_RESPONSE, 1, 6, EAP_TYPE_IDENTITY},
	        {EAP_RESPONSE, 0, 6, EAP_TYPE_NAK},      {EAP_RESPONSE, 0, 7, EAP_TYPE_IDENTITY},
	        {EAP_RESPONSE, 0, 4, EAP_TYPE_IDENTITY}, {EAP_SUCCESS, 0, 6, 0},
	};
	size_t count = sizeof(cases) / sizeof(*cases);

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	for (size_t i = 0; i < count; i++) {
		const uint8_t eap[] = {cases[i].code,
		                       (uint8_t)(node.eap_identifier + cases[i].identifier_offset),
		                       0,
		                       cases[i].length,
		                       cases[i].type,
		                       'x'};

		say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, sizeof(eap));
		assert_int_equal(counters()->eap_malformed, i + 1);
	}
	assert_int_equal(world.eap_count, 0);
}

/* R-5, B-22: a duplicated, old or early PAN makes no second response. */
static void duplicated_answers(void **state)
{
	uint8_t eap[16];
	size_t octets;

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	octets = identity_response(node.eap_identifier, eap);
	say(PANA_PAN, node.paa_number + 1, node.pac_nonce, 32, eap, octets);
	assert_int_equal(counters()->wrong_number, 1);
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, octets);
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, octets);
	assert_int_equal(counters()->wrong_number, 2);
	relay_requests(42);
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, octets);
	assert_int_equal(counters()->wrong_number, 3);
	assert_int_equal(world.eap_count, 1);
}

/* B-19: an empty PAN, and the response in a PAR of the node's, answered by an empty PAN. */
static void response_in_a_request(void **state)
{
	struct pana_message message;
	uint8_t eap[16];
	size_t octets;

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	octets = identity_response(node.eap_identifier, eap);
	say(PANA_PAR, 0x9b2c3d41, NULL, 0, eap, octets);
	assert_int_equal(counters()->unexpected, 1);
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, NULL, 0);
	assert_int_equal(world.eap_count, 0);
	say(PANA_PAR, 0x1b2c3d41, NULL, 0, eap, octets);
	assert_int_equal(counters()->reflected, 1);
	say(PANA_PAR, 0x9b2c3d41, node.pac_nonce, 32, eap, octets);
	assert_int_equal(counters()->nonce_refused, 1);
	say(PANA_PAR, 0x9b2c3d41, NULL, 0, NULL, 0);
	assert_int_equal(counters()->eap_malformed, 1);
	say(PANA_PAR, 0x9b2c3d41, NULL, 0, eap, octets);
	assert_int_equal(world.eap_count, 1);
	assert_true(world.eap.is_first);
	world_sent_as(&world, PANA_PAN, &message);
	assert_int_equal(message.sequence_number, 0x9b2c3d41);
	assert_int_equal(message.avps.octets, 0);
	say(PANA_PAR, 0x9b2c3d41, NULL, 0, eap, octets);
	world_sent_as(&world, PANA_PAN, &message);
	assert_int_equal(world.eap_count, 1);
	/* the method goes on likewise, and the access phase counts on from there */
	relay_requests(42);
	world_sent_as(&world, PANA_PAR, &message);
	say(PANA_PAN, message.sequence_number, NULL, 0, NULL, 0);
	{
		static const uint8_t method[] = {EAP_RESPONSE, 42, 0, 6, 50, 5};

		say(PANA_PAR, 0x9b2c3d42, NULL, 0, method, sizeof(method));
	}
	assert_int_equal(world.eap_count, 2);
	world_sent(&world);
	node_is_accepted(&world, &node);
	node_takes_completion(&world, &node);
	node_completes(&world, &node);
	node.number = 0x9b2c3d42;
	octets = node_ping(&node, NULL, 0, world.eap_packet);
	world_receive(&world, &node.address, 'a', world.eap_packet, octets);
	world_sent_as(&world, PANA_PNA_PING, &message);
}

/* B-23: before there are keys the address is the one of the cookie; AUTH cannot be verified then. */
static void other_address_without_keys(void **state)
{
	struct pana_node right;
	uint8_t eap[16], buffer[200];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	size_t octets;

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	octets = identity_response(node.eap_identifier, eap);
	right = node;
	node.address.port++;
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, octets);
	assert_int_equal(counters()->wrong_source, 1);
	node = right;
	node_derive_keys(&node, 1);
	pana_message_begin(&writer, PANA_PAN, node.session_id, node.paa_number);
	pana_avp_write(&writer, 0, PANA_NONCE, node.pac_nonce, 32);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, octets);
	node_send(&world, &node, &writer, &node.keys);
	assert_int_equal(counters()->wrong_auth, 1);
	assert_int_equal(world.eap_count, 0);
}

/* B-5, B-6: repeated as it was, 1 s, then doubled up to 30 s, ten times; then the session is over. */
static void retransmission(void **state)
{
	uint8_t first[1300];
	size_t octets;
	uint64_t at[16];
	int sendings = 0;
	uint8_t eap[16];

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, identity_response(node.eap_identifier, eap));
	node_is_accepted(&world, &node);
	node_takes_completion(&world, &node);
	node_completes(&world, &node);
	assert_int_equal(pana_agent_end_session(world.agent, 1, &world.now, world.effects), 0);
	for (int ms = 0; ms < 400000; ms++) {
		size_t before = world.sent_taken;

		world_advance(&world, 1);
		if (world.sent_count == before)
			continue;
		if (sendings == 0) {
			octets = world.sent[before].octets;
			memcpy(first, world.sent[before].bytes, octets);
		}
		assert_octets(world.sent[before].bytes, world.sent[before].octets, first, octets);
		assert_true(sendings < 16);
		at[sendings++] = world.now.monotonic_ms;
		world.sent_taken = world.sent_count;
	}
	assert_int_equal(sendings, 10);
	assert_in_range(at[1] - at[0], 899, 1101);
	for (int i = 2; i < 5; i++)
		assert_in_range(at[i] - at[i - 1], (at[i - 1] - at[i - 2]) * 189 / 100,
		                (at[i - 1] - at[i - 2]) * 211 / 100);
	assert_in_range(at[9] - at[8], 26990, 33010);
	assert_int_equal(counters()->unanswered, 1);
}

/* F-1: a whole authentication has a minute; the relay is told that nobody waits. */
static void slow_authentication(void **state)
{
	uint8_t eap[16];

	(void)state;
	node_begins(&world, &node);
	take_first_request();
	world_advance(&world, 5000);
	world.sent_taken = world.sent_count;
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, identity_response(node.eap_identifier, eap));
	world_advance(&world, 54900);
	assert_int_equal(counters()->authentications_expired, 0);
	world_advance(&world, 200);
	assert_int_equal(counters()->authentications_expired, 1);
	assert_int_equal(world.abandoned_count, 1);
	/* its answer comes too late */
	node_is_accepted(&world, &node);
	assert_int_equal(counters()->unexpected, 1);
	world_nothing_sent(&world);
	assert_int_equal(world.ended_count, 0);
}

static void reach_the_relay(void)
{
	uint8_t eap[16];

	node_begins(&world, &node);
	take_first_request();
	say(PANA_PAN, node.paa_number, node.pac_nonce, 32, eap, identity_response(node.eap_identifier, eap));
	assert_int_equal(world.eap_count, 1);
}

/* B-25, B-27: refused in the first authentication: Result-Code 1, EAP-Failure, no AUTH; PAN(C) without AVPs ends it. */
static void refused(void **state)
{
	struct pana_message message;

	(void)state;
	reach_the_relay();
	pana_agent_rejected(world.agent, world.eap.conversation, (struct wire_view){0}, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHENTICATION_REJECTED);
	assert_int_equal(pana_message_value(&message, PANA_EAP_PAYLOAD).bytes[0], EAP_FAILURE);
	assert_int_equal(pana_message_value(&message, PANA_EAP_PAYLOAD).bytes[1], node.eap_identifier);
	assert_false(pana_message_has(&message, PANA_AUTH));
	assert_false(pana_message_has(&message, PANA_KEY_ID));
	assert_false(pana_message_has(&message, PANA_SESSION_LIFETIME));
	/* again, for the node may not have heard it */
	world_advance(&world, 1200);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	say(PANA_PAN_COMPLETE, message.sequence_number, NULL, 0, NULL, 0);
	world_advance(&world, 100000);
	world_nothing_sent(&world);
	assert_int_equal(counters()->authentications_expired, 0);
	assert_int_equal(world.ended_count, 0);
	assert_int_equal(world.abandoned_count, 0);
}

/* B-26 with an MSK: under the new keys, both ways. */
static void not_admitted(void **state)
{
	struct pana_agent_acceptance acceptance;
	struct pana_message message;

	(void)state;
	reach_the_relay();
	acceptance = world_acceptance(&node);
	acceptance.is_admitted = false;
	pana_agent_accepted(world.agent, world.eap.conversation, &acceptance, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHORIZATION_REJECTED);
	assert_int_equal(pana_message_value(&message, PANA_EAP_PAYLOAD).bytes[0], EAP_SUCCESS);
	assert_int_equal(pana_message_u32(&message, PANA_KEY_ID), 1);
	assert_false(pana_message_has(&message, PANA_SESSION_LIFETIME));
	node.paa_number = message.sequence_number;
	node_derive_keys(&node, 1);
	assert_true(pana_auth_verify(&node.keys, &message));
	say(PANA_PAN_COMPLETE, message.sequence_number, NULL, 0, NULL, 0);
	assert_int_equal(counters()->wrong_auth, 1);
	node_completes(&world, &node);
	assert_int_equal(counters()->authentications_succeeded, 0);
	node_completes(&world, &node);
	assert_int_equal(counters()->unknown_session, 1);
	assert_int_equal(world.ended_count, 0);
}

/* B-26 without an MSK: no EAP-Payload, no Key-Id, no AUTH. E-16: a first authentication keeps nobody's identity. */
static void not_admitted_without_keys(void **state)
{
	struct pana_agent_acceptance acceptance;
	struct pana_message message;

	(void)state;
	reach_the_relay();
	acceptance = world_acceptance(&node);
	secret_wipe(&acceptance.msk);
	pana_agent_accepted(world.agent, world.eap.conversation, &acceptance, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHORIZATION_REJECTED);
	assert_false(pana_message_has(&message, PANA_EAP_PAYLOAD));
	assert_false(pana_message_has(&message, PANA_KEY_ID));
	assert_false(pana_message_has(&message, PANA_AUTH));
	assert_int_equal(counters()->authorizations_rejected, 1);
}

static void nobody_to_keep(void **state)
{
	struct pana_agent_acceptance acceptance;
	struct pana_message message;

	(void)state;
	reach_the_relay();
	acceptance = world_acceptance(&node);
	acceptance.keeps_identity = true;
	pana_agent_accepted(world.agent, world.eap.conversation, &acceptance, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHORIZATION_REJECTED);
}

/* B-4: an EAP packet that does not fit into a PAR, or is no request, ends the authentication as a refusal. */
static void impossible_eap_of_the_server(void **state)
{
	static uint8_t packet[1300] = {EAP_REQUEST, 9, 0x05, 0x14, 50};
	struct pana_message message;

	(void)state;
	reach_the_relay();
	pana_agent_eap_request(world.agent, world.eap.conversation, (struct wire_view){packet, sizeof(packet)},
	                       &world.now, world.effects);
	world_advance(&world, 0);
	assert_int_equal(counters()->too_long, 1);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHENTICATION_REJECTED);
	assert_int_equal(world.abandoned_count, 1);
	node_start(&world, &node, "2001:db8:2::78", 50000);
	world.eap_count = 0;
	reach_the_relay();
	pana_agent_eap_request(world.agent, world.eap.conversation, (struct wire_view){packet, 3}, &world.now,
	                       world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(counters()->eap_malformed, 1);
	assert_int_equal(world.abandoned_count, 2);
}

/* What a PAC has no business to send, and what does not belong to the state. */
static void unexpected_messages(void **state)
{
	static const enum pana_kind kinds[] = {PANA_PAR_START, PANA_PNA_PING, PANA_PNA_REAUTHENTICATION,
	                                       PANA_PTA,       PANA_PNR_PING, PANA_PNR_REAUTHENTICATION};

	(void)state;
	reach_the_relay();
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		say(kinds[i], 0x9b2c3d41, NULL, 0, NULL, 0);
		assert_int_equal(counters()->unexpected, i + 1);
	}
	world_nothing_sent(&world);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(nonces),
	        TEST(eap_that_is_no_answer),
	        TEST(duplicated_answers),
	        TEST(response_in_a_request),
	        TEST(other_address_without_keys),
	        TEST(retransmission),
	        TEST(slow_authentication),
	        TEST(refused),
	        TEST(not_admitted),
	        TEST(not_admitted_without_keys),
	        TEST(nobody_to_keep),
	        TEST(impossible_eap_of_the_server),
	        TEST(unexpected_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
