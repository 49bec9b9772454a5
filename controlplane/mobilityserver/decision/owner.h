// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner - what the owner key of a zone (D-1) says about a subscriber. Pure; any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_OWNER_H
#define KEDGE_MOBILITYSERVER_OWNER_H

#include "secret.h"
#include "subscriber.h"

enum { OWNER_DIGEST_OCTETS = 32, OWNER_LABEL_CHARACTERS = 10 };

/* HMAC-SHA-256(owner key, id of D-1). */
void owner_digest(const struct secret *owner_key, const struct subscriber_identity *identity,
                  uint8_t digest[OWNER_DIGEST_OCTETS]);

/* Its first 50 bits in base32 (RFC 4648, lower case): the {hash} of a name template. */
void owner_label(const struct secret *owner_key, const struct subscriber_identity *identity,
                 char label[OWNER_LABEL_CHARACTERS + 1]);

/*
 * A key of its own for another use: HMAC-SHA-256(owner key, 0x00 | label). An id of D-1 never begins with a zero octet,
 * so no marker is such a key.
 */
void owner_derived_key(const struct secret *owner_key, const char *label, struct secret *key);

#endif
