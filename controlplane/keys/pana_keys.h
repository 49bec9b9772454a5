// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana_keys - the PANA security association: its keys (K-5), the AUTH value of RFC 5191 5.4, and the AES128_CTR of
 * RFC 6786 4.1 (B-30). Node and server alike.
 */
#ifndef KEDGE_KEYS_PANA_KEYS_H
#define KEDGE_KEYS_PANA_KEYS_H

#include "pana.h"
#include "secret.h"

struct pana_keys {
	uint32_t prf;       /* PANA_PRF_… */
	uint32_t integrity; /* PANA_INTEGRITY_… */
	uint32_t key_id;
	struct secret authentication;
	struct secret pac_encryption; /* requests of the PaC */
	struct secret paa_encryption; /* answers of the PAA */
};

/* What enters the keys besides the MSK. */
struct pana_key_input {
	uint32_t prf;
	uint32_t integrity;
	struct wire_view i_par; /* the first PAR(S) and PAN(S), whole (B-16) */
	struct wire_view i_pan;
	struct wire_view pac_nonce;
	struct wire_view paa_nonce;
	uint32_t key_id;
};

/* Octets of an AUTH value: 16 for algorithm 12, 20 for 7. */
size_t pana_auth_octets(uint32_t integrity);

/* Derives all keys. The algorithms must be known ones. */
void pana_keys_derive(struct pana_keys *keys, const struct secret *msk, const struct pana_key_input *input);
void pana_keys_wipe(struct pana_keys *keys);
bool pana_keys_are_set(const struct pana_keys *keys);

/*
 * Fills the AUTH value that pana_message_end_with_auth() left as zeros at the end of `message`.
 */
void pana_auth_set(const struct pana_keys *keys, uint8_t *message, size_t octets);

/* True when the message has an AUTH, its length fits the algorithm and its value is right. Constant time (K-16). */
bool pana_auth_verify(const struct pana_keys *keys, const struct pana_message *message);

enum pana_direction { PANA_FROM_PAC, PANA_FROM_PAA };

/*
 * Encrypts or decrypts (the same thing in counter mode) `octets` octets from `in` to `out`, which may be the same.
 * `sequence_number` is that of the PNR, also for its PNA.
 */
void pana_encap_crypt(const struct pana_keys *keys, enum pana_direction direction, uint32_t session_id,
                      uint32_t sequence_number, const void *in, void *out, size_t octets);

#endif
