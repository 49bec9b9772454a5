// SPDX-License-Identifier: BSD-3-Clause
/*
 * prf_plus - prf+ of IKEv2 (K-1, RFC 7296 2.13): T1 = prf(K, S | 0x01), Tn = prf(K, Tn-1 | S | n).
 * PANA, the mobility keys and PRF' of EAP-AKA' (RFC 9048 3.4.1) stand on it.
 */
#ifndef KEDGE_KEYS_PRF_PLUS_H
#define KEDGE_KEYS_PRF_PLUS_H

#include "hash.h"

/* A seed has at most this many parts. */
enum { PRF_PLUS_PARTS_MAX = 12 };

/*
 * Fills `out` with `octets` octets (at most 255 times the hash's length) of prf+(key, parts…) with HMAC of `algorithm`.
 */
void prf_plus(enum hash_algorithm algorithm, struct wire_view key, const struct wire_view *parts, size_t count,
              void *out, size_t octets);

/* The same into a secret (at most SECRET_MAX_OCTETS). */
void prf_plus_secret(enum hash_algorithm algorithm, struct wire_view key, const struct wire_view *parts, size_t count,
                     struct secret *out, size_t octets);

#endif
