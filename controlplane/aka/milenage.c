// SPDX-License-Identifier: BSD-3-Clause
#include "milenage.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { BLOCK = 16 };

static void xor_block(const uint8_t *a, const uint8_t *b, uint8_t *out)
{
	for (int i = 0; i < BLOCK; i++)
		out[i] = a[i] ^ b[i];
}

/* One block of AES-128 under K. */
static void encrypt(const struct secret *k, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int octets = 0;

	if (secret_octets(k) != AKA_K_OCTETS || !context ||
	    !EVP_EncryptInit_ex(context, EVP_aes_128_ecb(), NULL, secret_bytes(k), NULL) ||
	    !EVP_CIPHER_CTX_set_padding(context, 0) || !EVP_EncryptUpdate(context, out, &octets, in, BLOCK) ||
	    octets != BLOCK)
		abort();
	EVP_CIPHER_CTX_free(context);
}

/* OUT = E(rot(TEMP ^ OPc, r) ^ c) ^ OPc, with r in octets and c in the last octet; in front of it `extra` for f1. */
static void output(const struct secret *k, const uint8_t *opc, const uint8_t *rotated, const uint8_t *extra,
                   uint8_t constant, uint8_t out[BLOCK])
{
	uint8_t in[BLOCK];

	memcpy(in, rotated, BLOCK);
	if (extra)
		xor_block(in, extra, in);
	in[BLOCK - 1] ^= constant;
	encrypt(k, in, out);
	xor_block(out, opc, out);
	OPENSSL_cleanse(in, sizeof(in));
}

static void rotate(const uint8_t in[BLOCK], int octets, uint8_t out[BLOCK])
{
	for (int i = 0; i < BLOCK; i++)
		out[i] = in[(i + octets) % BLOCK];
}

static void temp_block(const struct secret *k, const uint8_t *opc, const uint8_t *rand, uint8_t temp[BLOCK])
{
	uint8_t in[BLOCK];

	xor_block(rand, opc, in);
	encrypt(k, in, temp);
	OPENSSL_cleanse(in, sizeof(in));
}

void milenage_opc(const struct secret *k, const struct secret *op, struct secret *opc)
{
	uint8_t block[BLOCK];

	encrypt(k, secret_bytes(op), block);
	xor_block(block, secret_bytes(op), block);
	secret_set(opc, block, sizeof(block));
	OPENSSL_cleanse(block, sizeof(block));
}

void milenage_f1(const struct secret *k, const struct secret *opc_secret, const uint8_t rand[AKA_RAND_OCTETS],
                 const uint8_t sqn[AKA_SQN_OCTETS], const uint8_t amf[AKA_AMF_OCTETS], uint8_t mac_a[AKA_MAC_OCTETS],
                 uint8_t mac_s[AKA_MAC_OCTETS])
{
	const uint8_t *opc = secret_bytes(opc_secret);
	uint8_t temp[BLOCK], in1[BLOCK], rotated[BLOCK], out[BLOCK];

	for (int half = 0; half < BLOCK; half += BLOCK / 2) {
		memcpy(in1 + half, sqn, AKA_SQN_OCTETS);
		memcpy(in1 + half + AKA_SQN_OCTETS, amf, AKA_AMF_OCTETS);
	}
	temp_block(k, opc, rand, temp);
	xor_block(in1, opc, in1);
	rotate(in1, 8, rotated); /* r1 = 64 bits */
	output(k, opc, temp, rotated, 0, out);
	memcpy(mac_a, out, AKA_MAC_OCTETS);
	memcpy(mac_s, out + AKA_MAC_OCTETS, AKA_MAC_OCTETS);
	OPENSSL_cleanse(temp, sizeof(temp));
	OPENSSL_cleanse(out, sizeof(out));
}

void milenage_f2345(const struct secret *k, const struct secret *opc_secret, const uint8_t rand[AKA_RAND_OCTETS],
                    struct milenage_result *result)
{
	/* r2..r5 = 0, 32, 64, 96 bits; c2..c5 = 1, 2, 4, 8 */
	const uint8_t *opc = secret_bytes(opc_secret);
	uint8_t temp[BLOCK], rotated[BLOCK], out[4][BLOCK];

	temp_block(k, opc, rand, temp);
	xor_block(temp, opc, temp);
	for (int i = 0; i < 4; i++) {
		rotate(temp, 4 * i, rotated);
		output(k, opc, rotated, NULL, (uint8_t)(1 << i), out[i]);
	}
	memcpy(result->ak, out[0], AKA_AK_OCTETS);
	memcpy(result->res, out[0] + 8, AKA_RES_OCTETS);
	secret_set(&result->ck, out[1], BLOCK);
	secret_set(&result->ik, out[2], BLOCK);
	memcpy(result->ak_star, out[3], AKA_AK_OCTETS);
	OPENSSL_cleanse(temp, sizeof(temp));
	OPENSSL_cleanse(rotated, sizeof(rotated));
	OPENSSL_cleanse(out, sizeof(out));
}

void milenage_result_wipe(struct milenage_result *result)
{
	OPENSSL_cleanse(result, sizeof(*result));
}

void milenage_gsm(const struct secret *k, const struct secret *opc, const uint8_t rand[AKA_RAND_OCTETS],
                  uint8_t sres[GSM_SRES_OCTETS], uint8_t kc[GSM_KC_OCTETS])
{
	struct milenage_result result = {0};
	const uint8_t *ck, *ik;

	milenage_f2345(k, opc, rand, &result);
	ck = secret_bytes(&result.ck);
	ik = secret_bytes(&result.ik);
	for (int i = 0; i < GSM_SRES_OCTETS; i++)
		sres[i] = result.res[i] ^ result.res[i + GSM_SRES_OCTETS];
	for (int i = 0; i < GSM_KC_OCTETS; i++)
		kc[i] = ck[i] ^ ck[i + GSM_KC_OCTETS] ^ ik[i] ^ ik[i + GSM_KC_OCTETS];
	milenage_result_wipe(&result);
}
