// SPDX-License-Identifier: BSD-3-Clause
/*
 * subscriber - who the subscriber is: the authenticated identity (E-16, E-17) and what the home network knows of him.
 *
 * A subscriber is the pair (authentication server, identity). Nothing here is a secret; identities are masked in logs.
 * Pure; any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_SUBSCRIBER_H
#define KEDGE_MOBILITYSERVER_SUBSCRIBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SUBSCRIBER_SERVER_OCTETS = 64,    /* name of the authentication server, with its NUL */
	SUBSCRIBER_IDENTITY_OCTETS = 253, /* a RADIUS attribute's value */
	SUBSCRIBER_KEY_OCTETS = 320,      /* text, with its NUL */
	SUBSCRIBER_OWNER_ID_OCTETS = SUBSCRIBER_SERVER_OCTETS + SUBSCRIBER_IDENTITY_OCTETS,
	SUBSCRIBER_TEXT_OCTETS = 254,
	SUBSCRIBER_MSISDN_OCTETS = 32,
	SUBSCRIBER_POLICY_OCTETS = 64,
};

enum subscriber_identity_kind {
	SUBSCRIBER_IMSI,   /* 6..15 digits */
	SUBSCRIBER_OPAQUE, /* a Chargeable-User-Identity or another name that the authentication server vouches for */
};

struct subscriber_identity {
	char authentication_server[SUBSCRIBER_SERVER_OCTETS];
	enum subscriber_identity_kind kind;
	uint8_t octets;
	uint8_t value[SUBSCRIBER_IDENTITY_OCTETS];
};

/* The session AMBR (TS 23.501 5.7.2.6): what all his traffic together may take, bits a second; 0: not limited. */
struct session_ambr {
	uint64_t down_bps; /* to the subscriber */
	uint64_t up_bps;
};

static inline bool session_ambr_equal(const struct session_ambr *a, const struct session_ambr *b)
{
	return a->down_bps == b->down_bps && a->up_bps == b->up_bps;
}

/* The profile of operation.md 2; texts are UTF-8, empty when unknown. */
struct subscriber_profile {
	char name[SUBSCRIBER_TEXT_OCTETS];
	char postal_address[SUBSCRIBER_TEXT_OCTETS];
	char msisdn[SUBSCRIBER_MSISDN_OCTETS]; /* digits, without '+' */
	uint32_t services;                     /* bits of B-7: MIP6 1, DSMIP6 2, HIP 4 */
	char name_policy[SUBSCRIBER_POLICY_OCTETS];
	bool barred;
	bool name_consent; /* P-3 */
	struct session_ambr ambr;
};

/* Fills `identity` from an IMSI in digits. Returns 0; -EINVAL when it is none or the server's name is too long. */
int subscriber_identity_from_imsi(const char *authentication_server, const char *imsi,
                                  struct subscriber_identity *identity);

/* The same from an opaque identity of 1..253 octets. */
int subscriber_identity_from_octets(const char *authentication_server, const void *value, size_t octets,
                                    struct subscriber_identity *identity);

bool subscriber_identity_equal(const struct subscriber_identity *a, const struct subscriber_identity *b);

/*
 * The text by which store, audit and shell know the subscriber: "SERVER/IMSI", or "SERVER/=TEXT" for an opaque
 * identity, in which octets other than letters, digits, '.', '@', '-' and '_' stand as %XX. Returns 0, or
 * -ENAMETOOLONG when it does not fit.
 */
int subscriber_key(const struct subscriber_identity *identity, char key[SUBSCRIBER_KEY_OCTETS]);

/* Reads such a text back. Returns 0 or -EINVAL. */
int subscriber_identity_from_key(const char *key, struct subscriber_identity *identity);

/* The id of D-1: the IMSI in digits, or the server's name | 0x00 | the opaque identity. Returns its octets. */
size_t subscriber_owner_id(const struct subscriber_identity *identity, uint8_t id[SUBSCRIBER_OWNER_ID_OCTETS]);

/* The shard of the subscriber (architecture.md 2), the same in each process and release: FNV-1a over the key's text. */
uint8_t subscriber_shard(const char *key);

#endif
