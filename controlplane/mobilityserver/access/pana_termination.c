// SPDX-License-Identifier: BSD-3-Clause
/* The end of a session: by the node, by an operator, or of its time (L-5). */
#include "pana_session.h"

#include <openssl/crypto.h>

static timer_function life_is_over;

/* Nothing goes on any more but a termination. */
static void stop(struct pana_session *session)
{
	session_drop_conversation(session);
	exchange_end_request(session);
	timer_disarm(&session->stage_timer);
	timer_disarm(&session->life_timer);
	OPENSSL_cleanse(&session->next, sizeof(session->next));
	session->is_answer_due = false;
}

void termination_begin(struct pana_session *session, uint32_t cause, const struct instant *now, struct effects *effects)
{
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	stop(session);
	session->stage = STAGE_TERMINATION;
	exchange_begin_request(session, &writer, PANA_PTR);
	pana_avp_write_u32(&writer, 0, PANA_TERMINATION_CAUSE, cause);
	exchange_send_request(session, &writer, &session->keys.pana, now, effects);
}

static void life_is_over(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_session *session = timer_owner(timer, struct pana_session, life_timer);

	if (session->stage == STAGE_CLOSED) {
		session_free(session);
		return;
	}
	session->agent->counters.expired++;
	termination_begin(session, PANA_CAUSE_SESSION_TIMEOUT, now, effects);
	session_tell_end(session, PANA_END_LIFETIME, now, effects);
}

void termination_arm_lifetime(struct pana_session *session)
{
	timer_arm(session->agent->options.timers, &session->life_timer, session->expires_ms, life_is_over);
}

void termination_on_request(struct pana_session *session, const struct arrival *arrival)
{
	bool is_logout = pana_message_u32(&arrival->message, PANA_TERMINATION_CAUSE) == PANA_CAUSE_LOGOUT;
	uint8_t buffer[PANA_PAYLOAD_MAX];
	struct wire_writer writer = wire_writer_of(buffer, sizeof(buffer));

	if (!session->is_established || session->stage == STAGE_CLOSED) {
		session->agent->counters.unexpected++;
		return;
	}
	if (!exchange_is_next_request(session, arrival, &session->keys.pana))
		return;
	session->agent->counters.logouts++;
	exchange_take_request(session, arrival);
	stop(session);
	pana_message_begin(&writer, PANA_PTA, session->session_id, session->peer_number);
	exchange_send_answer(session, &writer, &session->keys.pana, arrival->effects);
	session->stage = STAGE_CLOSED;
	OPENSSL_cleanse(&session->keys, sizeof(session->keys));
	timer_arm(session->agent->options.timers, &session->life_timer, arrival->now->monotonic_ms + LINGER_MS,
	          life_is_over);
	session_tell_end(session, is_logout ? PANA_END_LOGOUT : PANA_END_LOST, arrival->now, arrival->effects);
}

void termination_on_answer(struct pana_session *session, const struct arrival *arrival)
{
	if (session->stage != STAGE_TERMINATION) {
		session->agent->counters.unexpected++;
		return;
	}
	if (exchange_is_awaited_answer(session, arrival, &session->keys.pana))
		session_free(session);
}
