// SPDX-License-Identifier: BSD-3-Clause
/* home_agent_state - what the files of this room share. Private to it. */
#ifndef KEDGE_MOBILITYSERVER_HOME_AGENT_STATE_H
#define KEDGE_MOBILITYSERVER_HOME_AGENT_STATE_H

#include "binding_update_checks.h"
#include "home_agent.h"
#include "registration.h"

enum {
	OLD_ASSOCIATION_GRACE_MS = 30 * 1000, /* L-4 */
	SPI_QUARANTINE_MS = 24 * 3600 * 1000, /* L-1 */
	MN_HA_KEY_OCTETS = 16,                /* RFC 4285 5.1 */
	SPI_MIN = 256,
	ERROR_BURST = 10,
	ERROR_INTERVAL_MS = 100,
};

struct home_agent {
	struct home_agent_options options;
	struct home_agent_counters counters;
	struct registration_table table;
	struct source_rate sources;
	struct rate_bucket errors;
	struct log_limit fault_logs[BINDING_UPDATE_FAULT_COUNT];
};

/* --- associations (home_agent_associations.c) --- */

/* Arms the timer for the end of the association or its quarantine. */
void association_arm(struct association *association, const struct instant *now);

/* Appends the row of an association that is at its end: in quarantine from now on. */
void association_store_end(const struct association *association, const struct instant *now, struct effects *effects);

/* Ends it in memory. May drop its registration. */
void association_end(struct association *association, const struct instant *now);

/* The rows that end what is older than `spi` of this registration, and then the same in memory. */
void registration_store_end_of_older(const struct registration *registration, const struct association *newest,
                                     const struct instant *now, struct effects *effects);
void registration_end_older(struct registration *registration, const struct association *newest,
                            const struct instant *now);

/* --- bindings (home_agent.c) --- */

/* Appends the deletion of the binding's row, whether it is there or not. */
void registration_store_end_of_binding(const struct registration *registration, struct effects *effects);

/*
 * One of the stores under way for the registration is done, and so is what followed from it. If the binding's time was
 * over meanwhile, it ends now. May free the registration.
 */
void registration_settle(struct home_agent *agent, struct registration *registration, const struct instant *now,
                         struct effects *effects);

/* Takes the binding out of memory and tells the outlet; nothing when there is none. */
struct binding_version registration_unbind(struct home_agent *agent, struct registration *registration,
                                           const struct instant *now, struct effects *effects, uint8_t *shard);

/* Where a home address is, as registration_bind() takes it. */
struct location {
	struct in6_addr home_address;
	struct in6_addr care_of_address;
	uint16_t port;
	struct instant until;
};
void registration_bind(struct home_agent *agent, struct registration *registration, const struct location *location,
                       const struct instant *now, struct effects *effects, struct binding_version *version,
                       uint8_t *shard);

/* Tells the outlet of a binding anew if the session AMBR of its newest association is another one than it was told. */
void registration_tell_ambr(struct home_agent *agent, struct registration *registration, const struct instant *now,
                            struct effects *effects);

#endif
