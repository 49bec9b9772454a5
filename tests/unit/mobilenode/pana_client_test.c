// SPDX-License-Identifier: BSD-3-Clause
/* The PANA client: the published octets, refusals, loss, repetition, ends. */
#include "pana_client_world.h"

#include <errno.h>

static struct client_world world;

static int setup(void **state)
{
	(void)state;
	world_start(&world);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	world_stop(&world);
	return 0;
}

/* PAN(S) and PNR are the published octets, and the published PNA is understood (B-16, B-17, B-29, B-30). */
static void published_octets(void **state)
{
	json_t *wire = vectors_named(world.vectors, "cases", "example: PNR and PNA on the wire");
	json_t *request = vectors_named(world.vectors, "cases", "example: Boot AVPs of a full request");
	json_t *answer = vectors_named(world.vectors, "cases", "example: Boot AVPs of a final answer");
	const struct world_message *sent;
	uint8_t plaintext[1300], expected[1300];
	size_t octets = vectors_hex(request, "output/plaintext", plaintext, sizeof(plaintext));
	size_t expected_octets = vectors_hex(wire, "output/pnr", expected, sizeof(expected));

	(void)state;
	world_open(&world);
	assert_int_equal(
	        pana_client_ping(world.client, (struct wire_view){plaintext, octets}, &world.now, world.effects), 0);
	world_advance(&world, 0);
	sent = world_sent(&world);
	assert_octets(sent->bytes, sent->octets, expected, expected_octets);
	expected_octets = vectors_hex(wire, "output/pna", expected, sizeof(expected));
	world_receive(&world, expected, expected_octets);
	octets = vectors_hex(answer, "output/plaintext", plaintext, sizeof(plaintext));
	assert_int_equal(world.answered_count, 1);
	assert_octets(world.plaintext, world.plaintext_octets, plaintext, octets);
	/* the same once more is waited for by nobody */
	world_receive(&world, expected, expected_octets);
	assert_int_equal(world.answered_count, 1);
	assert_int_equal(world_counter(&world, "unexpected"), 1);
}

/* What the keys of the bootstrap are made of (K-6). */
static void session_of_the_keys(void **state)
{
	json_t *start = vectors_named(world.vectors, "cases", "example: I_PAR and I_PAN");
	const struct pana_client_session *session;
	uint8_t digest[32];

	(void)state;
	assert_null(pana_client_session(world.client));
	world_open(&world);
	session = pana_client_session(world.client);
	assert_non_null(session);
	vectors_hex(start, "output/sha256_of_I_PAR_I_PAN", digest, sizeof(digest));
	assert_octets(session->start_digest, 32, digest, 32);
	assert_int_equal(session->session_id, world.session_id);
	assert_int_equal(session->key_id, 1);
	assert_int_equal(session->lifetime_s, 3600);
	assert_octets(session->paa_nonce.bytes, session->paa_nonce.octets, world.paa_nonce, 32);
	assert_octets(session->pac_nonce.bytes, session->pac_nonce.octets, world.pac_nonce, 32);
}

/* B-5: PCI again after 1 s ± 0.1, then doubled. */
static void initiation_is_repeated(void **state)
{
	struct pana_message message;

	(void)state;
	pana_client_start(world.client, &world.now, world.effects);
	world_advance(&world, 899);
	world_sent_as(&world, PANA_PCI, &message);
	world_nothing_sent(&world);
	world_advance(&world, 201);
	world_sent_as(&world, PANA_PCI, &message);
	world_nothing_sent(&world);
	world_advance(&world, 1600);
	world_nothing_sent(&world);
	world_advance(&world, 800);
	world_sent_as(&world, PANA_PCI, &message);
	world_nothing_sent(&world);
}

static void start_with(uint32_t session_id, uint32_t capability, bool has_encryption)
{
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAR_START, session_id, 0x1000);
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
	pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
	if (has_encryption)
		pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
	if (capability)
		pana_avp_write_u32(&writer, WORLD_VENDOR, PANA_MOB_CAPABILITY, capability);
	world_say(&world, &writer, NULL);
}

/* B-9, B-14: a PAR(S) without the capability, without POP or without encryption may be forged. */
static void start_without_bootstrap(void **state)
{
	struct pana_message message;

	(void)state;
	pana_client_start(world.client, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PCI, &message);
	start_with(5, 0, true);
	start_with(5, 0x1f & ~(uint32_t)PANA_CAPABILITY_POP, true);
	start_with(5, 0x1f, false);
	world_nothing_sent(&world);
	assert_int_equal(world_counter(&world, "start_ignored"), 3);
	start_with(5, 0x1f, true);
	world_sent_as(&world, PANA_PAN_START, &message);
	assert_int_equal(message.session_id, 5);
}

/* B-15, B-22: four candidates, each with the same answer again; the one whose PAR x+1 comes first is the session. */
static void candidates(void **state)
{
	struct pana_message message;

	(void)state;
	world_begin(&world);
	for (uint32_t session_id = 1; session_id <= 3; session_id++) {
		start_with(session_id, 0x1f, true);
		world_sent_as(&world, PANA_PAN_START, &message);
		assert_int_equal(message.session_id, session_id);
	}
	start_with(4, 0x1f, true);
	world_nothing_sent(&world);
	start_with(2, 0x1f, true);
	world_sent_as(&world, PANA_PAN_START, &message);
	start_with(2, 0x3, true); /* other content under the same SID */
	world_nothing_sent(&world);
	assert_int_equal(world_counter(&world, "start_ignored"), 2);
	world_first_request(&world, NULL);
	world_sent_as(&world, PANA_PAN, &message);
	assert_int_equal(message.session_id, world.session_id);
	assert_true(world.is_first);
}

/* B-15: a forged candidate that stays silent after its first request gives way to one that has spoken. */
static void forged_candidate_gives_way(void **state)
{
	static const uint8_t eap[] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t buffer[256];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_message message;

	(void)state;
	world_begin(&world);
	start_with(6, 0x1f, true);
	world_sent_as(&world, PANA_PAN_START, &message);
	pana_message_begin(&writer, PANA_PAR, 6, 0x1001);
	pana_avp_write(&writer, 0, PANA_NONCE, world.paa_nonce, 32);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	world_say(&world, &writer, NULL);
	world_sent_as(&world, PANA_PAN, &message);
	assert_int_equal(message.session_id, 6);
	world_first_request(&world, NULL);
	world_nothing_sent(&world);
	world_advance(&world, 10000);
	world_sent_as(&world, PANA_PCI, &message);
	world_sent_as(&world, PANA_PAN, &message);
	assert_int_equal(message.session_id, world.session_id);
	assert_int_equal(world_counter(&world, "candidates_left"), 1);
	world.is_method_done = true;
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	assert_int_equal(world.opened_count, 1);
}

/* B-6, B-22: the same request has the same octets as answer; another one under an old number changes nothing. */
static void repeated_request(void **state)
{
	const struct world_message *first, *again;

	(void)state;
	world_begin(&world);
	world_first_request(&world, NULL);
	first = world_sent(&world);
	world.number--;
	world_first_request(&world, NULL);
	again = world_sent(&world);
	assert_octets(again->bytes, again->octets, first->bytes, first->octets);
	assert_int_equal(world.eap_count, 1);
	world.number -= 1;
	world.paa_nonce[0] ^= 1;
	world_first_request(&world, NULL);
	world.number++;
	world_first_request(&world, NULL);
	world_nothing_sent(&world);
	assert_int_equal(world_counter(&world, "out_of_order"), 2);
}

/* B-1: only the server's address and port are heard. */
static void foreign_source(void **state)
{
	struct endpoint other = world.paa;
	struct pana_message message;

	(void)state;
	pana_client_start(world.client, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PCI, &message);
	other.port++;
	pana_client_datagram(world.client, &other, (struct wire_view){world.i_par.bytes, world.i_par.octets},
	                     &world.now, world.effects);
	world_advance(&world, 0);
	world_nothing_sent(&world);
	assert_int_equal(world_counter(&world, "foreign_source"), 1);
}

static void begin_with_first_request(void)
{
	struct pana_message message;

	world_begin(&world);
	world_first_request(&world, NULL);
	world_sent_as(&world, PANA_PAN, &message);
}

/* PAR(C) that names Key-Id 2 and is authenticated by the keys of Key-Id 1. */
static void completion_under_other_keys(void)
{
	static const uint8_t eap[] = {EAP_SUCCESS, 9, 0, 4};
	uint8_t buffer[256];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAR_COMPLETE, world.session_id, world.number + 1);
	pana_avp_write_u32(&writer, 0, PANA_RESULT_CODE, PANA_RESULT_SUCCESS);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	pana_avp_write_u32(&writer, 0, PANA_SESSION_LIFETIME, 3600);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, 2);
	world_say(&world, &writer, &world.keys);
}

/* B-24: success that is none opens nothing and ends nothing; the right PAR(C) still does. */
static void false_success(void **state)
{
	struct pana_message message;

	(void)state;
	begin_with_first_request();
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS); /* the method has not completed */
	world.is_method_done = true;
	world_complete(&world, 0, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS); /* no Key-Id */
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 3600, EAP_FAILURE);
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 0, EAP_SUCCESS); /* no Session-Lifetime */
	completion_under_other_keys();
	world_nothing_sent(&world);
	assert_int_equal(world.opened_count + world.ended_count, 0);
	assert_true(strncmp(pana_client_failure(world.client), "B-24", 4) == 0);
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_int_equal(world.opened_count, 1);
}

/* B-25: rejected, B-26: authenticated and not admitted; both are acknowledged. */
static void refusals_of_the_server(void **state)
{
	struct pana_message message;

	(void)state;
	begin_with_first_request();
	world_complete(&world, 0, PANA_RESULT_AUTHENTICATION_REJECTED, 0, EAP_FAILURE);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_false(pana_message_has(&message, PANA_AUTH));
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_REJECTED);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_IDLE);

	begin_with_first_request();
	world.is_method_done = true;
	world_complete(&world, 1, PANA_RESULT_AUTHORIZATION_REJECTED, 0, EAP_SUCCESS);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_true(pana_auth_verify(&world.keys, &message));
	assert_int_equal(world.ended_count, 2);
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_NOT_ADMITTED);
	assert_null(pana_client_session(world.client));
}

/* B-5: ten sendings of the same octets, then the session is over. */
static void lost_requests(void **state)
{
	const struct world_message *first;

	(void)state;
	world_open(&world);
	assert_int_equal(
	        pana_client_ping(world.client, (struct wire_view){world.paa_nonce, 8}, &world.now, world.effects), 0);
	assert_int_equal(
	        pana_client_ping(world.client, (struct wire_view){world.paa_nonce, 8}, &world.now, world.effects),
	        -EBUSY);
	world_advance(&world, 400000);
	first = world_sent(&world);
	for (int i = 1; i < 10; i++) {
		const struct world_message *again = world_sent(&world);

		assert_octets(again->bytes, again->octets, first->bytes, first->octets);
	}
	world_nothing_sent(&world);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_NO_ANSWER);
}

static void answer_ping(enum pana_kind kind, uint32_t number, const struct pana_keys *keys, bool bend)
{
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	size_t octets;

	pana_message_begin(&writer, kind, world.session_id, number);
	octets = pana_message_end_with_auth(&writer, 16);
	pana_auth_set(keys, buffer, octets);
	buffer[octets - 1] ^= bend;
	world_receive(&world, buffer, octets);
}

/* B-52: a PNA whose AUTH is wrong stops no timer. B-51: one without Encap says "no such service". */
static void answers_without_right(void **state)
{
	const uint32_t number = 0x9b2c3d41;

	(void)state;
	world_open(&world);
	assert_int_equal(
	        pana_client_ping(world.client, (struct wire_view){world.paa_nonce, 8}, &world.now, world.effects), 0);
	world_advance(&world, 0);
	world_sent(&world);
	answer_ping(PANA_PNA_PING, number, &world.keys, true);
	assert_int_equal(world_counter(&world, "unauthenticated"), 1);
	world_advance(&world, 1100);
	world_sent(&world); /* sent again: nothing was stopped */
	answer_ping(PANA_PNA_PING, number + 1, &world.keys, false);
	assert_int_equal(world.answered_count, 0);
	answer_ping(PANA_PNA_PING, number, &world.keys, false);
	assert_int_equal(world.answered_count, 1);
	assert_int_equal(world.plaintext_octets, 0);
}

/* B-29: the server's ping is answered, and again with the same octets; B-32: its PTR ends the session. */
static void requests_of_the_server(void **state)
{
	const struct world_message *first, *again;
	struct pana_message message;
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	world_open(&world);
	answer_ping(PANA_PNR_PING, world.number + 1, &world.keys, true);
	world_nothing_sent(&world);
	answer_ping(PANA_PNR_PING, world.number + 1, &world.keys, false);
	first = world_sent(&world);
	answer_ping(PANA_PNR_PING, world.number + 1, &world.keys, false);
	again = world_sent(&world);
	assert_octets(again->bytes, again->octets, first->bytes, first->octets);
	pana_message_begin(&writer, PANA_PTR, world.session_id, world.number + 2);
	pana_avp_write_u32(&writer, 0, PANA_TERMINATION_CAUSE, 4);
	world_say(&world, &writer, &world.keys);
	world_sent_as(&world, PANA_PTA, &message);
	assert_true(pana_auth_verify(&world.keys, &message));
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_BY_SERVER);
	assert_null(pana_client_session(world.client));
}

/* B-28: PNR(A) at 80 % of the lifetime; B-20: the Key-Id must grow. */
static void authentication_again(void **state)
{
	struct pana_keys old;
	struct pana_message message;

	(void)state;
	world_open(&world);
	old = world.keys;
	world_advance(&world, 2879999);
	world_nothing_sent(&world);
	world_advance(&world, 1);
	world_sent_as(&world, PANA_PNR_REAUTHENTICATION, &message);
	world_first_request(&world, &old); /* RFC 5191 4.3: discarded before the answer */
	world_nothing_sent(&world);
	world.number--;
	answer_ping(PANA_PNA_REAUTHENTICATION, message.sequence_number, &world.keys, false);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_REAUTHENTICATING);
	world.paa_nonce[0] ^= 1;
	world_first_request(&world, &old);
	world_sent_as(&world, PANA_PAN, &message);
	assert_true(pana_auth_verify(&old, &message));
	assert_true(world.is_first);
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world_nothing_sent(&world);
	assert_true(strncmp(pana_client_failure(world.client), "B-20", 4) == 0);
	world_complete(&world, 2, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_int_equal(world.opened_count, 2);
	assert_true(world.is_reauthentication);
	assert_int_equal(pana_client_session(world.client)->key_id, 2);
}

/* B-15: without progress for 10 s the start begins again. */
static void silent_server(void **state)
{
	(void)state;
	begin_with_first_request();
	world_advance(&world, 9999);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_AUTHENTICATING);
	world_advance(&world, 1);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_STARTING);
}

/* B-32: logout is said until it is answered. */
static void logout(void **state)
{
	struct pana_message message;

	(void)state;
	world_open(&world);
	pana_client_logout(world.client, &world.now, world.effects);
	world_advance(&world, 1100);
	world_sent_as(&world, PANA_PTR, &message);
	world_sent_as(&world, PANA_PTR, &message);
	assert_int_equal(world.ended_count, 0);
	answer_ping(PANA_PTA, message.sequence_number, &world.keys, false);
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_LOGOUT);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_IDLE);
}

/* B-4: every prefix of a right message changes nothing. */
static void damaged_start(void **state)
{
	struct pana_message message;

	(void)state;
	pana_client_start(world.client, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PCI, &message);
	for (size_t octets = 0; octets < world.i_par.octets; octets++)
		world_receive(&world, world.i_par.bytes, octets);
	world_nothing_sent(&world);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_STARTING);
}

/* A server that goes on asking for ever is left after 60 s. */
static void endless_authentication(void **state)
{
	static const uint8_t eap[] = {EAP_REQUEST, 2, 0, 5, EAP_TYPE_IDENTITY};

	(void)state;
	begin_with_first_request();
	for (int i = 0; i < 7; i++) {
		uint8_t buffer[64];
		struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

		assert_int_equal(world.ended_count, 0);
		pana_message_begin(&writer, PANA_PAR, world.session_id, ++world.number);
		pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
		world_say(&world, &writer, NULL);
		world_advance(&world, 9000);
	}
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_NO_ANSWER);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_IDLE);
}

/* B-4: nothing longer than a message may be; B-51: a PNA with a vendor's AVP in the clear is no answer. */
static void bounds_of_a_ping(void **state)
{
	static const uint8_t plaintext[PANA_PAYLOAD_MAX] = {0};
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_message message;

	(void)state;
	assert_int_equal(pana_client_ping(world.client, (struct wire_view){plaintext, 8}, &world.now, world.effects),
	                 -ENOTCONN);
	world_open(&world);
	assert_int_equal(pana_client_ping(world.client, (struct wire_view){plaintext, sizeof(plaintext)}, &world.now,
	                                  world.effects),
	                 -EMSGSIZE);
	world_advance(&world, 0);
	world_nothing_sent(&world);
	assert_int_equal(pana_client_ping(world.client, (struct wire_view){plaintext, 8}, &world.now, world.effects),
	                 0);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PNR_PING, &message);
	pana_message_begin(&writer, PANA_PNA_PING, world.session_id, message.sequence_number);
	pana_avp_write_u32(&writer, WORLD_VENDOR, 264, 0);
	world_say(&world, &writer, &world.keys);
	assert_int_equal(world.answered_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(published_octets, setup, teardown),
	        cmocka_unit_test_setup_teardown(session_of_the_keys, setup, teardown),
	        cmocka_unit_test_setup_teardown(initiation_is_repeated, setup, teardown),
	        cmocka_unit_test_setup_teardown(start_without_bootstrap, setup, teardown),
	        cmocka_unit_test_setup_teardown(candidates, setup, teardown),
	        cmocka_unit_test_setup_teardown(forged_candidate_gives_way, setup, teardown),
	        cmocka_unit_test_setup_teardown(repeated_request, setup, teardown),
	        cmocka_unit_test_setup_teardown(foreign_source, setup, teardown),
	        cmocka_unit_test_setup_teardown(false_success, setup, teardown),
	        cmocka_unit_test_setup_teardown(refusals_of_the_server, setup, teardown),
	        cmocka_unit_test_setup_teardown(lost_requests, setup, teardown),
	        cmocka_unit_test_setup_teardown(answers_without_right, setup, teardown),
	        cmocka_unit_test_setup_teardown(requests_of_the_server, setup, teardown),
	        cmocka_unit_test_setup_teardown(authentication_again, setup, teardown),
	        cmocka_unit_test_setup_teardown(silent_server, setup, teardown),
	        cmocka_unit_test_setup_teardown(logout, setup, teardown),
	        cmocka_unit_test_setup_teardown(damaged_start, setup, teardown),
	        cmocka_unit_test_setup_teardown(endless_authentication, setup, teardown),
	        cmocka_unit_test_setup_teardown(bounds_of_a_ping, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
