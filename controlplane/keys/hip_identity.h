// SPDX-License-Identifier: BSD-3-Clause
/*
 * hip_identity - the Host Identity Tag of a public key (K-13; RFC 7401 section 3.2, RFC 7343 section 2).
 *
 * HIT = 0x2001002 (28 bits) | suite (4) | middle 96 bits of hash(context id | HI in HOST_ID form), the hash being
 * SHA-256 for suite 1 and SHA-384 for suite 2.
 */
#ifndef KEDGE_KEYS_HIP_IDENTITY_H
#define KEDGE_KEYS_HIP_IDENTITY_H

#include <netinet/in.h>
#include <stdbool.h>

#include "hip.h"

/*
 * Computes the tag of an acceptable identity (hip.h) into *tag, network order. Returns 0, or -EKEYREJECTED for a key
 * that is not acceptable. Thread: any.
 */
int hip_identity_tag(const struct hip_host_identity *identity, struct in6_addr *tag);

/* Whether the address is an ORCHIDv2 (2001:20::/28). */
bool hip_identity_is_tag(const struct in6_addr *address);

#endif
