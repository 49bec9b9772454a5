// SPDX-License-Identifier: BSD-3-Clause
#include "eap_aka_keys.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "prf_plus.h"

enum {
	CIPHER_KEY_OCTETS = 16,
	AKA_KEY_OCTETS = 16 + 16 + 64 + 64,
	AKA_PRIME_KEY_OCTETS = 16 + 32 + 32 + 64 + 64,
};

static void must(bool right)
{
	/* a programming error: lengths are constants, or were checked by who read the packet */
	if (!right)
		abort();
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
	static const uint8_t function_code = 0x20; /* TS 33.402 A.2 */
	uint8_t key[2 * CIPHER_KEY_OCTETS], out[HASH_SHA256_OCTETS], name_length[2], sqn_length[2];
	const struct wire_view parts[] = {
	        hash_part(&function_code, 1),
	        hash_part(network_name, name_octets),
	        hash_part(name_length, sizeof(name_length)),
	        hash_part(sqn_xor_ak, AKA_SQN_OCTETS),
	        hash_part(sqn_length, sizeof(sqn_length)),
	};

	must(name_octets <= UINT16_MAX);
	wire_store_u16(name_length, (uint16_t)name_octets);
	wire_store_u16(sqn_length, AKA_SQN_OCTETS);
	join(ck, ik, key);
	hash_hmac(HASH_SHA256, hash_part(key, sizeof(key)), parts, sizeof(parts) / sizeof(parts[0]), out);
	secret_set(ck_prime, out, CIPHER_KEY_OCTETS);
	secret_set(ik_prime, out + CIPHER_KEY_OCTETS, CIPHER_KEY_OCTETS);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(out, sizeof(out));
}

static const uint8_t *take(struct secret *secret, const uint8_t *from, size_t octets)
{
	secret_set(secret, from, octets);
	return from + octets;
}

void eap_aka_prime_keys(const struct secret *ck_prime, const struct secret *ik_prime, const void *identity,
                        size_t identity_octets, struct eap_aka_keys *keys)
{
	const struct wire_view seed[] = {hash_text("EAP-AKA'"), hash_part(identity, identity_octets)};
	uint8_t key[2 * CIPHER_KEY_OCTETS], mk[AKA_PRIME_KEY_OCTETS];
	const uint8_t *at = mk;

	join(ik_prime, ck_prime, key);
	/* PRF' of RFC 9048 3.4.1 is prf+ of IKEv2 by another name */
	prf_plus(HASH_SHA256, hash_part(key, sizeof(key)), seed, sizeof(seed) / sizeof(seed[0]), mk, sizeof(mk));
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
static void g_function(const uint8_t c[HASH_SHA1_OCTETS], uint8_t out[HASH_SHA1_OCTETS])
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
static void add_one_and(uint8_t xkey[HASH_SHA1_OCTETS], const uint8_t w[HASH_SHA1_OCTETS])
{
	unsigned carry = 1;

	for (int i = HASH_SHA1_OCTETS - 1; i >= 0; i--) {
		carry += (unsigned)xkey[i] + w[i];
		xkey[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

void fips186_2_prf(const uint8_t seed[20], uint8_t *out, size_t octets)
{
	uint8_t xkey[HASH_SHA1_OCTETS], w[HASH_SHA1_OCTETS];

	memcpy(xkey, seed, sizeof(xkey));
	while (octets) {
		size_t piece = octets < HASH_SHA1_OCTETS ? octets : HASH_SHA1_OCTETS;

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
	const struct wire_view parts[] = {hash_part(identity, identity_octets), hash_secret(ik), hash_secret(ck)};
	uint8_t mk[HASH_SHA1_OCTETS], out[AKA_KEY_OCTETS];
	const uint8_t *at = out;

	hash_digest(HASH_SHA1, parts, sizeof(parts) / sizeof(parts[0]), mk);
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

void eap_aka_full_keys(enum eap_type method, const struct secret *ck, const struct secret *ik,
                       struct wire_view network_name, const uint8_t sqn_xor_ak[AKA_SQN_OCTETS],
                       struct wire_view identity, struct eap_aka_keys *keys)
{
	struct secret ck_prime = {0}, ik_prime = {0};

	if (method == EAP_TYPE_AKA) {
		eap_aka_keys(ck, ik, identity.bytes, identity.octets, keys);
		return;
	}
	eap_aka_prime_cipher_keys(ck, ik, network_name.bytes, network_name.octets, sqn_xor_ak, &ck_prime, &ik_prime);
	eap_aka_prime_keys(&ck_prime, &ik_prime, identity.bytes, identity.octets, keys);
	secret_wipe(&ck_prime);
	secret_wipe(&ik_prime);
}

static enum hash_algorithm hash_of(enum eap_type method)
{
	return method == EAP_TYPE_AKA ? HASH_SHA1 : HASH_SHA256;
}

/* Over the whole packet, the MAC's own octets being zero. */
static void compute_mac(const struct eap_aka_keys *keys, const uint8_t *packet, size_t octets, size_t mac_offset,
                        uint8_t mac[EAP_AKA_MAC_OCTETS])
{
	static const uint8_t zeros[EAP_AKA_MAC_OCTETS];
	const size_t behind = mac_offset + EAP_AKA_MAC_OCTETS;
	uint8_t out[HASH_MAX_OCTETS];

	must(behind <= octets);

	const struct wire_view parts[] = {
	        hash_part(packet, mac_offset),
	        hash_part(zeros, sizeof(zeros)),
	        hash_part(packet + behind, octets - behind),
	};

	hash_hmac(hash_of(keys->method), hash_secret(&keys->k_aut), parts, sizeof(parts) / sizeof(parts[0]), out);
	memcpy(mac, out, EAP_AKA_MAC_OCTETS);
	OPENSSL_cleanse(out, sizeof(out));
}

void eap_aka_mac_set(const struct eap_aka_keys *keys, uint8_t *packet, size_t octets, size_t mac_offset)
{
	uint8_t mac[EAP_AKA_MAC_OCTETS];

	compute_mac(keys, packet, octets, mac_offset, mac);
	memcpy(packet + mac_offset, mac, sizeof(mac));
}

bool eap_aka_mac_right(const struct eap_aka_keys *keys, struct wire_view packet, struct wire_view mac)
{
	uint8_t expected[EAP_AKA_MAC_OCTETS];

	if (mac.octets != EAP_AKA_MAC_OCTETS || packet.octets > EAP_PACKET_MAX)
		return false;
	compute_mac(keys, packet.bytes, packet.octets, (size_t)(mac.bytes - packet.bytes), expected);
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
	const struct wire_view packets = {checkcode->buffer, checkcode->octets};

	if (!checkcode->packets)
		return 0;
	hash_digest(hash_of(method), &packets, 1, digest);
	return hash_octets(hash_of(method));
}

bool eap_aka_checkcode_right(const struct eap_aka_checkcode *checkcode, enum eap_type method, struct wire_view value)
{
	uint8_t digest[CHECKCODE_OCTETS_MAX];
	size_t octets = eap_aka_checkcode_digest(checkcode, method, digest);

	return !checkcode->overflown && value.bytes && value.octets == octets &&
	       CRYPTO_memcmp(digest, value.bytes, octets) == 0;
}
