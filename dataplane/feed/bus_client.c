// SPDX-License-Identifier: BSD-3-Clause
#include "bus_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

enum {
	FEED_HIGH_WATER = 20000,
	CATCH_UP_HIGH_WATER = 4096,
	PUNT_HIGH_WATER = 4096,
	FRAMES_MAX = 4,
	MESSAGE_MAX = 1 << 20,
	RECONNECT_MS = 50,
	RECONNECT_MAX_MS = 500,
};

struct bus_client {
	void *feed;
	void *catch_up;
	void *punt;
	void *monitor; /* of the catch-up socket's connection */
	struct bus_client_handlers handlers;
	struct bus_client_counters counters;
};

const struct bus_client_counters *bus_client_counters(const struct bus_client *client)
{
	return &client->counters;
}

static void *connect_socket(void *zeromq_context, int type, int high_water, const char *folder, const char *name)
{
	const int zero = 0, one = 1, reconnect = RECONNECT_MS, reconnect_max = RECONNECT_MAX_MS;
	const int64_t message_max = MESSAGE_MAX;
	void *socket = zmq_socket(zeromq_context, type);
	char endpoint[128];

	if (!socket)
		return NULL;
	zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(socket, ZMQ_IMMEDIATE, &one, sizeof(one));
	zmq_setsockopt(socket, ZMQ_RCVHWM, &high_water, sizeof(high_water));
	zmq_setsockopt(socket, ZMQ_SNDHWM, &high_water, sizeof(high_water));
	zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_max, sizeof(message_max));
	zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &reconnect, sizeof(reconnect));
	zmq_setsockopt(socket, ZMQ_RECONNECT_IVL_MAX, &reconnect_max, sizeof(reconnect_max));
	if (type == ZMQ_SUB)
		zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
	if ((size_t)snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s", folder, name) >= sizeof(endpoint)) {
		errno = ENAMETOOLONG;
	} else if (zmq_connect(socket, endpoint) == 0) {
		return socket;
	}
	zmq_close(socket);
	return NULL;
}

/* The catch-up channel's connection stands for all three: the other end is one process. */
static bool watch_connection(struct bus_client *client, void *zeromq_context)
{
	const int zero = 0;
	char endpoint[64];

	snprintf(endpoint, sizeof(endpoint), "inproc://catch-up-of-%p", (void *)client);
	if (zmq_socket_monitor(client->catch_up, endpoint, ZMQ_EVENT_DISCONNECTED))
		return false;
	client->monitor = zmq_socket(zeromq_context, ZMQ_PAIR);
	if (!client->monitor)
		return false;
	zmq_setsockopt(client->monitor, ZMQ_LINGER, &zero, sizeof(zero));
	return zmq_connect(client->monitor, endpoint) == 0;
}

struct bus_client *bus_client_new(void *zeromq_context, const char *folder, const struct bus_client_handlers *handlers)
{
	struct bus_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->handlers = *handlers;
	client->feed = connect_socket(zeromq_context, ZMQ_SUB, FEED_HIGH_WATER, folder, "feed");
	if (client->feed)
		client->catch_up = connect_socket(zeromq_context, ZMQ_DEALER, CATCH_UP_HIGH_WATER, folder, "catch-up");
	if (client->catch_up)
		client->punt = connect_socket(zeromq_context, ZMQ_DEALER, PUNT_HIGH_WATER, folder, "punt");
	if (client->punt && watch_connection(client, zeromq_context))
		return client;
	bus_client_free(client);
	return NULL;
}

void bus_client_free(struct bus_client *client)
{
	if (!client)
		return;
	if (client->feed)
		zmq_close(client->feed);
	if (client->catch_up)
		zmq_close(client->catch_up);
	if (client->punt)
		zmq_close(client->punt);
	if (client->monitor)
		zmq_close(client->monitor);
	free(client);
}

void bus_client_sockets(struct bus_client *client, void *sockets[BUS_CLIENT_SOCKETS])
{
	sockets[0] = client->feed;
	sockets[1] = client->catch_up;
	sockets[2] = client->punt;
	sockets[3] = client->monitor;
}

struct received {
	size_t count; /* frames beyond FRAMES_MAX are counted, not kept */
	zmq_msg_t parts[FRAMES_MAX];
	struct wire_view frames[FRAMES_MAX];
};

static bool receive(void *socket, struct received *received)
{
	int more = 1;

	received->count = 0;
	while (more) {
		zmq_msg_t part;

		zmq_msg_init(&part);
		if (zmq_msg_recv(&part, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(&part);
			break;
		}
		more = zmq_msg_more(&part);
		if (received->count < FRAMES_MAX) {
			zmq_msg_init(&received->parts[received->count]);
			zmq_msg_move(&received->parts[received->count], &part);
			received->frames[received->count] =
			        (struct wire_view){zmq_msg_data(&received->parts[received->count]),
			                           zmq_msg_size(&received->parts[received->count])};
		}
		zmq_msg_close(&part);
		received->count++;
	}
	return received->count > 0;
}

static void release(struct received *received)
{
	for (size_t i = 0; i < received->count && i < FRAMES_MAX; i++)
		zmq_msg_close(&received->parts[i]);
}

static void hand_out(struct bus_client *client, void *socket, const struct received *received)
{
	struct punt_down down;

	if (socket == client->feed) {
		client->counters.feed_received++;
		client->handlers.feed(client->handlers.context, received->frames, received->count);
	} else if (socket == client->catch_up) {
		client->counters.catch_up_received++;
		client->handlers.catch_up(client->handlers.context, received->frames, received->count);
	} else if (received->count > FRAMES_MAX || punt_down_read(received->frames, received->count, &down)) {
		client->counters.down_malformed++;
	} else {
		client->counters.injections_received++;
		client->handlers.down(client->handlers.context, &down);
	}
}

static bool serve_socket(struct bus_client *client, void *socket, unsigned budget)
{
	struct received received;

	for (; budget; budget--) {
		if (!receive(socket, &received))
			return false;
		/* a message of too many frames is malformed to every reader: it sees the true count */
		if (received.count <= FRAMES_MAX || socket == client->punt)
			hand_out(client, socket, &received);
		release(&received);
	}
	return true;
}

/* The one event that is monitored, whatever its frames say. */
static void serve_monitor(struct bus_client *client)
{
	struct received received;
	bool has_broken = false;

	while (receive(client->monitor, &received)) {
		client->counters.disconnections++;
		has_broken = true;
		release(&received);
	}
	if (has_broken)
		client->handlers.disconnected(client->handlers.context);
}

bool bus_client_serve(struct bus_client *client)
{
	bool more = serve_socket(client, client->feed, BUS_CLIENT_FEED_A_TURN);

	serve_monitor(client);
	more |= serve_socket(client, client->catch_up, BUS_CLIENT_CATCH_UP_A_TURN);
	more |= serve_socket(client, client->punt, BUS_CLIENT_DOWN_A_TURN);
	return more;
}

int bus_client_ask(struct bus_client *client, struct wire_view frame)
{
	if (zmq_send(client->catch_up, frame.bytes, frame.octets, ZMQ_DONTWAIT) < 0) {
		client->counters.catch_up_unsent++;
		return -EAGAIN;
	}
	client->counters.catch_up_sent++;
	return 0;
}

static int send_up(struct bus_client *client, enum punt_up_kind kind, uint8_t packet_class, uint64_t time_unix_ms,
                   struct wire_view body)
{
	uint8_t head[PUNT_UP_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));

	punt_up_head_write(&writer, kind, packet_class, time_unix_ms);
	/* the first frame decides whether the message can be taken; the second then is, too */
	if (zmq_send(client->punt, head, wire_written(&writer), ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0 ||
	    zmq_send(client->punt, body.bytes, body.octets, ZMQ_DONTWAIT) < 0) {
		client->counters.punts_unsent++;
		return -EAGAIN;
	}
	client->counters.punts_sent++;
	return 0;
}

int bus_client_punt_packet(struct bus_client *client, uint8_t packet_class, uint64_t received_unix_ms,
                           struct wire_view packet)
{
	return send_up(client, PUNT_PACKET, packet_class, received_unix_ms, packet);
}

int bus_client_report(struct bus_client *client, enum punt_up_kind kind, uint64_t now_unix_ms, struct wire_view body)
{
	return send_up(client, kind, 0, now_unix_ms, body);
}
