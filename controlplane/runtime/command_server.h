// SPDX-License-Identifier: BSD-3-Clause
/*
 * command_server - what every daemon serves to its operators: two ZeroMQ ROUTER sockets, one for those who may look
 * (view), one for those who may change (operate), and a table of commands. proto/command.h has the envelope.
 *
 * A command gets its arguments as JSON and answers now or in a later step, by its ticket. What is asked twice is done
 * twice: commands are idempotent by themselves (C-6). Changes are written to the log with their result.
 *
 * Thread: the loop's.
 */
#ifndef KEDGE_RUNTIME_COMMAND_SERVER_H
#define KEDGE_RUNTIME_COMMAND_SERVER_H

#include <jansson.h>

#include "loop.h"

struct command_server;

/* Must call command_reply() or command_fail() with `ticket` once: now, or in a later step, within 60 s. */
typedef void command_function(void *context, uint64_t ticket, json_t *arguments, const struct instant *now,
                              struct effects *effects);

struct command {
	const char *name; /* "binding show" */
	bool operates;    /* false: also on the view socket */
	command_function *run;
	void *context;
	/* Blank-separated names of the arguments it knows; others are refused with these as expected. */
	const char *arguments;
	/*
	 * Takes something away (C-6): the first call fails with the code "confirm" and a token in `expected`; the same
	 * call with the argument "confirm": TOKEN within 60 s is run.
	 */
	bool dangerous;
};

/*
 * `folder` holds view/ and operate/ (made with the modes of their group by whoever sets the machine up); the sockets
 * are folder/view/NAME and folder/operate/NAME. `commands` outlives the server. Returns 0 or a negative errno with
 * `error`.
 */
enum { COMMAND_SERVER_ERROR_OCTETS = 256 };
int command_server_start(struct loop *loop, void *zeromq_context, const char *folder, const char *name,
                         const struct command *commands, size_t count, struct command_server **server,
                         char error[COMMAND_SERVER_ERROR_OCTETS]);
void command_server_free(struct command_server *server);

/* Answers and takes over `body` (an object). An unknown ticket (answered, timed out) is ignored. */
void command_reply(struct command_server *server, uint64_t ticket, json_t *body);

/*
 * Codes are stable: "unknown-command", "unknown-argument", "bad-argument", "not-permitted", "not-found", "exists",
 * "busy", "failed", "timeout", "confirm". `expected` (may be NULL; taken over) is a JSON array of what would be right.
 */
__attribute__((format(printf, 5, 6))) void command_fail(struct command_server *server, uint64_t ticket,
                                                        const char *code, json_t *expected, const char *format, ...);

/* An integer argument in minimum..maximum, or `otherwise` when absent. Fails the ticket and returns false when wrong.
 */
bool command_integer(struct command_server *server, uint64_t ticket, const json_t *arguments, const char *name,
                     long long minimum, long long maximum, long long otherwise, long long *value);

/* A text argument; absent: NULL when not required, else the ticket fails and false is returned. */
bool command_text(struct command_server *server, uint64_t ticket, const json_t *arguments, const char *name,
                  bool required, const char **value);

/*
 * The commands that every daemon has: "log level" (argument level; without it the level is told), "command list"
 * (names, arguments and rights, for completion).
 */

#endif
