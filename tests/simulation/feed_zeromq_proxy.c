// SPDX-License-Identifier: BSD-3-Clause
#include "feed_zeromq.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zmq.h>

#include "randomness.h"

enum {
	PARTS_MAX = 4,
	LOSS_PERCENT = 8,
	REPEAT_PERCENT = 5,
	DELAY_PERCENT = 20,
	DELAY_MS = 30,
	HELD_MAX = 20000,
	MESSAGES_A_TURN = 64,
	IDENTITY_OCTETS = 64,
};

/* The owner's feed, then for each plane: its feed, its catch-up socket, and the one to the owner for it. */
enum { FEED_OF_OWNER, SOCKETS_OF_PLANES };
enum { SOCKETS = SOCKETS_OF_PLANES + 3 * ZEROMQ_PLANES };

struct parts {
	int count;
	zmq_msg_t parts[PARTS_MAX];
};

struct held {
	uint64_t due_ms;
	void *to;
	struct parts message;
};

struct feed_proxy {
	pthread_t thread;
	void *sockets[SOCKETS];
	const bool *is_hostile;
	bool ends;
	struct randomness_seeded seeded;
	struct randomness *random;
	struct feed_proxy_counters counters;
	size_t identity_octets[ZEROMQ_PLANES];
	uint8_t identities[ZEROMQ_PLANES][IDENTITY_OCTETS];
	size_t held_count;
	struct held held[HELD_MAX];
};

static void **socket_of(struct feed_proxy *proxy, unsigned plane, unsigned which)
{
	return &proxy->sockets[SOCKETS_OF_PLANES + 3 * plane + which];
}

static uint64_t now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static bool chance(struct feed_proxy *proxy, uint32_t percent)
{
	return randomness_below(proxy->random, 100) < percent;
}

static bool receive(void *socket, struct parts *message)
{
	message->count = 0;
	do {
		zmq_msg_t *part = &message->parts[message->count];

		if (message->count == PARTS_MAX)
			abort();
		zmq_msg_init(part);
		if (zmq_msg_recv(part, socket, ZMQ_DONTWAIT) < 0) {
			zmq_msg_close(part);
			return false;
		}
		message->count++;
	} while (zmq_msg_more(&message->parts[message->count - 1]));
	return true;
}

static void release(struct parts *message)
{
	for (int i = 0; i < message->count; i++)
		zmq_msg_close(&message->parts[i]);
}

static void copy(struct parts *to, struct parts *from)
{
	to->count = from->count;
	for (int i = 0; i < from->count; i++) {
		zmq_msg_init(&to->parts[i]);
		zmq_msg_copy(&to->parts[i], &from->parts[i]);
	}
}

/* An answer goes to the peer that asked last; takes over the message. */
static void send_on(struct feed_proxy *proxy, void *to, struct parts *message)
{
	for (unsigned plane = 0; plane < ZEROMQ_PLANES; plane++)
		if (to == *socket_of(proxy, plane, 1) &&
		    zmq_send(to, proxy->identities[plane], proxy->identity_octets[plane], ZMQ_DONTWAIT | ZMQ_SNDMORE) <
		            0) {
			release(message);
			return;
		}
	for (int i = 0; i < message->count; i++)
		if (zmq_msg_send(&message->parts[i], to, ZMQ_DONTWAIT | (i + 1 < message->count ? ZMQ_SNDMORE : 0)) < 0)
			break;
	release(message);
	proxy->counters.passed++;
}

static void hold(struct feed_proxy *proxy, void *to, struct parts *message)
{
	struct held *held = &proxy->held[proxy->held_count++];

	held->due_ms = now_ms() + 1 + randomness_below(proxy->random, DELAY_MS);
	held->to = to;
	held->message = *message;
	proxy->counters.delayed++;
}

/* Loses it, holds it back, sends it, or sends it and holds a copy back. Takes over the message. */
static void pass(struct feed_proxy *proxy, void *to, struct parts *message)
{
	struct parts twin;

	if (!__atomic_load_n(proxy->is_hostile, __ATOMIC_RELAXED) || proxy->held_count == HELD_MAX) {
		send_on(proxy, to, message);
	} else if (chance(proxy, LOSS_PERCENT)) {
		proxy->counters.lost++;
		release(message);
	} else if (chance(proxy, DELAY_PERCENT)) {
		hold(proxy, to, message);
	} else {
		if (chance(proxy, REPEAT_PERCENT)) {
			copy(&twin, message);
			hold(proxy, to, &twin);
			proxy->counters.repeated++;
		}
		send_on(proxy, to, message);
	}
}

static void let_go(struct feed_proxy *proxy)
{
	uint64_t now = now_ms();
	size_t kept = 0;

	for (size_t i = 0; i < proxy->held_count; i++)
		if (proxy->held[i].due_ms <= now)
			send_on(proxy, proxy->held[i].to, &proxy->held[i].message);
		else
			proxy->held[kept++] = proxy->held[i];
	proxy->held_count = kept;
}

static void serve_feed(struct feed_proxy *proxy)
{
	struct parts message, twin;

	for (int i = 0; i < MESSAGES_A_TURN && receive(proxy->sockets[FEED_OF_OWNER], &message); i++) {
		for (unsigned plane = 0; plane < ZEROMQ_PLANES; plane++) {
			copy(&twin, &message);
			pass(proxy, *socket_of(proxy, plane, 0), &twin);
		}
		release(&message);
	}
}

/* An ask: the peer's identity stays here, since the owner knows this proxy's socket alone. */
static void serve_asks(struct feed_proxy *proxy, unsigned plane)
{
	struct parts message;

	for (int i = 0; i < MESSAGES_A_TURN && receive(*socket_of(proxy, plane, 1), &message); i++) {
		proxy->identity_octets[plane] = zmq_msg_size(&message.parts[0]);
		if (proxy->identity_octets[plane] > IDENTITY_OCTETS)
			abort();
		memcpy(proxy->identities[plane], zmq_msg_data(&message.parts[0]), proxy->identity_octets[plane]);
		zmq_msg_close(&message.parts[0]);
		message.count--;
		memmove(message.parts, message.parts + 1, (size_t)message.count * sizeof(message.parts[0]));
		pass(proxy, *socket_of(proxy, plane, 2), &message);
	}
}

static void serve_answers(struct feed_proxy *proxy, unsigned plane)
{
	struct parts message;

	for (int i = 0; i < MESSAGES_A_TURN && receive(*socket_of(proxy, plane, 2), &message); i++)
		pass(proxy, *socket_of(proxy, plane, 1), &message);
}

static void *run(void *context)
{
	struct feed_proxy *proxy = context;
	zmq_pollitem_t items[SOCKETS] = {0};

	for (unsigned i = 0; i < SOCKETS; i++)
		items[i] = (zmq_pollitem_t){.socket = proxy->sockets[i], .events = ZMQ_POLLIN};
	for (unsigned plane = 0; plane < ZEROMQ_PLANES; plane++)
		items[SOCKETS_OF_PLANES + 3 * plane].events = 0; /* subscriptions: everybody hears all */
	while (!__atomic_load_n(&proxy->ends, __ATOMIC_ACQUIRE)) {
		serve_feed(proxy);
		for (unsigned plane = 0; plane < ZEROMQ_PLANES; plane++) {
			serve_asks(proxy, plane);
			serve_answers(proxy, plane);
		}
		let_go(proxy);
		zmq_poll(items, SOCKETS, 1);
	}
	return NULL;
}

static void *open_socket(void *context, int type, bool binds, const char *folder, const char *name)
{
	const int zero = 0, deep = 100000;
	char endpoint[FOLDER_OCTETS + 32];
	void *socket = zmq_socket(context, type);

	if (!socket)
		return NULL;
	snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s", folder, name);
	zmq_setsockopt(socket, ZMQ_LINGER, &zero, sizeof(zero));
	zmq_setsockopt(socket, ZMQ_SNDHWM, &deep, sizeof(deep));
	zmq_setsockopt(socket, ZMQ_RCVHWM, &deep, sizeof(deep));
	if (type == ZMQ_SUB)
		zmq_setsockopt(socket, ZMQ_SUBSCRIBE, "", 0);
	if ((binds ? zmq_bind : zmq_connect)(socket, endpoint)) {
		zmq_close(socket);
		return NULL;
	}
	return socket;
}

struct feed_proxy *feed_proxy_start(void *context, const char *owner_folder, char (*plane_folders)[FOLDER_OCTETS],
                                    const bool *is_hostile, uint64_t seed)
{
	struct feed_proxy *proxy = calloc(1, sizeof(*proxy));

	if (!proxy)
		return NULL;
	proxy->is_hostile = is_hostile;
	proxy->random = randomness_seeded_start(&proxy->seeded, seed);
	proxy->sockets[FEED_OF_OWNER] = open_socket(context, ZMQ_SUB, false, owner_folder, "feed");
	for (unsigned plane = 0; plane < ZEROMQ_PLANES; plane++) {
		*socket_of(proxy, plane, 0) = open_socket(context, ZMQ_PUB, true, plane_folders[plane], "feed");
		*socket_of(proxy, plane, 1) = open_socket(context, ZMQ_ROUTER, true, plane_folders[plane], "catch-up");
		*socket_of(proxy, plane, 2) = open_socket(context, ZMQ_DEALER, false, owner_folder, "catch-up");
	}
	for (unsigned i = 0; i < SOCKETS; i++)
		if (!proxy->sockets[i])
			return NULL;
	if (pthread_create(&proxy->thread, NULL, run, proxy))
		abort();
	return proxy;
}

struct feed_proxy_counters feed_proxy_end(struct feed_proxy *proxy)
{
	struct feed_proxy_counters counters;

	__atomic_store_n(&proxy->ends, true, __ATOMIC_RELEASE);
	pthread_join(proxy->thread, NULL);
	counters = proxy->counters;
	while (proxy->held_count)
		release(&proxy->held[--proxy->held_count].message);
	for (unsigned i = 0; i < SOCKETS; i++)
		zmq_close(proxy->sockets[i]);
	free(proxy);
	return counters;
}
