// SPDX-License-Identifier: BSD-3-Clause
/* The life of security associations (L-1 to L-7): made, replaced, ended, quarantined, loaded. */
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "home_agent_state.h"

static bool same_host_identity(const struct association_row *a, const struct association_row *b)
{
	return memcmp(a->host_identity_digest, b->host_identity_digest, HOST_IDENTITY_DIGEST_OCTETS) == 0;
}

/* --- the end --- */

static struct association_row ended_row(const struct association *association, const struct instant *now)
{
	struct association_row row = {
	        .spi = association->row.spi,
	        .state = ASSOCIATION_QUARANTINED,
	        .prefix_length = association->row.prefix_length,
	        .created_ms = association->row.created_ms,
	        .until_ms = now->unix_ms + SPI_QUARANTINE_MS,
	        .home_address = association->row.home_address,
	        .home_agent_address = association->row.home_agent_address,
	};

	memcpy(row.subscriber, association->row.subscriber, sizeof(row.subscriber));
	return row;
}

void association_store_end(const struct association *association, const struct instant *now, struct effects *effects)
{
	const struct association_row row = ended_row(association, now);

	effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
}

void association_end(struct association *association, const struct instant *now)
{
	struct home_agent *agent = association->agent;

	if (association->row.state != ASSOCIATION_LIVE)
		return;
	agent->counters.associations_ended++;
	registration_table_quarantine(&agent->table, association);
	association->row = ended_row(association, now);
	association_arm(association, now);
}

/* Its time has come: the association's, or that of its quarantine. Either shows in its row, so no commit is awaited. */
static void association_timer(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct association *association = timer_owner(timer, struct association, timer);
	const struct association_key_row key = {association->row.spi};

	if (association->row.until_ms > now->unix_ms) { /* the clock was set back */
		association_arm(association, now);
	} else if (association->row.state == ASSOCIATION_LIVE) {
		association_store_end(association, now, effects);
		association_end(association, now);
	} else {
		effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_DELETE_ASSOCIATION, &key, sizeof(key));
		registration_table_remove(&association->agent->table, association);
	}
}

void association_arm(struct association *association, const struct instant *now)
{
	uint64_t until_ms = association->row.until_ms;
	uint64_t remaining_ms = until_ms > now->unix_ms ? until_ms - now->unix_ms : 0;

	timer_arm(association->agent->options.timers, &association->timer, now->monotonic_ms + remaining_ms,
	          association_timer);
}

/* --- replacement --- */

/* The list is in the order in which they were made; one that is being stored is nobody's predecessor. */
static struct association *older(struct association *association, const struct association *newest)
{
	while (association != newest && !association->usable)
		association = association->next;
	return association == newest ? NULL : association;
}

#define FOR_EACH_OLDER(registration, newest, at)                                                                       \
	for (at = older((registration)->associations, newest); at; at = older(at->next, newest))

void registration_store_end_of_older(const struct registration *registration, const struct association *newest,
                                     const struct instant *now, struct effects *effects)
{
	const struct association *association;

	FOR_EACH_OLDER(registration, newest, association)
	association_store_end(association, now, effects);
}

void registration_end_older(struct registration *registration, const struct association *newest,
                            const struct instant *now)
{
	struct association *association;

	while ((association = older(registration->associations, newest)))
		association_end(association, now);
}

/* L-4: with the same Host Identity the old one may go on for half a minute. */
static uint64_t grace_until_ms(const struct association *association, const struct instant *now)
{
	uint64_t until_ms = now->unix_ms + OLD_ASSOCIATION_GRACE_MS;

	return association->row.until_ms < until_ms ? association->row.until_ms : until_ms;
}

/* True when an older association of the registration is another Host Identity's. */
static bool device_changed(const struct registration *registration, const struct association *newest)
{
	const struct association *association;

	FOR_EACH_OLDER(registration, newest, association)
	if (!same_host_identity(&association->row, &newest->row))
		return true;
	return false;
}

static void store_replacement(const struct registration *registration, const struct association *newest,
                              const struct instant *now, struct effects *effects)
{
	const struct association *association;

	FOR_EACH_OLDER(registration, newest, association)
	{
		struct association_row row = association->row;

		if (same_host_identity(&row, &newest->row)) {
			row.until_ms = grace_until_ms(association, now);
			effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
		} else {
			association_store_end(association, now, effects);
		}
		secret_wipe(&row.key);
	}
	if (device_changed(registration, newest))
		registration_store_end_of_binding(registration, effects);
}

static void replace(struct home_agent *agent, struct registration *registration, struct association *newest,
                    const struct instant *now, struct effects *effects)
{
	struct association *association = older(registration->associations, newest);
	struct association *next;
	uint8_t shard;

	if (device_changed(registration, newest))
		registration_unbind(agent, registration, now, effects, &shard);
	for (; association; association = next) {
		next = older(association->next, newest);
		if (same_host_identity(&association->row, &newest->row)) {
			association->row.until_ms = grace_until_ms(association, now);
			association_arm(association, now);
		} else {
			association_end(association, now);
		}
	}
}

/* --- revocation --- */

static void store_end_of_registration(const struct registration *registration, const struct instant *now,
                                      struct effects *effects)
{
	const struct association *association;

	registration_store_end_of_binding(registration, effects);
	DL_FOREACH(registration->associations, association)
	association_store_end(association, now, effects);
}

static void end_registration(struct home_agent *agent, struct registration *registration, const struct instant *now,
                             struct effects *effects)
{
	uint8_t shard;

	agent->counters.revoked++;
	registration_unbind(agent, registration, now, effects, &shard);
	while (registration->associations) /* still pending, so the last one does not take it along */
		association_end(registration->associations, now);
}

static void revoked(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct home_agent *agent = core;
	struct registration *registration = registration_table_by_id(&agent->table, token);

	if (!registration)
		return;
	if (result == 0)
		end_registration(agent, registration, now, effects);
	else
		effects_log(effects, LOG_LEVEL_ERROR, "home-agent", "the store failed: a revocation was not done");
	registration_settle(agent, registration, now, effects);
}

static void revoke(struct home_agent *agent, struct registration *registration, const struct instant *now,
                   struct effects *effects)
{
	store_end_of_registration(registration, now, effects);
	registration->pending++;
	effects_when_durable(effects, revoked, agent, registration->by_id.number);
}

size_t home_agent_revoke(struct home_agent *agent, const char *name, const struct instant *now, struct effects *effects)
{
	struct subscriber_registrations *subscriber = registration_table_subscriber(&agent->table, name);
	struct registration *registration;
	size_t count = 0;

	if (!subscriber)
		return 0;
	DL_FOREACH(subscriber->registrations, registration)
	{
		revoke(agent, registration, now, effects);
		count++;
	}
	return count;
}

size_t home_agent_session_ended(struct home_agent *agent, const char *name, uint64_t session, const struct instant *now,
                                struct effects *effects)
{
	struct subscriber_registrations *subscriber = registration_table_subscriber(&agent->table, name);
	struct registration *registration;
	size_t count = 0;

	if (!subscriber)
		return 0;
	DL_FOREACH(subscriber->registrations, registration)
	{
		/* the newest stands last; older ones live their half minute of grace */
		if (!registration->associations || registration->associations->prev->session != session)
			continue;
		revoke(agent, registration, now, effects);
		count++;
	}
	return count;
}

/* --- the session AMBR --- */

static bool has_other_ambr(const struct association *association, const struct session_ambr *ambr)
{
	return association->usable && !session_ambr_equal(&association->row.ambr, ambr);
}

static void ambr_durable(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct home_agent *agent = core;
	struct registration *registration = registration_table_by_id(&agent->table, token);
	struct association *association;

	if (!registration)
		return;
	if (result) {
		effects_log(effects, LOG_LEVEL_ERROR, "home-agent", "the store failed: a session AMBR was not changed");
	} else {
		DL_FOREACH(registration->associations, association)
		if (association->usable)
			association->row.ambr = registration->wanted_ambr;
		registration_tell_ambr(agent, registration, now, effects);
	}
	registration_settle(agent, registration, now, effects);
}

/* True when an association of the registration has another one: its row is appended. */
static bool store_ambr(struct home_agent *agent, struct registration *registration, const struct session_ambr *ambr,
                       struct effects *effects)
{
	struct association *association;
	bool changes = false;

	DL_FOREACH(registration->associations, association)
	{
		struct association_row row = association->row;

		row.ambr = *ambr;
		if (has_other_ambr(association, ambr)) {
			effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
			changes = true;
		}
		secret_wipe(&row.key);
	}
	if (!changes)
		return false;
	registration->wanted_ambr = *ambr;
	registration->pending++;
	effects_when_durable(effects, ambr_durable, agent, registration->by_id.number);
	return true;
}

size_t home_agent_set_ambr(struct home_agent *agent, const char *name, const struct session_ambr *ambr,
                           const struct instant *now, struct effects *effects)
{
	struct subscriber_registrations *subscriber = registration_table_subscriber(&agent->table, name);
	struct registration *registration;
	size_t count = 0;

	(void)now;
	if (!subscriber)
		return 0;
	DL_FOREACH(subscriber->registrations, registration)
	count += store_ambr(agent, registration, ambr, effects);
	return count;
}

/* --- a new one --- */

uint32_t home_agent_draw_spi(struct home_agent *agent)
{
	uint32_t spi;

	do
		spi = randomness_u32(agent->options.randomness);
	while (spi < SPI_MIN || registration_table_association(&agent->table, spi));
	return spi;
}

static void associated(void *core, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct home_agent *agent = core;
	struct association *association = registration_table_association(&agent->table, (uint32_t)token);
	struct registration *registration = association ? association->registration : NULL;

	if (!registration)
		return;
	if (result == 0) {
		association->usable = true;
		agent->counters.associations++;
		association_arm(association, now);
		replace(agent, registration, association, now, effects);
		registration_tell_ambr(agent, registration, now, effects);
	} else {
		registration_table_remove(&agent->table, association);
	}
	registration_settle(agent, registration, now, effects);
}

static bool is_sane(const struct home_agent_association *association)
{
	return association->spi >= SPI_MIN && secret_octets(&association->key) == MN_HA_KEY_OCTETS &&
	       association->prefix_length >= 1 && association->prefix_length <= 128 && association->lifetime_s &&
	       strlen(association->nai) < ASSOCIATION_NAI_OCTETS &&
	       strlen(association->subscriber) < SUBSCRIBER_KEY_OCTETS;
}

static struct association_row row_of(const struct home_agent_association *association, const struct instant *now)
{
	struct association_row row = {
	        .spi = association->spi,
	        .state = ASSOCIATION_LIVE,
	        .prefix_length = association->prefix_length,
	        .created_ms = now->unix_ms,
	        .until_ms = now->unix_ms + (uint64_t)association->lifetime_s * 1000,
	        .home_address = association->home_address,
	        .home_agent_address = association->home_agent_address,
	        .key = association->key,
	        .ambr = association->ambr,
	        .services = association->services,
	};

	memcpy(row.host_identity_digest, association->host_identity_digest, sizeof(row.host_identity_digest));
	memcpy(row.nai, association->nai, strlen(association->nai));
	memcpy(row.subscriber, association->subscriber, strlen(association->subscriber));
	return row;
}

/* A subscriber has one home address: what he has at another one ends. */
static void revoke_others(struct home_agent *agent, const struct registration *kept, const struct instant *now,
                          struct effects *effects)
{
	struct registration *registration;

	DL_FOREACH(kept->subscriber->registrations, registration)
	if (registration != kept)
		revoke(agent, registration, now, effects);
}

int home_agent_associate(struct home_agent *agent, const struct home_agent_association *wanted,
                         const struct instant *now, struct effects *effects)
{
	struct registration_key key = registration_key_of(&wanted->home_address, wanted->prefix_length);
	struct registration *registration;
	struct association *association;
	struct association_row row;

	if (!is_sane(wanted))
		return -EINVAL;
	if (registration_table_association(&agent->table, wanted->spi))
		return -EEXIST;
	registration = registration_table_make(&agent->table, &key, wanted->subscriber);
	if (!registration)
		return -EEXIST;
	row = row_of(wanted, now);
	association = registration_table_add(&agent->table, registration, &row);
	association->agent = agent;
	association->session = wanted->session;
	effects_store(effects, BINDING_STORE_PORT, BINDING_STORE_PUT_ASSOCIATION, &row, sizeof(row));
	secret_wipe(&row.key);
	store_replacement(registration, association, now, effects);
	revoke_others(agent, registration, now, effects);
	registration->pending++;
	effects_when_durable(effects, associated, agent, wanted->spi);
	return 0;
}

/* --- at start --- */

int home_agent_load_association(void *context, const struct association_row *row)
{
	struct home_agent *agent = context;
	struct registration_key key = registration_key_of(&row->home_address, row->prefix_length);
	struct registration *registration = NULL;
	struct association *association;

	if (registration_table_association(&agent->table, row->spi))
		return -EEXIST;
	if (row->state == ASSOCIATION_LIVE) {
		registration = registration_table_make(&agent->table, &key, row->subscriber);
		if (!registration)
			return -EEXIST;
	}
	association = registration_table_add(&agent->table, registration, row);
	association->agent = agent;
	association->usable = true;
	return 0;
}
