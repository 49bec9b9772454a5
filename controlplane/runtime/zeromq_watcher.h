// SPDX-License-Identifier: BSD-3-Clause
/*
 * zeromq_watcher - a ZeroMQ socket in the loop.
 *
 * ZMQ_FD is edge-triggered and any send or receive may eat the edge (C-7): so ZMQ_EVENTS is looked at before each
 * sleep; while there is something to read, the loop does not sleep, and at most 64 messages a turn are handed out, so
 * that no socket starves the others.
 *
 * Thread: the loop's; a socket belongs to one thread (C-3).
 */
#ifndef KEDGE_RUNTIME_ZEROMQ_WATCHER_H
#define KEDGE_RUNTIME_ZEROMQ_WATCHER_H

#include <zmq.h>

#include "loop.h"

enum { ZEROMQ_FRAMES_MAX = 8 };

/* One multi-part message; frames belong to the watcher and hold until the callback returns. */
struct zeromq_message {
	size_t count;
	struct {
		const uint8_t *bytes;
		size_t octets;
	} frames[ZEROMQ_FRAMES_MAX];
};

struct zeromq_watcher;

/* Called for each message. Messages of more than ZEROMQ_FRAMES_MAX frames are dropped and counted. */
typedef void zeromq_received(void *context, const struct zeromq_message *message);

/*
 * Makes a socket of `type` with LINGER 0, IMMEDIATE, the given high-water marks and an upper bound on a message's size,
 * sets ROUTER_MANDATORY on a ROUTER, and watches it. The socket is not bound yet. NULL with errno on failure.
 */
struct zeromq_watcher *zeromq_watcher_new(struct loop *loop, void *zeromq_context, int type, int high_water,
                                          long long message_max, zeromq_received *received, void *context);

/* Closes the socket at once (before its context ends: C-3); the rest of the memory goes in the loop's next turn. */
void zeromq_watcher_free(struct zeromq_watcher *watcher);

void *zeromq_watcher_socket(struct zeromq_watcher *watcher);

/*
 * Binds to "ipc://…": makes the socket 0660 with the folder's group, since libzmq makes it 0755, to which a group
 * member cannot connect. Returns 0 or a negative errno. Refused: a socket that another process
 * serves (-EADDRINUSE), and other transports without CURVE (-EPERM).
 */
int zeromq_watcher_bind(struct zeromq_watcher *watcher, const char *endpoint);

/* Sends frames as one message without waiting. Returns 0, -EAGAIN (full), -EHOSTUNREACH (ROUTER: peer unknown). */
int zeromq_watcher_send(struct zeromq_watcher *watcher, const struct zeromq_message *message);

struct zeromq_watcher_counters {
	uint64_t received;
	uint64_t received_refused; /* too many frames */
	uint64_t sent;
	uint64_t send_failed;
};
struct zeromq_watcher_counters zeromq_watcher_counters(const struct zeromq_watcher *watcher);

#endif
