// SPDX-License-Identifier: BSD-3-Clause
/*
 * bootstrap_client - asks for name, address and keys inside PNR(P) and judges the answer: K-6 to K-13, B-34 to B-42,
 * B-50, B-51 from the node's side.
 *
 * A core. It stands between pana_client (pings) and the node. Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_BOOTSTRAP_CLIENT_H
#define KEDGE_MOBILENODE_BOOTSTRAP_CLIENT_H

#include <netinet/in.h>

#include "bootstrap_avp.h"
#include "host_key.h"
#include "pana_client.h"

struct bootstrap_wish {
	char fqdn[254];               /* empty: no wish */
	struct in6_addr home_address; /* :: none */
	uint32_t services;            /* Service-Type wanted, if the request's column has it (B-34) */
	bool with_shared_secret;      /* K-7: a Shared-Secret of 32 random octets */
};

struct bootstrap_client_settings {
	uint32_t vendor;
	char paa_id[254]; /* K-3, B-50 */
	struct bootstrap_wish wish;
};

/* An answer that counts (B-50). */
struct bootstrap_client_grant {
	uint32_t status; /* 0 or 1 */
	char fqdn[254];
	struct in6_addr home_address;
	uint8_t home_prefix_length;
	struct in6_addr home_agent;
	uint32_t spi;
	bool timestamps; /* Binding Updates carry one (M-11) */
	uint32_t association_lifetime_s;
	uint32_t lease_lifetime_s;
	uint32_t address_lifetime_s;
	struct secret agent_key; /* MN-HA-K; the receiver copies what it keeps */
	uint8_t server_identity[HIP_IDENTITY_VALUE_MAX];
	size_t server_identity_octets;
};

struct bootstrap_client_outlet {
	void *context;
	void (*granted)(void *context, const struct bootstrap_client_grant *grant, const struct instant *now,
	                struct effects *effects);
	/* A final refusal of the server (200 and above); `retry_after_ms` 0 when it gave none. */
	void (*refused)(void *context, uint32_t status, const char *text, uint32_t retry_after_ms,
	                const struct instant *now, struct effects *effects);
	/* The answer broke a rule (B-50): "B-50: Server-Signature wrong". Nothing was stored. */
	void (*failed)(void *context, const char *rule, const struct instant *now, struct effects *effects);
};

struct bootstrap_client;

/* `host_key` is not owned. */
struct bootstrap_client *bootstrap_client_new(const struct bootstrap_client_settings *settings,
                                              const struct host_key *host_key,
                                              const struct bootstrap_client_outlet *outlet,
                                              struct randomness *randomness, struct timer_wheel *timers);
void bootstrap_client_free(struct bootstrap_client *client);

/* The server's HI-value that was pinned earlier (L-11); without it the first one is pinned. */
void bootstrap_client_pin(struct bootstrap_client *client, struct wire_view identity_value);

/* HI-value that is pinned; empty: none. */
struct wire_view bootstrap_client_pinned(const struct bootstrap_client *client);

/* The care-of prefix of now: an assigned address in it is refused (B-50). */
void bootstrap_client_care_of_prefix(struct bootstrap_client *client, const struct in6_addr *prefix,
                                     unsigned prefix_length);

/* Another wish than the settings': the next request carries it, under an id of its own (B-42). */
void bootstrap_client_wish(struct bootstrap_client *client, const struct bootstrap_wish *wish);

/* Sends a full request with a new id through `pana`, which is open. Returns 0 or what pana_client_ping() gave. */
int bootstrap_client_request(struct bootstrap_client *client, struct pana_client *pana, const struct instant *now,
                             struct effects *effects);

/* pana_client's `answered` for this client. */
void bootstrap_client_answer(struct bootstrap_client *client, struct wire_view plaintext, const struct instant *now,
                             struct effects *effects);

/* The session is gone: what was asked is asked again (same id, same content: B-42) with the next request, if wanted. */
void bootstrap_client_session_ended(struct bootstrap_client *client);

#endif
