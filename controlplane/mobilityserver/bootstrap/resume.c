// SPDX-License-Identifier: BSD-3-Clause
/* After a start: memory from the store, and every saga, zone job and lease goes on where it was (B-46). */
#include "saga.h"

#include <string.h>

static void read_lease(void *context, const struct lease_row *row)
{
	holder_set_lease(holder_need(context, row->subscriber), row);
}

static void read_name(void *context, const struct name_row *row)
{
	struct held_name *name = name_need(holder_need(context, row->subscriber), row->fqdn);

	name->state = row->state;
	name->until_ms = row->until_ms;
	name->address = row->address;
}

static void read_address(void *context, const struct address_row *row)
{
	holder_set_address(holder_need(context, row->subscriber), &row->address, row->state, row->until_ms);
}

static void read_identity(void *context, const struct identity_row *row)
{
	identity_put(holder_need(context, row->subscriber), row->hit, row->version);
}

static void read_decision(void *context, const struct decision_row *row)
{
	holder_add_decision(holder_need(context, row->subscriber), row);
}

static void read_saga(void *context, const struct saga_row *row)
{
	struct saga *saga = saga_new(holder_need(context, row->subscriber));

	saga->state = row->state;
	saga->resumed = saga->session_over = saga->in_outbox = true;
	memcpy(saga->request_id, row->request_id, sizeof(saga->request_id));
	memcpy(saga->content_digest, row->content_digest, sizeof(saga->content_digest));
	memcpy(saga->billing_id, row->billing_id, sizeof(saga->billing_id));
	saga->status = row->status;
	saga->name_is_new = row->name_is_new;
	saga->address_is_new = row->address_is_new;
	saga->identity_is_new = row->identity_is_new;
	saga->zone_changes = saga->zone_asked = true;
	saga->billed = row->state >= SAGA_BILLED;
	saga->target = row->target;
	saga->identity = row->target.identity;
	strcpy(saga->reason, "taken up after a restart");
}

static void read_version(void *context, uint64_t highest)
{
	struct bootstrap *core = context;

	if (highest > core->next_version)
		core->next_version = highest;
}

struct lease_store_reader bootstrap_reader(struct bootstrap *core)
{
	return (struct lease_store_reader){
	        .context = core,
	        .lease = read_lease,
	        .name = read_name,
	        .address = read_address,
	        .identity = read_identity,
	        .saga = read_saga,
	        .decision = read_decision,
	        .version = read_version,
	};
}

/* A step of its own for each saga, so that one that fails fails alone. */
static void resume_saga(struct timer *timer, const struct instant *now, struct effects *effects)
{
	struct saga *saga = timer_owner(timer, struct saga, naming_timer);

	saga->core->counters.resumed++;
	effects_log(effects, LOG_LEVEL_NOTICE, "bootstrap", "%s: a bootstrap is taken up in state %d",
	            saga->target.fqdn, (int)saga->state);
	switch (saga->state) {
	case SAGA_RESERVED:
		saga_register(saga, now, effects);
		break;
	case SAGA_DNS_DONE:
		saga_bill(saga, now, effects);
		break;
	default:
		saga_commit(saga, now, effects);
		break;
	}
}

void bootstrap_resume(struct bootstrap *core, const struct instant *now, struct effects *effects)
{
	struct saga *saga;
	struct held_name *name;
	struct holder *holder;

	core->now_ms = now->unix_ms;
	for (saga = core->sagas; saga; saga = saga->hh.next)
		timer_arm(core->options.timers, &saga->naming_timer, now->monotonic_ms, resume_saga);
	for (holder = holder_next(core, NULL); holder; holder = holder_next(core, holder)) {
		if (holder->lease && !name_find(core, holder->lease->fqdn))
			name_need(holder, holder->lease->fqdn)->state = HOLDING_ACTIVE;
		holder_arm(holder, now);
	}
	for (unsigned part = 0; part < PARTS; part++)
		for (name = core->names[part]; name; name = name->hh.next)
			name_start_job(name, now);
	note_pool(core, effects);
}
