// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_update_checks - reads a Binding Update out of a packet and finds the first thing that is wrong with it, in
 * the order of M-2, from one table. Private to this room; changes nothing but rate buckets.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_UPDATE_CHECKS_H
#define KEDGE_MOBILITYSERVER_BINDING_UPDATE_CHECKS_H

#include "home_agent.h"
#include "ip.h"
#include "mobility_header.h"
#include "registration.h"

enum binding_update_fault {
#define X(name, answer, status, help) FAULT_##name,
	BINDING_UPDATE_FAULTS(X)
#undef X
	        BINDING_UPDATE_FAULT_COUNT,
	FAULT_NONE = BINDING_UPDATE_FAULT_COUNT,
};

struct binding_update_fault_kind {
	const char *name;
	const char *help;
	enum update_answer answer;
	uint8_t status; /* enum mobility_status */
};

extern const struct binding_update_fault_kind binding_update_faults[BINDING_UPDATE_FAULT_COUNT];

/* Limits of M-5 and M-21. */
enum {
	SOURCE_BURST = 100,
	SOURCE_INTERVAL_MS = 20,
	NODE_BURST = 3,
	NODE_INTERVAL_MS = 333,
	FAILURE_INTERVAL_MS = 1000,
};

/* One update on its way through the checks. */
struct binding_update_case {
	/* what they look at */
	const struct home_agent_options *options;
	const struct registration_table *table;
	struct source_rate *sources;
	const struct instant *now;
	const struct ip_packet *packet; /* in UDP: the inner one */
	struct udp_path udp;            /* has_nat is found */
	const struct mobility_header *header;
	struct wire_view message; /* the Mobility Header */

	/* what they find */
	struct in6_addr home_address;
	struct in6_addr care_of_address; /* of M-4: the MAC's */
	struct in6_addr bound_address;   /* that, or in UDP the outer source (M-23) */
	bool deregisters;
	struct association *association;
	struct registration *registration;
	const struct home_agent_prefix *home_prefix;
	bool is_repetition; /* octet-identical to the last one: only faults up to the NAI were looked for */
};

/* Fills what can be told from the packet alone, then runs the checks. Returns FAULT_NONE or the first fault. */
enum binding_update_fault binding_update_check(struct binding_update_case *update);

/* The entry of `prefixes` in which the address lies, or NULL. */
const struct home_agent_prefix *home_agent_prefix_of(const struct home_agent_prefix *prefixes, size_t count,
                                                     const struct in6_addr *address);

#endif
