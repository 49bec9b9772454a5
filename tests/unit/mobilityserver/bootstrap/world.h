// SPDX-License-Identifier: BSD-3-Clause
/*
 * world - what stands around the bootstrap core in its tests: injected time, the store model, a zone with moods, nodes
 * with real keys and signatures, and an executor between them. Nothing happens until world_settle() or
 * world_advance().
 */
#ifndef KEDGE_TESTS_BOOTSTRAP_WORLD_H
#define KEDGE_TESTS_BOOTSTRAP_WORLD_H

#include "bootstrap.h"
#include "executor.h"
#include "host_key.h"
#include "lease_store_model.h"
#include "sqlite_store.h"
#include "vectors.h"

enum {
	VENDOR = 32473,
	ZONE_NAMES_MAX = 16,
	NAMING_MAX = 16,
	ANSWERS_MAX = 64,
	ASSOCIATIONS_MAX = 64,
	LEASE_S = 86400,
	ADDRESS_REST_S = 3600,
	NAME_REST_S = 7200,
};

struct zone_name {
	char fqdn[NAME_TEXT_OCTETS];
	char owner[SUBSCRIBER_KEY_OCTETS]; /* "" : not under a marker of ours */
	struct in6_addr address;
	uint8_t hit[HIT_OCTETS];
	bool short_lived;
};

enum zone_mood {
	ZONE_WELL,
	ZONE_SILENT,      /* nothing happens, NAMING_UNKNOWN */
	ZONE_LOST_ANSWER, /* it happens, NAMING_UNKNOWN */
	ZONE_REFUSES,
	ZONE_MUTE, /* no answer at all */
};

struct naming_wish {
	struct bootstrap_naming wish;
	char fqdn[NAME_TEXT_OCTETS], owner[SUBSCRIBER_KEY_OCTETS];
	uint8_t hit[HIT_OCTETS];
};

struct told_answer {
	uint64_t session;
	uint32_t number;
	size_t octets;
	uint8_t avps[BOOTSTRAP_PLAINTEXT_MAX];
};

struct granted_association {
	uint32_t spi;
	struct secret key;
	struct in6_addr home_address;
	char subscriber[SUBSCRIBER_KEY_OCTETS];
	char nai[NAME_TEXT_OCTETS];
	uint32_t lifetime_s;
	bool revoked;
};

struct world;

struct world {
	struct instant now;
	struct timer_wheel timers;
	struct randomness_seeded seeded;
	struct store_model *store;
	struct sqlite_store *sqlite; /* if set, gets each step that the model gets, and must answer the same */
	void (*load)(struct world *world,
	             const struct lease_store_reader *reader); /* at a restart; NULL: from the model */
	struct executor *executor;
	struct bootstrap *core;
	struct bootstrap_options options;
	struct secret owner_key;
	struct host_key *host_key;

	struct zone_name zone[ZONE_NAMES_MAX];
	size_t zone_count;
	enum zone_mood mood;
	bool zone_is_known; /* zone_holding() answers; else NAME_UNKNOWN */
	struct naming_wish naming[NAMING_MAX];
	size_t naming_count;
	unsigned naming_asked; /* in all */

	struct effect_query queries[8];
	uint8_t query_requests[8][8192];
	size_t query_count;
	bool hold_queries;

	struct told_answer answers[ANSWERS_MAX];
	size_t answer_count;
	struct granted_association associations[ASSOCIATIONS_MAX];
	size_t association_count;
	int establish_result;
	unsigned revocations;
	struct bootstrap_event events[64];
	size_t event_count;

	int commits_left; /* world_settle() stops when it is 0; negative: no limit */
	unsigned commits;
};

/* A mobile node and its session. */
struct node {
	struct world *world;
	struct host_key *key;
	uint8_t identity[HIP_IDENTITY_VALUE_MAX];
	size_t identity_octets;
	struct bootstrap_session session;
	uint8_t paa_nonce[32], pac_nonce[32];
	uint32_t number;

	/* its wishes; fqdn NULL: none */
	uint8_t id[16];
	const char *fqdn;
	const struct in6_addr *address;
	uint32_t services;
	const char *secret;
	bool spoil_signature, omit_signature;
	uint32_t signs_as_key_id; /* 0: as the session's */

	/* the last answer told to it, as read */
	uint8_t plaintext[BOOTSTRAP_PLAINTEXT_MAX];
	size_t plaintext_octets;
	struct bootstrap_avps answer;
};

int world_start(void **state);
int world_end(void **state);

/* Does everything that can be done now: commits, queries, naming. */
void world_settle(struct world *world);
/* Time goes on, timers fire, everything settles in between. */
void world_advance(struct world *world, uint64_t ms);
/* The process dies: what the store had not committed is gone. Then it starts again and resumes. */
void world_crash(struct world *world);
/* Nothing contradicts anything: B-47 and zone against store. Call when settled and no saga runs. */
void world_check(struct world *world);

const struct lease_model_tables *world_tables(const struct world *world);
const struct billing_model_tables *world_billing(const struct world *world);
struct zone_name *world_zone_find(struct world *world, const char *fqdn);
void world_zone_add(struct world *world, const char *fqdn, const char *owner);
const struct lease_row *world_lease(const struct world *world, const char *subscriber);

/* A node with a new key. `imsi` may be used by several nodes: two devices with one SIM. */
void node_start(struct world *world, struct node *node, const char *imsi);
void node_end(struct node *node);
/* A new AKA run: new session, SID, keys. The old session ends. */
void node_new_session(struct node *node);
void node_new_id(struct node *node);
void node_new_key(struct node *node);

/* Sends a full request or a poll; the answer, if it is already there, is in node->answer. */
void node_request(struct node *node);
void node_poll(struct node *node);
/* Whether its last request was answered; fills node->answer. */
bool node_answered(struct node *node);
/* Sends a full request, settles, and asserts the status of the answer. */
void node_gets(struct node *node, uint32_t status);
/* The same for a poll. */
void node_polls(struct node *node, uint32_t status);
/* The Server-Signature of a granted answer is right (K-11). */
void node_verifies(struct node *node);
const char *node_fqdn(const struct node *node);

#endif
