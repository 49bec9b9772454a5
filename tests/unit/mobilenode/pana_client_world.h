// SPDX-License-Identifier: BSD-3-Clause
/* A PANA client in a test: a server played by hand, with the session of the published example, and time moved by hand.
 */
#ifndef KEDGE_TESTS_PANA_CLIENT_WORLD_H
#define KEDGE_TESTS_PANA_CLIENT_WORLD_H

#include "vectors.h"
#include "eap.h"
#include "pana.h"
#include "pana_client.h"

enum { WORLD_VENDOR = 32473, WORLD_SENT_MAX = 64 };

struct world_message {
	uint8_t bytes[PANA_PAYLOAD_MAX];
	size_t octets;
};

struct client_world {
	json_t *vectors;
	struct timer_wheel wheel;
	struct instant now;
	struct randomness randomness; /* nonce and first number of the published example */
	struct effects *effects;
	struct pana_client *client;
	struct endpoint paa;
	struct world_message sent[WORLD_SENT_MAX];
	size_t sent_count, sent_taken;

	/* what the outlet was told, and what it says */
	size_t eap_count, opened_count, answered_count, ended_count;
	bool is_first, is_reauthentication, is_method_done;
	enum pana_client_end ended;
	uint8_t plaintext[PANA_PAYLOAD_MAX];
	size_t plaintext_octets;

	/* the server's side */
	struct world_message i_par, i_pan;
	struct secret msk;
	uint8_t paa_nonce[32], pac_nonce[32];
	uint32_t session_id, number;
	struct pana_keys keys;
};

void world_start(struct client_world *world);
/* With another limit of requests under one MSK (B-17). */
void world_start_with(struct client_world *world, uint32_t requests_max);
void world_stop(struct client_world *world);
void world_advance(struct client_world *world, uint64_t ms);

void world_receive(struct client_world *world, const void *octets, size_t count);
/* Ends the message, with AUTH when `keys` is given, and hands it to the client. */
void world_say(struct client_world *world, struct wire_writer *writer, const struct pana_keys *keys);

/* The next message that the client has sent. */
const struct world_message *world_sent(struct client_world *world);
void world_sent_as(struct client_world *world, enum pana_kind kind, struct pana_message *message);
void world_nothing_sent(const struct client_world *world);
uint64_t world_counter(const struct client_world *world, const char *name);

/* PCI, PAR(S), PAN(S). */
void world_begin(struct client_world *world);
/* PAR x+1 with the nonce; its answer stays to be taken. */
void world_first_request(struct client_world *world, const struct pana_keys *keys);
/* PAR(C) under keys for `key_id` (0: without Key-Id and AUTH); a lifetime of 0 leaves it away. */
void world_complete(struct client_world *world, uint32_t key_id, uint32_t result, uint32_t lifetime_s,
                    enum eap_code code);
/* All of it up to the access phase, with nothing left to be taken. */
void world_open(struct client_world *world);

#endif
