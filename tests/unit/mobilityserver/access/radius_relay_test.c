// SPDX-License-Identifier: BSD-3-Clause
/* The relay's ways with datagrams: protection, identifiers, repetition, codes, realms. */
#include <openssl/evp.h>

#include "relay_world.h"

/* R-2, R-4: what is not rightly protected, or answers nothing, changes nothing, and stops no timer. */
static void forged_answers(void **state)
{
	struct endpoint elsewhere = {.port = 1812};
	struct answer answer;
	struct radius_packet packet;
	size_t octets;

	(void)state;
	relay_send_identity(1, ANONYMOUS);
	answer_begin(&answer, RADIUS_ACCESS_ACCEPT);
	answer_eap(&answer, EAP_SUCCESS);
	answer_keys(&answer);
	octets = answer_end(&answer);
	for (size_t at = 1; at < octets; at++) {
		if (at == 2 || at == 3)
			continue;
		answer.packet[at] ^= 1;
		relay_receive(answer.packet, octets);
		answer.packet[at] ^= 1;
	}
	assert_true(relay_counters()->wrong_authenticator > 20);
	relay_receive(answer.packet, 10);
	assert_true(relay_counters()->malformed > 0);
	radius_relay_datagram(world.relay, world.channel, &elsewhere, answer.packet, octets, &world.now, world.effects);
	assert_int_equal(relay_counters()->wrong_source, 1);
	radius_relay_datagram(world.relay, world.channel + 1, &world.to, answer.packet, octets, &world.now,
	                      world.effects);
	radius_relay_datagram(world.relay, world.channel - 1, &world.to, answer.packet, octets, &world.now,
	                      world.effects);
	assert_true(relay_counters()->unknown_answer >= 2);
	/* a right Response Authenticator around no Message-Authenticator, and around a wrong one (CVE-2024-3596) */
	for (int wrong = 0; wrong < 2; wrong++) {
		static const uint8_t zeros[16];
		struct answer bare = {.writer = wire_writer_of(bare.packet, sizeof(bare.packet))};
		size_t none;

		radius_begin(&bare.writer, RADIUS_ACCESS_ACCEPT, world.sent[1], zeros);
		if (wrong)
			radius_attribute_write(&bare.writer, RADIUS_MESSAGE_AUTHENTICATOR, zeros, 16);
		answer_eap(&bare, EAP_SUCCESS);
		none = radius_end(&bare.writer);
		{
			const struct wire_view parts[] = {{bare.packet, 4},
			                                  {world.sent + 4, 16},
			                                  {bare.packet + 20, none - 20},
			                                  {secret_bytes(&world.servers[0].secret), 10}};
			uint8_t input[PACKET_MAX];
			struct wire_writer writer = wire_writer_of(input, sizeof(input));

			for (size_t i = 0; i < 4; i++)
				wire_write_view(&writer, parts[i]);
			EVP_Digest(input, wire_written(&writer), bare.packet + 4, NULL, EVP_md5(), NULL);
		}
		assert_int_equal(radius_read(bare.packet, none, &packet), 0);
		assert_true(radius_response_authenticator_right(&packet, world.sent + 4, &world.servers[0].secret));
		relay_receive(bare.packet, none);
		assert_int_equal(relay_counters()->wrong_message_authenticator, wrong + 1);
	}
	assert_int_equal(world.accepted_count + world.rejected_count + world.request_count, 0);
	relay_receive(answer.packet, octets);
	assert_int_equal(world.accepted_count, 1);
	relay_receive(answer.packet, octets);
	assert_int_equal(world.accepted_count, 1);
}

/* R-6: RADIUS code and EAP code must agree. */
static void codes_that_disagree(void **state)
{
	static const struct {
		enum radius_code radius;
		enum eap_code eap; /* 0: none */
	} cases[] = {
	        {RADIUS_ACCESS_ACCEPT, EAP_FAILURE},
	        {RADIUS_ACCESS_ACCEPT, EAP_REQUEST},
	        {RADIUS_ACCESS_ACCEPT, 0},
	        {RADIUS_ACCESS_REJECT, EAP_SUCCESS},
	        {RADIUS_ACCESS_REJECT, EAP_REQUEST},
	        {RADIUS_ACCESS_CHALLENGE, EAP_SUCCESS},
	        {RADIUS_ACCESS_CHALLENGE, EAP_FAILURE},
	        {RADIUS_ACCESS_CHALLENGE, 0},
	};
	size_t count = sizeof(cases) / sizeof(*cases);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct answer answer;

		relay_send_identity(i + 1, ANONYMOUS);
		answer_begin(&answer, cases[i].radius);
		if (cases[i].eap)
			answer_eap(&answer, cases[i].eap);
		answer_keys(&answer);
		radius_vendor_write(&answer.writer, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, "001010000000007", 15);
		answer_send(&answer);
		assert_int_equal(world.rejected_count, i + 1);
		assert_int_equal(world.eap_octets, 0);
	}
	assert_int_equal(relay_counters()->code_mismatch, count);
	assert_int_equal(world.accepted_count, 0);
}

static void rejection(void **state)
{
	struct answer answer;

	(void)state;
	relay_send_identity(1, ANONYMOUS);
	answer_begin(&answer, RADIUS_ACCESS_REJECT);
	answer_eap(&answer, EAP_FAILURE);
	answer_send(&answer);
	assert_int_equal(world.rejected_count, 1);
	assert_int_equal(world.eap[0], EAP_FAILURE);
	assert_int_equal(relay_counters()->code_mismatch, 0);
}

/* B-25, R-5, R-10: repeated as the identical packet; given up long before a node gives up its PAA. */
static void dead_server(void **state)
{
	uint8_t first[PACKET_MAX];
	size_t octets;

	(void)state;
	relay_send_identity(1, ANONYMOUS);
	octets = world.sent_octets;
	memcpy(first, world.sent, octets);
	for (size_t sent = 1; world.rejected_count == 0; relay_advance(1)) {
		if (world.sent_count == sent)
			continue;
		sent = world.sent_count;
		assert_octets(world.sent, world.sent_octets, first, octets);
	}
	assert_int_equal(world.sent_count, 4);
	assert_in_range(world.now.monotonic_ms - 1000, 8000, 12000);
	assert_int_equal(world.conversation, 1);
	assert_int_equal(relay_counters()->timeouts, 1);
	relay_advance(60000);
	assert_int_equal(world.sent_count, 4);
	assert_int_equal(world.rejected_count, 1);
}

/* R-4: an answer after its time meets nobody, also when its identifier is in use again. */
static void late_answer(void **state)
{
	struct answer late;
	size_t octets;
	struct endpoint from;

	(void)state;
	relay_send_identity(1, ANONYMOUS);
	answer_begin(&late, RADIUS_ACCESS_ACCEPT);
	answer_eap(&late, EAP_SUCCESS);
	answer_keys(&late);
	octets = answer_end(&late);
	from = world.to;
	relay_advance(12000);
	assert_int_equal(world.rejected_count, 1);
	radius_relay_datagram(world.relay, CHANNEL, &from, late.packet, octets, &world.now, world.effects);
	assert_int_equal(relay_counters()->unknown_answer, 1);
	relay_advance(10000);
	for (uint64_t conversation = 2; conversation < 2 + 256; conversation++)
		relay_send_identity(conversation, ANONYMOUS);
	radius_relay_datagram(world.relay, CHANNEL, &from, late.packet, octets, &world.now, world.effects);
	assert_int_equal(relay_counters()->wrong_authenticator, 1);
	assert_int_equal(world.accepted_count, 0);
}

/* R-4: 256 identifiers a channel; all in use is a refusal, and they come back after a rest. */
static void identifiers_run_out(void **state)
{
	bool seen[CHANNELS][256] = {{false}};

	(void)state;
	radius_relay_free(world.relay);
	world.options.channel_count = CHANNELS;
	world.relay = radius_relay_new(&world.options);
	for (uint64_t conversation = 1; conversation <= 512; conversation++) {
		relay_send_identity(conversation, ANONYMOUS);
		assert_false(seen[world.channel - CHANNEL][world.sent[1]]);
		seen[world.channel - CHANNEL][world.sent[1]] = true;
	}
	assert_int_equal(world.rejected_count, 0);
	relay_send_identity(600, ANONYMOUS);
	assert_int_equal(world.rejected_count, 1);
	assert_int_equal(relay_counters()->no_identifier, 1);
	radius_relay_abandon(world.relay, 5);
	radius_relay_abandon(world.relay, 5555);
	relay_send_identity(601, ANONYMOUS);
	assert_int_equal(relay_counters()->no_identifier, 2);
	relay_advance(20000);
	assert_int_equal(relay_counters()->timeouts, 511);
	relay_send_identity(602, ANONYMOUS);
	assert_int_equal(relay_counters()->no_identifier, 2);
}

/* E-17, B-25: the realm chooses the server; no server: no RADIUS packet. */
static void realms(void **state)
{
	static const char *const refused[] = {"6anonymous",
	                                      "6anonymous@",
	                                      "6anonymous@unknown.example",
	                                      "@",
	                                      "",
	                                      "6anonymous@wlan.mnc232.mcc01.3gppnetwork.org.evil.example"};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		relay_send_identity(i + 1, refused[i]);
		assert_int_equal(world.rejected_count, i + 1);
	}
	assert_int_equal(world.sent_count, 0);
	assert_int_equal(relay_counters()->no_server, sizeof(refused) / sizeof(*refused));
	relay_send_identity(50, "6anonymous@WLAN.mnc232.mcc01.3gppnetwork.org");
	assert_true(endpoint_equal(&world.to, &world.servers[0].endpoint));
	relay_send_identity(51, "6anonymous@visited.example");
	assert_true(endpoint_equal(&world.to, &world.servers[1].endpoint));
	relay_send_identity(52, "6a@visited.example@other.example");
	assert_true(endpoint_equal(&world.to, &world.servers[0].endpoint));
}

/* F-2, R-5: nothing begins without an identity; a second response while one is out makes no second request. */
static void what_begins_nothing(void **state)
{
	static const uint8_t nak[] = {EAP_RESPONSE, 1, 0, 6, EAP_TYPE_NAK, 4};

	(void)state;
	relay_send_eap(1, true, nak, sizeof(nak));
	relay_send_eap(2, false, nak, sizeof(nak));
	assert_int_equal(world.rejected_count, 2);
	assert_int_equal(world.sent_count, 0);
	relay_send_identity(3, ANONYMOUS);
	relay_send_eap(3, false, nak, sizeof(nak));
	assert_int_equal(world.sent_count, 1);
}

/* R-3: State is echoed unchanged; a Challenge without it is legal and leaves none. */
static void state_attribute(void **state)
{
	static const uint8_t response[] = {EAP_RESPONSE, 7, 0, 6, 50, 1};
	struct radius_packet packet;
	struct answer answer;

	(void)state;
	relay_send_identity(1, ANONYMOUS);
	answer_begin(&answer, RADIUS_ACCESS_CHALLENGE);
	answer_eap(&answer, EAP_REQUEST);
	radius_attribute_write(&answer.writer, RADIUS_STATE, "st\0te", 5);
	answer_send(&answer);
	relay_send_eap(1, false, response, sizeof(response));
	assert_int_equal(radius_read(world.sent, world.sent_octets, &packet), 0);
	assert_octets(radius_find(&packet, 0, RADIUS_STATE).bytes, radius_find(&packet, 0, RADIUS_STATE).octets,
	              "st\0te", 5);
	answer_begin(&answer, RADIUS_ACCESS_CHALLENGE);
	answer_eap(&answer, EAP_REQUEST);
	answer_send(&answer);
	relay_send_eap(1, false, response, sizeof(response));
	assert_int_equal(radius_read(world.sent, world.sent_octets, &packet), 0);
	assert_int_equal(radius_count(&packet, 0, RADIUS_STATE), 0);
}

/* Other servers: a conversation stays with its own one, wherever that stands now; without it, it is rejected (B-25). */
static void other_servers(void **state)
{
	struct radius_relay_server others[2] = {world.servers[1], world.servers[0]};
	struct effects *effects = world.effects;

	(void)state;
	relay_send_identity(1, ANONYMOUS);
	relay_send_identity(2, "6anonymous@visited.example");
	radius_relay_set_servers(world.relay, others, 2, &world.now, effects);
	assert_int_equal(world.rejected_count, 0);
	radius_relay_set_servers(world.relay, &others[0], 1, &world.now, effects);
	assert_int_equal(world.rejected_count, 1);
	assert_int_equal(world.conversation, 1);
	relay_send_identity(3, ANONYMOUS);
	assert_int_equal(world.rejected_count, 2);
	world.sent_count = 0;
	relay_advance(1500); /* the other one goes on: its request comes again, to its server */
	assert_int_equal(world.sent_count, 1);
	assert_true(endpoint_equal(&world.to, &others[0].endpoint));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, relay_setup, relay_teardown)
	const struct CMUnitTest tests[] = {
	        TEST(forged_answers),  TEST(codes_that_disagree), TEST(rejection), TEST(dead_server),
	        TEST(late_answer),     TEST(identifiers_run_out), TEST(realms),    TEST(what_begins_nothing),
	        TEST(state_attribute), TEST(other_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
