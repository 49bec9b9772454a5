// SPDX-License-Identifier: BSD-3-Clause
/* The EAP peer against hostapd's recorded packets, and what it refuses and how it says so (N-8, E-3, E-7 to E-11, E-14,
 * B-24). */
#include "eap_aka_peer.h"

#include <string.h>
#include "vectors.h"

enum { RECORDED_SQN_MS = 5000, SUCCESS_OCTETS = 4 };

/* A card in the test's hands. */
struct card {
	struct secret k;
	struct secret opc;
	struct sqn_window window;
	int fault;
	unsigned asked;
};

static int authenticate(void *context, const uint8_t rand[AKA_RAND_OCTETS], const uint8_t autn[AKA_AUTN_OCTETS],
                        enum aka_outcome *outcome, struct aka_answer *answer)
{
	struct card *card = context;

	card->asked++;
	*outcome = aka_answer_make(&card->k, &card->opc, &card->window, rand, autn, answer);
	if (*outcome == AKA_SUCCESS)
		sqn_window_accept(&card->window, answer->sqn);
	return card->fault;
}

static void card_of(struct card *card, json_t *run)
{
	memset(card, 0, sizeof(*card));
	vectors_hex(run, "k", secret_fill(&card->k, 16), 16);
	vectors_hex(run, "opc", secret_fill(&card->opc, 16), 16);
	card->window.jump_limit = SQN_JUMP_LIMIT_DEFAULT;
}

static struct usim usim_of(struct card *card, const char *imsi)
{
	struct usim usim = {.context = card, .mnc_digits = 2, .authenticate = authenticate};

	strcpy(usim.imsi, imsi);
	return usim;
}

static struct eap_aka_peer_settings stock_settings(bool allow_aka)
{
	struct eap_aka_peer_settings settings = {.is_prefix_match = true, .allow_aka = allow_aka};

	strcpy(settings.realm, "wlan.mnc232.mcc01.3gppnetwork.org");
	strcpy(settings.network_name, "WLAN");
	return settings;
}

/* Plays the server's recorded packets up to before EAP-Success; counts responses that are those of eapol_test. */
static void replay(const char *name, bool allow_aka)
{
	json_t *root = vectors_load("eap_radius_transcripts_hostapd.json");
	json_t *runs = json_object_get(root, "runs"), *run = json_object_get(runs, name), *entry;
	struct eap_aka_peer_settings settings = stock_settings(allow_aka);
	uint8_t response[EAP_AKA_PEER_PACKET_MAX], packet[2048], expected[2048], msk[64];
	struct card card;
	struct usim usim;
	struct eap_aka_peer *peer;
	size_t octets = 0, same = 0, index;

	card_of(&card, run);
	sqn_window_accept(&card.window, RECORDED_SQN_MS);
	card.window.seq[0] = sqn_seq(RECORDED_SQN_MS) - 1; /* the recorded card has one counter for all IND */
	usim = usim_of(&card, "232010000000000");
	peer = eap_aka_peer_new(&settings, &usim);
	json_array_foreach(json_object_get(run, "transcript"), index, entry)
	{
		size_t count = vectors_hex(entry, "eap", packet, sizeof(packet));

		if (strcmp(vectors_text(entry, "dir"), "client->server") == 0) {
			memcpy(expected, packet, count);
			same += octets == count && memcmp(response, expected, count) == 0;
			continue;
		}
		if (count ==
		    SUCCESS_OCTETS) /* eapol_test had not agreed to AT_RESULT_IND; we have, and wait for 32768 */
			break;
		octets = eap_aka_peer_receive(peer, packet, count, response);
	}
	assert_string_equal(eap_aka_peer_failure(peer), "");
	assert_int_equal(eap_aka_peer_state(peer), EAP_AKA_PEER_METHOD_DONE);
	assert_false(eap_aka_peer_is_complete(peer)); /* B-24 */
	assert_int_equal(eap_aka_peer_counters(peer).resynchronisations, 1);
	assert_true(same >= 2); /* identity and synchronisation failure, octet for octet */
	assert_octets(secret_bytes(eap_aka_peer_msk(peer)), 64, msk,
	              vectors_hex(run, "msk_full_and_reauth/0", msk, sizeof(msk)));
	eap_aka_peer_free(peer);
	json_decref(root);
}

static void aka_prime_as_hostapd_recorded_it(void **state)
{
	(void)state;
	replay("EAP-AKA'", false);
}

static void aka_as_hostapd_recorded_it(void **state)
{
	(void)state;
	replay("EAP-AKA", true);
}

/* --- a server of the test's own, that misbehaves --- */

struct server {
	struct card card;
	struct usim usim;
	struct eap_aka_peer *peer;
	struct eap_aka_keys keys;
	struct eap_aka_checkcode checkcode;
	uint8_t identifier;
	uint8_t response[EAP_AKA_PEER_PACKET_MAX];
	size_t octets;
	struct eap_packet answer;
	struct eap_aka_message message;
};

static const char identity[] = "6001010000000001@wlan.mnc001.mcc001.3gppnetwork.org";

static int set_up(void **state)
{
	struct server *server = calloc(1, sizeof(*server));
	struct eap_aka_peer_settings settings = {0};

	strcpy(settings.network_name, "kedge:ha.mob.example");
	memset(secret_fill(&server->card.k, 16), 0x11, 16);
	memset(secret_fill(&server->card.opc, 16), 0x22, 16);
	server->card.window.jump_limit = SQN_JUMP_LIMIT_DEFAULT;
	server->usim = usim_of(&server->card, "001010000000001");
	server->peer = eap_aka_peer_new(&settings, &server->usim);
	*state = server;
	return 0;
}

static int tear_down(void **state)
{
	struct server *server = *state;

	eap_aka_peer_free(server->peer);
	free(server);
	return 0;
}

static uint8_t send_packet(struct server *server, const uint8_t *packet, size_t octets)
{
	server->octets = eap_aka_peer_receive(server->peer, packet, octets, server->response);
	memset(&server->message, 0, sizeof(server->message));
	if (!server->octets)
		return 0;
	assert_int_equal(eap_read(server->response, server->octets, &server->answer), 0);
	if (server->answer.type != EAP_TYPE_AKA_PRIME && server->answer.type != EAP_TYPE_AKA)
		return 0;
	assert_int_equal(eap_aka_read(server->answer.data.bytes, server->answer.data.octets, &server->message), 0);
	return server->message.subtype;
}

static uint8_t send_data(struct server *server, uint8_t type, struct wire_writer *data, size_t mac_offset)
{
	uint8_t packet[1024], subtype;
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_REQUEST, ++server->identifier, type, data->begin, wire_written(data));
	if (mac_offset)
		eap_aka_mac_set(&server->keys, packet, wire_written(&writer), 5 + mac_offset);
	subtype = send_packet(server, packet, wire_written(&writer));
	if (subtype == EAP_AKA_IDENTITY) {
		eap_aka_checkcode_add(&server->checkcode, packet, wire_written(&writer));
		eap_aka_checkcode_add(&server->checkcode, server->response, server->octets);
	}
	return subtype;
}

/* What a challenge may say otherwise than it should. */
struct lie {
	uint64_t sqn; /* 0: 32 */
	const char *network_name;
	uint16_t kdfs[4];
	size_t kdf_count; /* 0: 1 alone */
	bool no_separation_bit;
	bool wrong_mac;
	bool wrong_k;
	bool checkcode; /* of zeros */
	bool right_checkcode;
	bool result_ind;
	bool no_kdf_input;
};

static uint8_t challenge(struct server *server, const struct lie *lie)
{
	uint8_t data[512], rand[16], digest[CHECKCODE_OCTETS_MAX], amf[2] = {lie->no_separation_bit ? 0 : 0x80, 0},
	                                                           nothing[32] = {0};
	struct wire_writer writer = wire_writer_of(data, sizeof(data));
	const char *name = lie->network_name ? lie->network_name : "kedge:ha.mob.example";
	struct secret k = server->card.k, ck = {0}, ik = {0};
	struct aka_vector vector = {0};
	size_t mac_offset;

	memset(rand, 0x30 + server->identifier, sizeof(rand));
	if (lie->wrong_k)
		memset(secret_fill(&k, 16), 0x77, 16);
	aka_vector_make(&k, &server->card.opc, rand, lie->sqn ? lie->sqn : 32, amf, &vector);
	eap_aka_prime_cipher_keys(&vector.ck, &vector.ik, name, strlen(name), vector.sqn_xor_ak, &ck, &ik);
	eap_aka_prime_keys(&ck, &ik, identity, strlen(identity), &server->keys);
	if (lie->wrong_mac)
		memset(secret_fill(&server->keys.k_aut, 32), 0x77, 32);
	eap_aka_begin(&writer, EAP_AKA_CHALLENGE);
	eap_aka_write_rand(&writer, vector.rand);
	eap_aka_write_autn(&writer, vector.autn);
	for (size_t i = 0; i < (lie->kdf_count ? lie->kdf_count : 1); i++)
		eap_aka_write_kdf(&writer, lie->kdf_count ? lie->kdfs[i] : 1);
	if (!lie->no_kdf_input)
		eap_aka_write_kdf_input(&writer, name, strlen(name));
	if (lie->checkcode)
		eap_aka_write_checkcode(&writer, nothing, sizeof(nothing));
	if (lie->right_checkcode)
		eap_aka_write_checkcode(&writer, digest,
		                        eap_aka_checkcode_digest(&server->checkcode, EAP_TYPE_AKA_PRIME, digest));
	if (lie->result_ind)
		eap_aka_write_flag(&writer, AT_RESULT_IND);
	mac_offset = eap_aka_write_mac(&writer);
	return send_data(server, EAP_TYPE_AKA_PRIME, &writer, mac_offset);
}

static void ask_identity(struct server *server)
{
	uint8_t packet[5] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};

	server->identifier = 1;
	send_packet(server, packet, sizeof(packet));
}

static uint8_t ask_aka_identity(struct server *server, enum eap_aka_attribute_type request)
{
	uint8_t data[16];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_begin(&writer, EAP_AKA_IDENTITY);
	eap_aka_write_flag(&writer, request);
	return send_data(server, EAP_TYPE_AKA_PRIME, &writer, 0);
}

/* The challenge without an identity round takes EAP-Response/Identity into MK; so the test asks for it first. */
static void identity_is_anonymous_first(void **state)
{
	struct server *server = *state;

	ask_identity(server); /* E-1, E-4 */
	assert_octets(server->answer.data.bytes, server->answer.data.octets,
	              "6anonymous@wlan.mnc001.mcc001.3gppnetwork.org", 45);
	assert_int_equal(ask_aka_identity(server, AT_PERMANENT_ID_REQ), EAP_AKA_IDENTITY); /* E-3 */
	assert_octets(server->message.identity.bytes, server->message.identity.octets, identity, strlen(identity));
	assert_int_equal(ask_aka_identity(server, AT_PERMANENT_ID_REQ), EAP_AKA_CLIENT_ERROR);
}

static void the_imsi_is_told_once(void **state)
{
	struct server *server = *state;

	assert_int_equal(ask_aka_identity(server, AT_ANY_ID_REQ), EAP_AKA_IDENTITY);
	assert_int_equal(ask_aka_identity(server, AT_FULLAUTH_ID_REQ), EAP_AKA_CLIENT_ERROR);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
}

static void assert_refused(struct server *server, const struct lie *lie, uint8_t subtype, const char *rule)
{
	assert_int_equal(challenge(server, lie), subtype);
	assert_memory_equal(eap_aka_peer_failure(server->peer), rule, strlen(rule));
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
	assert_null(eap_aka_peer_msk(server->peer));
}

static void other_network_name(void **state) /* E-8 */
{
	assert_refused(*state, &(struct lie){.network_name = "kedge:other.example"}, EAP_AKA_AUTHENTICATION_REJECT,
	               "E-8");
	assert_int_equal(((struct server *)*state)->card.asked, 0);
}

static void longer_network_name(void **state) /* E-8: octet for octet, no prefix */
{
	assert_refused(*state, &(struct lie){.network_name = "kedge:ha.mob.example:x"}, EAP_AKA_AUTHENTICATION_REJECT,
	               "E-8");
}

static void no_network_name(void **state) /* E-9 */
{
	assert_refused(*state, &(struct lie){.no_kdf_input = true}, EAP_AKA_AUTHENTICATION_REJECT, "E-8");
}

static void no_separation_bit(void **state)
{
	assert_refused(*state, &(struct lie){.no_separation_bit = true}, EAP_AKA_AUTHENTICATION_REJECT, "E-9");
}

static void unknown_key_derivation(void **state)
{
	assert_refused(*state, &(struct lie){.kdfs = {7}, .kdf_count = 1}, EAP_AKA_AUTHENTICATION_REJECT, "E-9");
}

static void key_derivation_twice(void **state)
{
	assert_refused(*state, &(struct lie){.kdfs = {1, 7, 7}, .kdf_count = 3}, EAP_AKA_AUTHENTICATION_REJECT, "E-9");
}

static void wrong_autn(void **state)
{
	assert_refused(*state, &(struct lie){.wrong_k = true}, EAP_AKA_AUTHENTICATION_REJECT, "E-9");
}

static void wrong_mac(void **state)
{
	ask_aka_identity(*state, AT_PERMANENT_ID_REQ);
	assert_refused(*state, &(struct lie){.wrong_mac = true}, EAP_AKA_CLIENT_ERROR, "E-9");
}

static void checkcode_is_missing(void **state) /* E-11: identities were exchanged */
{
	ask_aka_identity(*state, AT_PERMANENT_ID_REQ);
	assert_refused(*state, &(struct lie){0}, EAP_AKA_CLIENT_ERROR, "E-11");
}

static void checkcode_is_wrong(void **state)
{
	ask_aka_identity(*state, AT_PERMANENT_ID_REQ);
	assert_refused(*state, &(struct lie){.checkcode = true}, EAP_AKA_CLIENT_ERROR, "E-11");
}

static void key_derivation_is_negotiated(void **state) /* E-10 */
{
	struct server *server = *state;

	assert_int_equal(challenge(server, &(struct lie){.kdfs = {7, 1}, .kdf_count = 2}), EAP_AKA_CHALLENGE);
	assert_int_equal(server->message.kdf_count, 1);
	assert_int_equal(server->message.kdfs[0], 1);
	assert_null(server->message.mac.bytes);
	assert_refused(server, &(struct lie){.kdfs = {1, 7}, .kdf_count = 2}, EAP_AKA_CLIENT_ERROR, "E-10");
}

static void second_synchronisation_failure(void **state) /* E-10, E-14 */
{
	struct server *server = *state;

	server->card.window.seq[0] = 100;
	assert_int_equal(challenge(server, &(struct lie){0}), EAP_AKA_SYNCHRONIZATION_FAILURE);
	assert_non_null(server->message.auts.bytes);
	assert_int_equal(server->message.kdf_count, 1);
	assert_refused(server, &(struct lie){0}, EAP_AKA_CLIENT_ERROR, "E-14");
}

/* --- what comes after the challenge --- */

static uint8_t notify(struct server *server, uint16_t code, bool with_mac)
{
	uint8_t data[64];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));
	size_t mac_offset = 0;

	eap_aka_begin(&writer, EAP_AKA_NOTIFICATION);
	eap_aka_write_u16(&writer, AT_NOTIFICATION, code);
	if (with_mac)
		mac_offset = eap_aka_write_mac(&writer);
	return send_data(server, EAP_TYPE_AKA_PRIME, &writer, mac_offset);
}

static void end(struct server *server, enum eap_code code)
{
	const uint8_t packet[4] = {code, server->identifier, 0, 4};

	assert_int_equal(send_packet(server, packet, sizeof(packet)), 0);
	assert_int_equal(server->octets, 0);
}

/* Identity and challenge as they should be; the response proves that both ends have the same keys. */
static void authenticate_well(struct server *server, const struct lie *lie)
{
	assert_int_equal(ask_aka_identity(server, AT_PERMANENT_ID_REQ), EAP_AKA_IDENTITY);
	assert_int_equal(challenge(server, lie), EAP_AKA_CHALLENGE);
	assert_string_equal(eap_aka_peer_failure(server->peer), "");
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_METHOD_DONE);
	assert_true(eap_aka_mac_right(&server->keys, server->answer.octets, server->message.mac));
	assert_true(eap_aka_checkcode_right(&server->checkcode, EAP_TYPE_AKA_PRIME, server->message.checkcode));
	assert_int_equal(server->message.result_ind, lie->result_ind);
	assert_true(secret_equal(eap_aka_peer_msk(server->peer), &server->keys.msk));
}

static void success_without_result_indication(void **state)
{
	struct server *server = *state;

	authenticate_well(server, &(struct lie){.right_checkcode = true});
	assert_true(eap_aka_peer_is_complete(server->peer));
	end(server, EAP_SUCCESS);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_SUCCEEDED);
	assert_int_equal(eap_aka_peer_method(server->peer), EAP_TYPE_AKA_PRIME);
	assert_true(secret_equal(eap_aka_peer_msk(server->peer), &server->keys.msk));
}

static void success_after_the_protected_notification(void **state) /* E-11, B-24 */
{
	struct server *server = *state;

	authenticate_well(server, &(struct lie){.right_checkcode = true, .result_ind = true});
	assert_false(eap_aka_peer_is_complete(server->peer));
	assert_int_equal(notify(server, EAP_AKA_NOTIFICATION_SUCCESS, true), EAP_AKA_NOTIFICATION);
	assert_true(eap_aka_mac_right(&server->keys, server->answer.octets, server->message.mac));
	assert_true(eap_aka_peer_is_complete(server->peer));
	end(server, EAP_SUCCESS);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_SUCCEEDED);
}

static void success_before_the_protected_notification(void **state) /* B-24: EAP-Success is anybody's */
{
	struct server *server = *state;

	authenticate_well(server, &(struct lie){.right_checkcode = true, .result_ind = true});
	end(server, EAP_SUCCESS);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
	assert_null(eap_aka_peer_msk(server->peer));
}

static void failure_after_the_challenge(void **state)
{
	struct server *server = *state;

	authenticate_well(server, &(struct lie){.right_checkcode = true});
	end(server, EAP_FAILURE);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
	assert_string_equal(eap_aka_peer_failure(server->peer), "EAP-Failure");
	assert_null(eap_aka_peer_msk(server->peer));
}

static void notification_of_a_forger(void **state) /* RFC 4187 6.1: the P bit is 0, so AT_MAC must be there */
{
	struct server *server = *state;

	authenticate_well(server, &(struct lie){.right_checkcode = true, .result_ind = true});
	assert_int_equal(notify(server, EAP_AKA_NOTIFICATION_SUCCESS, false), EAP_AKA_CLIENT_ERROR);
	assert_memory_equal(eap_aka_peer_failure(server->peer), "E-9", 3);
}

static void success_notification_before_the_challenge(void **state)
{
	struct server *server = *state;

	assert_int_equal(notify(server, EAP_AKA_NOTIFICATION_SUCCESS, false), EAP_AKA_CLIENT_ERROR);
	end(server, EAP_SUCCESS);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
}

static void operators_notifications(void **state)
{
	struct server *server = *state;

	assert_int_equal(notify(server, EAP_AKA_NOTIFICATION_GENERAL_FAILURE, false), EAP_AKA_NOTIFICATION);
	assert_null(server->message.mac.bytes);
	assert_non_null(strstr(eap_aka_peer_failure(server->peer), "16384"));
	eap_aka_peer_restart(server->peer);
	memset(&server->checkcode, 0, sizeof(server->checkcode));
	authenticate_well(server, &(struct lie){.right_checkcode = true});
	assert_int_equal(notify(server, 1026, true), EAP_AKA_NOTIFICATION); /* barred for now (RFC 4187 10.19) */
	assert_true(eap_aka_mac_right(&server->keys, server->answer.octets, server->message.mac));
	assert_non_null(strstr(eap_aka_peer_failure(server->peer), "1026"));
	end(server, EAP_SUCCESS);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
}

static void a_second_challenge(void **state)
{
	struct server *server = *state;

	authenticate_well(server, &(struct lie){.right_checkcode = true});
	assert_int_equal(challenge(server, &(struct lie){.right_checkcode = true, .sqn = 64}), EAP_AKA_CLIENT_ERROR);
	assert_int_equal(server->card.asked, 1);
	assert_null(eap_aka_peer_msk(server->peer));
}

static void negotiated_key_derivation_succeeds(void **state) /* E-10 */
{
	struct server *server = *state;

	ask_aka_identity(server, AT_ANY_ID_REQ);
	assert_int_equal(challenge(server, &(struct lie){.kdfs = {7, 1}, .kdf_count = 2, .right_checkcode = true}),
	                 EAP_AKA_CHALLENGE);
	assert_int_equal(server->card.asked, 0);
	assert_int_equal(challenge(server, &(struct lie){.kdfs = {1, 7, 1}, .kdf_count = 3, .right_checkcode = true}),
	                 EAP_AKA_CHALLENGE);
	assert_true(eap_aka_mac_right(&server->keys, server->answer.octets, server->message.mac));
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_METHOD_DONE);
}

static void resynchronisation_succeeds(void **state) /* E-10, E-14 */
{
	struct server *server = *state;

	server->card.window.seq[0] = 100;
	ask_aka_identity(server, AT_FULLAUTH_ID_REQ);
	assert_int_equal(challenge(server, &(struct lie){.kdfs = {1, 7}, .kdf_count = 2, .right_checkcode = true}),
	                 EAP_AKA_SYNCHRONIZATION_FAILURE);
	assert_int_equal(server->message.kdf_count, 2); /* all of the challenge's */
	assert_int_equal(server->message.kdfs[1], 7);
	assert_int_equal(
	        challenge(
	                server,
	                &(struct lie){.sqn = sqn_of(101, 0), .kdfs = {1, 7}, .kdf_count = 2, .right_checkcode = true}),
	        EAP_AKA_CHALLENGE);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_METHOD_DONE);
}

static void several_identity_requests_in_one(void **state) /* E-3 */
{
	uint8_t data[32];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_begin(&writer, EAP_AKA_IDENTITY);
	eap_aka_write_flag(&writer, AT_ANY_ID_REQ);
	eap_aka_write_flag(&writer, AT_PERMANENT_ID_REQ);
	assert_int_equal(send_data(*state, EAP_TYPE_AKA_PRIME, &writer, 0), EAP_AKA_CLIENT_ERROR);
}

static void attributes_that_are_not_known(void **state) /* E-9 */
{
	const uint8_t skippable[] = {EAP_AKA_IDENTITY, 0, 0, AT_ANY_ID_REQ, 1, 0, 0, 200, 1, 0, 0};
	const uint8_t critical[] = {EAP_AKA_IDENTITY, 0, 0, AT_ANY_ID_REQ, 1, 0, 0, 100, 1, 0, 0};
	struct server *server = *state;
	uint8_t packet[64];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));

	eap_write(&writer, EAP_REQUEST, 5, EAP_TYPE_AKA_PRIME, skippable, sizeof(skippable));
	assert_int_equal(send_packet(server, packet, wire_written(&writer)), EAP_AKA_IDENTITY);
	eap_aka_peer_restart(server->peer);
	writer = wire_writer_of(packet, sizeof(packet));
	eap_write(&writer, EAP_REQUEST, 5, EAP_TYPE_AKA_PRIME, critical, sizeof(critical));
	assert_int_equal(send_packet(server, packet, wire_written(&writer)), EAP_AKA_CLIENT_ERROR);
	assert_int_equal(server->message.client_error_code, 0);
}

/* A request with one attribute too many: its writer, and what the peer makes of it. */
static void assert_stray(struct server *server, uint8_t type, enum eap_aka_subtype subtype,
                         void (*write)(struct wire_writer *writer))
{
	uint8_t data[256];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));

	eap_aka_peer_restart(server->peer);
	ask_identity(server);
	eap_aka_begin(&writer, subtype);
	write(&writer);
	assert_int_equal(send_data(server, type, &writer, 0), EAP_AKA_CLIENT_ERROR);
	assert_true(strncmp(eap_aka_peer_failure(server->peer), "RFC 9048 3.5", 12) == 0);
	assert_int_equal(server->card.asked, 0);
}

static const uint8_t sixteen[16] = {0x30};

static void rand_in_identity(struct wire_writer *writer)
{
	eap_aka_write_flag(writer, AT_ANY_ID_REQ);
	eap_aka_write_rand(writer, sixteen);
}

static void notification_in_challenge(struct wire_writer *writer)
{
	eap_aka_write_rand(writer, sixteen);
	eap_aka_write_autn(writer, sixteen);
	eap_aka_write_u16(writer, AT_NOTIFICATION, 0);
	eap_aka_write_mac(writer);
}

static void identity_request_in_challenge(struct wire_writer *writer)
{
	eap_aka_write_rand(writer, sixteen);
	eap_aka_write_autn(writer, sixteen);
	eap_aka_write_flag(writer, AT_PERMANENT_ID_REQ);
	eap_aka_write_mac(writer);
}

static void rand_in_notification(struct wire_writer *writer)
{
	eap_aka_write_u16(writer, AT_NOTIFICATION, EAP_AKA_NOTIFICATION_GENERAL_FAILURE);
	eap_aka_write_rand(writer, sixteen);
}

static void response_in_request(struct wire_writer *writer)
{
	eap_aka_write_flag(writer, AT_ANY_ID_REQ);
	eap_aka_write_res(writer, sixteen, 8);
}

static void kdf_in_aka(struct wire_writer *writer)
{
	eap_aka_write_rand(writer, sixteen);
	eap_aka_write_autn(writer, sixteen);
	eap_aka_write_kdf(writer, 1);
	eap_aka_write_mac(writer);
}

static void allow_aka(struct server *server, const char *network_name);

static void attributes_stand_where_they_belong(void **state) /* RFC 4187 10.1, RFC 9048 3.5 */
{
	struct server *server = *state;

	allow_aka(server, "kedge:ha.mob.example");
	assert_stray(server, EAP_TYPE_AKA_PRIME, EAP_AKA_IDENTITY, rand_in_identity);
	assert_stray(server, EAP_TYPE_AKA_PRIME, EAP_AKA_CHALLENGE, notification_in_challenge);
	assert_stray(server, EAP_TYPE_AKA_PRIME, EAP_AKA_CHALLENGE, identity_request_in_challenge);
	assert_stray(server, EAP_TYPE_AKA_PRIME, EAP_AKA_NOTIFICATION, rand_in_notification);
	assert_stray(server, EAP_TYPE_AKA_PRIME, EAP_AKA_IDENTITY, response_in_request);
	assert_stray(server, EAP_TYPE_AKA, EAP_AKA_CHALLENGE, kdf_in_aka);
}

static void card_that_cannot_store(void **state)
{
	struct server *server = *state;

	server->card.fault = -5;
	assert_refused(server, &(struct lie){0}, EAP_AKA_CLIENT_ERROR, "the card");
}

static void aka_is_not_allowed(void **state) /* E-7 */
{
	struct server *server = *state;
	const uint8_t packet[] = {EAP_REQUEST,         9, 0, 12, EAP_TYPE_AKA, EAP_AKA_IDENTITY, 0, 0,
	                          AT_PERMANENT_ID_REQ, 1, 0, 0};

	send_packet(server, packet, sizeof(packet));
	assert_int_equal(server->answer.type, EAP_TYPE_NAK);
	assert_octets(server->answer.data.bytes, server->answer.data.octets, "\x32", 1);
}

/* An AKA challenge of the operator's, AT_BIDDING and all. */
static void aka_challenge(struct server *server, uint16_t bidding)
{
	const uint8_t rand[16] = {0x30}, amf[2] = {0};
	struct aka_vector vector = {0};
	uint8_t data[256];
	struct wire_writer writer = wire_writer_of(data, sizeof(data));
	size_t mac_offset;

	aka_vector_make(&server->card.k, &server->card.opc, rand, 32, amf, &vector);
	eap_aka_keys(&vector.ck, &vector.ik, identity, strlen(identity), &server->keys);
	eap_aka_begin(&writer, EAP_AKA_CHALLENGE);
	eap_aka_write_rand(&writer, vector.rand);
	eap_aka_write_autn(&writer, vector.autn);
	eap_aka_write_u16(&writer, AT_BIDDING, bidding);
	mac_offset = eap_aka_write_mac(&writer);
	send_data(server, EAP_TYPE_AKA, &writer, mac_offset);
}

static void allow_aka(struct server *server, const char *network_name)
{
	struct eap_aka_peer_settings settings = {.allow_aka = true};

	strcpy(settings.network_name, network_name);
	eap_aka_peer_free(server->peer);
	server->peer = eap_aka_peer_new(&settings, &server->usim);
}

static void aka_where_aka_prime_would_be_served(void **state) /* E-7, RFC 9048 4: AT_BIDDING with D = 1 */
{
	struct server *server = *state;

	allow_aka(server, "kedge:ha.mob.example");
	ask_identity(server);
	aka_challenge(server, EAP_AKA_BIDDING_D);
	assert_int_equal(server->message.subtype, EAP_AKA_AUTHENTICATION_REJECT);
	assert_true(strncmp(eap_aka_peer_failure(server->peer), "E-7", 3) == 0);
	assert_int_equal(server->card.asked, 0);
	eap_aka_peer_restart(server->peer);
	ask_identity(server);
	aka_challenge(server, 0);
	assert_int_equal(server->card.asked, 1);
}

static void a_long_network_name(void **state) /* E-8: the longest PAA-Id, with "kedge:" before it */
{
	struct server *server = *state;
	char name[6 + 253 + 1] = "kedge:", other[sizeof(name)];

	memset(name + 6, 'a', 253);
	for (size_t i = 63; i < 253; i += 64)
		name[6 + i] = '.';
	memcpy(other, name, sizeof(name));
	other[sizeof(other) - 2] = 'b';
	allow_aka(server, name);
	assert_refused(server, &(struct lie){.network_name = other}, EAP_AKA_AUTHENTICATION_REJECT, "E-8");
	eap_aka_peer_restart(server->peer);
	ask_identity(server);
	ask_aka_identity(server, AT_PERMANENT_ID_REQ);
	assert_int_equal(challenge(server, &(struct lie){.network_name = name, .right_checkcode = true}),
	                 EAP_AKA_CHALLENGE);
}

static void success_alone_is_nothing(void **state) /* B-24 */
{
	struct server *server = *state;
	const uint8_t success[4] = {EAP_SUCCESS, 2, 0, 4};

	ask_aka_identity(server, AT_PERMANENT_ID_REQ);
	assert_int_equal(send_packet(server, success, sizeof(success)), 0);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_FAILED);
	assert_false(eap_aka_peer_is_complete(server->peer));
}

static void repeated_request_gets_the_same_octets(void **state)
{
	struct server *server = *state;
	const uint8_t packet[5] = {EAP_REQUEST, 1, 0, 5, EAP_TYPE_IDENTITY};
	uint8_t first[EAP_AKA_PEER_PACKET_MAX];
	size_t octets;

	send_packet(server, packet, sizeof(packet));
	octets = server->octets;
	memcpy(first, server->response, octets);
	send_packet(server, packet, sizeof(packet));
	assert_octets(server->response, server->octets, first, octets);
	assert_int_equal(eap_aka_peer_counters(server->peer).repeated, 1);
}

static void malformed_packets_change_nothing(void **state)
{
	struct server *server = *state;
	const uint8_t truncated[3] = {EAP_REQUEST, 1, 0};
	const uint8_t response[5] = {EAP_RESPONSE, 1, 0, 5, EAP_TYPE_IDENTITY};

	send_packet(server, truncated, sizeof(truncated));
	send_packet(server, response, sizeof(response));
	assert_int_equal(eap_aka_peer_counters(server->peer).malformed, 2);
	assert_int_equal(eap_aka_peer_state(server->peer), EAP_AKA_PEER_IDLE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(aka_prime_as_hostapd_recorded_it),
	        cmocka_unit_test(aka_as_hostapd_recorded_it),
	        TEST(identity_is_anonymous_first),
	        TEST(the_imsi_is_told_once),
	        TEST(other_network_name),
	        TEST(longer_network_name),
	        TEST(no_network_name),
	        TEST(no_separation_bit),
	        TEST(unknown_key_derivation),
	        TEST(key_derivation_twice),
	        TEST(wrong_autn),
	        TEST(wrong_mac),
	        TEST(checkcode_is_missing),
	        TEST(checkcode_is_wrong),
	        TEST(key_derivation_is_negotiated),
	        TEST(second_synchronisation_failure),
	        TEST(success_without_result_indication),
	        TEST(success_after_the_protected_notification),
	        TEST(success_before_the_protected_notification),
	        TEST(failure_after_the_challenge),
	        TEST(notification_of_a_forger),
	        TEST(success_notification_before_the_challenge),
	        TEST(operators_notifications),
	        TEST(a_second_challenge),
	        TEST(negotiated_key_derivation_succeeds),
	        TEST(resynchronisation_succeeds),
	        TEST(several_identity_requests_in_one),
	        TEST(attributes_that_are_not_known),
	        TEST(card_that_cannot_store),
	        TEST(attributes_stand_where_they_belong),
	        TEST(aka_is_not_allowed),
	        TEST(aka_where_aka_prime_would_be_served),
	        TEST(a_long_network_name),
	        TEST(success_alone_is_nothing),
	        TEST(repeated_request_gets_the_same_octets),
	        TEST(malformed_packets_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
