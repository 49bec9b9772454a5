// SPDX-License-Identifier: BSD-3-Clause
/*
 * data_planes - what each data plane tells of itself, once a second (C-5): how far it is behind the owner, how often it
 * had to catch up, how fast it applies changes. One that has been silent for DATA_PLANE_SILENT_MS is shown as such, and
 * forgotten after DATA_PLANE_KEPT_MS.
 *
 * Thread: one; the loop's.
 */
#ifndef KEDGE_MOBILITYSERVER_DATA_PLANES_H
#define KEDGE_MOBILITYSERVER_DATA_PLANES_H

#include "bindings.h"

struct data_planes {
	size_t count;
	struct data_plane_view planes[DATA_PLANES_MAX];
};

enum { DATA_PLANE_KEPT_MS = 600000 };

void data_planes_told(struct data_planes *planes, const struct punt_status *status, uint64_t now_ms);
void data_planes_sweep(struct data_planes *planes, uint64_t now_ms);

#endif
