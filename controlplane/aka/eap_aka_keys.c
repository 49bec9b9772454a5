// SPDX-License-Identifier: BSD-3-Clause
#include "eap_aka_keys.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
	SHA1_OCTETS = 20,
	SHA256_OCTETS = 32,
	CIPHER_KEY_OCTETS = 16,
	KDF_FUNCTION_CODE = 0x20, /* TS 33.402 A.2 */
	INPUT_OCTETS_MAX = 2048,
	AKA_KEY_OCTETS = 16 + 16 + 64 + 64,
	AKA_PRIME_KEY_OCTETS = 16 + 32 + 32 + 64 + 64,
};

static void must(bool right)
{
	/* digests over memory fail only without memory */
	if (!right)
		abort();
}

void eap_aka_keys_wipe(struct eap_aka_keys *keys)
{
	OPENSSL_cleanse(keys, sizeof(*keys));
}

static void hmac_sha256(const uint8_t *key, size_t key_octets, const uint8_t *input, size_t octets,
                        uint8_t out[SHA256_OCTETS])
{
	must(HMAC(EVP_sha256(), key, (int)key_octets, input, octets, out, NULL) != NULL);
}

static void join(const struct secret *first, const struct secret *second, uint8_t joined[2 * CIPHER_KEY_OCTETS])
{
	must(secret_octets(first) == CIPHER_KEY_OCTETS && secret_octets(second) == CIPHER_KEY_OCTETS);
	memcpy(joined, secret_bytes(first), CIPHER_KEY_OCTETS);
	memcpy(joined + CIPHER_KEY_OCTETS, secret_bytes(second), CIPHER_KEY_OCTETS);
}

void eap_aka_prime_cipher_keys(const struct secret *ck, const struct secret *ik, const void *network_name,
                               size_t name_octets, const uint8_t sqn_xor_ak[AKA_SQN_OCTETS], struct secret *ck_prime,
                               struct secret *ik_prime)
{
	uint8_t key[2 * CIPHER_KEY_OCTETS], out[SHA256_OCTETS], input[INPUT_OCTETS_MAX];
	struct wire_writer writer = wire_writer_of(input, sizeof(input));

	join(ck, ik, key);
	wire_write_u8(&writer, KDF_FUNCTION_CODE);
	wire_write_bytes(&writer, network_name, name_octets);
	wire_write_u16(&writer, (uint16_t)name_octets);
	wire_write_bytes(&writer, sqn_xor_ak, AKA_SQN_OCTETS);
	wire_write_u16(&writer, AKA_SQN_OCTETS);
	must(!writer.failed);
	hmac_sha256(key, sizeof(key), input, wire_written(&writer), out);
	secret_set(ck_prime, out, CIPHER_KEY_OCTETS);
	secret_set(ik_prime, out + CIPHER_KEY_OCTETS, CIPHER_KEY_OCTETS);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(out, sizeof(out));
}

/* PRF' (RFC 9048 3.4.1): T1 = HMAC(K, S | 1), Tn = HMAC(K, Tn-1 | S | n). */
static void prf_prime(const uint8_t *key, size_t key_octets, const uint8_t *seed, size_t seed_octets, uint8_t *out,
                      size_t octets)
{
	uint8_t input[SHA256_OCTETS + INPUT_OCTETS_MAX + 1], block[SHA256_OCTETS];
	size_t before = 0;

	must(seed_octets <= INPUT_OCTETS_MAX);
	for (uint8_t n = 1; octets; n++) {
		size_t piece = octets < SHA256_OCTETS ? octets : SHA256_OCTETS;

		memcpy(input, block, before);
		memcpy(input + before, seed, seed_octets);
		input[before + seed_octets] = n;
		hmac_sha256(key, key_octets, input, before + seed_octets + 1, block);
		memcpy(out, block, piece);
		out += piece;
		octets -= piece;
		before = SHA256_OCTETS;
	}
	OPENSSL_cleanse(input, sizeof(input));
	OPENSSL_cleanse(block, sizeof(block));
}

static const uint8_t *take(struct secret *secret, const uint8_t *from, size_t octets)
{
	secret_set(secret, from, octets);
	return from + octets;
}

void eap_aka_prime_keys(const struct secret *ck_prime, const struct secret *ik_prime, const void *identity,
                        size_t identity_octets, struct eap_aka_keys *keys)
{
	static const char label[] = "EAP-AKA'";
	uint8_t key[2 * CIPHER_KEY_OCTETS], seed[INPUT_OCTETS_MAX], mk[AKA_PRIME_KEY_OCTETS];
	struct wire_writer writer = wire_writer_of(seed, sizeof(seed));
	const uint8_t *at = mk;

	join(ik_prime, ck_prime, key);
	wire_write_bytes(&writer, label, sizeof(label) - 1);
	wire_write_bytes(&writer, identity, identity_octets);
	must(!writer.failed);
	prf_prime(key, sizeof(key), seed, wire_written(&writer), mk, sizeof(mk));
	keys->method = EAP_TYPE_AKA_PRIME;
	at = take(&keys->k_encr, at, 16);
	at = take(&keys->k_aut, at, 32);
	at = take(&keys->k_re, at, 32);
	at = take(&keys->msk, at, 64);
	take(&keys->emsk, at, 64);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(mk, sizeof(mk));
}

static uint32_t rotate_left(uint32_t x, int by)
{
	return x << by | x >> (32 - by);
}

static uint32_t sha1_round_function(int t, uint32_t b, uint32_t c, uint32_t d)
{
	if (t < 20)
		return (b & c) | (~b & d);
	if (t >= 40 && t < 60)
		return (b & c) | (b & d) | (c & d);
	return b ^ c ^ d;
}

/*
 * G of FIPS 186-2: SHA-1's compression of one block that holds c padded with zeros, without SHA-1's own padding.
 * OpenSSL 3 offers that function no longer but as a deprecated one, so it stands here.
 */
static void g_function(const uint8_t c[SHA1_OCTETS], uint8_t out[SHA1_OCTETS])
{
	static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
	static const uint32_t initial[] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	uint32_t w[80] = {0}, v[5];

	for (int i = 0; i < 5; i++) {
		w[i] = (uint32_t)c[4 * i] << 24 | (uint32_t)c[4 * i + 1] << 16 | (uint32_t)c[4 * i + 2] << 8 |
		       c[4 * i + 3];
		v[i] = initial[i];
	}
	for (int t = 16; t < 80; t++)
		w[t] = rotate_left(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
	for (int t = 0; t < 80; t++) {
		uint32_t next = rotate_left(v[0], 5) + sha1_round_function(t, v[1], v[2], v[3]) + v[4] + w[t] +
		                constants[t / 20];

		v[4] = v[3];
		v[3] = v[2];
		v[2] = rotate_left(v[1], 30);
		v[1] = v[0];
		v[0] = next;
	}
	for (int i = 0; i < 5; i++)
		wire_store_u32(out + 4 * i, initial[i] + v[i]);
	OPENSSL_cleanse(w, sizeof(w));
	OPENSSL_cleanse(v, sizeof(v));
}

/* xkey = (1 + xkey + w) mod 2^160 */
static void add_one_and(uint8_t xkey[SHA1_OCTETS], const uint8_t w[SHA1_OCTETS])
{
	unsigned carry = 1;

	for (int i = SHA1_OCTETS - 1; i >= 0; i--) {
		carry += (unsigned)xkey[i] + w[i];
		xkey[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

void fips186_2_prf(const uint8_t seed[20], uint8_t *out, size_t octets)
{
	uint8_t xkey[SHA1_OCTETS], w[SHA1_OCTETS];

	memcpy(xkey, seed, sizeof(xkey));
	while (octets) {
		size_t piece = octets < SHA1_OCTETS ? octets : SHA1_OCTETS;

		g_function(xkey, w);
		add_one_and(xkey, w);
		memcpy(out, w, piece);
		out += piece;
		octets -= piece;
	}
	OPENSSL_cleanse(xkey, sizeof(xkey));
	OPENSSL_cleanse(w, sizeof(w));
}

void eap_aka_keys(const struct secret *ck, const struct secret *ik, const void *identity, size_t identity_octets,
                  struct eap_aka_keys *keys)
{
	uint8_t mk[SHA1_OCTETS], out[AKA_KEY_OCTETS];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const uint8_t *at = out;

	must(context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) &&
	     EVP_DigestUpdate(context, identity, identity_octets) &&
	     EVP_DigestUpdate(context, secret_bytes(ik), secret_octets(ik)) &&
	     EVP_DigestUpdate(context, secret_bytes(ck), secret_octets(ck)) && EVP_DigestFinal_ex(context, mk, NULL));
	EVP_MD_CTX_free(context);
	fips186_2_prf(mk, out, sizeof(out));
	keys->method = EAP_TYPE_AKA;
	at = take(&keys->k_encr, at, 16);
	at = take(&keys->k_aut, at, 16);
	secret_wipe(&keys->k_re);
	at = take(&keys->msk, at, 64);
	take(&keys->emsk, at, 64);
	OPENSSL_cleanse(mk, sizeof(mk));
	OPENSSL_cleanse(out, sizeof(out));
}

void eap_aka_mac(const struct eap_aka_keys *keys, const uint8_t *packet, size_t octets, size_t mac_offset,
                 const void *extra, size_t extra_octets, uint8_t mac[EAP_AKA_MAC_OCTETS])
{
	const EVP_MD *digest = keys->method == EAP_TYPE_AKA ? EVP_sha1() : EVP_sha256();
	uint8_t copy[EAP_PACKET_MAX + EAP_AKA_MAC_OCTETS], out[EVP_MAX_MD_SIZE];

	must(octets + extra_octets <= sizeof(copy) && mac_offset + EAP_AKA_MAC_OCTETS <= octets);
	memcpy(copy, packet, octets);
	memset(copy + mac_offset, 0, EAP_AKA_MAC_OCTETS);
	if (extra_octets)
		memcpy(copy + octets, extra, extra_octets);
	must(HMAC(digest, secret_bytes(&keys->k_aut), (int)secret_octets(&keys->k_aut), copy, octets + extra_octets,
	          out, NULL) != NULL);
	memcpy(mac, out, EAP_AKA_MAC_OCTETS);
	OPENSSL_cleanse(out, sizeof(out));
}

void eap_aka_mac_set(const struct eap_aka_keys *keys, uint8_t *packet, size_t octets, size_t mac_offset)
{
	uint8_t mac[EAP_AKA_MAC_OCTETS];

	eap_aka_mac(keys, packet, octets, mac_offset, NULL, 0, mac);
	memcpy(packet + mac_offset, mac, sizeof(mac));
}

bool eap_aka_mac_right(const struct eap_aka_keys *keys, struct wire_view packet, struct wire_view mac)
{
	uint8_t expected[EAP_AKA_MAC_OCTETS];

	if (mac.octets != EAP_AKA_MAC_OCTETS || packet.octets > EAP_PACKET_MAX)
		return false;
	eap_aka_mac(keys, packet.bytes, packet.octets, (size_t)(mac.bytes - packet.bytes), NULL, 0, expected);
	return CRYPTO_memcmp(expected, mac.bytes, sizeof(expected)) == 0;
}

void eap_aka_checkcode_add(struct eap_aka_checkcode *checkcode, const void *packet, size_t octets)
{
	if (checkcode->packets == CHECKCODE_PACKETS_MAX || octets > sizeof(checkcode->buffer) - checkcode->octets) {
		checkcode->overflown = true;
		return;
	}
	memcpy(checkcode->buffer + checkcode->octets, packet, octets);
	checkcode->octets += octets;
	checkcode->packets++;
}

size_t eap_aka_checkcode_digest(const struct eap_aka_checkcode *checkcode, enum eap_type method,
                                uint8_t digest[CHECKCODE_OCTETS_MAX])
{
	const EVP_MD *function = method == EAP_TYPE_AKA ? EVP_sha1() : EVP_sha256();
	unsigned octets = 0;

	if (!checkcode->packets)
		return 0;
	must(EVP_Digest(checkcode->buffer, checkcode->octets, digest, &octets, function, NULL));
	return octets;
}

bool eap_aka_checkcode_right(const struct eap_aka_checkcode *checkcode, enum eap_type method, struct wire_view value)
{
	uint8_t digest[CHECKCODE_OCTETS_MAX];
	size_t octets = eap_aka_checkcode_digest(checkcode, method, digest);

	return !checkcode->overflown && value.bytes && value.octets == octets &&
	       CRYPTO_memcmp(digest, value.bytes, octets) == 0;
}
