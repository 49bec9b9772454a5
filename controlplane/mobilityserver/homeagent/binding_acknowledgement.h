// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_acknowledgement - builds the packets that a home agent answers with: Binding Acknowledgements under an RFC
 * 4285 association (M-4, M-20) and Binding Errors (RFC 6275 9.3.3). Pure; any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_ACKNOWLEDGEMENT_H
#define KEDGE_MOBILITYSERVER_BINDING_ACKNOWLEDGEMENT_H

#include <netinet/in.h>

#include "secret.h"
#include "wire.h"

enum { BINDING_ACKNOWLEDGEMENT_OCTETS_MAX = 512 };

struct binding_acknowledgement {
	uint8_t status; /* enum mobility_status */
	uint16_t sequence;
	uint16_t lifetime_units;
	struct in6_addr home_agent_address;
	struct in6_addr destination; /* where the update came from */
	struct in6_addr home_address;
	bool at_home;                    /* the update came from the home address itself: no routing header */
	struct in6_addr care_of_address; /* of M-4, of the update */
	bool has_timestamp;
	uint64_t timestamp; /* RFC 4285 6 */
	/* in UDP to an IPv4 network: option 31, no routing header, these outer addresses and port around it (M-20,
	 * M-24) */
	bool in_udp;
	bool has_nat;
	struct in6_addr outer_source; /* mapped */
	struct in6_addr outer_destination;
	uint16_t port;
	/* option 30: the IPv4 home address that was asked for (0.0.0.0: any), and the status that it gets */
	bool has_ipv4_home_address;
	uint8_t ipv4_home_address[4];
	uint8_t ipv4_status; /* enum mobility_ipv4_status */
	uint32_t spi;
	const struct secret *key;
	const char *nai;
};

/* Writes the whole packet; returns its octets, 0 when it does not fit. */
size_t binding_acknowledgement_write(const struct binding_acknowledgement *acknowledgement, void *buffer,
                                     size_t capacity);

/* A Binding Error with this status (enum mobility_binding_error_status) to `destination`; the same returns. */
size_t binding_error_write(uint8_t status, const struct in6_addr *source, const struct in6_addr *destination,
                           const struct in6_addr *home_address, void *buffer, size_t capacity);

#endif
