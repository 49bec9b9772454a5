// SPDX-License-Identifier: BSD-3-Clause
#include "key_wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "hash.h"

enum {
	VERSION = 1,
	NONCE_OFFSET = 1,
	SEALED_OFFSET = NONCE_OFFSET + SEALING_NONCE_OCTETS,
	TEXT_OCTETS = 32,
};

static void must(bool right)
{
	if (!right)
		abort();
}

void key_wrap(const struct secret *key, const char *imsi, const struct secret *k, const struct secret *opc,
              struct randomness *randomness, uint8_t wrapped[WRAPPED_KEYS_OCTETS])
{
	uint8_t text[TEXT_OCTETS];

	must(secret_octets(k) == 16 && secret_octets(opc) == 16 && secret_octets(key) == KEY_WRAP_KEY_OCTETS);
	memcpy(text, secret_bytes(k), 16);
	memcpy(text + 16, secret_bytes(opc), 16);
	wrapped[0] = VERSION;
	randomness_fill(randomness, wrapped + NONCE_OFFSET, SEALING_NONCE_OCTETS);
	must(sealing_seal(secret_bytes(key), wrapped + NONCE_OFFSET, hash_text(imsi), hash_part(text, sizeof(text)),
	                  wrapped + SEALED_OFFSET) == 0);
	OPENSSL_cleanse(text, sizeof(text));
}

int key_unwrap(const struct secret *key, const char *imsi, const uint8_t wrapped[WRAPPED_KEYS_OCTETS], struct secret *k,
               struct secret *opc)
{
	const struct wire_view sealed = {wrapped + SEALED_OFFSET, WRAPPED_KEYS_OCTETS - SEALED_OFFSET};
	uint8_t text[TEXT_OCTETS];
	int result = wrapped[0] == VERSION
	                     ? sealing_open(secret_bytes(key), wrapped + NONCE_OFFSET, hash_text(imsi), sealed, text)
	                     : -EBADMSG;

	must(result != -EIO);
	if (!result) {
		secret_set(k, text, 16);
		secret_set(opc, text + 16, 16);
	}
	OPENSSL_cleanse(text, sizeof(text));
	return result;
}
