// SPDX-License-Identifier: BSD-3-Clause
#include "host_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "allocation.h"
#include "host_key_openssl.h"

struct host_key {
	EVP_PKEY *pair;
	size_t identity_octets;
	uint8_t identity[HIP_IDENTITY_VALUE_MAX]; /* HI-value */
};

EVP_PKEY *host_key_pair(const struct host_key *key)
{
	return key->pair;
}

static size_t number_of(EVP_PKEY *pair, const char *name, uint8_t *out, size_t capacity, size_t octets)
{
	BIGNUM *number = NULL;
	size_t length = 0;

	if (EVP_PKEY_get_bn_param(pair, name, &number) == 1) {
		length = octets ? octets : (size_t)BN_num_bytes(number);
		if (length > capacity || BN_bn2binpad(number, out, (int)length) != (int)length)
			length = 0;
	}
	BN_clear_free(number);
	return length;
}

/* The public key in HIP RR form; returns its octets, 0 for a kind of key that has none. */
static size_t rr_form_of(EVP_PKEY *pair, uint8_t out[HIP_KEY_MAX], uint8_t *key_algorithm)
{
	size_t first, second;

	if (EVP_PKEY_is_a(pair, "EC")) {
		size_t half = (size_t)(EVP_PKEY_get_bits(pair) + 7) / 8;

		*key_algorithm = HIP_KEY_ECDSA;
		first = number_of(pair, OSSL_PKEY_PARAM_EC_PUB_X, out, HIP_KEY_MAX, half);
		second = number_of(pair, OSSL_PKEY_PARAM_EC_PUB_Y, out + first, HIP_KEY_MAX - first, half);
		return first && second ? first + second : 0;
	}
	if (!EVP_PKEY_is_a(pair, "RSA"))
		return 0;
	*key_algorithm = HIP_KEY_RSA;
	first = number_of(pair, OSSL_PKEY_PARAM_RSA_E, out + 1, HIP_RSA_EXPONENT_MAX, 0);
	out[0] = (uint8_t)first;
	second = number_of(pair, OSSL_PKEY_PARAM_RSA_N, out + 1 + first, HIP_KEY_MAX - 1 - first, 0);
	return first && second ? 1 + first + second : 0;
}

/* Takes the pair over, also when it fails. Returns 0 or -EKEYREJECTED. */
static int wrap(EVP_PKEY *pair, struct host_key **key)
{
	uint8_t rr[HIP_KEY_MAX];
	struct hip_host_identity identity = {.key.bytes = rr};
	struct wire_writer writer;
	struct host_key *made = allocate(sizeof(*made));

	made->pair = pair;
	identity.key.octets = rr_form_of(pair, rr, &identity.key_algorithm);
	writer = wire_writer_of(made->identity, sizeof(made->identity));
	hip_identity_value_write(&writer, &identity);
	made->identity_octets = wire_written(&writer);
	/* another curve of 256 bits would have the same form: the point must lie on ours */
	if (host_identity_check((struct wire_view){made->identity, made->identity_octets})) {
		host_key_free(made);
		return -EKEYREJECTED;
	}
	*key = made;
	return 0;
}

int host_key_generate(struct host_key **key)
{
	EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");

	return pair && wrap(pair, key) == 0 ? 0 : -EIO;
}

static int refuse_passphrase(char *buffer, int size, int writing, void *context)
{
	(void)buffer, (void)size, (void)writing, (void)context;
	return -1;
}

int host_key_load(const char *path, struct host_key **key, char error[KEY_FILE_ERROR_OCTETS])
{
	int result = key_file_check_mode(path, error);
	EVP_PKEY *pair;
	FILE *file;

	if (result)
		return result;
	file = fopen(path, "re");
	if (!file) {
		result = -errno;
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.160s: %s", path, strerror(-result));
		return result;
	}
	pair = PEM_read_PrivateKey(file, NULL, refuse_passphrase, NULL);
	fclose(file);
	ERR_clear_error();
	result = pair ? wrap(pair, key) : -EINVAL;
	if (result == -EINVAL)
		snprintf(error, KEY_FILE_ERROR_OCTETS, "%.160s: not a PKCS#8 private key in PEM without a passphrase",
		         path);
	else if (result)
		snprintf(error, KEY_FILE_ERROR_OCTETS,
		         "%.160s: not an ECDSA P-256, ECDSA P-384 or RSA key of 2048 to 3072 bits", path);
	return result;
}

int host_key_save(const struct host_key *key, const char *path)
{
	int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	FILE *file;
	int result = 0;

	if (descriptor < 0)
		return -errno;
	file = fdopen(descriptor, "w");
	if (!file) {
		result = -errno;
		close(descriptor);
		goto end;
	}
	if (PEM_write_PKCS8PrivateKey(file, key->pair, NULL, NULL, 0, NULL, NULL) != 1)
		result = -EIO;
	else if (fflush(file) || fsync(fileno(file)))
		result = -errno;
	if (fclose(file) && !result)
		result = -errno;
end:
	ERR_clear_error();
	if (result)
		unlink(path);
	return result;
}

int host_key_to_der(const struct host_key *key, uint8_t der[HOST_KEY_DER_MAX], size_t *octets)
{
	PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key->pair);
	int length = info ? i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : -1;
	int result = length < 0 ? -EINVAL : length > HOST_KEY_DER_MAX ? -ENOSPC : 0;

	if (!result)
		*octets = (size_t)i2d_PKCS8_PRIV_KEY_INFO(info, &der);
	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return result;
}

int host_key_from_der(struct wire_view der, struct host_key **key)
{
	const uint8_t *at = der.bytes;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der.octets);
	EVP_PKEY *pair = info && at == der.bytes + der.octets ? EVP_PKCS82PKEY(info) : NULL;

	PKCS8_PRIV_KEY_INFO_free(info);
	ERR_clear_error();
	return pair && wrap(pair, key) == 0 ? 0 : -EINVAL;
}

void host_key_free(struct host_key *key)
{
	if (!key)
		return;
	EVP_PKEY_free(key->pair);
	free(key);
}

size_t host_key_identity(const struct host_key *key, uint8_t value[HIP_IDENTITY_VALUE_MAX])
{
	memcpy(value, key->identity, key->identity_octets);
	return key->identity_octets;
}
