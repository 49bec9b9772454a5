// SPDX-License-Identifier: BSD-3-Clause
/*
 * mobility_header - the Mobility Header (next header 135) and its options.
 *
 *   payload protocol8 = 59 | header length8 (units of 8 octets less the first) | type8 | 0x00 | checksum16 | message
 * data
 *
 * RFC 6275 6.1 and 6.2 (messages and options), RFC 4283 (mobile node identifier), RFC 4285 (authentication, replay
 * protection; rules M-2 to M-4), RFC 5555 (IPv4 options, as octets). Options that are not known are skipped, as RFC
 * 6275 6.2.1 asks. Computes no MAC: it says which octets go into one, and where it stands.
 *
 * Thread: nothing here keeps state.
 */
#ifndef KEDGE_PROTO_MOBILITY_HEADER_H
#define KEDGE_PROTO_MOBILITY_HEADER_H

#include "wire.h"

enum {
	MOBILITY_HEADER_PROTOCOL = 135,
	MOBILITY_HEADER_OCTETS_MAX = 256 * 8,
	MOBILITY_ADDRESS_OCTETS = 16,
	MOBILITY_MAC_OCTETS = 12, /* HMAC-SHA1-96 of RFC 4285 */
	MOBILITY_LIFETIME_UNIT_S = 4,
};

enum mobility_header_type {
	MOBILITY_BINDING_REFRESH_REQUEST = 0,
	MOBILITY_HOME_TEST_INIT = 1,
	MOBILITY_CARE_OF_TEST_INIT = 2,
	MOBILITY_HOME_TEST = 3,
	MOBILITY_CARE_OF_TEST = 4,
	MOBILITY_BINDING_UPDATE = 5,
	MOBILITY_BINDING_ACKNOWLEDGEMENT = 6,
	MOBILITY_BINDING_ERROR = 7,
};

enum mobility_binding_update_flag {
	MOBILITY_FLAG_ACKNOWLEDGE = 0x8000,
	MOBILITY_FLAG_HOME_REGISTRATION = 0x4000,
	MOBILITY_FLAG_LINK_LOCAL = 0x2000,
	MOBILITY_FLAG_KEY_MANAGEMENT = 0x1000,
	MOBILITY_FLAG_FORCE_UDP = 0x0100, /* RFC 5555 */
};

/* Status of a Binding Acknowledgement; below 128 is success. */
enum mobility_status {
	MOBILITY_STATUS_ACCEPTED = 0,
	MOBILITY_STATUS_ACCEPTED_PREFIX_DISCOVERY = 1,
	MOBILITY_STATUS_REASON_UNSPECIFIED = 128,
	MOBILITY_STATUS_PROHIBITED = 129,
	MOBILITY_STATUS_INSUFFICIENT_RESOURCES = 130,
	MOBILITY_STATUS_NO_HOME_REGISTRATION = 131,
	MOBILITY_STATUS_NOT_HOME_SUBNET = 132,
	MOBILITY_STATUS_NOT_HOME_AGENT = 133,
	MOBILITY_STATUS_DUPLICATE_ADDRESS = 134,
	MOBILITY_STATUS_SEQUENCE = 135,
	MOBILITY_STATUS_REGISTRATION_TYPE = 139,
	MOBILITY_STATUS_IDENTIFICATION_MISMATCH = 144, /* RFC 4285: timestamp */
	MOBILITY_STATUS_IDENTIFICATION_REQUIRED = 145, /* RFC 4285 */
	MOBILITY_STATUS_AUTHENTICATION_FAILED = 146,   /* RFC 4285 */
	MOBILITY_STATUS_CARE_OF_ADDRESS = 174,
};

/* Status of option 30 (RFC 5555 3.2.1); below 128 is success. */
enum mobility_ipv4_status { MOBILITY_IPV4_INCORRECT = 130, MOBILITY_IPV4_NOT_AVAILABLE = 132 };

enum mobility_binding_error_status { MOBILITY_ERROR_UNKNOWN_BINDING = 1, MOBILITY_ERROR_UNKNOWN_TYPE = 2 };

enum mobility_option_type {
	MOBILITY_OPTION_PAD1 = 0,
	MOBILITY_OPTION_PADN = 1,
	MOBILITY_OPTION_REFRESH_ADVICE = 2,
	MOBILITY_OPTION_ALTERNATE_CARE_OF_ADDRESS = 3,
	MOBILITY_OPTION_NONCE_INDICES = 4,
	MOBILITY_OPTION_AUTHORIZATION_DATA = 5,
	MOBILITY_OPTION_NODE_IDENTIFIER = 8,
	MOBILITY_OPTION_AUTHENTICATION = 9,
	MOBILITY_OPTION_TIMESTAMP = 10,
	MOBILITY_OPTION_IPV4_HOME_ADDRESS = 29,
	MOBILITY_OPTION_IPV4_ACKNOWLEDGEMENT = 30,
	MOBILITY_OPTION_NAT_DETECTION = 31,
	MOBILITY_OPTION_IPV4_CARE_OF_ADDRESS = 32,
};

enum { MOBILITY_IDENTIFIER_NAI = 1, MOBILITY_AUTHENTICATION_MN_HA = 1 }; /* subtypes of options 8 and 9 */

/* Bits of mobility_options.present. */
enum mobility_option_present {
	MOBILITY_HAS_REFRESH_ADVICE = 0x0001,
	MOBILITY_HAS_ALTERNATE_CARE_OF_ADDRESS = 0x0002,
	MOBILITY_HAS_NONCE_INDICES = 0x0004,
	MOBILITY_HAS_AUTHORIZATION_DATA = 0x0008,
	MOBILITY_HAS_NODE_IDENTIFIER = 0x0010,
	MOBILITY_HAS_AUTHENTICATION = 0x0020,
	MOBILITY_HAS_TIMESTAMP = 0x0040,
	MOBILITY_HAS_IPV4_HOME_ADDRESS = 0x0080,
	MOBILITY_HAS_IPV4_ACKNOWLEDGEMENT = 0x0100,
	MOBILITY_HAS_NAT_DETECTION = 0x0200,
	MOBILITY_HAS_IPV4_CARE_OF_ADDRESS = 0x0400,
};

/* Views point into the message that was read, or to what the writer shall copy. */
struct mobility_options {
	uint32_t present;
	uint16_t refresh_interval_units;
	uint8_t alternate_care_of_address[MOBILITY_ADDRESS_OCTETS];
	uint16_t home_nonce_index;
	uint16_t care_of_nonce_index;
	struct wire_view authorization_data;
	uint8_t identifier_subtype;
	struct wire_view identifier; /* subtype 1: the NAI, not terminated */
	uint8_t authentication_subtype;
	uint32_t authentication_spi;
	struct wire_view authenticator;
	uint64_t timestamp; /* NTP: seconds since 1900 in the upper half */
	/* RFC 5555: the value behind type and length */
	struct wire_view ipv4_home_address;
	struct wire_view ipv4_acknowledgement;
	struct wire_view nat_detection;
	struct wire_view ipv4_care_of_address;
};

enum { MOBILITY_IPV4_AT = 2 }; /* of options 29, 30 and 32: where the address stands in the value */

struct mobility_header {
	uint8_t type; /* enum mobility_header_type */
	uint16_t checksum;
	union {
		struct {
			uint16_t sequence;
			uint16_t flags; /* enum mobility_binding_update_flag */
			uint16_t lifetime_units;
		} binding_update;
		struct {
			uint8_t status; /* enum mobility_status */
			bool key_management;
			uint16_t sequence;
			uint16_t lifetime_units;
		} binding_acknowledgement;
		struct {
			uint8_t status; /* enum mobility_binding_error_status */
			uint8_t home_address[MOBILITY_ADDRESS_OCTETS];
		} binding_error;
		struct {
			uint16_t nonce_index;  /* HoT, CoT */
			uint64_t cookie;       /* HoTI, CoTI, HoT, CoT */
			uint64_t keygen_token; /* HoT, CoT */
		} test;
	};
	struct mobility_options options;
	/*
	 * Option 9: where its authenticator begins, counted from the header's first octet; the MAC covers everything
	 * before (M-4). 0 without option 9. Set by reader and writer.
	 */
	size_t authenticator_offset;
	bool authentication_is_last; /* nothing but padding behind it (M-3); set by the reader */
};

/*
 * Reads a whole Mobility Header of exactly `octets` octets; the checksum is not looked at. Returns 0,
 * -EBADMSG (truncated, lengths that disagree, an option shorter than it must be or repeated),
 * -EPROTO (payload protocol is not 59) or -EPROTONOSUPPORT (unknown type; RFC 6275 9.2 answers with a Binding Error).
 */
int mobility_header_read(const void *bytes, size_t octets, struct mobility_header *header);

/*
 * Writes a header with its options and padding; option 9 comes last and starts at 8n+5 (M-3). The checksum is zero, and
 * an authenticator without octets is written as twelve zeros: see mobility_header_finish(). Sets
 * header->authenticator_offset. Returns the octets, or 0 when there is no room or the type is not known.
 */
size_t mobility_header_write(void *buffer, size_t capacity, struct mobility_header *header);

/*
 * Puts the authenticator (NULL: leave it) into a written header, then the checksum over the pseudo-header of these
 * addresses: the home address, not the care-of address, is source of a Binding Update and destination of a Binding
 * Acknowledgement (M-4).
 */
void mobility_header_finish(void *bytes, size_t octets, const struct mobility_header *header,
                            const uint8_t authenticator[MOBILITY_MAC_OCTETS],
                            const uint8_t source[MOBILITY_ADDRESS_OCTETS],
                            const uint8_t destination[MOBILITY_ADDRESS_OCTETS]);

bool mobility_header_checksum_is_right(const void *bytes, size_t octets, const uint8_t source[MOBILITY_ADDRESS_OCTETS],
                                       const uint8_t destination[MOBILITY_ADDRESS_OCTETS]);

/*
 * The care-of address that the MAC covers and the binding is to (M-4): option 3, else option 32 in mapped form, else
 * the IPv6 source.
 */
void mobility_care_of_address(const struct mobility_options *options, const uint8_t source[MOBILITY_ADDRESS_OCTETS],
                              uint8_t care_of_address[MOBILITY_ADDRESS_OCTETS]);

enum { MOBILITY_NAI_OCTETS = 254 };

/* The MN-NAI of a name (M-6): its first label @ the rest. A name of more than 253 octets is cut. */
void mobility_nai_of_name(const char *name, char nai[MOBILITY_NAI_OCTETS]);

#endif
