// SPDX-License-Identifier: BSD-3-Clause
/*
 * directory - the port behind which the subscriber's data stand (step 8 of architecture.md 1): name, postal address,
 * telephone number, services. A backend answers at once or later; either way through `directory_found`.
 *
 * Backend of today: the attributes that came with the Access-Accept (operation.md 2). An
 * operator's SQL view is to be another one behind the same function.
 */
#ifndef KEDGE_MOBILITYSERVER_DIRECTORY_H
#define KEDGE_MOBILITYSERVER_DIRECTORY_H

#include "effects.h"
#include "subscriber.h"
#include "wire.h"

/*
 * `result` 0 and the profile (valid during the call), or a negative errno when the backend could not be asked (the
 * request then fails with 208). `core` and `token` are those of the question.
 */
typedef void directory_found(void *core, uint64_t token, int result, const struct subscriber_profile *profile,
                             const struct instant *now, struct effects *effects);

struct directory {
	void *context;
	/* `accepted` is what the Access-Accept said of him. May call `found` before it returns. */
	void (*look_up)(void *context, const struct subscriber_identity *identity,
	                const struct subscriber_profile *accepted, directory_found *found, void *core, uint64_t token,
	                const struct instant *now, struct effects *effects);
};

/* The backend that knows nothing but the Access-Accept. Context is unused. */
struct directory directory_of_accept(void);

/* Vendor-specific attributes of the Access-Accept under the Vendor-Id of B-35. */
enum accept_attribute_type {
	ACCEPT_NAME = 1,
	ACCEPT_POSTAL_ADDRESS = 2,
	ACCEPT_MSISDN = 3,
	ACCEPT_SERVICES = 4,
	ACCEPT_NAME_POLICY = 5,
	ACCEPT_BARRED = 6,
	ACCEPT_NAME_CONSENT = 7,
	ACCEPT_AMBR_DOWN = 8,
	ACCEPT_AMBR_UP = 9,
};

struct accept_attribute {
	uint8_t type;
	struct wire_view value;
};

/* What the configuration of an authentication server says for subscribers of whom its Accepts say nothing. */
struct directory_defaults {
	uint32_t services;
	char name_policy[SUBSCRIBER_POLICY_OCTETS];
};

/*
 * Reads the profile out of an Accept's attributes; unknown types are skipped, the last of a repeated type counts.
 * Services and Name-Policy that are not there come from `defaults`.
 * Returns 0; -EBADMSG for a number that is not 4 octets (a rate: 8), a text that is too long, not UTF-8 or has control
 * characters.
 */
int directory_profile_from_accept(const struct accept_attribute *attributes, size_t count,
                                  const struct directory_defaults *defaults, struct subscriber_profile *profile);

#endif
