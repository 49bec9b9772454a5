// SPDX-License-Identifier: BSD-3-Clause
#include "sealed_state.h"

#include <errno.h>
#include <string.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "durable_file.h"
#include "hash.h"
#include "sealing.h"

/*
 * The file: header (additional data) | ciphertext | tag.
 *   header = "kedgeSS" | version8 | SHA256(ICCID) | RAND × 4 | nonce (12)
 */
enum {
	VERSION = 1,
	RANDS = 4,
	HEADER_OCTETS = 7 + 1 + HASH_SHA256_OCTETS + RANDS * AKA_RAND_OCTETS + SEALING_NONCE_OCTETS,
	PLAINTEXT_MAX = HOST_KEY_DER_MAX + HIP_IDENTITY_VALUE_MAX + 1024,
	FILE_MAX = HEADER_OCTETS + PLAINTEXT_MAX + SEALING_TAG_OCTETS,
};

_Static_assert((int)FILE_MAX <= (int)SEALED_STATE_OCTETS_MAX, "a caller's room for sealed octets");

static const char magic[] = "kedgeSS";
static const char info_label[] = "kedge seal v1";

struct header {
	uint8_t octets[HEADER_OCTETS];
	const uint8_t *rands; /* RANDS × 16 */
	const uint8_t *nonce;
};

void sealed_state_wipe(struct sealed_state *state)
{
	OPENSSL_cleanse(state, sizeof(*state));
}

/* --- the key (N-1) --- */

static int derive_key(const struct usim *usim, const uint8_t *rands, uint8_t key[SEALING_KEY_OCTETS])
{
	uint8_t input[RANDS * (GSM_SRES_OCTETS + GSM_KC_OCTETS)], info[64];
	struct wire_writer writer = wire_writer_of(info, sizeof(info));
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM parameters[5];
	int result = context ? 0 : -EIO;

	for (size_t i = 0; i < RANDS && !result; i++) {
		uint8_t *at = input + i * (GSM_SRES_OCTETS + GSM_KC_OCTETS);

		result = usim->gsm ? usim->gsm(usim->context, rands + i * AKA_RAND_OCTETS, at, at + GSM_SRES_OCTETS)
		                   : -ENOTSUP;
	}
	wire_write_bytes(&writer, info_label, strlen(info_label));
	wire_write_bytes(&writer, usim->imsi, strlen(usim->imsi));
	wire_write_bytes(&writer, usim->iccid, strlen(usim->iccid));
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, "SHA256", 0);
	parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, input, sizeof(input));
	parameters[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)rands, RANDS * AKA_RAND_OCTETS);
	parameters[3] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, wire_written(&writer));
	parameters[4] = OSSL_PARAM_construct_end();
	if (!result && EVP_KDF_derive(context, key, SEALING_KEY_OCTETS, parameters) != 1)
		result = -EIO;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	OPENSSL_cleanse(input, sizeof(input));
	return result;
}

/* --- content --- */

static void write_short(struct wire_writer *writer, const void *octets, size_t count)
{
	wire_write_u16(writer, (uint16_t)count);
	wire_write_bytes(writer, octets, count);
}

static size_t read_short(struct wire_reader *reader, void *octets, size_t capacity)
{
	struct wire_view view = wire_read_view(reader, wire_read_u16(reader));

	if (view.octets > capacity)
		wire_reader_fail(reader);
	if (reader->failed)
		return 0;
	memcpy(octets, view.bytes, view.octets);
	return view.octets;
}

static void write_content(struct wire_writer *writer, const struct sealed_state *state)
{
	write_short(writer, state->host_key_der, state->host_key_octets);
	write_short(writer, state->paa_id, strlen(state->paa_id));
	write_short(writer, state->pinned_identity, state->pinned_octets);
	write_short(writer, state->fqdn, strlen(state->fqdn));
	wire_write_bytes(writer, &state->home_address, sizeof(state->home_address));
	wire_write_u8(writer, state->home_prefix_length);
	wire_write_bytes(writer, &state->home_agent, sizeof(state->home_agent));
	wire_write_u64(writer, state->lease_ends_unix_s);
	wire_write_u32(writer, state->spi);
	wire_write_u64(writer, state->association_ends_unix_s);
	write_short(writer, secret_bytes(&state->agent_key), secret_octets(&state->agent_key));
	wire_write_u16(writer, state->last_sequence);
	wire_write_u32(writer, state->updates_sent);
}

static int read_content(struct wire_view plaintext, struct sealed_state *state)
{
	struct wire_reader reader = wire_reader_of_view(plaintext);
	uint8_t key[SECRET_MAX_OCTETS];
	size_t key_octets;

	memset(state, 0, sizeof(*state));
	state->host_key_octets = read_short(&reader, state->host_key_der, sizeof(state->host_key_der));
	read_short(&reader, state->paa_id, sizeof(state->paa_id) - 1);
	state->pinned_octets = read_short(&reader, state->pinned_identity, sizeof(state->pinned_identity));
	read_short(&reader, state->fqdn, sizeof(state->fqdn) - 1);
	wire_read_copy(&reader, &state->home_address, sizeof(state->home_address));
	state->home_prefix_length = wire_read_u8(&reader);
	wire_read_copy(&reader, &state->home_agent, sizeof(state->home_agent));
	state->lease_ends_unix_s = wire_read_u64(&reader);
	state->spi = wire_read_u32(&reader);
	state->association_ends_unix_s = wire_read_u64(&reader);
	key_octets = read_short(&reader, key, sizeof(key));
	secret_set(&state->agent_key, key, key_octets);
	OPENSSL_cleanse(key, sizeof(key));
	state->last_sequence = wire_read_u16(&reader);
	state->updates_sent = wire_read_u32(&reader);
	return wire_complete(&reader) ? 0 : -EBADMSG;
}

/* --- header --- */

static void iccid_digest(const struct usim *usim, uint8_t digest[HASH_SHA256_OCTETS])
{
	const struct wire_view iccid = hash_text(usim->iccid);

	hash_digest(HASH_SHA256, &iccid, 1, digest);
}

static void header_make(struct header *header, const struct usim *usim, struct randomness *randomness)
{
	struct wire_writer writer = wire_writer_of(header->octets, sizeof(header->octets));
	uint8_t digest[HASH_SHA256_OCTETS];

	iccid_digest(usim, digest);
	wire_write_bytes(&writer, magic, strlen(magic));
	wire_write_u8(&writer, VERSION);
	wire_write_bytes(&writer, digest, sizeof(digest));
	header->rands = writer.at;
	header->nonce = writer.at + RANDS * AKA_RAND_OCTETS;
	randomness_fill(randomness, writer.at, RANDS * AKA_RAND_OCTETS + SEALING_NONCE_OCTETS);
}

static int header_read(struct header *header, const struct usim *usim, const uint8_t *file)
{
	struct wire_reader reader = wire_reader_of(header->octets, sizeof(header->octets));
	uint8_t expected[HASH_SHA256_OCTETS], digest[HASH_SHA256_OCTETS];

	memcpy(header->octets, file, sizeof(header->octets));
	if (memcmp(wire_read_bytes(&reader, strlen(magic)), magic, strlen(magic)) != 0)
		return -EBADMSG;
	if (wire_read_u8(&reader) != VERSION)
		return -EPROTONOSUPPORT;
	wire_read_copy(&reader, digest, sizeof(digest));
	iccid_digest(usim, expected);
	if (memcmp(digest, expected, sizeof(digest)) != 0)
		return -EBADMSG;
	header->rands = wire_read_bytes(&reader, RANDS * AKA_RAND_OCTETS);
	header->nonce = wire_read_bytes(&reader, SEALING_NONCE_OCTETS);
	return 0;
}

/* --- opening and saving --- */

static int open_content(const struct usim *usim, const uint8_t *file, size_t octets, struct sealed_state *state)
{
	uint8_t key[SEALING_KEY_OCTETS], plaintext[PLAINTEXT_MAX];
	size_t count = octets - HEADER_OCTETS - SEALING_TAG_OCTETS;
	struct header header;
	int result = header_read(&header, usim, file);

	if (!result)
		result = derive_key(usim, header.rands, key);
	if (!result)
		result = sealing_open(key, header.nonce, hash_part(header.octets, HEADER_OCTETS),
		                      hash_part(file + HEADER_OCTETS, octets - HEADER_OCTETS), plaintext);
	if (!result)
		result = read_content((struct wire_view){plaintext, count}, state);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(plaintext, sizeof(plaintext));
	return result;
}

int sealed_state_unseal(const struct usim *usim, struct wire_view sealed, struct sealed_state *state)
{
	int result = sealed.octets < HEADER_OCTETS + SEALING_TAG_OCTETS || sealed.octets > FILE_MAX
	                     ? -EBADMSG
	                     : open_content(usim, sealed.bytes, sealed.octets, state);

	if (result)
		sealed_state_wipe(state);
	return result;
}

int sealed_state_open(const char *path, const struct usim *usim, struct sealed_state *state)
{
	char error[KEY_FILE_ERROR_OCTETS];
	uint8_t file[FILE_MAX];
	size_t octets = 0;
	int result = key_file_check_mode(path, error);

	if (!result)
		result = durable_file_read(path, file, sizeof(file), &octets);
	if (!result)
		return sealed_state_unseal(usim, (struct wire_view){file, octets}, state);
	sealed_state_wipe(state);
	return result == -EFBIG ? -EBADMSG : result;
}

int sealed_state_seal(const struct usim *usim, struct randomness *randomness, const struct sealed_state *state,
                      uint8_t *sealed, size_t *octets)
{
	uint8_t key[SEALING_KEY_OCTETS], plaintext[PLAINTEXT_MAX];
	struct wire_writer writer = wire_writer_of(plaintext, sizeof(plaintext));
	struct header header;
	size_t count;
	int result;

	header_make(&header, usim, randomness);
	write_content(&writer, state);
	count = wire_written(&writer);
	result = count ? derive_key(usim, header.rands, key) : -EMSGSIZE;
	if (!result) {
		memcpy(sealed, header.octets, HEADER_OCTETS);
		result = sealing_seal(key, header.nonce, hash_part(header.octets, HEADER_OCTETS),
		                      hash_part(plaintext, count), sealed + HEADER_OCTETS);
	}
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(plaintext, sizeof(plaintext));
	*octets = result ? 0 : HEADER_OCTETS + count + SEALING_TAG_OCTETS;
	return result;
}

int sealed_state_save(const char *path, const struct usim *usim, struct randomness *randomness,
                      const struct sealed_state *state)
{
	uint8_t file[FILE_MAX];
	size_t octets;
	int result = sealed_state_seal(usim, randomness, state, file, &octets);

	return result ? result : durable_file_write(path, (struct wire_view){file, octets});
}
