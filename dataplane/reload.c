// SPDX-License-Identifier: BSD-3-Clause
/*
 * reload - SIGHUP: the configuration is read again as a whole; what is live (limits, graces, where Prometheus reads,
 * where captures go) is taken over while workers go on, and the log says what changed and, with file and line, what
 * takes a restart. A file that is wrong changes nothing.
 */
#include <string.h>

#include "metrics_socket.h"
#include "plane_operator.h"

/* What is told of the differences: of the live keys, or of the others. */
struct telling {
	struct dataplane *dataplane;
	bool is_live;
	unsigned told;
};

static void tell(void *context, const char *path, bool is_live)
{
	struct telling *telling = context;
	struct dataplane *dataplane = telling->dataplane;
	unsigned line;

	if (is_live != telling->is_live)
		return;
	telling->told++;
	if (is_live) {
		plane_log(&dataplane->log, PLANE_LOG_NOTICE, "reload: %s: changed", path);
		return;
	}
	line = configuration_line(dataplane->configuration_file, path);
	plane_log(&dataplane->log, PLANE_LOG_WARNING, "reload: %s:%u: %s: changed in the file; it takes a restart",
	          dataplane->configuration_file, line, path);
}

/* The new endpoint is there before the old one goes. One that cannot be opened is named, and the old one stays. */
static void take_metrics(struct dataplane *dataplane, struct dataplane_configuration *newer)
{
	struct dataplane_configuration *running = &dataplane->configuration;
	struct metrics_socket *opened = NULL;
	char error[METRICS_SOCKET_ERROR_OCTETS] = "";

	if (strcmp(newer->metrics, running->metrics) == 0)
		return;
	if (newer->metrics[0] && metrics_socket_open(newer->metrics, plane_metrics, dataplane, &opened, error)) {
		plane_log(&dataplane->log, PLANE_LOG_ERROR, "reload: %s:%u: metrics: %s; it stays as it was",
		          dataplane->configuration_file, configuration_line(dataplane->configuration_file, "metrics"),
		          error);
		memcpy(newer->metrics, running->metrics, sizeof(newer->metrics));
		return;
	}
	metrics_socket_close(dataplane->metrics);
	dataplane->metrics = opened;
}

static void take(struct dataplane *dataplane, const struct dataplane_configuration *newer)
{
	struct dataplane_configuration *running = &dataplane->configuration;

	memcpy(running->metrics, newer->metrics, sizeof(running->metrics));
	memcpy(running->capture_folder, newer->capture_folder, sizeof(running->capture_folder));
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
	take_metrics(dataplane, &newer);
	configuration_compare(&dataplane->configuration, &newer, tell, &live);
	configuration_compare(&dataplane->configuration, &newer, tell, &others);
	take(dataplane, &newer);
	plane_log(&dataplane->log, PLANE_LOG_NOTICE, "reload: %s: read again, %u values changed, %u take a restart",
	          dataplane->configuration_file, live.told, others.told);
}
