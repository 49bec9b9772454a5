// SPDX-License-Identifier: BSD-3-Clause
/*
 * mobility_authenticator - the MAC of option 9 over a message as it stands: M-4's input cut out of it, its checksum
 * taken as zero. Private to this room; pure.
 */
#ifndef KEDGE_MOBILITYSERVER_MOBILITY_AUTHENTICATOR_H
#define KEDGE_MOBILITYSERVER_MOBILITY_AUTHENTICATOR_H

#include <netinet/in.h>

#include "mobility_header.h"
#include "secret.h"

/* Returns 0 or -EIO. */
int mobility_authenticator_make(const struct secret *key, const struct in6_addr *care_of_address,
                                const struct in6_addr *home_address, struct wire_view message,
                                const struct mobility_header *header, uint8_t authenticator[MOBILITY_MAC_OCTETS]);

/* Whether the message's own authenticator is that; compared in constant time (K-16). */
bool mobility_authenticator_is_right(const struct secret *key, const struct in6_addr *care_of_address,
                                     const struct in6_addr *home_address, struct wire_view message,
                                     const struct mobility_header *header);

#endif
