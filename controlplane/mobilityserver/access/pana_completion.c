// SPDX-License-Identifier: BSD-3-Clause
/* The end of an authentication: PAR(C) and PAN(C), and the change of keys (B-20, B-24 to B-28). */
#include "pana_session.h"

#include <openssl/crypto.h>

/* Under which keys PAR(C) and PAN(C) go; NULL: none. */
static const struct pana_keys *completion_keys(const struct pana_session *session)
{
	return session->completion == COMPLETION_REFUSED ? session_keys_in_use(session) : &session->next.pana;
}

void completion_begin(struct pana_session *session, enum completion completion, uint32_t result_code,
                      struct wire_view eap, const struct instant *now, struct effects *effects)
{
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	session->completion = completion;
	session->stage = STAGE_COMPLETION;
	exchange_begin_request(session, &writer, PANA_PAR_COMPLETE);
	pana_avp_write_u32(&writer, 0, PANA_RESULT_CODE, result_code);
	if (eap.octets)
		pana_avp_write(&writer, 0, PANA_EAP_PAYLOAD, eap.bytes, eap.octets);
	if (completion != COMPLETION_REFUSED)
		pana_avp_write_u32(&writer, 0, PANA_KEY_ID, session->next.pana.key_id);
	if (completion == COMPLETION_SUCCESS) {
		pana_avp_write_u32(&writer, 0, PANA_SESSION_LIFETIME, session->next_lifetime_s);
		session->next_expires_ms = now->monotonic_ms + (uint64_t)session->next_lifetime_s * 1000;
	}
	if (!exchange_send_request(session, &writer, completion_keys(session), now, effects))
		session_end(session, PANA_END_LOST, now, effects);
}

/*
 * F-11: the oldest gives way, as one that was lost: its node may use what it has, and its association with it (L-5).
 * One that is ending already stays until its node has answered, and counts no more.
 */
static void make_way(struct pana_session *newest, const struct instant *now, struct effects *effects)
{
	struct pana_agent *agent = newest->agent;
	uint32_t most = agent->options.limits.sessions_per_subscriber, living = 0;
	struct pana_session *session, *next;

	if (!newest->subscriber || !most || newest->subscriber->count <= most)
		return;
	DL_FOREACH2(newest->subscriber->sessions, session, next_of_subscriber)
	living += !session->is_end_told;
	DL_FOREACH_SAFE2(newest->subscriber->sessions, session, next, next_of_subscriber)
	{
		if (living <= most)
			return;
		if (session->is_end_told)
			continue;
		living--;
		agent->counters.displaced++;
		termination_begin(session, PANA_CAUSE_ADMINISTRATIVE, now, effects);
		session_tell_end(session, PANA_END_DISPLACED, now, effects);
	}
}

/* The access phase begins, or goes on under the new keys. */
static void begin_access(struct pana_session *session, const struct arrival *arrival)
{
	char source[ENDPOINT_TEXT_OCTETS];

	session->agent->counters.authentications_succeeded++;
	half_open_leave(session);
	timer_disarm(&session->stage_timer);
	session->keys = session->next;
	OPENSSL_cleanse(&session->next, sizeof(session->next));
	if (!session->is_established)
		session_join_subscriber(session);
	session->is_established = true;
	session->stage = STAGE_ACCESS;
	session->expires_ms = session->next_expires_ms;
	termination_arm_lifetime(session);
	effects_log(arrival->effects, LOG_LEVEL_INFO, "pana", "session %08x of %s: authenticated, key %u, %u s",
	            session->session_id, endpoint_format(&session->peer, source), session->keys.pana.key_id,
	            session->next_lifetime_s);
	make_way(session, arrival->now, arrival->effects);
}

void completion_on_answer(struct pana_session *session, const struct arrival *arrival)
{
	const struct pana_message *message = &arrival->message;
	bool has_key_id = pana_message_has(message, PANA_KEY_ID);

	if (session->stage != STAGE_COMPLETION) {
		session->agent->counters.unexpected++;
		return;
	}
	if (!exchange_is_awaited_answer(session, arrival, completion_keys(session)))
		return;
	if (has_key_id != (session->completion != COMPLETION_REFUSED) ||
	    (has_key_id && pana_message_u32(message, PANA_KEY_ID) != session->next.pana.key_id)) {
		session->agent->counters.key_id_wrong++;
		return;
	}
	exchange_take_answer(session, arrival);
	if (session->completion == COMPLETION_SUCCESS)
		begin_access(session, arrival);
	else
		session_end(session, PANA_END_LOST, arrival->now, arrival->effects);
}
