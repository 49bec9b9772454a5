// SPDX-License-Identifier: BSD-3-Clause
/*
 * Requests and answers of both directions: numbers, retransmission, cached answers, addresses (B-1, B-5, B-6, B-17,
 * B-21 to B-23).
 */
#include "pana_session.h"

#include <stdlib.h>
#include <openssl/crypto.h>

#include "allocation.h"

enum { PACKET_MAX = PANA_PAYLOAD_MAX + IPV6_HEADER_OCTETS + UDP_HEADER_OCTETS, RANDOM_PERMILLE = 100 };

void message_keep(struct kept_message *kept, const void *bytes, size_t octets)
{
	message_forget(kept);
	kept->bytes = allocate_copy(bytes, octets);
	kept->octets = octets;
}

void message_forget(struct kept_message *kept)
{
	if (kept->bytes)
		OPENSSL_cleanse(kept->bytes, kept->octets);
	free(kept->bytes);
	*kept = (struct kept_message){0};
}

void exchange_inject(const struct punt_route *route, const struct in6_addr *local, const struct endpoint *peer,
                     const void *payload, size_t octets, struct effects *effects)
{
	uint8_t packet[PACKET_MAX];
	struct wire_writer writer = wire_writer_of(packet, sizeof(packet));
	struct udp_datagram datagram = {
	        .source = *local,
	        .destination = peer->address,
	        .source_port = PANA_UDP_PORT,
	        .destination_port = peer->port,
	        .payload = {payload, octets},
	};
	size_t packet_octets = udp_packet_write(&writer, &datagram, IP_HOP_LIMIT_DEFAULT);

	if (packet_octets)
		effects_inject(effects, route, 0, (struct binding_version){0}, packet, packet_octets);
}

static void send_kept(const struct pana_session *session, const struct kept_message *kept,
                      const struct punt_route *route, struct effects *effects)
{
	exchange_inject(route, &session->local, &session->peer, kept->bytes, kept->octets, effects);
}

/* RFC 5191 9: RT of the first sending is IRT, of the next ones twice the one before, at most MRT, each ± 10 %. */
static uint32_t with_random(struct pana_session *session, uint32_t interval_ms, uint32_t base_ms)
{
	uint32_t draw = randomness_below(session->agent->options.randomness, 2 * RANDOM_PERMILLE + 1);

	return interval_ms + (uint32_t)((int64_t)base_ms * ((int64_t)draw - RANDOM_PERMILLE) / 1000);
}

static uint32_t next_interval(struct pana_session *session)
{
	uint32_t next_ms;

	if (session->sendings == 1)
		return with_random(session, REQUEST_INITIAL_MS, REQUEST_INITIAL_MS);
	next_ms = with_random(session, 2 * session->interval_ms, session->interval_ms);
	return next_ms > REQUEST_MAXIMUM_MS ? with_random(session, REQUEST_MAXIMUM_MS, REQUEST_MAXIMUM_MS) : next_ms;
}

static timer_function request_is_due;

static void send_request(struct pana_session *session, const struct instant *now, struct effects *effects)
{
	session->sendings++;
	session->interval_ms = next_interval(session);
	send_kept(session, &session->request, &session->route, effects);
	timer_arm(session->agent->options.timers, &session->request_timer, now->monotonic_ms + session->interval_ms,
	          request_is_due);
}

static void request_is_due(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct pana_session *session = timer_owner(timer, struct pana_session, request_timer);

	/* the address is not verified beyond the cookie: three sendings, then the stage's time runs out (F-4) */
	if (session->stage == STAGE_IDENTITY && !session->is_established && session->sendings == FIRST_REQUEST_SENDINGS)
		return;
	if (session->sendings == REQUEST_SENDINGS) {
		session->agent->counters.unanswered++;
		session_end(session, PANA_END_LOST, now, effects);
		return;
	}
	session->agent->counters.retransmissions++;
	send_request(session, now, effects);
}

void exchange_begin_request(struct pana_session *session, struct wire_writer *writer, enum pana_kind kind)
{
	pana_message_begin(writer, kind, session->session_id, session->last_number + 1);
}

/* Ends a message with AUTH if there are keys. Returns its octets, or 0 when it is too long. */
static size_t end_message(struct pana_session *session, struct wire_writer *writer, const struct pana_keys *keys)
{
	size_t octets;

	if (!keys) {
		octets = pana_message_end(writer);
	} else {
		octets = pana_message_end_with_auth(writer, pana_auth_octets(keys->integrity));
		if (octets)
			pana_auth_set(keys, writer->begin, octets);
	}
	session->agent->counters.too_long += octets == 0;
	return octets;
}

bool exchange_send_request(struct pana_session *session, struct wire_writer *writer, const struct pana_keys *keys,
                           const struct instant *now, struct effects *effects)
{
	size_t octets = end_message(session, writer, keys);

	if (!octets)
		return false;
	message_keep(&session->request, writer->begin, octets);
	session->request_number = ++session->last_number;
	session->sendings = 0;
	send_request(session, now, effects);
	return true;
}

void exchange_end_request(struct pana_session *session)
{
	timer_disarm(&session->request_timer);
	message_forget(&session->request);
}

bool exchange_send_answer(struct pana_session *session, struct wire_writer *writer, const struct pana_keys *keys,
                          struct effects *effects)
{
	size_t octets = end_message(session, writer, keys);

	session->is_answer_due = false;
	if (!octets)
		return false;
	message_keep(&session->answer, writer->begin, octets);
	send_kept(session, &session->answer, &session->route, effects);
	return true;
}

static void digest_of(const struct arrival *arrival, uint8_t digest[HASH_SHA256_OCTETS])
{
	hash_digest(HASH_SHA256, &arrival->message.octets, 1, digest);
}

bool exchange_is_repeat(struct pana_session *session, const struct arrival *arrival)
{
	struct pana_agent_counters *counters = &session->agent->counters;
	uint8_t digest[HASH_SHA256_OCTETS];

	if (!session->has_peer_number || arrival->message.sequence_number != session->peer_number)
		return false;
	digest_of(arrival, digest);
	if (memcmp(digest, session->peer_digest, sizeof(digest)) != 0)
		return false;
	if (session->is_answer_due || !session->answer.bytes) {
		counters->repeats_pending++;
	} else if (!allowance_take(&session->repeats, REPEATS_PER_S, REPEATS_PER_S, arrival->now->monotonic_ms)) {
		counters->repeats_over_rate++;
	} else {
		counters->answers_repeated++;
		send_kept(session, &session->answer, arrival->route, arrival->effects);
	}
	return true;
}

bool exchange_is_authentic(struct pana_session *session, const struct arrival *arrival, const struct pana_keys *keys)
{
	struct pana_agent_counters *counters = &session->agent->counters;

	if (keys) {
		if (pana_auth_verify(keys, &arrival->message))
			return true;
		counters->wrong_auth++;
		return false;
	}
	if (pana_message_has(&arrival->message, PANA_AUTH)) {
		counters->wrong_auth++;
		return false;
	}
	if (endpoint_equal(&arrival->source, &session->peer) && in6_is_equal(&arrival->destination, &session->local))
		return true;
	counters->wrong_source++;
	return false;
}

static bool number_is_next(struct pana_session *session, uint32_t number)
{
	struct pana_agent_counters *counters = &session->agent->counters;

	if (!session->has_peer_number) {
		/* our numbers begin with a zero bit (B-10), so the node's must not */
		if (number >> 31 != session->last_number >> 31)
			return true;
		counters->reflected++;
	} else if (number == session->peer_number) {
		counters->other_content++;
	} else if (number != session->peer_number + 1) {
		counters->wrong_number++;
	} else if (session->is_answer_due) {
		counters->repeats_pending++; /* one outstanding request per direction (B-5) */
	} else {
		return true;
	}
	return false;
}

bool exchange_is_next_request(struct pana_session *session, const struct arrival *arrival, const struct pana_keys *keys)
{
	return exchange_is_authentic(session, arrival, keys) &&
	       number_is_next(session, arrival->message.sequence_number);
}

bool exchange_is_awaited_answer(struct pana_session *session, const struct arrival *arrival,
                                const struct pana_keys *keys)
{
	if (!exchange_is_authentic(session, arrival, keys))
		return false;
	if (session->request.bytes && arrival->message.sequence_number == session->request_number)
		return true;
	session->agent->counters.wrong_number++;
	return false;
}

/* Only what AUTH protects may move a session; without keys it was compared before (B-23). */
static void take_source(struct pana_session *session, const struct arrival *arrival)
{
	session->peer = arrival->source;
	session->local = arrival->destination;
	session->route = *arrival->route;
}

void exchange_take_request(struct pana_session *session, const struct arrival *arrival)
{
	take_source(session, arrival);
	session->has_peer_number = true;
	session->peer_number = arrival->message.sequence_number;
	digest_of(arrival, session->peer_digest);
	message_forget(&session->answer);
}

void exchange_take_answer(struct pana_session *session, const struct arrival *arrival)
{
	take_source(session, arrival);
	exchange_end_request(session);
}
