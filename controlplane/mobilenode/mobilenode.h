// SPDX-License-Identifier: BSD-3-Clause
/*
 * mobilenode - the node's own mind: when to authenticate, to ask, to bind, and what to do when one of them fails
 * (N-7, N-8, B-40, B-41, L-3, L-5). It joins card, PANA client, bootstrap client, Mobile IPv6 and movement; what
 * touches the machine (tunnel, state file) is behind its port.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_MOBILENODE_MOBILENODE_H
#define KEDGE_MOBILENODE_MOBILENODE_H

#include <jansson.h>

#include "bootstrap_client.h"
#include "eap_aka_peer.h"
#include "mobile_ipv6.h"
#include "movement.h"
#include "sealed_state.h"

enum mobilenode_state {
	MOBILENODE_NO_ACCESS,      /* no care-of address */
	MOBILENODE_AUTHENTICATING, /* AKA over PANA */
	MOBILENODE_BOOTSTRAPPING,  /* name and address are asked for */
	MOBILENODE_BINDING,        /* a security association; a Binding Update is out */
	MOBILENODE_BOUND,          /* traffic follows the node */
	MOBILENODE_HOME,           /* on its home link: traffic finds it without a binding */
	MOBILENODE_FAILED,         /* waits before it tries again; the failure says why */
	MOBILENODE_STOPPED,        /* barred: it does not try again */
};

const char *mobilenode_state_name(enum mobilenode_state state);

struct mobilenode_settings {
	struct eap_aka_peer_settings eap;
	struct pana_client_settings pana;
	struct bootstrap_client_settings bootstrap;
	struct movement_settings movement;
	uint32_t binding_lifetime_s;
};

struct mobilenode_port {
	void *context;
	/* Seals and stores; see sealed_state_save(). */
	int (*store)(void *context, const struct sealed_state *state);
	void (*home)(void *context, const struct in6_addr *home_address, unsigned prefix_length,
	             const struct in6_addr *home_agent);
	void (*place)(void *context, const struct movement_place *place);
	void (*bound)(void *context, bool is_bound);
	void (*send)(void *context, struct wire_view packet);
	/* Told at each change of state; for --once. */
	void (*state)(void *context, enum mobilenode_state state);
};

struct mobilenode;

/*
 * `state`: what was sealed, or zeroed; without a host key in it a new one is made. The card outlives the node. Returns
 * 0 or a negative errno (no key could be made or read).
 */
int mobilenode_new(const struct mobilenode_settings *settings, const struct usim *usim,
                   const struct sealed_state *state, const struct mobilenode_port *port, struct randomness *randomness,
                   struct timer_wheel *timers, struct mobilenode **node);
void mobilenode_free(struct mobilenode *node); /* wipes */

/* Takes up an association that is sealed and still alive, else waits for a care-of address. */
void mobilenode_start(struct mobilenode *node, const struct instant *now, struct effects *effects);

/* Another wish (a configuration that was read again): it is asked for at once, in the session that there is. */
void mobilenode_wish(struct mobilenode *node, const struct bootstrap_wish *wish, const struct instant *now,
                     struct effects *effects);

/* All usable addresses as they are now. */
void mobilenode_places(struct mobilenode *node, const struct movement_place *places, size_t count,
                       const struct instant *now, struct effects *effects);

/* A datagram of the PANA channel; a channel_received. */
void mobilenode_datagram(void *node, uint16_t channel, const struct endpoint *from, const uint8_t *message,
                         size_t octets, const struct instant *now, struct effects *effects);

/* A packet with a Mobility Header to a care-of address. */
void mobilenode_mobility(struct mobilenode *node, struct wire_view packet, const struct instant *now,
                         struct effects *effects);

/* The node ends: its binding with it. */
void mobilenode_leave(struct mobilenode *node, const struct instant *now, struct effects *effects);

enum mobilenode_state mobilenode_state(const struct mobilenode *node);

/* What `status --json` prints, secrets left out; the caller's reference. */
json_t *mobilenode_status(const struct mobilenode *node, const struct instant *now);

#endif
