// SPDX-License-Identifier: BSD-3-Clause
#include "eap_aka_peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"
#include "hash.h"

enum {
	IDENTITY_OCTETS_MAX = 300,
	TYPE_DATA_OFFSET = 5, /* of a packet with a type */
	SEPARATION_BIT = 0x80,
	NOTIFICATION_P_BIT = 0x4000,
	NOTIFICATION_S_BIT = 0x8000,
	CLIENT_ERROR_UNABLE = 0,
	FAILURE_OCTETS = 160,
	MNC_OFFSET = 3,
};

struct eap_aka_peer {
	struct eap_aka_peer_settings settings;
	const struct usim *usim;
	enum eap_aka_peer_state state;
	uint8_t method;                     /* 0 until the first request of one */
	char identity[IDENTITY_OCTETS_MAX]; /* the last one sent (E-5) */
	bool has_told_permanent;
	bool has_resynchronised;
	bool result_indication;
	bool has_success_notification;
	uint16_t kdfs[EAP_AKA_KDFS_MAX]; /* what was offered when another KDF was asked for (E-10) */
	size_t kdf_count;
	char kdf_input[EAP_AKA_PEER_NAME_MAX + 1];
	struct eap_aka_checkcode checkcode;
	struct eap_aka_keys keys;
	uint8_t request[EAP_AKA_PEER_PACKET_MAX]; /* the last one, and what was answered */
	size_t request_octets;
	uint8_t response[EAP_AKA_PEER_PACKET_MAX];
	size_t response_octets;
	char failure[FAILURE_OCTETS];
	struct eap_aka_peer_counters counters;
};

struct eap_aka_peer *eap_aka_peer_new(const struct eap_aka_peer_settings *settings, const struct usim *usim)
{
	struct eap_aka_peer *peer = allocate(sizeof(*peer));

	peer->settings = *settings;
	peer->usim = usim;
	if (!peer->settings.realm[0]) /* E-4: the MNC in three digits */
		snprintf(peer->settings.realm, sizeof(peer->settings.realm), "wlan.mnc%s%.*s.mcc%.3s.3gppnetwork.org",
		         usim->mnc_digits == 2 ? "0" : "", (int)usim->mnc_digits, usim->imsi + MNC_OFFSET, usim->imsi);
	return peer;
}

void eap_aka_peer_free(struct eap_aka_peer *peer)
{
	if (!peer)
		return;
	OPENSSL_cleanse(peer, sizeof(*peer));
	free(peer);
}

void eap_aka_peer_restart(struct eap_aka_peer *peer)
{
	const struct eap_aka_peer_settings settings = peer->settings;
	const struct eap_aka_peer_counters counters = peer->counters;
	const struct usim *usim = peer->usim;

	OPENSSL_cleanse(peer, sizeof(*peer));
	peer->settings = settings;
	peer->counters = counters;
	peer->usim = usim;
}

/* --- answers --- */

static size_t respond(struct eap_aka_peer *peer, const struct eap_packet *request, uint8_t type,
                      const struct wire_writer *data, size_t mac_offset)
{
	struct wire_writer writer = wire_writer_of(peer->response, sizeof(peer->response));
	size_t octets;

	if (data->failed)
		return 0;
	eap_write(&writer, EAP_RESPONSE, request->identifier, type, data->begin, wire_written(data));
	octets = wire_written(&writer);
	if (octets && mac_offset)
		eap_aka_mac_set(&peer->keys, peer->response, octets, TYPE_DATA_OFFSET + mac_offset);
	return octets;
}

__attribute__((format(printf, 2, 3))) static void blame(struct eap_aka_peer *peer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(peer->failure, sizeof(peer->failure), format, arguments);
	va_end(arguments);
	peer->state = EAP_AKA_PEER_FAILED;
}

/* RFC 4187 9.9: what cannot be processed. The conversation ends with it. */
static size_t client_error(struct eap_aka_peer *peer, const struct eap_packet *request, const char *why)
{
	uint8_t buffer[16];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	blame(peer, "%s", why);
	peer->counters.client_errors++;
	eap_aka_begin(&data, EAP_AKA_CLIENT_ERROR);
	eap_aka_write_u16(&data, AT_CLIENT_ERROR_CODE, CLIENT_ERROR_UNABLE);
	return respond(peer, request, request->type, &data, 0);
}

static size_t authentication_reject(struct eap_aka_peer *peer, const struct eap_packet *request, const char *why)
{
	uint8_t buffer[16];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	blame(peer, "%s", why);
	peer->counters.rejected++;
	eap_aka_begin(&data, EAP_AKA_AUTHENTICATION_REJECT);
	return respond(peer, request, request->type, &data, 0);
}

/* --- identities (E-1, E-3, E-4) --- */

static size_t answer_identity(struct eap_aka_peer *peer, const struct eap_packet *request)
{
	uint8_t buffer[IDENTITY_OCTETS_MAX];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	if (peer->method) {
		peer->counters.malformed++; /* RFC 3748 5.1: never within a method */
		return 0;
	}
	snprintf(peer->identity, sizeof(peer->identity), "6anonymous@%s", peer->settings.realm);
	wire_write_bytes(&data, peer->identity, strlen(peer->identity));
	return respond(peer, request, EAP_TYPE_IDENTITY, &data, 0);
}

static size_t identity_request(struct eap_aka_peer *peer, const struct eap_packet *request,
                               const struct eap_aka_message *message)
{
	uint8_t buffer[IDENTITY_OCTETS_MAX + 32];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));
	size_t octets;

	if (message->any_id_req + message->fullauth_id_req + message->permanent_id_req != 1)
		return client_error(peer, request, "E-3: an identity request that asks for none or several");
	if (peer->has_told_permanent)
		return client_error(peer, request, "E-3: asked for the permanent identity again");
	peer->has_told_permanent = true;
	snprintf(peer->identity, sizeof(peer->identity), "%c%s@%s", peer->method == EAP_TYPE_AKA_PRIME ? '6' : '0',
	         peer->usim->imsi, peer->settings.realm);
	eap_aka_begin(&data, EAP_AKA_IDENTITY);
	eap_aka_write_identity(&data, peer->identity, strlen(peer->identity));
	octets = respond(peer, request, request->type, &data, 0);
	eap_aka_checkcode_add(&peer->checkcode, request->octets.bytes, request->octets.octets);
	eap_aka_checkcode_add(&peer->checkcode, peer->response, octets);
	return octets;
}

/* --- the challenge --- */

/* E-8 */
static bool network_name_is_right(const struct eap_aka_peer *peer, struct wire_view name)
{
	const char *expected = peer->settings.network_name;
	size_t octets = strlen(expected);

	if (name.octets < octets || name.octets > EAP_AKA_PEER_NAME_MAX || memcmp(name.bytes, expected, octets) != 0)
		return false;
	return name.octets == octets || (peer->settings.is_prefix_match && name.bytes[octets] == ':');
}

static bool offers_kdf(const struct eap_aka_message *message, uint16_t kdf)
{
	for (size_t i = 0; i < message->kdf_count; i++) {
		if (message->kdfs[i] == kdf)
			return true;
	}
	return false;
}

static bool has_duplicate_kdf(const uint16_t *kdfs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = i + 1; j < count; j++) {
			if (kdfs[i] == kdfs[j])
				return true;
		}
	}
	return false;
}

/* E-10: the offer comes again, headed by what was asked for, and nothing else has changed. */
static bool is_renegotiated(const struct eap_aka_peer *peer, const struct eap_aka_message *message)
{
	return message->kdf_count == peer->kdf_count + 1 && message->kdfs[0] == EAP_AKA_KDF_DEFAULT &&
	       memcmp(&message->kdfs[1], peer->kdfs, peer->kdf_count * sizeof(peer->kdfs[0])) == 0 &&
	       message->kdf_input.octets == strlen(peer->kdf_input) &&
	       memcmp(message->kdf_input.bytes, peer->kdf_input, message->kdf_input.octets) == 0;
}

static size_t ask_for_kdf(struct eap_aka_peer *peer, const struct eap_packet *request,
                          const struct eap_aka_message *message)
{
	uint8_t buffer[32];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	memcpy(peer->kdfs, message->kdfs, sizeof(peer->kdfs));
	peer->kdf_count = message->kdf_count;
	memcpy(peer->kdf_input, message->kdf_input.bytes, message->kdf_input.octets);
	eap_aka_begin(&data, EAP_AKA_CHALLENGE);
	eap_aka_write_kdf(&data, EAP_AKA_KDF_DEFAULT);
	return respond(peer, request, request->type, &data, 0);
}

static size_t synchronization_failure(struct eap_aka_peer *peer, const struct eap_packet *request,
                                      const struct eap_aka_message *message, const struct aka_answer *answer)
{
	uint8_t buffer[128];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	if (peer->has_resynchronised)
		return client_error(peer, request, "E-14: a second synchronisation failure in one attempt");
	peer->has_resynchronised = true;
	peer->counters.resynchronisations++;
	eap_aka_begin(&data, EAP_AKA_SYNCHRONIZATION_FAILURE);
	eap_aka_write_auts(&data, answer->auts);
	for (size_t i = 0; i < message->kdf_count; i++)
		eap_aka_write_kdf(&data, message->kdfs[i]);
	return respond(peer, request, request->type, &data, 0);
}

/* E-11: AT_CHECKCODE must be there when identities were exchanged, and right when it is there. */
static bool checkcode_is_right(const struct eap_aka_peer *peer, const struct eap_aka_message *message)
{
	if (!message->checkcode.bytes)
		return peer->checkcode.packets == 0;
	return eap_aka_checkcode_right(&peer->checkcode, (enum eap_type)peer->method, message->checkcode);
}

/* The network has proven itself: judges what its keys protect, and answers. */
static size_t answer_challenge(struct eap_aka_peer *peer, const struct eap_packet *request,
                               const struct eap_aka_message *message, const struct aka_answer *answer)
{
	uint8_t buffer[256], digest[CHECKCODE_OCTETS_MAX];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));
	size_t mac_offset;

	if (peer->method == EAP_TYPE_AKA_PRIME && !(answer->amf[0] & SEPARATION_BIT))
		return authentication_reject(peer, request, "E-9: the AMF separation bit is not set");
	eap_aka_full_keys((enum eap_type)peer->method, &answer->ck, &answer->ik, message->kdf_input, answer->sqn_xor_ak,
	                  hash_text(peer->identity), &peer->keys);
	if (!eap_aka_mac_right(&peer->keys, request->octets, message->mac)) {
		peer->counters.mac_failures++;
		return client_error(peer, request, "E-9: AT_MAC is wrong");
	}
	if (!checkcode_is_right(peer, message))
		return client_error(peer, request, "E-11: AT_CHECKCODE is missing or wrong");
	peer->result_indication = message->result_ind;
	eap_aka_begin(&data, EAP_AKA_CHALLENGE);
	eap_aka_write_res(&data, answer->res, sizeof(answer->res));
	if (message->checkcode.bytes)
		eap_aka_write_checkcode(
		        &data, digest, eap_aka_checkcode_digest(&peer->checkcode, (enum eap_type)peer->method, digest));
	if (message->result_ind)
		eap_aka_write_flag(&data, AT_RESULT_IND);
	mac_offset = eap_aka_write_mac(&data);
	peer->state = EAP_AKA_PEER_METHOD_DONE;
	return respond(peer, request, request->type, &data, mac_offset);
}

static size_t ask_card(struct eap_aka_peer *peer, const struct eap_packet *request,
                       const struct eap_aka_message *message)
{
	struct aka_answer answer = {0};
	enum aka_outcome outcome;
	size_t octets;

	if (peer->usim->authenticate(peer->usim->context, message->rand.bytes, message->autn.bytes, &outcome,
	                             &answer)) {
		octets = client_error(peer, request, "the card does not answer, or cannot store its sequence number");
	} else if (outcome == AKA_MAC_FAILURE) {
		peer->counters.mac_failures++;
		octets = authentication_reject(peer, request, "E-9: AUTN is not of this card's operator");
	} else if (outcome == AKA_SYNCHRONISATION_FAILURE) {
		octets = synchronization_failure(peer, request, message, &answer);
	} else {
		octets = answer_challenge(peer, request, message, &answer);
	}
	aka_answer_wipe(&answer);
	return octets;
}

static size_t challenge_prime(struct eap_aka_peer *peer, const struct eap_packet *request,
                              const struct eap_aka_message *message)
{
	if (!network_name_is_right(peer, message->kdf_input))
		return authentication_reject(peer, request,
		                             "E-8: the network name is not that of the mobility service");
	if (peer->kdf_count) {
		if (!is_renegotiated(peer, message))
			return client_error(peer, request, "E-10: the offer of key derivations has changed");
		return ask_card(peer, request, message);
	}
	if (!offers_kdf(message, EAP_AKA_KDF_DEFAULT) || has_duplicate_kdf(message->kdfs, message->kdf_count))
		return authentication_reject(peer, request, "E-9: no usable AT_KDF, or one twice");
	if (message->kdfs[0] != EAP_AKA_KDF_DEFAULT)
		return ask_for_kdf(peer, request, message);
	return ask_card(peer, request, message);
}

static size_t challenge(struct eap_aka_peer *peer, const struct eap_packet *request,
                        const struct eap_aka_message *message)
{
	if (peer->state == EAP_AKA_PEER_METHOD_DONE || !message->rand.bytes || !message->autn.bytes ||
	    !message->mac.bytes)
		return client_error(peer, request, "E-9: a challenge without RAND, AUTN or MAC, or a second one");
	if (peer->method == EAP_TYPE_AKA_PRIME)
		return challenge_prime(peer, request, message);
	if (message->has_bidding && message->bidding & EAP_AKA_BIDDING_D)
		return authentication_reject(peer, request, "E-7: AKA was chosen although AKA' would be served");
	return ask_card(peer, request, message);
}

/* --- notifications --- */

static size_t notification(struct eap_aka_peer *peer, const struct eap_packet *request,
                           const struct eap_aka_message *message)
{
	uint8_t buffer[64];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));
	bool is_before_challenge = message->notification & NOTIFICATION_P_BIT;
	size_t mac_offset = 0;

	if (!message->has_notification || is_before_challenge == (peer->state == EAP_AKA_PEER_METHOD_DONE))
		return client_error(peer, request, "RFC 4187 6.1: a notification in the wrong phase");
	if (!is_before_challenge &&
	    (!message->mac.bytes || !eap_aka_mac_right(&peer->keys, request->octets, message->mac)))
		return client_error(peer, request, "E-9: a notification without right AT_MAC");
	eap_aka_begin(&data, EAP_AKA_NOTIFICATION);
	if (!is_before_challenge)
		mac_offset = eap_aka_write_mac(&data);
	if (message->notification == EAP_AKA_NOTIFICATION_SUCCESS && peer->result_indication)
		peer->has_success_notification = true;
	else if (!(message->notification & NOTIFICATION_S_BIT))
		blame(peer, "RFC 4187 6: the operator's notification %u", message->notification);
	return respond(peer, request, request->type, &data, mac_offset);
}

/* --- dispatch --- */

static size_t nak(struct eap_aka_peer *peer, const struct eap_packet *request)
{
	uint8_t buffer[2];
	struct wire_writer data = wire_writer_of(buffer, sizeof(buffer));

	wire_write_u8(&data, EAP_TYPE_AKA_PRIME);
	if (peer->settings.allow_aka)
		wire_write_u8(&data, EAP_TYPE_AKA);
	return respond(peer, request, EAP_TYPE_NAK, &data, 0);
}

/* RFC 4187 10.1, RFC 9048 3.5: whether what must not be skipped stands only where the table has it, in a request. */
static bool attributes_belong(const struct eap_aka_message *message, uint8_t method)
{
	bool asks_identity = message->permanent_id_req || message->any_id_req || message->fullauth_id_req;
	bool challenges = message->rand.bytes || message->autn.bytes || message->kdf_input.bytes || message->kdf_count;
	bool has_kdf = message->kdf_input.bytes || message->kdf_count;

	if (message->res.bytes || message->auts.bytes || message->identity.bytes || message->has_client_error_code)
		return false; /* ours to send */
	switch (message->subtype) {
	case EAP_AKA_IDENTITY:
		return !challenges && !message->mac.bytes && !message->has_notification;
	case EAP_AKA_CHALLENGE:
		return !asks_identity && !message->has_notification && (method == EAP_TYPE_AKA_PRIME || !has_kdf);
	case EAP_AKA_NOTIFICATION:
		return !asks_identity && !challenges;
	default:
		return true;
	}
}

static size_t method_request(struct eap_aka_peer *peer, const struct eap_packet *request)
{
	struct eap_aka_message message;

	if (peer->method && peer->method != request->type) {
		peer->counters.malformed++; /* RFC 3748 2.1: one method in a conversation */
		return 0;
	}
	peer->method = request->type;
	if (eap_aka_read(request->data.bytes, request->data.octets, &message)) {
		peer->counters.malformed++;
		return client_error(peer, request, "E-9: a malformed packet or an unknown attribute below 128");
	}
	if (!attributes_belong(&message, request->type))
		return client_error(peer, request, "RFC 9048 3.5: an attribute in a message where it does not belong");
	switch (message.subtype) {
	case EAP_AKA_IDENTITY:
		if (peer->state == EAP_AKA_PEER_METHOD_DONE)
			return client_error(peer, request, "RFC 4187 4.1: an identity request after the challenge");
		return identity_request(peer, request, &message);
	case EAP_AKA_CHALLENGE:
		return challenge(peer, request, &message);
	case EAP_AKA_NOTIFICATION:
		return notification(peer, request, &message);
	default:
		return client_error(peer, request, "RFC 4187 9: a subtype that was not asked for");
	}
}

static size_t answer(struct eap_aka_peer *peer, const struct eap_packet *request)
{
	const struct wire_writer empty = {0};

	if (peer->state == EAP_AKA_PEER_IDLE)
		peer->state = EAP_AKA_PEER_UNDER_WAY;
	if (peer->state == EAP_AKA_PEER_FAILED || peer->state == EAP_AKA_PEER_SUCCEEDED)
		return 0;
	switch (request->type) {
	case EAP_TYPE_IDENTITY:
		return answer_identity(peer, request);
	case EAP_TYPE_NOTIFICATION:
		return respond(peer, request, EAP_TYPE_NOTIFICATION, &empty, 0);
	case EAP_TYPE_AKA_PRIME:
		return method_request(peer, request);
	case EAP_TYPE_AKA: /* E-7 */
		return peer->settings.allow_aka ? method_request(peer, request) : nak(peer, request);
	default:
		return nak(peer, request);
	}
}

bool eap_aka_peer_is_complete(const struct eap_aka_peer *peer)
{
	return peer->state == EAP_AKA_PEER_SUCCEEDED || (peer->state == EAP_AKA_PEER_METHOD_DONE &&
	                                                 (!peer->result_indication || peer->has_success_notification));
}

static void end(struct eap_aka_peer *peer, bool is_success)
{
	if (!is_success) {
		if (!peer->failure[0])
			blame(peer, "EAP-Failure");
		peer->state = EAP_AKA_PEER_FAILED;
	} else if (eap_aka_peer_is_complete(peer)) {
		peer->state = EAP_AKA_PEER_SUCCEEDED;
	} else if (!peer->failure[0]) {
		blame(peer, "B-24: EAP-Success before the method was done");
	}
}

size_t eap_aka_peer_receive(struct eap_aka_peer *peer, const void *octets, size_t count,
                            uint8_t response[EAP_AKA_PEER_PACKET_MAX])
{
	struct eap_packet packet;

	if (count > sizeof(peer->request) || eap_read(octets, count, &packet) || packet.code == EAP_RESPONSE) {
		peer->counters.malformed++;
		return 0;
	}
	if (packet.code != EAP_REQUEST) {
		end(peer, packet.code == EAP_SUCCESS);
		return 0;
	}
	peer->counters.requests++;
	if (packet.octets.octets == peer->request_octets &&
	    memcmp(packet.octets.bytes, peer->request, peer->request_octets) == 0) {
		peer->counters.repeated++;
	} else {
		peer->response_octets = answer(peer, &packet);
		memcpy(peer->request, packet.octets.bytes, packet.octets.octets);
		peer->request_octets = packet.octets.octets;
	}
	memcpy(response, peer->response, peer->response_octets);
	return peer->response_octets;
}

enum eap_aka_peer_state eap_aka_peer_state(const struct eap_aka_peer *peer)
{
	return peer->state;
}

const char *eap_aka_peer_failure(const struct eap_aka_peer *peer)
{
	return peer->failure;
}

const struct secret *eap_aka_peer_msk(const struct eap_aka_peer *peer)
{
	bool is_done = peer->state == EAP_AKA_PEER_METHOD_DONE || peer->state == EAP_AKA_PEER_SUCCEEDED;

	return is_done ? &peer->keys.msk : NULL;
}

enum eap_type eap_aka_peer_method(const struct eap_aka_peer *peer)
{
	return (enum eap_type)peer->method;
}

struct eap_aka_peer_counters eap_aka_peer_counters(const struct eap_aka_peer *peer)
{
	return peer->counters;
}
