// SPDX-License-Identifier: BSD-3-Clause
/*
 * COMMITTED, PUBLISHED, answered: one transaction makes lease, decision, audit and association true and takes the saga
 * out of the outbox; when it is durable, memory follows and the node is told. What the data planes must hear follows
 * from what is durable, so a crash between commit and publication loses nothing.
 */
#include "saga.h"

#include <stdio.h>
#include <string.h>

#include "mobility_header.h"
#include "request_keys.h"

enum { HOME_PREFIX_LENGTH = 64 };

static int establish(struct saga *saga, uint32_t spi, const struct instant *now, struct effects *effects)
{
	const struct bootstrap_options *options = &saga->core->options;
	const struct bootstrap_outlet *outlet = &options->outlet;
	char nai[MOBILITY_NAI_OCTETS];
	struct bootstrap_grant grant = {
	        .spi = spi,
	        .home_address = saga->target.address,
	        .prefix_length = HOME_PREFIX_LENGTH,
	        .home_agent = options->home_agent,
	        .nai = nai,
	        .subscriber = saga->holder->key,
	        .session = saga->session.token,
	        .lifetime_s = association_lifetime_s(saga, now),
	        .services = saga->target.services,
	        .ambr = saga->profile.ambr,
	};
	int result;

	mobility_nai_of_name(saga->target.fqdn, nai);
	memcpy(grant.host_identity_digest, saga->identity_digest, sizeof(grant.host_identity_digest));
	request_association_key(saga, spi, &grant.key);
	result = outlet->establish(outlet->context, &grant, now, effects);
	secret_wipe(&grant.key);
	return result;
}

/*
 * L-4, L-7: the newest bootstrap wins. A new association ends the old ones as it must. Without one they end here: for
 * a service that needs none at once; when nobody is there to be told of a new one (the session is over, or a restart
 * took the saga up) only if they belong to another key.
 */
static int change_associations(struct saga *saga, uint32_t spi, const struct instant *now, struct effects *effects)
{
	const struct bootstrap_outlet *outlet = &saga->core->options.outlet;

	if (spi)
		return establish(saga, spi, now, effects);
	if (saga->holder->lease && (saga->identity_is_new || !saga->session_over))
		outlet->revoke(outlet->context, saga->holder->key, now, effects);
	return 0;
}

static void store_decision(const struct saga *saga, struct effects *effects)
{
	struct decision_row row = {.status = saga->status, .version = saga->target.version};

	strcpy(row.subscriber, saga->holder->key);
	memcpy(row.request_id, saga->request_id, sizeof(row.request_id));
	memcpy(row.content_digest, saga->content_digest, sizeof(row.content_digest));
	memcpy(row.billing_id, saga->billing_id, sizeof(row.billing_id));
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_PUT_DECISION, &row, sizeof(row));
}

/* What the lease so far had and the new one has not. */
static void store_what_goes(const struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = saga->core;
	const struct lease *lease = saga->holder->lease;

	if (!lease)
		return;
	if (saga->name_is_new && name_find(core, lease->fqdn))
		store_name(core, name_find(core, lease->fqdn), HOLDING_REMOVING,
		           now->unix_ms + core->options.policy.name_rest_s * 1000ull, now, effects);
	if (saga->identity_is_new && identity_find(core, lease->identity->hit))
		store_identity_gone(identity_find(core, lease->identity->hit), effects);
	if (saga->address_is_new)
		store_address_gone(saga->holder, &lease->address, effects);
}

static void store_what_comes(const struct saga *saga, const struct instant *now, struct effects *effects)
{
	const struct lease_row *target = &saga->target;
	struct lease_key_row key;
	enum audit_event event = !saga->holder->lease ? AUDIT_ASSIGNED
	                         : saga->zone_changes ? AUDIT_CHANGED
	                                              : AUDIT_RENEWED;

	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_PUT, target, sizeof(*target));
	if (saga->zone_changes)
		store_name(saga->core, name_find(saga->core, target->fqdn), HOLDING_ACTIVE, 0, now, effects);
	store_address(saga->holder, &target->address, HOLDING_ACTIVE, 0, target->version, now, effects);
	store_identity(target, effects);
	store_decision(saga, effects);
	store_audit(saga->holder, event, "bootstrap", target, saga->reason, now, effects);
	strcpy(key.subscriber, saga->holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_DELETE_SAGA, &key, sizeof(key));
}

/* Memory follows the store. */
static void take_over(struct saga *saga, const struct instant *now)
{
	struct bootstrap *core = saga->core;
	struct holder *holder = saga->holder;
	struct lease *lease = holder->lease;
	struct held_name *name = name_find(core, saga->target.fqdn);
	struct decision_row decision = {.status = saga->status, .version = saga->target.version};

	if (lease && saga->name_is_new && name_find(core, lease->fqdn)) {
		struct held_name *old = name_find(core, lease->fqdn);

		old->state = HOLDING_REMOVING;
		old->until_ms = now->unix_ms + core->options.policy.name_rest_s * 1000ull;
		name_start_job(old, now);
	}
	if (lease && saga->identity_is_new)
		identity_drop(core, holder, lease->identity->hit);
	if (saga->zone_changes) {
		name->state = HOLDING_ACTIVE;
		name->address = saga->target.address;
	}
	holder_set_address(holder, &saga->target.address, HOLDING_ACTIVE, 0);
	identity_put(holder, saga->target.identity.hit, saga->target.version);
	holder_set_lease(holder, &saga->target);
	memcpy(decision.request_id, saga->request_id, sizeof(decision.request_id));
	memcpy(decision.content_digest, saga->content_digest, sizeof(decision.content_digest));
	memcpy(decision.billing_id, saga->billing_id, sizeof(decision.billing_id));
	holder_add_decision(holder, &decision);
}

/* L-7: both events are told. */
static void tell_changes(const struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = saga->core;
	const struct bootstrap_outlet *outlet = &core->options.outlet;
	struct bootstrap_event event = {
	        .status = saga->status,
	        .subscriber = saga->holder->key,
	        .fqdn = saga->target.fqdn,
	        .address = saga->target.address,
	        .reason = saga->reason,
	};

	if (!saga->holder->lease)
		return;
	core->counters.renewals += !saga->zone_changes;
	core->counters.key_changes += saga->identity_is_new;
	core->counters.name_changes += saga->name_is_new;
	event.kind = BOOTSTRAP_EVENT_KEY_CHANGED;
	if (saga->identity_is_new && outlet->event)
		outlet->event(outlet->context, &event, now, effects);
	event.kind = BOOTSTRAP_EVENT_NAME_CHANGED;
	if (saga->name_is_new && outlet->event)
		outlet->event(outlet->context, &event, now, effects);
}

static void committed(struct saga *saga, int result, const struct instant *now, struct effects *effects)
{
	if (result) {
		snprintf(saga->reason, sizeof(saga->reason), "the store refused the commit");
		if (saga->in_outbox)
			saga_undo(saga, BOOTSTRAP_STORE_FAILED, now, effects);
		else
			saga_finish(saga, BOOTSTRAP_STORE_FAILED, 0, now, effects);
		return;
	}
	saga->state = SAGA_COMMITTED;
	if (!saga->reused) {
		tell_changes(saga, now, effects);
		take_over(saga, now);
	}
	saga->state = SAGA_PUBLISHED;
	saga_finish(saga, saga->status, 0, now, effects);
}

void saga_commit(struct saga *saga, const struct instant *now, struct effects *effects)
{
	const struct bootstrap_outlet *outlet = &saga->core->options.outlet;
	bool mobile_ip = saga->target.services & (SERVICE_MIP6 | SERVICE_DSMIP6);
	uint32_t spi = mobile_ip && !saga->session_over ? outlet->draw_spi(outlet->context) : 0;
	int result = saga->session_over ? 0 : answer_build(saga, spi, now);

	if (!result)
		result = change_associations(saga, spi, now, effects);
	if (result) {
		effects_log(effects, LOG_LEVEL_ERROR, "bootstrap", "cannot grant what was decided: %s",
		            strerror(-result));
		committed(saga, result, now, effects);
		return;
	}
	if (!saga->reused) {
		if (!saga->billed)
			store_billing(saga, now, effects);
		store_what_goes(saga, now, effects);
		store_what_comes(saga, now, effects);
	}
	saga_store(saga, committed, effects);
}
