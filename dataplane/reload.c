// SPDX-License-Identifier: BSD-3-Clause
/*
 * reload - SIGHUP: the configuration is read again as a whole; limits and graces are taken over while workers go on,
 * and the log says what changed and what takes a restart. A file that is wrong changes nothing.
 */
#include "dataplane.h"

/* What is told of the differences: of the live keys, or of the others. */
struct telling {
	struct dataplane *dataplane;
	bool is_live;
	unsigned told;
};

static void tell(void *context, const char *path, bool is_live)
{
	struct telling *telling = context;

	if (is_live != telling->is_live)
		return;
	telling->told++;
	plane_log(&telling->dataplane->log, is_live ? PLANE_LOG_NOTICE : PLANE_LOG_WARNING,
	          is_live ? "reload: %s: changed" : "reload: %s: changed in the file; it takes a restart", path);
}

static void take(struct dataplane *dataplane, const struct dataplane_configuration *newer)
{
	struct dataplane_configuration *running = &dataplane->configuration;

	running->limits = newer->limits;
	running->handover_grace_ms = newer->handover_grace_ms;
	running->stale_grace_s = newer->stale_grace_s;
	running->withdraw_after_ms = newer->withdraw_after_ms;
	dataplane->announcement.withdraw_after_ms = newer->withdraw_after_ms;
	dataplane->expiry.stale_grace_ms = (uint64_t)newer->stale_grace_s * 1000;
	feed_receiver_set_handover_grace(dataplane->receiver, newer->handover_grace_ms);
	for (unsigned i = 0; i < dataplane->worker_count; i++)
		walk_set_limits(&dataplane->workers[i]->walk, &newer->limits, running->workers);
}

void dataplane_reload(struct dataplane *dataplane)
{
	struct telling live = {dataplane, true, 0}, others = {dataplane, false, 0};
	struct dataplane_configuration newer;
	char error[ERROR_OCTETS] = "";

	if (configuration_read(dataplane->configuration_file, &newer, error)) {
		plane_log(&dataplane->log, PLANE_LOG_ERROR, "reload: %s; what ran goes on", error);
		return;
	}
	configuration_compare(&dataplane->configuration, &newer, tell, &live);
	configuration_compare(&dataplane->configuration, &newer, tell, &others);
	take(dataplane, &newer);
	plane_log(&dataplane->log, PLANE_LOG_NOTICE, "reload: %s: read again, %u values changed, %u take a restart",
	          dataplane->configuration_file, live.told, others.told);
}
