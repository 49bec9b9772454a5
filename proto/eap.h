// SPDX-License-Identifier: BSD-3-Clause
/*
 * eap - EAP packets (RFC 3748 section 4).
 *
 *   code8 identifier8 length16 [type8 type-data]        type and type-data in requests and responses alone
 *
 * The relay looks at code, identifier and length and, for User-Name, at the type-data of an EAP-Response/Identity
 * (E-18). Expanded types are not ours and pass as type 254.
 */
#ifndef KEDGE_PROTO_EAP_H
#define KEDGE_PROTO_EAP_H

#include "wire.h"

enum { EAP_HEADER_OCTETS = 4, EAP_PACKET_MAX = 4096, EAP_IDENTITY_MAX = 253 };

enum eap_code { EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_SUCCESS = 3, EAP_FAILURE = 4 };

enum eap_type {
	EAP_TYPE_IDENTITY = 1,
	EAP_TYPE_NOTIFICATION = 2,
	EAP_TYPE_NAK = 3,
	EAP_TYPE_AKA = 23,
	EAP_TYPE_AKA_PRIME = 50
};

struct eap_packet {
	uint8_t code;
	uint8_t identifier;
	uint8_t type;            /* 0 in Success and Failure */
	struct wire_view data;   /* type-data; empty in Success and Failure */
	struct wire_view octets; /* the packet without what follows its length (RFC 3748 4: padding is ignored) */
};

/* Returns 0; -EINVAL for an unknown code, a length under the header's or over the octets that are there, or no type. */
int eap_read(const void *bytes, size_t octets, struct eap_packet *packet);

/* Writes a request or response of `type` with `data`, or Success or Failure (type and data unused). */
void eap_write(struct wire_writer *writer, enum eap_code code, uint8_t identifier, uint8_t type, const void *data,
               size_t octets);

#endif
