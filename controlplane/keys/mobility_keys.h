// SPDX-License-Identifier: BSD-3-Clause
/*
 * mobility_keys - the keys of the mobility service, from the MSK down (K-6 to K-8). Node and server alike.
 */
#ifndef KEDGE_KEYS_MOBILITY_KEYS_H
#define KEDGE_KEYS_MOBILITY_KEYS_H

#include <netinet/in.h>

#include "hash.h"

enum {
	MOBILITY_ROOT_KEY_OCTETS = 64,
	MOBILITY_BIND_OCTETS = 32,
	MOBILITY_AGENT_KEY_OCTETS = 16,
	MOBILITY_REGISTRATION_KEY_OCTETS = 32,
	MOBILITY_EXPORT_KEY_OCTETS = 32,
};

/* SHA256(I_PAR | I_PAN), which names a session's start in all that follows (B-16). */
void mobility_start_digest(struct wire_view i_par, struct wire_view i_pan, uint8_t digest[HASH_SHA256_OCTETS]);

/* MOB-RK (K-6). `paa_id` as in K-3. */
void mobility_root_key(const struct secret *msk, uint32_t session_id, uint32_t key_id,
                       const uint8_t start_digest[HASH_SHA256_OCTETS], const char *paa_id, struct secret *root);

/* MOB-RK' (K-7), the root of one answer to a request with a Shared-Secret. */
void mobility_root_key_with_secret(const struct secret *root, const struct secret *shared_secret,
                                   struct secret *root_of_answer);

/* BOOT-BIND (K-8), always from MOB-RK. */
void mobility_boot_bind(const struct secret *root, struct secret *boot_bind);

/* MN-HA-K (K-8): the RFC 4285 key of one SPI. `host_identity_digest` = SHA256(HI-value). */
void mobility_agent_key(const struct secret *root, uint32_t spi, const struct in6_addr *home_address,
                        const struct in6_addr *home_agent, const uint8_t host_identity_digest[HASH_SHA256_OCTETS],
                        struct secret *key);

/* HIP-REG-K (K-8). */
void mobility_registration_key(const struct secret *root, const struct in6_addr *node_hit,
                               const struct in6_addr *server_hit, struct secret *key);

/* CTL-K (K-8), reserved for keys that leave the service under a label of their own. */
void mobility_export_key(const struct secret *root, const char *label, struct secret *key);

#endif
