// SPDX-License-Identifier: BSD-3-Clause
/*
 * announcing - carries out what announcement.h judges: watches workers and sync, and sets or removes the routes on the
 * host port. Without a host port nothing is announced, and nothing is said of it.
 *
 * Thread: the main core's.
 */
#ifndef KEDGE_DATAPLANE_ANNOUNCING_H
#define KEDGE_DATAPLANE_ANNOUNCING_H

#include <jansson.h>

#include "dataplane.h"

/* How long packets go on being forwarded after the last withdrawal of a process that ends: the network must hear of it.
 */
enum { ANNOUNCING_LINGER_MS = 500 };

/* Each turn of the loop; cheap while nothing changes. */
void announcing_watch(struct dataplane *dataplane, uint64_t now_ms);

/* Whether a process that is asked to end may do so: at once when nothing was announced. */
bool announcing_may_end(const struct dataplane *dataplane, uint64_t now_ms);

/* {"announced": …, "obstacle": …, "drained": …, "routes": […]} for `dataplane show`; a new reference. */
json_t *announcing_show(const struct dataplane *dataplane);

#endif
