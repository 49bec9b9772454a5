// SPDX-License-Identifier: BSD-3-Clause
/*
 * bootstrap_avp - the vendor AVPs of the bootstrap (258..275) that stand inside an Encryption-Encap of PNR(P) and
 * PNA(P). Their values are those of table 1.4, their occurrence that of B-34; both are tables in bootstrap_avp.c.
 *
 *   Boot-Request-Id 258          id 16
 *   Host-Identity 259, 267       algorithm8 suite8 0x0000 key…
 *   PoP- / Server-Signature 260, 272   algorithm16 signature…
 *   Desired- / Assigned-FQDN, RVS-Name 261, 265, 275   name…
 *   Desired-Address 262, Mobility-Server-Address 268   family8 prefix-length8 flags16 address
 *   Assigned-Address 266         family8 prefix-length8 flags16 lifetime32 address
 *   Mobility-SA 269              SPI32 algorithm16 replay8 flags8 lifetime32
 *   Shared-Secret 263, Error-Text 273   octets…
 *   Boot-Status 264, Lease-Lifetime 270, Service-Type 271, Retry-After 274   Unsigned32
 *
 * Reader and writer serve both ends. Pure: no allocation, no cryptography; views point into the caller's octets.
 */
#ifndef KEDGE_PROTO_BOOTSTRAP_AVP_H
#define KEDGE_PROTO_BOOTSTRAP_AVP_H

#include "wire.h"

enum bootstrap_avp_code {
	BOOT_REQUEST_ID = 258,
	BOOT_HOST_IDENTITY = 259,
	BOOT_POP_SIGNATURE = 260,
	BOOT_DESIRED_FQDN = 261,
	BOOT_DESIRED_ADDRESS = 262,
	BOOT_SHARED_SECRET = 263,
	BOOT_STATUS = 264,
	BOOT_ASSIGNED_FQDN = 265,
	BOOT_ASSIGNED_ADDRESS = 266,
	BOOT_SERVER_HOST_IDENTITY = 267,
	BOOT_MOBILITY_SERVER_ADDRESS = 268,
	BOOT_MOBILITY_SA = 269,
	BOOT_LEASE_LIFETIME = 270,
	BOOT_SERVICE_TYPE = 271,
	BOOT_SERVER_SIGNATURE = 272,
	BOOT_ERROR_TEXT = 273,
	BOOT_RETRY_AFTER = 274,
	BOOT_RVS_NAME = 275,
	BOOT_CODE_FIRST = BOOT_REQUEST_ID,
	BOOT_CODE_LAST = BOOT_RVS_NAME,
};

/* Boot-Status (264), table 1.5. */
enum bootstrap_status {
	BOOTSTRAP_OK = 0,
	BOOTSTRAP_NAME_CHANGED = 1,
	BOOTSTRAP_PENDING = 100,
	BOOTSTRAP_MALFORMED = 200,
	BOOTSTRAP_BAD_PROOF = 201,
	BOOTSTRAP_KEY_REFUSED = 202,
	BOOTSTRAP_NAME_NOT_AUTHORISED = 203,
	BOOTSTRAP_NAME_IN_USE = 204,
	BOOTSTRAP_ADDRESS_NOT_AUTHORISED = 205,
	BOOTSTRAP_POOL_EMPTY = 206,
	BOOTSTRAP_DNS_FAILED = 207,
	BOOTSTRAP_STORE_FAILED = 208,
	BOOTSTRAP_BARRED = 209,
	BOOTSTRAP_RATE_LIMITED = 210,
	BOOTSTRAP_KEY_CHANGE_NEEDS_APPROVAL = 211,
	BOOTSTRAP_UNSUPPORTED = 212,
	BOOTSTRAP_UNKNOWN_REQUEST = 213,
};

/* "ok", "ok-name-changed", "pending", …; "unknown" for other numbers. */
const char *bootstrap_status_name(uint32_t status);

/* The columns of B-34. */
enum bootstrap_message {
	BOOTSTRAP_REQUEST_FULL,
	BOOTSTRAP_REQUEST_POLL,
	BOOTSTRAP_ANSWER_GRANTED, /* status 0 or 1 */
	BOOTSTRAP_ANSWER_PENDING, /* 100 */
	BOOTSTRAP_ANSWER_REFUSED, /* 200 and above */
	BOOTSTRAP_MESSAGES,
};

enum {
	BOOTSTRAP_PLAINTEXT_MAX = 1232, /* B-4: more does not fit into a message */
	BOOTSTRAP_REQUEST_ID_OCTETS = 16,
	BOOTSTRAP_NAME_MAX = 253,
	BOOTSTRAP_SECRET_MIN = 16,
	BOOTSTRAP_SECRET_MAX = 64,
	BOOTSTRAP_ERROR_TEXT_MAX = 128,
	BOOTSTRAP_RETRY_AFTER_MIN_MS = 50,
	BOOTSTRAP_RETRY_AFTER_MAX_MS = 30000,
	BOOTSTRAP_ADDRESSES_MAX = 2, /* one a family */
};

enum { BOOTSTRAP_IPV4 = 1, BOOTSTRAP_IPV6 = 2 };
enum { BOOTSTRAP_SA_HMAC_SHA1_96 = 2, BOOTSTRAP_REPLAY_SEQUENCE = 1, BOOTSTRAP_REPLAY_TIMESTAMP = 2 };

struct bootstrap_address {
	uint8_t family; /* BOOTSTRAP_IPV4 or BOOTSTRAP_IPV6 */
	uint8_t prefix_length;
	uint8_t address[16]; /* network order; IPv4 in the first 4 octets, the others 0 */
	uint32_t lifetime_s; /* Assigned-Address only */
};

struct bootstrap_addresses {
	uint8_t count;
	struct bootstrap_address at[BOOTSTRAP_ADDRESSES_MAX];
};

struct bootstrap_association {
	uint32_t spi;
	uint16_t algorithm;
	uint8_t replay;
	uint8_t flags;
	uint32_t lifetime_s;
};

/* What stands in one request or answer. A field counts only if bootstrap_has() its code. */
struct bootstrap_avps {
	enum bootstrap_message message;
	uint32_t present;
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint32_t status;                             /* 264 */
	struct wire_view host_identity;              /* 259 in requests, 267 in answers: the whole value */
	struct wire_view signature;                  /* 260, 272: the whole value, algorithm first */
	struct wire_view fqdn;                       /* 261, 265 */
	struct wire_view shared_secret;              /* 263 */
	struct wire_view rvs_name;                   /* 275 */
	struct wire_view error_text;                 /* 273 */
	struct bootstrap_addresses addresses;        /* 262, 266 */
	struct bootstrap_addresses server_addresses; /* 268 */
	struct bootstrap_association association;    /* 269 */
	uint32_t lease_lifetime_s;                   /* 270 */
	uint32_t services;                           /* 271 */
	uint32_t retry_after_ms;                     /* 274 */
};

static inline uint32_t bootstrap_bit(enum bootstrap_avp_code code)
{
	return 1u << (code - BOOT_CODE_FIRST);
}

static inline bool bootstrap_has(const struct bootstrap_avps *avps, enum bootstrap_avp_code code)
{
	return avps->present & bootstrap_bit(code);
}

/*
 * Reads the plaintext of a request's Encap (B-30, B-34); a request with nothing but 258 is a poll. `vendor` is the
 * Vendor-Id of B-35.
 * Returns BOOTSTRAP_OK; BOOTSTRAP_UNSUPPORTED when an AVP is unknown; BOOTSTRAP_MALFORMED when occurrence, length or
 * value is wrong (B-36). Whatever it returns, bootstrap_has(BOOT_REQUEST_ID) tells whether request_id is a valid one.
 * A missing PoP-Signature is not malformed, but bad proof (K-12): the caller asks bootstrap_has().
 */
enum bootstrap_status bootstrap_request_read(const void *plaintext, size_t octets, uint32_t vendor,
                                             struct bootstrap_avps *avps);

/* The same for an answer, whose column its Boot-Status names. */
enum bootstrap_status bootstrap_answer_read(const void *plaintext, size_t octets, uint32_t vendor,
                                            struct bootstrap_avps *avps);

/*
 * Appends all AVPs that `present` names, signatures (260, 272) excepted, in the order of the code's table. Of an answer
 * what is written is A of K-11.
 */
void bootstrap_avps_write(struct wire_writer *writer, uint32_t vendor, const struct bootstrap_avps *avps);

/* Appends 260 or 272; `signature` without the algorithm. */
void bootstrap_signature_write(struct wire_writer *writer, uint32_t vendor, enum bootstrap_avp_code code,
                               uint16_t algorithm, const void *signature, size_t octets);

#endif
