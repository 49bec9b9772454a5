// SPDX-License-Identifier: BSD-3-Clause
/*
 * address_text - addresses and prefixes as people write them: IPv4 as 192.0.2.1 and 192.0.2.0/24, in here its mapped
 * form, whose lengths are 96 more. Thread: no state; any.
 */
#ifndef KEDGE_DATAPLANE_ADDRESS_TEXT_H
#define KEDGE_DATAPLANE_ADDRESS_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum { ADDRESS_TEXT_OCTETS = INET6_ADDRSTRLEN, PREFIX_TEXT_OCTETS = INET6_ADDRSTRLEN + 4 };

/* False when it is neither an IPv6 nor an IPv4 address. */
bool address_from_text(const char *text, struct in6_addr *address);

/* "ADDRESS/LENGTH"; bits behind the length are kept. False when it is none. */
bool prefix_from_text(const char *text, struct in6_addr *address, uint8_t *length);

/* Both return `text`. */
const char *address_to_text(const struct in6_addr *address, char text[ADDRESS_TEXT_OCTETS]);
const char *prefix_to_text(const struct in6_addr *address, unsigned length, char text[PREFIX_TEXT_OCTETS]);

#endif
