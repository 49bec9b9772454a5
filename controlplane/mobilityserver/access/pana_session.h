// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana_session - what the PANA agent remembers, and how its files share it. Private to this folder.
 */
#ifndef KEDGE_MOBILITYSERVER_PANA_SESSION_H
#define KEDGE_MOBILITYSERVER_PANA_SESSION_H

#include <uthash.h>
#include <utlist.h>

#include "ip.h"
#include "mobility_keys.h"
#include "number_order.h"
#include "pana.h"
#include "pana_agent.h"
#include "pana_keys.h"
#include "parts.h"
#include "start_rate.h"

enum {
	NONCE_OCTETS = 32, /* ours */
	NONCE_MAX = 256,   /* B-18 */
	START_MESSAGE_MAX = 96,
	MSK_OCTETS = 64,

	REQUEST_INITIAL_MS = 1000, /* B-5: REQ_IRT, REQ_MRT, REQ_MRC */
	REQUEST_MAXIMUM_MS = 30000,
	REQUEST_SENDINGS = 10,
	FIRST_REQUEST_SENDINGS = 3, /* F-4 */

	IDENTITY_STAGE_MS = 10000, /* F-1 */
	AUTHENTICATION_MS = 60000,
	LINGER_MS = 15000, /* how long a session that its node ended still answers the repeated PTR */

	HALF_OPEN_PER_SOURCE = 8, /* F-1 */
	HALF_OPEN_PER_NETWORK = 64,

	REPEATS_PER_S = 5, /* B-22 */
	PINGS_PER_S = 1,   /* F-9 */
	REQUESTS_PER_S = 20,

	SESSION_LIFETIME_DEFAULT_S = 86400, /* B-28 */
	SESSION_LIFETIME_MIN_S = 60,
};

enum session_stage {
	STAGE_IDENTITY,    /* PAR with nonce and EAP-Request/Identity is out */
	STAGE_METHOD,      /* EAP goes to and fro */
	STAGE_COMPLETION,  /* PAR(C) is out */
	STAGE_ACCESS,      /* keys are in use */
	STAGE_TERMINATION, /* our PTR is out */
	STAGE_CLOSED,      /* the node's PTR was answered; its repetition may still come */
};

/* A token bucket: `per_s` a second, at most `burst` saved. Zero-initialised is full. */
struct allowance {
	uint64_t used_until_ms;
};
bool allowance_take(struct allowance *allowance, uint32_t per_s, uint32_t burst, uint64_t now_ms);

/* Octets that are kept as they were sent (B-6). */
struct kept_message {
	uint8_t *bytes;
	size_t octets;
};

/* Keys and what they hang on; two live in a session while a re-authentication ends. */
struct session_keys {
	struct pana_keys pana;
	struct secret mobility_root; /* MOB-RK */
	uint8_t paa_nonce[NONCE_OCTETS];
	uint8_t pac_nonce[NONCE_MAX];
	uint16_t pac_nonce_octets;
};

/* How PAR(C) was built, and so how PAN(C) must be. */
enum completion { COMPLETION_SUCCESS, COMPLETION_REFUSED_WITH_KEYS, COMPLETION_REFUSED };

enum { HALF_OPEN_SOURCE, HALF_OPEN_NETWORK, HALF_OPEN_TOTAL, HALF_OPEN_SCOPES };

/* Half-open sessions of one source, one network, or all (F-1). */
struct half_open_scope {
	struct in6_addr prefix;
	uint32_t prefix_bits; /* with `prefix` the key */
	uint32_t count;
	struct pana_session *oldest; /* of those in the identity stage */
	struct pana_session *newest;
	UT_hash_handle hh;
};

struct half_open_link {
	struct half_open_scope *scope; /* NULL: not half-open */
	struct pana_session *previous;
	struct pana_session *next;
	bool is_listed;
};

/* The sessions of one subscriber that have been in the access phase, the oldest first (F-11). */
struct subscriber_sessions {
	struct pana_session *sessions;
	uint32_t count;
	UT_hash_handle hh;
	char key[SUBSCRIBER_KEY_OCTETS];
};

struct pana_session {
	struct pana_agent *agent;
	uint64_t conversation; /* 0: none */
	uint32_t session_id;
	enum session_stage stage;
	bool is_established; /* has been in the access phase: an authentication now is a re-authentication */
	bool is_end_told;
	uint64_t begun_unix_ms;

	struct endpoint peer;
	struct in6_addr local;
	struct punt_route route;

	uint8_t i_par[START_MESSAGE_MAX], i_pan[START_MESSAGE_MAX];
	uint16_t i_par_octets, i_pan_octets;
	uint8_t start_digest[HASH_SHA256_OCTETS];
	uint32_t prf, integrity;

	/* our requests */
	uint32_t last_number; /* of the last one sent */
	struct kept_message request;
	uint32_t request_number;
	uint32_t sendings;
	uint32_t interval_ms;
	struct timer request_timer;

	/* the node's requests */
	bool has_peer_number;
	bool is_answer_due; /* the last request is with the bootstrap */
	uint32_t peer_number;
	uint8_t peer_digest[HASH_SHA256_OCTETS];
	struct kept_message answer;
	struct allowance repeats, pings, requests;

	/* the authentication under way */
	uint8_t eap_identifier;
	bool is_eap_begun; /* the relay knows the conversation */
	bool has_nonce;
	uint64_t authentication_until_ms;
	bool awaits_peer_request; /* an empty PAN came, the response follows in a PAR (B-19) */
	enum completion completion;
	uint32_t key_ids_used;
	struct session_keys next;
	uint32_t next_lifetime_s;
	uint64_t next_expires_ms; /* monotonic */
	struct timer stage_timer;
	struct half_open_link half_open[HALF_OPEN_SCOPES];

	/* in use */
	struct session_keys keys;
	struct subscriber_identity identity;
	struct subscriber_profile profile;
	uint8_t class_octets;
	uint8_t class_attribute[PANA_AGENT_CLASS_MAX];
	uint64_t expires_ms; /* monotonic */
	struct timer life_timer;

	struct subscriber_sessions *subscriber; /* NULL before the access phase */
	struct pana_session *prev_of_subscriber;
	struct pana_session *next_of_subscriber;

	struct numbered by_token;
	UT_hash_handle by_session_id;
	UT_hash_handle by_conversation;
};

/* A Session Identifier that cannot be taken again yet (B-12). */
struct consumed_start {
	uint32_t session_id;
	uint64_t until_ms;
	struct consumed_start *next; /* the older ones first */
	UT_hash_handle hh;
};

/* What PAR(S) offers, by configuration (B-10, B-12). */
struct start_template {
	uint32_t number;
	uint32_t capability;
};

struct pana_agent {
	struct pana_agent_options options;
	struct pana_agent_counters counters;
	struct log_limit log_limit;

	struct secret cookie_secret;
	struct start_template template, previous_template;
	uint64_t previous_until_ms; /* monotonic; 0: there is none */
	struct start_rate *start_rate;
	struct consumed_start *consumed[PARTS];
	struct consumed_start *consumed_oldest, *consumed_newest;

	uint64_t last_token;
	struct pana_session *by_session_id[PARTS];
	struct number_order by_token; /* in the order of their beginning */
	struct pana_session *by_conversation[PARTS];
	struct half_open_scope *half_open;
	struct subscriber_sessions *by_subscriber[PARTS];
};

/* A message that came, with all that its handler may need. */
struct arrival {
	struct pana_message message;
	struct endpoint source;
	struct in6_addr destination;
	const struct punt_route *route;
	const struct instant *now;
	struct effects *effects;
};

/* pana_session.c */
struct pana_session *session_begin(struct pana_agent *agent, uint32_t session_id, const struct arrival *arrival);
void session_free(struct pana_session *session);
struct pana_session *session_of_id(struct pana_agent *agent, uint32_t session_id);
struct pana_session *session_of_token(struct pana_agent *agent, uint64_t token);
struct pana_session *session_of_conversation(struct pana_agent *agent, uint64_t conversation);
/* The session is established: it is found under its subscriber from now on. */
void session_join_subscriber(struct pana_session *session);
struct subscriber_sessions *sessions_of(struct pana_agent *agent, const struct subscriber_identity *identity);
void session_set_conversation(struct pana_session *session);
void session_drop_conversation(struct pana_session *session); /* tells the relay */
void session_end(struct pana_session *session, enum pana_agent_end reason, const struct instant *now,
                 struct effects *effects); /* tells, and frees */
void session_tell_end(struct pana_session *session, enum pana_agent_end reason, const struct instant *now,
                      struct effects *effects);

/* half_open.c: room for one more from this source, if need be by displacing; false: refuse it */
bool half_open_make_room(struct pana_agent *agent, const struct in6_addr *source);
void half_open_join(struct pana_session *session);
void half_open_leave_identity_stage(struct pana_session *session);
void half_open_leave(struct pana_session *session);

/* pana_exchange.c: requests and answers of both directions */
void message_keep(struct kept_message *kept, const void *bytes, size_t octets);
void message_forget(struct kept_message *kept);
void exchange_inject(const struct punt_route *route, const struct in6_addr *local, const struct endpoint *peer,
                     const void *payload, size_t octets, struct effects *effects);
/* Takes the next number, and begins a request of ours in `writer`. */
void exchange_begin_request(struct pana_session *session, struct wire_writer *writer, enum pana_kind kind);
/* Ends the message (with AUTH if `keys` are given), keeps and sends it. False when it is too long. */
bool exchange_send_request(struct pana_session *session, struct wire_writer *writer, const struct pana_keys *keys,
                           const struct instant *now, struct effects *effects);
void exchange_end_request(struct pana_session *session);
bool exchange_send_answer(struct pana_session *session, struct wire_writer *writer, const struct pana_keys *keys,
                          struct effects *effects);
/* Whether it is the node's last request again, octet for octet; deals with it then (B-22). */
bool exchange_is_repeat(struct pana_session *session, const struct arrival *arrival);
/*
 * AUTH under `keys`, or, with NULL, no AUTH and the session's own address (B-21, B-23). Counts what is wrong. The
 * second also whether it is the next request (B-17, B-22), the third whether it answers ours.
 */
bool exchange_is_authentic(struct pana_session *session, const struct arrival *arrival, const struct pana_keys *keys);
bool exchange_is_next_request(struct pana_session *session, const struct arrival *arrival,
                              const struct pana_keys *keys);
bool exchange_is_awaited_answer(struct pana_session *session, const struct arrival *arrival,
                                const struct pana_keys *keys);
/* The request was good: number, content, address and route are taken from it (B-22, B-23). */
void exchange_take_request(struct pana_session *session, const struct arrival *arrival);
/* The answer was good: ours is over, address and route are taken from it. */
void exchange_take_answer(struct pana_session *session, const struct arrival *arrival);

/* Handlers, by kind of message. pana_start.c */
void start_on_initiation(struct pana_agent *agent, const struct arrival *arrival);
void start_on_answer(struct pana_agent *agent, const struct arrival *arrival);
void start_set_capability(struct pana_agent *agent, uint32_t capability, uint64_t now_ms);

/* The keys that protect a (re-)authentication under way: NULL in the first one. */
const struct pana_keys *session_keys_in_use(const struct pana_session *session);

/* pana_authentication.c */
void authentication_begin(struct pana_session *session, const struct instant *now, struct effects *effects);
void authentication_on_answer(struct pana_session *session, const struct arrival *arrival);
void authentication_on_request(struct pana_session *session, const struct arrival *arrival);

/* pana_completion.c */
void completion_begin(struct pana_session *session, enum completion completion, uint32_t result_code,
                      struct wire_view eap, const struct instant *now, struct effects *effects);
void completion_on_answer(struct pana_session *session, const struct arrival *arrival);

/* pana_access.c */
void access_on_ping(struct pana_session *session, const struct arrival *arrival);
void access_on_reauthentication(struct pana_session *session, const struct arrival *arrival);

/* pana_termination.c */
void termination_begin(struct pana_session *session, uint32_t cause, const struct instant *now,
                       struct effects *effects);
void termination_on_request(struct pana_session *session, const struct arrival *arrival);
void termination_on_answer(struct pana_session *session, const struct arrival *arrival);
void termination_arm_lifetime(struct pana_session *session);

#endif
