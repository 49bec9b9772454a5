// SPDX-License-Identifier: BSD-3-Clause
/*
 * radius_server - RADIUS around the EAP server (RFC 2865, RFC 3579): clients and their secrets, duplicate requests,
 * State, and what an Access-Accept says of the subscriber.
 *
 * The network name of a conversation is bound to the client, and a request that names another service is refused (E-8).
 * Requests without a right Message-Authenticator do not exist. A repeated request gets the identical answer
 * (R-5).
 *
 * A pure core. Thread: the loop's.
 */
#ifndef KEDGE_AUTHSERVER_RADIUS_SERVER_H
#define KEDGE_AUTHSERVER_RADIUS_SERVER_H

#include "eap_server.h"
#include "radius.h"

enum { RADIUS_CLIENTS_MAX = 64, RADIUS_ANSWERS_MAX = 65536, RADIUS_ANSWER_LIFE_MS = 30000, PAA_ID_OCTETS = 254 };

struct radius_client {
	struct in6_addr prefix;
	unsigned prefix_length;
	struct secret secret;
	char paa_id[PAA_ID_OCTETS];             /* empty: any Called-Station-Id */
	char network_name[NETWORK_NAME_OCTETS]; /* "kedge:PAA-Id" or "WLAN" */
};

#define RADIUS_SERVER_COUNTERS(X)                                                                                      \
	X(requests, "Access-Requests of known clients with a right Message-Authenticator")                             \
	X(duplicates, "repeated requests")                                                                             \
	X(answers, "answers sent")                                                                                     \
	X(unknown_client, "datagrams from nobody's address")                                                           \
	X(malformed, "datagrams that are no RADIUS")                                                                   \
	X(wrong_code, "packets of a code that is not served")                                                          \
	X(wrong_authenticator, "requests whose Message-Authenticator is missing or wrong (R-2)")                       \
	X(too_many_proxy_states, "requests with more Proxy-States than allowed")                                       \
	X(no_eap, "requests without an EAP-Message")                                                                   \
	X(wrong_called_station, "requests for another service than the client's (E-8)")                                \
	X(unknown_state, "requests with a State of no conversation of this client")

struct radius_server_counters {
#define X(name, help) uint64_t name;
	RADIUS_SERVER_COUNTERS(X)
#undef X
};

struct radius_server {
	const struct radius_client *clients;
	size_t client_count;
	struct eap_server *eap;
	struct timer_wheel *timers;
	struct randomness *randomness;
	uint32_t vendor_id; /* of the profile attributes (B-35) */
	uint32_t session_timeout_s;
	struct radius_conversation *conversations;
	struct radius_answer *answers;
	struct radius_server_counters counters;
	struct log_limit wrong_authenticator_log;
	struct log_limit unknown_client_log;
};

/* `clients` outlive the server. Give `radius_server_outlet(server)` to eap_server_start(). */
void radius_server_start(struct radius_server *server, const struct radius_client *clients, size_t client_count,
                         struct eap_server *eap, struct timer_wheel *timers, struct randomness *randomness,
                         uint32_t vendor_id, uint32_t session_timeout_s);
void radius_server_end(struct radius_server *server);

/*
 * Other clients (a configuration that was read again), also they by reference. A conversation goes on with the client
 * of the same prefix and service; one whose client is gone is forgotten.
 */
void radius_server_set_clients(struct radius_server *server, const struct radius_client *clients, size_t count,
                               uint32_t session_timeout_s);
struct eap_server_outlet radius_server_outlet(struct radius_server *server);

/* As channel_received; `server` is the context. The answer leaves on the same channel. */
void radius_server_datagram(void *server, uint16_t channel, const struct endpoint *from, const uint8_t *datagram,
                            size_t octets, const struct instant *now, struct effects *effects);

#endif
