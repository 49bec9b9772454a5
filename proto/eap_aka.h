// SPDX-License-Identifier: BSD-3-Clause
/*
 * eap_aka - the type-data of EAP-AKA (RFC 4187) and EAP-AKA' (RFC 9048): subtype and attributes.
 *
 *   subtype8 reserved16 attribute…        attribute = type8 length8 value, length in units of 4 octets, all of it
 *
 * One table in eap_aka.c says for each attribute how long it must be and how its value is laid out. Codec alone: MACs,
 * keys and decryption are controlplane/aka/eap_aka_keys.
 */
#ifndef KEDGE_PROTO_EAP_AKA_H
#define KEDGE_PROTO_EAP_AKA_H

#include "wire.h"

enum eap_aka_subtype {
	EAP_AKA_CHALLENGE = 1,
	EAP_AKA_AUTHENTICATION_REJECT = 2,
	EAP_AKA_SYNCHRONIZATION_FAILURE = 4,
	EAP_AKA_IDENTITY = 5,
	EAP_AKA_NOTIFICATION = 12,
	EAP_AKA_REAUTHENTICATION = 13,
	EAP_AKA_CLIENT_ERROR = 14,
};

enum eap_aka_attribute_type {
	AT_RAND = 1,
	AT_AUTN = 2,
	AT_RES = 3,
	AT_AUTS = 4,
	AT_PADDING = 6,
	AT_PERMANENT_ID_REQ = 10,
	AT_MAC = 11,
	AT_NOTIFICATION = 12,
	AT_ANY_ID_REQ = 13,
	AT_IDENTITY = 14,
	AT_FULLAUTH_ID_REQ = 17,
	AT_COUNTER = 19,
	AT_COUNTER_TOO_SMALL = 20,
	AT_NONCE_S = 21,
	AT_CLIENT_ERROR_CODE = 22,
	AT_KDF_INPUT = 23,
	AT_KDF = 24,
	AT_IV = 129,
	AT_ENCR_DATA = 130,
	AT_NEXT_PSEUDONYM = 132,
	AT_NEXT_REAUTH_ID = 133,
	AT_CHECKCODE = 134,
	AT_RESULT_IND = 135,
	AT_BIDDING = 136,
};

enum {
	EAP_AKA_HEAD_OCTETS = 3, /* subtype and reserved */
	EAP_AKA_RAND_OCTETS = 16,
	EAP_AKA_AUTN_OCTETS = 16,
	EAP_AKA_AUTS_OCTETS = 14,
	EAP_AKA_MAC_OCTETS = 16,
	EAP_AKA_RES_MIN_OCTETS = 4,
	EAP_AKA_RES_MAX_OCTETS = 16,
	EAP_AKA_KDFS_MAX = 8,
	EAP_AKA_NOTIFICATION_SUCCESS = 32768,         /* S bit: no failure */
	EAP_AKA_NOTIFICATION_GENERAL_FAILURE = 16384, /* P bit: before the challenge round */
	EAP_AKA_NOTIFICATION_FAILURE_AFTER = 0,       /* general failure after authentication */
	EAP_AKA_BIDDING_D = 0x8000,
	EAP_AKA_KDF_DEFAULT = 1, /* AKA' with CK' and IK' */
};

/* A message's attributes; views into the caller's octets, NULL bytes where one is absent. */
struct eap_aka_message {
	uint8_t subtype;
	struct wire_view rand;
	struct wire_view autn;
	struct wire_view res; /* without padding; its length in bits is told by res_bits */
	uint16_t res_bits;
	struct wire_view auts;
	struct wire_view mac; /* 16 octets; where they lie tells what to zero for the MAC */
	struct wire_view identity;
	struct wire_view kdf_input;
	uint16_t kdfs[EAP_AKA_KDFS_MAX];
	size_t kdf_count;
	struct wire_view iv;
	struct wire_view encr_data;
	struct wire_view checkcode; /* empty but not NULL: AT_CHECKCODE without a digest */
	struct wire_view nonce_s;
	struct wire_view next_pseudonym;
	struct wire_view next_reauth_id;
	uint16_t notification;
	uint16_t client_error_code;
	uint16_t counter;
	uint16_t bidding;
	bool has_notification, has_client_error_code, has_counter, has_bidding;
	bool permanent_id_req, any_id_req, fullauth_id_req, result_ind, counter_too_small;
	uint32_t skipped; /* unknown attributes >= 128 */
};

/*
 * Reads type-data. Returns 0; -EBADMSG for a malformed message (lengths, non-zero padding, an attribute that may not be
 * repeated); -ENOTSUP for an unknown attribute below 128, which must not be skipped (E-9, RFC 4187 8.1).
 * Which attributes a subtype must have is the method's business.
 */
int eap_aka_read(const void *data, size_t octets, struct eap_aka_message *message);

/* Reads the plaintext of AT_ENCR_DATA into the same struct; AT_PADDING must be zeros. `message` is zeroed before. */
int eap_aka_read_encrypted(const void *plaintext, size_t octets, struct eap_aka_message *message);

/* Building type-data: begin, attributes. */
void eap_aka_begin(struct wire_writer *writer, enum eap_aka_subtype subtype);
void eap_aka_write_rand(struct wire_writer *writer, const uint8_t rand[EAP_AKA_RAND_OCTETS]);
void eap_aka_write_autn(struct wire_writer *writer, const uint8_t autn[EAP_AKA_AUTN_OCTETS]);
void eap_aka_write_res(struct wire_writer *writer, const void *res, size_t octets);
void eap_aka_write_auts(struct wire_writer *writer, const uint8_t auts[EAP_AKA_AUTS_OCTETS]);
void eap_aka_write_identity(struct wire_writer *writer, const void *identity, size_t octets);
void eap_aka_write_kdf_input(struct wire_writer *writer, const void *name, size_t octets);
void eap_aka_write_kdf(struct wire_writer *writer, uint16_t kdf);
void eap_aka_write_checkcode(struct wire_writer *writer, const void *digest, size_t octets);

/* AT_PERMANENT_ID_REQ, AT_ANY_ID_REQ, AT_FULLAUTH_ID_REQ, AT_RESULT_IND: two reserved octets. */
void eap_aka_write_flag(struct wire_writer *writer, enum eap_aka_attribute_type type);

/* AT_NOTIFICATION, AT_CLIENT_ERROR_CODE, AT_BIDDING, AT_COUNTER. */
void eap_aka_write_u16(struct wire_writer *writer, enum eap_aka_attribute_type type, uint16_t value);

/* AT_MAC of zeros; returns the offset of its 16 octets from the writer's begin. */
size_t eap_aka_write_mac(struct wire_writer *writer);

#endif
