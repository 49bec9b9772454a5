// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_watcher - a metrics endpoint (metrics_endpoint.h) in a daemon's loop: served when a client is there.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_RUNTIME_METRICS_WATCHER_H
#define KEDGE_RUNTIME_METRICS_WATCHER_H

#include "configuration.h"
#include "loop.h"
#include "metrics_endpoint.h"

struct metrics_watcher;

/*
 * Listens as metrics_endpoint_open() says; without `listen` ("") there is none: 0 and NULL. 0, or negative errno with
 * `error`.
 */
int metrics_watcher_open(struct loop *loop, const char *listen, metrics_write *write, void *context,
                         struct metrics_watcher **opened, char error[CONFIGURATION_ERROR_OCTETS]);

/* Before loop_free(), which lets the last of it go. */
void metrics_watcher_free(struct metrics_watcher *watcher);

/* The value of the key `metrics` into `listen`. 0, or -EINVAL with `error`. */
int metrics_watcher_read(const struct configuration_node *root, char *listen, size_t octets,
                         char error[CONFIGURATION_ERROR_OCTETS]);

/* How the loop does: turns, as `stats show` has them; names begin with `prefix`. */
void metrics_watcher_loop(struct metrics_text *text, const char *prefix, struct loop *loop);

#endif
