// SPDX-License-Identifier: BSD-3-Clause
#include "owner.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static void hmac_sha256(const struct secret *key, const void *input, size_t octets, uint8_t digest[OWNER_DIGEST_OCTETS])
{
	if (!HMAC(EVP_sha256(), secret_bytes(key), (int)secret_octets(key), input, octets, digest, NULL))
		abort(); /* only out of memory */
}

void owner_digest(const struct secret *owner_key, const struct subscriber_identity *identity,
                  uint8_t digest[OWNER_DIGEST_OCTETS])
{
	uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS];

	hmac_sha256(owner_key, id, subscriber_owner_id(identity, id), digest);
}

void owner_label(const struct secret *owner_key, const struct subscriber_identity *identity,
                 char label[OWNER_LABEL_CHARACTERS + 1])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t digest[OWNER_DIGEST_OCTETS];
	uint64_t bits = 0;

	owner_digest(owner_key, identity, digest);
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | digest[i];
	for (int i = 0; i < OWNER_LABEL_CHARACTERS; i++)
		label[i] = alphabet[bits >> (59 - 5 * i) & 31];
	label[OWNER_LABEL_CHARACTERS] = '\0';
	OPENSSL_cleanse(digest, sizeof(digest));
}

void owner_derived_key(const struct secret *owner_key, const char *label, struct secret *key)
{
	uint8_t input[64] = {0};
	size_t octets = strlen(label);

	if (octets >= sizeof(input))
		abort();
	memcpy(input + 1, label, octets);
	hmac_sha256(owner_key, input, 1 + octets, secret_fill(key, OWNER_DIGEST_OCTETS));
}
