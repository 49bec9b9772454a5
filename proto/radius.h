// SPDX-License-Identifier: BSD-3-Clause
/*
 * radius - RADIUS packets (RFC 2865, 3579, 2548) as far as EAP needs them.
 *
 *   code8 identifier8 length16 authenticator(16) attribute…       attribute = type8 length8 value, length: all of it
 *
 * Authenticators, Message-Authenticator and MS-MPPE keys are only found and placed here;
 * controlplane/keys/radius_security computes them.
 */
#ifndef KEDGE_PROTO_RADIUS_H
#define KEDGE_PROTO_RADIUS_H

#include "wire.h"

enum {
	RADIUS_HEADER_OCTETS = 20,
	RADIUS_AUTHENTICATOR_OCTETS = 16,
	RADIUS_PACKET_MAX = 4096,
	RADIUS_VALUE_MAX = 253,
	RADIUS_PROXY_STATES_MAX = 8, /* */
};

enum radius_code {
	RADIUS_ACCESS_REQUEST = 1,
	RADIUS_ACCESS_ACCEPT = 2,
	RADIUS_ACCESS_REJECT = 3,
	RADIUS_ACCOUNTING_REQUEST = 4,
	RADIUS_ACCOUNTING_RESPONSE = 5,
	RADIUS_ACCESS_CHALLENGE = 11,
	RADIUS_STATUS_SERVER = 12,
};

enum radius_attribute_type {
	RADIUS_USER_NAME = 1,
	RADIUS_NAS_IP_ADDRESS = 4,
	RADIUS_FRAMED_MTU = 12,
	RADIUS_REPLY_MESSAGE = 18,
	RADIUS_STATE = 24,
	RADIUS_CLASS = 25,
	RADIUS_VENDOR_SPECIFIC = 26,
	RADIUS_SESSION_TIMEOUT = 27,
	RADIUS_CALLED_STATION_ID = 30,
	RADIUS_CALLING_STATION_ID = 31,
	RADIUS_NAS_IDENTIFIER = 32,
	RADIUS_PROXY_STATE = 33,
	RADIUS_EAP_MESSAGE = 79,
	RADIUS_MESSAGE_AUTHENTICATOR = 80,
	RADIUS_CUI = 89, /* Chargeable-User-Identity, RFC 4372 */
	RADIUS_NAS_IPV6_ADDRESS = 95,
	RADIUS_EAP_KEY_NAME = 102,
};

enum {
	RADIUS_VENDOR_MICROSOFT = 311,
	RADIUS_MS_MPPE_SEND_KEY = 16,
	RADIUS_MS_MPPE_RECV_KEY = 17,
	RADIUS_VENDOR_3GPP = 10415,
	RADIUS_3GPP_IMSI = 1,
};

struct radius_packet {
	uint8_t code;
	uint8_t identifier;
	const uint8_t *authenticator;
	struct wire_view attributes;
	struct wire_view octets; /* the packet, without padding behind its length */
	/* offset of the Message-Authenticator's value from the packet's begin; 0 when there is none */
	size_t message_authenticator;
};

/* An attribute, or one sub-attribute of a Vendor-Specific one. */
struct radius_attribute {
	uint8_t type;
	uint32_t vendor; /* 0: not vendor-specific */
	struct wire_view value;
};

/*
 * Reads one datagram. Octets behind the length are padding (RFC 2865 3). Every attribute's length is looked at; more
 * than one Message-Authenticator, one that is not 16 octets, or EAP-Messages that do not stand together are
 * -EBADMSG, like all else that is malformed. Returns 0 otherwise.
 */
int radius_read(const void *datagram, size_t octets, struct radius_packet *packet);

/*
 * Walks the attributes; *reader begins as wire_reader_of_view(packet.attributes). A Vendor-Specific attribute in the
 * form of RFC 2865 5.26 is given as its first sub-attribute's type and value with `vendor` set (the usual one a piece);
 * in another form, as type 26 with `vendor` set and the whole string as value. False at the end.
 */
bool radius_attribute_read(struct wire_reader *reader, struct radius_attribute *attribute);

/* The first attribute of this vendor (0) and type; an empty view with NULL bytes when there is none. */
struct wire_view radius_find(const struct radius_packet *packet, uint32_t vendor, uint8_t type);
size_t radius_count(const struct radius_packet *packet, uint32_t vendor, uint8_t type);

/* The Unsigned32 of an attribute. False when there is none or it is not 4 octets. */
bool radius_find_u32(const struct radius_packet *packet, uint32_t vendor, uint8_t type, uint32_t *value);

/* Joins the EAP-Message pieces. Returns the octets, 0 when there are none or they exceed `capacity`. */
size_t radius_eap_message(const struct radius_packet *packet, uint8_t *eap, size_t capacity);

/* Building: begin, attributes, end. The writer must begin at the packet's first octet. */
void radius_begin(struct wire_writer *writer, enum radius_code code, uint8_t identifier,
                  const uint8_t authenticator[RADIUS_AUTHENTICATOR_OCTETS]);
void radius_attribute_write(struct wire_writer *writer, uint8_t type, const void *value, size_t octets);
void radius_attribute_write_u32(struct wire_writer *writer, uint8_t type, uint32_t value);
void radius_vendor_write(struct wire_writer *writer, uint32_t vendor, uint8_t type, const void *value, size_t octets);

/* A Message-Authenticator of zeros; to stand first. Returns the offset of its value. */
size_t radius_message_authenticator_write(struct wire_writer *writer);

/* The EAP packet in pieces of at most 253 octets. */
void radius_eap_message_write(struct wire_writer *writer, const void *eap, size_t octets);

/* Sets the length. Returns the packet's octets, 0 when it did not fit. */
size_t radius_end(struct wire_writer *writer);

#endif
