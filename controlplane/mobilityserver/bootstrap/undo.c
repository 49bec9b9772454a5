// SPDX-License-Identifier: BSD-3-Clause
/*
 * The way back (B-48): one transaction sends a new name to its removal from the zone (zone_jobs.c) or an old one to its
 * repair, address to quarantine, the key's row away, reverses the billing and ends the saga in the outbox. While the
 * store fails it is tried again; the node is told at once.
 */
#include "saga.h"

#include <stdio.h>
#include <string.h>

static void undo(struct saga *saga, const struct instant *now, struct effects *effects);

static void undo_again(struct timer *timer, const struct instant *now, struct effects *effects)
{
	undo(timer_owner(timer, struct saga, undo_timer), now, effects);
}

/* Memory follows the store. */
static void undone(struct saga *saga, int result, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = saga->core;
	struct holder *holder = saga->holder;
	struct held_name *name = name_find(core, saga->target.fqdn);

	if (result) {
		uint64_t delay_ms = UNDO_RETRY_FIRST_MS;

		for (unsigned i = 0; i < saga->undo_attempts && delay_ms < UNDO_RETRY_MAX_MS; i++)
			delay_ms *= 2;
		saga->undo_attempts++;
		saga_tell(saga, BOOTSTRAP_STORE_FAILED, 0, now, effects);
		timer_arm(core->options.timers, &saga->undo_timer, now->monotonic_ms + delay_ms, undo_again);
		return;
	}
	core->counters.undone++;
	if (saga->name_is_new && !saga->zone_asked) {
		name_drop(name);
	} else if (saga->zone_asked) {
		name->state = saga->name_is_new ? HOLDING_REMOVING : HOLDING_REPAIRING;
		name->until_ms = now->unix_ms + core->options.policy.name_rest_s * 1000ull;
		name_start_job(name, now);
	}
	if (saga->address_is_new)
		holder_set_address(holder, &saga->target.address, HOLDING_RESTING,
		                   now->unix_ms + core->options.policy.address_rest_s * 1000ull);
	if (saga->identity_is_new)
		identity_drop(core, holder, saga->target.identity.hit);
	saga_finish(saga, saga->undo_attempts ? BOOTSTRAP_STORE_FAILED : saga->undo_status, 0, now, effects);
}

static void undo(struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = saga->core;
	struct held_name *name = name_find(core, saga->target.fqdn);
	struct known_identity *identity = identity_find(core, saga->target.identity.hit);
	uint64_t name_rested_ms = now->unix_ms + core->options.policy.name_rest_s * 1000ull;
	struct lease_key_row key;

	if (saga->name_is_new && !saga->zone_asked)
		store_name_gone(name, effects);
	else if (saga->zone_asked)
		store_name(core, name, saga->name_is_new ? HOLDING_REMOVING : HOLDING_REPAIRING, name_rested_ms, now,
		           effects);
	if (saga->address_is_new)
		store_address(saga->holder, &saga->target.address, HOLDING_RESTING,
		              now->unix_ms + core->options.policy.address_rest_s * 1000ull, saga->target.version, now,
		              effects);
	if (saga->identity_is_new && identity)
		store_identity_gone(identity, effects);
	store_billing_reversed(saga, now, effects);
	strcpy(key.subscriber, saga->holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_DELETE_SAGA, &key, sizeof(key));
	saga_store(saga, undone, effects);
}

void saga_undo(struct saga *saga, uint32_t status, const struct instant *now, struct effects *effects)
{
	timer_disarm(&saga->naming_timer);
	saga->state = SAGA_UNDOING;
	saga->undo_status = status;
	undo(saga, now, effects);
}
