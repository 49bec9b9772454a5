// SPDX-License-Identifier: BSD-3-Clause
/* What the zone should hold, for its comparison with the store (D-13). */
#include "saga.h"

#include <string.h>

static void describe(struct bootstrap *core, const struct holder *holder, struct bootstrap_naming *wanted)
{
	const struct lease *lease = holder->lease;

	holder_identity(holder, &core->wish_owner);
	*wanted = (struct bootstrap_naming){
	        .operation = NAMING_CREATE,
	        .fqdn = lease->fqdn,
	        .owner = &core->wish_owner,
	        .address = lease->address,
	        .identity = lease->identity,
	        .rendezvous_server = lease->services & SERVICE_HIP ? core->options.paa_id : NULL,
	        .short_lived = key_changed_lately(lease->key_changes_ms, core->now_ms),
	};
}

enum bootstrap_zone_wish bootstrap_zone_wish(struct bootstrap *core, const char *fqdn, struct bootstrap_naming *wanted)
{
	const struct held_name *name = name_find(core, fqdn);
	const struct lease *lease = name ? name->holder->lease : NULL;

	if (!name || (name->state == HOLDING_RESTING && !name->token))
		return BOOTSTRAP_ZONE_NOTHING;
	if (name->state != HOLDING_ACTIVE || name->token || saga_has_name(name) || !lease ||
	    strcmp(lease->fqdn, fqdn) != 0)
		return BOOTSTRAP_ZONE_LEAVE;
	describe(core, name->holder, wanted);
	return BOOTSTRAP_ZONE_HOLD;
}

bool bootstrap_zone_next(struct bootstrap *core, uint64_t *cursor, struct bootstrap_naming *wanted)
{
	const struct holder *holder = holder_behind(core, *cursor);

	for (; holder; holder = holder_next(core, holder)) {
		*cursor = holder->by_number.number;
		if (holder->lease && bootstrap_zone_wish(core, holder->lease->fqdn, wanted) == BOOTSTRAP_ZONE_HOLD)
			return true;
	}
	return false;
}
