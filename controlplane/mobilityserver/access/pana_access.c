// SPDX-License-Identifier: BSD-3-Clause
/* The access phase: pings, requests of the bootstrap inside them, and re-authentication (B-28 to B-33, F-9). */
#include "pana_session.h"

#include <openssl/crypto.h>

enum { PINGS_BURST = 3, REQUESTS_BURST = 20 };

static void hand_on_request(struct pana_session *session, const struct arrival *arrival)
{
	const struct pana_agent_outlet *outlet = &session->agent->options.outlet;
	struct wire_view encap = pana_message_value(&arrival->message, PANA_ENCRYPTION_ENCAP);
	uint8_t plaintext[PANA_PAYLOAD_MAX];
	const struct pana_agent_request request = {
	        .session = session->by_token.number,
	        .number = session->peer_number,
	        .session_id = session->session_id,
	        .key_id = session->keys.pana.key_id,
	        .identity = &session->identity,
	        .profile = &session->profile,
	        .start_digest = session->start_digest,
	        .paa_nonce = hash_part(session->keys.paa_nonce, NONCE_OCTETS),
	        .pac_nonce = hash_part(session->keys.pac_nonce, session->keys.pac_nonce_octets),
	        .mobility_root = &session->keys.mobility_root,
	        .source = session->peer,
	        .expires_ms = session->expires_ms,
	        .plaintext = hash_part(plaintext, encap.octets),
	};

	session->agent->counters.requests++;
	session->is_answer_due = true;
	pana_encap_crypt(&session->keys.pana, PANA_FROM_PAC, session->session_id, session->peer_number, encap.bytes,
	                 plaintext, encap.octets);
	outlet->request(outlet->context, &request, arrival->now, arrival->effects);
	OPENSSL_cleanse(plaintext, sizeof(plaintext)); /* a Shared-Secret may have been in it */
}

void access_on_ping(struct pana_session *session, const struct arrival *arrival)
{
	struct pana_agent_counters *counters = &session->agent->counters;
	bool is_request = pana_message_has(&arrival->message, PANA_ENCRYPTION_ENCAP);
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	if (session->stage != STAGE_ACCESS) {
		counters->unexpected++;
		return;
	}
	if (!exchange_is_next_request(session, arrival, &session->keys.pana))
		return;
	if (is_request &&
	    !allowance_take(&session->requests, REQUESTS_PER_S, REQUESTS_BURST, arrival->now->monotonic_ms)) {
		counters->requests_over_rate++;
		return;
	}
	if (!is_request && !allowance_take(&session->pings, PINGS_PER_S, PINGS_BURST, arrival->now->monotonic_ms)) {
		counters->pings_over_rate++;
		return;
	}
	exchange_take_request(session, arrival);
	if (is_request) {
		hand_on_request(session, arrival);
		return;
	}
	counters->pings++;
	pana_message_begin(&writer, PANA_PNA_PING, session->session_id, session->peer_number);
	exchange_send_answer(session, &writer, &session->keys.pana, arrival->effects);
}

void pana_agent_answer(struct pana_agent *agent, uint64_t session_token, uint32_t number, const void *avps,
                       size_t octets, const struct instant *now, struct effects *effects)
{
	struct pana_session *session = session_of_token(agent, session_token);
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));
	uint8_t *encap;

	(void)now;
	if (!session || session->stage != STAGE_ACCESS || !session->is_answer_due || number != session->peer_number) {
		agent->counters.answers_late++;
		return;
	}
	pana_message_begin(&writer, PANA_PNA_PING, session->session_id, number);
	encap = pana_avp_write_space(&writer, 0, PANA_ENCRYPTION_ENCAP, octets);
	if (encap)
		pana_encap_crypt(&session->keys.pana, PANA_FROM_PAA, session->session_id, number, avps, encap, octets);
	if (exchange_send_answer(session, &writer, &session->keys.pana, effects))
		agent->counters.answers++;
	else
		effects_log(effects, LOG_LEVEL_ERROR, "pana", "session %08x: an answer of %zu octets does not fit",
		            session->session_id, octets);
}

void access_on_reauthentication(struct pana_session *session, const struct arrival *arrival)
{
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	if (session->stage != STAGE_ACCESS) {
		session->agent->counters.unexpected++;
		return;
	}
	if (!exchange_is_next_request(session, arrival, &session->keys.pana))
		return;
	session->agent->counters.reauthentications++;
	exchange_take_request(session, arrival);
	pana_message_begin(&writer, PANA_PNA_REAUTHENTICATION, session->session_id, session->peer_number);
	exchange_send_answer(session, &writer, &session->keys.pana, arrival->effects);
	authentication_begin(session, arrival->now, arrival->effects);
}
