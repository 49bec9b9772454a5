// SPDX-License-Identifier: BSD-3-Clause
/*
 * pana_client - the PANA client (PaC) of the node: RFC 5191 and RFC 6786 with rules B-1 to B-33, B-51 and B-52, as far
 * as they bind the node. A server without the bootstrap is always ignored (B-9): this client has no other use.
 *
 * A core: datagrams and time in, effects out (effects_send on the channel of its settings). Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_PANA_CLIENT_H
#define KEDGE_MOBILENODE_PANA_CLIENT_H

#include "effects.h"
#include "pana_keys.h"
#include "randomness.h"
#include "timer_wheel.h"

enum pana_client_state {
	PANA_CLIENT_IDLE,           /* no session; nothing is sent */
	PANA_CLIENT_STARTING,       /* PCI is being sent, or PAN(S) is out */
	PANA_CLIENT_AUTHENTICATING, /* a session: PAR x+1 came */
	PANA_CLIENT_OPEN,           /* access phase */
	PANA_CLIENT_REAUTHENTICATING,
};

enum pana_client_end {
	PANA_CLIENT_ENDED_NO_ANSWER,    /* REQ_MRC sendings (B-5), or 60 s for a whole authentication */
	PANA_CLIENT_ENDED_REJECTED,     /* PAR(C) with Result-Code 1 (B-25) */
	PANA_CLIENT_ENDED_NOT_ADMITTED, /* 2 (B-26) */
	PANA_CLIENT_ENDED_REFUSED,      /* a PAR(C) that claims success and is none (B-24) */
	PANA_CLIENT_ENDED_BY_SERVER,    /* PTR */
	PANA_CLIENT_ENDED_LIFETIME,
	PANA_CLIENT_ENDED_LOGOUT,
};

struct pana_client_settings {
	uint16_t channel;      /* a UDP channel on an ephemeral port (B-1) */
	struct endpoint paa;   /* address and port 716 */
	uint32_t vendor;       /* Vendor-Id of B-35 */
	uint32_t capabilities; /* own bits of Mob-Capability (B-7); POP is always set */
	uint32_t requests_max; /* of either side under one MSK (B-17); 0: 2^30 */
};

/* Who the client talks to. All pointers are valid during the call only. */
struct pana_client_outlet {
	void *context;
	/*
	 * An EAP packet of the server. Returns the response's octets (0: none; EAP-Success and -Failure have none).
	 * `is_first`: a new conversation begins with it.
	 */
	size_t (*eap)(void *context, bool is_first, struct wire_view packet, uint8_t *response, size_t capacity);
	/* The MSK when the method is done as B-24 asks, and EAP-Success is all that lacks; NULL if it is not. */
	const struct secret *(*msk)(void *context);
	/* Access phase reached: first time or again. */
	void (*opened)(void *context, bool is_reauthentication, const struct instant *now, struct effects *effects);
	/* The answer to pana_client_ping(): the decrypted Encap; `plaintext.octets` 0 for a PNA without Encap (B-51).
	 */
	void (*answered)(void *context, struct wire_view plaintext, const struct instant *now, struct effects *effects);
	void (*ended)(void *context, enum pana_client_end why, const struct instant *now, struct effects *effects);
};

/* What the bootstrap's keys are made of (K-6); valid while the state is OPEN or REAUTHENTICATING. */
struct pana_client_session {
	uint32_t session_id;
	uint32_t key_id;
	uint32_t lifetime_s;
	uint64_t ends_monotonic_ms;
	uint8_t start_digest[32];   /* mobility_start_digest(I_PAR, I_PAN) */
	struct wire_view paa_nonce; /* of the newest authentication; K-10 takes both */
	struct wire_view pac_nonce;
	struct secret msk;
};

struct pana_client;

struct pana_client *pana_client_new(const struct pana_client_settings *settings,
                                    const struct pana_client_outlet *outlet, struct randomness *randomness,
                                    struct timer_wheel *timers);
void pana_client_free(struct pana_client *client); /* wipes; says nothing to the server */

/* Begins with PCI; a session that there is is forgotten. */
void pana_client_start(struct pana_client *client, const struct instant *now, struct effects *effects);

/* PTR LOGOUT, when there is a session; `ended` comes with its answer or after the last sending. */
void pana_client_logout(struct pana_client *client, const struct instant *now, struct effects *effects);

/* PNR(A); by itself at 80 % of the lifetime (B-28). 0, or -EBUSY while a request is out, -ENOTCONN. */
int pana_client_reauthenticate(struct pana_client *client, const struct instant *now, struct effects *effects);

/*
 * PNR(P) with `plaintext` (whole AVPs) in Encap (B-29, B-30). Returns 0; -EMSGSIZE when the message would be longer
 * than B-4 allows; -EBUSY while a request is out; -ENOTCONN.
 */
int pana_client_ping(struct pana_client *client, struct wire_view plaintext, const struct instant *now,
                     struct effects *effects);

/*
 * The address of the channel has changed: a ping shows the new one (RFC 5191 5.6; B-23), at once or when the request
 * that is out has been answered, at most one a second (F-9). Nothing happens without a session.
 */
void pana_client_moved(struct pana_client *client, const struct instant *now, struct effects *effects);

/* A datagram that came on the channel. */
void pana_client_datagram(struct pana_client *client, const struct endpoint *from, struct wire_view datagram,
                          const struct instant *now, struct effects *effects);

enum pana_client_state pana_client_state(const struct pana_client *client);
const struct pana_client_session *pana_client_session(const struct pana_client *client); /* NULL when not open */

/* "B-24: no Session-Lifetime", for state `failed` (N-8); "" when nothing was refused. */
const char *pana_client_failure(const struct pana_client *client);

/* Names and values by index from 0, for `status --json`; false past the end. */
bool pana_client_counter(const struct pana_client *client, size_t index, const char **name, uint64_t *value);

#endif
