// SPDX-License-Identifier: BSD-3-Clause
/*
 * Names and the zone: who holds a name, and what is still to be done there for names that are given up (removed under
 * our marker, then at rest: A-4, B-48, D-14) or whose change was taken back (repaired). These jobs are durable as the
 * name's state, wait for no request, and are tried until the zone obeys.
 */
#include "saga.h"

#include <string.h>

enum { JOB_RETRY_FIRST_MS = 10000, JOB_RETRY_MAX_MS = 600000 };

static struct held_name *name_of_timer(struct timer *timer)
{
	return timer_owner(timer, struct held_name, timer);
}

enum name_holding name_holding(const struct holder *holder, const struct saga *saga, const char *fqdn, uint64_t now_ms)
{
	const struct bootstrap_outlet *outlet = &holder->core->options.outlet;
	const struct held_name *name = name_find(holder->core, fqdn);
	struct subscriber_identity owner;

	for (size_t i = 0; saga && i < saga->tried_count; i++)
		if (strcmp(saga->tried[i], fqdn) == 0)
			return NAME_TRIED;
	if (strcmp(holder->core->options.paa_id, fqdn) == 0)
		return NAME_TAKEN; /* the service's own */
	if (name && name->storing)
		return NAME_QUARANTINED; /* for the moment of one commit */
	if (name && name->holder == holder)
		return NAME_OURS;
	if (name && (name->state == HOLDING_REMOVING || (name->state == HOLDING_RESTING && name->until_ms > now_ms)))
		return NAME_QUARANTINED;
	if (name && name->state != HOLDING_RESTING)
		return NAME_TAKEN;
	holder_identity(holder, &owner);
	return outlet->zone_holding(outlet->context, fqdn, &owner);
}

static struct held_name **part_of_token(struct bootstrap *core, uint64_t token)
{
	return &core->names_by_token[part_of(&token, sizeof(token))];
}

static void set_token(struct held_name *name)
{
	struct bootstrap *core = name->holder->core;

	name->token = core->next_token++;
	HASH_ADD(by_token, *part_of_token(core, name->token), token, sizeof(name->token), name);
}

void name_clear_token(struct held_name *name)
{
	HASH_DELETE(by_token, *part_of_token(name->holder->core, name->token), name);
	name->token = name->for_saga = 0;
	name->storing = false;
}

static struct held_name *name_of_token(struct bootstrap *core, uint64_t token)
{
	struct held_name *name;

	HASH_FIND(by_token, *part_of_token(core, token), &token, sizeof(token), name);
	return name;
}

void name_ask(struct held_name *name, const struct bootstrap_naming *wish, uint64_t for_saga, const struct instant *now,
              struct effects *effects)
{
	const struct bootstrap_outlet *outlet = &name->holder->core->options.outlet;
	struct bootstrap_naming numbered = *wish;

	timer_disarm(&name->timer);
	set_token(name);
	name->operation = wish->operation;
	name->for_saga = for_saga;
	numbered.token = name->token;
	outlet->naming(outlet->context, &numbered, now, effects);
}

static void run_job(struct timer *timer, const struct instant *now, struct effects *effects);
static void end_rest(struct timer *timer, const struct instant *now, struct effects *effects);

static uint64_t backoff_ms(unsigned attempts)
{
	uint64_t delay_ms = JOB_RETRY_FIRST_MS;

	while (attempts-- && delay_ms < JOB_RETRY_MAX_MS)
		delay_ms *= 2;
	return delay_ms < JOB_RETRY_MAX_MS ? delay_ms : JOB_RETRY_MAX_MS;
}

static void retry_job(struct held_name *name, const struct instant *now)
{
	timer_arm(name->holder->core->options.timers, &name->timer, now->monotonic_ms + backoff_ms(name->attempts++),
	          run_job);
}

void name_start_job(struct held_name *name, const struct instant *now)
{
	struct timer_wheel *timers = name->holder->core->options.timers;
	uint64_t left_ms = name->until_ms > now->unix_ms ? name->until_ms - now->unix_ms : 0;

	name->attempts = 0;
	if (name->state == HOLDING_RESTING)
		timer_arm(timers, &name->timer, now->monotonic_ms + left_ms, end_rest);
	else if (name->state == HOLDING_REMOVING || name->state == HOLDING_REPAIRING)
		timer_arm(timers, &name->timer, now->monotonic_ms, run_job);
}

bool saga_has_name(const struct held_name *name)
{
	const struct saga *saga = name->holder->saga;

	return saga && saga->in_outbox && saga->zone_changes && strcmp(saga->target.fqdn, name->fqdn) == 0;
}

/* Whether its saga waits until nothing is under way about the name. */
static bool saga_waits_for(const struct held_name *name)
{
	const struct saga *saga = name->holder->saga;

	return saga_has_name(name) && saga->state == SAGA_RESERVED && !saga->stored;
}

static void run_job(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct held_name *name = name_of_timer(timer);
	const struct lease *lease = name->holder->lease;
	struct subscriber_identity owner;
	struct bootstrap_naming wish = {
	        .operation = NAMING_REMOVE, .fqdn = name->fqdn, .owner = &owner, .address = name->address};

	if (name->token || saga_has_name(name))
		return;
	if (name->state == HOLDING_REPAIRING) {
		if (!lease || strcmp(lease->fqdn, name->fqdn) != 0)
			return;
		wish.operation = name->operation == NAMING_CREATE ? NAMING_CREATE : NAMING_CHANGE;
		wish.address = lease->address;
		wish.identity = lease->identity;
		wish.short_lived = key_changed_lately(lease->key_changes_ms, now->unix_ms);
		wish.rendezvous_server = lease->services & SERVICE_HIP ? name->holder->core->options.paa_id : NULL;
	} else if (name->state != HOLDING_REMOVING) {
		return;
	}
	holder_identity(name->holder, &owner);
	name_ask(name, &wish, 0, now, effects);
}

static void rested(void *context, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct held_name *name = name_of_token(context, token);
	struct holder *holder = name ? name->holder : NULL;

	(void)effects;
	if (!name)
		return;
	name_clear_token(name);
	if (result) {
		timer_arm(holder->core->options.timers, &name->timer, now->monotonic_ms + JOB_RETRY_FIRST_MS, end_rest);
		return;
	}
	name_drop(name);
	holder_release(holder);
}

static void end_rest(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct held_name *name = name_of_timer(timer);

	if (name->token || name->state != HOLDING_RESTING)
		return;
	if (name->until_ms > now->unix_ms) {
		name_start_job(name, now); /* the clock was set back */
		return;
	}
	set_token(name);
	name->storing = true;
	store_name_gone(name, effects);
	effects_when_durable(effects, rested, name->holder->core, name->token);
}

static void job_stored(void *context, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = context;
	struct held_name *name = name_of_token(core, token);

	if (!name)
		return;
	name_clear_token(name);
	if (saga_waits_for(name)) {
		saga_register(name->holder->saga, now, effects); /* it is a saga's business by now */
		return;
	}
	if (result) {
		retry_job(name, now);
		return;
	}
	core->counters.zone_repairs++;
	name->state = name->state == HOLDING_REMOVING ? HOLDING_RESTING : HOLDING_ACTIVE;
	name_start_job(name, now);
}

/* The zone obeyed: the name rests, or is active again. */
static void job_done(struct held_name *name, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = name->holder->core;
	bool removed = name->state == HOLDING_REMOVING;

	name->until_ms = removed ? now->unix_ms + core->options.policy.name_rest_s * 1000ull : 0;
	set_token(name);
	name->storing = true;
	store_name(core, name, removed ? HOLDING_RESTING : HOLDING_ACTIVE, name->until_ms, now, effects);
	effects_when_durable(effects, job_stored, core, name->token);
}

static void job_answered(struct held_name *name, enum bootstrap_naming_result result, const struct instant *now,
                         struct effects *effects)
{
	bool removing = name->state == HOLDING_REMOVING;

	if (result == NAMING_DONE || (result == NAMING_TAKEN && removing)) {
		job_done(name, now, effects); /* not under our marker: nothing of ours is there */
		return;
	}
	if (result != NAMING_UNKNOWN)
		effects_log(effects, LOG_LEVEL_ERROR, "bootstrap", "%s: the zone %s to %s it", name->fqdn,
		            result == NAMING_TAKEN ? "holds another's data, unable" : "refuses",
		            removing ? "remove" : "repair");
	if (result == NAMING_TAKEN && name->operation == NAMING_CREATE)
		name->operation = NAMING_CHANGE;
	else if (result == NAMING_TAKEN)
		name->operation = NAMING_CREATE;
	retry_job(name, now);
}

/* Whether what was asked is still what the name's state wants. */
static bool is_of_its_state(const struct held_name *name)
{
	if (name->state == HOLDING_REMOVING)
		return name->operation == NAMING_REMOVE;
	return name->state == HOLDING_REPAIRING && name->operation != NAMING_REMOVE;
}

void bootstrap_naming_done(struct bootstrap *core, uint64_t token, enum bootstrap_naming_result result,
                           const struct instant *now, struct effects *effects)
{
	struct held_name *name = name_of_token(core, token);
	uint64_t for_saga;

	core->now_ms = now->unix_ms;
	if (!name || name->storing)
		return;
	for_saga = name->for_saga;
	name_clear_token(name);
	if (saga_waits_for(name)) {
		struct saga *saga = name->holder->saga;

		if (for_saga == saga->token)
			saga_naming_done(saga, result, now, effects);
		else
			saga_register(saga, now, effects);
	} else if (!for_saga && !saga_has_name(name) && is_of_its_state(name)) {
		job_answered(name, result, now, effects);
	} else {
		name_start_job(name, now); /* what was asked has been overtaken */
	}
}
