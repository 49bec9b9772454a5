// SPDX-License-Identifier: BSD-3-Clause
#include "owner.h"

#include <openssl/crypto.h>

#include "hash.h"

void owner_digest(const struct secret *owner_key, const struct subscriber_identity *identity,
                  uint8_t digest[OWNER_DIGEST_OCTETS])
{
	uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS];
	const struct wire_view owner = hash_part(id, subscriber_owner_id(identity, id));

	hash_hmac(HASH_SHA256, hash_secret(owner_key), &owner, 1, digest);
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
	static const uint8_t no_owner; /* see owner.h */
	const struct wire_view parts[] = {hash_part(&no_owner, 1), hash_text(label)};

	hash_hmac(HASH_SHA256, hash_secret(owner_key), parts, sizeof(parts) / sizeof(parts[0]),
	          secret_fill(key, OWNER_DIGEST_OCTETS));
}
