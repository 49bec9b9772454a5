// SPDX-License-Identifier: BSD-3-Clause
/* The core itself: made, freed, looked into. */
#include "bootstrap.h"

#include <stdlib.h>
#include <string.h>

#include "allocation.h"
#include "host_key.h"
#include "owner.h"
#include "saga.h"

static int start_pool(struct bootstrap *core, const struct bootstrap_options *options)
{
	struct secret key = {.octets = 0};
	int result;

	owner_derived_key(options->owner_key, "RFC 7217", &key);
	result = address_pool_start(&core->pool, &options->home_prefix, options->home_prefix_length, &key);
	secret_wipe(&key);
	if (result)
		return result;
	address_pool_exclude(&core->pool, &options->home_agent);
	for (size_t i = 0; i < options->own_address_count; i++)
		address_pool_exclude(&core->pool, &options->own_addresses[i]);
	for (size_t i = 0; i < options->reservation_count; i++)
		address_pool_exclude_subnet(&core->pool, options->reservations[i].subnet);
	return 0;
}

struct bootstrap *bootstrap_new(const struct bootstrap_options *options)
{
	struct bootstrap *core = allocate(sizeof(*core));

	core->options = *options;
	core->next_token = 1;
	if (start_pool(core, options)) {
		free(core);
		return NULL;
	}
	core->host_identity_octets = host_key_identity(options->host_key, core->host_identity);
	return core;
}

void bootstrap_set_policy(struct bootstrap *core, const struct bootstrap_policy *policy)
{
	core->options.policy = *policy;
}

void bootstrap_free(struct bootstrap *core)
{
	struct saga *saga, *next_saga;
	struct holder *holder, *next_holder;

	if (!core)
		return;
	HASH_ITER (hh, core->sagas, saga, next_saga)
		saga_free(saga);
	for (unsigned part = 0; part < PARTS; part++) {
		while (core->names[part])
			name_drop(core->names[part]);
		while (core->identities[part])
			identity_drop(core, core->identities[part]->holder, core->identities[part]->hit);
	}
	for (holder = holder_next(core, NULL); holder; holder = next_holder) {
		next_holder = holder_next(core, holder);
		answers_forget(holder, 0, true);
		holder_drop_lease(holder);
		holder_drop_address(holder);
		holder->ending = false;
		memset(holder->signature_checks_ms, 0, sizeof(holder->signature_checks_ms));
		holder_release(holder);
	}
	address_pool_end(&core->pool);
	free(core);
}

static void view_of(const struct holder *holder, struct bootstrap_lease_view *view)
{
	const struct lease *lease = holder->lease;

	*view = (struct bootstrap_lease_view){
	        .number = holder->by_number.number,
	        .subscriber = holder->key,
	        .saga = holder->saga ? holder->saga->state : 0,
	        .reason = holder->reason,
	        .last_status = holder->last_status,
	};
	if (!lease)
		return;
	view->fqdn = lease->fqdn;
	view->address = lease->address;
	view->services = lease->services;
	view->expires_ms = lease->expires_ms;
	view->version = lease->version;
	memcpy(view->hit, lease->identity->hit, sizeof(view->hit));
}

bool bootstrap_lease_find(const struct bootstrap *core, const char *subscriber, struct bootstrap_lease_view *view)
{
	const struct holder *holder = holder_find(core, subscriber);

	if (holder)
		view_of(holder, view);
	return holder != NULL;
}

void bootstrap_lease_each(struct bootstrap *core, uint64_t after, size_t limit,
                          void (*each)(void *context, const struct bootstrap_lease_view *view), void *context)
{
	const struct holder *holder = holder_behind(core, after);

	for (; holder && limit; holder = holder_next(core, holder)) {
		struct bootstrap_lease_view view;

		if (!holder->lease)
			continue;
		view_of(holder, &view);
		each(context, &view);
		limit--;
	}
}

struct dry_run {
	const struct bootstrap *core;
	const struct subscriber_identity *identity;
	const char *key;
	uint64_t now_ms;
};

/* A subscriber who is not known yet holds nothing. */
static enum name_holding dry_holding(void *context, const char *fqdn)
{
	const struct dry_run *run = context;
	const struct bootstrap_outlet *outlet = &run->core->options.outlet;
	const struct holder *holder = holder_find(run->core, run->key);
	const struct held_name *name = name_find(run->core, fqdn);

	if (holder)
		return name_holding(holder, NULL, fqdn, run->now_ms);
	if (strcmp(run->core->options.paa_id, fqdn) == 0)
		return NAME_TAKEN;
	if (name && name->state != HOLDING_RESTING)
		return name->state == HOLDING_REMOVING ? NAME_QUARANTINED : NAME_TAKEN;
	if (name && name->until_ms > run->now_ms)
		return NAME_QUARANTINED;
	return outlet->zone_holding(outlet->context, fqdn, run->identity);
}

void bootstrap_policy_test(const struct bootstrap *core, const struct subscriber_identity *identity,
                           const struct subscriber_profile *profile, const char *wish, const struct instant *now,
                           struct name_decision *decision)
{
	char key[SUBSCRIBER_KEY_OCTETS] = "";
	struct dry_run run = {.core = core, .identity = identity, .key = key, .now_ms = now->unix_ms};
	const struct holder *holder = subscriber_key(identity, key) ? NULL : holder_find(core, key);
	const struct name_question question = {
	        .rules = &core->options.policy.names,
	        .policy = &core->options.policy.name_policy,
	        .owner_key = core->options.owner_key,
	        .identity = identity,
	        .profile = profile,
	        .wish = wish,
	        .wish_octets = wish ? strlen(wish) : 0,
	        .current = holder && holder->lease ? holder->lease->fqdn : NULL,
	        .change_allowed = true,
	        .context = &run,
	        .holding = dry_holding,
	};

	name_decide(&question, decision);
}

const struct address_pool *bootstrap_pool(const struct bootstrap *core)
{
	return &core->pool;
}

const struct bootstrap_counters *bootstrap_counters(const struct bootstrap *core)
{
	return &core->counters;
}
