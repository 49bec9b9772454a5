// SPDX-License-Identifier: BSD-3-Clause
/*
 * The stateless first exchange (B-7 to B-16): PCI is answered by a PAR(S) that is a function of the asker's cookie and
 * our template; a PAN(S) with a right cookie makes a session.
 */
#include "pana_session.h"

#include <stdlib.h>

#include "allocation.h"
#include "cookie.h"

enum {
	CONSUMED_MS = 2 * COOKIE_EPOCH_S * 1000,
	FORGOTTEN_AT_ONCE = 16, /* more than come: each message brings at most one (no turn frees a flood) */
};

void start_set_capability(struct pana_agent *agent, uint32_t capability, uint64_t now_ms)
{
	if (agent->template.number) {
		agent->previous_template = agent->template;
		agent->previous_until_ms = now_ms + CONSUMED_MS;
	}
	agent->template.number++;
	agent->template.capability = capability | PANA_CAPABILITY_POP;
}

/* A peer without POP counts as one without Mob-Capability (B-7). */
static bool has_capability(const struct pana_message *message)
{
	return pana_message_u32(message, PANA_MOB_CAPABILITY) & PANA_CAPABILITY_POP;
}

static struct consumed_start **part_of_consumed(struct pana_agent *agent, uint32_t session_id)
{
	return &agent->consumed[part_of(&session_id, sizeof(session_id))];
}

static void forget_consumed(struct pana_agent *agent, uint64_t now_ms)
{
	struct consumed_start *oldest;

	for (int i = 0; i < FORGOTTEN_AT_ONCE; i++) {
		oldest = agent->consumed_oldest;
		if (!oldest || oldest->until_ms > now_ms)
			return;
		agent->consumed_oldest = oldest->next;
		if (!oldest->next)
			agent->consumed_newest = NULL;
		HASH_DELETE(hh, *part_of_consumed(agent, oldest->session_id), oldest);
		free(oldest);
	}
}

static void consume(struct pana_agent *agent, uint32_t session_id, uint64_t now_ms)
{
	struct consumed_start *consumed = allocate(sizeof(*consumed));

	consumed->session_id = session_id;
	consumed->until_ms = now_ms + CONSUMED_MS;
	HASH_ADD(hh, *part_of_consumed(agent, session_id), session_id, sizeof(consumed->session_id), consumed);
	if (agent->consumed_newest)
		agent->consumed_newest->next = consumed;
	else
		agent->consumed_oldest = consumed;
	agent->consumed_newest = consumed;
}

static bool is_taken(struct pana_agent *agent, uint32_t session_id, uint64_t now_ms)
{
	struct consumed_start *consumed;

	HASH_FIND(hh, *part_of_consumed(agent, session_id), &session_id, sizeof(session_id), consumed);
	return (consumed && consumed->until_ms > now_ms) || session_of_id(agent, session_id);
}

static struct cookie cookie_of(const struct pana_agent *agent, const struct arrival *arrival, uint32_t epoch,
                               uint8_t index, const struct start_template *template)
{
	struct cookie_input input = {
	        .epoch = epoch,
	        .index = index,
	        .has_capability = true, /* plain PANA would come in here (B-8) */
	        .source = arrival->source,
	        .destination = arrival->destination,
	        .configuration = template->number,
	};

	return cookie_compute(&agent->cookie_secret, &input);
}

static uint32_t epoch_at(const struct instant *now)
{
	return (uint32_t)(now->unix_ms / 1000 / COOKIE_EPOCH_S);
}

/* PAR(S), and so I_PAR, of a cookie (B-10, B-16). */
static size_t write_start(const struct pana_agent *agent, const struct start_template *template, struct cookie cookie,
                          uint8_t message[START_MESSAGE_MAX])
{
	struct wire_writer writer = wire_writer_of(message, START_MESSAGE_MAX);

	pana_message_begin(&writer, PANA_PAR_START, cookie.session_id, cookie.first_sequence_number);
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
	pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
	pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
	pana_avp_write_u32(&writer, agent->options.vendor, PANA_MOB_CAPABILITY, template->capability);
	return pana_message_end(&writer);
}

void start_on_initiation(struct pana_agent *agent, const struct arrival *arrival)
{
	uint64_t now_ms = arrival->now->monotonic_ms;
	uint8_t message[START_MESSAGE_MAX];

	agent->counters.initiations++;
	if (!has_capability(&arrival->message)) {
		agent->counters.initiations_without_capability++;
		return;
	}
	if (!start_rate_pass(agent->start_rate, &arrival->source.address, now_ms)) {
		agent->counters.initiations_over_rate++;
		return;
	}
	forget_consumed(agent, now_ms);
	for (uint8_t index = 0; index <= COOKIE_INDEX_MAX; index++) {
		struct cookie cookie = cookie_of(agent, arrival, epoch_at(arrival->now), index, &agent->template);

		if (cookie.session_id == 0 || is_taken(agent, cookie.session_id, now_ms))
			continue;
		agent->counters.starts++;
		exchange_inject(arrival->route, &arrival->destination, &arrival->source, message,
		                write_start(agent, &agent->template, cookie, message), arrival->effects);
		return;
	}
	agent->counters.initiations_without_cookie++;
}

/* The template whose PAR(S) this PAN(S) answers, or NULL: nothing of ours (B-12). */
static const struct start_template *template_of(const struct pana_agent *agent, const struct arrival *arrival)
{
	const struct start_template *const templates[] = {&agent->template, &agent->previous_template};
	size_t count = agent->previous_until_ms > arrival->now->monotonic_ms ? 2 : 1;

	for (uint32_t age = 0; age < 2; age++)
		for (size_t i = 0; i < count; i++)
			for (uint8_t index = 0; index <= COOKIE_INDEX_MAX; index++) {
				struct cookie cookie =
				        cookie_of(agent, arrival, epoch_at(arrival->now) - age, index, templates[i]);

				if (cookie.session_id == arrival->message.session_id &&
				    cookie.first_sequence_number == arrival->message.sequence_number)
					return templates[i];
			}
	return NULL;
}

static bool takes_our_offer(const struct pana_message *message)
{
	return has_capability(message) && pana_message_u32(message, PANA_PRF_ALGORITHM) == PANA_PRF_HMAC_SHA2_256 &&
	       pana_message_u32(message, PANA_INTEGRITY_ALGORITHM) == PANA_INTEGRITY_HMAC_SHA2_256_128 &&
	       pana_message_u32(message, PANA_ENCRYPTION_ALGORITHM) == PANA_ENCRYPTION_AES128_CTR &&
	       message->octets.octets <= START_MESSAGE_MAX;
}

static void begin_session(struct pana_agent *agent, const struct start_template *template,
                          const struct arrival *arrival)
{
	const struct pana_message *message = &arrival->message;
	struct cookie cookie = {message->session_id, message->sequence_number};
	struct pana_session *session = session_begin(agent, message->session_id, arrival);

	session->i_par_octets = (uint16_t)write_start(agent, template, cookie, session->i_par);
	session->i_pan_octets = (uint16_t)message->octets.octets;
	memcpy(session->i_pan, message->octets.bytes, message->octets.octets);
	mobility_start_digest(hash_part(session->i_par, session->i_par_octets),
	                      hash_part(session->i_pan, session->i_pan_octets), session->start_digest);
	session->prf = pana_message_u32(message, PANA_PRF_ALGORITHM);
	session->integrity = pana_message_u32(message, PANA_INTEGRITY_ALGORITHM);
	session->last_number = message->sequence_number;
	authentication_begin(session, arrival->now, arrival->effects);
}

void start_on_answer(struct pana_agent *agent, const struct arrival *arrival)
{
	uint64_t now_ms = arrival->now->monotonic_ms;
	const struct start_template *template;

	forget_consumed(agent, now_ms);
	if (is_taken(agent, arrival->message.session_id, now_ms)) {
		agent->counters.starts_repeated++;
		return;
	}
	if (!takes_our_offer(&arrival->message)) {
		agent->counters.starts_refused_algorithms++;
		return;
	}
	template = template_of(agent, arrival);
	if (!template) {
		agent->counters.starts_forged++;
		return;
	}
	if (!half_open_make_room(agent, &arrival->source.address))
		return;
	consume(agent, arrival->message.session_id, now_ms);
	begin_session(agent, template, arrival);
}
