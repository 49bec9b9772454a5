// SPDX-License-Identifier: BSD-3-Clause
#include "pana_agent.h"

#include <errno.h>
#include <stdlib.h>

#include "allocation.h"
#include "cookie.h"
#include "pana_session.h"

typedef void session_handler(struct pana_session *session, const struct arrival *arrival);

/* Kinds that belong to a session; the others of which we are no receiver have no entry. */
static session_handler *const handlers[PANA_KINDS] = {
        [PANA_PAR] = authentication_on_request,     [PANA_PAN] = authentication_on_answer,
        [PANA_PAN_COMPLETE] = completion_on_answer, [PANA_PTR] = termination_on_request,
        [PANA_PTA] = termination_on_answer,         [PANA_PNR_REAUTHENTICATION] = access_on_reauthentication,
        [PANA_PNR_PING] = access_on_ping,
};

const char *pana_agent_end_name(enum pana_agent_end reason)
{
	static const char *const names[] = {
	        [PANA_END_LOST] = "lost",           [PANA_END_LOGOUT] = "logout",
	        [PANA_END_LIFETIME] = "lifetime",   [PANA_END_ADMINISTRATIVE] = "administrative",
	        [PANA_END_DISPLACED] = "displaced",
	};

	return names[reason];
}

struct pana_agent *pana_agent_new(const struct pana_agent_options *options)
{
	struct pana_agent *agent = allocate(sizeof(*agent));

	agent->options = *options;
	agent->start_rate = start_rate_new(options->randomness);
	randomness_fill(options->randomness, secret_fill(&agent->cookie_secret, COOKIE_SECRET_OCTETS),
	                COOKIE_SECRET_OCTETS);
	start_set_capability(agent, options->capability, 0);
	return agent;
}

static void no_abandoned(void *context, uint64_t conversation)
{
	(void)context, (void)conversation;
}

void pana_agent_set_limits(struct pana_agent *agent, const struct pana_agent_limits *limits)
{
	agent->options.limits = *limits;
}

void pana_agent_free(struct pana_agent *agent)
{
	struct consumed_start *consumed;

	if (!agent)
		return;
	agent->options.outlet.eap_abandoned = no_abandoned;
	while (agent->by_token.first)
		session_free(numbered_owner(agent->by_token.first, struct pana_session, by_token));
	while ((consumed = agent->consumed_oldest)) {
		agent->consumed_oldest = consumed->next;
		HASH_DELETE(hh, agent->consumed[part_of(&consumed->session_id, sizeof(consumed->session_id))],
		            consumed);
		free(consumed);
	}
	start_rate_free(agent->start_rate);
	secret_wipe(&agent->cookie_secret);
	free(agent);
}

void pana_agent_set_capability(struct pana_agent *agent, uint32_t capability, const struct instant *now)
{
	start_set_capability(agent, capability, now->monotonic_ms);
}

/* The datagram, if it came to the PANA port from where an answer can go. */
static bool read_datagram(struct wire_view packet, struct udp_datagram *datagram)
{
	struct ip_packet ip;

	return ip_packet_read(packet.bytes, packet.octets, &ip) == 0 && udp_datagram_read(&ip, datagram) == 0 &&
	       datagram->destination_port == PANA_UDP_PORT && datagram->source_port != 0 &&
	       !in6_is_confined(&datagram->source) && !in6_is_confined(&datagram->destination);
}

static void count_invalid(struct pana_agent *agent, enum pana_fault fault, const struct arrival *arrival)
{
	char source[ENDPOINT_TEXT_OCTETS];
	uint32_t held_back;

	agent->counters.invalid[fault]++;
	if (log_limit_pass(&agent->log_limit, arrival->now->monotonic_ms, &held_back))
		effects_log(arrival->effects, LOG_LEVEL_NOTICE, "pana",
		            "from %s: invalid message, %s (%u more held back)",
		            endpoint_format(&arrival->source, source), pana_fault_name(fault), held_back);
}

static void dispatch(struct pana_agent *agent, const struct arrival *arrival)
{
	enum pana_kind kind = arrival->message.kind;
	struct pana_session *session;

	if (kind == PANA_PCI) {
		start_on_initiation(agent, arrival); /* touches no session (B-13) */
		return;
	}
	if (kind == PANA_PAN_START) {
		start_on_answer(agent, arrival);
		return;
	}
	session = session_of_id(agent, arrival->message.session_id);
	if (!session)
		agent->counters.unknown_session++;
	else if (!handlers[kind])
		agent->counters.unexpected++;
	else if (!pana_kind_is_request(kind) || !exchange_is_repeat(session, arrival))
		handlers[kind](session, arrival);
}

void pana_agent_packet(struct pana_agent *agent, const struct punt_route *route, struct wire_view packet,
                       const struct instant *now, struct effects *effects)
{
	struct arrival arrival = {.route = route, .now = now, .effects = effects};
	struct udp_datagram datagram;
	enum pana_fault fault;

	agent->counters.packets++;
	if (!read_datagram(packet, &datagram)) {
		agent->counters.not_pana++;
		return;
	}
	if (datagram.payload.octets > PANA_PAYLOAD_MAX) {
		agent->counters.too_long++;
		return;
	}
	arrival.source = (struct endpoint){datagram.source, datagram.source_port};
	arrival.destination = datagram.destination;
	fault = pana_message_read(datagram.payload.bytes, datagram.payload.octets, agent->options.vendor,
	                          &arrival.message);
	if (fault == PANA_FAULT_VALID)
		dispatch(agent, &arrival);
	else
		count_invalid(agent, fault, &arrival);
}

static const char *state_name(const struct pana_session *session)
{
	static const char *const names[] = {
	        [STAGE_IDENTITY] = "identity", [STAGE_METHOD] = "authentication", [STAGE_COMPLETION] = "completion",
	        [STAGE_ACCESS] = "access",     [STAGE_TERMINATION] = "ending",    [STAGE_CLOSED] = "closed",
	};

	return names[session->stage];
}

static struct pana_agent_session_view view_of(const struct pana_session *session)
{
	return (struct pana_agent_session_view){
	        .session = session->by_token.number,
	        .session_id = session->session_id,
	        .key_id = session->keys.pana.key_id,
	        .state = state_name(session),
	        .identity = session->is_established ? &session->identity : NULL,
	        .source = session->peer,
	        .begun_ms = session->begun_unix_ms,
	        .expires_ms = session->expires_ms,
	        .class_attribute = hash_part(session->class_attribute, session->class_octets),
	};
}

void pana_agent_each(struct pana_agent *agent, uint64_t after, size_t limit,
                     void (*each)(void *context, const struct pana_agent_session_view *view), void *context)
{
	const struct numbered *at = number_order_behind(&agent->by_token, after);

	for (; at && limit; at = at->next, limit--) {
		struct pana_agent_session_view view = view_of(numbered_owner(at, struct pana_session, by_token));

		each(context, &view);
	}
}

void pana_agent_each_of(struct pana_agent *agent, const struct subscriber_identity *identity,
                        void (*each)(void *context, const struct pana_agent_session_view *view), void *context)
{
	const struct subscriber_sessions *subscriber = sessions_of(agent, identity);
	const struct pana_session *session;

	if (!subscriber)
		return;
	DL_FOREACH2(subscriber->sessions, session, next_of_subscriber)
	{
		struct pana_agent_session_view view = view_of(session);

		each(context, &view);
	}
}

uint64_t pana_agent_find(struct pana_agent *agent, uint32_t session_id)
{
	const struct pana_session *session = session_of_id(agent, session_id);

	return session ? session->by_token.number : 0;
}

static void end_by_operator(struct pana_session *session, const struct instant *now, struct effects *effects)
{
	session->agent->counters.revoked++;
	if (!session->is_established) {
		session_free(session);
		return;
	}
	if (session->stage != STAGE_TERMINATION && session->stage != STAGE_CLOSED)
		termination_begin(session, PANA_CAUSE_ADMINISTRATIVE, now, effects);
	session_tell_end(session, PANA_END_ADMINISTRATIVE, now, effects);
}

int pana_agent_end_session(struct pana_agent *agent, uint64_t token, const struct instant *now, struct effects *effects)
{
	struct pana_session *session = session_of_token(agent, token);

	if (!session)
		return -ENOENT;
	end_by_operator(session, now, effects);
	return 0;
}

size_t pana_agent_end_subscriber(struct pana_agent *agent, const struct subscriber_identity *identity,
                                 const struct instant *now, struct effects *effects)
{
	struct subscriber_sessions *subscriber = sessions_of(agent, identity);
	struct pana_session *session, *next_session;
	size_t ended = 0;

	if (!subscriber)
		return 0;
	DL_FOREACH_SAFE2(subscriber->sessions, session, next_session, next_of_subscriber)
	{
		if (session->is_end_told)
			continue;
		end_by_operator(session, now, effects);
		ended++;
	}
	return ended;
}

const struct pana_agent_counters *pana_agent_counters(const struct pana_agent *agent)
{
	return &agent->counters;
}
