// SPDX-License-Identifier: BSD-3-Clause
/*
 * client - asks one daemon one thing: a ZeroMQ DEALER, the envelope of proto/command.h, a bound on how long it takes.
 */
#ifndef KEDGE_SHELL_CLIENT_H
#define KEDGE_SHELL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

enum { SERVERS_MAX = 64, SERVER_NAME_OCTETS = 64, SERVER_PATH_OCTETS = 108 };

enum server_kind { SERVER_CONTROLPLANE, SERVER_AUTHSERVER, SERVER_DATAPLANE };

struct server {
	char name[SERVER_NAME_OCTETS];
	enum server_kind kind;
	char view[SERVER_PATH_OCTETS]; /* path of the socket */
	char operate[SERVER_PATH_OCTETS];
};

struct client {
	void *zeromq;
	struct server servers[SERVERS_MAX];
	size_t server_count;
	int timeout_ms;
	unsigned last_request;
};

/*
 * Sends command and arguments to the server's view or operate socket; waits for the answer. Returns 0 with *body
 * (done), 1 with *body ({"error": …}), or a negative errno: -ETIMEDOUT, -ENOENT (no socket there), -EACCES (not
 * permitted), -EPROTO.
 */
int client_ask(struct client *client, const struct server *server, bool operates, const char *command,
               json_t *arguments, json_t **body);

#endif
