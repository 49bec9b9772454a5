// SPDX-License-Identifier: BSD-3-Clause
#include <errno.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "host_key.h"
#include "host_key_openssl.h"

enum { POINT_UNCOMPRESSED = 0x04, PSS_SALT_OCTETS = 32, DER_SIGNATURE_MAX = 128 };

/* Sets digest and padding of K-12 for the key at hand. */
static int prepare(EVP_PKEY_CTX *context, EVP_PKEY *key)
{
	if (!EVP_PKEY_is_a(key, "RSA"))
		return 1;
	if (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) <= 0)
		return 0;
	return EVP_PKEY_CTX_set_rsa_pss_saltlen(context, PSS_SALT_OCTETS) > 0;
}

static const EVP_MD *digest_of(const struct hip_host_identity *identity)
{
	return hip_curve_of(identity) == HIP_CURVE_P384 ? EVP_sha384() : EVP_sha256();
}

/* r | s <- ECDSA-Sig-Value */
static int raw_from_der(const uint8_t *der, size_t der_octets, uint8_t *raw, int half)
{
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)der_octets);
	int result = -EIO;

	if (signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, half) == half &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + half, half) == half)
		result = 0;
	ECDSA_SIG_free(signature);
	return result;
}

/* ECDSA-Sig-Value <- r | s; returns its octets or 0. */
static size_t der_from_raw(const uint8_t *raw, size_t half, uint8_t der[DER_SIGNATURE_MAX])
{
	ECDSA_SIG *signature = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(raw, (int)half, NULL), *s = BN_bin2bn(raw + half, (int)half, NULL);
	int octets = 0;

	if (!signature || !r || !s || ECDSA_SIG_set0(signature, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if (i2d_ECDSA_SIG(signature, NULL) <= DER_SIGNATURE_MAX) {
		octets = i2d_ECDSA_SIG(signature, &der);
	}
	ECDSA_SIG_free(signature);
	return octets > 0 ? (size_t)octets : 0;
}

int host_key_sign(const struct host_key *key, struct wire_view input, uint8_t value[HOST_SIGNATURE_MAX], size_t *octets)
{
	uint8_t identity_value[HIP_IDENTITY_VALUE_MAX], der[DER_SIGNATURE_MAX];
	struct hip_host_identity identity;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY *pair = host_key_pair(key);
	EVP_PKEY_CTX *settings; /* owned by the context */
	bool ecdsa;
	size_t made;
	int result = -EIO;

	if (!context || !hip_identity_value_read(
	                        (struct wire_view){identity_value, host_key_identity(key, identity_value)}, &identity))
		goto end;
	ecdsa = identity.key_algorithm == HIP_KEY_ECDSA;
	made = ecdsa ? sizeof(der) : HOST_SIGNATURE_MAX - 2;
	if (EVP_DigestSignInit(context, &settings, digest_of(&identity), NULL, pair) != 1 || !prepare(settings, pair) ||
	    EVP_DigestSign(context, ecdsa ? der : value + 2, &made, input.bytes, input.octets) != 1)
		goto end;
	if (ecdsa) {
		size_t half = identity.key.octets / 2;

		if (raw_from_der(der, made, value + 2, (int)half))
			goto end;
		made = 2 * half;
	}
	wire_store_u16(value, hip_algorithm_of(identity.key_algorithm));
	*octets = 2 + made;
	result = 0;
end:
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	return result;
}

static EVP_PKEY *public_key(const char *type, OSSL_PARAM_BLD *parameters)
{
	OSSL_PARAM *list = OSSL_PARAM_BLD_to_param(parameters);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (list && context && EVP_PKEY_fromdata_init(context) == 1 &&
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, list) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	OSSL_PARAM_free(list);
	return key;
}

static EVP_PKEY *ecdsa_public_key(const struct hip_host_identity *identity)
{
	uint8_t point[1 + HIP_P384_OCTETS] = {POINT_UNCOMPRESSED};
	OSSL_PARAM_BLD *parameters = OSSL_PARAM_BLD_new();
	const char *group = hip_curve_of(identity) == HIP_CURVE_P384 ? "P-384" : "P-256";
	EVP_PKEY *key = NULL;

	memcpy(point + 1, identity->key.bytes, identity->key.octets);
	/* a point that is not on the curve is refused here */
	if (parameters && OSSL_PARAM_BLD_push_utf8_string(parameters, OSSL_PKEY_PARAM_GROUP_NAME, group, 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(parameters, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + identity->key.octets) == 1)
		key = public_key("EC", parameters);
	OSSL_PARAM_BLD_free(parameters);
	return key;
}

static EVP_PKEY *rsa_public_key(const struct hip_host_identity *identity)
{
	struct wire_reader reader = wire_reader_of_view(identity->key);
	struct wire_view exponent = wire_read_view(&reader, wire_read_u8(&reader));
	struct wire_view modulus = wire_read_view(&reader, wire_remaining(&reader));
	OSSL_PARAM_BLD *parameters = OSSL_PARAM_BLD_new();
	BIGNUM *e = BN_bin2bn(exponent.bytes, (int)exponent.octets, NULL);
	BIGNUM *n = BN_bin2bn(modulus.bytes, (int)modulus.octets, NULL);
	EVP_PKEY *key = NULL;

	if (parameters && e && n && OSSL_PARAM_BLD_push_BN(parameters, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(parameters, OSSL_PKEY_PARAM_RSA_E, e) == 1)
		key = public_key("RSA", parameters);
	OSSL_PARAM_BLD_free(parameters);
	BN_free(n);
	BN_free(e);
	return key;
}

/* The public key of HI-value, or NULL for one that is not taken. */
static EVP_PKEY *identity_key(struct wire_view identity_value, struct hip_host_identity *identity)
{
	if (!hip_identity_value_read(identity_value, identity))
		return NULL;
	return identity->key_algorithm == HIP_KEY_ECDSA ? ecdsa_public_key(identity) : rsa_public_key(identity);
}

int host_identity_check(struct wire_view identity_value)
{
	struct hip_host_identity identity;
	EVP_PKEY *key = identity_key(identity_value, &identity);

	ERR_clear_error();
	EVP_PKEY_free(key);
	return key ? 0 : -EKEYREJECTED;
}

int host_identity_verify(struct wire_view identity_value, struct wire_view input, struct wire_view signature_value)
{
	struct hip_host_identity identity;
	EVP_PKEY *key = identity_key(identity_value, &identity);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_PKEY_CTX *settings; /* owned by the context */
	struct wire_reader reader = wire_reader_of_view(signature_value);
	uint16_t algorithm = wire_read_u16(&reader);
	struct wire_view signature = wire_read_view(&reader, wire_remaining(&reader));
	uint8_t der[DER_SIGNATURE_MAX];
	int result = -EKEYREJECTED;

	if (!key)
		goto end;
	result = -EBADMSG;
	if (reader.failed || algorithm != hip_algorithm_of(identity.key_algorithm))
		goto end;
	if (identity.key_algorithm == HIP_KEY_ECDSA) {
		if (signature.octets != identity.key.octets)
			goto end;
		signature = (struct wire_view){der, der_from_raw(signature.bytes, signature.octets / 2, der)};
		if (signature.octets == 0)
			goto end;
	}
	if (context && EVP_DigestVerifyInit(context, &settings, digest_of(&identity), NULL, key) == 1 &&
	    prepare(settings, key) &&
	    EVP_DigestVerify(context, signature.bytes, signature.octets, input.bytes, input.octets) == 1)
		result = 0;
end:
	ERR_clear_error();
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return result;
}
