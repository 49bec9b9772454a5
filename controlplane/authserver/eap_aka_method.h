// SPDX-License-Identifier: BSD-3-Clause
/*
 * eap_aka_method - the packets of EAP-AKA and EAP-AKA' from the server's side: builds requests, judges responses. No
 * state but what is handed in; eap_server has the conversation. RFC 4187, RFC 9048.
 *
 * Pure; any thread.
 */
#ifndef KEDGE_AUTHSERVER_EAP_AKA_METHOD_H
#define KEDGE_AUTHSERVER_EAP_AKA_METHOD_H

#include "eap_aka_keys.h"

enum { NETWORK_NAME_OCTETS = 272 };

struct eap_aka_exchange {
	enum eap_type method;
	uint8_t identifier;                     /* of the outstanding request */
	char network_name[NETWORK_NAME_OCTETS]; /* AT_KDF_INPUT (E-8) */
	bool would_serve_aka_prime;             /* D of AT_BIDDING (E-7) */
	uint8_t identity[EAP_IDENTITY_MAX];     /* the last one sent (E-5) */
	size_t identity_octets;
	struct eap_aka_checkcode checkcode;
	struct aka_vector vector; /* of the outstanding challenge */
	struct eap_aka_keys keys;
};

/* EAP-Request/AKA-Identity asking by `request`: AT_ANY_ID_REQ, AT_FULLAUTH_ID_REQ or AT_PERMANENT_ID_REQ. */
size_t eap_aka_identity_request(struct eap_aka_exchange *exchange, enum eap_aka_attribute_type request, uint8_t *packet,
                                size_t capacity);

/* EAP-Request/AKA-Challenge with the exchange's vector; derives its keys first. */
size_t eap_aka_challenge_request(struct eap_aka_exchange *exchange, uint8_t *packet, size_t capacity);

/* EAP-Request/AKA-Notification; with AT_MAC after a successful challenge (code without the P bit). */
size_t eap_aka_notification_request(struct eap_aka_exchange *exchange, uint16_t notification, uint8_t *packet,
                                    size_t capacity);

/* What a response to a challenge says. */
enum challenge_verdict {
	CHALLENGE_RIGHT,       /* RES, AT_MAC and AT_CHECKCODE are right */
	CHALLENGE_WRONG,       /* one of them is not */
	CHALLENGE_OUT_OF_SYNC, /* AT_AUTS to be given to the authentication centre */
	CHALLENGE_REJECTED,    /* AKA-Authentication-Reject or AKA-Client-Error */
	CHALLENGE_MALFORMED,
};
enum challenge_verdict eap_aka_challenge_judge(const struct eap_aka_exchange *exchange,
                                               const struct eap_packet *response, bool *result_indication,
                                               uint8_t auts[AKA_AUTS_OCTETS]);

/* True when the response to a protected notification is right: subtype, AT_MAC. */
bool eap_aka_notification_acknowledged(const struct eap_aka_exchange *exchange, const struct eap_packet *response);

#endif
