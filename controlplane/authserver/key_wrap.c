// SPDX-License-Identifier: BSD-3-Clause
#include "key_wrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

enum {
	VERSION = 1,
	NONCE_OFFSET = 1,
	NONCE_OCTETS = 12,
	TEXT_OFFSET = 13,
	TEXT_OCTETS = 32,
	TAG_OFFSET = 45,
	TAG_OCTETS = 16
};

static void must(bool right)
{
	if (!right)
		abort();
}

void key_wrap(const struct secret *key, const char *imsi, const struct secret *k, const struct secret *opc,
              struct randomness *randomness, uint8_t wrapped[WRAPPED_KEYS_OCTETS])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t text[TEXT_OCTETS];
	int octets;

	must(secret_octets(k) == 16 && secret_octets(opc) == 16 && secret_octets(key) == KEY_WRAP_KEY_OCTETS);
	memcpy(text, secret_bytes(k), 16);
	memcpy(text + 16, secret_bytes(opc), 16);
	wrapped[0] = VERSION;
	randomness_fill(randomness, wrapped + NONCE_OFFSET, NONCE_OCTETS);
	must(context &&
	     EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, secret_bytes(key), wrapped + NONCE_OFFSET) &&
	     EVP_EncryptUpdate(context, NULL, &octets, (const uint8_t *)imsi, (int)strlen(imsi)) &&
	     EVP_EncryptUpdate(context, wrapped + TEXT_OFFSET, &octets, text, TEXT_OCTETS) &&
	     EVP_EncryptFinal_ex(context, wrapped + TEXT_OFFSET + octets, &octets) &&
	     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_OCTETS, wrapped + TAG_OFFSET));
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(text, sizeof(text));
}

int key_unwrap(const struct secret *key, const char *imsi, const uint8_t wrapped[WRAPPED_KEYS_OCTETS], struct secret *k,
               struct secret *opc)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t text[TEXT_OCTETS], tag[TAG_OCTETS];
	int octets, right;

	memcpy(tag, wrapped + TAG_OFFSET, TAG_OCTETS);
	must(context &&
	     EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, secret_bytes(key), wrapped + NONCE_OFFSET) &&
	     EVP_DecryptUpdate(context, NULL, &octets, (const uint8_t *)imsi, (int)strlen(imsi)) &&
	     EVP_DecryptUpdate(context, text, &octets, wrapped + TEXT_OFFSET, TEXT_OCTETS) &&
	     EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_OCTETS, tag));
	right = wrapped[0] == VERSION && EVP_DecryptFinal_ex(context, text + octets, &octets) > 0;
	if (right) {
		secret_set(k, text, 16);
		secret_set(opc, text + 16, 16);
	}
	EVP_CIPHER_CTX_free(context);
	OPENSSL_cleanse(text, sizeof(text));
	return right ? 0 : -EBADMSG;
}
