// SPDX-License-Identifier: BSD-3-Clause
/*
 * host_key - the key pair behind a Host Identity: node and server sign with it (K-12), and nothing else does (K-15).
 *
 * Kinds: ECDSA P-256 and P-384, RSA of 2048 to 3072 bits. Public keys travel as HI-value (B-35, hip.h), signatures as
 * the value of AVP 260: sigalg16 | signature. ECDSA: r | s in full length, SHA-256 with P-256, SHA-384 with P-384.
 * RSA: PSS, SHA-256, MGF1-SHA-256, salt of 32 octets.
 *
 * Thread: any; a key is not changed once it is made, so that several threads may sign with one.
 */
#ifndef KEDGE_KEYS_HOST_KEY_H
#define KEDGE_KEYS_HOST_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "hip.h"
#include "key_file.h"

struct host_key;

enum {
	HOST_SIGNATURE_MAX = 2 + HIP_RSA_MAX_BITS / 8,
	HOST_KEY_DER_MAX = 2048, /* PKCS#8 of the longest RSA key */
};

/* Makes an ECDSA P-256 pair. Returns 0 or -EIO (the cryptographic library refused). */
int host_key_generate(struct host_key **key);

/*
 * Reads PKCS#8 PEM without a passphrase. Returns 0; -EACCES when others can read the file, -EKEYREJECTED for a kind of
 * key that is none of the above, -EINVAL for what is no key, or the errno of the file; `error` then says it in words.
 */
int host_key_load(const char *path, struct host_key **key, char error[KEY_FILE_ERROR_OCTETS]);

/* Writes PKCS#8 PEM, mode 0600, durably; never over a file that exists (-EEXIST). Returns 0 or negative errno. */
int host_key_save(const struct host_key *key, const char *path);

/* PKCS#8 DER for the node's sealed state (N-1); the caller wipes the octets. Return 0 or -EINVAL, -ENOSPC. */
int host_key_to_der(const struct host_key *key, uint8_t der[HOST_KEY_DER_MAX], size_t *octets);
int host_key_from_der(struct wire_view der, struct host_key **key);

/* Wipes the private part; NULL is allowed. */
void host_key_free(struct host_key *key);

/* Writes HI-value, the value of AVP 259 or 267, and returns its octets. */
size_t host_key_identity(const struct host_key *key, uint8_t value[HIP_IDENTITY_VALUE_MAX]);

/* Signs `input`; the value of AVP 260 or 272. Returns 0 or -EIO. */
int host_key_sign(const struct host_key *key, struct wire_view input, uint8_t value[HOST_SIGNATURE_MAX],
                  size_t *octets);

/* Whether HI-value holds a key that is taken (B-37), the point on its curve included. Returns 0 or -EKEYREJECTED. */
int host_identity_check(struct wire_view identity_value);

/*
 * Verifies the value of AVP 260 or 272 over `input` with the key in HI-value. Returns 0, -EKEYREJECTED for the key
 * (202), -EBADMSG for a signature that is wrong, of a wrong length or by an algorithm that does not go with the key
 * (201). Slow: a worker's work (F-7).
 */
int host_identity_verify(struct wire_view identity_value, struct wire_view input, struct wire_view signature_value);

#endif
