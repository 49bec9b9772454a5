// SPDX-License-Identifier: BSD-3-Clause
/*
 * command_client - asks one daemon one thing: a ZeroMQ DEALER, the envelope of proto/command.h, a bound on how long it
 * takes. Blocks; for programs that ask and leave, never for a daemon's loop.
 *
 * Thread: any; one at a time for one client.
 */
#ifndef KEDGE_RUNTIME_COMMAND_CLIENT_H
#define KEDGE_RUNTIME_COMMAND_CLIENT_H

#include <jansson.h>

enum { COMMAND_CLIENT_PATH_OCTETS = 108 };

struct command_client {
	void *zeromq; /* context; not owned */
	int timeout_ms;
	unsigned last_request; /* starts at 0 */
};

/*
 * Sends command and arguments (an object; its reference stays the caller's) to the socket at `path`; waits for the
 * answer. Returns 0 with *body (done), 1 with *body ({"error": …}), or a negative errno: -ETIMEDOUT, -ENOENT (no socket
 * there), -EACCES (not permitted), -EPROTO.
 */
int command_client_ask(struct command_client *client, const char *path, const char *command, json_t *arguments,
                       json_t **body);

#endif
