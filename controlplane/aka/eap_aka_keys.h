// SPDX-License-Identifier: BSD-3-Clause
/*
 * eap_aka_keys - keys, MACs and encryption of EAP-AKA (RFC 4187 6, 7) and EAP-AKA' (RFC 9048 3); K-4.
 *
 * Pure; any thread.
 */
#ifndef KEDGE_AKA_EAP_AKA_KEYS_H
#define KEDGE_AKA_EAP_AKA_KEYS_H

#include "eap.h"
#include "eap_aka.h"
#include "sequence_number.h"

/* What one full authentication yields. k_re is empty under AKA. */
struct eap_aka_keys {
	enum eap_type method; /* EAP_TYPE_AKA or EAP_TYPE_AKA_PRIME */
	struct secret k_encr; /* 16 */
	struct secret k_aut;  /* 16 (AKA), 32 (AKA') */
	struct secret k_re;   /* 32 */
	struct secret msk;    /* 64 */
	struct secret emsk;   /* 64; never leaves AS and USIM side (K-2) */
};

/* CK' | IK' = HMAC-SHA-256(CK | IK, 0x20 | name | L16(name) | SQN^AK | 0x0006), name = AT_KDF_INPUT. */
void eap_aka_prime_cipher_keys(const struct secret *ck, const struct secret *ik, const void *network_name,
                               size_t name_octets, const uint8_t sqn_xor_ak[AKA_SQN_OCTETS], struct secret *ck_prime,
                               struct secret *ik_prime);

/* MK = PRF'(IK' | CK', "EAP-AKA'" | identity). `identity` is that of E-5. */
void eap_aka_prime_keys(const struct secret *ck_prime, const struct secret *ik_prime, const void *identity,
                        size_t identity_octets, struct eap_aka_keys *keys);

/* MK = SHA-1(identity | IK | CK), FIPS 186-2 PRF(MK). */
void eap_aka_keys(const struct secret *ck, const struct secret *ik, const void *identity, size_t identity_octets,
                  struct eap_aka_keys *keys);

/* FIPS 186-2 change notice 1, general purpose: fills `out` from the 20 octets of xkey. */
void fips186_2_prf(const uint8_t xkey[20], uint8_t *out, size_t octets);

/*
 * All keys of a full authentication. `network_name` and `sqn_xor_ak` count for AKA' alone: CK' and IK' are made of
 * them.
 */
void eap_aka_full_keys(enum eap_type method, const struct secret *ck, const struct secret *ik,
                       struct wire_view network_name, const uint8_t sqn_xor_ak[AKA_SQN_OCTETS],
                       struct wire_view identity, struct eap_aka_keys *keys);

/*
 * AT_MAC: HMAC-SHA1-128 (AKA) or HMAC-SHA-256-128 (AKA') over the whole EAP packet, the MAC's octets being zero; filled
 * in place. `mac_offset`: from the packet's begin.
 */
void eap_aka_mac_set(const struct eap_aka_keys *keys, uint8_t *packet, size_t octets, size_t mac_offset);

/* Constant time. `mac` is the view that eap_aka_read() gave, inside `packet`. */
bool eap_aka_mac_right(const struct eap_aka_keys *keys, struct wire_view packet, struct wire_view mac);

/*
 * AT_CHECKCODE: the running digest over all Identity requests and responses as sent (SHA-1 for AKA, SHA-256 for AKA').
 * At most 6 packets count (three rounds); more mark it overflown, which equals nothing.
 */
enum { CHECKCODE_PACKETS_MAX = 6, CHECKCODE_OCTETS_MAX = 32, CHECKCODE_BUFFER_OCTETS = 6144 };
struct eap_aka_checkcode {
	size_t octets;
	unsigned packets;
	bool overflown;
	uint8_t buffer[CHECKCODE_BUFFER_OCTETS];
};
void eap_aka_checkcode_add(struct eap_aka_checkcode *checkcode, const void *packet, size_t octets);

/* Writes the digest for this method; 0 octets when no identity round took place. */
size_t eap_aka_checkcode_digest(const struct eap_aka_checkcode *checkcode, enum eap_type method,
                                uint8_t digest[CHECKCODE_OCTETS_MAX]);

/* True when `value` (AT_CHECKCODE as read) is the digest. */
bool eap_aka_checkcode_right(const struct eap_aka_checkcode *checkcode, enum eap_type method, struct wire_view value);

#endif
