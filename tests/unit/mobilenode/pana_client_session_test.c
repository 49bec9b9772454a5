// SPDX-License-Identifier: BSD-3-Clause
/* The PANA client's session after its first authentication: numbers, nonces, re-authentication, addresses, its end. */
#include "pana_client_world.h"

#include <errno.h>

enum { FIRST_NUMBER = 0x9b2c3d41 };

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

static void answer(enum pana_kind kind, uint32_t number, const struct pana_keys *keys)
{
	uint8_t buffer[128];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, kind, world.session_id, number);
	world_say(&world, &writer, keys);
}

static int ping(void)
{
	int result = pana_client_ping(world.client, (struct wire_view){world.paa_nonce, 8}, &world.now, world.effects);

	world_advance(&world, 0);
	return result;
}

/* PAR of an authentication with this nonce (none: 0 octets) and EAP packet. */
static void request_with_nonce(const uint8_t *nonce, size_t nonce_octets, const struct pana_keys *keys)
{
	static const uint8_t eap[] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t buffer[512];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	pana_message_begin(&writer, PANA_PAR, world.session_id, world.number + 1);
	if (nonce_octets)
		pana_avp_write(&writer, 0, PANA_NONCE, nonce, nonce_octets);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	world_say(&world, &writer, keys);
}

/* A whole re-authentication up to the answer to PAR(C) with Key-Id `key_id`; PNR(A) was sent. */
static void authenticate_again(const struct pana_message *asked, uint32_t key_id)
{
	struct pana_keys old = world.keys;
	struct pana_message message;

	answer(PANA_PNA_REAUTHENTICATION, asked->sequence_number, &old);
	world_first_request(&world, &old);
	world_sent_as(&world, PANA_PAN, &message);
	world_complete(&world, key_id, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world.number++;
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_int_equal(pana_message_u32(&message, PANA_KEY_ID), key_id);
	assert_true(pana_auth_verify(&world.keys, &message));
}

/* B-17, RFC 6786 4.1: new keys before the numbers of one MSK are used up; numbers go on (RFC 5191 4.3). */
static void new_keys_before_numbers_are_used_up(void **state)
{
	struct pana_message message;
	uint32_t number = FIRST_NUMBER;

	(void)state;
	world_stop(&world);
	world_start_with(&world, 8);
	world_open(&world);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ping(), 0);
		world_sent_as(&world, PANA_PNR_PING, &message);
		assert_int_equal(message.sequence_number, number);
		answer(PANA_PNA_PING, number++, &world.keys);
	}
	assert_int_equal(ping(), -EBUSY);
	world_sent_as(&world, PANA_PNR_REAUTHENTICATION, &message);
	assert_int_equal(message.sequence_number, number);
	authenticate_again(&message, 2);
	assert_int_equal(ping(), 0);
	world_sent_as(&world, PANA_PNR_PING, &message);
	assert_int_equal(message.sequence_number, number + 1);
	assert_true(pana_auth_verify(&world.keys, &message));
}

/* The same of the server's requests. */
static void new_keys_before_the_servers_numbers_are_used_up(void **state)
{
	struct pana_message message;

	(void)state;
	world_stop(&world);
	world_start_with(&world, 8);
	world_open(&world);
	for (int i = 0; i < 5; i++) {
		answer(PANA_PNR_PING, ++world.number, &world.keys);
		world_sent_as(&world, PANA_PNA_PING, &message);
	}
	world_sent_as(&world, PANA_PNR_REAUTHENTICATION, &message);
	assert_true(pana_auth_verify(&world.keys, &message));
}

/* B-18: 16..256 octets, in the first request and nowhere else, and not one's own. */
static void nonces(void **state)
{
	uint8_t nonce[260] = {1};
	struct pana_message message;
	static const uint8_t eap[] = {EAP_REQUEST, 2, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t buffer[512];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	world_begin(&world);
	request_with_nonce(nonce, 15, NULL);
	request_with_nonce(nonce, 257, NULL);
	request_with_nonce(nonce, 0, NULL);
	request_with_nonce(world.pac_nonce, sizeof(world.pac_nonce), NULL);
	world_nothing_sent(&world);
	assert_int_equal(world.eap_count, 0);
	request_with_nonce(nonce, 256, NULL);
	world.number++;
	world_sent_as(&world, PANA_PAN, &message);
	pana_message_begin(&writer, PANA_PAR, world.session_id, world.number + 1);
	pana_avp_write(&writer, 0, PANA_NONCE, nonce, 32);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	world_say(&world, &writer, NULL);
	world_nothing_sent(&world);
	assert_int_equal(world.eap_count, 1);
}

/* RFC 5191 4.3: the server may begin, too; B-21: under the old keys alone. */
static void the_server_begins_again(void **state)
{
	struct pana_keys old, wrong;
	struct pana_message message;

	(void)state;
	world_open(&world);
	old = wrong = world.keys;
	secret_set(&wrong.authentication, "another key, of 32 octets in all.", 32);
	request_with_nonce(world.paa_nonce, 32, NULL);
	request_with_nonce(world.paa_nonce, 32, &wrong);
	assert_int_equal(world_counter(&world, "unauthenticated"), 2);
	request_with_nonce(NULL, 0, &old); /* no nonce, no authentication */
	world_nothing_sent(&world);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_OPEN);
	assert_int_equal(world.eap_count, 2);
	world_first_request(&world, &old);
	world_sent_as(&world, PANA_PAN, &message);
	assert_true(pana_auth_verify(&old, &message));
	assert_true(world.is_first);
	assert_int_equal(pana_client_state(world.client), PANA_CLIENT_REAUTHENTICATING);
	assert_int_equal(ping(), -EBUSY);
	world_complete(&world, 2, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_true(world.is_reauthentication);
	assert_int_equal(pana_client_session(world.client)->key_id, 2);
}

/* B-27, B-28: a failure without AUTH ends no session that has keys; one under the old keys does, and says so. */
static void failed_again(void **state)
{
	static const uint8_t eap[] = {EAP_FAILURE, 9, 0, 4};
	struct pana_keys old;
	struct pana_message message;
	uint8_t buffer[256];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	(void)state;
	world_open(&world);
	old = world.keys;
	world_first_request(&world, &old);
	world_sent_as(&world, PANA_PAN, &message);
	world_complete(&world, 0, PANA_RESULT_AUTHENTICATION_REJECTED, 0, EAP_FAILURE);
	assert_int_equal(world_counter(&world, "unauthenticated"), 1);
	world_nothing_sent(&world);
	assert_int_equal(world.ended_count, 0);
	pana_message_begin(&writer, PANA_PAR_COMPLETE, world.session_id, world.number + 1);
	pana_avp_write_u32(&writer, 0, PANA_RESULT_CODE, PANA_RESULT_AUTHENTICATION_REJECTED);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	world_say(&world, &writer, &old);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_true(pana_auth_verify(&old, &message));
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_REJECTED);
	assert_null(pana_client_session(world.client));
}

/* B-28: nobody answers the re-authentication of a short session: its time ends it. */
static void end_of_lifetime(void **state)
{
	struct pana_message message;

	(void)state;
	world_begin(&world);
	world_first_request(&world, NULL);
	world_sent_as(&world, PANA_PAN, &message);
	world.is_method_done = true;
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 60, EAP_SUCCESS);
	world_advance(&world, 59999);
	assert_int_equal(world.ended_count, 0);
	world_advance(&world, 1);
	assert_int_equal(world.ended_count, 1);
	assert_int_equal(world.ended, PANA_CLIENT_ENDED_LIFETIME);
	assert_null(pana_client_session(world.client));
	assert_int_equal(ping(), -ENOTCONN);
}

/* RFC 5191 5.7: a Session-Lifetime says nothing but in the PAR(C) that ends an authentication well. */
static void lifetime_elsewhere_is_ignored(void **state)
{
	static const uint8_t eap[] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t buffer[256];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	struct pana_message message;

	(void)state;
	world_begin(&world);
	pana_message_begin(&writer, PANA_PAR, world.session_id, ++world.number);
	pana_avp_write(&writer, 0, PANA_NONCE, world.paa_nonce, sizeof(world.paa_nonce));
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	pana_avp_write_u32(&writer, 0, PANA_SESSION_LIFETIME, 1);
	world_say(&world, &writer, NULL);
	world_sent_as(&world, PANA_PAN, &message);
	world.is_method_done = true;
	world_complete(&world, 1, PANA_RESULT_SUCCESS, 3600, EAP_SUCCESS);
	world_sent_as(&world, PANA_PAN_COMPLETE, &message);
	assert_int_equal(pana_client_session(world.client)->lifetime_s, 3600);
	world_advance(&world, 2000);
	world_nothing_sent(&world);
	assert_int_equal(world.ended_count, 0);
}

/* B-22, B-15: an answer that is asked for again is sent at most five times a second, PAN(S), too. */
static void repeats_are_limited(void **state)
{
	static const uint8_t eap[] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t first[256];
	struct wire_writer writer = wire_writer_of(first, sizeof(first));
	size_t octets;

	(void)state;
	world_begin(&world);
	world_advance(&world, 1000);
	world.sent_taken = world.sent_count;
	for (int i = 0; i < 8; i++)
		world_receive(&world, world.i_par.bytes, world.i_par.octets);
	assert_int_equal(world.sent_count - world.sent_taken, 5);
	world_advance(&world, 1000);
	world.sent_taken = world.sent_count;
	pana_message_begin(&writer, PANA_PAR, world.session_id, world.number + 1);
	pana_avp_write(&writer, 0, PANA_NONCE, world.paa_nonce, sizeof(world.paa_nonce));
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap, sizeof(eap));
	octets = pana_message_end(&writer);
	for (int i = 0; i < 9; i++)
		world_receive(&world, first, octets);
	assert_int_equal(world.sent_count - world.sent_taken, 6);
	assert_int_equal(world_counter(&world, "repeats_over_rate"), 3 + 3);
	assert_int_equal(world.eap_count, 1);
	world_advance(&world, 1000);
	world.sent_taken = world.sent_count;
	world_receive(&world, first, octets);
	assert_int_equal(world.sent_count - world.sent_taken, 1);
}

/* RFC 5191 5.6, B-23: a ping with AUTH and a new number from the new address; F-9: one a second. */
static void a_new_address_is_shown(void **state)
{
	struct pana_message message;
	uint32_t number = FIRST_NUMBER;

	(void)state;
	pana_client_moved(world.client, &world.now, world.effects); /* without a session there is nothing to show */
	world_open(&world);
	pana_client_moved(world.client, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PNR_PING, &message);
	assert_int_equal(message.sequence_number, number);
	assert_true(pana_auth_verify(&world.keys, &message));
	assert_false(pana_message_has(&message, PANA_ENCRYPTION_ENCAP));
	answer(PANA_PNA_PING, number, &world.keys);
	assert_int_equal(world.answered_count, 0); /* nobody has asked for anything */
	pana_client_moved(world.client, &world.now, world.effects);
	pana_client_moved(world.client, &world.now, world.effects);
	world_advance(&world, 999);
	world_nothing_sent(&world);
	world_advance(&world, 1);
	world_sent_as(&world, PANA_PNR_PING, &message);
	assert_int_equal(message.sequence_number, ++number);
	answer(PANA_PNA_PING, number, &world.keys);
	/* while a request is out it waits for that one's answer */
	world_advance(&world, 2000);
	assert_int_equal(ping(), 0);
	world_sent_as(&world, PANA_PNR_PING, &message);
	pana_client_moved(world.client, &world.now, world.effects);
	world_advance(&world, 0);
	world_nothing_sent(&world);
	answer(PANA_PNA_PING, ++number, &world.keys);
	assert_int_equal(world.answered_count, 1);
	world_sent_as(&world, PANA_PNR_PING, &message);
	assert_int_equal(message.sequence_number, number + 1);
	assert_false(pana_message_has(&message, PANA_ENCRYPTION_ENCAP));
}

/* RFC 5191 4.1, 4.4, 5.3, RFC 6786 3: with an MSK every message carries AUTH, and under new keys after a new MSK. */
static void every_message_is_authenticated(void **state)
{
	struct pana_keys first;
	struct pana_message message;

	(void)state;
	world_open(&world);
	first = world.keys;
	assert_int_equal(pana_client_reauthenticate(world.client, &world.now, world.effects), 0);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PNR_REAUTHENTICATION, &message);
	assert_int_equal(message.session_id, world.session_id);
	assert_true(pana_auth_verify(&first, &message));
	world.msk = (struct secret){0};
	memset(secret_fill(&world.msk, 64), 0x5a, 64);
	authenticate_again(&message, 2);
	pana_client_logout(world.client, &world.now, world.effects);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PTR, &message);
	assert_true(pana_auth_verify(&world.keys, &message));
	assert_false(pana_auth_verify(&first, &message));
	answer(PANA_PTA, message.sequence_number, &first); /* the old keys are gone */
	assert_int_equal(world.ended_count, 0);
	answer(PANA_PTA, message.sequence_number, &world.keys);
	assert_int_equal(world.ended_count, 1);
}

/* RFC 6786 3: what is encrypted after a new MSK is so under its keys, by the formula of pana_keys_derive(). */
static void encryption_keys_change_with_the_msk(void **state)
{
	static const uint8_t plaintext[8] = {1, 2, 3};
	struct pana_message message;
	struct wire_view encap;
	uint8_t read[8];

	(void)state;
	world_open(&world);
	assert_int_equal(pana_client_reauthenticate(world.client, &world.now, world.effects), 0);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PNR_REAUTHENTICATION, &message);
	memset(secret_fill(&world.msk, 64), 0x5a, 64);
	authenticate_again(&message, 2);
	assert_int_equal(pana_client_ping(world.client, (struct wire_view){plaintext, 8}, &world.now, world.effects),
	                 0);
	world_advance(&world, 0);
	world_sent_as(&world, PANA_PNR_PING, &message);
	encap = pana_message_value(&message, PANA_ENCRYPTION_ENCAP);
	assert_int_equal(encap.octets, sizeof(plaintext));
	assert_memory_not_equal(encap.bytes, plaintext, sizeof(plaintext));
	pana_encap_crypt(&world.keys, PANA_FROM_PAC, world.session_id, message.sequence_number, encap.bytes, read,
	                 sizeof(read));
	assert_octets(read, sizeof(read), plaintext, sizeof(plaintext));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	        TEST(new_keys_before_numbers_are_used_up),
	        TEST(new_keys_before_the_servers_numbers_are_used_up),
	        TEST(nonces),
	        TEST(the_server_begins_again),
	        TEST(failed_again),
	        TEST(end_of_lifetime),
	        TEST(lifetime_elsewhere_is_ignored),
	        TEST(repeats_are_limited),
	        TEST(a_new_address_is_shown),
	        TEST(every_message_is_authenticated),
	        TEST(encryption_keys_change_with_the_msk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
