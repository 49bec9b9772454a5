// SPDX-License-Identifier: BSD-3-Clause
/*
 * owner_marker - what stands in the TXT record at `_kedge.<fqdn>` and says whose name it is (D-1): "v1 " + the first
 * 16 octets of HMAC-SHA-256(owner key, id) in lower-case hex; id = the IMSI in digits, or AS name | 0x00 | CUI.
 */
#ifndef KEDGE_KEYS_OWNER_MARKER_H
#define KEDGE_KEYS_OWNER_MARKER_H

#include <stddef.h>

#include "secret.h"

enum { OWNER_MARKER_LENGTH = 3 + 32, OWNER_MARKER_OCTETS = OWNER_MARKER_LENGTH + 1 };

/* Writes the marker, with NUL, into `marker` and returns it. Thread: any. */
char *owner_marker(const struct secret *owner_key, const void *id, size_t id_octets, char marker[OWNER_MARKER_OCTETS]);

#endif
