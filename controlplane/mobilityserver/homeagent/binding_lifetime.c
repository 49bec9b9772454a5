// SPDX-License-Identifier: BSD-3-Clause
#include "binding_lifetime.h"

#include "mobility_header.h"

enum { UNIT_MS = MOBILITY_LIFETIME_UNIT_S * 1000 };

static uint64_t bounded(uint64_t duration_ms, uint64_t until_ms, uint64_t now_ms)
{
	uint64_t remaining_ms = until_ms > now_ms ? until_ms - now_ms : 0;

	return until_ms && remaining_ms < duration_ms ? remaining_ms : duration_ms;
}

/* RFC 6275 10.3.1: prefix and binding are compared in whole units. */
static bool ends_within(uint64_t until_ms, uint64_t duration_ms, uint64_t now_ms)
{
	uint64_t remaining_ms = until_ms > now_ms ? until_ms - now_ms : 0;

	return until_ms && remaining_ms / UNIT_MS <= duration_ms / UNIT_MS;
}

struct granted_lifetime binding_lifetime_grant(const struct lifetime_bounds *bounds, const struct instant *now)
{
	uint64_t duration_ms = (uint64_t)bounds->requested_units * UNIT_MS;
	uint64_t policy_ms = (uint64_t)bounds->policy_max_s * 1000;
	struct granted_lifetime granted;

	if (policy_ms && policy_ms < duration_ms)
		duration_ms = policy_ms;
	duration_ms = bounded(duration_ms, bounds->association_until_ms, now->unix_ms);
	duration_ms = bounded(duration_ms, bounds->prefix_valid_until_ms, now->unix_ms);
	granted.until.monotonic_ms = now->monotonic_ms + duration_ms;
	granted.until.unix_ms = now->unix_ms + duration_ms;
	granted.status = ends_within(bounds->prefix_valid_until_ms, duration_ms, now->unix_ms) ||
	                                 ends_within(bounds->prefix_preferred_until_ms, duration_ms, now->unix_ms)
	                         ? MOBILITY_STATUS_ACCEPTED_PREFIX_DISCOVERY
	                         : MOBILITY_STATUS_ACCEPTED;
	return granted;
}

uint16_t binding_lifetime_units(const struct instant *until, const struct instant *now)
{
	uint64_t remaining_ms = until->monotonic_ms > now->monotonic_ms ? until->monotonic_ms - now->monotonic_ms : 0;
	uint64_t units = remaining_ms / UNIT_MS;

	if (units == 0)
		return 1;
	return units < UINT16_MAX ? (uint16_t)units : UINT16_MAX;
}
