// SPDX-License-Identifier: BSD-3-Clause
/* Requests of the PAA and answers to ours (B-18 to B-33). */
#include "pana_client_state.h"

#include <openssl/crypto.h>

#include "eap.h"
#include "mobility_keys.h"

enum { EAP_RESPONSE_OCTETS_MAX = 1100 };

/* --- answering a request --- */

static void begin_answer(struct pana_client *client, struct wire_writer *writer, enum pana_kind kind,
                         const struct pana_message *request)
{
	*writer = wire_writer_of(client->answer, sizeof(client->answer));
	pana_message_begin(writer, kind, request->session_id, request->sequence_number);
}

/* Ends the answer with AUTH under `keys` (NULL: without), remembers the request, and sends. */
static void finish_answer(struct pana_client *client, struct wire_writer *writer, const struct pana_keys *keys,
                          const struct pana_message *request, const struct instant *now, struct effects *effects)
{
	if (keys) {
		client->answer_octets = pana_message_end_with_auth(writer, pana_auth_octets(keys->integrity));
		if (client->answer_octets)
			pana_auth_set(keys, client->answer, client->answer_octets);
	} else {
		client->answer_octets = pana_message_end(writer);
	}
	client->peer_number = request->sequence_number;
	memcpy(client->peer_request, request->octets.bytes, request->octets.octets);
	client->peer_request_octets = request->octets.octets;
	client_progress(client, now);
	client_send(client, client->answer, client->answer_octets, effects);
}

static const struct pana_keys *keys_in_use(const struct pana_client *client)
{
	return pana_keys_are_set(&client->keys) ? &client->keys : NULL;
}

/* Whether it is the next request. The last one again gets the octets of the last answer (B-6, B-22). */
static bool is_next(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                    struct effects *effects)
{
	if (message->sequence_number == client->peer_number && client->peer_request_octets &&
	    client->peer_request_octets == message->octets.octets &&
	    memcmp(client->peer_request, message->octets.bytes, client->peer_request_octets) == 0) {
		client->counters.repeated++;
		if (client_may_repeat(client, now))
			client_send(client, client->answer, client->answer_octets, effects);
		return false;
	}
	if (message->sequence_number == client->peer_number + 1)
		return true;
	client->counters.out_of_order++;
	return false;
}

/* --- EAP --- */

/* B-18 */
static bool take_nonce(struct pana_client *client, const struct pana_message *message, bool is_first)
{
	struct wire_view nonce = pana_message_value(message, PANA_NONCE);

	if (!is_first)
		return !nonce.octets;
	if (nonce.octets < NONCE_OCTETS_MIN || nonce.octets > NONCE_OCTETS_MAX)
		return false;
	randomness_fill(client->randomness, client->pac_nonce, sizeof(client->pac_nonce));
	if (nonce.octets == NONCE_OCTETS && memcmp(nonce.bytes, client->pac_nonce, NONCE_OCTETS) == 0)
		return false; /* one's own come back */
	memcpy(client->paa_nonce, nonce.bytes, nonce.octets);
	client->paa_nonce_octets = nonce.octets;
	return true;
}

static void par_eap(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                    struct effects *effects)
{
	uint8_t response[EAP_RESPONSE_OCTETS_MAX];
	struct wire_view packet = pana_message_value(message, PANA_EAP_PAYLOAD);
	struct wire_writer writer;
	bool is_first = client->is_first_round || client->state == PANA_CLIENT_OPEN;
	size_t octets;

	if (!packet.octets || !take_nonce(client, message, is_first)) {
		client->counters.unexpected++;
		return;
	}
	if (client->state == PANA_CLIENT_OPEN) { /* the PAA begins a re-authentication */
		client->state = PANA_CLIENT_REAUTHENTICATING;
		client_begin_authentication(client, now);
	}
	client->is_first_round = false;
	octets = client->outlet.eap(client->outlet.context, is_first, packet, response, sizeof(response));
	begin_answer(client, &writer, PANA_PAN, message);
	if (is_first)
		pana_avp_write(&writer, 0, PANA_NONCE, client->pac_nonce, sizeof(client->pac_nonce));
	if (octets)
		pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, response, octets); /* B-19 */
	finish_answer(client, &writer, keys_in_use(client), message, now, effects);
	OPENSSL_cleanse(response, sizeof(response));
}

/* --- PAR(C) --- */

static void complaint(struct pana_client *client, const char *why)
{
	client->counters.completion_ignored++;
	client_blame(client, "%s", why);
}

static void feed_end(struct pana_client *client, const struct pana_message *message)
{
	struct wire_view packet = pana_message_value(message, PANA_EAP_PAYLOAD);
	uint8_t response[EAP_RESPONSE_OCTETS_MAX];

	if (packet.octets)
		client->outlet.eap(client->outlet.context, false, packet, response, sizeof(response));
}

static bool is_eap_success(const struct pana_message *message)
{
	struct wire_view value = pana_message_value(message, PANA_EAP_PAYLOAD);
	struct eap_packet packet;

	return value.octets && eap_read(value.bytes, value.octets, &packet) == 0 && packet.code == EAP_SUCCESS;
}

static void take_session(struct pana_client *client, const struct pana_message *message, const struct secret *msk)
{
	struct pana_client_session *session = &client->session;

	session->session_id = message->session_id;
	session->key_id = client->keys.key_id;
	session->paa_nonce = (struct wire_view){client->paa_nonce, client->paa_nonce_octets};
	session->pac_nonce = (struct wire_view){client->pac_nonce, sizeof(client->pac_nonce)};
	session->msk = *msk;
	mobility_start_digest((struct wire_view){client->chosen->i_par, client->chosen->i_par_octets},
	                      (struct wire_view){client->chosen->i_pan, client->chosen->i_pan_octets},
	                      session->start_digest);
}

/* With a Key-Id: success, or authenticated but not admitted (B-24, B-26). */
static void completion_with_key(struct pana_client *client, const struct pana_message *message,
                                const struct instant *now, struct effects *effects)
{
	const struct secret *msk = client->outlet.msk(client->outlet.context);
	uint32_t result = pana_message_u32(message, PANA_RESULT_CODE);
	struct pana_key_input input = {
	        .prf = PANA_PRF_HMAC_SHA2_256,
	        .integrity = PANA_INTEGRITY_HMAC_SHA2_256_128,
	        .i_par = {client->chosen->i_par, client->chosen->i_par_octets},
	        .i_pan = {client->chosen->i_pan, client->chosen->i_pan_octets},
	        .pac_nonce = {client->pac_nonce, sizeof(client->pac_nonce)},
	        .paa_nonce = {client->paa_nonce, client->paa_nonce_octets},
	        .key_id = pana_message_u32(message, PANA_KEY_ID),
	};
	struct pana_keys keys = {0};
	struct wire_writer writer;

	if (!msk || client->is_first_round || (keys_in_use(client) && input.key_id <= client->keys.key_id)) {
		complaint(client, msk ? "B-20: PAR(C) with an old Key-Id"
		                      : "B-24: PAR(C) with a key before the method had completed");
		return;
	}
	pana_keys_derive(&keys, msk, &input);
	if (!pana_auth_verify(&keys, message)) {
		client->counters.unauthenticated++;
		goto end;
	}
	if (!is_eap_success(message) ||
	    (result == PANA_RESULT_SUCCESS && !pana_message_has(message, PANA_SESSION_LIFETIME))) {
		complaint(client, "B-24: PAR(C) without EAP-Success or Session-Lifetime");
		goto end;
	}
	feed_end(client, message);
	begin_answer(client, &writer, PANA_PAN_COMPLETE, message);
	pana_avp_write_u32(&writer, 0, PANA_KEY_ID, input.key_id);
	finish_answer(client, &writer, &keys, message, now, effects);
	client->keys = keys;
	if (result == PANA_RESULT_SUCCESS) {
		take_session(client, message, msk);
		client_opened(client, pana_message_u32(message, PANA_SESSION_LIFETIME), now, effects);
	} else {
		client_end(client, PANA_CLIENT_ENDED_NOT_ADMITTED, now, effects);
	}
end:
	pana_keys_wipe(&keys);
}

/* Without: a failure (B-25, B-27). */
static void completion_without_key(struct pana_client *client, const struct pana_message *message,
                                   const struct instant *now, struct effects *effects)
{
	uint32_t result = pana_message_u32(message, PANA_RESULT_CODE);
	struct wire_writer writer;

	if (result == PANA_RESULT_SUCCESS) {
		complaint(client, "B-24: PAR(C) that claims success without a Key-Id");
		return;
	}
	if (keys_in_use(client) ? !pana_auth_verify(&client->keys, message) : pana_message_has(message, PANA_AUTH)) {
		client->counters.unauthenticated++;
		return;
	}
	feed_end(client, message);
	begin_answer(client, &writer, PANA_PAN_COMPLETE, message);
	finish_answer(client, &writer, keys_in_use(client), message, now, effects);
	client_end(client,
	           result == PANA_RESULT_AUTHORIZATION_REJECTED ? PANA_CLIENT_ENDED_NOT_ADMITTED
	                                                        : PANA_CLIENT_ENDED_REJECTED,
	           now, effects);
}

/* --- requests --- */

/* B-15: the session is the one whose PAR x+1 comes first. */
static bool choose(struct pana_client *client, struct candidate *candidate, const struct pana_message *message,
                   const struct instant *now)
{
	bool is_first_request = message->kind == PANA_PAR && message->sequence_number == candidate->number + 1;

	if (client->chosen) {
		if (is_first_request) {
			memcpy(candidate->first_request, message->octets.bytes, message->octets.octets);
			candidate->first_request_octets = message->octets.octets;
		}
		return false;
	}
	if (!is_first_request || !pana_message_has(message, PANA_NONCE) ||
	    !pana_message_has(message, PANA_EAP_PAYLOAD)) {
		client->counters.unexpected++;
		return false;
	}
	client->chosen = candidate;
	client->peer_number = candidate->number;
	client->peer_request_octets = 0;
	client->state = PANA_CLIENT_AUTHENTICATING;
	timer_disarm(&client->retransmit);
	client_begin_authentication(client, now);
	return true;
}

void client_par(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                struct effects *effects)
{
	struct candidate *candidate = client_candidate(client, message->session_id);

	if (!candidate || client->state == PANA_CLIENT_IDLE) {
		client->counters.unknown_session++;
		return;
	}
	if (candidate != client->chosen && !choose(client, candidate, message, now))
		return;
	if (!is_next(client, message, now, effects))
		return;
	if (client->request_octets && client->request_kind == PANA_PNR_REAUTHENTICATION) {
		client->counters.unexpected++; /* RFC 5191 4.3: not before PNR(A) is answered; it comes again */
		return;
	}
	if (message->kind == PANA_PAR && keys_in_use(client) && !pana_auth_verify(&client->keys, message)) {
		client->counters.unauthenticated++; /* B-21 */
		return;
	}
	if (message->kind == PANA_PAR)
		par_eap(client, message, now, effects);
	else if (client->state == PANA_CLIENT_OPEN)
		client->counters.unexpected++;
	else if (pana_message_has(message, PANA_KEY_ID))
		completion_with_key(client, message, now, effects);
	else
		completion_without_key(client, message, now, effects);
}

/* PTR and PNR of the PAA. */
void client_request(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                    struct effects *effects)
{
	bool is_ping = message->kind == PANA_PNR_PING && !pana_message_has(message, PANA_ENCRYPTION_ENCAP); /* B-29 */
	struct wire_writer writer;

	if (!client->chosen || message->session_id != client->chosen->session_id || !keys_in_use(client)) {
		client->counters.unknown_session++;
		return;
	}
	if (!is_next(client, message, now, effects))
		return;
	if (!pana_auth_verify(&client->keys, message)) {
		client->counters.unauthenticated++;
		return;
	}
	if (message->kind != PANA_PTR && !is_ping) {
		client->counters.unexpected++;
		return;
	}
	begin_answer(client, &writer, is_ping ? PANA_PNA_PING : PANA_PTA, message);
	finish_answer(client, &writer, &client->keys, message, now, effects);
	if (is_ping)
		client_numbers_used_up(client, now, effects);
	else
		client_end(client, PANA_CLIENT_ENDED_BY_SERVER, now, effects);
}

/* --- answers to our requests --- */

static enum pana_kind answer_kind(enum pana_kind request)
{
	return request == PANA_PNR_PING ? PANA_PNA_PING : request == PANA_PTR ? PANA_PTA : PANA_PNA_REAUTHENTICATION;
}

static void ping_answered(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                          struct effects *effects)
{
	struct wire_view encap = pana_message_value(message, PANA_ENCRYPTION_ENCAP);
	uint8_t plaintext[PANA_PAYLOAD_MAX];

	pana_encap_crypt(&client->keys, PANA_FROM_PAA, message->session_id, message->sequence_number, encap.bytes,
	                 plaintext, encap.octets);
	client->outlet.answered(client->outlet.context, (struct wire_view){plaintext, encap.octets}, now, effects);
	OPENSSL_cleanse(plaintext, sizeof(plaintext));
}

void client_answer(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                   struct effects *effects)
{
	enum pana_kind request = client->request_kind;

	if (!client->chosen || message->session_id != client->chosen->session_id || !keys_in_use(client)) {
		client->counters.unknown_session++;
		return;
	}
	if (!pana_auth_verify(&client->keys, message)) { /* B-52: as if it did not exist */
		client->counters.unauthenticated++;
		return;
	}
	if (!client->request_octets || message->sequence_number != client->number ||
	    message->kind != answer_kind(request)) {
		client->counters.unexpected++;
		return;
	}
	timer_disarm(&client->retransmit);
	OPENSSL_cleanse(client->request, client->request_octets);
	client->request_octets = 0;
	if (request == PANA_PNR_PING) {
		if (!client->is_plain_ping)
			ping_answered(client, message, now, effects);
		client_request_answered(client, now, effects);
	} else if (request == PANA_PTR) {
		client_end(client, PANA_CLIENT_ENDED_LOGOUT, now, effects);
	} else {
		client->state = PANA_CLIENT_REAUTHENTICATING;
		client_begin_authentication(client, now);
	}
}
