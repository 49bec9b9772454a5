// SPDX-License-Identifier: BSD-3-Clause
/*
 * identity_observer - for an authentication server that does not say who the subscriber is (`identity-from-eap`, E-16):
 * the last AT_IDENTITY that a conversation relayed, if it has permanent form. It enters the EAP-AKA master key, so an
 * EAP-AKA server that accepts has authenticated it. The relay itself never looks into a method (E-18).
 */
#ifndef KEDGE_MOBILITYSERVER_IDENTITY_OBSERVER_H
#define KEDGE_MOBILITYSERVER_IDENTITY_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "wire.h"

enum { OBSERVED_IMSI_OCTETS = 16 };

struct identity_observer {
	uint8_t method;                  /* EAP type of the last response; 0: none but identities so far */
	bool is_fast;                    /* the last response was one of a fast re-authentication, which names nobody */
	char imsi[OBSERVED_IMSI_OCTETS]; /* "" : none in permanent form */
};

/* Each EAP response of the conversation, in order. */
void identity_observer_see(struct identity_observer *observer, struct wire_view eap_response);

/* The IMSI in digits, or NULL. */
const char *identity_observer_imsi(const struct identity_observer *observer);

#endif
