// SPDX-License-Identifier: BSD-3-Clause
/* The start of a session: PAR(S), PAN(S), candidates (B-9, B-14, B-15). */
#include "pana_client_state.h"

struct candidate *client_candidate(struct pana_client *client, uint32_t session_id)
{
	for (size_t i = 0; i < client->candidate_count; i++) {
		if (client->candidates[i].session_id == session_id)
			return &client->candidates[i];
	}
	return NULL;
}

/* The one that was tried is forgotten; the others keep their order. */
void client_leave_candidate(struct pana_client *client)
{
	size_t index = (size_t)(client->chosen - client->candidates);

	client->candidate_count--;
	memmove(client->chosen, client->chosen + 1, (client->candidate_count - index) * sizeof(*client->chosen));
	client->chosen = NULL;
	client->counters.candidates_left++;
}

/* B-9, B-14: it must offer what the bootstrap needs, or it may be forged. */
static bool offers_bootstrap(const struct pana_message *message)
{
	return pana_message_offers(message, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256) &&
	       pana_message_offers(message, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128) &&
	       pana_message_offers(message, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR) &&
	       pana_message_u32(message, PANA_MOB_CAPABILITY) & PANA_CAPABILITY_POP;
}

static size_t write_answer(const struct pana_client *client, const struct candidate *candidate, uint8_t *octets,
                           size_t capacity)
{
	struct wire_writer writer = wire_writer_of(octets, capacity);

	pana_message_begin(&writer, PANA_PAN_START, candidate->session_id, candidate->number);
	pana_avp_write_u32(&writer, 0, PANA_PRF_ALGORITHM, PANA_PRF_HMAC_SHA2_256);
	pana_avp_write_u32(&writer, 0, PANA_INTEGRITY_ALGORITHM, PANA_INTEGRITY_HMAC_SHA2_256_128);
	pana_avp_write_u32(&writer, 0, PANA_ENCRYPTION_ALGORITHM, PANA_ENCRYPTION_AES128_CTR);
	pana_avp_write_u32(&writer, client->settings.vendor, PANA_MOB_CAPABILITY,
	                   client->settings.capabilities | PANA_CAPABILITY_POP);
	return pana_message_end(&writer);
}

void client_par_start(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                      struct effects *effects)
{
	struct candidate *candidate = client_candidate(client, message->session_id);

	if (client->state != PANA_CLIENT_STARTING && client->state != PANA_CLIENT_AUTHENTICATING) {
		client->counters.unexpected++;
		return;
	}
	if (candidate) { /* the same again: the same answer; another one under this SID is somebody else's */
		if (candidate->i_par_octets != message->octets.octets ||
		    memcmp(candidate->i_par, message->octets.bytes, candidate->i_par_octets) != 0)
			client->counters.start_ignored++;
		else if (client_may_repeat(client, now))
			client_send(client, candidate->i_pan, candidate->i_pan_octets, effects);
		return;
	}
	if (client->state != PANA_CLIENT_STARTING || !offers_bootstrap(message) ||
	    client->candidate_count == CANDIDATES_MAX) {
		client->counters.start_ignored++;
		return;
	}
	candidate = &client->candidates[client->candidate_count++];
	candidate->session_id = message->session_id;
	candidate->number = message->sequence_number;
	memcpy(candidate->i_par, message->octets.bytes, message->octets.octets);
	candidate->i_par_octets = message->octets.octets;
	candidate->first_request_octets = 0;
	candidate->i_pan_octets = write_answer(client, candidate, candidate->i_pan, sizeof(candidate->i_pan));
	client_send(client, candidate->i_pan, candidate->i_pan_octets, effects);
}
