// SPDX-License-Identifier: BSD-3-Clause
/* RECEIVED: the signature, on a worker thread (F-7); then the HIT (L-10). Nothing is written before it is right. */
#include "saga.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "hip_identity.h"
#include "request_keys.h"

static uint32_t take_identity(struct saga *saga)
{
	struct wire_view value = {.bytes = saga->identity.value, .octets = saga->identity.octets};
	const struct known_identity *known;
	struct hip_host_identity identity;
	struct in6_addr hit;

	if (!hip_identity_value_read(value, &identity) || hip_identity_tag(&identity, &hit))
		return BOOTSTRAP_KEY_REFUSED;
	memcpy(saga->identity.hit, &hit, HIT_OCTETS);
	known = identity_find(saga->core, saga->identity.hit);
	return known && known->holder != saga->holder ? BOOTSTRAP_KEY_REFUSED : BOOTSTRAP_OK;
}

static void verified(void *context, uint64_t token, int result, const void *answer, size_t octets,
                     const struct instant *now, struct effects *effects)
{
	struct saga *saga = saga_of_token(context, token);
	uint32_t status = BOOTSTRAP_OK;

	(void)answer, (void)octets;
	if (!saga || saga->state != SAGA_RECEIVED)
		return;
	if (result)
		status = result == -EKEYREJECTED ? BOOTSTRAP_KEY_REFUSED : BOOTSTRAP_BAD_PROOF;
	else
		status = take_identity(saga);
	if (status != BOOTSTRAP_OK)
		saga_finish(saga, status, 0, now, effects);
	else
		saga_authorise(saga, now, effects);
}

void saga_verify(struct saga *saga, struct wire_view signature, struct effects *effects)
{
	request_verify(saga, signature, verified, effects);
}
