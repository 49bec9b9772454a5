// SPDX-License-Identifier: BSD-3-Clause
#include "sealing.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

int sealing_seal(const uint8_t key[SEALING_KEY_OCTETS], const uint8_t nonce[SEALING_NONCE_OCTETS],
                 struct wire_view bound_to, struct wire_view plaintext, uint8_t *sealed)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int octets = 0, rest = 0;
	bool good = context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) &&
	            EVP_EncryptUpdate(context, NULL, &octets, bound_to.bytes, (int)bound_to.octets) &&
	            EVP_EncryptUpdate(context, sealed, &octets, plaintext.bytes, (int)plaintext.octets) &&
	            EVP_EncryptFinal_ex(context, sealed + octets, &rest) &&
	            EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, SEALING_TAG_OCTETS, sealed + plaintext.octets);

	EVP_CIPHER_CTX_free(context);
	return good ? 0 : -EIO;
}

int sealing_open(const uint8_t key[SEALING_KEY_OCTETS], const uint8_t nonce[SEALING_NONCE_OCTETS],
                 struct wire_view bound_to, struct wire_view sealed, uint8_t *plaintext)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t count = sealed.octets - SEALING_TAG_OCTETS;
	uint8_t tag[SEALING_TAG_OCTETS];
	int octets = 0, rest = 0, result = -EIO;

	memcpy(tag, sealed.bytes + count, sizeof(tag));
	if (context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce) &&
	    EVP_DecryptUpdate(context, NULL, &octets, bound_to.bytes, (int)bound_to.octets) &&
	    EVP_DecryptUpdate(context, plaintext, &octets, sealed.bytes, (int)count) &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag))
		result = EVP_DecryptFinal_ex(context, plaintext + octets, &rest) > 0 ? 0 : -EBADMSG;
	if (result)
		OPENSSL_cleanse(plaintext, count);
	EVP_CIPHER_CTX_free(context);
	return result;
}
