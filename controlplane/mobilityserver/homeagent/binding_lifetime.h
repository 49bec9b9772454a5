// SPDX-License-Identifier: BSD-3-Clause
/*
 * binding_lifetime - how long a binding lives, and what its Binding Acknowledgement says of it (M-13, L-2; RFC 6275
 * 10.3.1). Pure; any thread.
 */
#ifndef KEDGE_MOBILITYSERVER_BINDING_LIFETIME_H
#define KEDGE_MOBILITYSERVER_BINDING_LIFETIME_H

#include <stdint.h>

#include "instant.h"

/* Times are milliseconds since 1970; 0 stands for "no bound". */
struct lifetime_bounds {
	uint16_t requested_units; /* of 4 s, not 0 */
	uint32_t policy_max_s;
	uint64_t association_until_ms; /* the end of key, session and lease, whichever is first (L-2) */
	uint64_t prefix_valid_until_ms;
	uint64_t prefix_preferred_until_ms;
};

struct granted_lifetime {
	struct instant until; /* the exact bound */
	uint8_t status;       /* enum mobility_status: 0 or 1 */
};

struct granted_lifetime binding_lifetime_grant(const struct lifetime_bounds *bounds, const struct instant *now);

/* The lifetime field for a binding that lives until then: whole units, at least one. */
uint16_t binding_lifetime_units(const struct instant *until, const struct instant *now);

#endif
