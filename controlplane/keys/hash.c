// SPDX-License-Identifier: BSD-3-Clause
#include "hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

static const struct {
	const char *name;
	size_t octets;
} algorithms[] = {
        [HASH_SHA1] = {"SHA1", HASH_SHA1_OCTETS},
        [HASH_SHA256] = {"SHA256", HASH_SHA256_OCTETS},
        [HASH_SHA384] = {"SHA384", HASH_SHA384_OCTETS},
};

size_t hash_octets(enum hash_algorithm algorithm)
{
	return algorithms[algorithm].octets;
}

static void require(int good)
{
	if (good > 0)
		return;
	fprintf(stderr, "error: the cryptographic library failed\n");
	abort();
}

void hash_digest(enum hash_algorithm algorithm, const struct wire_view *parts, size_t count, uint8_t *out)
{
	EVP_MD *digest = EVP_MD_fetch(NULL, algorithms[algorithm].name, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	require(digest && context);
	require(EVP_DigestInit_ex(context, digest, NULL));
	for (size_t i = 0; i < count; i++)
		require(EVP_DigestUpdate(context, parts[i].bytes, parts[i].octets));
	require(EVP_DigestFinal_ex(context, out, NULL));
	EVP_MD_CTX_free(context);
	EVP_MD_free(digest);
}

void hash_hmac(enum hash_algorithm algorithm, struct wire_view key, const struct wire_view *parts, size_t count,
               uint8_t *out)
{
	char name[16];
	OSSL_PARAM parameters[2];
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = EVP_MAC_CTX_new(hmac);
	size_t octets;

	snprintf(name, sizeof(name), "%s", algorithms[algorithm].name);
	/* measures the name at once */
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	parameters[1] = OSSL_PARAM_construct_end();
	require(hmac && context);
	/* a NULL key would mean "the one before" */
	require(EVP_MAC_init(context, key.octets ? key.bytes : (const uint8_t *)"", key.octets, parameters));
	for (size_t i = 0; i < count; i++)
		require(EVP_MAC_update(context, parts[i].bytes, parts[i].octets));
	require(EVP_MAC_final(context, out, &octets, algorithms[algorithm].octets));
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(hmac);
}
