// SPDX-License-Identifier: BSD-3-Clause
/*
 * registration - the home agent's memory: per home address its security associations and its binding, and the
 * associations by SPI, live and quarantined. Private to this room. Nothing here appends effects.
 */
#ifndef KEDGE_MOBILITYSERVER_REGISTRATION_H
#define KEDGE_MOBILITYSERVER_REGISTRATION_H

#include "binding_store_port.h"
#include "effects.h"
#include "instant.h"
#include "number_order.h"
#include "record_table.h"
#include "timer_wheel.h"
#include "update_rate.h"
#include "wire.h"

struct home_agent;
struct registration;

/* What was answered last, for an octet-identical repetition (M-8). */
struct last_answer {
	size_t update_octets;
	size_t packet_octets;
	uint8_t octets[]; /* the update's Mobility Header, then the packet of the acknowledgement */
};

struct association {
	struct numbered by_age;
	struct home_agent *agent;
	struct registration *registration; /* NULL in quarantine */
	struct association *next;          /* of the registration */
	struct association *prev;
	bool usable;      /* its row is durable */
	uint64_t session; /* in which it was made; 0: in an earlier run */
	struct association_row row;
	struct timer timer; /* its end, or that of its quarantine */
	/*
	 * Of the updates since the start (M-11); an earlier one is held back by its number, which is durable (M-9).
	 */
	uint64_t last_timestamp;
	struct rate_bucket failures;
	struct last_answer *answer;
};

/*
 * How an update came, and how its answer goes: natively, or from an IPv4 network in UDP (M-22). Then the outer source
 * is what is bound, and not under the MAC (M-23, M-25).
 */
struct udp_path {
	bool is_used;
	bool has_nat;           /* M-24 */
	struct in6_addr source; /* mapped */
	struct in6_addr destination;
	uint16_t port;
};

/* A Binding Update that is being stored. */
struct proposal {
	uint32_t spi;
	uint16_t sequence;
	uint8_t status;
	bool deregisters;
	bool has_timestamp;
	uint64_t timestamp; /* for the acknowledgement */
	bool at_home;       /* no home address option: no routing header in the answer */
	struct punt_route route;
	struct in6_addr source;
	struct in6_addr home_agent_address;
	struct in6_addr home_address;
	struct in6_addr care_of_address; /* of M-4 */
	struct udp_path udp;
	bool has_ipv4_home_address; /* option 29 */
	uint8_t ipv4_home_address[4];
	struct instant until;
	uint8_t *update; /* the Mobility Header as received */
	size_t update_octets;
};

struct registration_key {
	uint8_t octets[16]; /* home address, bits behind `length` zero */
	uint8_t length;
};

struct subscriber_registrations;

struct registration {
	struct numbered by_id;     /* its number is the token of effects */
	struct registration *next; /* of the subscriber */
	struct registration *prev;
	struct subscriber_registrations *subscriber;
	struct registration_key key;
	struct association *associations;
	unsigned pending; /* stores under way */
	struct proposal proposal;
	bool bound;
	struct in6_addr home_address; /* of the binding */
	struct in6_addr care_of_address;
	uint16_t port; /* of an IPv4 care-of address */
	struct instant until;
	struct session_ambr ambr;        /* as the outlet was told */
	struct session_ambr wanted_ambr; /* while a change of it is being stored */
	struct rate_bucket updates;
	struct rate_bucket answers;
};

struct subscriber_registrations {
	struct registration *registrations;
	char name[];
};

struct registration_table {
	struct record_table by_spi;      /* associations */
	struct number_order by_age;      /* associations */
	struct record_table by_key;      /* registrations */
	struct number_order by_id;       /* registrations */
	struct record_table subscribers; /* by name */
	uint64_t last_number;
};

struct registration_key registration_key_of(const struct in6_addr *home_address, uint8_t prefix_length);

struct association *registration_table_association(const struct registration_table *table, uint32_t spi);
struct registration *registration_table_find(const struct registration_table *table,
                                             const struct registration_key *key);
struct registration *registration_table_by_id(struct registration_table *table, uint64_t id);

/* The one behind `after` in an order that lasts (NULL: the first); NULL at the end. */
struct registration *registration_table_next(const struct registration_table *table, const struct registration *after);

struct subscriber_registrations *registration_table_subscriber(const struct registration_table *table,
                                                               const char *name);

/* The registration of this key, made if it is not there. NULL when it is another subscriber's. */
struct registration *registration_table_make(struct registration_table *table, const struct registration_key *key,
                                             const char *subscriber);

/* Frees a registration that has no association, no binding and nothing pending; else does nothing. */
void registration_table_drop(struct registration_table *table, struct registration *registration);

/* Adds an association with a copy of the row, to its registration if it has one. */
struct association *registration_table_add(struct registration_table *table, struct registration *registration,
                                           const struct association_row *row);

/* Takes the association from its registration and wipes its key and last answer; its SPI stays known. */
void registration_table_quarantine(struct registration_table *table, struct association *association);
void registration_table_remove(struct registration_table *table, struct association *association);
void registration_table_clear(struct registration_table *table);

/* Remembers what answered the update. */
void association_remember_answer(struct association *association, struct wire_view update, struct wire_view packet);
bool association_answered(const struct association *association, struct wire_view update);
struct wire_view association_answer(const struct association *association);

#endif
