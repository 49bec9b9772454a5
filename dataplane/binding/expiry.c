// SPDX-License-Identifier: BSD-3-Clause
#include "expiry.h"

static void hold_back(struct expiry *expiry, uint64_t held_back_ms)
{
	__atomic_store_n(&expiry->shared.held_back_ms, held_back_ms, __ATOMIC_RELAXED);
}

void expiry_start(struct expiry *expiry, uint64_t now_ms, int64_t difference_ms, uint64_t stale_grace_ms)
{
	*expiry = (struct expiry){.heard_ms = now_ms, .stale_grace_ms = stale_grace_ms};
	__atomic_store_n(&expiry->shared.difference_ms, difference_ms, __ATOMIC_RELAXED);
	hold_back(expiry, 0);
}

void expiry_heard(struct expiry *expiry, uint64_t owner_unix_ms, uint64_t now_ms)
{
	__atomic_store_n(&expiry->shared.difference_ms, (int64_t)(owner_unix_ms - now_ms), __ATOMIC_RELAXED);
	expiry->heard_ms = now_ms;
	hold_back(expiry, 0);
}

void expiry_tick(struct expiry *expiry, uint64_t now_ms)
{
	uint64_t silent_ms = now_ms - expiry->heard_ms;

	if (silent_ms <= OWNER_SILENT_AFTER_MS)
		hold_back(expiry, 0);
	else if (silent_ms <= OWNER_SILENT_AFTER_MS + expiry->stale_grace_ms)
		hold_back(expiry, silent_ms - OWNER_SILENT_AFTER_MS);
	else
		hold_back(expiry, 0); /* the grace is over: what has expired meanwhile is absent now */
}

bool expiry_owner_is_heard(const struct expiry *expiry, uint64_t now_ms)
{
	return now_ms - expiry->heard_ms <= OWNER_SILENT_AFTER_MS;
}
