// SPDX-License-Identifier: BSD-3-Clause
/* The life of a saga: its birth, its stores, its end. */
#include "saga.h"

#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "allocation.h"

struct saga *saga_new(struct holder *holder)
{
	struct bootstrap *core = holder->core;
	struct saga *saga = allocate(sizeof(*saga));

	saga->core = core;
	saga->holder = holder;
	saga->token = core->next_token++;
	saga->state = SAGA_RECEIVED;
	holder->saga = saga;
	HASH_ADD(hh, core->sagas, token, sizeof(saga->token), saga);
	return saga;
}

struct saga *saga_of_token(const struct bootstrap *core, uint64_t token)
{
	struct saga *saga;

	HASH_FIND(hh, core->sagas, &token, sizeof(token), saga);
	return saga;
}

void saga_free(struct saga *saga)
{
	timer_disarm(&saga->waiting.timer);
	timer_disarm(&saga->naming_timer);
	timer_disarm(&saga->undo_timer);
	HASH_DEL(saga->core->sagas, saga);
	saga->holder->saga = NULL;
	OPENSSL_cleanse(saga, sizeof(*saga));
	free(saga);
}

static void tell_event(struct saga *saga, uint32_t status, const struct instant *now, struct effects *effects)
{
	const struct bootstrap_outlet *outlet = &saga->core->options.outlet;
	bool granted = status <= BOOTSTRAP_NAME_CHANGED;
	struct bootstrap_event event = {
	        .kind = granted ? BOOTSTRAP_EVENT_GRANTED : BOOTSTRAP_EVENT_REFUSED,
	        .status = status,
	        .subscriber = saga->holder->key,
	        .fqdn = saga->target.fqdn,
	        .address = saga->target.address,
	        .reason = saga->reason,
	};

	if (outlet->event)
		outlet->event(outlet->context, &event, now, effects);
}

void saga_finish(struct saga *saga, uint32_t status, uint32_t retry_after_ms, const struct instant *now,
                 struct effects *effects)
{
	struct holder *holder = saga->holder;

	memcpy(holder->reason, saga->reason, sizeof(holder->reason));
	holder->last_status = status;
	saga_tell(saga, status, retry_after_ms, now, effects);
	tell_event(saga, status, now, effects);
	saga_free(saga);
	holder_arm(holder, now);
	holder_release(holder);
}

static void stored(void *context, uint64_t token, int result, const struct instant *now, struct effects *effects)
{
	struct bootstrap *core = context;
	struct saga *saga = saga_of_token(core, token);
	saga_step *step = saga ? saga->stored : NULL;

	if (result)
		core->counters.stores_failed++;
	if (!step)
		return;
	saga->stored = NULL;
	step(saga, result, now, effects);
}

void saga_store(struct saga *saga, saga_step *step, struct effects *effects)
{
	saga->stored = step;
	effects_when_durable(effects, stored, saga->core, saga->token);
}

void saga_store_state(struct saga *saga, enum saga_state state, saga_step *step, struct effects *effects)
{
	struct saga_row row = {
	        .state = state,
	        .status = saga->status,
	        .name_is_new = saga->name_is_new,
	        .address_is_new = saga->address_is_new,
	        .identity_is_new = saga->identity_is_new,
	        .target = saga->target,
	};

	strcpy(row.subscriber, saga->holder->key);
	memcpy(row.request_id, saga->request_id, sizeof(row.request_id));
	memcpy(row.content_digest, saga->content_digest, sizeof(row.content_digest));
	memcpy(row.billing_id, saga->billing_id, sizeof(row.billing_id));
	effects_store(effects, LEASE_STORE_PORT, LEASE_STORE_PUT_SAGA, &row, sizeof(row));
	saga_store(saga, step, effects);
}
