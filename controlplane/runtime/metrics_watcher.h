// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_watcher - `GET /metrics` by HTTP, for Prometheus, in a daemon's loop: libmicrohttpd without threads of its
 * own, served when a client is there. What it answers is decided in metrics_scrape.h, as for every daemon.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_RUNTIME_METRICS_WATCHER_H
#define KEDGE_RUNTIME_METRICS_WATCHER_H

#include "configuration.h"
#include "loop.h"
#include "metrics_text.h"

struct metrics_watcher;

/*
 * Listens at a place of metrics_place_read(); without `listen` ("") there is none: 0 and NULL. A Unix socket gets its
 * folder's group and mode 0660; one that nobody serves any more is taken over. `write` is called in the loop. 0, or
 * negative errno with `error`: -EINVAL for another place, -EADDRINUSE.
 */
int metrics_watcher_open(struct loop *loop, const char *listen, metrics_write *write, void *context,
                         struct metrics_watcher **opened, char error[CONFIGURATION_ERROR_OCTETS]);

/* Before loop_free(), which lets the last of it go. */
void metrics_watcher_free(struct metrics_watcher *watcher);

/* How the loop does: turns, as `stats show` has them; names begin with `prefix`. */
void metrics_watcher_loop(struct metrics_text *text, const char *prefix, struct loop *loop);

#endif
