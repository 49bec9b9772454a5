// SPDX-License-Identifier: BSD-3-Clause
/* Whole conversations as hostapd recorded them, and what an Access-Accept says of the subscriber. */
#include "eap_aka.h"
#include "identity_observer.h"
#include "relay_world.h"

/* */
static void check_request(const char *user_name, const uint8_t *eap, size_t eap_octets)
{
	struct radius_packet packet;
	struct wire_view value;
	uint8_t joined[PACKET_MAX];
	uint32_t mtu = 0;

	assert_int_equal(radius_read(world.sent, world.sent_octets, &packet), 0);
	assert_int_equal(packet.code, RADIUS_ACCESS_REQUEST);
	assert_int_equal(packet.attributes.bytes[0], RADIUS_MESSAGE_AUTHENTICATOR);
	assert_true(radius_message_authenticator_right(&packet, NULL, &world.servers[0].secret));
	value = radius_find(&packet, 0, RADIUS_USER_NAME);
	assert_octets(value.bytes, value.octets, user_name, strlen(user_name));
	value = radius_find(&packet, 0, RADIUS_NAS_IDENTIFIER);
	assert_octets(value.bytes, value.octets, "ha.mob.example", 14);
	value = radius_find(&packet, 0, RADIUS_NAS_IPV6_ADDRESS);
	assert_octets(value.bytes, value.octets, world.options.nas_address.s6_addr, 16);
	value = radius_find(&packet, 0, RADIUS_CALLED_STATION_ID);
	assert_octets(value.bytes, value.octets, "ha.mob.example", 14);
	value = radius_find(&packet, 0, RADIUS_CALLING_STATION_ID);
	assert_octets(value.bytes, value.octets, "2001:db8:2::77", 14);
	value = radius_find(&packet, 0, RADIUS_CUI);
	assert_octets(value.bytes, value.octets, "\0", 1);
	assert_true(radius_find_u32(&packet, 0, RADIUS_FRAMED_MTU, &mtu));
	assert_int_equal(mtu, 1100);
	assert_octets(joined, radius_eap_message(&packet, joined, sizeof(joined)), eap, eap_octets);
}

/* A full authentication with resynchronisation, as hostapd and eapol_test ran it: eight packets of the transcript. */
static void replay_transcript(const char *method)
{
	json_t *file = vectors_load("eap_radius_transcripts_hostapd.json");
	json_t *run = json_object_get(json_object_get(file, "runs"), method);
	json_t *transcript = json_object_get(run, "transcript");
	const char *identity = vectors_text(run, "identity_ascii");
	uint8_t radius[PACKET_MAX], eap[PACKET_MAX], msk[64];
	char state[300] = "";

	assert_non_null(run);
	world.has_authenticator = true;
	for (size_t i = 0; i < 8; i += 2) {
		json_t *request = json_array_get(transcript, i), *answer = json_array_get(transcript, i + 1);
		size_t octets = vectors_hex(request, "radius", radius, sizeof(radius));
		size_t eap_octets = vectors_hex(request, "eap", eap, sizeof(eap));
		struct radius_packet packet;
		struct wire_view value;

		memcpy(world.next_authenticator, radius + 4, 16);
		assert_int_equal(radius_read(radius, octets, &packet), 0);
		relay_send_eap(1, i == 0, eap, eap_octets);
		assert_int_equal(world.sent_count, i / 2 + 1);
		assert_int_equal(world.sent[1], radius[1]);
		check_request(identity, eap, eap_octets);
		/* State is echoed as in the recorded request */
		value = radius_find(&packet, 0, RADIUS_STATE);
		assert_int_equal(radius_read(world.sent, world.sent_octets, &packet), 0);
		assert_octets(radius_find(&packet, 0, RADIUS_STATE).bytes, radius_find(&packet, 0, RADIUS_STATE).octets,
		              value.bytes ? (const void *)value.bytes : state, value.octets);
		octets = vectors_hex(answer, "radius", radius, sizeof(radius));
		relay_receive(radius, octets);
		eap_octets = vectors_hex(answer, "eap", eap, sizeof(eap));
		assert_octets(world.eap, world.eap_octets, eap, eap_octets);
		assert_int_equal(world.conversation, 1);
	}
	assert_int_equal(world.request_count, 3);
	assert_int_equal(world.accepted_count, 1);
	vectors_hex(run, "msk_full_and_reauth/0", msk, sizeof(msk));
	assert_octets(secret_bytes(&world.acceptance.msk), secret_octets(&world.acceptance.msk), msk, sizeof(msk));
	json_decref(file);
}

/* K-2, R-3, R-7, B-26: hostapd does not say who the subscriber is. */
static void hostapd_aka_prime(void **state)
{
	(void)state;
	replay_transcript("EAP-AKA'");
	assert_false(world.acceptance.is_admitted);
	assert_int_equal(relay_counters()->without_subscriber, 1);
}

/* E-16: with identity-from-eap the last AT_IDENTITY counts; services come from the configuration of that server. */
static void hostapd_aka_prime_identity_from_eap(void **state)
{
	(void)state;
	world.servers[0].identity_from_eap = true;
	replay_transcript("EAP-AKA'");
	assert_true(world.acceptance.is_admitted);
	assert_false(world.acceptance.keeps_identity);
	assert_int_equal(world.acceptance.identity.kind, SUBSCRIBER_IMSI);
	assert_octets(world.acceptance.identity.value, world.acceptance.identity.octets, "232010000000000", 15);
	assert_string_equal(world.acceptance.identity.authentication_server, "home");
	assert_int_equal(world.acceptance.profile.services, 1);
}

static void hostapd_aka_identity_from_eap(void **state)
{
	(void)state;
	world.servers[0].identity_from_eap = true;
	replay_transcript("EAP-AKA");
	assert_true(world.acceptance.is_admitted);
	assert_octets(world.acceptance.identity.value, world.acceptance.identity.octets, "232010000000000", 15);
}

/* E-17: an IMSI outside the server's prefixes. */
static void foreign_prefix(void **state)
{
	static const char *const prefixes[] = {"00101"};

	(void)state;
	world.servers[0].identity_from_eap = true;
	world.servers[0].imsi_prefixes = prefixes;
	world.servers[0].imsi_prefix_count = 1;
	replay_transcript("EAP-AKA'");
	assert_false(world.acceptance.is_admitted);
	assert_int_equal(relay_counters()->foreign_subscriber, 1);
}

/* E-16: 3GPP-IMSI; then CUI; then User-Name, where it is trusted; never the identity that the peer sent. */
static void who_the_subscriber_is(void **state)
{
	static const struct {
		uint32_t vendor;
		uint8_t type;
		bool trusts;
		const char *value;
		size_t octets;
		bool admitted;
		enum subscriber_identity_kind kind;
	} cases[] = {
	        {RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, false, "001010000000007", 15, true, SUBSCRIBER_IMSI},
	        {RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, false, "244070000000007", 15, false, 0},
	        {RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, false, "00101000000000x", 15, false, 0},
	        {RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, false, "001010000000007\0", 16, false, 0},
	        {RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, false, "0010100\000000007", 15, false, 0},
	        {0, RADIUS_CUI, false, "c-77", 4, true, SUBSCRIBER_OPAQUE},
	        {0, RADIUS_CUI, false, "\0", 1, false, 0},
	        {0, RADIUS_USER_NAME, false, "001010000000007", 15, false, 0},
	        {0, RADIUS_USER_NAME, true, "someone", 7, true, SUBSCRIBER_OPAQUE},
	        {0, 0, true, "", 0, false, 0},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		relay_teardown(state);
		relay_setup(state);
		world.servers[0].trust_accept_user_name = cases[i].trusts;
		/* the peer claims to be a permanent identity; nobody believes it */
		relay_send_identity(9, "6001010000000001@wlan.mnc232.mcc01.3gppnetwork.org");
		accept_with(cases[i].vendor, cases[i].type, cases[i].value, cases[i].octets);
		assert_int_equal(world.accepted_count, 1);
		assert_int_equal(world.acceptance.is_admitted, cases[i].admitted);
		assert_int_equal(secret_octets(&world.acceptance.msk), 64);
		if (!cases[i].admitted)
			continue;
		assert_int_equal(world.acceptance.identity.kind, cases[i].kind);
		assert_octets(world.acceptance.identity.value, world.acceptance.identity.octets, cases[i].value,
		              cases[i].octets);
	}
}

/* E-16: the order of precedence when an Accept says several things. operation.md 2: the profile. R-8, B-28. */
static void profile_class_and_timeout(void **state)
{
	struct answer answer;

	(void)state;
	world.servers[0].trust_accept_user_name = true;
	relay_send_identity(9, ANONYMOUS);
	answer_begin(&answer, RADIUS_ACCESS_ACCEPT);
	radius_attribute_write(&answer.writer, RADIUS_USER_NAME, ANONYMOUS, strlen(ANONYMOUS));
	radius_attribute_write(&answer.writer, RADIUS_CUI, "cui", 3);
	answer_eap(&answer, EAP_SUCCESS);
	answer_keys(&answer);
	radius_attribute_write(&answer.writer, RADIUS_CLASS, "class!", 6);
	radius_attribute_write_u32(&answer.writer, RADIUS_SESSION_TIMEOUT, 7200);
	radius_vendor_write(&answer.writer, VENDOR, ACCEPT_NAME, "Matti Virtanen", 14);
	radius_vendor_write(&answer.writer, VENDOR, ACCEPT_SERVICES, "\0\0\0\5", 4);
	radius_vendor_write(&answer.writer, VENDOR, ACCEPT_BARRED, "\0\0\0\1", 4);
	radius_vendor_write(&answer.writer, VENDOR + 1, ACCEPT_NAME, "Someone Else", 12);
	radius_vendor_write(&answer.writer, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, "001010000000007", 15);
	answer_send(&answer);
	assert_true(world.acceptance.is_admitted);
	assert_octets(world.acceptance.identity.value, world.acceptance.identity.octets, "001010000000007", 15);
	assert_int_equal(world.acceptance.session_timeout_s, 7200);
	assert_octets(world.class_attribute, world.acceptance.class_attribute.octets, "class!", 6);
	assert_string_equal(world.acceptance.profile.name, "Matti Virtanen");
	assert_int_equal(world.acceptance.profile.services, 5);
	assert_true(world.acceptance.profile.barred);
}

static void malformed_profile(void **state)
{
	struct answer answer;

	(void)state;
	relay_send_identity(9, ANONYMOUS);
	answer_begin(&answer, RADIUS_ACCESS_ACCEPT);
	answer_eap(&answer, EAP_SUCCESS);
	answer_keys(&answer);
	radius_vendor_write(&answer.writer, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, "001010000000007", 15);
	radius_vendor_write(&answer.writer, VENDOR, ACCEPT_SERVICES, "\0\5", 2);
	answer_send(&answer);
	assert_int_equal(world.accepted_count, 1);
	assert_false(world.acceptance.is_admitted);
	assert_int_equal(relay_counters()->malformed_profile, 1);
}

/* K-2, B-26: without both keys of 32 octets there is no MSK. R-7: keys under another request's authenticator are none.
 */
static void missing_msk(void **state)
{
	uint8_t key[32], value[RADIUS_MPPE_OCTETS_MAX], other_authenticator[16] = {1};
	struct answer answer;

	(void)state;
	memset(key, 0x11, sizeof(key));
	for (int variant = 0; variant < 3; variant++) {
		relay_send_identity((uint64_t)variant + 1, ANONYMOUS);
		answer_begin(&answer, RADIUS_ACCESS_ACCEPT);
		answer_eap(&answer, EAP_SUCCESS);
		if (variant == 1)
			radius_vendor_write(
			        &answer.writer, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY, value,
			        radius_mppe_encrypt(key, 32, 0x8001, world.sent + 4, &world.servers[0].secret, value));
		for (int half = 0; half < 2 && variant == 2; half++)
			radius_vendor_write(&answer.writer, RADIUS_VENDOR_MICROSOFT,
			                    half ? RADIUS_MS_MPPE_RECV_KEY : RADIUS_MS_MPPE_SEND_KEY, value,
			                    radius_mppe_encrypt(key, 32, (uint16_t)(0x8001 + half), other_authenticator,
			                                        &world.servers[0].secret, value));
		radius_vendor_write(&answer.writer, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI, "001010000000007", 15);
		answer_send(&answer);
		assert_int_equal(world.accepted_count, variant + 1);
		assert_true(secret_is_empty(&world.acceptance.msk));
	}
	assert_int_equal(relay_counters()->without_msk, 3);
}

static void see(struct identity_observer *observer, uint8_t type, uint8_t subtype, const char *identity)
{
	uint8_t data[256], packet[300];
	struct wire_writer writer = wire_writer_of(data, sizeof(data)), eap = wire_writer_of(packet, sizeof(packet));

	eap_aka_begin(&writer, (enum eap_aka_subtype)subtype);
	if (identity)
		eap_aka_write_identity(&writer, identity, strlen(identity));
	eap_write(&eap, EAP_RESPONSE, 1, type, data, wire_written(&writer));
	identity_observer_see(observer, (struct wire_view){packet, wire_written(&eap)});
}

/* E-16: permanent form only, the last one, and only for the method that goes on with it. */
static void observed_identities(void **state)
{
	struct identity_observer observer = {0};

	(void)state;
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA_PRIME, EAP_AKA_IDENTITY, "7pseudonym@realm");
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA_PRIME, EAP_AKA_IDENTITY, "6001010000000001@realm");
	assert_string_equal(identity_observer_imsi(&observer), "001010000000001");
	see(&observer, EAP_TYPE_AKA_PRIME, EAP_AKA_CHALLENGE, NULL);
	assert_string_equal(identity_observer_imsi(&observer), "001010000000001");
	see(&observer, EAP_TYPE_AKA_PRIME, EAP_AKA_IDENTITY, "6001010000000002");
	assert_string_equal(identity_observer_imsi(&observer), "001010000000002");
	/* named under one method, proven under another */
	see(&observer, EAP_TYPE_AKA, EAP_AKA_CHALLENGE, NULL);
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA, EAP_AKA_IDENTITY, "6001010000000001@realm");
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA, EAP_AKA_IDENTITY, "0001010000000001x@realm");
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA, EAP_AKA_IDENTITY, "000101@realm");
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA, EAP_AKA_IDENTITY, "00010100000000011@realm");
	assert_null(identity_observer_imsi(&observer));
	see(&observer, EAP_TYPE_AKA, EAP_AKA_IDENTITY, "0001010000000001");
	assert_string_equal(identity_observer_imsi(&observer), "001010000000001");
	see(&observer, 13, 0, NULL);
	assert_null(identity_observer_imsi(&observer));
}

/* E-16: after a fast re-authentication the session's subscriber stays; after a pseudonym's full one it is nobody. */
static void observed_fast_reauthentication(void **state)
{
	static const uint8_t fast[] = {EAP_RESPONSE, 7, 0, 8, 50, EAP_AKA_REAUTHENTICATION, 0, 0};
	static const uint8_t full[] = {EAP_RESPONSE, 7, 0, 8, 50, EAP_AKA_CHALLENGE, 0, 0};

	for (int i = 0; i < 2; i++) {
		struct answer answer;

		relay_teardown(state);
		relay_setup(state);
		world.servers[0].identity_from_eap = true;
		relay_send_identity(1, ANONYMOUS);
		answer_begin(&answer, RADIUS_ACCESS_CHALLENGE);
		answer_eap(&answer, EAP_REQUEST);
		answer_send(&answer);
		relay_send_eap(1, false, i ? full : fast, sizeof(fast));
		accept_with(0, 0, NULL, 0);
		assert_int_equal(world.acceptance.keeps_identity, i == 0);
		assert_int_equal(world.acceptance.is_admitted, i == 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, relay_setup, relay_teardown)
	const struct CMUnitTest tests[] = {
	        TEST(hostapd_aka_prime),
	        TEST(hostapd_aka_prime_identity_from_eap),
	        TEST(hostapd_aka_identity_from_eap),
	        TEST(foreign_prefix),
	        TEST(who_the_subscriber_is),
	        TEST(profile_class_and_timeout),
	        TEST(malformed_profile),
	        TEST(missing_msk),
	        TEST(observed_identities),
	        TEST(observed_fast_reauthentication),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
