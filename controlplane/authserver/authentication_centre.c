// SPDX-License-Identifier: BSD-3-Clause
#include "authentication_centre.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AMF_SEPARATION_BIT = 0x80 };

/* Waits for a block of its subscriber. */
struct centre_request {
	struct centre_request *next;
	char imsi[IMSI_TEXT_OCTETS];
	bool separation_bit;
	centre_answer *answer;
	void *core;
	uint64_t token;
};

void authentication_centre_start(struct authentication_centre *centre, struct subscriber_table *table,
                                 struct randomness *randomness, unsigned ind)
{
	*centre = (struct authentication_centre){.table = table, .randomness = randomness, .ind = ind};
}

void authentication_centre_end(struct authentication_centre *centre)
{
	while (centre->waiting) {
		struct centre_request *request = centre->waiting;

		centre->waiting = request->next;
		free(request);
	}
}

static bool has_number(const struct subscriber *subscriber)
{
	return subscriber->next_seq && subscriber->next_seq <= subscriber->record.seq_ceiling;
}

static int make_vector(struct authentication_centre *centre, struct subscriber *subscriber, bool separation_bit,
                       struct aka_vector *vector)
{
	struct secret k = {0}, opc = {0};
	uint8_t rand[AKA_RAND_OCTETS], amf[AKA_AMF_OCTETS];
	int result =
	        key_unwrap(centre->table->wrap_key, subscriber->record.imsi, subscriber->record.wrapped_keys, &k, &opc);

	if (result) {
		centre->counters.keys_unreadable++;
		return result;
	}
	memcpy(amf, subscriber->record.amf, sizeof(amf));
	amf[0] = separation_bit ? amf[0] | AMF_SEPARATION_BIT : amf[0] & (uint8_t)~AMF_SEPARATION_BIT;
	randomness_fill(centre->randomness, rand, sizeof(rand));
	aka_vector_make(&k, &opc, rand, sqn_of(subscriber->next_seq++, centre->ind), amf, vector);
	centre->counters.vectors++;
	secret_wipe(&k);
	secret_wipe(&opc);
	return 0;
}

static void answer_request(struct authentication_centre *centre, const struct centre_request *request, int result,
                           const struct instant *now, struct effects *effects)
{
	struct subscriber *subscriber = subscriber_table_find(centre->table, request->imsi);
	struct aka_vector vector = {0};

	if (!result)
		result = subscriber ? make_vector(centre, subscriber, request->separation_bit, &vector) : -ENOENT;
	request->answer(request->core, request->token, result, result ? NULL : &vector, now, effects);
	aka_vector_wipe(&vector);
}

/* IMSIs are numbers of up to 15 digits: they are their own tokens. */
#define IMSI_TOKEN_UNIT 1000000000000000ull

static uint64_t token_of(const char *imsi)
{
	return strlen(imsi) * IMSI_TOKEN_UNIT + strtoull(imsi, NULL, 10);
}

static void block_durable(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects);

static void raise_ceiling(struct authentication_centre *centre, struct subscriber *subscriber, struct effects *effects)
{
	struct subscriber_ceiling_row row = {.seq_ceiling = subscriber->record.seq_ceiling + SEQ_BLOCK,
	                                     .resynchronised = subscriber->resynchronised};

	snprintf(row.imsi, sizeof(row.imsi), "%s", subscriber->record.imsi);
	subscriber->raising = true;
	subscriber->raising_from = subscriber->record.seq_ceiling;
	effects_store(effects, SUBSCRIBER_STORE_PORT, SUBSCRIBER_STORE_CEILING, &row, sizeof(row));
	effects_when_durable(effects, block_durable, centre, token_of(row.imsi));
}

/* Takes those who wait for the subscriber of this token out of the list. */
static struct centre_request *take_waiting(struct authentication_centre *centre, uint64_t token)
{
	struct centre_request *mine = NULL;
	struct centre_request **at = &centre->waiting;

	while (*at) {
		struct centre_request *request = *at;

		if (token_of(request->imsi) != token) {
			at = &request->next;
			continue;
		}
		*at = request->next;
		request->next = mine;
		mine = request;
		centre->waiting_count--;
	}
	return mine;
}

static struct subscriber *subscriber_of_token(struct authentication_centre *centre, uint64_t token)
{
	char imsi[IMSI_TEXT_OCTETS];

	snprintf(imsi, sizeof(imsi), "%0*llu", (int)(token / IMSI_TOKEN_UNIT % 16),
	         (unsigned long long)(token % IMSI_TOKEN_UNIT));
	return subscriber_table_find(centre->table, imsi);
}

/* The block is durable, or will not be: everybody who waits for this subscriber is answered. */
static void block_durable(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct authentication_centre *centre = core;
	struct subscriber *subscriber = subscriber_of_token(centre, token);
	struct centre_request *mine;

	centre->counters.blocks += result == 0;
	centre->counters.blocks_failed += result != 0;
	if (subscriber && result == 0 && subscriber->raising_from != subscriber->record.seq_ceiling) {
		/* resynchronised or imported anew meanwhile: this block lies too low */
		raise_ceiling(centre, subscriber, effects);
		return;
	}
	if (subscriber) {
		subscriber->raising = false;
		if (result == 0) {
			subscriber->next_seq = subscriber->record.seq_ceiling + 1;
			subscriber->record.seq_ceiling += SEQ_BLOCK;
			subscriber->resynchronised = false;
		}
	}
	mine = take_waiting(centre, token);
	while (mine) {
		struct centre_request *request = mine;

		mine = request->next;
		answer_request(centre, request, result, now, effects);
		free(request);
	}
}

void authentication_centre_vector(struct authentication_centre *centre, const char *imsi, bool separation_bit,
                                  centre_answer *answer, void *core, uint64_t token, const struct instant *now,
                                  struct effects *effects)
{
	struct subscriber *subscriber = subscriber_table_find(centre->table, imsi);
	struct centre_request request = {
	        .separation_bit = separation_bit, .answer = answer, .core = core, .token = token};
	struct centre_request *waiting;

	snprintf(request.imsi, sizeof(request.imsi), "%s", imsi);
	if (!subscriber || (has_number(subscriber) && !subscriber->raising)) {
		answer_request(centre, &request, 0, now, effects);
		return;
	}
	waiting = centre->waiting_count < CENTRE_WAITING_MAX ? malloc(sizeof(*waiting)) : NULL;
	if (!waiting) {
		centre->counters.waiting_full++;
		answer(core, token, -EBUSY, NULL, now, effects);
		return;
	}
	*waiting = request;
	waiting->next = centre->waiting;
	centre->waiting = waiting;
	centre->waiting_count++;
	if (!subscriber->raising)
		raise_ceiling(centre, subscriber, effects);
}

int authentication_centre_resynchronise(struct authentication_centre *centre, const char *imsi,
                                        const uint8_t rand[AKA_RAND_OCTETS], const uint8_t auts[AKA_AUTS_OCTETS])
{
	struct subscriber *subscriber = subscriber_table_find(centre->table, imsi);
	struct secret k = {0}, opc = {0};
	uint64_t sqn_ms = 0, sqn_he;
	int result;

	if (!subscriber)
		return -ENOENT;
	result = key_unwrap(centre->table->wrap_key, imsi, subscriber->record.wrapped_keys, &k, &opc);
	if (!result)
		result = auts_check(&k, &opc, rand, auts, &sqn_ms);
	secret_wipe(&k);
	secret_wipe(&opc);
	if (result) {
		centre->counters.resynchronisations_wrong++;
		return result;
	}
	sqn_he = sqn_of(subscriber->next_seq ? subscriber->next_seq - 1 : subscriber->record.seq_ceiling, centre->ind);
	if (sqn_after_resynchronisation(sqn_he, sqn_ms) != sqn_he) {
		/* the next block begins behind SQN_MS; it becomes durable before a vector with it leaves */
		subscriber->next_seq = 0;
		subscriber->record.seq_ceiling = sqn_seq(sqn_ms);
		subscriber->resynchronised = true;
		centre->counters.resynchronisations++;
	}
	return 0;
}
