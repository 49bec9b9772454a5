// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_store_port - what the home agent asks of the store: security associations with their keys and last numbers
 * (M-9, L-1), the bindings that were acknowledged, and the epoch of their versions.
 *
 * Rows are plain structs by value; texts end with NUL; times are milliseconds since 1970. Each row is one operation,
 * the rows of one step are one transaction. The backend encrypts keys before they reach a disk.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_STORE_PORT_H
#define KEDGE_MOBILITYSERVER_BINDING_STORE_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "secret.h"
#include "subscriber.h"

enum { BINDING_STORE_PORT = 3 };

enum binding_store_operation {
	/* struct association_row, created, or changed but for its numbers: a row may have been written before a number
	 */
	BINDING_STORE_PUT_ASSOCIATION = 1,
	BINDING_STORE_DELETE_ASSOCIATION, /* struct association_key_row */
	BINDING_STORE_PUT_NUMBER,         /* struct association_number_row */
	BINDING_STORE_PUT_BINDING,        /* struct home_binding_row, created or changed */
	BINDING_STORE_DELETE_BINDING,     /* struct home_binding_key_row; need not be there */
	BINDING_STORE_PUT_EPOCH,          /* struct binding_epoch_row */
};

enum { ASSOCIATION_NAI_OCTETS = 254, HOST_IDENTITY_DIGEST_OCTETS = 32 };

/* The numbers stand in the store. */
enum association_state {
	ASSOCIATION_LIVE = 1,
	ASSOCIATION_QUARANTINED = 2, /* dead; its SPI is not given again before `until_ms` (L-1); without a key */
};

struct association_row {
	uint32_t spi;
	uint8_t state; /* enum association_state */
	uint8_t prefix_length;
	bool has_number;       /* a Binding Update has been accepted or refused under it */
	uint16_t first_number; /* of these (M-8) */
	uint16_t last_number;
	uint64_t created_ms;
	uint64_t until_ms;
	struct in6_addr home_address;
	struct in6_addr home_agent_address;
	uint8_t host_identity_digest[HOST_IDENTITY_DIGEST_OCTETS]; /* SHA-256 of the HI-value (L-4) */
	uint32_t services;                                         /* of the lease: bits of B-7 */
	struct session_ambr ambr;                                  /* of the subscriber, as he was admitted last */
	char nai[ASSOCIATION_NAI_OCTETS];
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	struct secret key; /* MN-HA-K */
};

struct association_key_row {
	uint32_t spi;
};

struct association_number_row {
	uint32_t spi;
	uint16_t first_number;
	uint16_t last_number;
};

struct home_binding_row {
	struct in6_addr key; /* the home address, bits behind prefix_length zero: one binding a key */
	uint8_t prefix_length;
	struct in6_addr home_address;
	uint32_t spi;                    /* under which it was made */
	struct in6_addr care_of_address; /* an IPv4 one is mapped, and has the port of UDP */
	uint16_t port;
	uint64_t until_ms;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
};

struct home_binding_key_row {
	struct in6_addr key;
	uint8_t prefix_length;
};

struct binding_epoch_row {
	uint32_t epoch;
};

/* Who is told what stands in the store when the server starts. A non-zero result ends the loading. */
struct binding_store_reader {
	void *context;
	int (*association)(void *context, const struct association_row *row);
	int (*binding)(void *context, const struct home_binding_row *row);
};

#endif
