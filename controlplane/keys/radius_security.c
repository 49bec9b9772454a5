// SPDX-License-Identifier: BSD-3-Clause
#include "radius_security.h"

#include <errno.h>
#include <stdlib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { MD5_OCTETS = 16, SALT_OCTETS = 2, AUTHENTICATOR_OFFSET = 4, MSK_HALF_OCTETS = 32 };

static void must(int right)
{
	/* MD5 and HMAC on memory fail only without memory */
	if (!right)
		abort();
}

/* HMAC-MD5 over the packet with this authenticator in the header and zeros in the Message-Authenticator. */
static void message_mac(const uint8_t *packet, size_t octets, size_t at, const uint8_t *authenticator,
                        const struct secret *secret, uint8_t mac[MD5_OCTETS])
{
	uint8_t copy[RADIUS_PACKET_MAX];

	memcpy(copy, packet, octets);
	memcpy(copy + AUTHENTICATOR_OFFSET, authenticator, RADIUS_AUTHENTICATOR_OCTETS);
	memset(copy + at, 0, RADIUS_AUTHENTICATOR_OCTETS);
	must(HMAC(EVP_md5(), secret_bytes(secret), (int)secret_octets(secret), copy, octets, mac, NULL) != NULL);
}

/* MD5(code | id | length | request authenticator | attributes | secret) */
static void response_digest(const uint8_t *packet, size_t octets, const uint8_t *request_authenticator,
                            const struct secret *secret, uint8_t digest[MD5_OCTETS])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context && EVP_DigestInit_ex(context, EVP_md5(), NULL) &&
	     EVP_DigestUpdate(context, packet, AUTHENTICATOR_OFFSET) &&
	     EVP_DigestUpdate(context, request_authenticator, RADIUS_AUTHENTICATOR_OCTETS) &&
	     EVP_DigestUpdate(context, packet + RADIUS_HEADER_OCTETS, octets - RADIUS_HEADER_OCTETS) &&
	     EVP_DigestUpdate(context, secret_bytes(secret), secret_octets(secret)) &&
	     EVP_DigestFinal_ex(context, digest, NULL));
	EVP_MD_CTX_free(context);
}

bool radius_message_authenticator_right(const struct radius_packet *packet, const uint8_t *request_authenticator,
                                        const struct secret *secret)
{
	uint8_t mac[MD5_OCTETS];

	if (!packet->message_authenticator)
		return false;
	message_mac(packet->octets.bytes, packet->octets.octets, packet->message_authenticator,
	            request_authenticator ? request_authenticator : packet->authenticator, secret, mac);
	return CRYPTO_memcmp(mac, packet->octets.bytes + packet->message_authenticator, sizeof(mac)) == 0;
}

bool radius_response_authenticator_right(const struct radius_packet *packet,
                                         const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
                                         const struct secret *secret)
{
	uint8_t digest[MD5_OCTETS];

	response_digest(packet->octets.bytes, packet->octets.octets, request_authenticator, secret, digest);
	return CRYPTO_memcmp(digest, packet->authenticator, sizeof(digest)) == 0;
}

void radius_protect(uint8_t *packet, size_t octets, size_t message_authenticator, const uint8_t *request_authenticator,
                    const struct secret *secret)
{
	uint8_t mac[MD5_OCTETS];

	message_mac(packet, octets, message_authenticator,
	            request_authenticator ? request_authenticator : packet + AUTHENTICATOR_OFFSET, secret, mac);
	memcpy(packet + message_authenticator, mac, sizeof(mac));
	if (!request_authenticator)
		return;
	response_digest(packet, octets, request_authenticator, secret, mac);
	memcpy(packet + AUTHENTICATOR_OFFSET, mac, sizeof(mac));
}

/* b = MD5(secret | before), where `before` is Request Authenticator and salt, or the ciphertext block before. */
static void mppe_pad(const struct secret *secret, const uint8_t *first, size_t first_octets, const uint8_t *second,
                     size_t second_octets, uint8_t pad[MD5_OCTETS])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(context && EVP_DigestInit_ex(context, EVP_md5(), NULL) &&
	     EVP_DigestUpdate(context, secret_bytes(secret), secret_octets(secret)) &&
	     EVP_DigestUpdate(context, first, first_octets) && EVP_DigestUpdate(context, second, second_octets) &&
	     EVP_DigestFinal_ex(context, pad, NULL));
	EVP_MD_CTX_free(context);
}

/* XORs `in` into `out`, block by block; the pad of each block hangs on the ciphertext before it. */
static void mppe_crypt(const struct secret *secret, const uint8_t *request_authenticator, const uint8_t *salt,
                       const uint8_t *in, uint8_t *out, size_t octets, bool encrypt)
{
	uint8_t pad[MD5_OCTETS];

	for (size_t at = 0; at < octets; at += MD5_OCTETS) {
		if (at == 0)
			mppe_pad(secret, request_authenticator, RADIUS_AUTHENTICATOR_OCTETS, salt, SALT_OCTETS, pad);
		else
			mppe_pad(secret, (encrypt ? out : in) + at - MD5_OCTETS, MD5_OCTETS, NULL, 0, pad);
		for (size_t i = 0; i < MD5_OCTETS; i++)
			out[at + i] = in[at + i] ^ pad[i];
	}
	OPENSSL_cleanse(pad, sizeof(pad));
}

int radius_mppe_decrypt(struct wire_view value, const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
                        const struct secret *secret, struct secret *key)
{
	uint8_t plaintext[RADIUS_VALUE_MAX];
	size_t octets = value.octets < SALT_OCTETS ? 0 : value.octets - SALT_OCTETS;
	int result = -EBADMSG;

	if (!octets || octets % MD5_OCTETS || octets > sizeof(plaintext) || !(value.bytes[0] & 0x80))
		return result;
	mppe_crypt(secret, request_authenticator, value.bytes, value.bytes + SALT_OCTETS, plaintext, octets, false);
	if (plaintext[0] && plaintext[0] < octets && plaintext[0] <= SECRET_MAX_OCTETS) {
		secret_set(key, plaintext + 1, plaintext[0]);
		result = 0;
	}
	OPENSSL_cleanse(plaintext, sizeof(plaintext));
	return result;
}

size_t radius_mppe_encrypt(const uint8_t *key, size_t octets, uint16_t salt,
                           const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
                           const struct secret *secret, uint8_t value[RADIUS_MPPE_OCTETS_MAX])
{
	uint8_t plaintext[RADIUS_MPPE_OCTETS_MAX - SALT_OCTETS] = {0};
	size_t padded = (1 + octets + MD5_OCTETS - 1) / MD5_OCTETS * MD5_OCTETS;

	if (octets > SECRET_MAX_OCTETS)
		abort();
	plaintext[0] = (uint8_t)octets;
	memcpy(plaintext + 1, key, octets);
	wire_store_u16(value, salt | 0x8000);
	mppe_crypt(secret, request_authenticator, value, plaintext, value + SALT_OCTETS, padded, true);
	OPENSSL_cleanse(plaintext, sizeof(plaintext));
	return SALT_OCTETS + padded;
}

int radius_msk(const struct radius_packet *accept, const uint8_t request_authenticator[RADIUS_AUTHENTICATOR_OCTETS],
               const struct secret *secret, struct secret *msk)
{
	struct wire_view receive = radius_find(accept, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_RECV_KEY);
	struct wire_view send = radius_find(accept, RADIUS_VENDOR_MICROSOFT, RADIUS_MS_MPPE_SEND_KEY);
	struct secret first = {0}, second = {0};
	int result = -ENOENT;

	if (radius_mppe_decrypt(receive, request_authenticator, secret, &first) == 0 &&
	    radius_mppe_decrypt(send, request_authenticator, secret, &second) == 0 &&
	    secret_octets(&first) == MSK_HALF_OCTETS && secret_octets(&second) == MSK_HALF_OCTETS) {
		uint8_t *to = secret_fill(msk, (size_t)2 * MSK_HALF_OCTETS);

		memcpy(to, secret_bytes(&first), MSK_HALF_OCTETS);
		memcpy(to + MSK_HALF_OCTETS, secret_bytes(&second), MSK_HALF_OCTETS);
		result = 0;
	}
	secret_wipe(&first);
	secret_wipe(&second);
	return result;
}
