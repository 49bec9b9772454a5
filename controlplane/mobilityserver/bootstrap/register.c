// SPDX-License-Identifier: BSD-3-Clause
/*
 * From RESERVED to DNS_DONE: the zone takes name, address and key under our marker (D-2), or turns out to hold the name
 * already (D-4); then another one is chosen. Silence for a minute is 207 (B-49).
 */
#include "saga.h"

#include <stdio.h>
#include <string.h>

static struct saga *saga_of_timer(struct timer *timer)
{
	return timer_owner(timer, struct saga, naming_timer);
}

bool key_changed_lately(const uint64_t key_changes_ms[LEASE_CHANGES_MAX], uint64_t now_ms)
{
	return key_changes_ms[0] && now_ms < key_changes_ms[0] + DAY_MS;
}

static void ask(struct saga *saga, struct held_name *name, enum bootstrap_naming_operation operation,
                const struct instant *now, struct effects *effects)
{
	const struct lease *lease = saga->holder->lease;
	const struct lease_row *target = &saga->target;
	struct subscriber_identity owner;
	const struct bootstrap_naming wish = {
	        .operation = operation,
	        .fqdn = target->fqdn,
	        .previous_fqdn = lease && strcmp(lease->fqdn, target->fqdn) != 0 ? lease->fqdn : NULL,
	        .owner = &owner,
	        .address = target->address,
	        .identity = &target->identity,
	        .rendezvous_server = target->services & SERVICE_HIP ? saga->core->options.paa_id : NULL,
	        .short_lived = key_changed_lately(target->key_changes_ms, now->unix_ms),
	};

	holder_identity(saga->holder, &owner);
	saga->zone_asked = true;
	name_ask(name, &wish, saga->token, now, effects);
}

static void give_up(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct saga *saga = saga_of_timer(timer);

	snprintf(saga->reason, sizeof(saga->reason), "the DNS server does not answer");
	saga_undo(saga, BOOTSTRAP_DNS_FAILED, now, effects);
}

static void try_again(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct saga *saga = saga_of_timer(timer);

	if (now->monotonic_ms >= saga->naming_deadline_ms)
		give_up(timer, now, effects);
	else
		saga_register(saga, now, effects);
}

void saga_register(struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct held_name *name = name_find(saga->core, saga->target.fqdn);
	struct timer_wheel *timers = saga->core->options.timers;

	if (!saga->naming_deadline_ms)
		saga->naming_deadline_ms = now->monotonic_ms + NAMING_DEADLINE_MS;
	timer_arm(timers, &saga->naming_timer, saga->naming_deadline_ms, give_up);
	if (name->token)
		return; /* an earlier wish about this name is under way: its end comes back here */
	ask(saga, name, saga->name_is_new || saga->name_was_gone ? NAMING_CREATE : NAMING_CHANGE, now, effects);
}

static void dns_done(struct saga *saga, int result, const struct instant *now, struct effects *effects)
{
	if (result) {
		snprintf(saga->reason, sizeof(saga->reason), "the store failed after the zone was changed");
		saga_undo(saga, BOOTSTRAP_STORE_FAILED, now, effects);
		return;
	}
	saga->state = SAGA_DNS_DONE;
	saga_bill(saga, now, effects);
}

static void undo_lost_name(struct saga *saga, uint32_t status, const struct instant *now, struct effects *effects)
{
	snprintf(saga->reason, sizeof(saga->reason), "the zone holds the name");
	saga->zone_asked = false; /* nothing of ours stands under it */
	saga_undo(saga, status, now, effects);
}

/* Another has the name in the zone (D-4): our claim on it goes, another name is claimed, and the saga starts there. */
static void name_lost(struct saga *saga, const struct instant *now, struct effects *effects)
{
	bool was_new = saga->name_is_new;
	char *lost = saga->tried[saga->tried_count];
	uint32_t status;

	saga->core->counters.names_lost++;
	if (saga->tried_count == SAGA_TRIED_MAX || saga->resumed) {
		undo_lost_name(saga, BOOTSTRAP_NAME_IN_USE, now, effects);
		return;
	}
	memcpy(lost, saga->target.fqdn, sizeof(saga->tried[0]));
	saga->tried_count++;
	status = saga_decide_name(saga, now);
	if (status > BOOTSTRAP_NAME_CHANGED) {
		memcpy(saga->target.fqdn, lost, sizeof(saga->target.fqdn));
		saga->name_is_new = was_new;
		undo_lost_name(saga, status, now, effects);
		return;
	}
	saga->name_was_gone = false;
	saga_compare(saga, now);
	saga_reserve_other_name(saga, lost, was_new, now, effects);
}

void saga_naming_done(struct saga *saga, enum bootstrap_naming_result result, const struct instant *now,
                      struct effects *effects)
{
	struct timer_wheel *timers = saga->core->options.timers;

	switch (result) {
	case NAMING_DONE:
		timer_disarm(&saga->naming_timer);
		saga_store_state(saga, SAGA_DNS_DONE, dns_done, effects);
		break;
	case NAMING_TAKEN:
		timer_disarm(&saga->naming_timer);
		if (!saga->name_is_new && !saga->name_was_gone) {
			/* our own name without our marker: the zone lost it, or somebody took it */
			saga->name_was_gone = true;
			saga_register(saga, now, effects);
		} else {
			name_lost(saga, now, effects);
		}
		break;
	case NAMING_REFUSED:
		timer_disarm(&saga->naming_timer);
		snprintf(saga->reason, sizeof(saga->reason), "the DNS server refuses the update");
		saga_undo(saga, BOOTSTRAP_DNS_FAILED, now, effects);
		break;
	case NAMING_UNKNOWN:
		if (now->monotonic_ms + NAMING_RETRY_MS >= saga->naming_deadline_ms)
			timer_arm(timers, &saga->naming_timer, saga->naming_deadline_ms, give_up);
		else
			timer_arm(timers, &saga->naming_timer, now->monotonic_ms + NAMING_RETRY_MS, try_again);
		break;
	}
}
