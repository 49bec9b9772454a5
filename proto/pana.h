// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana - the messages of PANA (RFC 5191) with AVP encryption (RFC 6786) and the one AVP of ours that stands in the
 * clear. Which AVP may stand in which message is one table in pana.c.
 *
 *   message = reserved16 length16 flags16 type16 session-identifier32 sequence-number32 AVP…     length: whole message
 *   AVP     = code16 flags16 length16 reserved16 [vendor32] value zero-padding-to-4              length: the value only
 *
 * The AVP reader and writer serve the plaintext of an Encryption-Encap as well (B-30): that is a row of AVPs, too.
 * Pure: no allocation, no cryptography; AUTH values and encryption are controlplane/keys/pana_keys.
 */
#ifndef KEDGE_PROTO_PANA_H
#define KEDGE_PROTO_PANA_H

#include "wire.h"

enum { PANA_UDP_PORT = 716, PANA_HEADER_OCTETS = 16, PANA_PAYLOAD_MAX = 1232 /* B-4 */, PANA_AVP_HEADER_OCTETS = 8 };

/* IETF AVPs (RFC 5191 8, RFC 6786), and Mob-Capability, which stands under our Vendor-Id (B-7, B-35). */
enum pana_avp_code {
	PANA_AUTH = 1,
	PANA_EAP_PAYLOAD = 2,
	PANA_INTEGRITY_ALGORITHM = 3,
	PANA_KEY_ID = 4,
	PANA_NONCE = 5,
	PANA_PRF_ALGORITHM = 6,
	PANA_RESULT_CODE = 7,
	PANA_SESSION_LIFETIME = 8,
	PANA_TERMINATION_CAUSE = 9,
	PANA_ENCRYPTION_ENCAP = 12,
	PANA_ENCRYPTION_ALGORITHM = 13,
	PANA_MOB_CAPABILITY = 257,
};

enum {
	PANA_PRF_HMAC_SHA1 = 2,
	PANA_PRF_HMAC_SHA2_256 = 5,
	PANA_INTEGRITY_HMAC_SHA1_160 = 7,
	PANA_INTEGRITY_HMAC_SHA2_256_128 = 12,
	PANA_ENCRYPTION_AES128_CTR = 1,
};

enum { PANA_RESULT_SUCCESS = 0, PANA_RESULT_AUTHENTICATION_REJECTED = 1, PANA_RESULT_AUTHORIZATION_REJECTED = 2 };

enum { PANA_CAUSE_LOGOUT = 1, PANA_CAUSE_ADMINISTRATIVE = 4, PANA_CAUSE_SESSION_TIMEOUT = 8 };

/* Bits of Mob-Capability (B-7). */
enum {
	PANA_CAPABILITY_MIP6 = 0x01,
	PANA_CAPABILITY_DSMIP6 = 0x02,
	PANA_CAPABILITY_HIP = 0x04,
	PANA_CAPABILITY_RFC4285 = 0x08,
	PANA_CAPABILITY_POP = 0x10,
	PANA_CAPABILITY_FAST = 0x20,
};

/* What a message is: its type and the flags R, S, C, A, P together. The I flag is kept apart. */
enum pana_kind {
	PANA_PCI,
	PANA_PAR_START,
	PANA_PAN_START,
	PANA_PAR,
	PANA_PAN,
	PANA_PAR_COMPLETE,
	PANA_PAN_COMPLETE,
	PANA_PTR,
	PANA_PTA,
	PANA_PNR_REAUTHENTICATION,
	PANA_PNA_REAUTHENTICATION,
	PANA_PNR_PING,
	PANA_PNA_PING,
	PANA_KINDS
};

/* Why octets are no valid message: the name of the counter, and what it means. */
#define PANA_FAULTS(FAULT)                                                                                             \
	FAULT(VALID, valid)                             /* nothing is wrong */                                         \
	FAULT(TRUNCATED, truncated)                     /* shorter than its header, or an AVP passes the end */        \
	FAULT(LENGTH, length)                           /* Message Length is not that of the payload (B-2) */          \
	FAULT(RESERVED, reserved)                       /* Reserved not 0 in PAR(S) or PAN(S) (B-2) */                 \
	FAULT(TYPE_OR_FLAGS, type_or_flags)             /* no such message, or flags that exclude each other */        \
	FAULT(NUMBERS, numbers)                         /* PCI with a session or number, another without a session */  \
	FAULT(PADDING, padding)                         /* padding that is not zero (B-3) */                           \
	FAULT(UNKNOWN_AVP, unknown_avp)                 /* not ours to understand (B-31) */                            \
	FAULT(VENDOR_AVP_IN_CLEAR, vendor_avp_in_clear) /* one of ours that belongs inside Encap (B-31) */             \
	FAULT(SECRET_IN_CLEAR, secret_in_clear)         /* a Shared-Secret among them (B-31) */                        \
	FAULT(AVP_NOT_ALLOWED, avp_not_allowed)         /* a known AVP in a message that may not have it */            \
	FAULT(AVP_REPEATED, avp_repeated)               /* twice what may stand once */                                \
	FAULT(AVP_MISSING, avp_missing)                 /* a mandatory AVP is absent */                                \
	FAULT(AVP_LENGTH, avp_length)                   /* a value of a wrong length */                                \
	FAULT(AUTH_NOT_LAST, auth_not_last)             /* RFC 5191 7: fixed at the end */

enum pana_fault {
#define PANA_FAULT_ENUM(NAME, name) PANA_FAULT_##NAME,
	PANA_FAULTS(PANA_FAULT_ENUM)
#undef PANA_FAULT_ENUM
	        PANA_FAULT_COUNT
};

/* "avp_missing", for counters and logs. */
const char *pana_fault_name(enum pana_fault fault);

/* "PAR(S)", for logs. */
const char *pana_kind_name(enum pana_kind kind);

/* True for PAR, PTR and PNR of all kinds (the R flag). PCI is neither request nor answer. */
bool pana_kind_is_request(enum pana_kind kind);

struct pana_avp {
	uint16_t code;
	uint32_t vendor;          /* 0: an IETF AVP */
	struct wire_view value;   /* without padding */
	struct wire_view encoded; /* the whole AVP: header, value, padding, as K-10 hashes it */
};

/*
 * The next AVP of a row of AVPs. Returns false at the end and when something is wrong: then *fault says what
 * (TRUNCATED, PADDING, UNKNOWN_AVP for a V flag with Vendor-Id 0), else VALID. Flag bits that RFC 5191 reserves, and
 * the Reserved field, are ignored. Views point into the reader's octets.
 */
bool pana_avp_read(struct wire_reader *reader, struct pana_avp *avp, enum pana_fault *fault);

/* Appends one AVP; vendor 0 for an IETF AVP. A value over 65535 octets fails the writer. */
void pana_avp_write(struct wire_writer *writer, uint32_t vendor, uint16_t code, const void *value, size_t octets);
void pana_avp_write_u32(struct wire_writer *writer, uint32_t vendor, uint16_t code, uint32_t value);

/* Appends an AVP whose value the caller fills, padding already zero. Returns where the value lies, or NULL. */
uint8_t *pana_avp_write_space(struct wire_writer *writer, uint32_t vendor, uint16_t code, size_t octets);

/* Octets of an encoded AVP with a value of `octets`. */
size_t pana_avp_encoded_octets(uint32_t vendor, size_t octets);

enum { PANA_SLOTS = 15 };

/* A valid message: views into the caller's octets. */
struct pana_message {
	enum pana_kind kind;
	bool ip_reconfiguration; /* the I flag */
	uint32_t session_id;
	uint32_t sequence_number;
	struct wire_view octets;         /* the whole message */
	struct wire_view avps;           /* what follows the header */
	uint8_t occurrences[PANA_SLOTS]; /* read through the functions below */
	struct wire_view first[PANA_SLOTS];
};

/*
 * Reads one UDP payload. `vendor` is the configured Vendor-Id of B-35. Returns PANA_FAULT_VALID and fills *message, or
 * what is wrong (RFC 5191 5.5; *message is then unspecified). AUTH is not verified here.
 */
enum pana_fault pana_message_read(const void *payload, size_t octets, uint32_t vendor, struct pana_message *message);

bool pana_message_has(const struct pana_message *message, enum pana_avp_code code);

/* The value of the first such AVP; an empty view when there is none. */
struct wire_view pana_message_value(const struct pana_message *message, enum pana_avp_code code);

/* The Unsigned32 of the first such AVP, 0 when there is none. */
uint32_t pana_message_u32(const struct pana_message *message, enum pana_avp_code code);

/* True when one of the AVPs of this code, which may be repeated in PAR(S), has this value: an offer of B-14. */
bool pana_message_offers(const struct pana_message *message, enum pana_avp_code code, uint32_t value);

/*
 * Building: pana_message_begin, then pana_avp_write…, then one of the ends. The writer must begin at the message's
 * first octet.
 */
void pana_message_begin(struct wire_writer *writer, enum pana_kind kind, uint32_t session_id, uint32_t sequence_number);

/* Sets Message Length. Returns the octets of the message, or 0 when it did not fit into the buffer or B-4's limit. */
size_t pana_message_end(struct wire_writer *writer);

/* The same, with an AUTH of `mac_octets` zero octets as last AVP, to be filled by pana_auth_set(). */
size_t pana_message_end_with_auth(struct wire_writer *writer, size_t mac_octets);

#endif
