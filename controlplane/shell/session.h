// SPDX-License-Identifier: BSD-3-Clause
/*
 * session - runs one line: parses it, asks the daemons that it is for, prints what they say.
 */
#ifndef KEDGE_SHELL_SESSION_H
#define KEDGE_SHELL_SESSION_H

#include "client.h"
#include "grammar.h"

struct session {
	struct client client;
	bool json;          /* --json: answers as JSON on stdout */
	bool yes;           /* --yes: what takes something away is not asked again */
	bool interactive;   /* questions can be asked */
	const char *server; /* --server NAME, or NULL */
};

/* Exit statuses: 0 done, 1 refused or failed, 2 wrong call, 3 a daemon is not there. */
int session_run(struct session *session, const struct grammar_line *line, const char *text);

#endif
