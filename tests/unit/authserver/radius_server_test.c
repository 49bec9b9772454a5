// SPDX-License-Identifier: BSD-3-Clause
/*
 * The authentication server from datagram to datagram, with a disk that answers as the test says: conversations, lost
 * and repeated packets, wrong answers, limits. E-7, E-8, E-11, E-14, E-16, F-5, F-10, R-2, R-3, R-5, R-6, R-7, S-4.
 */
#include "radius_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include "radius_security.h"
#include "vectors.h"

enum { IND = 4, VENDOR = 32473, SESSION_TIMEOUT_S = 3600, CHANNEL = 1, TYPE_DATA_OFFSET = 5 };

static const char IMSI[] = "001010000000001";
static const char IDENTITY[] = "6001010000000001@wlan.mnc001.mcc001.3gppnetwork.org";
static const char UNKNOWN[] = "6001010000000099@wlan.mnc001.mcc001.3gppnetwork.org";
static const char SERVICE[] = "ha.mob.example";
static const char NETWORK_NAME[] = "kedge:ha.mob.example";

struct bench {
	struct secret wrap_key, k, opc;
	struct randomness_seeded seeded;
	struct timer_wheel timers;
	struct subscriber_table table;
	struct authentication_centre centre;
	struct eap_server eap;
	struct radius_client clients[2];
	struct radius_server radius;
	struct instant now;
	int disk;               /* what the disk answers */
	bool disk_is_slow;      /* it answers when disk_answers() is called */
	struct effects *stored; /* what it has not answered yet */
	/* the client */
	struct endpoint from;
	const char *called_station;
	const char *calling_station;
	uint8_t identifier;
	uint8_t request[RADIUS_PACKET_MAX];
	size_t request_octets;
	uint8_t state[RADIUS_VALUE_MAX];
	size_t state_octets;
	/* what came back */
	unsigned answers;
	uint8_t answer[RADIUS_PACKET_MAX];
	size_t answer_octets;
	struct radius_packet packet; /* the answer, read */
	uint8_t eap_octets[EAP_PACKET_MAX];
	struct eap_packet eap_packet;
	struct eap_aka_message message; /* of an EAP-Request of AKA */
	/* the card */
	struct sqn_window window;
	struct aka_answer card;
	struct eap_aka_keys keys;
};

static void take_answers(struct bench *bench, const struct effects *effects)
{
	struct effect_send send;

	for (size_t i = 0; effects_send_at(effects, i, &send); i++) {
		assert_int_equal(send.channel, CHANNEL);
		assert_true(endpoint_equal(&send.to, &bench->from));
		bench->answers++;
		bench->answer_octets = send.octets;
		memcpy(bench->answer, send.message, send.octets);
	}
}

static void disk_answers(struct bench *bench)
{
	struct effects *more = effects_new();

	if (bench->disk == 0)
		take_answers(bench, bench->stored);
	effects_call_durable(bench->stored, bench->disk, &bench->now, more);
	take_answers(bench, more);
	effects_free(more);
	effects_free(bench->stored);
	bench->stored = NULL;
}

/* The last request goes out (again). */
static void send_request(struct bench *bench)
{
	struct effects *step = effects_new();

	radius_server_datagram(&bench->radius, CHANNEL, &bench->from, bench->request, bench->request_octets,
	                       &bench->now, step);
	if (!effects_has_stores(step)) {
		take_answers(bench, step);
		effects_free(step);
		return;
	}
	assert_null(bench->stored);
	bench->stored = step;
	if (!bench->disk_is_slow)
		disk_answers(bench);
}

static const struct secret *secret_of(const struct bench *bench)
{
	return &bench->clients[bench->from.address.s6_addr[15] - 1].secret;
}

/* */
static void build_request(struct bench *bench, const void *eap, size_t octets, unsigned proxy_states)
{
	uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS];
	struct wire_writer writer = wire_writer_of(bench->request, sizeof(bench->request));
	size_t message_authenticator;

	randomness_fill(&bench->seeded.randomness, authenticator, sizeof(authenticator));
	radius_begin(&writer, RADIUS_ACCESS_REQUEST, ++bench->identifier, authenticator);
	message_authenticator = radius_message_authenticator_write(&writer);
	radius_attribute_write(&writer, RADIUS_USER_NAME, "6anonymous", 10);
	if (bench->called_station)
		radius_attribute_write(&writer, RADIUS_CALLED_STATION_ID, bench->called_station,
		                       strlen(bench->called_station));
	if (bench->calling_station)
		radius_attribute_write(&writer, RADIUS_CALLING_STATION_ID, bench->calling_station,
		                       strlen(bench->calling_station));
	for (unsigned i = 0; i < proxy_states; i++)
		radius_attribute_write(&writer, RADIUS_PROXY_STATE, &"abcdefghi"[i], 1);
	if (octets)
		radius_eap_message_write(&writer, eap, octets);
	if (bench->state_octets)
		radius_attribute_write(&writer, RADIUS_STATE, bench->state, bench->state_octets);
	bench->request_octets = radius_end(&writer);
	radius_protect(bench->request, bench->request_octets, message_authenticator, NULL, secret_of(bench));
}

/* R-2, RFC 2865 3: the answer fits the last request. */
static void read_answer(struct bench *bench)
{
	const uint8_t *authenticator = bench->request + 4;
	struct wire_view state;
	size_t octets;

	assert_int_equal(radius_read(bench->answer, bench->answer_octets, &bench->packet), 0);
	assert_int_equal(bench->packet.identifier, bench->identifier);
	assert_true(radius_message_authenticator_right(&bench->packet, authenticator, secret_of(bench)));
	assert_true(radius_response_authenticator_right(&bench->packet, authenticator, secret_of(bench)));
	octets = radius_eap_message(&bench->packet, bench->eap_octets, sizeof(bench->eap_octets));
	assert_int_equal(eap_read(bench->eap_octets, octets, &bench->eap_packet), 0);
	memset(&bench->message, 0, sizeof(bench->message));
	if (bench->eap_packet.code == EAP_REQUEST)
		assert_int_equal(
		        eap_aka_read(bench->eap_packet.data.bytes, bench->eap_packet.data.octets, &bench->message), 0);
	state = radius_find(&bench->packet, 0, RADIUS_STATE);
	bench->state_octets = state.octets;
	if (state.octets)
		memcpy(bench->state, state.bytes, state.octets);
}

/* One request, one answer. */
static void exchange(struct bench *bench, const void *eap, size_t octets)
{
	unsigned answers = bench->answers;

	build_request(bench, eap, octets, 0);
	send_request(bench);
	assert_int_equal(bench->answers, answers + 1);
	read_answer(bench);
}

static void begin(struct bench *bench, const char *identity)
{
	uint8_t packet[EAP_PACKET_MAX];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	bench->state_octets = 0;
	eap_write(&writer, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, identity, strlen(identity));
	exchange(bench, packet, wire_written(&writer));
}

/* The response to the last request, with AT_MAC under the peer's keys where `mac_offset` says. */
static void respond(struct bench *bench, struct wire_writer *data, size_t mac_offset)
{
	uint8_t packet[EAP_PACKET_MAX];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_RESPONSE, bench->eap_packet.identifier, EAP_TYPE_AKA_PRIME, data->begin,
	          wire_written(data));
	if (mac_offset)
		eap_aka_mac_set(&bench->keys, packet, wire_written(&writer), TYPE_DATA_OFFSET + mac_offset);
	exchange(bench, packet, wire_written(&writer));
}

static void respond_bare(struct bench *bench, enum eap_aka_subtype subtype)
{
	uint8_t data[8];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_begin(&writer, subtype);
	if (subtype == EAP_AKA_CLIENT_ERROR)
		eap_aka_write_u16(&writer, AT_CLIENT_ERROR_CODE, 0);
	respond(bench, &writer, 0);
}

static bool challenged(const struct bench *bench)
{
	return bench->packet.code == RADIUS_ACCESS_CHALLENGE && bench->message.subtype == EAP_AKA_CHALLENGE;
}

/* code of RADIUS and of EAP agree, and the failure belongs to the response (RFC 3748 4.2). */
static void assert_rejected(const struct bench *bench, uint8_t identifier)
{
	assert_int_equal(bench->packet.code, RADIUS_ACCESS_REJECT);
	assert_int_equal(bench->eap_packet.code, EAP_FAILURE);
	assert_int_equal(bench->eap_packet.identifier, identifier);
	assert_null(radius_find(&bench->packet, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY).bytes);
	assert_null(radius_find(&bench->packet, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI).bytes);
}

/* RFC 4187 6.3.1: a notification of failure, its answer, the end. */
static void assert_failure_notified(struct bench *bench)
{
	uint8_t identifier = bench->eap_packet.identifier;

	assert_int_equal(bench->packet.code, RADIUS_ACCESS_CHALLENGE);
	assert_int_equal(bench->message.subtype, EAP_AKA_NOTIFICATION);
	assert_int_equal(bench->message.notification, EAP_AKA_NOTIFICATION_GENERAL_FAILURE);
	respond_bare(bench, EAP_AKA_NOTIFICATION);
	assert_rejected(bench, identifier);
}

/* The card judges the challenge, and the peer derives its keys (K-4, E-5). */
static enum aka_outcome judge(struct bench *bench, const char *identity)
{
	struct secret ck = {0}, ik = {0};
	enum aka_outcome outcome = aka_answer_make(&bench->k, &bench->opc, &bench->window, bench->message.rand.bytes,
	                                           bench->message.autn.bytes, &bench->card);

	if (outcome != AKA_SUCCESS)
		return outcome;
	sqn_window_accept(&bench->window, bench->card.sqn);
	eap_aka_prime_cipher_keys(&bench->card.ck, &bench->card.ik, bench->message.kdf_input.bytes,
	                          bench->message.kdf_input.octets, bench->card.sqn_xor_ak, &ck, &ik);
	eap_aka_prime_keys(&ck, &ik, identity, strlen(identity), &bench->keys);
	return outcome;
}

static void answer_challenge(struct bench *bench, const uint8_t res[AKA_RES_OCTETS], bool result_indication)
{
	uint8_t data[128];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_begin(&writer, EAP_AKA_CHALLENGE);
	eap_aka_write_res(&writer, res, AKA_RES_OCTETS);
	if (result_indication)
		eap_aka_write_flag(&writer, AT_RESULT_IND);
	eap_aka_write_checkcode(&writer, NULL, 0);
	respond(bench, &writer, eap_aka_write_mac(&writer));
}

static void acknowledge(struct bench *bench)
{
	uint8_t data[64];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_begin(&writer, EAP_AKA_NOTIFICATION);
	respond(bench, &writer, eap_aka_write_mac(&writer));
}

static void synchronise(struct bench *bench)
{
	uint8_t data[64];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_begin(&writer, EAP_AKA_SYNCHRONIZATION_FAILURE);
	eap_aka_write_auts(&writer, bench->card.auts);
	eap_aka_write_kdf(&writer, EAP_AKA_KDF_DEFAULT);
	respond(bench, &writer, 0);
}

static int setup(void **state)
{
	static struct bench bench;
	struct subscriber_record record = {.amf = {0x80, 0},
	                                   .methods = METHOD_AKA_PRIME | METHOD_AKA,
	                                   .services = SUBSCRIBED_MIP6,
	                                   .name = "Matti Virtanen",
	                                   .msisdn = "358401234567",
	                                   .ambr_down_bps = 0x100000001};
	struct eap_server_outlet outlet;

	memset(&bench, 0, sizeof(bench));
	memset(secret_fill(&bench.wrap_key, KEY_WRAP_KEY_OCTETS), 7, KEY_WRAP_KEY_OCTETS);
	memset(secret_fill(&bench.k, AKA_K_OCTETS), 1, AKA_K_OCTETS);
	memset(secret_fill(&bench.opc, AKA_K_OCTETS), 2, AKA_K_OCTETS);
	randomness_seeded_start(&bench.seeded, 1);
	bench.now = (struct instant){.monotonic_ms = 1000000, .unix_ms = 1700000000000};
	bench.window.jump_limit = SQN_JUMP_LIMIT_DEFAULT;
	timer_wheel_start(&bench.timers, bench.now.monotonic_ms);
	for (int i = 0; i < 2; i++) {
		struct radius_client *client = &bench.clients[i];

		client->prefix_length = 128;
		client->prefix.s6_addr[15] = (uint8_t)(i + 1);
		memset(secret_fill(&client->secret, 16), 'a' + i, 16);
		snprintf(client->paa_id, sizeof(client->paa_id), "%s", SERVICE);
		snprintf(client->network_name, sizeof(client->network_name), "%s", NETWORK_NAME);
	}
	bench.from.address.s6_addr[15] = 1;
	bench.from.port = 40000;
	memcpy(record.imsi, IMSI, sizeof(IMSI));
	key_wrap(&bench.wrap_key, IMSI, &bench.k, &bench.opc, &bench.seeded.randomness, record.wrapped_keys);
	subscriber_table_start(&bench.table, &bench.wrap_key, &bench.seeded.randomness);
	subscriber_table_loaded(&bench.table, &record);
	authentication_centre_start(&bench.centre, &bench.table, &bench.seeded.randomness, IND);
	outlet = radius_server_outlet(&bench.radius);
	eap_server_start(&bench.eap, &bench.table, &bench.centre, &bench.timers, &bench.seeded.randomness, &outlet);
	radius_server_start(&bench.radius, bench.clients, 2, &bench.eap, &bench.timers, &bench.seeded.randomness,
	                    VENDOR, SESSION_TIMEOUT_S);
	*state = &bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	effects_free(bench->stored);
	radius_server_end(&bench->radius);
	eap_server_end(&bench->eap);
	authentication_centre_end(&bench->centre);
	subscriber_table_end(&bench->table);
	return 0;
}

static void pass(struct bench *bench, uint64_t milliseconds)
{
	struct effects *step = effects_new();
	struct timer *timer;

	bench->now.monotonic_ms += milliseconds;
	bench->now.unix_ms += milliseconds;
	while ((timer = timer_wheel_pop(&bench->timers, bench->now.monotonic_ms)))
		timer->fire(timer, &bench->now, step);
	assert_true(effects_is_empty(step));
	effects_free(step);
}

/* E-7, E-8, E-11, E-16, K-2, R-7, R-8: the whole way, and what the Accept says. */
static void aka_prime_ends_in_an_accept_that_names_the_subscriber(void **state)
{
	struct bench *bench = *state;
	struct secret msk = {0};
	struct wire_view found;
	uint32_t number;

	begin(bench, IDENTITY);
	assert_true(challenged(bench));
	assert_int_equal(bench->eap_packet.type, EAP_TYPE_AKA_PRIME);
	assert_octets(bench->message.kdf_input.bytes, bench->message.kdf_input.octets, NETWORK_NAME,
	              strlen(NETWORK_NAME));
	assert_true(bench->message.result_ind);
	assert_non_null(bench->message.checkcode.bytes);
	assert_int_equal(judge(bench, IDENTITY), AKA_SUCCESS);
	assert_true(eap_aka_mac_right(&bench->keys, bench->eap_packet.octets, bench->message.mac));
	answer_challenge(bench, bench->card.res, true);
	assert_int_equal(bench->message.notification, EAP_AKA_NOTIFICATION_SUCCESS);
	assert_true(eap_aka_mac_right(&bench->keys, bench->eap_packet.octets, bench->message.mac));
	acknowledge(bench);
	assert_int_equal(bench->packet.code, RADIUS_ACCESS_ACCEPT);
	assert_int_equal(bench->eap_packet.code, EAP_SUCCESS);
	assert_int_equal(radius_msk(&bench->packet, bench->request + 4, secret_of(bench), &msk), 0);
	assert_true(secret_equal(&msk, &bench->keys.msk));
	found = radius_find(&bench->packet, RADIUS_VENDOR_3GPP, RADIUS_3GPP_IMSI);
	assert_octets(found.bytes, found.octets, IMSI, strlen(IMSI));
	found = radius_find(&bench->packet, VENDOR, 8);
	assert_octets(found.bytes, found.octets, "\0\0\0\1\0\0\0\1", 8);
	assert_null(radius_find(&bench->packet, VENDOR, 9).bytes); /* not limited */
	found = radius_find(&bench->packet, 0, RADIUS_USER_NAME);
	assert_octets(found.bytes, found.octets, "6anonymous", 10);
	found = radius_find(&bench->packet, VENDOR, 1);
	assert_octets(found.bytes, found.octets, "Matti Virtanen", 14);
	assert_true(radius_find_u32(&bench->packet, VENDOR, 4, &number));
	assert_int_equal(number, SUBSCRIBED_MIP6);
	assert_true(radius_find_u32(&bench->packet, VENDOR, 6, &number));
	assert_int_equal(number, 0);
	assert_true(radius_find_u32(&bench->packet, 0, RADIUS_SESSION_TIMEOUT, &number));
	assert_int_equal(number, SESSION_TIMEOUT_S);
	assert_int_equal(radius_count(&bench->packet, 0, RADIUS_CLASS), 1);
}

/* a lost answer is repeated octet by octet, and costs no second vector; another request under its number is new.
 */
static void a_lost_answer_is_repeated(void **state)
{
	struct bench *bench = *state;
	uint8_t first[RADIUS_PACKET_MAX];
	size_t octets;

	begin(bench, IDENTITY);
	octets = bench->answer_octets;
	memcpy(first, bench->answer, octets);
	for (int i = 0; i < 3; i++)
		send_request(bench);
	assert_int_equal(bench->answers, 4);
	assert_octets(bench->answer, bench->answer_octets, first, octets);
	assert_int_equal(bench->centre.counters.vectors, 1);
	assert_int_equal(bench->radius.counters.duplicates, 3);
	bench->identifier--;
	begin(bench, IDENTITY);
	assert_int_equal(bench->centre.counters.vectors, 2);
}

/* R-5, S-4: a request repeated while the disk is asked is answered once, when the number is durable. */
static void a_repetition_while_the_disk_is_asked_is_counted(void **state)
{
	struct bench *bench = *state;
	uint8_t packet[128];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	bench->disk_is_slow = true;
	eap_write(&writer, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, IDENTITY, strlen(IDENTITY));
	build_request(bench, packet, wire_written(&writer), 0);
	send_request(bench);
	send_request(bench);
	assert_int_equal(bench->answers, 0);
	assert_int_equal(bench->radius.counters.duplicates, 1);
	disk_answers(bench);
	assert_int_equal(bench->answers, 1);
	read_answer(bench);
	assert_true(challenged(bench));
}

/* S-4, S-5: no vector leaves whose number is not on the disk; when the disk is back, so is the service. */
static void a_full_disk_gives_no_vector(void **state)
{
	struct bench *bench = *state;

	bench->disk = -ENOSPC;
	begin(bench, IDENTITY);
	assert_null(bench->message.rand.bytes);
	assert_failure_notified(bench);
	assert_int_equal(bench->eap.counters.no_vector, 1);
	assert_int_equal(bench->centre.counters.vectors, 0);
	bench->disk = 0;
	begin(bench, IDENTITY);
	assert_true(challenged(bench));
}

static void a_wrong_res_is_refused(void **state)
{
	struct bench *bench = *state;

	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	bench->card.res[AKA_RES_OCTETS - 1] ^= 1;
	answer_challenge(bench, bench->card.res, true);
	assert_failure_notified(bench);
	assert_int_equal(bench->eap.counters.wrong_response, 1);
}

/* E-9: also when RES is right. */
static void a_wrong_mac_is_refused(void **state)
{
	struct bench *bench = *state;

	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	secret_fill(&bench->keys.k_aut, 32);
	answer_challenge(bench, bench->card.res, true);
	assert_failure_notified(bench);
	assert_int_equal(bench->eap.counters.wrong_response, 1);
}

/* E-11: the result counts when the peer has acknowledged it under AT_MAC. */
static void an_unproved_acknowledgement_is_no_success(void **state)
{
	struct bench *bench = *state;
	uint8_t identifier;

	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	answer_challenge(bench, bench->card.res, true);
	identifier = bench->eap_packet.identifier;
	respond_bare(bench, EAP_AKA_NOTIFICATION);
	assert_rejected(bench, identifier);
}

/* E-14 */
static void a_card_that_is_ahead_resynchronises_once(void **state)
{
	struct bench *bench = *state;

	bench->window.seq[IND] = 2000;
	begin(bench, IDENTITY);
	assert_int_equal(judge(bench, IDENTITY), AKA_SYNCHRONISATION_FAILURE);
	synchronise(bench);
	assert_true(challenged(bench));
	assert_int_equal(judge(bench, IDENTITY), AKA_SUCCESS);
	assert_int_equal(bench->card.sqn, sqn_of(2001, IND));
	answer_challenge(bench, bench->card.res, false);
	assert_int_equal(bench->packet.code, RADIUS_ACCESS_ACCEPT);
}

/* E-14: at most one resynchronisation an attempt. */
static void a_second_synchronisation_failure_ends_the_attempt(void **state)
{
	struct bench *bench = *state;

	bench->window.seq[IND] = 2000;
	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	synchronise(bench);
	bench->window.seq[IND] = 4000;
	assert_int_equal(judge(bench, IDENTITY), AKA_SYNCHRONISATION_FAILURE);
	synchronise(bench);
	assert_failure_notified(bench);
	assert_int_equal(bench->centre.counters.resynchronisations, 1);
}

/* F-5: unanswered challenges are bounded. F-10: who is limited hears what nobody's name hears. */
static void unanswered_challenges_are_bounded(void **state)
{
	struct bench *bench = *state;

	bench->calling_station = "2001:db8:c::1";
	for (int i = 0; i < ATTEMPTS_PER_IMSI; i++) {
		begin(bench, IDENTITY);
		assert_true(challenged(bench));
	}
	begin(bench, IDENTITY);
	assert_int_equal(bench->eap.counters.limited, 1);
	assert_int_equal(bench->centre.counters.vectors, ATTEMPTS_PER_IMSI);
	assert_failure_notified(bench);
	begin(bench, UNKNOWN);
	assert_failure_notified(bench);
	pass(bench, ATTEMPTS_WINDOW_MS);
	begin(bench, IDENTITY);
	assert_true(challenged(bench));
}

/* F-5: a refusal carries no MAC, so it is no answer: nobody draws vectors without the SIM. */
static void refusals_count_as_unanswered(void **state)
{
	static const enum eap_aka_subtype refusals[] = {EAP_AKA_AUTHENTICATION_REJECT, EAP_AKA_CLIENT_ERROR};
	struct bench *bench = *state;

	for (int i = 0; i < 4 * ATTEMPTS_PER_IMSI; i++) {
		begin(bench, IDENTITY);
		if (challenged(bench))
			respond_bare(bench, refusals[i % 2]);
	}
	assert_int_equal(bench->centre.counters.vectors, ATTEMPTS_PER_IMSI);
	assert_int_equal(bench->eap.counters.limited, 3 * ATTEMPTS_PER_IMSI);
}

/* F-5: a forged AUTS gives nothing back either. */
static void forged_synchronisations_count_as_unanswered(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 4 * ATTEMPTS_PER_IMSI; i++) {
		begin(bench, IDENTITY);
		if (!challenged(bench))
			continue;
		bench->window.seq[IND] = 1 << 20;
		judge(bench, IDENTITY);
		bench->card.auts[AKA_AUTS_OCTETS - 1] ^= 1;
		synchronise(bench);
		assert_failure_notified(bench);
	}
	assert_int_equal(bench->centre.counters.vectors, ATTEMPTS_PER_IMSI);
	assert_int_equal(bench->eap.counters.limited, 3 * ATTEMPTS_PER_IMSI);
}

/* F-5: who answers rightly is never limited. */
static void answered_challenges_do_not_count(void **state)
{
	struct bench *bench = *state;

	for (int i = 0; i < 3 * ATTEMPTS_PER_IMSI; i++) {
		begin(bench, IDENTITY);
		assert_int_equal(judge(bench, IDENTITY), AKA_SUCCESS);
		answer_challenge(bench, bench->card.res, false);
		assert_int_equal(bench->packet.code, RADIUS_ACCESS_ACCEPT);
	}
}

/* E-8 */
static void another_service_is_refused(void **state)
{
	struct bench *bench = *state;

	bench->called_station = "hb.mob.example";
	begin(bench, IDENTITY);
	assert_rejected(bench, 1);
	assert_int_equal(bench->radius.counters.wrong_called_station, 1);
	bench->called_station = "ha.mob.example.";
	begin(bench, IDENTITY);
	assert_rejected(bench, 1);
	bench->called_station = SERVICE;
	begin(bench, IDENTITY);
	assert_true(challenged(bench));
}

/* such a request does not exist. */
static void a_request_without_its_authenticator_changes_nothing(void **state)
{
	struct bench *bench = *state;
	uint8_t packet[128];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, IDENTITY, strlen(IDENTITY));
	build_request(bench, packet, wire_written(&writer), 0);
	for (size_t i = 0; i < bench->request_octets; i++) {
		bench->request[i] ^= 1;
		send_request(bench);
		bench->request[i] ^= 1;
	}
	assert_int_equal(bench->answers, 0);
	assert_int_equal(bench->radius.counters.requests, 0);
	assert_int_equal(bench->eap.counters.conversations, 0);
	assert_true(bench->radius.counters.wrong_authenticator > bench->request_octets / 2);
}

static void a_stranger_is_not_answered(void **state)
{
	struct bench *bench = *state;
	uint8_t packet[128];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, IDENTITY, strlen(IDENTITY));
	build_request(bench, packet, wire_written(&writer), 0);
	bench->from.address.s6_addr[0] = 0x20;
	send_request(bench);
	assert_int_equal(bench->answers, 0);
	assert_int_equal(bench->radius.counters.unknown_client, 1);
}

/* A configuration that was read again: who is still a client goes on where he was; who is not is nobody. */
static void other_clients(void **state)
{
	struct bench *bench = *state;
	struct radius_client same[2], others[1] = {bench->clients[0]};
	uint32_t lifetime_s;

	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	same[0] = bench->clients[1];
	same[1] = bench->clients[0];
	radius_server_set_clients(&bench->radius, same, 2, 77);
	answer_challenge(bench, bench->card.res, true);
	acknowledge(bench);
	assert_int_equal(bench->packet.code, RADIUS_ACCESS_ACCEPT);
	assert_true(radius_find_u32(&bench->packet, 0, RADIUS_SESSION_TIMEOUT, &lifetime_s));
	assert_int_equal(lifetime_s, 77);
	begin(bench, IDENTITY);
	others[0].prefix.s6_addr[15] ^= 1;
	radius_server_set_clients(&bench->radius, others, 1, 77);
	assert_null(bench->radius.conversations);
	bench->answers = 0;
	send_request(bench);
	assert_int_equal(bench->answers, 0);
	assert_int_equal(bench->radius.counters.unknown_client, 1);
}

/* Proxy-States come back as they came, in their order, up to a limit. */
static void proxy_states_are_echoed_up_to_a_limit(void **state)
{
	struct bench *bench = *state;
	uint8_t packet[128];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	struct wire_reader reader;
	struct radius_attribute attribute;
	char echoed[RADIUS_PROXY_STATES_MAX + 1] = "";
	size_t count = 0;

	eap_write(&writer, EAP_RESPONSE, 1, EAP_TYPE_IDENTITY, IDENTITY, strlen(IDENTITY));
	build_request(bench, packet, wire_written(&writer), RADIUS_PROXY_STATES_MAX);
	send_request(bench);
	read_answer(bench);
	reader = wire_reader_of_view(bench->packet.attributes);
	while (radius_attribute_read(&reader, &attribute))
		if (attribute.type == RADIUS_PROXY_STATE && count < RADIUS_PROXY_STATES_MAX)
			echoed[count++] = (char)attribute.value.bytes[0];
	assert_string_equal(echoed, "abcdefgh");
	bench->state_octets = 0;
	build_request(bench, packet, wire_written(&writer), RADIUS_PROXY_STATES_MAX + 1);
	send_request(bench);
	assert_int_equal(bench->answers, 1);
	assert_int_equal(bench->radius.counters.too_many_proxy_states, 1);
}

/* State is the conversation's secret; changed, or from another client, it opens nothing. */
static void a_foreign_state_opens_nothing(void **state)
{
	struct bench *bench = *state;
	uint8_t kept[RADIUS_VALUE_MAX];
	size_t octets;
	uint8_t identifier;

	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	octets = bench->state_octets;
	memcpy(kept, bench->state, octets);
	identifier = bench->eap_packet.identifier;
	for (size_t i = 0; i < octets; i++) {
		memcpy(bench->state, kept, octets);
		bench->state_octets = octets;
		bench->state[i] ^= 1;
		bench->eap_packet.identifier = identifier;
		answer_challenge(bench, bench->card.res, false);
		assert_rejected(bench, identifier);
	}
	memcpy(bench->state, kept, octets);
	bench->state_octets = octets;
	bench->eap_packet.identifier = identifier;
	bench->from.address.s6_addr[15] = 2;
	answer_challenge(bench, bench->card.res, false);
	assert_rejected(bench, identifier);
	bench->from.address.s6_addr[15] = 1;
	memcpy(bench->state, kept, octets);
	bench->state_octets = octets;
	bench->eap_packet.identifier = identifier;
	answer_challenge(bench, bench->card.res, false);
	assert_int_equal(bench->packet.code, RADIUS_ACCESS_ACCEPT);
}

static void a_conversation_ends_after_a_minute(void **state)
{
	struct bench *bench = *state;
	uint8_t identifier;

	begin(bench, IDENTITY);
	judge(bench, IDENTITY);
	identifier = bench->eap_packet.identifier;
	pass(bench, CONVERSATION_LIFE_MS);
	assert_int_equal(bench->eap.counters.timed_out, 1);
	answer_challenge(bench, bench->card.res, false);
	assert_rejected(bench, identifier);
	assert_int_equal(bench->radius.counters.unknown_state, 1);
}

/* RFC 3748 4.2: whatever the first packet is, its failure carries its identifier. */
static void a_beginning_without_identity_is_refused_under_its_identifier(void **state)
{
	struct bench *bench = *state;
	uint8_t packet[64];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_RESPONSE, 77, EAP_TYPE_NAK, "\x15", 1);
	exchange(bench, packet, wire_written(&writer));
	assert_rejected(bench, 77);
}

int main(void)
{
#define EACH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	        EACH(aka_prime_ends_in_an_accept_that_names_the_subscriber),
	        EACH(a_lost_answer_is_repeated),
	        EACH(a_repetition_while_the_disk_is_asked_is_counted),
	        EACH(a_full_disk_gives_no_vector),
	        EACH(a_wrong_res_is_refused),
	        EACH(a_wrong_mac_is_refused),
	        EACH(an_unproved_acknowledgement_is_no_success),
	        EACH(a_card_that_is_ahead_resynchronises_once),
	        EACH(a_second_synchronisation_failure_ends_the_attempt),
	        EACH(unanswered_challenges_are_bounded),
	        EACH(refusals_count_as_unanswered),
	        EACH(forged_synchronisations_count_as_unanswered),
	        EACH(answered_challenges_do_not_count),
	        EACH(another_service_is_refused),
	        EACH(a_request_without_its_authenticator_changes_nothing),
	        EACH(a_stranger_is_not_answered),
	        EACH(other_clients),
	        EACH(proxy_states_are_echoed_up_to_a_limit),
	        EACH(a_foreign_state_opens_nothing),
	        EACH(a_conversation_ends_after_a_minute),
	        EACH(a_beginning_without_identity_is_refused_under_its_identifier),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
