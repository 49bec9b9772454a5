// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana_agent - how a node reaches the mobility server: the PANA Authentication Agent (RFC 5191, RFC 6786; rules B-1 to
 * B-33, F-1 to F-4, F-9, L-5, L-6 of docs/protocols.md).
 *
 *   PCI → PAR(S) → PAN(S)           stateless: cookies (B-10)
 *   PAR, PAN …                      EAP is carried; a relay talks to the authentication server
 *   PAR(C), PAN(C)                  keys; access phase
 *   PNR(P), PNA(P)                  requests of the bootstrap, decrypted here and answered there; pings
 *   PNR(A)                          re-authentication, as above from PAR on, under the old keys
 *   PTR, PTA                        either way
 *
 * Packets come whole from the punt and leave whole through it. Everything of a session lives in memory only (L-6).
 * Pure core: time, randomness and timers are handed in; it meets the other rooms in `struct pana_agent_outlet`.
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_PANA_AGENT_H
#define KEDGE_MOBILITYSERVER_PANA_AGENT_H

#include "effects.h"
#include "pana_agent_counters.h"
#include "randomness.h"
#include "secret.h"
#include "subscriber.h"
#include "timer_wheel.h"
#include "wire.h"

struct pana_agent;

enum {
	PANA_AGENT_ANSWER_MAX = 1184, /* octets of plaintext that fit into a PNA(P) (B-4) */
	PANA_AGENT_CLASS_MAX = 253,   /* RADIUS Class, kept for accounting */
};

/* An EAP packet of the node, for the relay. */
struct pana_agent_eap {
	uint64_t conversation; /* names this authentication in the relay's answers */
	bool is_first;         /* EAP-Response/Identity: a conversation begins */
	struct wire_view packet;
	struct endpoint source; /* for Calling-Station-Id alone: it is not authenticated */
};

/* A request of the bootstrap: AUTH was right, its number is new. Pointers hold during the call. */
struct pana_agent_request {
	uint64_t session;
	uint32_t number; /* of the PNR, to be named in pana_agent_answer() */
	uint32_t session_id;
	uint32_t key_id;
	const struct subscriber_identity *identity;
	const struct subscriber_profile *profile;
	const uint8_t *start_digest; /* SHA256(I_PAR|I_PAN), 32 octets (B-16) */
	struct wire_view paa_nonce;
	struct wire_view pac_nonce;
	const struct secret *mobility_root; /* MOB-RK (K-6) */
	struct endpoint source;             /* for logs: never a care-of address (B-23) */
	uint64_t expires_ms;                /* monotonic; end of Session-Lifetime (L-2) */
	struct wire_view plaintext;         /* what was inside Encryption-Encap */
};

enum pana_agent_end {
	PANA_END_LOST,           /* no answers, failed re-authentication, …: ends neither SA nor binding (L-5) */
	PANA_END_LOGOUT,         /* PTR LOGOUT of the node: ends both (L-5) */
	PANA_END_LIFETIME,       /* end of Session-Lifetime: ends both (L-5) */
	PANA_END_ADMINISTRATIVE, /* an operator's word: ends both (L-5) */
	PANA_END_DISPLACED,      /* gave way to a younger one of its subscriber (F-11): ends neither */
};

const char *pana_agent_end_name(enum pana_agent_end reason);

/* What the agent asks of others. Each function may answer from inside the call. */
struct pana_agent_outlet {
	void *context;
	/* Relay: one EAP response; answered by one of pana_agent_eap_request(), _accepted(), _rejected(). */
	void (*eap)(void *context, const struct pana_agent_eap *eap, const struct instant *now,
	            struct effects *effects);
	/* Relay: nobody waits for this conversation any more. */
	void (*eap_abandoned)(void *context, uint64_t conversation);
	/*
	 * Bootstrap: to be answered once by pana_agent_answer(), with status 100 if it is not done in 500 ms (B-43).
	 * What is wrong inside the plaintext is answered, too (B-32).
	 */
	void (*request)(void *context, const struct pana_agent_request *request, const struct instant *now,
	                struct effects *effects);
	/*
	 * The authentication server has admitted the subscriber, in a first authentication or another one: what his
	 * profile says holds from now on.
	 */
	void (*admitted)(void *context, const struct subscriber_identity *identity,
	                 const struct subscriber_profile *profile, const struct instant *now, struct effects *effects);
	/* A session that had reached the access phase is over. */
	void (*ended)(void *context, uint64_t session, const struct subscriber_identity *identity,
	              enum pana_agent_end reason, const struct instant *now, struct effects *effects);
};

/* Limits that may change while it runs. */
struct pana_agent_limits {
	uint32_t session_lifetime_max_s;  /* B-28 */
	uint32_t half_open;               /* F-1, in total */
	uint32_t sessions_per_subscriber; /* F-11 */
};

struct pana_agent_options {
	const char *paa_id;  /* K-3; lives as long as the agent */
	uint32_t vendor;     /* B-35 */
	uint32_t capability; /* our bits of Mob-Capability without POP, which is always set (B-7) */
	struct pana_agent_limits limits;
	struct timer_wheel *timers;
	struct randomness *randomness;
	struct pana_agent_outlet outlet;
};

struct pana_agent *pana_agent_new(const struct pana_agent_options *options);

/* Wipes all keys; sends and tells nothing. */
void pana_agent_free(struct pana_agent *agent);

/* For sessions and authentications from now on. */
void pana_agent_set_limits(struct pana_agent *agent, const struct pana_agent_limits *limits);

/* Another offer from now on; PAR(S) of the one before stay good for two epochs (B-10, B-12). */
void pana_agent_set_capability(struct pana_agent *agent, uint32_t capability, const struct instant *now);

/* A punted packet to UDP 716, whole. */
void pana_agent_packet(struct pana_agent *agent, const struct punt_route *route, struct wire_view packet,
                       const struct instant *now, struct effects *effects);

/* What the authentication server accepted. */
struct pana_agent_acceptance {
	struct wire_view eap; /* EAP-Success */
	struct secret msk;    /* 64 octets, or empty: there was none (K-2) */
	bool is_admitted;     /* false: no subscriber, or none of this server's (E-16, E-17) */
	struct subscriber_identity identity;
	/* The identity is unknown but the server vouched for the same peer: keep the session's (E-16). */
	bool keeps_identity;
	struct subscriber_profile profile;
	uint32_t session_timeout_s; /* 0: none was given (B-28) */
	struct wire_view class_attribute;
};

/* Relay's answers. A conversation that is over is ignored and counted as unexpected. */
void pana_agent_eap_request(struct pana_agent *agent, uint64_t conversation, struct wire_view packet,
                            const struct instant *now, struct effects *effects);
void pana_agent_accepted(struct pana_agent *agent, uint64_t conversation,
                         const struct pana_agent_acceptance *acceptance, const struct instant *now,
                         struct effects *effects);

/* Authentication failed, or the server did not answer (B-25). `packet` is EAP-Failure, or empty. */
void pana_agent_rejected(struct pana_agent *agent, uint64_t conversation, struct wire_view packet,
                         const struct instant *now, struct effects *effects);

/*
 * The bootstrap's answer: plaintext AVPs (at most PANA_AGENT_ANSWER_MAX octets). Ignored and counted when the session
 * is over or has gone on to another request.
 */
void pana_agent_answer(struct pana_agent *agent, uint64_t session, uint32_t number, const void *avps, size_t octets,
                       const struct instant *now, struct effects *effects);

/* Operators' view. */
struct pana_agent_session_view {
	uint64_t session;
	uint32_t session_id;
	uint32_t key_id;                            /* 0: none yet */
	const char *state;                          /* "identity", "authentication", "completion", "access", … */
	const struct subscriber_identity *identity; /* NULL before the access phase */
	struct endpoint source;
	uint64_t begun_ms;   /* unix */
	uint64_t expires_ms; /* monotonic; 0: not in the access phase */
	struct wire_view class_attribute;
};

/*
 * Calls `each` for up to `limit` sessions begun after `after` (0: from the first), in the order of their beginning; the
 * session `after` may have ended meanwhile.
 */
void pana_agent_each(struct pana_agent *agent, uint64_t after, size_t limit,
                     void (*each)(void *context, const struct pana_agent_session_view *view), void *context);

/* The established ones of one subscriber, the oldest first. */
void pana_agent_each_of(struct pana_agent *agent, const struct subscriber_identity *identity,
                        void (*each)(void *context, const struct pana_agent_session_view *view), void *context);

/* The session with this Session Identifier; 0: there is none. */
uint64_t pana_agent_find(struct pana_agent *agent, uint32_t session_id);

/* Ends a session: PTR ADMINISTRATIVE, and PANA_END_ADMINISTRATIVE at once. Returns 0 or -ENOENT. */
int pana_agent_end_session(struct pana_agent *agent, uint64_t session, const struct instant *now,
                           struct effects *effects);

/* The same for all sessions of a subscriber; returns how many. */
size_t pana_agent_end_subscriber(struct pana_agent *agent, const struct subscriber_identity *identity,
                                 const struct instant *now, struct effects *effects);

const struct pana_agent_counters *pana_agent_counters(const struct pana_agent *agent);

#endif
