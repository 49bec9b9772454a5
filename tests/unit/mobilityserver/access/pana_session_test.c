// SPDX-License-Identifier: BSD-3-Clause
/* A session's life: the published messages from end to end, requests, repeats, keys, re-authentication, ends. */
#include <errno.h>

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

static size_t vector(const char *name, const char *path, uint8_t *out, size_t capacity)
{
	return vectors_hex(vectors_named(world.vectors, "cases", name), path, out, capacity);
}

/*
 * B-10, B-16, K-5, K-6, B-29, B-30: with the published secret, nonces, MSK and numbers the agent sends the published
 * PAR(S) and PNA, understands the published PNR, and hands on the published MOB-RK.
 */
static void published_session(void **state)
{
	uint8_t expected[1300], message[1300], answer[1300];
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	octets = vector("example: I_PAR and I_PAN", "input/I_PAR", expected, sizeof(expected));
	assert_octets(node.i_par, node.i_par_octets, expected, octets);
	octets = vector("example: PNR and PNA on the wire", "output/pnr", message, sizeof(message));
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(world.request_count, 1);
	octets = vector("example: Boot AVPs of a full request", "output/plaintext", expected, sizeof(expected));
	assert_octets(world.plaintext, world.request.plaintext.octets, expected, octets);
	octets = vector("example: MOB-RK", "output/key", expected, sizeof(expected));
	assert_octets(secret_bytes(&world.mobility_root), 64, expected, octets);
	octets = vector("example: I_PAR and I_PAN", "output/sha256_of_I_PAR_I_PAN", expected, sizeof(expected));
	assert_octets(world.start_digest, 32, expected, octets);
	assert_octets(world.paa_nonce, 32, node.paa_nonce, 32);
	assert_octets(world.pac_nonce, 32, node.pac_nonce, 32);
	assert_int_equal(world.request.session_id, 0xf0386938);
	assert_int_equal(world.request.key_id, 1);
	assert_int_equal(world.request.number, 0x9b2c3d41);
	assert_memory_equal(world.request_identity.value, "001010000000001", 15);
	world_nothing_sent(&world);
	octets = vector("example: Boot AVPs of a final answer", "output/plaintext", answer, sizeof(answer));
	pana_agent_answer(world.agent, world.request.session, 0x9b2c3d41, answer, octets, &world.now, world.effects);
	world_advance(&world, 0);
	octets = vector("example: PNR and PNA on the wire", "output/pna", expected, sizeof(expected));
	assert_octets(world_sent(&world)->bytes, octets, expected, octets);
}

/* B-24, B-28: what PAR(C) holds; Session-Lifetime = min(Session-Timeout, maximum), 86400 if absent, never below 60. */
static void session_lifetime(void **state)
{
	static const struct {
		uint32_t timeout_s, maximum_s, lifetime_s;
	} cases[] = {{3600, 86400, 3600}, {0, 86400, 86400}, {0, 7200, 7200}, {90000, 86400, 86400}, {5, 86400, 60}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pana_agent_acceptance acceptance;
		struct pana_message message;

		world_stop(&world);
		world_start(&world);
		pana_agent_free(world.agent);
		world.options.limits.session_lifetime_max_s = cases[i].maximum_s;
		world.agent = pana_agent_new(&world.options);
		node_start(&world, &node, "2001:db8:2::77", 50000);
		node_begins(&world, &node);
		node_answers_identity(&world, &node, NULL);
		acceptance = world_acceptance(&node);
		acceptance.session_timeout_s = cases[i].timeout_s;
		pana_agent_accepted(world.agent, world.eap.conversation, &acceptance, &world.now, world.effects);
		world_advance(&world, 0);
		world_sent_as(&world, PANA_PAR_COMPLETE, &message);
		assert_int_equal(pana_message_u32(&message, PANA_SESSION_LIFETIME), cases[i].lifetime_s);
		assert_int_equal(pana_message_value(&message, PANA_EAP_PAYLOAD).bytes[0], EAP_SUCCESS);
		assert_true(pana_message_has(&message, PANA_AUTH));
	}
}

/* B-20: PNR that overtakes PAN(C) is discarded and comes again. PAN(C) with another Key-Id, or wrong AUTH, is nothing.
 */
static void keys_are_used_from_pan_complete_on(void **state)
{
	uint8_t ping[WORLD_MESSAGE_MAX], buffer[64];
	struct wire_writer writer;
	size_t octets;

	(void)state;
	node_begins(&world, &node);
	node_answers_identity(&world, &node, NULL);
	node_is_accepted(&world, &node);
	node_takes_completion(&world, &node);
	octets = node_ping(&node, NULL, 0, ping);
	world_receive(&world, &node.address, 'a', ping, octets);
	world_nothing_sent(&world);
	assert_int_equal(counters()->unexpected, 1);
	writer = wire_writer_of(buffer, sizeof(buffer));
	pana_message_begin(&writer, PANA_PAN_COMPLETE, node.session_id, node.paa_number);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, 2);
	node_send(&world, &node, &writer, &node.keys);
	assert_int_equal(counters()->key_id_wrong, 1);
	writer = wire_writer_of(buffer, sizeof(buffer));
	pana_message_begin(&writer, PANA_PAN_COMPLETE, node.session_id, node.paa_number);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, 1);
	node_send(&world, &node, &writer, NULL);
	assert_int_equal(counters()->wrong_auth, 1);
	assert_int_equal(counters()->authentications_succeeded, 0);
	node_completes(&world, &node);
	assert_int_equal(counters()->authentications_succeeded, 1);
	world_receive(&world, &node.address, 'a', ping, octets);
	world_sent(&world);
}

/* B-22: the cached octets iff the repeat is identical; at most five a second; other content is discarded. */
static void repeated_requests(void **state)
{
	uint8_t message[WORLD_MESSAGE_MAX], other[WORLD_MESSAGE_MAX], first[WORLD_MESSAGE_MAX];
	size_t octets, other_octets, first_octets;
	const struct sent_message *sent;

	(void)state;
	node_authenticates(&world, &node);
	octets = node_ping(&node, "abcd", 4, message);
	world_receive(&world, &node.address, 'a', message, octets);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(world.request_count, 1);
	assert_int_equal(counters()->repeats_pending, 1);
	pana_agent_answer(world.agent, world.request.session, node.number, "efgh", 4, &world.now, world.effects);
	world_advance(&world, 0);
	sent = world_sent(&world);
	first_octets = sent->octets;
	memcpy(first, sent->bytes, sent->octets);
	for (int i = 0; i < 9; i++)
		world_receive(&world, &node.address, 'b', message, octets);
	assert_int_equal(counters()->answers_repeated, 5);
	assert_int_equal(counters()->repeats_over_rate, 4);
	for (int i = 0; i < 5; i++) {
		sent = world_sent(&world);
		assert_octets(sent->bytes, sent->octets, first, first_octets);
		assert_int_equal(sent->route_octet, 'b');
	}
	world_advance(&world, 1000);
	world_receive(&world, &node.address, 'a', message, octets);
	world_sent(&world);
	node.number--;
	other_octets = node_ping(&node, "abce", 4, other);
	world_receive(&world, &node.address, 'a', other, other_octets);
	assert_int_equal(counters()->other_content, 1);
	assert_int_equal(world.request_count, 1);
	/* an answer that comes twice, or late, is not told */
	pana_agent_answer(world.agent, world.request.session, node.number, "ijkl", 4, &world.now, world.effects);
	pana_agent_answer(world.agent, world.request.session + 77, node.number, "ijkl", 4, &world.now, world.effects);
	assert_int_equal(counters()->answers_late, 2);
	world_nothing_sent(&world);
}

/* B-5, B-22: numbers out of order, and a second request while one is being worked on. */
static void numbers_out_of_order(void **state)
{
	uint8_t message[WORLD_MESSAGE_MAX];
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	octets = node_ping(&node, "abcd", 4, message);
	world_receive(&world, &node.address, 'a', message, octets);
	octets = node_ping(&node, "efgh", 4, message);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(counters()->repeats_pending, 1);
	pana_agent_answer(world.agent, world.request.session, node.number - 1, "x", 1, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent(&world);
	node.number += 5;
	octets = node_ping(&node, NULL, 0, message);
	world_receive(&world, &node.address, 'a', message, octets);
	node.number -= 9;
	octets = node_ping(&node, NULL, 0, message);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(counters()->wrong_number, 2);
	assert_int_equal(world.request_count, 1);
	world_nothing_sent(&world);
}

/* B-17: a first request with a number of the PAA's half; our own PTR sent back to us. */
static void reflection(void **state)
{
	uint8_t message[WORLD_MESSAGE_MAX];
	const struct sent_message *sent;
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	node.number = 0x12345678;
	octets = node_ping(&node, NULL, 0, message);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(counters()->reflected, 1);
	world_nothing_sent(&world);
	assert_int_equal(pana_agent_end_session(world.agent, 1, &world.now, world.effects), 0);
	world_advance(&world, 0);
	sent = world_sent(&world);
	world_receive(&world, &node.address, 'a', sent->bytes, sent->octets);
	assert_int_equal(counters()->reflected, 2);
	world_nothing_sent(&world);
}

/* B-21, B-31, B-32, B-33, B-52: wrong AUTH is nothing; without Encap a ping; wrong insides are handed on. */
static void pings_and_forgeries(void **state)
{
	uint8_t message[WORLD_MESSAGE_MAX];
	struct pana_message answer;
	struct wire_writer writer;
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	octets = node_ping(&node, NULL, 0, message);
	message[octets - 1] ^= 1;
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(counters()->wrong_auth, 1);
	world_nothing_sent(&world);
	message[octets - 1] ^= 1;
	world_receive(&world, &node.address, 'a', message, octets);
	world_sent_as(&world, PANA_PNA_PING, &answer);
	assert_false(pana_message_has(&answer, PANA_ENCRYPTION_ENCAP));
	assert_true(pana_auth_verify(&node.keys, &answer));
	assert_int_equal(answer.sequence_number, node.number);
	/* an empty Encap, and one that is no AVPs at all, are the bootstrap's to answer */
	octets = node_ping(&node, "", 0, message);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(world.request_count, 1);
	assert_int_equal(world.request.plaintext.octets, 0);
	/* a Shared-Secret in the clear, right AUTH or not */
	writer = wire_writer_of(message, sizeof(message));
	pana_message_begin(&writer, PANA_PNR_PING, node.session_id, ++node.number);
	pana_avp_write(&writer, WORLD_VENDOR, 263, "0123456789abcdef", 16);
	node_send(&world, &node, &writer, &node.keys);
	assert_int_equal(counters()->invalid[PANA_FAULT_SECRET_IN_CLEAR], 1);
	assert_int_equal(world.request_count, 1);
	world_nothing_sent(&world);
}

/* F-9: pings 1/s, requests and polls 20/s; what is over the limit does not use up its number. */
static void limits_of_a_session(void **state)
{
	uint8_t message[WORLD_MESSAGE_MAX];
	size_t octets;
	int answered = 0;

	(void)state;
	node_authenticates(&world, &node);
	for (int i = 0; i < 3; i++) {
		octets = node_ping(&node, NULL, 0, message);
		world_receive(&world, &node.address, 'a', message, octets);
		world_sent(&world);
	}
	octets = node_ping(&node, NULL, 0, message);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_int_equal(counters()->pings_over_rate, 1);
	world_nothing_sent(&world);
	world_advance(&world, 1000);
	world_receive(&world, &node.address, 'a', message, octets);
	world_sent(&world);
	for (int i = 0; i < 100; i++) {
		size_t before = world.request_count;

		octets = node_ping(&node, "abcd", 4, message);
		world_receive(&world, &node.address, 'a', message, octets);
		if (world.request_count == before) {
			node.number--;
		} else {
			answered++;
			pana_agent_answer(world.agent, world.request.session, node.number, "x", 1, &world.now,
			                  world.effects);
		}
		world_advance(&world, 10);
	}
	assert_in_range(answered, 38, 42);
	assert_int_equal(counters()->requests_over_rate, 100 - answered);
}

/* B-23: a new address counts with right AUTH and a new number only; repeats go to the stored one. */
static void address_change(void **state)
{
	uint8_t message[WORLD_MESSAGE_MAX];
	struct endpoint old = node.address, elsewhere = node.address, attacker;
	const struct sent_message *sent;
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	assert_int_equal(address_parse("2001:db8:3::9", &elsewhere.address), 0);
	assert_int_equal(address_parse("2001:db8:bad::1", &attacker.address), 0);
	attacker.port = 9;
	octets = node_ping(&node, NULL, 0, message);
	world_receive(&world, &node.address, 'a', message, octets);
	assert_true(endpoint_equal(&world_sent(&world)->to, &old));
	world_receive(&world, &attacker, 'z', message, octets);
	assert_true(endpoint_equal(&world_sent(&world)->to, &old));
	octets = node_ping(&node, NULL, 0, message);
	world_receive(&world, &elsewhere, 'b', message, octets);
	sent = world_sent(&world);
	assert_true(endpoint_equal(&sent->to, &elsewhere));
	assert_int_equal(sent->route_octet, 'b');
	assert_int_equal(pana_agent_end_session(world.agent, 1, &world.now, world.effects), 0);
	world_advance(&world, 0);
	assert_true(endpoint_equal(&world_sent(&world)->to, &elsewhere));
}

static void send_reauthentication(void)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PNR_REAUTHENTICATION, node.session_id, ++node.number);
	node_send(&world, &node, &writer, &node.keys);
}

/* B-16, B-18, B-20, B-21, L-3: a re-authentication runs under the old keys, with new nonces; Key-Id rises by one. */
static void reauthentication(void **state)
{
	struct pana_keys old;
	uint8_t ping[WORLD_MESSAGE_MAX], first_nonce[32];
	struct pana_message message;
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	memcpy(first_nonce, node.paa_nonce, 32);
	octets = node_ping(&node, "abcd", 4, ping);
	world_receive(&world, &node.address, 'a', ping, octets);
	pana_agent_answer(world.agent, world.request.session, node.number, "x", 1, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent(&world);
	old = node.keys;
	send_reauthentication();
	world_sent_as(&world, PANA_PNA_REAUTHENTICATION, &message);
	assert_true(pana_auth_verify(&old, &message));
	memset(node.pac_nonce, 0x77, 32);
	secret_set(&node.msk, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64);
	/* B-33: no ping in between */
	octets = node_ping(&node, NULL, 0, ping);
	world_receive(&world, &node.address, 'a', ping, octets);
	assert_int_equal(counters()->unexpected, 1);
	node.number--;
	node_answers_identity(&world, &node, &old);
	assert_memory_not_equal(node.paa_nonce, first_nonce, 32);
	node_is_accepted(&world, &node);
	node_takes_completion(&world, &node);
	assert_int_equal(node.keys.key_id, 2);
	node_completes(&world, &node);
	/* only the newest keys count */
	{
		struct pana_keys newest = node.keys;

		node.keys = old;
		octets = node_ping(&node, NULL, 0, ping);
		world_receive(&world, &node.address, 'a', ping, octets);
		assert_int_equal(counters()->wrong_auth, 1);
		node.keys = newest;
		node.number--;
	}
	octets = node_ping(&node, "efgh", 4, ping);
	world_receive(&world, &node.address, 'a', ping, octets);
	assert_int_equal(world.request_count, 2);
	assert_int_equal(world.request.key_id, 2);
	assert_int_equal(world.request.session_id, node.session_id);
	assert_octets(world.pac_nonce, 32, node.pac_nonce, 32);
	assert_int_equal(world.ended_count, 0);
	assert_int_equal(world.admitted_count, 2); /* what the second Accept says of him holds */
}

/* B-21: without AUTH under the old keys nothing of a re-authentication counts. */
static void forged_reauthentication(void **state)
{
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_message message;
	static const uint8_t response[] = {EAP_RESPONSE, 0, 0, 6, EAP_TYPE_IDENTITY, 'x'};

	(void)state;
	node_authenticates(&world, &node);
	pana_message_begin(&writer, PANA_PNR_REAUTHENTICATION, node.session_id, node.number + 1);
	node_send(&world, &node, &writer, NULL);
	assert_int_equal(counters()->wrong_auth, 1);
	world_nothing_sent(&world);
	send_reauthentication();
	world_sent_as(&world, PANA_PNA_REAUTHENTICATION, &message);
	world_sent_as(&world, PANA_PAR, &message);
	writer = wire_writer_of(buffer, sizeof(buffer));
	pana_message_begin(&writer, PANA_PAN, node.session_id, message.sequence_number);
	pana_avp_write(&writer, 0, PANA_NONCE, node.pac_nonce, 32);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, response, sizeof(response));
	node_send(&world, &node, &writer, NULL);
	assert_int_equal(counters()->wrong_auth, 2);
	assert_int_equal(world.eap_count, 1);
}

/* B-25, B-28, L-5: a failed re-authentication is told under the old keys, and ends the session, not the SA. */
static void failed_reauthentication(void **state)
{
	static const uint8_t failure[] = {EAP_FAILURE, 3, 0, 4};
	struct pana_message message;
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	node_authenticates(&world, &node);
	send_reauthentication();
	world_sent(&world);
	node_answers_identity(&world, &node, &node.keys);
	pana_agent_rejected(world.agent, world.eap.conversation, (struct wire_view){failure, 4}, &world.now,
	                    world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHENTICATION_REJECTED);
	assert_false(pana_message_has(&message, PANA_KEY_ID));
	assert_false(pana_message_has(&message, PANA_SESSION_LIFETIME));
	assert_true(pana_auth_verify(&node.keys, &message));
	pana_message_begin(&writer, PANA_PAN_COMPLETE, node.session_id, message.sequence_number);
	node_send(&world, &node, &writer, &node.keys);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_END_LOST);
}

/* B-26, E-16: a re-authentication as another subscriber is refused under the new keys, and the session ends. */
static void reauthentication_as_another(void **state)
{
	struct pana_agent_acceptance acceptance;
	struct pana_message message;

	(void)state;
	node_authenticates(&world, &node);
	send_reauthentication();
	world_sent(&world);
	node_answers_identity(&world, &node, &node.keys);
	acceptance = world_acceptance(&node);
	assert_int_equal(subscriber_identity_from_imsi("home", "001010000000002", &acceptance.identity), 0);
	pana_agent_accepted(world.agent, world.eap.conversation, &acceptance, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PAR_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_RESULT_CODE), PANA_RESULT_AUTHORIZATION_REJECTED);
	assert_int_equal(pana_message_u32(&message, PANA_KEY_ID), 2);
	assert_false(pana_message_has(&message, PANA_SESSION_LIFETIME));
	node.paa_number = message.sequence_number;
	node_derive_keys(&node, 2);
	assert_true(pana_auth_verify(&node.keys, &message));
	assert_int_equal(counters()->other_subscriber, 1);
	node_completes(&world, &node);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_END_LOST);
	assert_int_equal(world.admitted_count, 1); /* another subscriber's profile does not count */
}

/* E-16: a fast re-authentication has no identity of its own and keeps the session's. */
static void reauthentication_keeps_identity(void **state)
{
	struct pana_agent_acceptance acceptance;

	(void)state;
	node_authenticates(&world, &node);
	send_reauthentication();
	world_sent(&world);
	node_answers_identity(&world, &node, &node.keys);
	acceptance = world_acceptance(&node);
	memset(&acceptance.identity, 0, sizeof(acceptance.identity));
	acceptance.keeps_identity = true;
	pana_agent_accepted(world.agent, world.eap.conversation, &acceptance, &world.now, world.effects);
	world_advance(&world, 0);
	node_takes_completion(&world, &node);
	node_completes(&world, &node);
	assert_int_equal(counters()->authentications_succeeded, 2);
}

static void send_termination(uint32_t cause, const struct pana_keys *keys)
{
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PTR, node.session_id, ++node.number);
	pana_avp_write_u32(&writer, 0, PANA_TERMINATION_CAUSE, cause);
	node_send(&world, &node, &writer, keys);
}

/* L-5: PTR LOGOUT of the node; its repetition is answered a while longer. Forged ones end nothing. */
static void logout(void **state)
{
	struct pana_message message;

	(void)state;
	node_authenticates(&world, &node);
	send_termination(PANA_CAUSE_LOGOUT, NULL);
	assert_int_equal(counters()->wrong_auth, 1);
	assert_int_equal(world.ended_count, 0);
	node.number--;
	send_termination(PANA_CAUSE_LOGOUT, &node.keys);
	world_sent_as(&world, PANA_PTA, &message);
	assert_true(pana_auth_verify(&node.keys, &message));
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_END_LOGOUT);
	node.number--;
	send_termination(PANA_CAUSE_LOGOUT, &node.keys);
	world_sent_as(&world, PANA_PTA, &message);
	assert_int_equal(world.ended_count, 1);
	world_advance(&world, 20000);
	node.number--;
	send_termination(PANA_CAUSE_LOGOUT, &node.keys);
	assert_int_equal(counters()->unknown_session, 1);
	world_nothing_sent(&world);
}

/* L-5: another cause of the node's is a session lost, not a logout. */
static void termination_without_logout(void **state)
{
	(void)state;
	node_authenticates(&world, &node);
	send_termination(PANA_CAUSE_SESSION_TIMEOUT, &node.keys);
	world_sent(&world);
	assert_int_equal(world.ended, PANA_END_LOST);
}

/* L-5: the end of Session-Lifetime, told by PTR until the node answers. */
static void end_of_lifetime(void **state)
{
	struct pana_message message;
	uint8_t buffer[64];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	node_authenticates(&world, &node);
	world_advance(&world, 3599 * 1000);
	assert_int_equal(world.ended_count, 0);
	world_advance(&world, 1000);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_END_LIFETIME);
	world_sent_as(&world, PANA_PTR, &message);
	assert_int_equal(pana_message_u32(&message, PANA_TERMINATION_CAUSE), PANA_CAUSE_SESSION_TIMEOUT);
	assert_true(pana_auth_verify(&node.keys, &message));
	world_advance(&world, 1200);
	world_sent_as(&world, PANA_PTR, &message);
	pana_message_begin(&writer, PANA_PTA, node.session_id, message.sequence_number);
	node_send(&world, &node, &writer, &node.keys);
	world_advance(&world, 600 * 1000);
	world_nothing_sent(&world);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(counters()->unanswered, 0);
}

static void note_session(void *context, const struct pana_agent_session_view *view)
{
	*(struct pana_agent_session_view *)context = *view;
}

/* L-5, B-5: an operator's end is told at once and repeated until answered, or ten times. */
static void administrative_end(void **state)
{
	struct pana_agent_session_view view = {0};
	struct pana_message message;
	int sent = 0;

	(void)state;
	node_authenticates(&world, &node);
	pana_agent_each(world.agent, 0, 10, note_session, &view);
	assert_string_equal(view.state, "access");
	assert_int_equal(view.session_id, node.session_id);
	assert_int_equal(view.key_id, 1);
	assert_non_null(view.identity);
	assert_int_equal(pana_agent_end_session(world.agent, view.session + 50, &world.now, world.effects), -ENOENT);
	assert_int_equal(pana_agent_end_subscriber(world.agent, view.identity, &world.now, world.effects), 1);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_END_ADMINISTRATIVE);
	world_advance(&world, 1000 * 1000);
	for (; world.sent_taken < world.sent_count; sent++) {
		world_sent_as(&world, PANA_PTR, &message);
		assert_int_equal(pana_message_u32(&message, PANA_TERMINATION_CAUSE), PANA_CAUSE_ADMINISTRATIVE);
	}
	assert_int_equal(sent, 10);
	view.session = 0;
	pana_agent_each(world.agent, 0, 10, note_session, &view);
	assert_int_equal(view.session, 0);
	assert_int_equal(world.ended_count, 1);
}

struct page {
	size_t rows;
	uint64_t sessions[3];
};

static void note_row(void *context, const struct pana_agent_session_view *view)
{
	struct page *page = context;

	assert_in_range(page->rows, 0, 2);
	page->sessions[page->rows++] = view->session;
}

/* Pages of sessions, the last one of each ended before the next is asked for: nobody is shown twice or left out. */
static void pages_while_sessions_end(void **state)
{
	uint64_t all[7], after = 0;
	struct page page;
	size_t seen = 0;

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct pana_node one;
		char address[32];

		snprintf(address, sizeof(address), "2001:db8:%d::77", i + 16);
		node_start(&world, &one, address, 50000);
		node_begins(&world, &one);
		world_sent(&world); /* PAR with nonce */
		all[i] = pana_agent_find(world.agent, one.session_id);
		assert_int_not_equal(all[i], 0);
	}
	do {
		page.rows = 0;
		pana_agent_each(world.agent, after, 3, note_row, &page);
		for (size_t i = 0; i < page.rows; i++)
			assert_int_equal(page.sessions[i], all[seen++]);
		if (page.rows) {
			after = page.sessions[page.rows - 1];
			assert_int_equal(pana_agent_end_session(world.agent, after, &world.now, world.effects), 0);
		}
	} while (page.rows);
	assert_int_equal(seen, 7);
}

static void count_session(void *context, const struct pana_agent_session_view *view)
{
	(void)view;
	++*(size_t *)context;
}

static size_t sessions_of_subscriber(const struct subscriber_identity *identity)
{
	size_t count = 0;

	pana_agent_each_of(world.agent, identity, count_session, &count);
	return count;
}

/* F-11, L-5: two devices with one SIM go side by side; one more than the limit, and the oldest gives way. */
static void sessions_of_one_subscriber(void **state)
{
	static struct pana_node nodes[4];
	struct pana_agent_acceptance acceptance = world_acceptance(&node);
	struct pana_message message;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		node_start(&world, &nodes[i], "2001:db8:c::77", (uint16_t)(50001 + i));
		node_begins(&world, &nodes[i]);
		node_answers_identity(&world, &nodes[i], NULL);
		node_is_accepted(&world, &nodes[i]);
		node_takes_completion(&world, &nodes[i]);
		world_nothing_sent(&world);
		assert_int_equal(world.ended_count, 0); /* not before the younger one is there */
		node_completes(&world, &nodes[i]);
	}
	world_sent_as(&world, PANA_PTR, &message);
	assert_int_equal(message.session_id, nodes[0].session_id);
	assert_int_equal(pana_message_u32(&message, PANA_TERMINATION_CAUSE), PANA_CAUSE_ADMINISTRATIVE);
	assert_true(pana_auth_verify(&nodes[0].keys, &message));
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_END_DISPLACED);
	assert_int_equal(world.ended_session, pana_agent_find(world.agent, nodes[0].session_id));
	assert_int_equal(counters()->displaced, 1);
	world_advance(&world, 200 * 1000); /* the first one's PTR was repeated until it was given up */
	assert_int_equal(sessions_of_subscriber(&acceptance.identity), 3);
	assert_int_equal(pana_agent_find(world.agent, nodes[0].session_id), 0);
	assert_int_equal(pana_agent_end_subscriber(world.agent, &acceptance.identity, &world.now, world.effects), 3);
	assert_int_equal(pana_agent_end_subscriber(world.agent, &acceptance.identity, &world.now, world.effects), 0);
	assert_int_equal(world.ended_count, 4);
	world_advance(&world, 200 * 1000);
	assert_int_equal(sessions_of_subscriber(&acceptance.identity), 0);
}

/* B-4: an answer that does not fit is not sent, and the session goes on. */
static void answer_too_long(void **state)
{
	static const uint8_t answer[PANA_AGENT_ANSWER_MAX + 4];
	uint8_t message[WORLD_MESSAGE_MAX];
	size_t octets;

	(void)state;
	node_authenticates(&world, &node);
	octets = node_ping(&node, "abcd", 4, message);
	world_receive(&world, &node.address, 'a', message, octets);
	pana_agent_answer(world.agent, world.request.session, node.number, answer, sizeof(answer), &world.now,
	                  world.effects);
	world_advance(&world, 0);
	world_nothing_sent(&world);
	assert_int_equal(counters()->too_long, 1);
	octets = node_ping(&node, "efgh", 4, message);
	world_receive(&world, &node.address, 'a', message, octets);
	pana_agent_answer(world.agent, world.request.session, node.number, answer, PANA_AGENT_ANSWER_MAX, &world.now,
	                  world.effects);
	world_advance(&world, 0);
	assert_int_equal(world_sent(&world)->octets, PANA_PAYLOAD_MAX);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(published_session),
	        TEST(session_lifetime),
	        TEST(keys_are_used_from_pan_complete_on),
	        TEST(repeated_requests),
	        TEST(numbers_out_of_order),
	        TEST(reflection),
	        TEST(pings_and_forgeries),
	        TEST(limits_of_a_session),
	        TEST(address_change),
	        TEST(reauthentication),
	        TEST(forged_reauthentication),
	        TEST(failed_reauthentication),
	        TEST(reauthentication_as_another),
	        TEST(reauthentication_keeps_identity),
	        TEST(logout),
	        TEST(termination_without_logout),
	        TEST(end_of_lifetime),
	        TEST(administrative_end),
	        TEST(pages_while_sessions_end),
	        TEST(sessions_of_one_subscriber),
	        TEST(answer_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
