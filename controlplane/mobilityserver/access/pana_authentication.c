// SPDX-License-Identifier: BSD-3-Clause
/*
 * Authentication and re-authentication: PAR and PAN carry EAP between the node and the relay (B-18, B-19, B-21). Of EAP
 * nothing is read but code, identifier and length, and that the first response is an identity (F-2).
 */
#include "pana_session.h"

#include <openssl/crypto.h>

#include "eap.h"

static timer_function stage_is_over;

static void stage_is_over(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_session *session = timer_owner(timer, struct pana_session, stage_timer);

	session->agent->counters.authentications_expired++;
	session_end(session, PANA_END_LOST, now, effects);
}

/* PAR(C) with EAP-Failure: the given one, or one of our own if it is none (B-25). */
static void reject(struct pana_session *session, struct wire_view packet, const struct instant *now,
                   struct effects *effects)
{
	const uint8_t failure[] = {EAP_FAILURE, session->eap_identifier, 0, EAP_HEADER_OCTETS};
	struct eap_packet eap;

	if (eap_read(packet.bytes, packet.octets, &eap) || eap.code != EAP_FAILURE)
		packet = hash_part(failure, sizeof(failure));
	session_drop_conversation(session);
	session->agent->counters.authentications_rejected++;
	completion_begin(session, COMPLETION_REFUSED, PANA_RESULT_AUTHENTICATION_REJECTED, packet, now, effects);
}

static void send_eap(struct pana_session *session, const uint8_t *paa_nonce, struct wire_view packet,
                     const struct instant *now, struct effects *effects)
{
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	exchange_begin_request(session, &writer, PANA_PAR);
	if (paa_nonce)
		pana_avp_write(&writer, 0, PANA_NONCE, paa_nonce, NONCE_OCTETS);
	pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, packet.bytes, packet.octets);
	if (!exchange_send_request(session, &writer, session_keys_in_use(session), now, effects))
		reject(session, (struct wire_view){0}, now, effects);
}

void authentication_begin(struct pana_session *session, const struct instant *now, struct effects *effects)
{
	struct pana_agent *agent = session->agent;
	uint8_t identity_request[] = {EAP_REQUEST, 0, 0, 5, EAP_TYPE_IDENTITY};

	agent->counters.authentications++;
	OPENSSL_cleanse(&session->next, sizeof(session->next));
	session->stage = STAGE_IDENTITY;
	session->has_nonce = false;
	session->awaits_peer_request = false;
	session_set_conversation(session);
	session->authentication_until_ms = now->monotonic_ms + AUTHENTICATION_MS;
	timer_arm(agent->options.timers, &session->stage_timer,
	          session->is_established ? session->authentication_until_ms : now->monotonic_ms + IDENTITY_STAGE_MS,
	          stage_is_over);
	randomness_fill(agent->options.randomness, session->next.paa_nonce, NONCE_OCTETS);
	randomness_fill(agent->options.randomness, &identity_request[1], 1);
	session->eap_identifier = identity_request[1];
	send_eap(session, session->next.paa_nonce, hash_part(identity_request, sizeof(identity_request)), now, effects);
}

/* B-18: one nonce, in the first answer, and not our own; counts what is wrong. */
static bool nonce_is_right(struct pana_session *session, const struct pana_message *message)
{
	struct pana_agent_counters *counters = &session->agent->counters;
	struct wire_view nonce = pana_message_value(message, PANA_NONCE);
	bool is_own = nonce.octets == NONCE_OCTETS && memcmp(nonce.bytes, session->next.paa_nonce, NONCE_OCTETS) == 0;

	if (pana_message_has(message, PANA_NONCE) == !session->has_nonce && !is_own)
		return true;
	if (!session->has_nonce && !is_own)
		counters->nonce_missing++;
	else
		counters->nonce_refused++;
	return false;
}

/* A response to the last request; the first one is an identity (F-2). Counts what is wrong. */
static bool response_is_right(struct pana_session *session, const struct pana_message *message)
{
	struct wire_view value = pana_message_value(message, PANA_EAP_PAYLOAD);
	struct eap_packet eap;

	if (eap_read(value.bytes, value.octets, &eap) == 0 && eap.code == EAP_RESPONSE &&
	    eap.identifier == session->eap_identifier && (session->is_eap_begun || eap.type == EAP_TYPE_IDENTITY))
		return true;
	session->agent->counters.eap_malformed++;
	return false;
}

/* Hands the response to the relay; the last thing of a step, since an answer may come from inside. */
static void relay_response(struct pana_session *session, const struct arrival *arrival)
{
	const struct pana_agent_outlet *outlet = &session->agent->options.outlet;
	struct pana_agent_eap eap = {
	        .conversation = session->conversation,
	        .is_first = !session->is_eap_begun,
	        .packet = pana_message_value(&arrival->message, PANA_EAP_PAYLOAD),
	        .source = session->peer,
	};

	session->is_eap_begun = true;
	session->stage = STAGE_METHOD;
	half_open_leave_identity_stage(session);
	timer_arm(session->agent->options.timers, &session->stage_timer, session->authentication_until_ms,
	          stage_is_over);
	outlet->eap(outlet->context, &eap, arrival->now, arrival->effects);
}

static bool is_under_way(const struct pana_session *session)
{
	return session->stage == STAGE_IDENTITY || session->stage == STAGE_METHOD;
}

void authentication_on_answer(struct pana_session *session, const struct arrival *arrival)
{
	const struct pana_message *message = &arrival->message;
	bool has_eap = pana_message_has(message, PANA_EAP_PAYLOAD);

	if (!is_under_way(session)) {
		session->agent->counters.unexpected++;
		return;
	}
	if (!exchange_is_awaited_answer(session, arrival, session_keys_in_use(session)) ||
	    !nonce_is_right(session, message) || (has_eap && !response_is_right(session, message)))
		return;
	exchange_take_answer(session, arrival);
	if (!session->has_nonce) {
		struct wire_view nonce = pana_message_value(message, PANA_NONCE);

		memcpy(session->next.pac_nonce, nonce.bytes, nonce.octets);
		session->next.pac_nonce_octets = (uint16_t)nonce.octets;
		session->has_nonce = true;
	}
	if (has_eap)
		relay_response(session, arrival);
	else
		session->awaits_peer_request = true; /* B-19 */
}

/* The response in a request of the node's own, after an empty PAN (B-19). */
void authentication_on_request(struct pana_session *session, const struct arrival *arrival)
{
	const struct pana_message *message = &arrival->message;
	const struct pana_keys *keys = session_keys_in_use(session);
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	if (!is_under_way(session) || !session->awaits_peer_request) {
		session->agent->counters.unexpected++;
		return;
	}
	if (!exchange_is_next_request(session, arrival, keys) || !nonce_is_right(session, message) ||
	    !response_is_right(session, message))
		return;
	exchange_take_request(session, arrival);
	session->awaits_peer_request = false;
	pana_message_begin(&writer, PANA_PAN, session->session_id, session->peer_number);
	exchange_send_answer(session, &writer, keys, arrival->effects);
	relay_response(session, arrival);
}

/* The session whose authentication the relay speaks of, or NULL: it is over. */
static struct pana_session *session_that_waits(struct pana_agent *agent, uint64_t conversation)
{
	struct pana_session *session = session_of_conversation(agent, conversation);

	if (session && session->stage == STAGE_METHOD && !session->request.bytes && !session->awaits_peer_request)
		return session;
	agent->counters.unexpected++;
	return NULL;
}

void pana_agent_eap_request(struct pana_agent *agent, uint64_t conversation, struct wire_view packet,
                            const struct instant *now, struct effects *effects)
{
	struct pana_session *session = session_that_waits(agent, conversation);
	struct eap_packet eap;

	if (!session)
		return;
	if (eap_read(packet.bytes, packet.octets, &eap) || eap.code != EAP_REQUEST) {
		agent->counters.eap_malformed++;
		reject(session, (struct wire_view){0}, now, effects);
		return;
	}
	session->eap_identifier = eap.identifier;
	send_eap(session, NULL, eap.octets, now, effects);
}

void pana_agent_rejected(struct pana_agent *agent, uint64_t conversation, struct wire_view packet,
                         const struct instant *now, struct effects *effects)
{
	struct pana_session *session = session_that_waits(agent, conversation);

	if (!session)
		return;
	session->is_eap_begun = false; /* the relay knows */
	reject(session, packet, now, effects);
}

/* E-16: the subscriber of a re-authentication is the session's, or it fails. */
static bool is_admitted(struct pana_session *session, const struct pana_agent_acceptance *acceptance)
{
	if (!acceptance->is_admitted)
		return false;
	if (!session->is_established)
		return !acceptance->keeps_identity;
	if (acceptance->keeps_identity || subscriber_identity_equal(&acceptance->identity, &session->identity))
		return true;
	session->agent->counters.other_subscriber++;
	return false;
}

static void derive_keys(struct pana_session *session, const struct secret *msk)
{
	const struct pana_key_input input = {
	        .prf = session->prf,
	        .integrity = session->integrity,
	        .i_par = hash_part(session->i_par, session->i_par_octets),
	        .i_pan = hash_part(session->i_pan, session->i_pan_octets),
	        .pac_nonce = hash_part(session->next.pac_nonce, session->next.pac_nonce_octets),
	        .paa_nonce = hash_part(session->next.paa_nonce, NONCE_OCTETS),
	        .key_id = ++session->key_ids_used,
	};

	pana_keys_derive(&session->next.pana, msk, &input);
	mobility_root_key(msk, session->session_id, input.key_id, session->start_digest, session->agent->options.paa_id,
	                  &session->next.mobility_root);
}

/* What the Accept said, for the access phase that PAN(C) will begin. */
static void take_acceptance(struct pana_session *session, const struct pana_agent_acceptance *acceptance)
{
	uint32_t lifetime_s =
	        acceptance->session_timeout_s ? acceptance->session_timeout_s : SESSION_LIFETIME_DEFAULT_S;
	uint32_t maximum_s = session->agent->options.limits.session_lifetime_max_s;

	if (!acceptance->keeps_identity)
		session->identity = acceptance->identity;
	session->profile = acceptance->profile;
	session->class_octets = 0;
	if (acceptance->class_attribute.octets && acceptance->class_attribute.octets <= PANA_AGENT_CLASS_MAX) {
		session->class_octets = (uint8_t)acceptance->class_attribute.octets;
		memcpy(session->class_attribute, acceptance->class_attribute.bytes, session->class_octets);
	}
	lifetime_s = lifetime_s > maximum_s ? maximum_s : lifetime_s;
	session->next_lifetime_s = lifetime_s < SESSION_LIFETIME_MIN_S ? SESSION_LIFETIME_MIN_S : lifetime_s;
}

void pana_agent_accepted(struct pana_agent *agent, uint64_t conversation,
                         const struct pana_agent_acceptance *acceptance, const struct instant *now,
                         struct effects *effects)
{
	struct pana_session *session = session_that_waits(agent, conversation);
	const struct pana_agent_outlet *outlet = &agent->options.outlet;
	bool has_msk = secret_octets(&acceptance->msk) == MSK_OCTETS;
	bool admitted;

	if (!session)
		return;
	session->is_eap_begun = false; /* the relay knows */
	session_drop_conversation(session);
	admitted = is_admitted(session, acceptance);
	if (has_msk)
		derive_keys(session, &acceptance->msk);
	if (has_msk && admitted) {
		take_acceptance(session, acceptance);
		outlet->admitted(outlet->context, &session->identity, &session->profile, now, effects);
		completion_begin(session, COMPLETION_SUCCESS, PANA_RESULT_SUCCESS, acceptance->eap, now, effects);
		return;
	}
	agent->counters.authorizations_rejected++;
	if (has_msk)
		completion_begin(session, COMPLETION_REFUSED_WITH_KEYS, PANA_RESULT_AUTHORIZATION_REJECTED,
		                 acceptance->eap, now, effects);
	else
		completion_begin(session, COMPLETION_REFUSED, PANA_RESULT_AUTHORIZATION_REJECTED, (struct wire_view){0},
		                 now, effects);
}
