// SPDX-License-Identifier: BSD-3-Clause
/*
 * metrics_endpoint - `GET /metrics` by HTTP, for Prometheus. It listens on loopback or on a Unix socket, and answers
 * nothing else. libmicrohttpd without threads of its own: the daemon's loop polls one descriptor and calls
 * metrics_endpoint_serve(), which asks the daemon for the text on its own thread and never waits.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_METRICS_ENDPOINT_H
#define KEDGE_METRICS_ENDPOINT_H

#include "metrics_text.h"

struct metrics_endpoint;

enum { METRICS_ERROR_OCTETS = 256 };

/* Writes all families; metrics_end() is called behind it. */
typedef void metrics_write(void *context, struct metrics_text *text);

/* Whether `listen` is one of the forms that metrics_endpoint_open() takes. */
bool metrics_endpoint_is_right(const char *listen);

/*
 * Listens at "127.0.0.1:PORT", "[::1]:PORT", or the path of a Unix socket, which gets its folder's group and mode 0660;
 * a socket that nobody serves any more is taken over. 0, or negative errno with `error`: -EINVAL for anything else,
 * -EADDRINUSE.
 */
int metrics_endpoint_open(const char *listen, metrics_write *write, void *context, struct metrics_endpoint **opened,
                          char error[METRICS_ERROR_OCTETS]);
void metrics_endpoint_close(struct metrics_endpoint *endpoint);

/* Readable when metrics_endpoint_serve() has something to do. */
int metrics_endpoint_descriptor(const struct metrics_endpoint *endpoint);

/* Also to be called now and then (at least each ten seconds), as silent clients are closed by it. */
void metrics_endpoint_serve(struct metrics_endpoint *endpoint);

#endif
