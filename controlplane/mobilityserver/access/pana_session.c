// SPDX-License-Identifier: BSD-3-Clause
/* Sessions: their beginning, their end, and how they are found. */
#include "pana_session.h"

#include <stdlib.h>
#include <openssl/crypto.h>

#include "allocation.h"

bool allowance_take(struct allowance *allowance, uint32_t per_s, uint32_t burst, uint64_t now_ms)
{
	uint64_t interval_ms = 1000 / per_s;
	uint64_t used_until_ms = allowance->used_until_ms > now_ms ? allowance->used_until_ms : now_ms;

	if (used_until_ms - now_ms > (burst - 1) * interval_ms)
		return false;
	allowance->used_until_ms = used_until_ms + interval_ms;
	return true;
}

static struct pana_session **part_of_id(struct pana_agent *agent, uint32_t session_id)
{
	return &agent->by_session_id[part_of(&session_id, sizeof(session_id))];
}

static struct pana_session **part_of_conversation(struct pana_agent *agent, uint64_t conversation)
{
	return &agent->by_conversation[part_of(&conversation, sizeof(conversation))];
}

static struct subscriber_sessions **part_of_subscriber(struct pana_agent *agent, const char *key)
{
	return &agent->by_subscriber[part_of(key, strlen(key))];
}

struct pana_session *session_of_id(struct pana_agent *agent, uint32_t session_id)
{
	struct pana_session *session;

	HASH_FIND(by_session_id, *part_of_id(agent, session_id), &session_id, sizeof(session_id), session);
	return session;
}

struct pana_session *session_of_token(struct pana_agent *agent, uint64_t token)
{
	return numbered_owner(number_order_find(&agent->by_token, token), struct pana_session, by_token);
}

struct pana_session *session_of_conversation(struct pana_agent *agent, uint64_t conversation)
{
	struct pana_session *session = NULL;

	if (conversation)
		HASH_FIND(by_conversation, *part_of_conversation(agent, conversation), &conversation,
		          sizeof(conversation), session);
	return session;
}

struct pana_session *session_begin(struct pana_agent *agent, uint32_t session_id, const struct arrival *arrival)
{
	struct pana_session *session = allocate(sizeof(*session));

	session->agent = agent;
	session->session_id = session_id;
	session->begun_unix_ms = arrival->now->unix_ms;
	session->peer = arrival->source;
	session->local = arrival->destination;
	session->route = *arrival->route;
	HASH_ADD(by_session_id, *part_of_id(agent, session_id), session_id, sizeof(session->session_id), session);
	number_order_add(&agent->by_token, &session->by_token, ++agent->last_token);
	half_open_join(session);
	agent->counters.sessions++;
	return session;
}

struct subscriber_sessions *sessions_of(struct pana_agent *agent, const struct subscriber_identity *identity)
{
	struct subscriber_sessions *subscriber = NULL;
	char key[SUBSCRIBER_KEY_OCTETS];

	if (subscriber_key(identity, key) == 0)
		HASH_FIND_STR(*part_of_subscriber(agent, key), key, subscriber);
	return subscriber;
}

void session_join_subscriber(struct pana_session *session)
{
	struct pana_agent *agent = session->agent;
	struct subscriber_sessions *subscriber = sessions_of(agent, &session->identity);

	if (!subscriber) {
		subscriber = allocate(sizeof(*subscriber));
		if (subscriber_key(&session->identity,
		                   subscriber->key)) { /* too long for any key: found by token alone */
			free(subscriber);
			return;
		}
		HASH_ADD_STR(*part_of_subscriber(agent, subscriber->key), key, subscriber);
	}
	session->subscriber = subscriber;
	subscriber->count++;
	DL_APPEND2(subscriber->sessions, session, prev_of_subscriber, next_of_subscriber);
}

static void leave_subscriber(struct pana_session *session)
{
	struct subscriber_sessions *subscriber = session->subscriber;

	if (!subscriber)
		return;
	session->subscriber = NULL;
	DL_DELETE2(subscriber->sessions, session, prev_of_subscriber, next_of_subscriber);
	if (--subscriber->count)
		return;
	HASH_DEL(*part_of_subscriber(session->agent, subscriber->key), subscriber);
	free(subscriber);
}

void session_set_conversation(struct pana_session *session)
{
	struct pana_agent *agent = session->agent;

	session_drop_conversation(session);
	session->conversation = ++agent->last_token;
	HASH_ADD(by_conversation, *part_of_conversation(agent, session->conversation), conversation,
	         sizeof(session->conversation), session);
}

void session_drop_conversation(struct pana_session *session)
{
	struct pana_agent *agent = session->agent;
	uint64_t conversation = session->conversation;

	if (!conversation)
		return;
	HASH_DELETE(by_conversation, *part_of_conversation(agent, conversation), session);
	session->conversation = 0;
	if (session->is_eap_begun)
		agent->options.outlet.eap_abandoned(agent->options.outlet.context, conversation);
	session->is_eap_begun = false;
}

void session_free(struct pana_session *session)
{
	struct pana_agent *agent = session->agent;

	session_drop_conversation(session);
	half_open_leave(session);
	leave_subscriber(session);
	HASH_DELETE(by_session_id, *part_of_id(agent, session->session_id), session);
	number_order_remove(&agent->by_token, &session->by_token);
	timer_disarm(&session->request_timer);
	timer_disarm(&session->stage_timer);
	timer_disarm(&session->life_timer);
	message_forget(&session->request);
	message_forget(&session->answer);
	OPENSSL_cleanse(session, sizeof(*session));
	free(session);
}

void session_tell_end(struct pana_session *session, enum pana_agent_end reason, const struct instant *now,
                      struct effects *effects)
{
	const struct pana_agent_outlet *outlet = &session->agent->options.outlet;
	char source[ENDPOINT_TEXT_OCTETS];

	if (!session->is_established || session->is_end_told)
		return;
	session->is_end_told = true;
	effects_log(effects, LOG_LEVEL_INFO, "pana", "session %08x of %s: ended, %s", session->session_id,
	            endpoint_format(&session->peer, source), pana_agent_end_name(reason));
	outlet->ended(outlet->context, session->by_token.number, &session->identity, reason, now, effects);
}

void session_end(struct pana_session *session, enum pana_agent_end reason, const struct instant *now,
                 struct effects *effects)
{
	session_tell_end(session, reason, now, effects);
	session_free(session);
}

const struct pana_keys *session_keys_in_use(const struct pana_session *session)
{
	return session->is_established ? &session->keys.pana : NULL;
}
