// SPDX-License-Identifier: BSD-3-Clause
/*
 * rfc4285_mac - the Authenticator of the MN-HA Mobility Message Authentication option (RFC 4285 5.1, M-4):
 * First(96, HMAC-SHA1(key, care-of address | home address | Mobility Header up to and with the SPI, checksum 0)).
 */
#ifndef KEDGE_KEYS_RFC4285_MAC_H
#define KEDGE_KEYS_RFC4285_MAC_H

#include <netinet/in.h>

#include "secret.h"

enum { RFC4285_MAC_OCTETS = 12 };

/*
 * `care_of_address` is that of M-4 (in a Binding Acknowledgement that of the update it answers; IPv4 in mapped form).
 * `octets` counts the Mobility Header from its first octet up to and with the SPI: where the Authenticator begins.
 * The checksum is taken as zero whatever stands there.
 */
void rfc4285_mac_compute(const struct secret *key, const struct in6_addr *care_of_address,
                         const struct in6_addr *home_address, const uint8_t *mobility_header, size_t octets,
                         uint8_t mac[RFC4285_MAC_OCTETS]);

/* Compares in constant time (K-16). */
bool rfc4285_mac_verify(const struct secret *key, const struct in6_addr *care_of_address,
                        const struct in6_addr *home_address, const uint8_t *mobility_header, size_t octets,
                        const uint8_t mac[RFC4285_MAC_OCTETS]);

#endif
