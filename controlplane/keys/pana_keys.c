// SPDX-License-Identifier: BSD-3-Clause
#include "pana_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "prf_plus.h"

enum { ENCRYPTION_KEY_OCTETS = 16, COUNTER_BLOCK_OCTETS = 16, COUNTER_FLAGS = 0x02, SEED_PARTS = 6 };

static enum hash_algorithm hash_of_integrity(uint32_t integrity)
{
	return integrity == PANA_INTEGRITY_HMAC_SHA1_160 ? HASH_SHA1 : HASH_SHA256;
}

size_t pana_auth_octets(uint32_t integrity)
{
	return integrity == PANA_INTEGRITY_HMAC_SHA1_160 ? 20 : 16;
}

void pana_keys_derive(struct pana_keys *keys, const struct secret *msk, const struct pana_key_input *input)
{
	enum hash_algorithm prf = input->prf == PANA_PRF_HMAC_SHA1 ? HASH_SHA1 : HASH_SHA256;
	uint8_t key_id[4];
	struct wire_view seed[SEED_PARTS] = {
	        {NULL, 0}, input->i_par, input->i_pan, input->pac_nonce, input->paa_nonce, hash_part(key_id, 4),
	};
	const struct {
		const char *label;
		struct secret *key;
		size_t octets;
	} derivations[] = {
	        {"IETF PANA", &keys->authentication, hash_octets(hash_of_integrity(input->integrity))},
	        {"IETF PANA PaC Encr", &keys->pac_encryption, ENCRYPTION_KEY_OCTETS},
	        {"IETF PANA PAA Encr", &keys->paa_encryption, ENCRYPTION_KEY_OCTETS},
	};

	wire_store_u32(key_id, input->key_id);
	keys->prf = input->prf;
	keys->integrity = input->integrity;
	keys->key_id = input->key_id;
	for (size_t i = 0; i < sizeof(derivations) / sizeof(*derivations); i++) {
		seed[0] = hash_text(derivations[i].label);
		prf_plus_secret(prf, hash_secret(msk), seed, SEED_PARTS, derivations[i].key, derivations[i].octets);
	}
}

void pana_keys_wipe(struct pana_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}

bool pana_keys_are_set(const struct pana_keys *keys)
{
	return !secret_is_empty(&keys->authentication);
}

/* AUTH over a message whose last `mac_octets` octets are taken as zeros (AUTH is last, its length a multiple of 4). */
static void compute(const struct pana_keys *keys, const uint8_t *message, size_t octets, uint8_t *mac)
{
	static const uint8_t zeros[HASH_SHA1_OCTETS];
	size_t mac_octets = pana_auth_octets(keys->integrity);
	const struct wire_view parts[] = {hash_part(message, octets - mac_octets), hash_part(zeros, mac_octets)};

	hash_hmac(hash_of_integrity(keys->integrity), hash_secret(&keys->authentication), parts, 2, mac);
}

void pana_auth_set(const struct pana_keys *keys, uint8_t *message, size_t octets)
{
	size_t mac_octets = pana_auth_octets(keys->integrity);
	uint8_t mac[HASH_MAX_OCTETS];

	if (octets < PANA_HEADER_OCTETS + PANA_AVP_HEADER_OCTETS + mac_octets)
		abort(); /* a programming error: no AUTH was left room for */
	compute(keys, message, octets, mac);
	memcpy(message + octets - mac_octets, mac, mac_octets);
}

bool pana_auth_verify(const struct pana_keys *keys, const struct pana_message *message)
{
	struct wire_view value = pana_message_value(message, PANA_AUTH);
	uint8_t mac[HASH_MAX_OCTETS];

	if (!pana_keys_are_set(keys) || value.octets != pana_auth_octets(keys->integrity))
		return false;
	compute(keys, message->octets.bytes, message->octets.octets, mac);
	return CRYPTO_memcmp(mac, value.bytes, value.octets) == 0;
}

void pana_encap_crypt(const struct pana_keys *keys, enum pana_direction direction, uint32_t session_id,
                      uint32_t sequence_number, const void *in, void *out, size_t octets)
{
	const struct secret *key = direction == PANA_FROM_PAC ? &keys->pac_encryption : &keys->paa_encryption;
	uint8_t counter[COUNTER_BLOCK_OCTETS] = {COUNTER_FLAGS, [COUNTER_BLOCK_OCTETS - 1] = 1};
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-128-CTR", NULL);
	int written = 0;

	wire_store_u32(counter + 1, keys->key_id);
	wire_store_u32(counter + 5, session_id);
	wire_store_u32(counter + 9, sequence_number);
	/* 65535 octets, the longest value of an AVP, are far from wrapping the counter's last three octets */
	if (!context || !cipher || octets > UINT16_MAX || secret_octets(key) != ENCRYPTION_KEY_OCTETS ||
	    EVP_EncryptInit_ex2(context, cipher, secret_bytes(key), counter, NULL) != 1 ||
	    (octets && EVP_EncryptUpdate(context, out, &written, in, (int)octets) != 1) || (size_t)written != octets) {
		fprintf(stderr, "error: the cryptographic library failed\n");
		abort();
	}
	EVP_CIPHER_CTX_free(context);
	EVP_CIPHER_free(cipher);
}
