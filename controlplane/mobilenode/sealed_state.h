// SPDX-License-Identifier: BSD-3-Clause
/*
 * sealed_state - what the node keeps over a restart, in a file that only this SIM opens (N-1).
 *
 * AES-256-GCM; its key is derived from SRES and Kc of four random RANDs in the card's GSM context, so neither the
 * network nor a sequence number is needed. Nothing of PANA stands in it (L-6).
 *
 * Thread: the loop's; the file is written by rename, mode 0600, and is durable when the call returns.
 */
#ifndef KEDGE_MOBILENODE_SEALED_STATE_H
#define KEDGE_MOBILENODE_SEALED_STATE_H

#include <netinet/in.h>

#include "host_key.h"
#include "randomness.h"
#include "usim.h"

struct sealed_state {
	uint8_t host_key_der[HOST_KEY_DER_MAX];
	size_t host_key_octets;
	char paa_id[254];
	uint8_t pinned_identity[HIP_IDENTITY_VALUE_MAX]; /* HI-value of the server; L-11 */
	size_t pinned_octets;
	char fqdn[254];
	struct in6_addr home_address; /* :: when there is none */
	uint8_t home_prefix_length;
	struct in6_addr home_agent;
	uint64_t lease_ends_unix_s;
	uint32_t spi; /* 0: no security association */
	uint64_t association_ends_unix_s;
	struct secret agent_key; /* MN-HA-K */
	uint16_t last_sequence;  /* of the last Binding Update that left */
	uint32_t updates_sent;   /* under this SPI (L-3) */
};
void sealed_state_wipe(struct sealed_state *state);

enum { SEALED_STATE_OCTETS_MAX = 4096 };

/* Without a file: octets that this card opens. 0, -ENOTSUP, -ENODEV; `sealed` has room for SEALED_STATE_OCTETS_MAX. */
int sealed_state_seal(const struct usim *usim, struct randomness *randomness, const struct sealed_state *state,
                      uint8_t *sealed, size_t *octets);

/* As sealed_state_open() from the octets on. */
int sealed_state_unseal(const struct usim *usim, struct wire_view sealed, struct sealed_state *state);

/*
 * Returns 0; -ENOENT; -EACCES when others can read the file; -EBADMSG when it is damaged or was sealed by another SIM
 * (nobody can tell which); -EPROTONOSUPPORT for a version that is not known; -ENOTSUP when the card has no GSM context;
 * -ENODEV. `state` is wiped when it is not 0.
 */
int sealed_state_open(const char *path, const struct usim *usim, struct sealed_state *state);

/* Seals under fresh RANDs and nonce. Returns 0, -ENOTSUP, -ENODEV or the file's errno; the old file stays then. */
int sealed_state_save(const char *path, const struct usim *usim, struct randomness *randomness,
                      const struct sealed_state *state);

#endif
