// SPDX-License-Identifier: BSD-3-Clause
/* drain - takes the traffic off a data plane before it is stopped, by withdrawing what it announces; it goes on
 * forwarding. */
#include "announcing.h"
#include "plane_operator.h"

static json_t *set(struct dataplane *dataplane, bool drained)
{
	dataplane->drained = drained;
	return announcing_show(dataplane); /* the routes change in this turn of the loop */
}

PLANE_RUN(plane_drain)
{
	(void)arguments, (void)error;
	return set(context, true);
}

PLANE_RUN(plane_undrain)
{
	(void)arguments, (void)error;
	return set(context, false);
}
