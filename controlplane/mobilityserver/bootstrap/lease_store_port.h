// SPDX-License-Identifier: BSD-3-Clause
/*
 * lease_store_port - what the bootstrap asks of the store: who has which name, address and key (B-47), which sagas are
 * under way (the outbox of B-46), which decisions were made (B-44), and who had what when.
 *
 * Rows are plain structs by value; texts end with NUL. A row claims or releases by the store's own UNIQUE and ON
 * CONFLICT, never by a read before the write: -EEXIST says that somebody else holds it. Times are milliseconds
 * since 1970. Each row is one operation; the rows of one step are one transaction.
 */
#ifndef KEDGE_MOBILITYSERVER_LEASE_STORE_PORT_H
#define KEDGE_MOBILITYSERVER_LEASE_STORE_PORT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "bootstrap_avp.h"
#include "hip.h"
#include "name.h"
#include "subscriber.h"

enum { LEASE_STORE_PORT = 1 };

enum lease_store_operation {
	LEASE_STORE_PUT = 1,         /* struct lease_row */
	LEASE_STORE_DELETE,          /* struct lease_key_row: the lease and the subscriber's decisions */
	LEASE_STORE_CLAIM_NAME,      /* struct name_row: a free name, one's own, or one that has rested */
	LEASE_STORE_DELETE_NAME,     /* struct name_row: fqdn and subscriber */
	LEASE_STORE_CLAIM_ADDRESS,   /* struct address_row, likewise */
	LEASE_STORE_DELETE_ADDRESS,  /* struct address_row: address and subscriber */
	LEASE_STORE_CLAIM_IDENTITY,  /* struct identity_row: the ACL row of L-10 */
	LEASE_STORE_DELETE_IDENTITY, /* struct identity_row: exactly this HIT, subscriber and version */
	LEASE_STORE_PUT_SAGA,        /* struct saga_row */
	LEASE_STORE_DELETE_SAGA,     /* struct lease_key_row */
	LEASE_STORE_PUT_DECISION,    /* struct decision_row; keeps the newest LEASE_DECISIONS_MAX of the subscriber */
	LEASE_STORE_ADD_AUDIT,       /* struct audit_row */
};

enum {
	HOST_IDENTITY_MAX = HIP_IDENTITY_VALUE_MAX,
	LEASE_CHANGES_MAX = 3, /* L-8 counts three */
	BILLING_ID_OCTETS = 16,
	CONTENT_DIGEST_OCTETS = 32,
	LEASE_DECISIONS_MAX = 4,
};

/* What names and addresses go through. The numbers stand in the store. */
enum holding_state {
	HOLDING_RESERVED = 1, /* a saga claims it */
	HOLDING_ACTIVE = 2,
	HOLDING_REMOVING = 3, /* names: to be taken out of the zone, then to rest */
	HOLDING_RESTING = 4,  /* quarantine, until `until_ms` */
	HOLDING_REPAIRING = 5 /* names: active, but the zone is to be brought back to the lease */
};

struct host_identity_value {
	uint16_t octets;
	uint8_t value[HOST_IDENTITY_MAX]; /* as AVP 259 */
	uint8_t hit[HIT_OCTETS];
};

struct lease_key_row {
	char subscriber[SUBSCRIBER_KEY_OCTETS];
};

/* The one lease of a subscriber: what is committed. */
struct lease_row {
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	char fqdn[NAME_TEXT_OCTETS];
	struct in6_addr address;
	struct host_identity_value identity;
	uint32_t services;
	uint64_t expires_ms;
	uint64_t version;
	uint64_t key_changes_ms[LEASE_CHANGES_MAX];  /* newest first, 0 none (L-8) */
	uint64_t name_changes_ms[LEASE_CHANGES_MAX]; /* D-14 */
};

struct name_row {
	char fqdn[NAME_TEXT_OCTETS];
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	enum holding_state state;
	uint64_t until_ms;
	uint64_t version;
	uint64_t now_ms;         /* who rested until now may be claimed */
	struct in6_addr address; /* what the zone shows beside the name, for its removal */
};

/* One subscriber's /64, or the one address of it that is his. */
struct address_row {
	struct in6_addr address;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	enum holding_state state;
	uint64_t until_ms;
	uint64_t version;
	uint64_t now_ms;
};

struct identity_row {
	uint8_t hit[HIT_OCTETS];
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	char fqdn[NAME_TEXT_OCTETS];
	uint64_t expires_ms;
	uint64_t version;
};

/* States of B-46 that a restart may find. */
enum saga_state {
	SAGA_RECEIVED = 1, /* in memory only, like the next */
	SAGA_AUTHORISED,
	SAGA_RESERVED,
	SAGA_DNS_DONE,
	SAGA_BILLED,
	SAGA_COMMITTED,
	SAGA_PUBLISHED,
	SAGA_UNDOING, /* memory only: the undo waits for the store */
};

struct saga_row {
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	enum saga_state state;
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint8_t content_digest[CONTENT_DIGEST_OCTETS];
	uint8_t billing_id[BILLING_ID_OCTETS];
	uint32_t status; /* 0 or 1: what the answer will be */
	bool name_is_new, address_is_new, identity_is_new;
	struct lease_row target;
};

struct decision_row {
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint8_t content_digest[CONTENT_DIGEST_OCTETS];
	uint8_t billing_id[BILLING_ID_OCTETS];
	uint32_t status;
	uint64_t version; /* the lease's at the time */
};

enum audit_event {
	AUDIT_ASSIGNED = 1, /* name, address and key are the subscriber's from now on */
	AUDIT_CHANGED,      /* … with another name or key */
	AUDIT_RENEWED,
	AUDIT_ENDED, /* they are nobody's from now on */
};

enum { AUDIT_ACTOR_OCTETS = 32, AUDIT_REASON_OCTETS = 160 };

struct audit_row {
	uint64_t at_ms;
	uint64_t version;
	enum audit_event event;
	char actor[AUDIT_ACTOR_OCTETS]; /* "bootstrap", "expiry", "operator" */
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	char fqdn[NAME_TEXT_OCTETS];
	struct in6_addr address;
	uint8_t hit[HIT_OCTETS];
	char reason[AUDIT_REASON_OCTETS];
};

/* Reading at start; each function is called once a row. NULL: not wanted. */
struct lease_store_reader {
	void *context;
	void (*lease)(void *context, const struct lease_row *row);
	void (*name)(void *context, const struct name_row *row);
	void (*address)(void *context, const struct address_row *row);
	void (*identity)(void *context, const struct identity_row *row);
	void (*saga)(void *context, const struct saga_row *row);
	void (*decision)(void *context, const struct decision_row *row); /* oldest first */
	void (*version)(void *context, uint64_t highest);                /* of any row ever written */
};

#endif
