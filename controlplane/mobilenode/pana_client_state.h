// SPDX-License-Identifier: BSD-3-Clause
/* What the files of the PANA client share. */
#ifndef KEDGE_MOBILENODE_PANA_CLIENT_STATE_H
#define KEDGE_MOBILENODE_PANA_CLIENT_STATE_H

#include "pana_client.h"

enum {
	CANDIDATES_MAX = 4, /* B-15 */
	NONCE_OCTETS = 32,
	NONCE_OCTETS_MIN = 16, /* B-18 */
	NONCE_OCTETS_MAX = 256,
	START_ANSWER_OCTETS_MAX = 128,
	CLIENT_FAILURE_OCTETS = 128,
};

#define PANA_CLIENT_COUNTERS(X)                                                                                        \
	X(sent)                                                                                                        \
	X(retransmitted)                                                                                               \
	X(received)                                                                                                    \
	X(foreign_source)    /* not from the server's address and port (B-1) */                                        \
	X(start_ignored)     /* PAR(S) without what the bootstrap needs (B-9, B-14), or too many (B-15) */             \
	X(repeated)          /* a request again, answered with the cached octets (B-22) */                             \
	X(repeats_over_rate) /* the same, more than five times in a second: not answered (B-22) */                     \
	X(out_of_order)      /* another number than the next, or other content under the last (B-22) */                \
	X(unknown_session)                                                                                             \
	X(unauthenticated)    /* AUTH missing or wrong (B-21, B-52) */                                                 \
	X(completion_ignored) /* PAR(C) that claims what is not so (B-24) */                                           \
	X(unexpected)         /* right, but not now: an answer that nobody waits for, a nonce too many */              \
	X(candidates_left)    /* for want of progress (B-15) */

struct client_counters {
#define X(name) uint64_t name;
	PANA_CLIENT_COUNTERS(X)
#undef X
	uint64_t invalid[PANA_FAULT_COUNT];
};

/* A PAR(S) and the PAN(S) that answers it. */
struct candidate {
	uint32_t session_id;
	uint32_t number;
	uint8_t i_par[PANA_PAYLOAD_MAX];
	size_t i_par_octets;
	uint8_t i_pan[START_ANSWER_OCTETS_MAX];
	size_t i_pan_octets;
	uint8_t first_request[PANA_PAYLOAD_MAX]; /* its PAR x+1, when it came while another was tried */
	size_t first_request_octets;
};

struct pana_client {
	struct pana_client_settings settings;
	struct pana_client_outlet outlet;
	struct randomness *randomness;
	struct timer_wheel *timers;
	enum pana_client_state state;
	struct timer retransmit; /* of PCI, or of the request that is out */
	struct timer progress;   /* 10 s without any, in the first authentication (B-15) */
	struct timer deadline;   /* of a whole authentication */
	struct timer lifetime;   /* re-authentication is due */
	struct timer end;        /* of the session */
	struct timer ping;       /* after a change of address, when one cannot leave at once */
	uint64_t timeout_ms;

	struct candidate candidates[CANDIDATES_MAX];
	size_t candidate_count;
	struct candidate *chosen; /* NULL until PAR x+1 */

	/* the PAA's requests */
	uint32_t peer_number; /* of the last one accepted */
	uint8_t peer_request[PANA_PAYLOAD_MAX];
	size_t peer_request_octets; /* 0: the last one was PAR(S) */
	uint8_t answer[PANA_PAYLOAD_MAX];
	size_t answer_octets;
	uint64_t repeats_since_ms; /* answers sent again since then, within a second */
	unsigned repeats;

	/* our own */
	bool has_number;
	uint32_t number;
	enum pana_kind request_kind;
	uint8_t request[PANA_PAYLOAD_MAX];
	size_t request_octets; /* 0: none is out */
	unsigned sendings;
	bool is_plain_ping;     /* it shows our address and asks for nothing */
	bool is_address_untold; /* such a ping is due */
	uint64_t last_ping_ms;  /* 0: none yet */
	uint32_t first_of_key;  /* our first number under the keys in use */
	uint32_t peer_first_of_key;

	bool is_first_round; /* the next PAR begins an authentication and carries a nonce */
	uint8_t pac_nonce[NONCE_OCTETS];
	uint8_t paa_nonce[NONCE_OCTETS_MAX];
	size_t paa_nonce_octets;
	struct pana_keys keys;
	struct pana_client_session session;
	char failure[CLIENT_FAILURE_OCTETS];
	struct client_counters counters;
};

/* pana_client.c */
void client_send(struct pana_client *client, const uint8_t *octets, size_t count, struct effects *effects);
void client_end(struct pana_client *client, enum pana_client_end why, const struct instant *now,
                struct effects *effects);
/* B-22: whether the answer may be sent again, at most five times a second. */
bool client_may_repeat(struct pana_client *client, const struct instant *now);
/* B-17: true, and a re-authentication has begun or is due, when the numbers of these keys are used up. */
bool client_numbers_used_up(struct pana_client *client, const struct instant *now, struct effects *effects);
/* Our request is answered: what had to wait for it is done now. */
void client_request_answered(struct pana_client *client, const struct instant *now, struct effects *effects);
void client_progress(struct pana_client *client, const struct instant *now);
void client_begin_authentication(struct pana_client *client, const struct instant *now);
void client_opened(struct pana_client *client, uint32_t lifetime_s, const struct instant *now, struct effects *effects);
__attribute__((format(printf, 2, 3))) void client_blame(struct pana_client *client, const char *format, ...);

/* pana_client_start.c */
void client_par_start(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                      struct effects *effects);
struct candidate *client_candidate(struct pana_client *client, uint32_t session_id);
void client_leave_candidate(struct pana_client *client);

/* pana_client_session.c */
void client_par(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                struct effects *effects);
void client_request(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                    struct effects *effects);
void client_answer(struct pana_client *client, const struct pana_message *message, const struct instant *now,
                   struct effects *effects);

#endif
