// SPDX-License-Identifier: BSD-3-Clause
/*
 * saga - the inside of the bootstrap core: its indexes and what its steps hand to each other. Private to this folder.
 *
 * Memory that stands for stored rows changes when the store has said yes; what a saga under way has claimed is marked
 * HOLDING_RESERVED at once, so that no other saga chooses it meanwhile.
 */
#ifndef KEDGE_MOBILITYSERVER_SAGA_H
#define KEDGE_MOBILITYSERVER_SAGA_H

#include <uthash.h>

#include "bootstrap.h"
#include "number_order.h"
#include "parts.h"

enum {
	SAGA_TRIED_MAX = 4,     /* names lost to others in the zone by one saga (D-4) */
	STORED_ANSWERS_MAX = 4, /* of one subscriber */
	PENDING_AFTER_MS = 500, /* B-43 */
	RETRY_AFTER_FIRST_MS = 500,
	RETRY_AFTER_MAX_MS = 4000,
	NAMING_RETRY_MS = 1000,
	NAMING_DEADLINE_MS = 60000, /* B-49 */
	UNDO_RETRY_FIRST_MS = 10000,
	UNDO_RETRY_MAX_MS = 600000,
	SIGNATURE_CHECKS_MAX = 3, /* F-7 */
	SIGNATURE_WINDOW_MS = 60000,
	HOUR_MS = 3600000,
	DAY_MS = 86400000,
	DIGEST_OCTETS = 32,
};

/* What is committed for a subscriber. */
struct lease {
	char *fqdn;
	struct in6_addr address;
	struct host_identity_value *identity;
	uint32_t services;
	uint64_t expires_ms;
	uint64_t version;
	uint64_t key_changes_ms[LEASE_CHANGES_MAX];
	uint64_t name_changes_ms[LEASE_CHANGES_MAX];
};

struct decision {
	struct decision *next; /* older */
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint8_t content_digest[DIGEST_OCTETS];
	uint8_t billing_id[BILLING_ID_OCTETS];
	uint32_t status;
	uint64_t version;
};

/* A final answer, for polls and repetitions within one (SID, Key-Id) (B-44, B-45). */
struct stored_answer {
	struct stored_answer *next; /* older */
	uint64_t session;
	uint32_t session_id, key_id;
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint8_t content_digest[DIGEST_OCTETS];
	uint32_t status;
	bool proven; /* the signature of its request was right */
	size_t octets;
	uint8_t avps[];
};

/* A subscriber with whom we have to do. */
struct holder {
	UT_hash_handle hh; /* by key */
	struct numbered by_number;
	struct bootstrap *core;
	struct lease *lease; /* NULL: none */
	bool has_address;    /* leased, reserved or resting */
	struct in6_addr address;
	enum holding_state address_state;
	uint64_t address_until_ms;
	struct saga *saga;
	struct decision *decisions;
	struct stored_answer *answers;
	uint64_t signature_checks_ms[SIGNATURE_CHECKS_MAX]; /* monotonic, newest first, + 1 so that 0 is none */
	struct timer timer;                                 /* end of the lease, or of the address's rest */
	bool ending;                                        /* the lease's end waits for the store */
	unsigned name_count;                                /* in the index of names */
	char reason[AUDIT_REASON_OCTETS];
	uint32_t last_status;
	char key[];
};

/* A name that is somebody's, or rests; and what is to be done about it in the zone. */
struct held_name {
	UT_hash_handle hh;
	UT_hash_handle by_token;
	struct holder *holder;
	enum holding_state state;
	uint64_t until_ms;
	uint64_t version;
	struct in6_addr address;
	uint64_t token;    /* of what is under way about it, 0 if nothing is: a wish to the naming room … */
	bool storing;      /* … or a step of zone_jobs.c in the store */
	uint64_t for_saga; /* whose wish it is: a saga's token, 0: a job of zone_jobs.c */
	enum bootstrap_naming_operation operation;
	unsigned attempts;
	struct timer timer; /* next attempt, or end of its rest */
	char fqdn[];
};

/* L-10: a HIT belongs to one subscriber. */
struct known_identity {
	UT_hash_handle hh;
	uint8_t hit[HIT_OCTETS];
	struct holder *holder;
	uint64_t version;
};

/* A request that waits for its answer; at most one a session (B-5). */
struct waiting_request {
	bool waits;
	uint32_t number;
	unsigned told_pending; /* times */
	struct timer timer;    /* B-43 */
};

typedef void saga_step(struct saga *saga, int result, const struct instant *now, struct effects *effects);

struct saga {
	UT_hash_handle hh; /* by token */
	uint64_t token;
	struct bootstrap *core;
	struct holder *holder;
	enum saga_state state;
	saga_step *stored; /* goes on when the store has answered; NULL: it is not asked */
	bool resumed;      /* after a restart: nobody waits, and there are no keys */
	struct waiting_request waiting;

	/* of the session (wiped with the saga) */
	bool session_over; /* nobody is told any more */
	struct bootstrap_session session;
	uint8_t paa_nonce[BOOTSTRAP_NONCE_MAX], pac_nonce[BOOTSTRAP_NONCE_MAX];
	struct secret root; /* MOB-RK or MOB-RK' (K-7) */

	/* of the request */
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint8_t content_digest[DIGEST_OCTETS];
	uint8_t rest_digest[DIGEST_OCTETS];     /* SHA-256(R), K-10 */
	uint8_t identity_digest[DIGEST_OCTETS]; /* SHA-256(HI-value) */
	uint32_t wished_services;
	bool has_wished_name;
	size_t wished_name_octets; /* may be more than was kept */
	uint8_t wished_name[NAME_TEXT_OCTETS];
	size_t wished_address_count;
	struct in6_addr wished_addresses[BOOTSTRAP_ADDRESSES_MAX];
	struct host_identity_value identity;
	struct subscriber_profile profile;

	/* of the decision */
	uint32_t status;
	bool reused; /* B-44: the decision of another session */
	bool name_is_new, address_is_new, identity_is_new;
	bool zone_changes;         /* B-49: else no DNS server is waited for */
	bool zone_asked;           /* something of it may stand in the zone */
	bool name_was_gone;        /* his own name stands there without our marker */
	bool name_marked;          /* the index got the name for this saga, the store has not said yes yet */
	bool lost_name_is_claimed; /* the name that the zone held was new to him, too */
	bool in_outbox;
	bool billed;
	uint8_t billing_id[BILLING_ID_OCTETS];
	struct lease_row target;
	char tried[SAGA_TRIED_MAX][NAME_TEXT_OCTETS];
	size_t tried_count;
	const char *name_reason, *address_reason, *services_reason;
	char reason[AUDIT_REASON_OCTETS];

	/* of the zone */
	struct timer naming_timer;
	uint64_t naming_deadline_ms; /* monotonic */

	/* of the answer, or of the undo */
	size_t answer_octets;
	uint8_t answer[BOOTSTRAP_PLAINTEXT_MAX];
	uint32_t undo_status;
	unsigned undo_attempts;
	struct timer undo_timer;
};

struct bootstrap {
	struct bootstrap_options options;
	struct bootstrap_counters counters;
	uint8_t host_identity[HIP_IDENTITY_VALUE_MAX]; /* the server's, AVP 267 */
	size_t host_identity_octets;
	struct address_pool pool;
	enum address_alarm alarm; /* last told */
	struct holder *holders[PARTS];
	struct number_order holders_by_number;
	struct held_name *names[PARTS];
	struct held_name *names_by_token[PARTS];
	struct known_identity *identities[PARTS];
	struct saga *sagas;
	uint64_t next_token;
	uint64_t next_version;
	uint64_t now_ms;                       /* unix, of the last event: for bootstrap_zone_wish() */
	struct subscriber_identity wish_owner; /* what its answer points to */
};

/* holders.c: indexes, and rows to and from memory */
struct holder *holder_find(const struct bootstrap *core, const char *key);
/* The holder behind `after` in the order in which they became known (NULL: the first); NULL at the end. */
struct holder *holder_next(const struct bootstrap *core, const struct holder *after);
/* The first one whose number is above `number`, whether that is still there or not. */
struct holder *holder_behind(struct bootstrap *core, uint64_t number);
struct holder *holder_need(struct bootstrap *core, const char *key);
/* Frees it when nothing of it is left. */
void holder_release(struct holder *holder);
/* Which subscriber: fills *identity from the key. */
void holder_identity(const struct holder *holder, struct subscriber_identity *identity);
void holder_set_lease(struct holder *holder, const struct lease_row *row);
void holder_drop_lease(struct holder *holder);
void holder_set_address(struct holder *holder, const struct in6_addr *address, enum holding_state state,
                        uint64_t until_ms);
void holder_drop_address(struct holder *holder);
void holder_drop_decisions(struct holder *holder);
void holder_add_decision(struct holder *holder, const struct decision_row *row);
const struct decision *holder_decision(const struct holder *holder, const uint8_t *request_id);
struct held_name *name_find(const struct bootstrap *core, const char *fqdn);
struct held_name *name_need(struct holder *holder, const char *fqdn);
void name_drop(struct held_name *name);
struct known_identity *identity_find(const struct bootstrap *core, const uint8_t *hit);
void identity_put(struct holder *holder, const uint8_t *hit, uint64_t version);
void identity_drop(struct bootstrap *core, const struct holder *holder, const uint8_t *hit);
/* Rows of the store port. */
void store_name(struct bootstrap *core, const struct held_name *name, enum holding_state state, uint64_t until_ms,
                const struct instant *now, struct effects *effects);
void store_name_gone(const struct held_name *name, struct effects *effects);
void store_address(const struct holder *holder, const struct in6_addr *address, enum holding_state state,
                   uint64_t until_ms, uint64_t version, const struct instant *now, struct effects *effects);
void store_address_gone(const struct holder *holder, const struct in6_addr *address, struct effects *effects);
void store_identity(const struct lease_row *target, struct effects *effects);
void store_identity_gone(const struct known_identity *identity, struct effects *effects);
void store_audit(const struct holder *holder, enum audit_event event, const char *actor, const struct lease_row *what,
                 const char *reason, const struct instant *now, struct effects *effects);
void lease_to_row(const struct holder *holder, const struct lease *lease, struct lease_row *row);
/* says when the pool's alarm changes. */
void note_pool(struct bootstrap *core, struct effects *effects);

/* answers.c: what is told to the node */
void answer_status(struct bootstrap *core, const struct bootstrap_session *session, uint32_t number,
                   const uint8_t *request_id, uint32_t status, uint32_t retry_after_ms, const struct instant *now,
                   struct effects *effects);
struct stored_answer *answer_find(const struct holder *holder, const struct bootstrap_session *session,
                                  const uint8_t *request_id);
void answer_repeat(struct bootstrap *core, const struct stored_answer *stored, uint32_t number,
                   const struct instant *now, struct effects *effects);
void answer_keep(struct saga *saga, uint32_t status, bool proven, const void *avps, size_t octets);
void answers_forget(struct holder *holder, uint64_t session, bool all);
/* Makes the saga wait with the request of this number for at most PENDING_AFTER_MS. */
void saga_wait_with(struct saga *saga, uint32_t number, const struct instant *now);
/* Keeps the final answer, and tells it when a request waits. */
void saga_tell(struct saga *saga, uint32_t status, uint32_t retry_after_ms, const struct instant *now,
               struct effects *effects);
/* L-2: neither the session's end nor the lease's is passed. */
uint32_t association_lifetime_s(const struct saga *saga, const struct instant *now);
/* Builds the answer 0/1 of the saga's target into saga->answer; `spi` 0: no association. 0 or negative errno. */
int answer_build(struct saga *saga, uint32_t spi, const struct instant *now);

/* sagas.c: life of a saga */
struct saga *saga_new(struct holder *holder);
struct saga *saga_of_token(const struct bootstrap *core, uint64_t token);
void saga_free(struct saga *saga);
/* The saga ends with its answer (status 0/1: saga->answer). It is freed. */
void saga_finish(struct saga *saga, uint32_t status, uint32_t retry_after_ms, const struct instant *now,
                 struct effects *effects);
/* Submits the step's stores; `stored` is called with their result. */
void saga_store(struct saga *saga, saga_step *stored, struct effects *effects);
/* The same, with the outbox row in its new state. */
void saga_store_state(struct saga *saga, enum saga_state state, saga_step *stored, struct effects *effects);

/* The steps, one file each */
void saga_verify(struct saga *saga, struct wire_view signature, struct effects *effects);
void saga_authorise(struct saga *saga, const struct instant *now, struct effects *effects);
/* Chooses a name (again, when the zone held the first choice); status 0/1, or what to refuse with. */
uint32_t saga_decide_name(struct saga *saga, const struct instant *now);
/* What is new against the lease so far; the reason in words. */
void saga_compare(struct saga *saga, const struct instant *now);
void saga_reserve(struct saga *saga, const struct instant *now, struct effects *effects);
/* Claims another name than `lost`, which the zone held; the rest stays reserved. */
void saga_reserve_other_name(struct saga *saga, const char *lost, bool lost_is_claimed, const struct instant *now,
                             struct effects *effects);
void saga_register(struct saga *saga, const struct instant *now, struct effects *effects);
void saga_naming_done(struct saga *saga, enum bootstrap_naming_result result, const struct instant *now,
                      struct effects *effects);
void store_billing(const struct saga *saga, const struct instant *now, struct effects *effects);
void store_billing_reversed(const struct saga *saga, const struct instant *now, struct effects *effects);
void saga_bill(struct saga *saga, const struct instant *now, struct effects *effects);
void saga_commit(struct saga *saga, const struct instant *now, struct effects *effects);
void saga_undo(struct saga *saga, uint32_t status, const struct instant *now, struct effects *effects);

/* zone_jobs.c: names that are to be removed from the zone, or repaired */
enum name_holding name_holding(const struct holder *holder, const struct saga *saga, const char *fqdn, uint64_t now_ms);
/* `for_saga`: the token of the saga whose wish it is, or 0. */
/* Nothing is under way about the name any more. */
void name_clear_token(struct held_name *name);

void name_ask(struct held_name *name, const struct bootstrap_naming *wish, uint64_t for_saga, const struct instant *now,
              struct effects *effects);
/* L-9: short lives for a name whose key changed within a day before `now_ms` (unix). */
bool key_changed_lately(const uint64_t key_changes_ms[LEASE_CHANGES_MAX], uint64_t now_ms);
/* Whether a saga under way has this name as its own business. */
bool saga_has_name(const struct held_name *name);
void name_start_job(struct held_name *name, const struct instant *now);

/* lease_end.c */
void holder_arm(struct holder *holder, const struct instant *now);

#endif
