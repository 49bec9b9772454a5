// SPDX-License-Identifier: BSD-3-Clause
#include "bus.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zeromq_watcher.h"

/* A data plane that stalls for ten seconds at full feed shall be able to take up again, else it catches up. */
enum { FEED_HIGH_WATER = 20000, CATCH_UP_HIGH_WATER = 2000, PUNT_HIGH_WATER = 4096, MESSAGE_MAX = 1 << 20 };

struct bus {
	struct loop *loop;
	struct bus_handlers handlers;
	struct zeromq_watcher *feed;
	struct zeromq_watcher *catch_up;
	struct zeromq_watcher *punt;
	struct bus_counters counters;
};

const struct bus_counters *bus_counters(const struct bus *bus)
{
	return &bus->counters;
}

/* Subscriptions come and go; the versions tell each subscriber what he lacks. */
static void subscription(void *context, const struct zeromq_message *message)
{
	(void)context, (void)message;
}

/* Frame 0 of a ROUTER's message is the peer's identity. False when it is none of ours. */
static bool take_route(const struct zeromq_message *message, struct punt_route *route,
                       struct wire_view frames[ZEROMQ_FRAMES_MAX])
{
	if (message->count < 2 || message->frames[0].octets > PUNT_ROUTE_MAX)
		return false;
	route->octets = (uint8_t)message->frames[0].octets;
	memcpy(route->identity, message->frames[0].bytes, route->octets);
	for (size_t i = 1; i < message->count; i++)
		frames[i - 1] = (struct wire_view){message->frames[i].bytes, message->frames[i].octets};
	return true;
}

static void catch_up_received(void *context, const struct zeromq_message *message)
{
	struct bus *bus = context;
	struct wire_view frames[ZEROMQ_FRAMES_MAX];
	struct punt_route peer;
	struct instant now = instant_now();

	bus->counters.catch_up_received++;
	if (take_route(message, &peer, frames))
		bus->handlers.catch_up(bus->handlers.context, &peer, frames, message->count - 1, &now);
}

static void punt_received(void *context, const struct zeromq_message *message)
{
	struct bus *bus = context;
	struct wire_view frames[ZEROMQ_FRAMES_MAX];
	struct punt_route route;
	struct punt_up up;
	struct instant now;
	struct effects *step;

	bus->counters.punts_received++;
	if (!take_route(message, &route, frames) || punt_up_read(frames, message->count - 1, &up)) {
		bus->counters.punts_malformed++;
		return;
	}
	step = loop_begin(bus->loop, &now);
	if (up.kind == PUNT_PACKET && now.unix_ms > up.time_unix_ms + BUS_PUNT_AGE_MAX_MS)
		bus->counters.punts_too_old++;
	else
		bus->handlers.punted(bus->handlers.context, &route, &up, &now, step);
	loop_end(bus->loop, step, &now);
}

static int open_socket(struct bus *bus, void *zeromq_context, int type, int high_water, const char *folder,
                       const char *name, zeromq_received *received, struct zeromq_watcher **watcher, char *error)
{
	char endpoint[128];
	int length = snprintf(endpoint, sizeof(endpoint), "ipc://%s/%s", folder, name);
	int result = -ENAMETOOLONG;

	if (length > 0 && (size_t)length < sizeof(endpoint)) {
		*watcher = zeromq_watcher_new(bus->loop, zeromq_context, type, high_water, MESSAGE_MAX, received, bus);
		result = *watcher ? zeromq_watcher_bind(*watcher, endpoint) : -errno;
	}
	if (result)
		snprintf(error, BUS_ERROR_OCTETS, "%.100s/%s: %s", folder, name, strerror(-result));
	return result;
}

int bus_open(struct loop *loop, void *zeromq_context, const char *folder, const struct bus_handlers *handlers,
             struct bus **opened, char error[BUS_ERROR_OCTETS])
{
	struct bus *bus = calloc(1, sizeof(*bus));
	int result;

	*opened = NULL;
	if (!bus)
		return -ENOMEM;
	bus->loop = loop;
	bus->handlers = *handlers;
	result = open_socket(bus, zeromq_context, ZMQ_XPUB, FEED_HIGH_WATER, folder, "feed", subscription, &bus->feed,
	                     error);
	if (!result)
		result = open_socket(bus, zeromq_context, ZMQ_ROUTER, CATCH_UP_HIGH_WATER, folder, "catch-up",
		                     catch_up_received, &bus->catch_up, error);
	if (!result)
		result = open_socket(bus, zeromq_context, ZMQ_ROUTER, PUNT_HIGH_WATER, folder, "punt", punt_received,
		                     &bus->punt, error);
	if (result) {
		bus_close(bus);
		return result;
	}
	*opened = bus;
	return 0;
}

void bus_close(struct bus *bus)
{
	if (!bus)
		return;
	zeromq_watcher_free(bus->feed);
	zeromq_watcher_free(bus->catch_up);
	zeromq_watcher_free(bus->punt);
	free(bus);
}

static struct zeromq_message message_of(const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	struct zeromq_message message = {0};

	if (peer) {
		message.frames[message.count].bytes = peer->identity;
		message.frames[message.count++].octets = peer->octets;
	}
	for (size_t i = 0; i < count && message.count < ZEROMQ_FRAMES_MAX; i++) {
		message.frames[message.count].bytes = frames[i].bytes;
		message.frames[message.count++].octets = frames[i].octets;
	}
	return message;
}

void bus_feed_frames(void *context, const struct wire_view *frames, size_t count)
{
	struct bus *bus = context;
	struct zeromq_message message = message_of(NULL, frames, count);

	bus->counters.feed_messages++;
	bus->counters.feed_failed += zeromq_watcher_send(bus->feed, &message) != 0;
}

void bus_feed_welcome(void *context, struct wire_view frame)
{
	struct bus *bus = context;

	zmq_setsockopt(zeromq_watcher_socket(bus->feed), ZMQ_XPUB_WELCOME_MSG, frame.bytes, frame.octets);
}

void bus_catch_up_send(void *context, const struct punt_route *peer, const struct wire_view *frames, size_t count)
{
	struct bus *bus = context;
	struct zeromq_message message = message_of(peer, frames, count);

	bus->counters.catch_up_unreachable += zeromq_watcher_send(bus->catch_up, &message) != 0;
}

void bus_inject(void *context, const struct effect_inject *inject)
{
	struct bus *bus = context;
	uint8_t head[PUNT_DOWN_HEAD_OCTETS];
	struct wire_writer writer = wire_writer_of(head, sizeof(head));
	struct feed_version not_before = {inject->not_before.epoch, inject->not_before.sequence};
	struct wire_view frames[PUNT_FRAMES];
	struct zeromq_message message;

	punt_inject_head_write(&writer, inject->shard, not_before);
	frames[0] = (struct wire_view){head, wire_written(&writer)};
	frames[1] = (struct wire_view){inject->packet, inject->octets};
	message = message_of(&inject->route, frames, PUNT_FRAMES);
	bus->counters.injections++;
	bus->counters.injections_unreachable += zeromq_watcher_send(bus->punt, &message) != 0;
}
