// SPDX-License-Identifier: BSD-3-Clause
/*
 * eap_aka_peer - the peer of EAP-AKA' (RFC 9048) and EAP-AKA (RFC 4187) with a USIM behind it; rules E-1 to E-14. Full
 * authentication only: it offers no pseudonym and no re-authentication identity, and keeps none that it is given.
 *
 * A core without I/O: a packet in, a packet out. Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_EAP_AKA_PEER_H
#define KEDGE_MOBILENODE_EAP_AKA_PEER_H

#include "eap_aka_keys.h"
#include "usim.h"

enum { EAP_AKA_PEER_NAME_MAX = 6 + 253 /* "kedge:" and a PAA-Id */, EAP_AKA_PEER_PACKET_MAX = 1024 };

struct eap_aka_peer_settings {
	char realm[EAP_AKA_PEER_NAME_MAX + 1];        /* empty: the realm of the IMSI (E-4) */
	char network_name[EAP_AKA_PEER_NAME_MAX + 1]; /* "kedge:" PAA-Id (E-8), or what is configured, e.g. "WLAN" */
	bool is_prefix_match;                         /* RFC 9048 3.1, for a name that is not ours (E-8) */
	bool allow_aka;                               /* E-7; default no */
};

enum eap_aka_peer_state {
	EAP_AKA_PEER_IDLE,
	EAP_AKA_PEER_UNDER_WAY,
	EAP_AKA_PEER_METHOD_DONE, /* the challenge was answered; EAP-Success is all that lacks */
	EAP_AKA_PEER_SUCCEEDED,   /* EAP-Success came when it might (B-24: method done, 32768 seen if agreed) */
	EAP_AKA_PEER_FAILED,
};

struct eap_aka_peer_counters {
	uint64_t requests;
	uint64_t repeated; /* octet-identical, answered with the cached response */
	uint64_t malformed;
	uint64_t mac_failures; /* AUTN or AT_MAC */
	uint64_t resynchronisations;
	uint64_t rejected; /* Authentication-Reject sent */
	uint64_t client_errors;
};

struct eap_aka_peer;

/* The settings are copied; the card is not owned and must outlive the peer. */
struct eap_aka_peer *eap_aka_peer_new(const struct eap_aka_peer_settings *settings, const struct usim *usim);
void eap_aka_peer_free(struct eap_aka_peer *peer); /* wipes; NULL is allowed */

/* A new conversation: forgets keys and all. */
void eap_aka_peer_restart(struct eap_aka_peer *peer);

/*
 * One EAP packet from the authenticator. Returns the octets of the response in `response`, or 0 when there is none to
 * send: EAP-Success and EAP-Failure, and what is dropped silently. Why something was refused stands in
 * eap_aka_peer_failure(). Never fails.
 */
size_t eap_aka_peer_receive(struct eap_aka_peer *peer, const void *packet, size_t octets,
                            uint8_t response[EAP_AKA_PEER_PACKET_MAX]);

enum eap_aka_peer_state eap_aka_peer_state(const struct eap_aka_peer *peer);

/* "E-8: network name kedge:other.example", for state `failed` (N-8); "" when nothing was refused. */
const char *eap_aka_peer_failure(const struct eap_aka_peer *peer);

/* B-24: the method is done, and notification 32768 has come if AT_RESULT_IND was agreed. */
bool eap_aka_peer_is_complete(const struct eap_aka_peer *peer);

/* Valid from EAP_AKA_PEER_METHOD_DONE on, else NULL: msk. `is_aka_prime` for the status. */
const struct secret *eap_aka_peer_msk(const struct eap_aka_peer *peer);
enum eap_type eap_aka_peer_method(const struct eap_aka_peer *peer);

struct eap_aka_peer_counters eap_aka_peer_counters(const struct eap_aka_peer *peer);

#endif
