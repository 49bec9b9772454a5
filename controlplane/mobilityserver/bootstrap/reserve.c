// SPDX-License-Identifier: BSD-3-Clause
/* RESERVED: one transaction claims name, address and key, and puts the saga into the outbox (B-46, B-47). */
#include "saga.h"

#include <stdio.h>
#include <string.h>

/* Takes back the marks of claims that the store refused. */
static void unmark(struct saga *saga)
{
	struct held_name *name = name_find(saga->core, saga->target.fqdn);
	uint32_t subnet;

	if (saga->name_marked && name && name->holder == saga->holder)
		name_drop(name);
	if (!saga->holder->has_address && address_pool_contains(&saga->core->pool, &saga->target.address, &subnet))
		address_pool_give_back(&saga->core->pool, subnet);
	if (saga->identity_is_new)
		identity_drop(saga->core, saga->holder, saga->target.identity.hit);
}

/* The claim on the name is durable. */
static void take_name(struct saga *saga)
{
	struct held_name *name = name_find(saga->core, saga->target.fqdn);

	saga->zone_asked = name->state == HOLDING_REMOVING; /* what is to be removed may still stand there */
	name->state = HOLDING_RESERVED;
	name->address = saga->target.address;
	timer_disarm(&name->timer);
}

static void reserved(struct saga *saga, int result, const struct instant *now, struct effects *effects)
{
	struct holder *holder = saga->holder;

	if (result) {
		unmark(saga);
		effects_log(effects, LOG_LEVEL_ERROR, "bootstrap", "the store refused a reservation: %s",
		            strerror(-result));
		saga_finish(saga, BOOTSTRAP_STORE_FAILED, 0, now, effects);
		return;
	}
	saga->state = SAGA_RESERVED;
	saga->in_outbox = true;
	saga->name_marked = false;
	if (saga->address_is_new)
		holder_set_address(holder, &saga->target.address, HOLDING_RESERVED, 0);
	if (saga->name_is_new)
		take_name(saga);
	note_pool(saga->core, effects);
	saga_register(saga, now, effects);
}

static void mark_name(struct saga *saga)
{
	struct held_name *name = name_find(saga->core, saga->target.fqdn);

	saga->name_marked = !name || name->holder != saga->holder;
	name_need(saga->holder, saga->target.fqdn);
}

/* So that no other saga chooses the same while the store works. */
static void mark(struct saga *saga)
{
	struct bootstrap *core = saga->core;
	uint32_t subnet;

	if (saga->name_is_new)
		mark_name(saga);
	if (saga->address_is_new && address_pool_contains(&core->pool, &saga->target.address, &subnet))
		address_pool_take(&core->pool, subnet);
	if (saga->identity_is_new)
		identity_put(saga->holder, saga->target.identity.hit, saga->target.version);
}

void saga_reserve(struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct held_name *name;

	mark(saga);
	name = name_find(saga->core, saga->target.fqdn);
	if (saga->name_is_new)
		store_name(saga->core, name, HOLDING_RESERVED, 0, now, effects);
	if (saga->address_is_new)
		store_address(saga->holder, &saga->target.address, HOLDING_RESERVED, 0, saga->target.version, now,
		              effects);
	if (saga->identity_is_new)
		store_identity(&saga->target, effects);
	saga_store_state(saga, SAGA_RESERVED, reserved, effects);
}

static void other_name_reserved(struct saga *saga, int result, const struct instant *now, struct effects *effects)
{
	struct held_name *name = name_find(saga->core, saga->target.fqdn);
	struct held_name *lost = name_find(saga->core, saga->tried[saga->tried_count - 1]);

	if (result) {
		if (saga->name_marked && name)
			name_drop(name);
		saga->name_marked = false;
		memcpy(saga->target.fqdn, saga->tried[saga->tried_count - 1], sizeof(saga->target.fqdn));
		saga->name_is_new = saga->lost_name_is_claimed;
		saga->zone_asked = false;
		snprintf(saga->reason, sizeof(saga->reason), "the store refused another name");
		saga_undo(saga, BOOTSTRAP_STORE_FAILED, now, effects);
		return;
	}
	saga->name_marked = false;
	if (saga->lost_name_is_claimed && lost)
		name_drop(lost);
	saga->zone_asked = false;
	if (saga->name_is_new)
		take_name(saga);
	if (saga->zone_changes)
		saga_register(saga, now, effects);
	else
		saga_commit(saga, now, effects);
}

void saga_reserve_other_name(struct saga *saga, const char *lost, bool lost_is_claimed, const struct instant *now,
                             struct effects *effects)
{
	saga->lost_name_is_claimed = lost_is_claimed;
	if (lost_is_claimed)
		store_name_gone(name_find(saga->core, lost), effects);
	if (saga->name_is_new) {
		mark_name(saga);
		store_name(saga->core, name_find(saga->core, saga->target.fqdn), HOLDING_RESERVED, 0, now, effects);
	}
	saga_store_state(saga, SAGA_RESERVED, other_name_reserved, effects);
}
