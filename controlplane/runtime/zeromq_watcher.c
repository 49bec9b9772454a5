// SPDX-License-Identifier: BSD-3-Clause
#include "zeromq_watcher.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MESSAGES_A_TURN = 64 };

struct zeromq_watcher {
	void *socket;
	uv_poll_t poll;
	uv_prepare_t prepare;
	uv_idle_t spin;
	zeromq_received *received;
	void *context;
	struct zeromq_watcher_counters counters;
	int handles; /* not yet closed */
};

void *zeromq_watcher_socket(struct zeromq_watcher *watcher)
{
	return watcher->socket;
}

struct zeromq_watcher_counters zeromq_watcher_counters(const struct zeromq_watcher *watcher)
{
	return watcher->counters;
}

static bool is_readable(struct zeromq_watcher *watcher)
{
	int events = 0;
	size_t octets = sizeof(events);

	return zmq_getsockopt(watcher->socket, ZMQ_EVENTS, &events, &octets) == 0 && events & ZMQ_POLLIN;
}

/* Receives one whole message into `parts`; the count of frames, or -1 when there is none. */
static int receive(struct zeromq_watcher *watcher, zmq_msg_t parts[ZEROMQ_FRAMES_MAX], bool *too_many)
{
	int count = 0;
	int more = 1;

	*too_many = false;
	while (more) {
		zmq_msg_t part;

		zmq_msg_init(&part);
		if (zmq_msg_recv(&part, watcher->socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&part);
			return count ? count : -1;
		}
		more = zmq_msg_more(&part);
		if (count == ZEROMQ_FRAMES_MAX) {
			*too_many = true;
			zmq_msg_close(&part);
			continue;
		}
		zmq_msg_init(&parts[count]);
		zmq_msg_move(&parts[count++], &part);
		zmq_msg_close(&part);
	}
	return count;
}

static bool hand_out_one(struct zeromq_watcher *watcher)
{
	zmq_msg_t parts[ZEROMQ_FRAMES_MAX];
	struct zeromq_message message = {0};
	bool too_many;
	int count = receive(watcher, parts, &too_many);

	if (count < 0)
		return false;
	for (int i = 0; i < count; i++) {
		message.frames[i].bytes = zmq_msg_data(&parts[i]);
		message.frames[i].octets = zmq_msg_size(&parts[i]);
	}
	message.count = (size_t)count;
	watcher->counters.received++;
	if (too_many)
		watcher->counters.received_refused++;
	else
		watcher->received(watcher->context, &message);
	for (int i = 0; i < count; i++)
		zmq_msg_close(&parts[i]);
	return true;
}

static void look(struct zeromq_watcher *watcher)
{
	for (int count = 0; count < MESSAGES_A_TURN && is_readable(watcher); count++)
		if (!hand_out_one(watcher))
			break;
}

static void keep_spinning(uv_idle_t *spin)
{
	(void)spin;
}

static void before_sleep(uv_prepare_t *prepare)
{
	struct zeromq_watcher *watcher = prepare->data;

	look(watcher);
	if (is_readable(watcher))
		uv_idle_start(&watcher->spin, keep_spinning);
	else
		uv_idle_stop(&watcher->spin);
}

static void edge(uv_poll_t *poll, int status, int events)
{
	(void)poll, (void)status, (void)events; /* the prepare handle of this turn looks */
}

struct zeromq_watcher *zeromq_watcher_new(struct loop *loop, void *zeromq_context, int type, int high_water,
                                          long long message_max, zeromq_received *received, void *context)
{
	struct zeromq_watcher *watcher = calloc(1, sizeof(*watcher));
	const int zero = 0, one = 1;
	const int64_t size_max = message_max;
	size_t octets = sizeof(int);
	int file = -1;

	if (!watcher)
		return NULL;
	watcher->received = received;
	watcher->context = context;
	watcher->socket = zmq_socket(zeromq_context, type);
	if (!watcher->socket) {
		free(watcher);
		return NULL;
	}
	zmq_setsockopt(watcher->socket, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(watcher->socket, ZMQ_IMMEDIATE, &one, sizeof(one));
	zmq_setsockopt(watcher->socket, ZMQ_RCVHWM, &high_water, sizeof(high_water));
	zmq_setsockopt(watcher->socket, ZMQ_SNDHWM, &high_water, sizeof(high_water));
	zmq_setsockopt(watcher->socket, ZMQ_MAXMSGSIZE, &size_max, sizeof(size_max));
	if (type == ZMQ_ROUTER)
		zmq_setsockopt(watcher->socket, ZMQ_ROUTER_MANDATORY, &one, sizeof(one));
	zmq_getsockopt(watcher->socket, ZMQ_FD, &file, &octets);
	uv_poll_init(loop_uv(loop), &watcher->poll, file);
	uv_prepare_init(loop_uv(loop), &watcher->prepare);
	uv_idle_init(loop_uv(loop), &watcher->spin);
	watcher->handles = 3;
	watcher->poll.data = watcher->prepare.data = watcher->spin.data = watcher;
	uv_poll_start(&watcher->poll, UV_READABLE, edge);
	uv_prepare_start(&watcher->prepare, before_sleep);
	return watcher;
}

static void handle_closed(uv_handle_t *handle)
{
	struct zeromq_watcher *watcher = handle->data;

	if (--watcher->handles == 0)
		free(watcher);
}

void zeromq_watcher_free(struct zeromq_watcher *watcher)
{
	if (!watcher)
		return;
	uv_close((uv_handle_t *)&watcher->poll, handle_closed);
	uv_close((uv_handle_t *)&watcher->prepare, handle_closed);
	uv_close((uv_handle_t *)&watcher->spin, handle_closed);
	zmq_close(watcher->socket);
}

/* libzmq takes over a socket file that somebody serves: that one would be deaf from then on. */
static bool is_served(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t octets = strlen(path);
	int descriptor;
	bool served;

	if (octets >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, octets);
	descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return false;
	served = connect(descriptor, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(descriptor);
	return served;
}

int zeromq_watcher_bind(struct zeromq_watcher *watcher, const char *endpoint)
{
	static const char ipc[] = "ipc://";
	const char *path = endpoint + sizeof(ipc) - 1;

	if (strncmp(endpoint, ipc, sizeof(ipc) - 1) != 0)
		return -EPERM;
	if (is_served(path))
		return -EADDRINUSE;
	if (zmq_bind(watcher->socket, endpoint) < 0)
		return -errno;
	return chmod(path, 0660) < 0 ? -errno : 0;
}

int zeromq_watcher_send(struct zeromq_watcher *watcher, const struct zeromq_message *message)
{
	for (size_t i = 0; i < message->count; i++) {
		int flags = ZMQ_DONTWAIT | (i + 1 < message->count ? ZMQ_SNDMORE : 0);

		if (zmq_send(watcher->socket, message->frames[i].bytes, message->frames[i].octets, flags) < 0) {
			watcher->counters.send_failed++;
			return -errno;
		}
	}
	watcher->counters.sent++;
	/* timers and turn ends send after this turn's look: what the send found must not be slept over (C-7) */
	if (is_readable(watcher))
		uv_idle_start(&watcher->spin, keep_spinning);
	return 0;
}
