// SPDX-License-Identifier: BSD-3-Clause
/*
 * endpoint - an address and a port. Addresses are IPv6; an IPv4 address is held in mapped form (::ffff:a.b.c.d).
 */
#ifndef KEDGE_RUNTIME_ENDPOINT_H
#define KEDGE_RUNTIME_ENDPOINT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

struct endpoint {
	struct in6_addr address; /* network order */
	uint16_t port;           /* host order */
};

enum { ENDPOINT_TEXT_OCTETS = INET6_ADDRSTRLEN + 8 };

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* "2001:db8::1", "192.0.2.1", also "[2001:db8::1]:53" and "192.0.2.1:53". Returns 0 or -EINVAL; port 0 if none is
 * named. */
int endpoint_parse(const char *text, struct endpoint *endpoint);

/* Writes "[address]:port" (or "a.b.c.d:port") into `text` and returns it. */
char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_OCTETS]);

/* Writes the address alone, IPv4 in dotted form. */
char *address_format(const struct in6_addr *address, char text[ENDPOINT_TEXT_OCTETS]);

/* Reads an IPv6 or IPv4 address (the latter becomes mapped). Returns 0 or -EINVAL. */
int address_parse(const char *text, struct in6_addr *address);

#endif
