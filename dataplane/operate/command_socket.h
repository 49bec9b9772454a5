// SPDX-License-Identifier: BSD-3-Clause
/*
 * command_socket - the data plane serves its operators itself, so that nobody is blind when the control plane is down:
 * two ZeroMQ ROUTER sockets (view, operate), envelope of proto/command.h, JSON bodies.
 *
 * Thread: the main core's; never waits.
 */
#ifndef KEDGE_DATAPLANE_COMMAND_SOCKET_H
#define KEDGE_DATAPLANE_COMMAND_SOCKET_H

#include <jansson.h>
#include <stdbool.h>

struct command_socket;

/* Answers at once: returns the body (a new reference), or NULL after having set *error (a new reference). */
typedef json_t *dataplane_command_run(void *context, json_t *arguments, json_t **error);

struct dataplane_command {
	const char *name; /* "dataplane show" */
	bool operates;    /* not on the view socket */
	bool is_repeated; /* asked again and again: not worth a line each time */
	dataplane_command_run *run;
	const char *arguments; /* blank-separated names; others are refused */
};

enum { COMMAND_SOCKETS = 2, COMMAND_SOCKET_ERROR_OCTETS = 256 };

/* Whether another process serves these sockets; libzmq would take their files over without a word. */
bool command_socket_is_served(const char *folder, const char *name);

/* Told of each request that was run: its command, whether it may change something, and "done" or the error's code. */
typedef void command_audit(void *context, const struct dataplane_command *command, const char *result);

/* Binds folder/view/NAME and folder/operate/NAME. `commands` outlives it; "command list" comes beside
 * them. 0, or negative errno with `error`. */
int command_socket_open(void *zeromq_context, const char *folder, const char *name,
                        const struct dataplane_command *commands, unsigned count, command_audit *audit, void *context,
                        struct command_socket **opened, char error[COMMAND_SOCKET_ERROR_OCTETS]);
void command_socket_close(struct command_socket *socket);

/* For the caller's zmq_poll. */
void command_socket_sockets(struct command_socket *socket, void *sockets[COMMAND_SOCKETS]);

/* Answers at most `budget` requests a socket. */
void command_socket_serve(struct command_socket *socket, unsigned budget);

/* {"code": …, "message": …} for a run's *error. */
__attribute__((format(printf, 2, 3))) json_t *command_error(const char *code, const char *format, ...);

#endif
