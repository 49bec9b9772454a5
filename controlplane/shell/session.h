// SPDX-License-Identifier: BSD-3-Clause
/*
 * session - runs one line: parses it, asks the daemons that it is for, prints what they say.
 */
#ifndef KEDGE_SHELL_SESSION_H
#define KEDGE_SHELL_SESSION_H

#include "command_client.h"
#include "grammar.h"

enum { SERVERS_MAX = 64, SERVER_NAME_OCTETS = 64, SERVER_PATH_OCTETS = COMMAND_CLIENT_PATH_OCTETS };

enum server_kind { SERVER_CONTROLPLANE, SERVER_AUTHSERVER, SERVER_DATAPLANE };

struct server {
	char name[SERVER_NAME_OCTETS];
	enum server_kind kind;
	char view[SERVER_PATH_OCTETS]; /* path of the socket */
	char operate[SERVER_PATH_OCTETS];
};

struct session {
	struct command_client client;
	struct server servers[SERVERS_MAX];
	size_t server_count;
	bool json;          /* --json: answers as JSON on stdout */
	bool yes;           /* --yes: what takes something away is not asked again */
	bool interactive;   /* questions can be asked */
	const char *server; /* --server NAME, or NULL */
};

/* The shell's exit statuses. */
enum session_status {
	SESSION_DONE = 0,
	SESSION_FAILED = 1, /* refused or failed */
	SESSION_WRONG_CALL = 2,
	SESSION_NOT_THERE = 3, /* a daemon */
};

/* Returns an enum session_status. */
int session_run(struct session *session, const struct grammar_line *line, const char *text);

/* Asks one daemon by its view or operate socket; as command_client_ask(). */
int session_ask(struct session *session, const struct server *server, bool operates, const char *command,
                json_t *arguments, json_t **body);

/* Says on stderr why a daemon was not reached; returns SESSION_NOT_THERE. */
int session_unreachable(const struct server *server, int result);

#endif
