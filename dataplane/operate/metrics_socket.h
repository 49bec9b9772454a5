// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_socket - `GET /metrics` by HTTP, for Prometheus, on the main core: libmicrohttpd without threads of its own.
 * What it answers is decided in metrics_scrape.h, as for every daemon.
 *
 * Thread: the main core's; never waits.
 */
#ifndef KEDGE_DATAPLANE_METRICS_SOCKET_H
#define KEDGE_DATAPLANE_METRICS_SOCKET_H

#include "metrics_text.h"

struct metrics_socket;

enum { METRICS_SOCKET_ERROR_OCTETS = 256 };

/*
 * Listens at a place of metrics_place_read(). A Unix socket gets its folder's group and mode 0660; one that nobody
 * serves any more is taken over. `write` is called by metrics_socket_serve(). 0, or negative errno with `error`:
 * -EINVAL for another place, -EADDRINUSE.
 */
int metrics_socket_open(const char *listen, metrics_write *write, void *context, struct metrics_socket **opened,
                        char error[METRICS_SOCKET_ERROR_OCTETS]);
void metrics_socket_close(struct metrics_socket *metrics);

/* Answers who has asked, and closes silent clients; once a turn. */
void metrics_socket_serve(struct metrics_socket *metrics);

#endif
