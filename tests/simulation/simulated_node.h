// SPDX-License-Identifier: BSD-3-Clause
/*
 * simulated_node - a mobile node as a simulated process: the cores of kedge-mobilenode, tied together by its own
 * mobilenode.c, over a card in software. Its disk holds the sealed state alone. Its device may crash at any effect, be
 * switched off and on, lose its disk, and move.
 */
#ifndef KEDGE_TESTS_SIMULATED_NODE_H
#define KEDGE_TESTS_SIMULATED_NODE_H

#include "mobilenode.h"
#include "sim_card.h"
#include "simulated_process.h"

enum { NODE_PACKET_MAX = 2048, NODE_NAME_OCTETS = 254, NODE_VENDOR = 32473 };

struct simulated_node;

struct node_outlet {
	void *context;
	void (*transmit)(void *context, const uint8_t *packet, size_t octets);
	/* An answer that counts has come: a new security association is stored. */
	void (*granted)(void *context, struct simulated_node *node);
	/* A Binding Acknowledgement that counts has come. */
	void (*bound)(void *context, struct simulated_node *node);
	void (*broken)(void *context, const char *what);
	void (*logged)(void *context, const char *process, const char *subsystem, const char *text);
};

struct simulated_node {
	struct simulated_process process;
	struct node_outlet outlet;
	const char *name;
	struct sim_card *card;
	struct mobilenode_settings settings;
	struct mobilenode *mobilenode; /* NULL while its device is dead or off */
	uint8_t disk[SEALED_STATE_OCTETS_MAX];
	size_t disk_octets;
	uint32_t disk_failures; /* so many of the next writes fail */
	bool is_on;

	struct movement_place place;
	bool has_place;
	uint16_t port;

	/* what it shows to the world; of the association that it holds */
	bool is_granted;
	char fqdn[NODE_NAME_OCTETS];
	struct in6_addr home_address;
	uint32_t spi;
	bool is_tunnelling;
	uint16_t acknowledged; /* number in the last Binding Acknowledgement */
	bool needs_approval;   /* L-8: it changed its key too often */
	uint32_t reauthentications;
};

/* `server` and `paa_id`: of the mobility service. The device is off, and its disk holds a new key pair. */
void simulated_node_start(struct simulated_node *node, struct virtual_time *time, uint32_t number,
                          const struct in6_addr *server, const char *paa_id);
void simulated_node_end(struct simulated_node *node);

/* A key pair from the dice, of which a seed makes the same each time. */
struct host_key *simulated_host_key(struct virtual_time *time);

/* Switched on; switched off, with or without leave-taking; dead, and back by itself after a while. */
void simulated_node_on(struct simulated_node *node);
void simulated_node_off(struct simulated_node *node, bool takes_leave);
void simulated_node_crash(struct simulated_node *node, uint32_t at_effect);

/* Another access network; 0: none. */
void simulated_node_move(struct simulated_node *node, uint32_t network);

/* Its home link, if it knows where that is: another host's address of its own home prefix. */
void simulated_node_go_home(struct simulated_node *node);

/* Another wished name (empty: none). Then it asks for what it wishes, as it does when it is only asked to. */
void simulated_node_wish(struct simulated_node *node, const char *name);
void simulated_node_ask_again(struct simulated_node *node);

/* The device is installed anew: an empty disk but for a new key pair. */
void simulated_node_install(struct simulated_node *node);

/* A packet to its care-of address. */
void simulated_node_receive(struct simulated_node *node, const uint8_t *packet, size_t octets);

bool simulated_node_is_at(const struct simulated_node *node, const struct in6_addr *address);
bool simulated_node_is_at_rest(const struct simulated_node *node); /* bound */

#endif
