// SPDX-License-Identifier: BSD-3-Clause
/*
 * simulated_node - the simulation's mobile node: contacts the PANA agent, proves itself by EAP-AKA', asks for name and
 * address, sends Binding Updates, moves; repeats what is not answered, and refuses what protocols.md says a node
 * refuses. Written for the simulation from the rules alone, by itself: its device may be switched off and forget
 * everything but its SIM.
 */
#ifndef KEDGE_TESTS_SIMULATED_NODE_H
#define KEDGE_TESTS_SIMULATED_NODE_H

#include <netinet/in.h>

#include "bootstrap_avp.h"
#include "eap_aka_keys.h"
#include "host_key.h"
#include "pana_keys.h"
#include "proof_of_possession.h"
#include "sim_card.h"
#include "virtual_time.h"

enum { NODE_PACKET_MAX = 2048, NODE_NAME_OCTETS = 254, NODE_VENDOR = 32473 };

enum node_state {
	NODE_OFF,
	NODE_RESTING,        /* waits before it tries again (B-41) */
	NODE_CONTACTING,     /* PCI */
	NODE_AUTHENTICATING, /* PAR x+1 up to PAR(C) */
	NODE_REQUESTING,     /* PNR with a full request or a poll */
	NODE_GRANTED,        /* Binding Updates */
};

/* What the server granted (11 of architecture.md 1). */
struct node_grant {
	bool is_there;
	char fqdn[NODE_NAME_OCTETS];
	char nai[NODE_NAME_OCTETS + 1];
	struct in6_addr home_address;
	uint32_t spi;
	struct secret key;
	uint64_t granted_ms;
	uint64_t expires_ms;
};

/* Its end of RFC 4285. */
struct node_binding {
	uint16_t sequence;
	bool is_outstanding;
	bool is_bound;
	bool leaves;                     /* the outstanding update de-registers */
	struct in6_addr care_of_address; /* of the outstanding update; of the binding when bound */
	uint32_t unanswered;             /* updates in a row */
	uint64_t wait_ms;
	uint64_t due_ms; /* of the next update */
	uint64_t acknowledged_ms;
};

struct simulated_node;

struct node_outlet {
	void *context;
	void (*transmit)(void *context, const uint8_t *packet, size_t octets);
	/* An answer with status 0 or 1 has come and was right. */
	void (*granted)(void *context, struct simulated_node *node, uint32_t status);
	/* A Binding Acknowledgement with status 0 has come and was right. */
	void (*bound)(void *context, struct simulated_node *node);
	void (*broken)(void *context, const char *what);
};

struct simulated_node {
	struct virtual_time *time;
	struct node_outlet outlet;
	const char *name;
	struct sim_card *card;
	const char *paa_id;
	struct in6_addr server;
	uint64_t life;
	enum node_state state;
	uint64_t due_ms; /* of the next thing that it does by itself */
	uint64_t wake_ms;
	uint32_t tries;
	uint32_t failures; /* in a row */
	bool stays_away;   /* when its device is off */

	struct in6_addr care_of_address;
	uint16_t port;

	/* the key pair, and what it wishes */
	struct host_key *host_key;
	uint8_t identity[HIP_IDENTITY_VALUE_MAX];
	size_t identity_octets;
	char wish[NODE_NAME_OCTETS]; /* empty: none */

	/* the PANA session */
	uint32_t session_id;
	uint32_t first_number;
	uint32_t paa_number; /* of the last request of the PAA that was answered; 0: none */
	uint32_t number;     /* of our last request */
	uint8_t i_par[256], i_pan[256];
	size_t i_par_octets, i_pan_octets;
	uint8_t paa_nonce[256], pac_nonce[32];
	size_t paa_nonce_octets;
	struct pana_keys keys;
	struct secret mobility_root;
	uint8_t answer[1300]; /* to the PAA's last request, to be repeated */
	size_t answer_octets;

	/* EAP-AKA' */
	struct eap_aka_keys aka;
	struct eap_aka_checkcode checkcode;
	uint8_t eap_identity[EAP_IDENTITY_MAX];
	size_t eap_identity_octets;
	bool aka_is_done;

	/* the request */
	uint8_t request_id[BOOTSTRAP_REQUEST_ID_OCTETS];
	uint8_t request_digest[32];  /* R */
	uint8_t identity_digest[32]; /* of the HI-value that it names */
	bool request_is_new;         /* the id is of a wish that no answer has ended yet */
	uint64_t poll_from_ms;
	uint8_t request[1300]; /* PNR on its way */
	size_t request_octets;

	struct node_grant grant;
	struct node_binding binding;
	uint32_t last_status; /* of an answer */
	uint32_t refused;     /* octets that were no valid answer */
};

void simulated_node_start(struct simulated_node *node, uint32_t number);
void simulated_node_end(struct simulated_node *node);

/* Its device is switched on, or off: then all is forgotten but the SIM and the key pair (sealed state). */
void simulated_node_on(struct simulated_node *node);
void simulated_node_off(struct simulated_node *node);

/* Another access network: a new care-of address. */
void simulated_node_move(struct simulated_node *node, uint32_t network);

/* Wishes another name (empty: none) or makes another key pair, and asks again if it was granted. */
void simulated_node_wish(struct simulated_node *node, const char *name);
void simulated_node_new_key(struct simulated_node *node);
void simulated_node_ask_again(struct simulated_node *node);

/* De-registers its binding (it is at home, or goes to sleep). */
void simulated_node_leave(struct simulated_node *node);

/* A packet to its address. */
void simulated_node_receive(struct simulated_node *node, const uint8_t *packet, size_t octets);

bool simulated_node_is_at_rest(const struct simulated_node *node); /* granted, bound, nothing outstanding */

/* Between the node's own files. */
void node_wakes_at(struct simulated_node *node, uint64_t due_ms);
/* The answer to an EAP request into `writer`; false: none (malformed, or an attacker's). */
bool node_eap(struct simulated_node *node, struct wire_view request, struct wire_writer *writer);
void node_rests(struct simulated_node *node, const char *why);
void node_was_granted(struct simulated_node *node);
/* Binding Updates: what is due; an acknowledgement. */
void node_binding_turn(struct simulated_node *node);
void node_binding_receive(struct simulated_node *node, const uint8_t *packet, size_t octets);
void node_asks(struct simulated_node *node);
void node_polls(struct simulated_node *node);
void node_answered(struct simulated_node *node, const uint8_t *plaintext, size_t octets);
void node_sends_request(struct simulated_node *node, const uint8_t *plaintext, size_t octets);

#endif
