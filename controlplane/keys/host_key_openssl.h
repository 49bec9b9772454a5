// SPDX-License-Identifier: BSD-3-Clause
/* host_key_openssl - the pair inside a host key, for this room's own files. */
#ifndef KEDGE_KEYS_HOST_KEY_OPENSSL_H
#define KEDGE_KEYS_HOST_KEY_OPENSSL_H

#include <openssl/evp.h>

struct host_key;

/* Owned by the key. */
EVP_PKEY *host_key_pair(const struct host_key *key);

#endif
