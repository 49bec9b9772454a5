// SPDX-License-Identifier: BSD-3-Clause
#include "key_wrapping.h"

#include <errno.h>
#include <openssl/evp.h>

#include "randomness.h"

int key_wrap(const struct secret *store_key, struct wire_view bound_to, const struct secret *key,
             uint8_t wrapped[KEY_WRAPPED_MAX])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int octets = (int)secret_octets(key);
	uint8_t *ciphertext = wrapped + KEY_WRAPPING_NONCE_OCTETS;
	int length;
	int result = -EIO;

	if (secret_octets(store_key) != KEY_WRAPPING_KEY_OCTETS) {
		result = -EINVAL;
		goto end;
	}
	randomness_fill(randomness_system(), wrapped, KEY_WRAPPING_NONCE_OCTETS);
	if (!context || !EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, secret_bytes(store_key), wrapped) ||
	    !EVP_EncryptUpdate(context, NULL, &length, bound_to.bytes, (int)bound_to.octets) ||
	    !EVP_EncryptUpdate(context, ciphertext, &length, secret_bytes(key), octets) ||
	    !EVP_EncryptFinal_ex(context, ciphertext + length, &length) ||
	    !EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, KEY_WRAPPING_TAG_OCTETS, ciphertext + octets))
		goto end;
	result = KEY_WRAPPING_NONCE_OCTETS + octets + KEY_WRAPPING_TAG_OCTETS;
end:
	EVP_CIPHER_CTX_free(context);
	return result;
}

int key_unwrap(const struct secret *store_key, struct wire_view bound_to, struct wire_view wrapped, struct secret *key)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	struct wire_reader reader = wire_reader_of_view(wrapped);
	const uint8_t *nonce = wire_read_bytes(&reader, KEY_WRAPPING_NONCE_OCTETS);
	struct wire_view ciphertext = {.octets = wire_remaining(&reader)};
	uint8_t tag[KEY_WRAPPING_TAG_OCTETS];
	uint8_t rest[EVP_MAX_BLOCK_LENGTH];
	int length;
	int result = -EKEYREJECTED;

	if (secret_octets(store_key) != KEY_WRAPPING_KEY_OCTETS) {
		result = -EINVAL;
		goto end;
	}
	if (ciphertext.octets < sizeof(tag) || ciphertext.octets - sizeof(tag) > SECRET_MAX_OCTETS)
		goto end;
	ciphertext = wire_read_view(&reader, ciphertext.octets - sizeof(tag));
	wire_read_copy(&reader, tag, sizeof(tag));
	if (!context || !EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, secret_bytes(store_key), nonce) ||
	    !EVP_DecryptUpdate(context, NULL, &length, bound_to.bytes, (int)bound_to.octets)) {
		result = -EIO;
		goto end;
	}
	if (EVP_DecryptUpdate(context, secret_fill(key, ciphertext.octets), &length, ciphertext.bytes,
	                      (int)ciphertext.octets) &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, sizeof(tag), tag) &&
	    EVP_DecryptFinal_ex(context, rest, &length))
		result = 0;
end:
	if (result)
		secret_wipe(key);
	EVP_CIPHER_CTX_free(context);
	return result;
}
