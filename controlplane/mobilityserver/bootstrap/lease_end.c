// SPDX-License-Identifier: BSD-3-Clause
/* The end of a lease by time or operator, and the end of an address's rest (A-4, L-5, L-10). */
#include "saga.h"

#include <errno.h>
#include <string.h>

enum { END_RETRY_MS = 10000 };

static void due(struct timer *timer, const struct instant *now, struct effects *effects);

static struct holder *holder_of_number(struct bootstrap *core, uint64_t number)
{
	return numbered_owner(number_order_find(&core->holders_by_number, number), struct holder, by_number);
}

/* Milliseconds until the holder's next event; UINT64_MAX when there is none. */
static uint64_t next_event_ms(const struct holder *holder, const struct instant *now)
{
	uint64_t next_ms = UINT64_MAX, at_ms = UINT64_MAX;

	if (holder->lease)
		at_ms = holder->lease->expires_ms;
	else if (holder->has_address && holder->address_state == HOLDING_RESTING)
		at_ms = holder->address_until_ms;
	if (at_ms != UINT64_MAX)
		next_ms = at_ms > now->unix_ms ? at_ms - now->unix_ms : 0;
	if (holder->signature_checks_ms[0]) {
		uint64_t over_ms = holder->signature_checks_ms[0] + SIGNATURE_WINDOW_MS;
		uint64_t left_ms = over_ms > now->monotonic_ms ? over_ms - now->monotonic_ms : 0;

		next_ms = left_ms < next_ms ? left_ms : next_ms;
	}
	return next_ms;
}

void holder_arm(struct holder *holder, const struct instant *now)
{
	uint64_t left_ms = next_event_ms(holder, now);

	if (left_ms == UINT64_MAX || holder->saga || holder->ending)
		timer_disarm(&holder->timer);
	else
		timer_arm(holder->core->options.timers, &holder->timer, now->monotonic_ms + left_ms, due);
}

static void ended(void *context, uint64_t number, int result, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = context;
	struct holder *holder = holder_of_number(core, number);
	const struct lease *lease;
	struct held_name *name;

	(void)effects;
	if (!holder || !holder->ending)
		return;
	holder->ending = false;
	if (result) {
		core->counters.stores_failed++;
		timer_arm(core->options.timers, &holder->timer, now->monotonic_ms + END_RETRY_MS, due);
		return;
	}
	lease = holder->lease;
	name = name_find(core, lease->fqdn);
	if (name) {
		name->state = HOLDING_REMOVING;
		name_start_job(name, now);
	}
	identity_drop(core, holder, lease->identity->hit);
	holder_set_address(holder, &lease->address, HOLDING_RESTING,
	                   now->unix_ms + core->options.policy.address_rest_s * 1000ull);
	holder_drop_lease(holder);
	holder_drop_decisions(holder);
	answers_forget(holder, 0, true); /* what they promise is over */
	core->counters.leases_ended++;
	holder_arm(holder, now);
}

static void tell_end(const struct holder *holder, const char *reason, const struct instant *now,
                     struct effects *effects)
{
	const struct bootstrap_outlet *outlet = &holder->core->options.outlet;
	const struct bootstrap_event event = {
	        .kind = BOOTSTRAP_EVENT_ENDED,
	        .subscriber = holder->key,
	        .fqdn = holder->lease->fqdn,
	        .address = holder->lease->address,
	        .reason = reason,
	};

	if (outlet->event)
		outlet->event(outlet->context, &event, now, effects);
}

static void end_lease(struct holder *holder, const char *actor, const char *reason, const struct instant *now,
                      struct effects *effects)
{
	struct bootstrap *core = holder->core;
	const struct bootstrap_outlet *outlet = &core->options.outlet;
	const struct lease *lease = holder->lease;
	struct known_identity *identity = identity_find(core, lease->identity->hit);
	struct held_name *name = name_find(core, lease->fqdn);
	struct lease_key_row key;
	struct lease_row row;

	holder->ending = true;
	lease_to_row(holder, lease, &row);
	row.version = ++core->next_version;
	strcpy(key.subscriber, holder->key);
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_DELETE, &key, sizeof(key));
	if (name)
		store_name(core, name, HOLDING_REMOVING, 0, now, effects);
	store_address(holder, &lease->address, HOLDING_RESTING,
	              now->unix_ms + core->options.policy.address_rest_s * 1000ull, row.version, now, effects);
	if (identity)
		store_identity_gone(identity, effects);
	store_audit(holder, AUDIT_ENDED, actor, &row, reason, now, effects);
	outlet->revoke(outlet->context, holder->key, now, effects);
	tell_end(holder, reason, now, effects);
	effects_when_durable(effects, ended, core, holder->by_number.number);
}

static void rest_ended(void *context, uint64_t number, int result, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = context;
	struct holder *holder = holder_of_number(core, number);

	if (!holder || !holder->ending)
		return;
	holder->ending = false;
	if (result) {
		core->counters.stores_failed++;
		timer_arm(core->options.timers, &holder->timer, now->monotonic_ms + END_RETRY_MS, due);
		return;
	}
	holder_drop_address(holder);
	note_pool(core, effects);
	holder_arm(holder, now);
	holder_release(holder);
}

static void end_rest(struct holder *holder, struct effects *effects)
{
	holder->ending = true;
	store_address_gone(holder, &holder->address, effects);
	effects_when_durable(effects, rest_ended, holder->core, holder->by_number.number);
}

static void due(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct holder *holder = timer_owner(timer, struct holder, timer);

	if (holder->saga || holder->ending)
		return;
	if (holder->signature_checks_ms[0] + SIGNATURE_WINDOW_MS <= now->monotonic_ms)
		memset(holder->signature_checks_ms, 0, sizeof(holder->signature_checks_ms));
	if (holder->lease && holder->lease->expires_ms <= now->unix_ms)
		end_lease(holder, "expiry", "the lease is over", now, effects);
	else if (!holder->lease && holder->has_address && holder->address_state == HOLDING_RESTING &&
	         holder->address_until_ms <= now->unix_ms)
		end_rest(holder, effects);
	holder_arm(holder, now);
	holder_release(holder);
}

int bootstrap_lease_release(struct bootstrap *core, const char *subscriber, const struct instant *now,
                            struct effects *effects)
{
	struct holder *holder = holder_find(core, subscriber);

	if (!holder || !holder->lease)
		return -ENOENT;
	if (holder->saga || holder->ending)
		return -EBUSY;
	end_lease(holder, "operator", "released", now, effects);
	holder_arm(holder, now);
	return 0;
}
