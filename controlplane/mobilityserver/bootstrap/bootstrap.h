// SPDX-License-Identifier: BSD-3-Clause
/*
 * bootstrap - steps 6 to 10 of architecture.md 1: an authenticated node asks for name, address and keys, and a saga
 * over the store, the zone and the billing gives them, or leaves nothing behind (B-42 to B-49, L-1 to L-10, D-14, F-6,
 * F-7).
 *
 * A pure core. What a request goes through:
 *
 *   RECEIVED    occurrence, id, stored answer, key, signature (a worker thread)
 *   AUTHORISED  directory; services, policy: name and address are decided
 *   RESERVED    one transaction: name, address, key, version, outbox row
 *   DNS_DONE    the zone holds them
 *   BILLED      the record stands
 *   COMMITTED   one transaction: lease, decision, audit, security association; the outbox row goes
 *   PUBLISHED, answered
 *
 * When neither name, address nor key changes, the zone is not asked and one transaction does it all (B-49). After a
 * restart bootstrap_resume() goes on from the outbox.
 *
 * It meets the other rooms in `struct bootstrap_outlet`. Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_BOOTSTRAP_H
#define KEDGE_MOBILITYSERVER_BOOTSTRAP_H

#include "address.h"
#include "bootstrap_avp.h"
#include "directory.h"
#include "effects.h"
#include "lease_store_port.h"
#include "policy.h"
#include "randomness.h"
#include "secret.h"
#include "services.h"
#include "subscriber.h"
#include "timer_wheel.h"

struct bootstrap;
struct host_key;

enum { BOOTSTRAP_NONCE_MAX = 256, BOOTSTRAP_PAA_ID_OCTETS = NAME_TEXT_OCTETS };

/* An authenticated PANA session in its access phase, as the access room knows it. Copied where it is needed. */
struct bootstrap_session {
	uint64_t token; /* names the session in the outlet's answer() */
	uint32_t session_id;
	uint32_t key_id;
	struct subscriber_identity identity;
	struct subscriber_profile profile; /* what the Access-Accept said of him */
	uint8_t start_digest[32];          /* SHA-256(I_PAR | I_PAN), B-16 */
	struct wire_view paa_nonce;
	struct wire_view pac_nonce;
	struct secret mobility_root; /* MOB-RK, K-6 */
	uint64_t expires_ms;         /* monotonic; end of Session-Lifetime */
};

enum bootstrap_naming_operation {
	NAMING_CREATE, /* name not in use, or ours (D-2); `previous_fqdn`, if set, is the name the PTR shows so far */
	NAMING_CHANGE, /* our marker stands there: its address, key and rendezvous server become these */
	NAMING_REMOVE, /* under our marker; a PTR to another name stays */
};

/* A wish to the naming room. All pointers hold during the call alone. */
struct bootstrap_naming {
	enum bootstrap_naming_operation operation;
	uint64_t token; /* of bootstrap_naming_done() */
	const char *fqdn;
	const char *previous_fqdn;               /* NULL: none */
	const struct subscriber_identity *owner; /* of the marker (D-1) */
	struct in6_addr address;
	const struct host_identity_value *identity; /* NULL with NAMING_REMOVE */
	const char *rendezvous_server;              /* NULL: no HIP service */
	bool short_lived;                           /* L-9: TTL ≤ 300 s, the key changed within a day */
};

enum bootstrap_naming_result {
	NAMING_DONE,
	NAMING_TAKEN,   /* D-4: YXDOMAIN, YXRRSET, NXRRSET: not ours */
	NAMING_REFUSED, /* the zone's configuration forbids it */
	NAMING_UNKNOWN, /* SERVFAIL, timeout: it may have happened */
};

/* The RFC 4285 association that a commit brings (L-1, L-2, L-4, K-8). */
struct bootstrap_grant {
	uint32_t spi;      /* of draw_spi() */
	struct secret key; /* MN-HA-K */
	struct in6_addr home_address;
	uint8_t prefix_length; /* 64: the whole /64 is the subscriber's */
	struct in6_addr home_agent;
	const char *nai;                  /* M-6 */
	const char *subscriber;           /* key */
	uint64_t session;                 /* that it is told in */
	uint8_t host_identity_digest[32]; /* SHA-256 of the HI-value */
	uint32_t lifetime_s;
	uint32_t services; /* bits of B-7 */
	struct session_ambr ambr;
};

enum bootstrap_event_kind {
	BOOTSTRAP_EVENT_GRANTED,     /* a bootstrap was committed */
	BOOTSTRAP_EVENT_KEY_CHANGED, /* L-7: with another HIT than before */
	BOOTSTRAP_EVENT_NAME_CHANGED,
	BOOTSTRAP_EVENT_REFUSED, /* status ≥ 200 */
	BOOTSTRAP_EVENT_ENDED,   /* the lease is over */
};

struct bootstrap_event {
	enum bootstrap_event_kind kind;
	uint32_t status;
	const char *subscriber; /* key */
	const char *fqdn;
	struct in6_addr address;
	const char *reason;
};

/* What the core asks of the others; all in the step whose effects are handed on. */
struct bootstrap_outlet {
	void *context;
	/* The plaintext AVPs of the answer to the session's request of this number; the access room encrypts it. */
	void (*answer)(void *context, uint64_t session, uint32_t request_number, const void *avps, size_t octets,
	               const struct instant *now, struct effects *effects);
	/* Each ends in one bootstrap_naming_done(), not from inside the call. */
	void (*naming)(void *context, const struct bootstrap_naming *wish, const struct instant *now,
	               struct effects *effects);
	/* What the zone is known to hold (D-11): NAME_FREE, NAME_OURS, NAME_TAKEN or NAME_UNKNOWN. */
	enum name_holding (*zone_holding)(void *context, const char *fqdn, const struct subscriber_identity *owner);
	/* A random SPI that no association has, live or quarantined (L-1). */
	uint32_t (*draw_spi)(void *context);
	/*
	 * Puts the association into this step; it is usable when that is durable. Older ones end by L-4: after 30 s, or
	 * at once, with the binding, if the Host Identity differs. Returns 0 or a negative errno (answered with 208).
	 */
	int (*establish)(void *context, const struct bootstrap_grant *grant, const struct instant *now,
	                 struct effects *effects);
	/* Ends the subscriber's associations and binding in this step (L-5, L-7). */
	void (*revoke)(void *context, const char *subscriber, const struct instant *now, struct effects *effects);
	/* For logs and `explain`; may be NULL. */
	void (*event)(void *context, const struct bootstrap_event *event, const struct instant *now,
	              struct effects *effects);
};

/* The operator's policy: what may change while it runs. Arrays and texts are borrowed until the next one is set. */
struct bootstrap_policy {
	struct name_rules names;
	struct name_policy name_policy;
	bool address_wish_strict; /* B-38 */
	uint32_t lease_lifetime_s;
	uint32_t address_rest_s; /* quarantine, A-4 */
	uint32_t name_rest_s;
};

struct bootstrap_options {
	uint32_t vendor;    /* B-35 */
	const char *paa_id; /* K-3; the rendezvous server's name, too */
	struct bootstrap_policy policy;
	const struct secret *owner_key; /* D-1 */
	struct in6_addr home_prefix;
	uint8_t home_prefix_length;
	const struct address_reservation *reservations; /* */
	size_t reservation_count;
	const struct in6_addr *own_addresses; /* never given away */
	size_t own_address_count;
	struct in6_addr home_agent;      /* Mobility-Server-Address */
	uint32_t services;               /* what this server offers */
	bool timestamps;                 /* Binding Updates have to carry one (M-11) */
	const struct host_key *host_key; /* L-11; signs the answers */
	struct directory directory;
	struct bootstrap_outlet outlet;
	struct timer_wheel *timers;
	struct randomness *randomness;
};

#define BOOTSTRAP_COUNTERS(X)                                                                                          \
	X(requests, "full requests")                                                                                   \
	X(polls, "polls")                                                                                              \
	X(answers_ok, "answers with status 0")                                                                         \
	X(answers_name_changed, "answers with status 1")                                                               \
	X(answers_pending, "answers with status 100")                                                                  \
	X(answers_malformed, "answers with status 200")                                                                \
	X(answers_bad_proof, "answers with status 201")                                                                \
	X(answers_key_refused, "answers with status 202")                                                              \
	X(answers_name_not_authorised, "answers with status 203")                                                      \
	X(answers_name_in_use, "answers with status 204")                                                              \
	X(answers_address_not_authorised, "answers with status 205")                                                   \
	X(answers_pool_empty, "answers with status 206")                                                               \
	X(answers_dns_failed, "answers with status 207")                                                               \
	X(answers_store_failed, "answers with status 208")                                                             \
	X(answers_barred, "answers with status 209")                                                                   \
	X(answers_rate_limited, "answers with status 210")                                                             \
	X(answers_key_change, "answers with status 211")                                                               \
	X(answers_unsupported, "answers with status 212")                                                              \
	X(answers_unknown_request, "answers with status 213")                                                          \
	X(answers_repeated, "stored answers told again")                                                               \
	X(decisions_reused, "requests of another session for a decision that stands")                                  \
	X(renewals, "commits that needed nothing but the store")                                                       \
	X(key_changes, "commits with another key")                                                                     \
	X(name_changes, "commits with another name")                                                                   \
	X(names_lost, "names that the zone turned out to hold")                                                        \
	X(undone, "sagas taken back")                                                                                  \
	X(resumed, "sagas taken up after a restart")                                                                   \
	X(stores_failed, "transactions that the store refused")                                                        \
	X(leases_ended, "leases that ended")                                                                           \
	X(zone_repairs, "names removed from or repaired in the zone")

struct bootstrap_counters {
#define X(name, help) uint64_t name;
	BOOTSTRAP_COUNTERS(X)
#undef X
};

/* Copies the options (their arrays and texts must live as long). Returns NULL when the home prefix is impossible. */
struct bootstrap *bootstrap_new(const struct bootstrap_options *options);
void bootstrap_free(struct bootstrap *core);

/* For decisions from now on; the zone stays. */
void bootstrap_set_policy(struct bootstrap *core, const struct bootstrap_policy *policy);

/*
 * Before the first request: fills the core from the store, e.g. lease_store_load(store, &reader). Then
 * bootstrap_resume() takes up sagas, zone repairs and expiries where they were left.
 */
struct lease_store_reader bootstrap_reader(struct bootstrap *core);
void bootstrap_resume(struct bootstrap *core, const struct instant *now, struct effects *effects);

/*
 * The plaintext of a PNR(P)'s Encap; its AUTH was right and its number is new (the access room repeats answers to old
 * numbers itself). Each request is answered once through outlet.answer(), now or later, unless its session ends.
 */
void bootstrap_request(struct bootstrap *core, const struct bootstrap_session *session, uint32_t request_number,
                       const void *plaintext, size_t octets, const struct instant *now, struct effects *effects);

/* The session is over: stored answers and keys of it are wiped. A saga under way goes on. */
void bootstrap_session_ended(struct bootstrap *core, const struct subscriber_identity *identity, uint64_t session);

void bootstrap_naming_done(struct bootstrap *core, uint64_t token, enum bootstrap_naming_result result,
                           const struct instant *now, struct effects *effects);

/*
 * What the zone should hold at a name, for its comparison with the store (D-13). *wanted, when the name is somebody's,
 * says what; its pointers hold until the next call.
 */
enum bootstrap_zone_wish {
	BOOTSTRAP_ZONE_NOTHING, /* nobody's: what stands there under our marker is an orphan */
	BOOTSTRAP_ZONE_LEAVE,   /* something is under way there */
	BOOTSTRAP_ZONE_HOLD,
};
enum bootstrap_zone_wish bootstrap_zone_wish(struct bootstrap *core, const char *fqdn, struct bootstrap_naming *wanted);
/* All names that should be held, one after the other; *cursor begins at 0. False after the last. */
bool bootstrap_zone_next(struct bootstrap *core, uint64_t *cursor, struct bootstrap_naming *wanted);

/* Reads of the shell; texts hold during the call. */
struct bootstrap_lease_view {
	uint64_t number; /* of the subscriber, in the order in which they became known */
	const char *subscriber;
	const char *fqdn; /* NULL: there is no lease, what follows up to `version` is 0 */
	struct in6_addr address;
	uint8_t hit[HIT_OCTETS];
	uint32_t services;
	uint64_t expires_ms;
	uint64_t version;
	enum saga_state saga; /* 0: none under way */
	const char *reason;   /* of the last decision since start, "" if none */
	uint32_t last_status; /* of the last answer since start */
};
/* False when nothing is known of the subscriber. */
bool bootstrap_lease_find(const struct bootstrap *core, const char *subscriber, struct bootstrap_lease_view *view);
/*
 * Calls `each` for up to `limit` leases behind that of the number `after` (0: from the first), in the order in which
 * the subscribers became known. That lease may have ended meanwhile.
 */
void bootstrap_lease_each(struct bootstrap *core, uint64_t after, size_t limit,
                          void (*each)(void *context, const struct bootstrap_lease_view *view), void *context);

/* Ends the lease of a subscriber as an operator. Returns 0, -ENOENT, or -EBUSY while a saga of his runs. */
int bootstrap_lease_release(struct bootstrap *core, const char *subscriber, const struct instant *now,
                            struct effects *effects);

/* The name decision, run dry (`policy test`). `wish` may be NULL. */
void bootstrap_policy_test(const struct bootstrap *core, const struct subscriber_identity *identity,
                           const struct subscriber_profile *profile, const char *wish, const struct instant *now,
                           struct name_decision *decision);

const struct address_pool *bootstrap_pool(const struct bootstrap *core);
const struct bootstrap_counters *bootstrap_counters(const struct bootstrap *core);

#endif
