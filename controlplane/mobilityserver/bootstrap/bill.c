// SPDX-License-Identifier: BSD-3-Clause
/* BILLED: the record stands under the saga's transaction id; recording it again changes nothing. */
#include <stdio.h>
#include <string.h>

#include "billing_store_port.h"
#include "saga.h"

static void fill(const struct saga *saga, const struct instant *now, struct billing_row *row)
{
	*row = (struct billing_row){
	        .services = saga->target.services,
	        .at_ms = now->unix_ms,
	        .until_ms = saga->target.expires_ms,
	};
	memcpy(row->transaction, saga->billing_id, sizeof(row->transaction));
	strcpy(row->subscriber, saga->holder->key);
}

void store_billing(const struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct billing_row row;

	fill(saga, now, &row);
	effects_store(effects, BILLING_STORE_PORT, BILLING_STORE_RECORD, &row, sizeof(row));
}

void store_billing_reversed(const struct saga *saga, const struct instant *now, struct effects *effects)
{
	struct billing_row row;

	fill(saga, now, &row);
	effects_store(effects, BILLING_STORE_PORT, BILLING_STORE_REVERSE, &row, sizeof(row));
}

static void billed(struct saga *saga, int result, const struct instant *now, struct effects *effects)
{
	if (result) {
		snprintf(saga->reason, sizeof(saga->reason), "the store failed before the commit");
		saga_undo(saga, BOOTSTRAP_STORE_FAILED, now, effects);
		return;
	}
	saga->state = SAGA_BILLED;
	saga->billed = true;
	saga_commit(saga, now, effects);
}

void saga_bill(struct saga *saga, const struct instant *now, struct effects *effects)
{
	store_billing(saga, now, effects);
	saga_store_state(saga, SAGA_BILLED, billed, effects);
}
